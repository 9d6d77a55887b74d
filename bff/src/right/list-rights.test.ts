import { seedObligation } from '../../../prisma/seed/obligation'
import { DEMO_RIGHTS, seedRight } from '../../../prisma/seed/right'
import { testDatabase } from '../../../test/support/database'
import { newMember, type TestHouse, testHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { listRights } from './list-rights'

const database = testDatabase()
let one: TestHouse
beforeAll(async () => {
  one = testHouse(database.url)
  await seedObligation(one.as())
  await seedRight(one.as())
  await seedRight(one.as())
})
afterAll(() => one.close())

const tierOf = (memberId: string, tier: number) => one.as().db.standing.update({ where: { memberId }, data: { tier } })

test('every right of the programme is told with its state, also what somebody does not have yet', async () => {
  const me = await newMember(one)
  const { rights: all } = await listRights(me.ctx)
  expect(all.map(({ rightId }) => rightId)).toEqual(DEMO_RIGHTS.map(({ rightId }) => rightId))
  const rights = all.slice(0, 3)
  const locked = { state: 'locked', left: 0, backAt: null }
  expect(rights).toMatchObject([
    {
      rightId: 'early_gold',
      kind: 'early_access',
      payload: { hours: 24 },
      quota: 2,
      period: 'month',
      tierFrom: 2,
      ...locked,
    },
    { rightId: 'early_platinum', payload: { hours: 48 }, quota: null, period: null, tierFrom: 3, ...locked },
    { rightId: 'early_tea_knower', payload: { hours: 12 }, quota: 1, period: 'month', tierFrom: null, ...locked },
  ])
  expect(rights.map(({ unlock }) => unlock)).toEqual([
    { tier: 2, honourName: null },
    { tier: 3, honourName: null },
    { tier: null, honourName: '知茶人' },
  ])
})

test('by tier and by an honour while it is worn; used up with the day on which it is back', async () => {
  const me = await newMember(one)
  await tierOf(me.memberId, 2)
  const worn = { memberId: me.memberId, honourId: 'tea_knower', grantedAt: one.clock.at }
  await one.as().db.honourHeld.create({ data: { ...worn, expiresAt: new Date(one.clock.at.getTime() + 1) } })
  const use = { memberId: me.memberId, rightId: 'early_gold', periodKey: '2026-11', used: 2 }
  await one.as().db.rightUse.create({ data: use })
  expect((await listRights(me.ctx)).rights.slice(0, 3)).toMatchObject([
    { state: 'used_up', left: 0, backAt: '2026-11-30T16:00:00.000Z', unlock: null },
    { state: 'locked' },
    { state: 'available', left: 1, unlock: null },
  ])
  one.clock.pass(1)
  expect((await listRights(me.ctx)).rights[2]).toMatchObject({ state: 'locked' })
})

test('who cares for somebody is named to them only', async () => {
  const [me, other] = [await newMember(one), await newMember(one)]
  await tierOf(me.memberId, 6)
  const card = DEMO_RIGHTS.find(({ rightId }) => rightId === 'manager_black')
  const shown = async (who: typeof me) =>
    (await listRights(who.ctx)).rights.find((right) => right.kind === 'service_manager')
  expect(await shown(me)).toMatchObject({ state: 'available', from: 'tier', contact: card?.payload })
  expect(await shown(other)).toMatchObject({ state: 'locked', from: null, contact: null })
  expect(JSON.stringify(await listRights(other.ctx))).not.toContain('yizhan_shenzq')
})

test('a record that was merged away has none; its survivor has the uses of both', async () => {
  const [kept, gone] = [await newMember(one), await newMember(one)]
  await tierOf(kept.memberId, 2)
  for (const { memberId } of [kept, gone])
    await one.as().db.rightUse.create({ data: { memberId, rightId: 'early_gold', periodKey: '2026-11', used: 1 } })
  await inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))
  expect((await listRights(kept.ctx)).rights[0]).toMatchObject({ state: 'used_up', left: 0 })
  await refusalOf(listRights(one.as()), 'SESSION_NEEDED')
})
