import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { newMember, newNumber, newOpenid, oldCard, times } from '../member/member.fixture'
import { referralRoom } from './referral.fixture'
import { showReferral } from './show-referral'

const database = testDatabase()
let room: ReturnType<typeof referralRoom>
beforeAll(async () => {
  room = referralRoom(database.url)
  await room.open()
})
afterEach(() => expectLedgerHolds(room.prisma))
afterAll(() => room.close())

describe('a link', () => {
  test('is eight letters and digits, there from joining on, and stays the same', async () => {
    const { memberId, ctx } = await room.join(undefined)
    expect(await room.prisma.referralLink.count({ where: { memberId } })).toBe(1)
    const { code, sharePath } = await showReferral(ctx)
    expect(code).toMatch(/^[0-9A-Za-z]{8}$/)
    expect(sharePath).toBe(`tabs/home/index?l=${code}`)
    expect((await showReferral(ctx)).code).toBe(code)
  })

  test('is made at the first look for somebody who joined before there were any; once, at 16 looks at once', async () => {
    const { memberId, ctx } = await newMember(room.one)
    await room.prisma.referralLink.deleteMany({ where: { memberId } })
    const looks = await Promise.all(times(16, (n) => showReferral({ ...ctx, ...room.at(n).as(memberId) })))
    expect(new Set(looks.map(({ code }) => code)).size).toBe(1)
    expect(await room.prisma.referralLink.count({ where: { memberId } })).toBe(1)
  })
})

describe('who joins by a link', () => {
  test('has its owner for inviter, and both see each other', async () => {
    const campaign = await room.campaign()
    const mei = await room.inviter()
    const friend = await room.join(mei.code)
    expect(await room.edges(friend.memberId)).toMatchObject([
      { inviterId: mei.memberId, state: 'joined', code: mei.code, ...campaign, joinedAt: room.one.clock.at, points: 0 },
    ])
    await room.prisma.member.update({
      where: { memberId: friend.memberId },
      data: { nameSealed: Buffer.from(room.one.house.keys.seal('王小明')) },
    })
    const mine = await showReferral(mei.ctx)
    expect(mine).toMatchObject({
      campaign: { rewardPoints: 100, leftForMe: 10, running: true, endsAt: null },
      totals: { joined: 1, heldPoints: 0, releasedPoints: 0 },
      friends: [{ nameMasked: '王**', state: 'joined', points: 0, words: '还没有下满 ¥15 的第一单' }],
      invitedBy: null,
    })
    expect(JSON.stringify(mine)).not.toContain(friend.memberId)
    expect((await showReferral(friend.ctx)).invitedBy).toEqual({
      name: '小梅',
      state: 'joined',
      words: '喝到第一盏（满 ¥15）以后，对方会收到一份谢礼',
    })
  })

  test.each([
    ['an unknown link', async () => 'Nobody00'],
    ['no link', async () => undefined],
  ])('%s: joins all the same, as nobody’s friend', async (_name, link) => {
    await room.campaign()
    const { memberId } = await room.join(await link())
    expect(await room.edges(memberId)).toEqual([])
  })

  test('while nothing runs, or after the kill switch, nobody is promised anything', async () => {
    const { campaignId } = await room.campaign()
    const mei = await room.inviter()
    await room.prisma.referralCampaign.updateMany({
      where: { campaignId: { not: campaignId } },
      data: { stoppedAt: room.one.clock.at },
    })
    await room.prisma.referralCampaign.update({ where: { campaignId }, data: { stoppedAt: room.one.clock.at } })
    const { memberId } = await room.join(mei.code)
    expect(await room.edges(memberId)).toEqual([])
    expect((await showReferral(mei.ctx)).campaign?.running).toBe(false)
  })

  test('a campaign that runs behind any number of stopped ones is the one that is shown and counts', async () => {
    const campaign = await room.campaign({ title: '还在进行的那一个' })
    for (let n = 0; n < 11; n++) await room.campaign({ stoppedAt: room.one.clock.at })
    const mei = await room.inviter()
    expect((await showReferral(mei.ctx)).campaign).toMatchObject({ title: '还在进行的那一个', running: true })
    const { memberId } = await room.join(mei.code)
    expect(await room.edges(memberId)).toMatchObject([{ ...campaign, state: 'joined' }])
  })

  test('an old member who opens a link gets no inviter', async () => {
    await room.campaign()
    const mei = await room.inviter()
    const old = await room.join(undefined)
    room.one.clock.pass(DAY_MS)
    expect((await room.join(mei.code, { openid: old.openid })).memberId).toBe(old.memberId)
    expect(await room.edges(old.memberId)).toEqual([])
  })

  test('a card of old that joins for the first time counts, unless it bought within 180 days', async () => {
    await room.campaign()
    const mei = await room.inviter()
    const [still, busy] = [
      await oldCard(room.one, { joinedDaysAgo: 60 }),
      await oldCard(room.one, { joinedDaysAgo: 60 }),
    ]
    await room.buy(busy.memberId)
    room.one.clock.pass(DAY_MS)
    const openids = [newOpenid(), newOpenid()] as const
    expect(await room.join(mei.code, { phone: still.phone, openid: openids[0] })).toMatchObject({
      memberId: still.memberId,
    })
    room.one.clock.pass(1)
    expect(await room.join(mei.code, { phone: busy.phone, openid: openids[1] })).toMatchObject({
      memberId: busy.memberId,
    })
    expect(await room.edges(still.memberId)).toMatchObject([{ inviterId: mei.memberId, state: 'joined' }])
    // not new, and both sides can read it
    expect(await room.edges(busy.memberId)).toMatchObject([
      { inviterId: mei.memberId, state: 'refused', reason: 'not_new' },
    ])
    expect((await showReferral(mei.ctx)).friends).toMatchObject([
      { words: '这个手机号之前就是会员，不算新朋友', mayAppealUntil: null },
      { words: '还没有下满 ¥15 的第一单' },
    ])
    await room.buy(busy.memberId)
    expect(await room.edges(busy.memberId)).toMatchObject([{ state: 'refused', reason: 'not_new' }])
  })

  test('who comes by phone alone is new as well', async () => {
    await room.campaign()
    const mei = await room.inviter()
    const { memberId } = await room.join(mei.code, { openid: '', phone: newNumber() })
    expect(await room.edges(memberId)).toMatchObject([{ inviterId: mei.memberId, state: 'joined' }])
  })

  test('who opened the link too long ago is nobody’s friend, and both read why; the server knows its own window', async () => {
    await room.campaign({ windowDays: 3 })
    const mei = await room.inviter()
    const ago = (ms: number) => room.one.clock.at.getTime() - ms
    const late = await room.join(mei.code, { openedAt: ago(3 * DAY_MS) })
    expect(await room.edges(late.memberId)).toMatchObject([
      { state: 'refused', reason: 'window_over', openedAt: new Date(ago(3 * DAY_MS)) },
    ])
    expect((await showReferral(late.ctx)).invitedBy?.words).toBe('打开链接太久才入会，这一次没有算给对方')
    const soon = await room.join(mei.code, { openedAt: ago(3 * DAY_MS - 1) })
    // a phone whose clock runs ahead opened it just now
    const ahead = await room.join(mei.code, { openedAt: ago(-DAY_MS) })
    expect(await room.edges(soon.memberId)).toMatchObject([{ state: 'joined' }])
    expect(await room.edges(ahead.memberId)).toMatchObject([{ state: 'joined', openedAt: room.one.clock.at }])
  })

  test('the link of a merged member leads to the survivor', async () => {
    await room.campaign()
    const [mei, kept] = [await room.inviter(), await room.inviter('小梅')]
    await room.merge(kept.memberId, mei.memberId)
    const { memberId } = await room.join(mei.code)
    expect(await room.edges(memberId)).toMatchObject([{ inviterId: kept.memberId }])
    expect((await showReferral(kept.ctx)).totals.joined).toBe(1)
  })
})

describe('I-F1: one inviter', () => {
  test('64 parallel joins of one person over two houses with different links: one edge', async () => {
    await room.campaign()
    const links = await Promise.all(times(8, async () => (await room.inviter()).code))
    const openid = newOpenid()
    const joined = await Promise.all(times(64, (n) => room.join(links[n % 8], { in: room.at(n), openid })))
    const [memberId] = new Set(joined.map((friend) => friend.memberId))
    expect(new Set(joined.map((friend) => friend.memberId)).size).toBe(1)
    expect(await room.edges(memberId as string)).toHaveLength(1)
  })

  test('64 attributions told at once: the index keeps all but one out', async () => {
    await room.campaign()
    const { memberId } = await room.join(undefined)
    const links = await Promise.all(times(8, async () => (await room.inviter()).code))
    const told = times(64, (n) =>
      room.at(n).house.sql<object | null>('referral_attribute', {
        memberId,
        at: room.one.clock.at,
        link: links[n % 8],
        newAfterDays: 180,
      }),
    )
    expect((await Promise.all(told)).filter((answer) => answer !== null)).toHaveLength(1)
    expect(await room.edges(memberId)).toHaveLength(1)
  })

  test('a join sent again answers the same and adds nothing', async () => {
    await room.campaign()
    const mei = await room.inviter()
    const wish = { openid: newOpenid(), requestId: crypto.randomUUID() }
    const [first, again] = [await room.join(mei.code, wish), await room.join(mei.code, { ...wish, in: room.two })]
    expect(again.memberId).toBe(first.memberId)
    expect(await room.edges(first.memberId)).toHaveLength(1)
  })
})

describe('I-F3: no self, no ring', () => {
  test('nobody is brought by their own link, even if it was there before they joined', async () => {
    await room.campaign()
    const card = await oldCard(room.one, { joinedDaysAgo: 30 })
    const { code } = await showReferral(card.ctx)
    expect((await room.join(code, { phone: card.phone })).memberId).toBe(card.memberId)
    expect(await room.edges(card.memberId)).toEqual([])
  })

  test('nor by somebody whom they brought', async () => {
    await room.campaign()
    const card = await oldCard(room.one, { joinedDaysAgo: 30 })
    const friend = await room.join((await showReferral(card.ctx)).code)
    const friends = await room.join((await showReferral(friend.ctx)).code)
    const { code } = await showReferral(friends.ctx)
    expect((await room.join(code, { phone: card.phone })).memberId).toBe(card.memberId)
    expect(await room.edges(card.memberId)).toEqual([])
  })
})

test('an activity is thanked for where the campaign says so, once, and not beside a purchase', async () => {
  const { campaignId } = await room.campaign({ qualifies: 'order_or_activity' })
  const mei = await room.inviter()
  const [friend, buyer] = [await room.join(mei.code), await room.join(mei.code)]
  const attend = async ({ memberId }: { memberId: string }) => {
    const [proofId, instanceId, at] = [randomUUID(), randomUUID(), room.one.clock.at]
    await room.prisma.obligationProof.create({
      data: { memberId, proofId, instanceId, at, kind: 'order', sourceId: proofId },
    })
    await room.prisma.obligationInstance.create({
      data: {
        memberId,
        instanceId,
        obligationId: instanceId.slice(0, 32),
        state: 'in_progress',
        acceptedAt: at,
        progress: 1,
      },
    })
    return room.one.house.sql('referral_on_activity', { memberId, proofId, at })
  }
  expect(await attend(friend)).toMatchObject({ state: 'held' })
  expect(await attend(friend)).toBeNull()
  await room.buy(friend.memberId)
  await room.buy(buyer.memberId)
  expect(await attend(buyer)).toBeNull()
  expect((await showReferral(mei.ctx)).friends.map(({ words }) => words).sort()).toEqual([
    expect.stringMatching(/^已下首单/),
    expect.stringMatching(/^已来过活动/),
  ])
  expect(await room.spent({ campaignId })).toBe(200)
  await room.campaign()
  const other = await room.join((await room.inviter()).code)
  expect(await attend(other)).toBeNull()
})
