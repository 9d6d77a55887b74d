import { randomUUID } from 'node:crypto'
import { type Database, openDatabase } from '../../bff/src/db'
import { testDatabase } from '../support/database'
import { expectLedgerProven } from '../support/ledger'
import { faultOf, join, type Person, type RunningHouse, signIn, startHouse } from '../support/running-house'
import { codeOn, enrol, type PhoneCode, seedFor } from './demo-people.fixture'
import { readPoster } from './poster-reader.fixture'

const database = testDatabase()
let house: RunningHouse
let books: Database
let mei: Person
let qing: Person
let lin: Awaited<ReturnType<typeof join>>
let phone: PhoneCode
let url: string
let link: string
let orderRef: string
let pickupCode: string
let visit: { visitId: string; memberRef: string }

beforeAll(async () => {
  house = await startHouse(database.url)
  url = house.bffs[0]?.url as string
  await seedFor(database.url, house.masterKey)
  books = openDatabase(database.url, 2)
  mei = await signIn(house.sandbox, url, 'mei')
  qing = await signIn(house.sandbox, url, 'qing')
})
afterAll(async () => {
  await books?.close()
  await house?.stop()
})

const once = <T extends object>(input: T) => ({ requestId: randomUUID(), ...input })
let steps = 0
/** Lin shows her code; each time the next one, since a code is taken once. */
const linAtTheCounter = async () => {
  const code = codeOn(phone, steps++ % 2)
  const { visitId, memberRef } = await qing.api.visit.scan.mutate(once({ code, tillId: 'hubin-1' }))
  return { visitId, memberRef }
}
const meisFriend = async () => {
  const { friends } = await mei.api.referral.mine.query()
  return friends.filter(({ joinedAt }) => Date.parse(joinedAt) > Date.now() - 600_000)
}
const points = async (who: Person) => (await who.api.home.show.query()).card

describe('Mei invites, Lin joins from her poster', () => {
  test('the code on Mei’s poster leads to a page and a scene that is Mei’s link', async () => {
    const mine = await mei.api.referral.mine.query()
    const poster = await mei.api.referral.poster.query()
    expect(poster.scene).toBe(`l=${mine.code}`)
    const { page, scene } = readPoster(poster)
    expect({ page, scene }).toEqual({ page: 'tabs/home/index', scene: poster.scene })
    link = poster.scene.slice(2)
  })

  test('a guest sees whose treat it is and what is in it; nothing is promised to an old friend', async () => {
    const guest = await signIn(house.sandbox, url, 'lin')
    const { gift, fromName } = await guest.api.gift.preview.query({ link })
    expect(fromName).toBe('小梅')
    expect(gift?.contents.map(({ kind }) => kind).sort()).toEqual(['coupon', 'pickup', 'points'])
    const { rewards } = await guest.api.mall.window.query()
    expect(rewards.length).toBeGreaterThanOrEqual(12)
  })

  test('she agrees, gives her phone with one tap, proves her old card, and is still new', async () => {
    lin = await join(house.sandbox, url, 'lin', { phone: true, arrival: { channel: 'weapp', link, scene: 1047 } })
    const claimId = lin.joined.claim?.claimId as string
    await lin.api.member.claimCard.mutate(once({ claimId, last4: '3421' }))
    const { card, gift } = await lin.api.home.show.query()
    expect(card).toMatchObject({ points: 320, tier: 1 })
    expect(gift).toMatchObject({ title: expect.stringContaining('新人礼') })
    expect((await lin.api.gift.list.query()).gifts[0]).toMatchObject({ state: 'open', refusal: null, fromName: '小梅' })
    expect(await meisFriend()).toMatchObject([{ state: 'joined', points: 0 }])
    expect((await lin.api.referral.mine.query()).invitedBy).toMatchObject({ name: '小梅', state: 'joined' })
  })

  test('the gift is hers, once', async () => {
    const giftId = (await lin.api.gift.list.query()).gifts[0]?.giftId as string
    const asked = once({ giftId })
    const opened = await lin.api.gift.open.mutate(asked)
    expect(opened.contents.map(({ kind }) => kind).sort()).toEqual(['coupon', 'pickup', 'points'])
    expect(await lin.api.gift.open.mutate(asked)).toEqual(opened)
    expect(await faultOf(lin.api.gift.open.mutate(once({ giftId })))).toMatchObject({ code: 'GIFT_TAKEN' })
    expect(await points(lin)).toMatchObject({ points: 420 })
    expect((await lin.api.coupon.list.query()).usable).toMatchObject([{ title: '满 30 减 8', state: 'usable' }])
  })
})

describe('at the counter of 湖滨店', () => {
  test('the quote applies the member price and the gift coupon and says why', async () => {
    phone = await enrol(lin.api)
    const first = await linAtTheCounter()
    const quote = await qing.api.order.quote.query({ ...first, fullFen: 6_800 })
    // 98 % of ¥68.00, then ¥8 off
    expect(quote).toMatchObject({ fullFen: 6_800, payableFen: 5_864, offFen: 936, points: 58 })
    expect(quote.receipt.filter(({ state }) => state === 'applied').map(({ offFen }) => offFen)).toEqual([136, 800])
    const { payableFen, couponIds } = quote
    const hold = await qing.api.order.hold.mutate(once({ ...first, fullFen: 6_800, couponIds, points: 0, payableFen }))
    expect((await lin.api.coupon.list.query()).usable).toMatchObject([{ state: 'held' }])
    const asked = once({ ...first, holdId: hold.holdId })
    const settled = await qing.api.order.settle.mutate(asked)
    expect(settled).toMatchObject({
      amountFen: 5_864,
      fullFen: 6_800,
      points: 58,
      growth: 58,
      packet: { title: expect.any(String) },
    })
    expect(await qing.api.order.settle.mutate(asked)).toEqual(settled)
    expect(await points(lin)).toMatchObject({ points: 420, pendingPoints: 58, growth: 58 })
    orderRef = (await qing.api.order.recent.query(first)).orders[0]?.orderRef as string
  })

  test('the coupon is used, a packet for the next cup has come', async () => {
    const { usable, used } = await lin.api.coupon.list.query()
    expect(used).toMatchObject([{ title: '满 30 减 8', from: 'gift' }])
    expect(usable).toMatchObject([{ from: 'order', state: 'usable' }])
  })

  test('Mei sees her reward held, and why', async () => {
    const [friend] = await meisFriend()
    expect(friend).toMatchObject({ state: 'held', points: 100, releaseAt: expect.any(String) })
    expect(friend?.words).toMatch(/首单/)
    expect(JSON.stringify(friend)).not.toContain('小林')
  })
})

describe('Lin spends, picks up, and starts her first obligation', () => {
  test('she exchanges points in the mall, once for each wish', async () => {
    const { rewards } = await lin.api.mall.list.query()
    const reward = rewards.find((one) => one.kind === 'pickup' && one.refusal === null && one.prepareHours === 0)
    if (!reward) throw new Error('nothing that she can exchange now')
    const asked = once({ rewardId: reward.rewardId, points: reward.points })
    const { redemption, pointsAfter } = await lin.api.mall.exchange.mutate(asked)
    expect(pointsAfter).toBe(420 - reward.points)
    expect(redemption).toMatchObject({ state: 'ready', pickupCode: expect.stringMatching(/^\d{8}$/), canCancel: true })
    pickupCode = redemption.pickupCode as string
    expect(await lin.api.mall.exchange.mutate(asked)).toMatchObject({
      redemption: { redemptionId: redemption.redemptionId },
    })
    expect(await points(lin)).toMatchObject({ points: pointsAfter })
    const tooDear = rewards.find((one) => one.points > 420 && one.tierGate === 1 && !one.early && one.left !== 0)
    if (!tooDear) throw new Error('nothing is too dear')
    expect(
      await faultOf(lin.api.mall.exchange.mutate(once({ rewardId: tooDear.rewardId, points: tooDear.points }))),
    ).toEqual({ code: 'POINTS_SHORT', detail: { shortPoints: tooDear.points - pointsAfter } })
  })

  test('the clerk hands it over by its code, and the gift’s first cup, each once', async () => {
    visit = await linAtTheCounter()
    expect((await qing.api.mall.waiting.query(visit)).redemptions).toHaveLength(2)
    const handOver = (code: string) => qing.api.mall.handOver.mutate(once({ ...visit, pickupCode: code }))
    expect(await handOver(pickupCode)).toMatchObject({ title: expect.any(String), pickedUpAt: expect.any(String) })
    expect(await faultOf(handOver(pickupCode))).toMatchObject({
      code: expect.stringMatching(/^(REDEMPTION_DONE|PICKUP_WRONG)$/),
    })
    const { redemptions } = await lin.api.mall.redemptions.query({})
    const fromGift = redemptions.find(({ origin }) => origin === 'gift')
    expect(fromGift).toMatchObject({ state: 'ready', points: 0 })
    await handOver(fromGift?.pickupCode as string)
    expect((await qing.api.mall.waiting.query(visit)).redemptions).toEqual([])
  })

  test('she takes on the tea tasting; a scan there confirms it, with points and a badge', async () => {
    const { obligations } = await lin.api.obligation.list.query()
    const tasting = obligations.find(({ kind }) => kind === 'themed_activity')
    if (!tasting) throw new Error('no activity is on')
    await lin.api.obligation.accept.mutate(once({ obligationId: tasting.obligationId }))
    const before = (await points(lin)).points
    const done = await qing.api.obligation.checkIn.mutate(once({ ...visit, obligationId: tasting.obligationId }))
    expect(done.rewarded).toEqual({ points: tasting.rewardPoints, honourName: tasting.honourName, coupon: null })
    expect((await points(lin)).points).toBe(before + tasting.rewardPoints)
    const { honours } = await lin.api.honour.mine.query()
    expect(honours.filter(({ state }) => state === 'worn').map(({ name }) => name)).toEqual([tasting.honourName])
  })
})

describe('next day she returns the drink', () => {
  test('pending points and growth go back, the coupon is hers again, the packet is void', async () => {
    const before = (await points(lin)).points
    const asked = once({ orderRef })
    const returned = await qing.api.order.return.mutate(asked)
    expect(returned).toMatchObject({
      refundedFen: 5_864,
      points: { pending: 58, available: 0, debt: 0 },
      growth: 58,
      coupons: [{ title: '满 30 减 8', returned: true }],
      packet: { state: 'voided' },
    })
    expect(await qing.api.order.return.mutate(asked)).toEqual(returned)
    expect(await faultOf(qing.api.order.return.mutate(once({ orderRef })))).toMatchObject({ code: 'RETURN_DONE' })
    expect(await points(lin)).toMatchObject({ points: before, pendingPoints: 0, growth: 0, debtPoints: 0 })
    const { usable, over } = await lin.api.coupon.list.query()
    expect(usable).toMatchObject([{ from: 'gift', state: 'usable' }])
    expect(over).toMatchObject([{ from: 'order', state: 'voided' }])
  })

  test('Mei’s reward is refused with its reason, on both sides', async () => {
    expect(await meisFriend()).toMatchObject([{ state: 'refused', reason: 'purchase_returned' }])
    expect((await lin.api.referral.mine.query()).invitedBy).toMatchObject({ state: 'refused' })
  })

  test('the statement tells all of it, the books hold, the audit is whole, nothing secret reached the log', async () => {
    const { lines } = await lin.api.ledger.statement.query({ kind: 'all', limit: 50 })
    const told = lines.map(({ words }) => words).join('\n')
    for (const word of ['新人礼', '兑换', '秋茶品鉴会', '退货', '老会员卡（尾号 3421）并入'])
      expect(told).toContain(word)
    await expectLedgerProven(database.url)
    const zhou = await signIn(house.sandbox, url, 'zhou')
    expect(await zhou.api.audit.verify.query()).toMatchObject({ storeId: 'hubin', intact: true })
    const log = (house.bffs[0]?.lines ?? []).join('\n')
    for (const secret of ['13800002207', phone.secret, lin.token as string, pickupCode])
      expect(log).not.toContain(secret)
  })
})
