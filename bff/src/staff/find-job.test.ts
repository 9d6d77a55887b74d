import { testDatabase } from '../../../test/support/database'
import { newMember, newStaff, newStore, type TestHouse, testHouse } from '../../../test/support/people'
import { findJob } from './find-job'

const database = testDatabase()
let house: TestHouse
beforeAll(() => {
  house = testHouse(database.url)
})
afterAll(() => house.close())

test('a job names role, store and the own store’s tills', async () => {
  const clerk = await newStaff(house, { role: 'manager' })
  await newStore(house)
  expect(await findJob(clerk.ctx, clerk.memberId)).toEqual({
    role: 'manager',
    storeId: clerk.storeId,
    storeName: '湖滨店',
    tills: [
      { tillId: clerk.tillId, name: '1 号收银台' },
      { tillId: clerk.otherTillId, name: '2 号收银台' },
    ],
  })
})

test('a member who does not work here, or no longer, has none', async () => {
  const { ctx, memberId } = await newMember(house)
  expect(await findJob(ctx, memberId)).toBeNull()
  const gone = await newStaff(house)
  await house.as().db.staff.update({ where: { memberId: gone.memberId }, data: { endedAt: house.clock.at } })
  expect(await findJob(gone.ctx, gone.memberId)).toBeNull()
})
