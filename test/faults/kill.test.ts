import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Database, openDatabase } from '../../bff/src/db'
import { codeOn, enrol, seedFor } from '../story/demo-people.fixture'
import { testDatabase } from '../support/database'
import { expectLedgerProven } from '../support/ledger'
import { clientOf, type Person, type RunningHouse, signIn, startBff, startHouse } from '../support/running-house'

const database = testDatabase()
let house: RunningHouse
let books: Database

beforeAll(async () => {
  house = await startHouse(database.url)
  await seedFor(database.url, house.masterKey)
  books = openDatabase(database.url, 2)
}, 60_000)
afterAll(async () => {
  await books?.close()
  await house?.stop()
})

type Settlement = Parameters<Person['api']['order']['settle']['mutate']>[0]

test('kill -9 of the server under load: what was acknowledged is there, what was not can be sent again, once', async () => {
  const first = house.bffs[0]
  if (!first) throw new Error('no server')
  const [mei, qing] = await Promise.all([
    signIn(house.sandbox, first.url, 'mei'),
    signIn(house.sandbox, first.url, 'qing'),
  ])
  const code = codeOn(await enrol(mei.api))
  const { visitId, memberRef } = await qing.api.visit.scan.mutate({ requestId: randomUUID(), code, tillId: 'hubin-1' })
  const before = await books.prisma.order.count({ where: { memberId: mei.memberId } })

  const sent: Settlement[] = []
  const acknowledged = new Map<string, string>()
  const clerk = async () => {
    for (;;) {
      const settlement = { requestId: randomUUID(), visitId, memberRef, amountFen: 1_000 }
      sent.push(settlement)
      try {
        acknowledged.set(settlement.requestId, (await qing.api.order.settle.mutate(settlement)).orderId)
      } catch {
        return
      }
    }
  }
  const clerks = Promise.all(Array.from({ length: 8 }, clerk))
  while (acknowledged.size < 40) await sleep(10)
  await first.stop('SIGKILL')
  await clerks

  const second = await startBff(house.env)
  const again = clientOf(second.url, () => qing.token)
  for (const settlement of sent) {
    const { orderId } = await again.order.settle.mutate(settlement)
    expect(orderId).toBe(acknowledged.get(settlement.requestId) ?? orderId)
  }
  expect(sent.length).toBeGreaterThan(acknowledged.size)
  expect((await books.prisma.order.count({ where: { memberId: mei.memberId } })) - before).toBe(sent.length)
  await expectLedgerProven(database.url)
  await second.stop()
}, 60_000)
