import { someReward } from '../../lib/reward.fixture'
import { earlyTold, keptWords, spendWords } from './early'

const PUBLIC = '2026-11-23T02:27:00.000Z'
const SOONER = '2026-11-22T02:27:00.000Z'
const NOW = new Date('2026-11-21T04:00:00Z')
const OPEN = new Date('2026-11-22T04:00:00Z')
const EARLY = {
  title: '黄金早享',
  opensAt: SOONER,
  state: 'available' as const,
  left: 1 as number | null,
  period: 'month' as const,
  backAt: null as string | null,
  unlockTier: null as number | null,
}
const timed = (early: Partial<typeof EARLY> | null, opensForMeAt = PUBLIC) =>
  someReward({ publicAt: PUBLIC, opensForMeAt, early: early && { ...EARLY, ...early } })

test('before the early opening: which right opens it, how much sooner, how often still', () => {
  expect(earlyTold(timed({}, SOONER), NOW)).toEqual({
    lead: '黄金早享，离开始还有',
    until: SOONER,
    right: {
      state: 'available',
      title: '黄金早享 · 提前 24 小时',
      subs: ['本月还剩 1 次', '11 月 23 日 10:27 公开兑换'],
    },
    foot: null,
  })
})

test('while it is open for me and not for everybody', () => {
  expect(earlyTold(timed({ left: null }, SOONER), OPEN)).toMatchObject({
    lead: '离公开兑换还有',
    until: PUBLIC,
    right: { title: '黄金早享，现在就能换', subs: ['11 月 23 日 10:27 公开兑换'] },
  })
})

test('used up: when the right is back, and when it is public; what comes back in time opens it', () => {
  const used = { state: 'used_up' as never, left: 0 }
  expect(earlyTold(timed({ ...used, backAt: '2026-11-30T16:00:00.000Z' }), NOW)).toMatchObject({
    lead: '离公开兑换还有',
    until: PUBLIC,
    right: { state: 'used_up', title: '黄金早享用完了', subs: ['12 月 1 日恢复', '11 月 23 日 10:27 公开兑换'] },
  })
  const back = '2026-11-22T16:00:00.000Z'
  expect(earlyTold(timed({ ...used, backAt: back }, back), NOW)).toMatchObject({
    lead: '黄金早享恢复还有',
    until: back,
  })
})

test('locked: what unlocks it, with the way there', () => {
  const locked = { state: 'locked' as never, left: 0 }
  expect(earlyTold(timed({ ...locked, unlockTier: 2 }), NOW)?.right).toEqual({
    state: 'locked',
    title: '升到黄金可以提前 24 小时',
    subs: ['11 月 23 日 10:27 公开兑换'],
    way: '/pages/tier/tier',
  })
  expect(earlyTold(timed({ ...locked, title: '惜杯人早享' }), NOW)?.right).toMatchObject({
    title: '惜杯人早享可以提前 24 小时',
    way: '/pages/right/rights',
  })
})

test('without a right only its time; open to everybody, nothing', () => {
  expect(earlyTold(timed(null), NOW)).toEqual({
    lead: '离开始还有',
    until: PUBLIC,
    right: null,
    foot: '11 月 23 日 10:27 开始兑换',
  })
  expect(earlyTold(timed(null), new Date(PUBLIC))).toBeNull()
})

test('an exchange says what it uses up, and nothing where it uses nothing', () => {
  expect(spendWords(timed({}, SOONER), OPEN)).toEqual(['将用掉 1 次黄金早享，这是本月最后 1 次'])
  expect(spendWords(timed({ left: 3 }, SOONER), OPEN)).toEqual(['将用掉 1 次黄金早享，换完本月还剩 2 次'])
  expect(spendWords(timed({ left: null }, SOONER), OPEN)).toEqual([])
  expect(spendWords(timed({ state: 'used_up' as never }), OPEN)).toEqual([])
  expect(spendWords(timed({}, SOONER), new Date(PUBLIC))).toEqual([])
})

test('what is kept says for whom and until when, and what of mine an exchange takes', () => {
  const kept = { title: '黑钻限量预留', pieces: 20, tier: 6, until: '2026-12-22T04:00:00.000Z', mine: false }
  expect(keptWords(someReward({ kept }), NOW)).toEqual({
    title: '为黑钻会员预留 20 件',
    sub: '12 月 22 日 12:00 起向所有人开放',
  })
  const mine = someReward({ kept: { ...kept, mine: true } })
  expect(keptWords(mine, NOW)?.title).toBe('为你留着，还有 20 件')
  expect(spendWords(mine, NOW)).toEqual(['换的是为你留的一件，将用掉 1 次黑钻限量预留'])
  expect(keptWords(someReward({ kept: { ...kept, tier: null } }), NOW)?.title).toBe(
    '为有「黑钻限量预留」的会员预留 20 件',
  )
  expect([keptWords(someReward(), NOW), spendWords(someReward({ kept }), NOW)]).toEqual([null, []])
})
