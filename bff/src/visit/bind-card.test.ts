import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { type Colleague, newStaff, newVisit, type TestHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { attachPhone } from '../member/attach-phone'
import { claimByCard } from '../member/claim-by-card'
import { listIdentities } from '../member/list-identities'
import {
  account,
  button,
  memberHouse,
  mergedInto,
  newMember,
  newNumber,
  newOpenid,
  oldCard,
  times,
} from '../member/member.fixture'
import { bindCard, previewCard } from './bind-card'
import { confirmClaim, listCards, previewClaim } from './confirm-claim'
import { findVisit } from './find-visit'

const database = testDatabase()
let one: TestHouse
let two: TestHouse
let clerk: Colleague
beforeAll(async () => {
  one = memberHouse(database.url)
  two = memberHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), two.warm()])
  clerk = await newStaff(one)
})
afterEach(() => expectLedgerHolds(one.house.prisma))
afterAll(() => Promise.all([one.close(), two.close()]))

/** Somebody at the counter with a live code. */
async function present(wish: Parameters<typeof newMember>[1] = {}) {
  const me = await newMember(one, wish)
  const { visitId, memberRef } = await newVisit(one, me, clerk)
  return { me, visit: { visitId, memberRef } }
}
const bind = (visit: { visitId: string; memberRef: string }, cardNo: string, seal?: string, at = one) =>
  bindCard(at.as(clerk.memberId), clerk, { requestId: randomUUID(), ...visit, cardNo, seal })
/** A full card number: the old card's own printed number is its card here. */
const cardOf = async (memberId: string) =>
  (await one.house.prisma.identity.findFirstOrThrow({ where: { memberId, kind: 'store_card' } })).subject

test('a card nobody has is bound to who stands here with a live code, however it is typed', async () => {
  const { me, visit } = await present()
  const cardNo = `C${randomUUID().slice(0, 8)}`
  expect(await previewCard(clerk.ctx, clerk, { ...visit, cardNo })).toEqual({ state: 'free' })
  expect(await bind(visit, `${cardNo.slice(0, 4)} ${cardNo.slice(4).toLowerCase()}`)).toMatchObject({ state: 'bound' })
  expect(await bind(visit, cardNo)).toMatchObject({ state: 'own' })
  expect((await listIdentities(me.ctx)).identities.map(({ hint }) => hint)).toContain(
    `尾号 ${cardNo.slice(-4).toUpperCase()}`,
  )
  expect((await listCards(clerk.ctx, clerk, visit)).cards).toEqual([cardNo.slice(-4).toUpperCase()])
  // what was promised: without a phone in the hand, the card's number is enough to earn
  const spoken = { requestId: randomUUID(), tillId: clerk.tillId, memberNo: cardNo }
  expect(await findVisit(clerk.ctx, clerk, spoken)).toMatchObject({
    maySpend: false,
    member: { memberNoLast4: me.memberNo.slice(-4) },
  })
  await refusalOf(bind(visit, '12'), 'BAD_INPUT')
})

test('a card of an older record brings it along, after a look; without that look it is refused', async () => {
  const { me, visit } = await present()
  const card = await oldCard(one, { points: 320 })
  const cardNo = await cardOf(card.memberId)
  const seen = await previewCard(clerk.ctx, clerk, { ...visit, cardNo })
  if (seen.state !== 'joins') throw new Error(seen.state)
  expect(seen.preview.came).toMatchObject({ points: 320 })
  expect(await mergedInto(one, card.memberId)).toBeNull()
  await refusalOf(bind(visit, cardNo), 'PREVIEW_CHANGED')
  await refusalOf(bind(visit, cardNo, '0'.repeat(32)), 'PREVIEW_CHANGED')
  expect(await bind(visit, cardNo, seen.preview.seal)).toEqual({ state: 'joined', points: 320, growth: 0 })
  expect(await account(one, me.memberId)).toMatchObject({ availablePoints: 320 })
  const [merge] = (await listIdentities(me.ctx)).merges
  expect(merge).toMatchObject({ because: 'card_shown', points: 320, other4: card.memberNo.slice(-4), undoneAt: null })
  const entry = await one.house.prisma.auditEntry.findFirst({
    where: { storeId: clerk.storeId },
    orderBy: { seq: 'desc' },
  })
  expect(entry).toMatchObject({ verb: 'visit.bindCard', actorId: clerk.memberId, subject: visit.visitId })
})

test('another WeChat person’s card stays theirs; a number that was only spoken binds nothing', async () => {
  const { visit } = await present()
  const card = await oldCard(one)
  const owner = { kind: 'wechat_openid', issuer: one.house.weappId, subject: newOpenid(), memberId: card.memberId }
  await one.house.prisma.identity.create({ data: { ...owner, provenAt: one.clock.at, firstAt: one.clock.at } })
  const cardNo = await cardOf(card.memberId)
  await refusalOf(previewCard(clerk.ctx, clerk, { ...visit, cardNo }), 'CARD_TAKEN')
  await refusalOf(bind(visit, cardNo, '0'.repeat(32)), 'CARD_TAKEN')
  const stranger = await newMember(one)
  const spoken = { requestId: randomUUID(), tillId: clerk.tillId, memberNo: stranger.memberNo }
  const { visitId, memberRef } = await findVisit(clerk.ctx, clerk, spoken)
  await refusalOf(bind({ visitId, memberRef }, 'ABC12345'), 'CODE_NEEDED')
})

test('who has just stopped working here binds nothing, also while a look at the job is still trusted', async () => {
  const former = await newStaff(one, { shop: clerk })
  const me = await newMember(one)
  const { visitId, memberRef } = await newVisit(one, me, former)
  await one.house.prisma.staff.update({ where: { memberId: former.memberId }, data: { endedAt: one.clock.at } })
  const asked = { requestId: randomUUID(), visitId, memberRef, cardNo: `C${randomUUID().slice(0, 8)}` }
  await refusalOf(bindCard(former.ctx, former, asked), 'STAFF_NEEDED')
  expect((await listIdentities(me.ctx)).identities.map(({ kind }) => kind)).not.toContain('store_card')
})

test('one free card scanned for 32 customers at once at two processes is one customer’s', async () => {
  const people = await Promise.all(times(8, () => present()))
  const cardNo = `C${randomUUID().slice(0, 8)}`.toUpperCase()
  const ends = await endsOf(times(32, (n) => bind(people[n % 8]?.visit as never, cardNo, undefined, n % 2 ? two : one)))
  // whoever comes later is told that it leads elsewhere by now
  expect(ends.CARD_TAKEN).toBe(28)
  expect(await one.house.prisma.identity.count({ where: { kind: 'store_card', subject: cardNo } })).toBe(1)
})

test('a bind takes the store’s chain last: who waits for its customer may write there meanwhile', async () => {
  const { me, visit } = await present()
  const waits = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
  const chain = (store: string) => `SELECT 1 FROM audit_head WHERE store_id = '${store}' FOR UPDATE NOWAIT`
  for (const card of [`C${randomUUID().slice(0, 8)}`, await cardOf((await oldCard(one)).memberId)]) {
    const seen = await previewCard(clerk.ctx, clerk, { ...visit, cardNo: card })
    const seal = seen.state === 'joins' ? seen.preview.seal : undefined
    const binding = await one.house.prisma.$transaction(async (held) => {
      await held.$queryRaw`SELECT 1 FROM member WHERE member_id = ${me.memberId}::uuid FOR NO KEY UPDATE`
      const bound = bind(visit, card, seal)
      bound.catch(() => {})
      while ((await two.house.prisma.$queryRawUnsafe<unknown[]>(waits)).length === 0);
      await held.$queryRawUnsafe(chain(clerk.storeId))
      return { bound }
    })
    expect(await binding.bound).toMatchObject({ state: seal ? 'joined' : 'bound' })
  }
})

describe('a second proof by a colleague', () => {
  test('a silent record without a card: the phone moves, the rest waits for a clerk’s word', async () => {
    const phone = newNumber()
    const silent = await newMember(one, { weapp: null, joinedDaysAgo: 200, phone })
    const { me, visit } = await present()
    const attached = await attachPhone(me.ctx, { requestId: randomUUID(), phone: button(phone) })
    expect(attached).toMatchObject({ attached: true, claim: null })
    expect((await listIdentities(me.ctx)).atCounter).not.toBeNull()
    const { claims } = await listCards(clerk.ctx, clerk, visit)
    expect(claims).toMatchObject([{ because: 'silent', cardHints: [] }])
    const claimId = claims[0]?.claimId as string
    const { seal } = await previewClaim(clerk.ctx, clerk, { ...visit, claimId })
    const asked = { requestId: randomUUID(), ...visit, claimId, seal }
    const answer = await confirmClaim(clerk.ctx, clerk, asked)
    expect(await confirmClaim(clerk.ctx, clerk, asked)).toEqual(answer)
    expect(await mergedInto(one, silent.memberId)).toBe(me.memberId)
    expect((await listCards(clerk.ctx, clerk, visit)).claims).toEqual([])
    await refusalOf(previewClaim(clerk.ctx, clerk, { ...visit, claimId }), 'CLAIM_OVER')
    expect(await one.house.prisma.claim.findFirst({ where: { claimId } })).toMatchObject({ settledBy: clerk.memberId })
  })

  test('a card number typed on the phone tells nothing, and waits for the counter', async () => {
    const { me, visit } = await present()
    const card = await oldCard(one)
    const say = (cardNo: string) => claimByCard(me.ctx, { requestId: randomUUID(), cardNo })
    const cardNo = await cardOf(card.memberId)
    expect([await say(cardNo), await say('NOSUCHCARD1')]).toEqual([{ state: 'counter' }, { state: 'counter' }])
    // its last four digits prove nothing here
    expect(await listIdentities(me.ctx)).toMatchObject({ openClaim: null, atCounter: null })
    const { claims } = await listCards(clerk.ctx, clerk, visit)
    expect(claims).toMatchObject([{ because: 'card_typed', cardHints: [card.last4], points: 320 }])
    const claimId = claims[0]?.claimId as string
    const { seal } = await previewClaim(clerk.ctx, clerk, { ...visit, claimId })
    await confirmClaim(clerk.ctx, clerk, { requestId: randomUUID(), ...visit, claimId, seal })
    expect(await say(cardNo)).toEqual({ state: 'own' })
    for (let n = 0; n < 7; n++) await say(`NOSUCHCARD${n}`)
    await refusalOf(say('NOSUCHCARD9'), 'TOO_MANY')
  })
})

test('a number that moved is explained to both: to who has it now, and to who had it', async () => {
  const before = await newMember(one, { phone: newNumber() })
  const me = await newMember(one)
  await attachPhone(me.ctx, { requestId: randomUUID(), phone: button(before.phone as string) })
  const hint = expect.stringMatching(/^138\*{4}\d{4}$/)
  const mine = (await listIdentities(me.ctx)).identities.find(({ kind }) => kind === 'phone')
  expect(mine).toMatchObject({ hint, cameFromAnother: true })
  const theirs = await listIdentities(before.ctx)
  expect(theirs.former).toEqual([{ hint, endedAt: one.clock.at.toISOString(), because: 'moved' }])
  expect(theirs.identities.some(({ kind }) => kind === 'phone')).toBe(false)
})
