import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { newMember, newStaff, type TestHouse, testHouse } from '../../../test/support/people'
import { snapshotOf } from './before-after.fixture'
import { merged, undone } from './undo.fixture'
import { scatterRows } from './undo-rows.fixture'

const database = testDatabase()
let one: TestHouse
beforeAll(async () => {
  one = testHouse(database.url)
  const steps = await one.house.prisma.$queryRaw<
    { proname: string }[]
  >`SELECT proname FROM pg_proc WHERE proname LIKE '%_unmerge'`
  one.house.registry = {
    ...one.house.registry,
    undoSteps: one.house.registry.undoSteps.filter((s) => steps.some((p) => p.proname === s)),
  }
})
afterAll(() => one.close())

const TABLES = [
  'session',
  'device',
  'device_handle',
  'visit',
  'purchase',
  'purchase_return',
  'order_hold',
  'staff',
  'outbox_message',
  'message_consent',
]
const rowsOf = async (memberIds: string[]) => {
  const seen = await snapshotOf(one.house.prisma, memberIds)
  return Object.fromEntries(TABLES.map((table) => [table, seen[table] ?? []]))
}
const people = (count: number) => Promise.all(Array.from({ length: count }, () => newMember(one)))

test('I-ID4: merged one after the other and taken back in turn, three records are as they were', async () => {
  const { staff } = one.house.prisma
  for (let round = 0; round < 5; round++) {
    const all = (await people(3)).map(({ memberId }) => memberId) as [string, string, string]
    for (const memberId of all) await scatterRows(one, memberId)
    // one works here still, another did
    const job = { role: 'clerk', storeId: 'hubin', since: one.clock.at }
    const at = round % 3
    await staff.create({ data: { ...job, memberId: all[at] as string, staffNo: '1' } })
    await staff.create({ data: { ...job, memberId: all[(at + 1) % 3] as string, staffNo: '2', endedAt: one.clock.at } })
    const before = await rowsOf(all)
    const first = await merged(one, all[1], all[2])
    const between = await rowsOf(all)
    const second = await merged(one, all[0], all[1])
    await undone(one, second)
    expect(await rowsOf(all)).toEqual(between)
    await undone(one, first)
    expect(await rowsOf(all)).toEqual(before)
  }
})
