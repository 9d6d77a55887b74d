import { foldText, isFoundBy, searchWords } from '@huiyuan/shared/mall'
import fc from 'fast-check'
import { seedMall } from '../../../prisma/seed/mall'
import { testDatabase } from '../../../test/support/database'
import { type TestHouse, testHouse } from '../../../test/support/people'
import { listRewards, showWindow } from './list-rewards'
import { newReward, saver } from './mall.fixture'
import { searchRewards } from './search-rewards'

const database = testDatabase()
let one: TestHouse
beforeAll(async () => {
  one = testHouse(database.url)
  await seedMall(one.as())
})
afterAll(() => one.close())

const found = async (text: string) => (await searchRewards(one.as(), { text })).rewards.map(({ rewardId }) => rewardId)

test.each([
  ['白桃', ['peach_jar']],
  ['乌龙 桂花', ['autumn_cup']],
  ['ＢＡＩＴＡＯ', ['peach_jar']],
  ['bai tao', ['peach_jar']],
  ['LongJing', ['spring_tin']],
  ['绿茶', ['spring_tin']],
  ['２０ 元', ['book_code']],
  ['shi guang', ['book_code']],
  ['盏底刻字', ['engraving']],
  ['体验装', []],
  ['没有的东西', []],
  ['%', []],
  ['_', []],
  ["'", []],
])('%s finds %p', async (text, rewards) => {
  expect(await found(text)).toEqual(rewards)
})

test('titles stand before other words, and each before what comes later on the shelf', async () => {
  expect(await found('茶')).toEqual([
    ...['glazed_bowl', 'tea_bag', 'wood_spoon', 'tea_towel', 'tasting_pair'],
    ...['autumn_cup', 'peach_jar', 'white_bowl', 'spring_tin', 'honey_bowl', 'book_code'],
  ])
})

test('a member is told what stands in the way, a guest is not', async () => {
  const me = await saver(one, 10)
  const [mine] = (await searchRewards(me.ctx, { text: '白桃' })).rewards
  expect(mine?.refusal).toEqual({ code: 'POINTS_SHORT', detail: { shortPoints: 570 } })
  const [window] = (await searchRewards(one.as(), { text: '白桃' })).rewards
  expect(window).toMatchObject({ rewardId: 'peach_jar', refusal: null, favourite: false })
})

test('the rule and the statement fold and find alike', async () => {
  const letters = fc.constantFrom(...'白桃Aaé1盏ａ１İſKΩ①㍿ -%_\u3000')
  const text = fc.string({ unit: letters, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(text, text, text, async (title, keywords, asked) => {
      const words = searchWords(asked)
      fc.pre(words.length > 0)
      const [row] = await one.as().db.$queryRaw<{ folded: string; found: boolean }[]>`
        SELECT mall_fold(${title}) AS folded,
          mall_found(${JSON.stringify(words)}::jsonb, ARRAY[mall_fold(${title}), '', mall_fold(${keywords})]) AS found`
      expect(row?.folded).toBe(foldText(title))
      expect(row?.found).toBe(isFoundBy({ title, subtitle: '', keywords }, words))
    }),
    { numRuns: 300 },
  )
})

test('lists are bounded: sixty on the shelf and thirty of a search, and the page says that there is more', async () => {
  for (let n = 0; n < 61; n++) await newReward(one, { title: `第 ${n} 款新茶`, points: 1 })
  const me = await saver(one)
  const shelves = [await showWindow(one.as()), await listRewards(me.ctx)]
  for (const { rewards, more } of shelves) expect([rewards.length, more]).toEqual([60, true])
  expect(await found('新茶')).toHaveLength(30)
  await one.as().db.reward.updateMany({ where: { title: { contains: '款新茶' } }, data: { listed: false } })
  expect((await showWindow(one.as())).more).toBe(false)
})
