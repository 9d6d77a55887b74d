import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { becauseWords, lostWords, movedFacts, restoredWords, reversalWords, warningWords } from './merge-words'

/** What a function of the database may put into `reversed`, `restored` and `lost`, read from its own text. */
function saidByTheServer(): string[] {
  const folder = join(__dirname, '../../../prisma/functions')
  const texts = readdirSync(folder)
    .filter((name) => /merge|separate|coupon|gift|right|staff|session|code/.test(name))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
  const kinds = texts.flatMap((text) => [
    ...[...text.matchAll(/jsonb_build_object\('kind', '(\w+)', '(?:why|title|noun|points|whose|reason)'/g)],
    ...[...text.matchAll(/\{"kind": "(\w+)"/g)],
  ])
  // what a gift holds is told by the gift's own pages
  return [...new Set(kinds.map(([, kind]) => kind as string))].filter(
    (kind) => !['coupon', 'pickup', 'right'].includes(kind),
  )
}

test('whatever a merge and its undo can say has words of its own', () => {
  const kinds = saidByTheServer()
  expect(kinds.length).toBeGreaterThan(8)
  const silent = kinds.filter((kind) => reversalWords({ kind, title: '杯', points: 3, count: 1 }) === '另有一处调整')
  expect(silent).toEqual([])
})

test('a sentence names what and how many, and leaves out what is not there', () => {
  expect(reversalWords({ kind: 'gift_superseded', title: '新人礼', coupons: 2, points: 0, pickups: 1 })).toBe(
    '第二份礼包「新人礼」不再有效，作废 2 张没用的券，取消 1 份待取',
  )
  expect(lostWords({ kind: 'gift_pickup', title: '尝鲜杯', why: 'gone' })).toBe('礼包里的待取「尝鲜杯」：已经送完了')
  expect(lostWords({ kind: 'coupon_used', title: '满 25 减 5', why: 'used' })).toBe('优惠券「满 25 减 5」已经用掉')
})

test('what an undo brings back is said to be there again, and what stays lost why', () => {
  expect(restoredWords({ kind: 'gift_superseded', title: '新人礼', coupons: 2, points: 50 })).toBe(
    '第二份礼包「新人礼」重新有效，还回 2 张券，还回 50 积分',
  )
  expect(restoredWords({ kind: 'debt_paid', points: 30, whose: 'other' })).toBe('分开的会员欠的 30 积分重新记上')
  expect(lostWords({ kind: 'phone_dropped', why: 'taken' })).toBe('合并时放下的手机号：已经是别人的了')
})

test('figures come in one order, with their units; a tier that falls is told by name', () => {
  const facts = movedFacts({ coupons: 1, points: 1_320, chargedPoints: 30, tierBefore: 2, tierAfter: 1, unknown: 5 })
  expect(facts.map(({ title, words }) => `${title} ${words}`)).toEqual([
    '积分 1,320 分',
    '其中由留下的会员补上 30 分',
    '优惠券 1 张',
    '留下的会员等级 黄金 → 白银',
  ])
})

test('every reason and warning has words, and an unknown one is no hole', () => {
  for (const because of [
    'unionid',
    'openid',
    'external',
    'phone_active',
    'phone_fresh',
    'card_digits',
    'operator',
    'import',
  ])
    expect(becauseWords(because)).not.toBe(becauseWords('?'))
  expect([warningWords('kept_apart'), warningWords('?')]).toEqual([expect.stringContaining('分开'), '请再核对一遍'])
})
