import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { NOON, newMember, type Person, type TestHouse, testHouse } from '../../../test/support/people'
import type { Ctx } from '../ctx'
import { oldCard } from '../member/member.fixture'
import { newGift } from './gift.fixture'
import { listGifts } from './list-gifts'
import { openGift } from './open-gift'
import { previewGift } from './preview-gift'

const DAY = 86_400_000
const database = testDatabase()
let one: TestHouse
beforeAll(async () => {
  one = testHouse(database.url)
})
beforeEach(async () => {
  one.clock.at = NOON
  await one.as().db.gift.deleteMany()
})
afterAll(() => one.close())

const first = async (ctx: Ctx) => (await listGifts(ctx)).gifts[0]

/** A link of this member's. → its code */
async function linkOf({ memberId }: Person): Promise<string> {
  const code = randomUUID().replaceAll('-', '').slice(0, 8)
  await one.as().db.referralLink.create({ data: { code, memberId, createdAt: one.clock.at } })
  return code
}

async function invitedBy(inviter: Person, invitee: Person, state = 'joined'): Promise<void> {
  await one.as().db.referral.create({
    data: {
      memberId: invitee.memberId,
      referralId: randomUUID(),
      inviterId: inviter.memberId,
      code: await linkOf(inviter),
      campaignId: 'first_cup',
      state,
      reason: state === 'void' ? 'not_new' : null,
      joinedAt: one.clock.at,
    },
  })
}

const CONTENTS = [
  { kind: 'pickup', rewardId: 'peach_taster', title: '白桃乌龙体验装', days: 7 },
  {
    kind: 'coupon',
    templateId: 'new_8',
    title: '满 30 减 8',
    thresholdFen: 3_000,
    amountOffFen: 800,
    validDays: 30,
  },
  { kind: 'points', points: 100 },
]

describe('what a member sees of the gift', () => {
  test('nothing when none runs', async () => {
    expect(await listGifts((await newMember(one)).ctx)).toEqual({ gifts: [], birthday: null })
  })

  test('that it is there to be opened, what is in it and until when', async () => {
    const giftId = await newGift(one)
    const { ctx } = await newMember(one)
    expect(await first(ctx)).toEqual({
      giftId,
      kind: 'new_member',
      title: '新人礼',
      state: 'open',
      refusal: null,
      claimBy: '2026-12-22T15:59:59.999Z',
      againAt: null,
      unlock: null,
      fromName: null,
      contents: CONTENTS,
      opened: null,
      followUp: null,
    })
  })

  test('what was in it, once opened, however long ago and whatever is given now', async () => {
    const giftId = await newGift(one)
    const { ctx } = await newMember(one)
    const opened = await openGift(ctx, { requestId: randomUUID(), giftId })
    one.clock.pass(90 * DAY)
    await newGift(one, { startsAt: new Date(NOON.getTime() + DAY), title: '春日礼' })
    expect(await first(ctx)).toMatchObject({ giftId, title: '新人礼', state: 'taken', refusal: null, opened })
  })

  test('why it is not for them', async () => {
    const giftId = await newGift(one, { stock: 1 })
    const early = await newMember(one, { joinedAt: new Date('2025-11-01T00:00:00Z') })
    expect(await first(early.ctx)).toMatchObject({
      state: 'refused',
      refusal: { code: 'NOT_NEW', detail: { reason: 'joined_before' } },
      claimBy: null,
    })
    const me = await newMember(one)
    await openGift((await newMember(one)).ctx, { requestId: randomUUID(), giftId })
    expect(await first(me.ctx)).toMatchObject({ state: 'refused', refusal: { code: 'GIFT_GONE' } })
    const card = await oldCard(one)
    expect(await first(card.ctx)).toMatchObject({ state: 'refused', refusal: { code: 'NOT_NEW' } })
  })

  test('the friend it came by; not one whose invitation is void', async () => {
    await newGift(one)
    const [mei, lin, he] = [await newMember(one, { name: '小梅' }), await newMember(one), await newMember(one)]
    await invitedBy(mei, lin)
    await invitedBy(mei, he, 'void')
    expect((await first(lin.ctx))?.fromName).toBe('小梅')
    expect((await first(he.ctx))?.fromName).toBeNull()
  })
})

describe('what a guest sees', () => {
  test('the gift with what is in it, and who sent the link, by name and nothing else', async () => {
    const giftId = await newGift(one)
    const mei = await newMember(one, { name: '小梅' })
    const told = await previewGift(one.as(), { link: await linkOf(mei) })
    expect(told).toEqual({ gift: { giftId, title: '新人礼', contents: CONTENTS }, fromName: '小梅' })
    expect(JSON.stringify(told)).not.toContain(mei.memberId)
  })

  test('the survivor of a link’s owner; the brand’s own word for who has no name', async () => {
    const [mei, gone] = [await newMember(one, { name: '小梅' }), await newMember(one)]
    const link = await linkOf(gone)
    await one.as().db.member.update({
      where: { memberId: gone.memberId },
      data: { status: 'merged', mergedInto: mei.memberId, nameSealed: null },
    })
    expect((await previewGift(one.as(), { link })).fromName).toBe('小梅')
    await one.as().db.member.update({ where: { memberId: mei.memberId }, data: { nameSealed: null } })
    expect((await previewGift(one.as(), { link })).fromName).toBe('茶友')
  })

  test('neither gift nor name where there is none', async () => {
    expect(await previewGift(one.as(), {})).toEqual({ gift: null, fromName: null })
    expect(await previewGift(one.as(), { link: 'nobodys' })).toEqual({ gift: null, fromName: null })
    await newGift(one, { stock: 0 })
    expect((await previewGift(one.as(), {})).gift).toBeNull()
  })
})
