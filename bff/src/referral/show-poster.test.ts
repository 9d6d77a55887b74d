import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { newMember, type TestHouse, testHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { type Wechat, WechatError } from '../wechat'
import { codeImage } from './code-image'
import { showLinks } from './show-links'
import { showPoster } from './show-poster'
import { showReferral } from './show-referral'

const database = testDatabase()
const asked: { scene: string; page: string }[] = []
let away = false
let house: TestHouse
beforeAll(() => {
  const wxaCodeUnlimited: Wechat['wxaCodeUnlimited'] = async (wish) => {
    asked.push(wish)
    if (away) throw new WechatError({ endpoint: '/wxa/x', trouble: 'timeout', outcome: 'refused', retryable: true })
    return { bytes: new Uint8Array([0x89, 1, 2]), mime: 'image/png' }
  }
  house = testHouse(database.url, { wechat: { wxaCodeUnlimited } as Wechat })
})
beforeEach(() => {
  asked.length = 0
  away = false
})
afterAll(() => house.close())

test('holds the picture of the own link, the name, the gift that waits and what the campaign says', async () => {
  const { ctx } = await newMember(house, { name: '小梅' })
  const { code } = await showReferral(ctx)
  const poster = { image: 'iQEC', mime: 'image/png', scene: `l=${code}`, inviterName: '小梅' }
  expect(await showPoster(ctx)).toEqual({ ...poster, giftTitle: null, words: '' })
  await house.house.prisma.gift.create({
    data: {
      giftId: randomUUID().slice(0, 8),
      kind: 'new_member',
      title: '新人礼',
      joinWithinDays: 30,
      couponTemplates: [],
      pickups: [],
      startsAt: house.clock.at,
    },
  })
  const campaign = { title: '请朋友', rewardPoints: 1, minOrderFen: 1, holdDays: 1, perInviterCap: 1, budgetPoints: 1 }
  await house.house.prisma.referralCampaign.create({
    data: { ...campaign, campaignId: 'c', words: '坐下慢慢喝', startsAt: house.clock.at },
  })
  expect(await showPoster(ctx)).toEqual({ ...poster, giftTitle: '新人礼', words: '坐下慢慢喝' })
})

test('one code is drawn once, however often and at once it is looked at; another member’s is another', async () => {
  const [mei, lin] = [await newMember(house), await newMember(house)]
  await Promise.all(Array.from({ length: 16 }, () => showPoster(mei.ctx)))
  await showPoster(mei.ctx)
  await showPoster(lin.ctx)
  expect(asked).toHaveLength(2)
  expect(new Set(asked.map(({ scene }) => scene)).size).toBe(2)
})

test('a WeChat that does not answer is said so, and asked again at the next look', async () => {
  const { ctx } = await newMember(house)
  away = true
  await refusalOf(showPoster(ctx), 'WECHAT_DOWN')
  away = false
  expect((await showPoster(ctx)).image).toBe('iQEC')
  expect(asked).toHaveLength(2)
})

test('only a few pictures are kept: the one asked for longest ago is drawn again', async () => {
  const { ctx } = await newMember(house)
  const others = Array.from({ length: 200 }, (_, n) => ({ scene: `l=other${n}`, page: 'tabs/home/index' }))
  await showPoster(ctx)
  for (const wish of others) await codeImage(house.house, wish)
  asked.length = 0
  await showPoster(ctx)
  expect(asked).toHaveLength(1)
})

test('the link from outside is made once and kept while it is good; without WeChat the others are there', async () => {
  const made: Date[] = []
  const urlLink: Wechat['urlLink'] = async ({ query, expiresAt }) => {
    made.push(expiresAt)
    if (away) throw new WechatError({ endpoint: '/wxa/x', trouble: 'timeout', outcome: 'refused', retryable: true })
    return { url: `https://wxaurl.cn/${query}` }
  }
  const { ctx } = await newMember(house)
  const asked = { ...ctx, wechat: { urlLink } as Wechat }
  const { code } = await showReferral(ctx)
  away = true
  const path = `tabs/home/index?l=${code}`
  expect(await showLinks(asked)).toEqual({
    path,
    h5Url: `${house.house.publicUrl}/#/${path}`,
    urlLink: null,
    urlLinkUntil: null,
  })
  away = false
  const { urlLink: link, urlLinkUntil } = await showLinks(asked)
  expect([link, urlLinkUntil]).toEqual([`https://wxaurl.cn/l=${code}`, made[1]?.toISOString()])
  expect(await showLinks(asked)).toMatchObject({ urlLink: link })
  expect(made).toHaveLength(2)
  house.clock.pass(25 * 86_400_000)
  expect((await showLinks(asked)).urlLinkUntil).toBe(made[2]?.toISOString())
})
