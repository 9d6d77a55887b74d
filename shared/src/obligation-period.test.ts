import fc from 'fast-check'
import { dueOf, type Period, periodOf } from './obligation-period'
import { handInGaps, type Wants } from './obligation-proof'
import { obligationRules } from './obligation-words'
import { DAY_MS, startOfBusinessDay, weekdayOf } from './time'

const at = (text: string) => new Date(`${text}+08:00`)

test.each([
  ['once', '2026-11-22T12:00', '', null],
  ['daily', '2026-11-22T23:59', '2026-11-22', '2026-11-23T00:00'],
  ['weekly', '2026-11-22T23:59', '2026-W47', '2026-11-23T00:00'],
  ['weekly', '2026-11-23T00:00', '2026-W48', '2026-11-30T00:00'],
  // the last days of 2027 lie in a week of 2027, the first of 2027 in one of 2026
  ['weekly', '2027-01-03T12:00', '2026-W53', '2027-01-04T00:00'],
  ['weekly', '2024-12-30T00:00', '2025-W01', '2025-01-06T00:00'],
  ['monthly', '2026-12-31T23:59', '2026-12', '2027-01-01T00:00'],
] as [Period, string, string, string | null][])('%s at %s is %s until %s', (period, when, key, until) => {
  expect(periodOf(period, at(when))).toMatchObject({ key, until: until && at(until) })
})

test('a period holds its instants, begins where the one before ended, and no other has its key', () => {
  const instants = fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true })
  fc.assert(
    fc.property(fc.constantFrom('daily' as const, 'weekly' as const, 'monthly' as const), instants, (period, now) => {
      const { key, from, until } = periodOf(period, now)
      if (!from || !until) throw new Error('a period has two ends')
      expect(from <= now && now < until).toBe(true)
      expect(startOfBusinessDay(from)).toEqual(from)
      expect(periodOf(period, new Date(until.getTime() - 1)).key).toBe(key)
      const next = periodOf(period, until)
      expect(next.from).toEqual(until)
      expect(next.key > key).toBe(true)
      if (period === 'weekly') expect(weekdayOf(from)).toBe(1)
    }),
  )
})

test('what is taken up is due at the end of its days or of its period, whichever comes first', () => {
  const now = at('2026-11-22T12:00')
  expect(dueOf('once', null, now)).toBeNull()
  expect(dueOf('once', 7, now)).toEqual(at('2026-11-30T00:00'))
  expect(dueOf('weekly', 7, now)).toEqual(at('2026-11-23T00:00'))
  expect(dueOf('monthly', 2, now)).toEqual(at('2026-11-25T00:00'))
})

test.each([
  [{ text: { min: 2, max: 5 } }, { text: ' 好茶 ' }, []],
  [{ text: { min: 2, max: 5 } }, { text: ' 好 ' }, ['text']],
  [{ text: { min: 2, max: 5 } }, { text: '🍵🍵🍵🍵🍵' }, []],
  [{ text: { min: 2, max: 5 } }, { text: '一二三四五六' }, ['text']],
  [{}, { text: '多余' }, ['text']],
  [{ photos: { min: 1, max: 2 } }, { uploadIds: ['a', 'b'] }, []],
  [{ photos: { min: 1, max: 2 } }, { uploadIds: ['a', 'a'] }, ['photos']],
  [{ photos: { min: 1, max: 2 } }, {}, ['photos']],
  [{ link: true, rating: true, order: true }, {}, ['link', 'rating', 'order']],
  [{ link: true, rating: true }, { link: 'https://a.cn', rating: 1 }, []],
  [{}, { rating: 5, orderId: 'o' }, ['rating', 'order']],
] as [Wants, object, string[]][])('of %j, %j leaves %j', (wants, handIn, gaps) => {
  expect(handInGaps(wants, { uploadIds: [], ...handIn })).toEqual(gaps)
})

test('the rules name what counts, what does not, how often and until when', () => {
  const duty = {
    kind: 'review' as const,
    proof: 'handed_in' as const,
    period: 'monthly' as const,
    target: 1,
    cooldownHours: 0,
    storeName: null,
    counts: null,
    countsFromFen: 0,
    wants: { text: { min: 20, max: 500 }, rating: true, order: true },
    dueDays: null,
    mostTries: 3,
    articleTitle: '桂花乌龙',
    rewardPoints: 30,
    rewardCoupon: null,
    honourName: null,
    labelled: true,
    forHonourName: null,
    startsAt: at('2026-11-01T00:00').toISOString(),
    endsAt: new Date(at('2026-12-01T00:00').getTime() + 31 * DAY_MS).toISOString(),
    appealDays: 30,
  }
  expect(obligationRules(duty)).toEqual([
    '2026 年 11 月 1 日到 12 月 31 日，每月一次机会，一号零点重新开始',
    '提交买过「桂花乌龙」的那一单、20 到 500 字、评分',
    '做完得 30 积分，每次机会最多一份；积分发完为止',
    '说好说坏都一样：打几颗星、夸还是批评，都不影响奖励',
    '公开展示时会标明「有奖评价」，名字只露一个字',
    '内容先过安全检查，再由人工审核；没通过会写明原因，最多提交 3 次，被安全检查拦下的不计次数',
    '对结果有异议，30 天内可以申诉一次，由另一位同事复核；只有一位同事时，由这位复核',
  ])
  const spread = { ...duty, kind: 'spread_news' as const, proof: 'counted' as const, counts: 'reader_acted' as const }
  expect(obligationRules({ ...spread, target: 3, labelled: false })).toContain(
    '读过你分享的文章的人，之后真的来消费或到店参加活动、过了退款期才算；分享和阅读本身都不算，一共 3 次，自动记上',
  )
})
