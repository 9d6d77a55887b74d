import { randomUUID } from 'node:crypto'
import { violationsOf } from '@huiyuan/shared/compliance'
import { DAY_MS } from '@huiyuan/shared/time'
import { ILLEGAL, LEGAL } from '../../../shared/src/compliance-campaigns.fixture'
import { testDatabase } from '../../../test/support/database'
import { type Colleague, newMember, newStaff } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { verifyAudit } from '../audit/verify-audit'
import { referralRoom } from '../referral/referral.fixture'
import { inputOf, obligationWish, referralWish } from './campaign.fixture'
import { type ObligationInput, obligationForm, type ReferralInput, referralForm } from './campaign-form'
import { listCampaigns } from './list-campaigns'
import { listHistory } from './list-history'
import { saveObligation } from './save-obligation'
import { saveReferral } from './save-referral'
import { showCampaign } from './show-campaign'
import { stopCampaign } from './stop-campaign'

const database = testDatabase()
let room: ReturnType<typeof referralRoom>
let tang: Colleague
let other: Colleague
beforeAll(async () => {
  room = referralRoom(database.url)
  await room.open()
  tang = await newStaff(room.one, { role: 'operator' })
  other = await newStaff(room.one, { role: 'operator', shop: tang })
})
afterAll(() => room.close())

const now = () => room.one.clock.at
const saveFriends = (part: Partial<ReferralInput> = {}, by = tang, house = room.one) =>
  saveReferral(house.as(by.memberId), referralWish(now(), part))
const saveDuty = (part: Partial<ObligationInput> = {}, by = tang, house = room.one) =>
  saveObligation(house.as(by.memberId), obligationWish(now(), part))
const stop = (kind: 'referral' | 'obligation', campaignId: string, by = tang, house = room.one) =>
  stopCampaign(house.as(by.memberId), { requestId: randomUUID(), kind, campaignId, reason: '写错了' })
const begun = () => ({ startsAt: new Date(now().getTime() - DAY_MS).toISOString() })
const rowOf = (campaignId: string) => room.prisma.referralCampaign.findUniqueOrThrow({ where: { campaignId } })

test('whatever the guard refuses is refused by the server, too, and nothing of it is written', async () => {
  const count = async () => [await room.prisma.referralCampaign.count(), await room.prisma.obligation.count()]
  const before = await count()
  for (const { form } of ILLEGAL) {
    const input = inputOf(form, now())
    const save =
      'campaignId' in input
        ? saveReferral(tang.ctx, referralForm.parse(input))
        : saveObligation(tang.ctx, obligationForm.parse(input))
    const wanted = violationsOf(form, tang.ctx.policy).map(({ rule, field }) => ({ rule, field }))
    expect(await refusalOf(save, 'CAMPAIGN_REFUSED')).toEqual({ violations: wanted })
  }
  expect(await count()).toEqual(before)
  for (const { form } of LEGAL) {
    const input = inputOf(form, now())
    if ('campaignId' in input) await saveReferral(tang.ctx, referralForm.parse(input))
    else await saveObligation(tang.ctx, obligationForm.parse(input))
  }
  expect(await count()).toEqual([(before[0] as number) + 2, (before[1] as number) + LEGAL.length - 2])
})

test('only operators save and stop', async () => {
  const manager = await newStaff(room.one, { role: 'manager', shop: tang })
  const nobody = await newMember(room.one)
  await refusalOf(saveFriends({}, manager), 'ROLE_NEEDED')
  await refusalOf(saveReferral(nobody.ctx, referralWish(now())), 'STAFF_NEEDED')
  const { campaignId } = await saveDuty()
  await refusalOf(stop('obligation', campaignId, manager), 'ROLE_NEEDED')
  await refusalOf(stop('obligation', 'no_such', tang), 'NOT_FOUND')
  await refusalOf(saveFriends({ campaignId: 'no_such', revision: 1 }), 'NOT_FOUND')
  await refusalOf(saveFriends({ campaignId: 'no_such' }), 'BAD_INPUT')
  expect(await refusalOf(saveDuty({ articleId: 'no_such' }), 'NOT_FOUND')).toEqual({ noun: 'article' })
  const honour = { reward: { ...obligationWish(now()).reward, honourId: 'no_such' } }
  expect(await refusalOf(saveDuty(honour), 'NOT_FOUND')).toEqual({ noun: 'honour' })
})

/** Each term of a campaign changed alone, with the field that the refusal names; null where it is free. */
const CHANGES: [Partial<ReferralInput>, string | null][] = [
  [{ reward: { ...referralWish(new Date()).reward, points: 90 } }, 'rewardPoints'],
  [{ minOrderFen: 2_000 }, 'minOrderFen'],
  [{ holdDays: 20 }, 'holdDays'],
  [{ windowDays: 3 }, 'windowDays'],
  [{ trigger: 'order_or_activity' }, 'qualifies'],
  [{ perPersonCap: 9 }, 'perInviterCap'],
  [{ budgetPoints: 99_900 }, 'budgetPoints'],
  [{ startsAt: new Date('2027-01-01').toISOString() }, 'startsAt'],
  [{ perPersonCap: 11 }, null],
  [{ budgetPoints: 200_000 }, null],
  [{ title: '请朋友来坐坐' }, null],
  [{ words: '一盏敬朋友' }, null],
  [{ endsAt: null }, null],
]

test('what was promised stays once it has begun; before, everything can be changed', async () => {
  const soon = await saveFriends()
  for (const [part] of CHANGES) {
    const { revision } = await rowOf(soon.campaignId)
    await saveFriends({ campaignId: soon.campaignId, revision, ...part })
  }
  const wish = begun()
  const { campaignId } = await saveFriends(wish)
  const { startsAt } = await rowOf(campaignId)
  expect(startsAt).toEqual(now())
  for (const [part, field] of CHANGES) {
    const { revision } = await rowOf(campaignId)
    const save = () => saveFriends({ campaignId, revision, startsAt: startsAt.toISOString(), ...part })
    if (field) expect(await refusalOf(save(), 'CAMPAIGN_FIXED')).toEqual({ field })
    else expect(await save()).toEqual({ campaignId, revision: revision + 1 })
    // what rises does not fall again, and is put back for the next change
    await room.prisma.referralCampaign.update({
      where: { campaignId },
      data: { perInviterCap: 10, budgetPoints: 100_000 },
    })
  }
  // an end that is put into the past is now
  const { revision } = await rowOf(campaignId)
  const ended = await saveFriends({
    campaignId,
    revision,
    startsAt: startsAt.toISOString(),
    endsAt: startsAt.toISOString(),
  }).catch(() => null)
  expect(ended).toBeNull()
  room.one.clock.pass(60_000)
  const past = new Date(now().getTime() - 30_000).toISOString()
  await saveFriends({ campaignId, revision, startsAt: startsAt.toISOString(), endsAt: past })
  expect((await rowOf(campaignId)).endsAt).toEqual(now())
})

test('an obligation keeps its terms as well, is read back as it was written, and tells its history', async () => {
  const wants = { photos: { min: 1, max: 3 }, text: { min: 10, max: 300 }, rating: true }
  const part = { kind: 'review', trigger: 'review', labelled: true, wants, period: 'monthly', target: 1 } as const
  const { campaignId } = await saveDuty({ ...part, ...begun() })
  const { obligation } = await showCampaign(tang.ctx, { kind: 'obligation', campaignId })
  expect(obligation).toMatchObject({
    ...part,
    rewardPoints: 50,
    state: 'running',
    revision: 1,
  })
  const same = { ...part, obligationId: campaignId, startsAt: obligation?.startsAt as string }
  for (const [change, field] of [
    [{ target: 2 }, 'target'],
    [{ wants: { ...wants, photos: { min: 2, max: 3 } } }, 'wants'],
    [{ cooldownHours: 1 }, 'cooldownHours'],
    [{ reward: { ...obligationWish(now()).reward, points: 49 } }, 'rewardPoints'],
  ] as const)
    expect(await refusalOf(saveDuty({ ...same, revision: 1, ...change }), 'CAMPAIGN_FIXED')).toEqual({ field })
  await saveDuty({ ...same, revision: 1, title: '说句实话', position: 3 }, other)
  await refusalOf(saveDuty({ ...same, revision: 1, title: '晚了一步' }), 'CAMPAIGN_CHANGED')
  await stop('obligation', campaignId, other)
  await refusalOf(saveDuty({ ...same, revision: 3, title: '已经停了' }), 'CAMPAIGN_STOPPED')
  const { entries, next } = await listHistory(tang.ctx, { kind: 'obligation', campaignId })
  expect(next).toBeNull()
  expect(entries.map(({ revision, deed, first, reason }) => [revision, deed, first, reason])).toEqual([
    [3, 'stopped', false, '写错了'],
    [2, 'saved', false, null],
    [1, 'saved', true, null],
  ])
  expect(entries[1]?.changes).toEqual([
    { field: 'title', was: '带自己的杯子', is: '说句实话' },
    { field: 'position', was: '9', is: '3' },
  ])
  const { obligations } = await listCampaigns(tang.ctx)
  expect(obligations.find((one) => one.campaignId === campaignId)).toMatchObject({
    state: 'stopped',
    kind: 'review',
    figures: {},
  })
})

test('64 changes at once from one revision: one is made; 64 times the same: all are answered alike', async () => {
  const { campaignId } = await saveFriends(begun())
  const startsAt = now().toISOString()
  const changes = Array.from({ length: 64 }, (_, n) =>
    saveFriends({ campaignId, revision: 1, startsAt, budgetPoints: 100_000 + n }, n % 3 ? tang : other, room.at(n)),
  )
  expect(await endsOf(changes)).toEqual({ answer: 1, CAMPAIGN_CHANGED: 63 })
  const requestId = randomUUID()
  const same = Array.from({ length: 64 }, (_, n) =>
    saveFriends({ requestId, campaignId, revision: 2, startsAt, budgetPoints: 300_000 }, tang, room.at(n)),
  )
  expect(new Set((await Promise.all(same)).map(({ revision }) => revision))).toEqual(new Set([3]))
  const stops = Array.from({ length: 64 }, (_, n) => stop('referral', campaignId, n % 2 ? tang : other, room.at(n)))
  expect(await endsOf(stops)).toEqual({ answer: 1, CAMPAIGN_STOPPED: 63 })
  expect(await room.prisma.campaignRevision.count({ where: { campaignId } })).toBe(4)
  expect(await verifyAudit(tang.ctx, tang.storeId)).toMatchObject({ intact: true })
})

test('friends buy, colleagues raise the budget, and somebody stops it, all at once: after the stop nothing new is held', async () => {
  const { campaignId } = await saveFriends({ ...begun(), perPersonCap: 50, budgetPoints: 200 })
  await room.prisma.referralCampaign.updateMany({
    where: { campaignId: { not: campaignId } },
    data: { stoppedAt: now() },
  })
  const startsAt = now().toISOString()
  room.one.clock.pass(1_000)
  const inviters = await Promise.all(Array.from({ length: 4 }, () => room.inviter()))
  const friends = await Promise.all(
    Array.from({ length: 64 }, (_, n) => room.join(inviters[n % 4]?.code, { in: room.at(n) })),
  )
  const raise = async (n: number): Promise<unknown> => {
    const { revision, budgetPoints } = await rowOf(campaignId)
    const raised = { campaignId, revision, startsAt, perPersonCap: 50, budgetPoints: budgetPoints + 300 }
    return saveFriends(raised, n % 2 ? tang : other, room.at(n)).catch((error) => error)
  }
  // eight tills, each with one friend after the other; three colleagues stop it while they are at it
  const till = async (nth: number) => {
    for (let n = nth; n < friends.length; n += 8) {
      await room.buy(friends[n]?.memberId as string, 3_000, room.at(n))
      if (nth < 3) await raise(n)
      if (nth > 4 && n > 24) await stop('referral', campaignId, tang, room.at(n)).catch(() => null)
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, nth) => till(nth)))
  const note = await room.prisma.campaignRevision.findFirstOrThrow({ where: { campaignId, deed: 'stopped' } })
  const spentThen = (note.body as { spentPoints: number }).spentPoints
  const edges = await room.prisma.referral.groupBy({ by: ['state', 'reason'], where: { campaignId }, _count: true })
  const countOf = (state: string) => edges.reduce((sum, edge) => sum + (edge.state === state ? edge._count : 0), 0)
  const row = await rowOf(campaignId)
  expect(row.spentPoints).toBe(spentThen)
  expect(countOf('held') * 100).toBe(spentThen)
  expect(row.budgetPoints).toBeGreaterThanOrEqual(spentThen)
  expect(countOf('held') + countOf('refused')).toBe(64)
  expect(countOf('held')).toBeGreaterThan(0)

  // a server whose clock is an hour behind promises nothing either
  const [late] = await room.prisma.$queryRaw<{ why: string | null }[]>`
    SELECT referral_reserve(${inviters[0]?.memberId}::uuid, c, ${new Date(now().getTime() - 3_600_000)}) AS why
      FROM referral_campaign c WHERE campaign_id = ${campaignId}`
  expect(late?.why).toBe('stopped')
})
