import { databaseName, runOnce } from '@huiyuan/prisma/database/databases'
import { createTestDatabase } from '../support/database'
import { migrateDemo, resetDemoDatabase, seedDemo } from './demo-database'

let real: { url: string; drop: () => Promise<void> }
beforeEach(async () => {
  real = await createTestDatabase()
})
afterEach(() => real.drop())

const members = async () => (await runOnce(real.url, 'SELECT count(*)::int AS n FROM member')).rows[0].n
const moveIn = () =>
  runOnce(
    real.url,
    `INSERT INTO member (member_id, member_no, joined_at, last_active_at, join_channel)
     VALUES (gen_random_uuid(), '8000000000000000', now(), now(), 'counter')`,
  )

test('real members get no demo company', async () => {
  await moveIn()
  await seedDemo(real.url, Buffer.alloc(32).toString('base64'), () => {})
  expect(await members()).toBe(1)
})

test('a database with real members is not dropped', async () => {
  await moveIn()
  await expect(resetDemoDatabase(real.url)).rejects.toThrow(/not dropped/)
  expect(await members()).toBe(1)
})

test('a demo is dropped and made anew, empty', async () => {
  await moveIn()
  await runOnce(real.url, `COMMENT ON DATABASE "${databaseName(real.url)}" IS 'huiyuan demo'`)
  await resetDemoDatabase(real.url)
  expect(await migrateDemo(real.url)).not.toHaveLength(0)
  expect(await members()).toBe(0)
})
