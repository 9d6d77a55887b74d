import { DAY_MS } from '@huiyuan/shared/time'
import { DEMO_HONOURS } from '../../../prisma/seed/honour'
import { seedObligation } from '../../../prisma/seed/obligation'
import { testDatabase } from '../../../test/support/database'
import { newMember, type TestHouse, testHouse } from '../../../test/support/people'
import { listHonours } from '../honour/list-honours'
import { listObligations } from './list-obligations'

const database = testDatabase()
let one: TestHouse
beforeAll(() => {
  one = testHouse(database.url)
})
afterAll(() => one.close())

test('the demo’s tasting is on whatever day it is started, and every honour can be earned', async () => {
  for (const days of [0, 10, 60]) {
    one.clock.pass(days * DAY_MS)
    await seedObligation(one.as())
    const { ctx } = await newMember(one)
    const [{ obligations }, { honours }] = [await listObligations(ctx), await listHonours(ctx)]
    expect(obligations.map(({ obligationId, refusal }) => [obligationId, refusal])).toEqual([
      ['autumn_tasting', null],
      ['own_cup', null],
      ['honest_review', null],
      ['spread_autumn', null],
      ['bring_friend', null],
      ['trial_new_tea', { code: 'TIER_NEEDED', detail: { tier: 2 } }],
    ])
    // each kind is there, and those of a title for its wearers
    const kinds = await one.as().db.obligation.groupBy({ by: ['kind'], where: { endsAt: { gt: one.clock.at } } })
    expect(kinds).toHaveLength(7)
    const earned = new Set(obligations.map(({ honourName }) => honourName))
    expect(honours.map(({ name }) => name)).toEqual(DEMO_HONOURS.map(({ name }) => name))
    // titles are given by people
    const badges = honours.filter(({ honourId }) => honourId !== 'ambassador')
    expect(badges.every(({ name }) => earned.has(name))).toBe(true)
  }
})
