import { testDatabase } from '../../../test/support/database'
import { newStore, type TestHouse, testHouse } from '../../../test/support/people'
import { listStores } from './list-stores'

const database = testDatabase()
let house: TestHouse
beforeAll(() => {
  house = testHouse(database.url)
})
afterAll(() => house.close())

test('everybody sees the shops, and of a shop only what a customer needs', async () => {
  const { storeId } = await newStore(house, '西湖店')
  const { stores } = await listStores(house.as())
  expect(stores.find((store) => store.storeId === storeId)).toEqual({
    storeId,
    name: '西湖店',
    city: '杭州',
    address: '东坡路 7 号',
    phone: '0571-87001000',
    opensAt: '09:00',
    closesAt: '22:00',
    latitude: 30.2553,
    longitude: 120.1641,
  })
})
