import fc from 'fast-check'
import { DEMO_POLICY } from './policy'
import {
  appealUntil,
  campaignPast,
  campaignRuns,
  inWindow,
  leftForInviter,
  REFERRAL_DOUBTS,
  type ReferralCampaign,
  type ReferralFacts,
  type ReferralReason,
  type ReferralState,
  referralReleaseAt,
  referralWords,
  rulesOf,
  sceneOf,
} from './referral'
import { DAY_MS } from './time'

const now = new Date('2026-11-22T04:00:00.000Z')
const campaign: ReferralCampaign = {
  title: '请朋友喝第一盏',
  words: '',
  qualifies: 'order',
  windowDays: 7,
  rewardPoints: 100,
  minOrderFen: 1_500,
  holdDays: 15,
  perInviterCap: 10,
  budgetPoints: 100_000,
  spentPoints: 0,
  startsAt: new Date('2026-09-30T16:00:00.000Z'),
  endsAt: null,
  stoppedAt: null,
}
const after = (ms: number) => new Date(now.getTime() + ms)

test.each<[string, Partial<ReferralCampaign>, boolean]>([
  ['has no end', {}, true],
  ['begins this instant', { startsAt: now }, true],
  ['begins in a moment', { startsAt: after(1) }, false],
  ['ends this instant', { endsAt: now }, false],
  ['ends in a moment', { endsAt: after(1) }, true],
  ['stopped this instant', { stoppedAt: now }, false],
  ['will be stopped', { stoppedAt: after(1) }, true],
])('a campaign that %s', (_name, wish, runs) => {
  expect(campaignRuns({ ...campaign, ...wish }, now)).toBe(runs)
})

test('what is left for an inviter is bound by the cap and by the budget, and never below nothing', () => {
  expect(leftForInviter(campaign, 0)).toBe(10)
  expect(leftForInviter(campaign, 11)).toBe(0)
  expect(leftForInviter({ ...campaign, spentPoints: 99_750 }, 0)).toBe(2)
  fc.assert(
    fc.property(fc.nat(50), fc.nat(20_000), fc.integer({ min: 1, max: 500 }), (taken, spentPoints, rewardPoints) => {
      const left = leftForInviter({ ...campaign, budgetPoints: 20_000, spentPoints, rewardPoints }, taken)
      expect(left).toBeGreaterThanOrEqual(0)
      expect(left + taken <= 10 || left === 0).toBe(true)
      expect(spentPoints + left * rewardPoints).toBeLessThanOrEqual(20_000)
    }),
  )
})

test('a reward is paid on a morning in Shanghai, at least the whole days after the purchase and less than a day more', () => {
  expect(referralReleaseAt(now, 15).toISOString()).toBe('2026-12-07T16:00:00.000Z')
  fc.assert(
    fc.property(fc.date({ min: now, max: after(900 * DAY_MS), noInvalidDate: true }), fc.nat(60), (at, days) => {
      const waits = referralReleaseAt(at, days).getTime() - at.getTime()
      expect(waits).toBeGreaterThan(days * DAY_MS)
      expect(waits).toBeLessThanOrEqual((days + 1) * DAY_MS)
    }),
  )
})

test('a scene fits into a mini-program code', () => {
  expect(sceneOf('Ab3dEf6H')).toBe('l=Ab3dEf6H')
  expect(sceneOf('x'.repeat(10)).length).toBeLessThanOrEqual(32)
})

const facts = { releaseAt: new Date('2026-12-02T16:00:00.000Z'), settledAt: new Date('2026-11-12T02:00:00.000Z') }
test.each<[ReferralState, ReferralReason | null, string, string]>([
  ['joined', null, '还没有下第一单', '喝到第一盏以后，对方会收到一份谢礼'],
  ['held', null, '已下首单，12 月 3 日过退款期后到账', '你已下首单，12 月 3 日过退款期后，对方会收到一份谢礼'],
  ['review', null, '已下首单，正由同事核对，核对好照常到账', '你已下首单，对方的谢礼正由同事核对'],
  ['released', null, '首单已过退款期，11 月 12 日到账', '谢礼已在 11 月 12 日送到对方那里'],
  ['refused', 'purchase_returned', '首单退了款，奖励一并收回', '首单退了款，对方的奖励一并收回'],
  ['refused', 'not_new', '这个手机号之前就是会员，不算新朋友', '你之前就是会员，这一次不算新朋友'],
  ['refused', 'cap', '你的名额已经满了，这一位没有奖励', '对方的名额已经满了，你的权益不受影响'],
  ['refused', 'window_over', '打开链接太久才入会，这一次不算', '打开链接太久才入会，这一次没有算给对方'],
  ['refused', 'same_device', '没能确认是两位不同的朋友，这一份没有算', '这一份没有算给对方，你的权益不受影响'],
  ['void', 'other_inviter', '这位朋友更早由别人请来', '你更早由另一位朋友请来'],
])('%s %s in the words of both sides', (state, reason, inviter, friend) => {
  expect(referralWords({ state, reason, ...facts }, 'inviter', now)).toBe(inviter)
  expect(referralWords({ state, reason, ...facts }, 'friend', now)).toBe(friend)
})

test('a friend who has only joined is told of no thanks once the campaign is past; a day that has come is named as such', () => {
  const wordsOf = (wish: Partial<ReferralFacts>, reader: 'inviter' | 'friend') =>
    referralWords({ state: 'joined', reason: null, ...facts, ...wish }, reader, now)
  expect(campaignPast({ endsAt: now, stoppedAt: null }, now)).toBe('over')
  expect(campaignPast({ endsAt: null, stoppedAt: now }, now)).toBe('stopped')
  expect(campaignPast({ endsAt: after(1), stoppedAt: null }, now)).toBeNull()
  expect(wordsOf({ minOrderFen: 1_500 }, 'inviter')).toBe('还没有下满 ¥15 的第一单')
  expect(wordsOf({ minOrderFen: 1_990 }, 'friend')).toBe('喝到第一盏（满 ¥19.90）以后，对方会收到一份谢礼')
  expect(wordsOf({ past: 'over' }, 'inviter')).toBe('活动已经结束，这一位没有奖励')
  expect(wordsOf({ past: 'stopped' }, 'friend')).toBe('活动已经停止，你的权益不受影响')
  for (const byActivity of [true, false]) {
    expect(wordsOf({ state: 'held', releaseAt: now, byActivity }, 'inviter')).toMatch(/，很快到账$/)
    expect(wordsOf({ state: 'held', releaseAt: now, byActivity }, 'friend')).toBe('对方很快会收到一份谢礼')
  }
})

test('every reason has words for both sides', () => {
  const reasons: ReferralReason[] = ['self', 'budget', 'stopped', 'over', 'left', ...REFERRAL_DOUBTS]
  for (const reason of reasons)
    for (const reader of ['inviter', 'friend'] as const)
      expect(referralWords({ state: 'refused', reason, ...facts }, reader, now)).toMatch(/^.{5,30}$/)
})

test('a visit to an activity is named as one, and no refund is waited for', () => {
  for (const state of ['held', 'released', 'review'] as const)
    for (const reader of ['inviter', 'friend'] as const)
      expect(referralWords({ state, reason: null, ...facts, byActivity: true }, reader, now)).not.toMatch(/首单|退款/)
})

test('a link counts for whoever joins in less than its days; a phone that does not say when came just now', () => {
  expect(inWindow(null, now, 7)).toBe(true)
  expect(inWindow(after(-7 * DAY_MS + 1), now, 7)).toBe(true)
  expect(inWindow(after(-7 * DAY_MS), now, 7)).toBe(false)
})

test('only what a person or a doubt refused is looked at again, and only for some days', () => {
  const settledAt = now
  expect(appealUntil({ state: 'refused', reason: 'same_payer', settledAt }, 30)).toEqual(after(30 * DAY_MS))
  expect(appealUntil({ state: 'refused', reason: 'budget', settledAt }, 30)).toBeNull()
  expect(appealUntil({ state: 'void', reason: 'same_person', settledAt }, 30)).toBeNull()
  expect(appealUntil({ state: 'review', reason: null, settledAt: null }, 30)).toBeNull()
})

describe('the rules that are read', () => {
  const rules = (wish: Partial<ReferralCampaign> = {}) => rulesOf({ ...campaign, ...wish }, DEMO_POLICY, now).join('\n')

  test('hold every number of the campaign, and its days', () => {
    expect(rules({ endsAt: new Date('2026-12-31T16:00:00.000Z') })).toMatch(
      /180 天.*¥15 .*15 天.*100 积分.*10 位.*100,000 积分.*10 月 1 日开始，12 月 31 日结束/s,
    )
    expect(rules({ minOrderFen: 1_990 })).toContain('¥19.90')
    expect(rules({ minOrderFen: 0 })).toContain('第一笔消费留满')
    expect(rules()).toMatch(/7 天内第一次入会/)
    expect(rules()).not.toContain('活动，也算')
    expect(rules({ qualifies: 'order_or_activity' })).toContain('来参加了店里的活动，也算')
    expect(rules()).toContain('30 天内申诉一次')
    expect(rules({ stoppedAt: now })).toContain('11 月 22 日停止')
  })

  test('promise nothing for sharing, and use no word that does', () => {
    expect(rules()).toContain('转发、打开和扫码本身没有奖励')
    expect(rules()).not.toMatch(/分享即|赚|躺|裂变|瓜分|抢|翻倍/)
  })
})
