import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { newStore, type Shop, type TestHouse, testHouse } from '../../../test/support/people'
import { hashOfEntry } from './chain'
import { verifyAudit } from './verify-audit'

const database = testDatabase()
let house: TestHouse
let store: Shop
beforeAll(async () => {
  house = testHouse(database.url)
  await house.warm()
})
beforeEach(async () => {
  store = await newStore(house)
  for (let n = 1; n <= 7; n++) await append(n)
})
afterAll(() => house.close())

const append = (n: number) =>
  house.as().sql('audit_append', {
    storeId: store.storeId,
    at: new Date(house.clock.at.getTime() + n),
    actorId: randomUUID(),
    verb: 'order.settle',
    subject: `order ${n}`,
    bodyHash: String(n % 10).repeat(64),
  })
const verify = (page = 3) => verifyAudit(house.as(), store.storeId, page)
/** What somebody with the owner's rights over the tables could do: the guard off, one statement, the guard on. */
const tamper = (sql: string, ...values: unknown[]) =>
  house.house.prisma.$transaction([
    house.house.prisma.$executeRawUnsafe('ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_keep'),
    house.house.prisma.$executeRawUnsafe(sql, store.storeId, ...values),
    house.house.prisma.$executeRawUnsafe('ALTER TABLE audit_entry ENABLE TRIGGER audit_entry_keep'),
  ])
const broken = (brokenAt: number) => ({ storeId: store.storeId, entries: 7, intact: false, brokenAt })

test.each([1, 3, 7, 1_000])('an untouched chain is intact, read %i at a time', async (page) => {
  expect(await verify(page)).toEqual({ storeId: store.storeId, entries: 7, intact: true, brokenAt: null })
})

test('a store in which nothing happened is intact', async () => {
  const { storeId } = await newStore(house)
  expect(await verifyAudit(house.as(), storeId)).toEqual({ storeId, entries: 0, intact: true, brokenAt: null })
})

test('64 entries written at once make one chain', async () => {
  await Promise.all(Array.from({ length: 64 }, (_, n) => append(n)))
  expect(await verify(20)).toMatchObject({ entries: 71, intact: true })
})

test.each([
  ['at', `at + interval '1 millisecond'`],
  ['actor_id', 'gen_random_uuid()'],
  ['verb', `'visit.scan'`],
  ['subject', `'another'`],
  ['body_hash', `repeat('f', 64)`],
  ['prev_hash', `repeat('f', 64)`],
  ['hash', `repeat('f', 64)`],
])('a changed %s is found', async (field, value) => {
  await tamper(`UPDATE audit_entry SET ${field} = ${value} WHERE store_id = $1 AND seq = 4`)
  expect(await verify()).toEqual(broken(4))
})

test('an entry moved to another store is missed', async () => {
  const other = await newStore(house)
  await tamper('UPDATE audit_entry SET store_id = $2 WHERE store_id = $1 AND seq = 4', other.storeId)
  expect(await verify()).toEqual(broken(4))
  expect(await verifyAudit(house.as(), other.storeId)).toMatchObject({ intact: false, brokenAt: 1 })
})

test.each([1, 4, 7])('entry %i deleted is missed, the last one, too', async (seq) => {
  await tamper('DELETE FROM audit_entry WHERE store_id = $1 AND seq = $2', seq)
  expect(await verify()).toEqual(broken(seq))
})

test('all entries deleted, with or without the end, is found', async () => {
  await tamper('DELETE FROM audit_entry WHERE store_id = $1')
  expect(await verify()).toEqual(broken(1))
})

test('the end taken away while entries are there is found', async () => {
  await house.as().db.auditHead.delete({ where: { storeId: store.storeId } })
  expect(await verify()).toMatchObject({ intact: false, brokenAt: 1 })
})

test('two entries with their places swapped are found', async () => {
  await tamper('UPDATE audit_entry SET seq = seq + 100 WHERE store_id = $1 AND seq IN (3, 5)')
  await tamper('UPDATE audit_entry SET seq = 108 - seq WHERE store_id = $1 AND seq IN (103, 105)')
  expect(await verify()).toEqual(broken(3))
})

test('an entry changed together with its own hash is found at the next one', async () => {
  const {
    prevHash,
    hash: _,
    ...entry
  } = await house.as().db.auditEntry.findUniqueOrThrow({
    where: { storeId_seq: { storeId: store.storeId, seq: 4 } },
  })
  const hash = hashOfEntry(prevHash, { ...entry, subject: 'another' })
  await tamper(`UPDATE audit_entry SET subject = 'another', hash = $2 WHERE store_id = $1 AND seq = 4`, hash)
  expect(await verify()).toEqual(broken(5))
})

test('the last entry changed together with its own hash is found at the end', async () => {
  const {
    prevHash,
    hash: _,
    ...entry
  } = await house.as().db.auditEntry.findUniqueOrThrow({
    where: { storeId_seq: { storeId: store.storeId, seq: 7 } },
  })
  const hash = hashOfEntry(prevHash, { ...entry, subject: 'another' })
  await tamper(`UPDATE audit_entry SET subject = 'another', hash = $2 WHERE store_id = $1 AND seq = 7`, hash)
  expect(await verify()).toEqual(broken(7))
})

test('the database itself refuses to change or remove an entry', async () => {
  const { db } = house.as()
  const where = { storeId_seq: { storeId: store.storeId, seq: 2 } }
  await expect(db.auditEntry.update({ where, data: { subject: 'another' } })).rejects.toThrow('never changed')
  await expect(db.auditEntry.delete({ where })).rejects.toThrow('never changed')
})
