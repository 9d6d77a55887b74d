import { setTimeout as sleep } from 'node:timers/promises'
import { type Database, openDatabase } from '../../bff/src/db'
import { seedFor } from '../story/demo-people.fixture'
import { testDatabase } from '../support/database'
import { PATIENCE_MS } from '../support/patience'
import { type BffProcess, type Person, type RunningHouse, signIn, startBff, startHouse } from '../support/running-house'
import { DEMO_TEMPLATES } from '../wechat-sandbox'
import { type CutLine, cutLine } from './cut-line.fixture'

const AWAY_MS = 4_000
const TEMPLATE = DEMO_TEMPLATES.points_arrived.templateId
const database = testDatabase()
let line: CutLine
let house: RunningHouse
let books: Database
let mei: Person
let first: BffProcess
let second: BffProcess

beforeAll(async () => {
  const { hostname, port } = new URL(database.url)
  line = await cutLine({ host: hostname, port: Number(port || 5432) })
  const through = new URL(database.url)
  through.host = `127.0.0.1:${line.port}`
  house = await startHouse(through.href)
  await seedFor(database.url, house.masterKey)
  books = openDatabase(database.url, 2)
  mei = await signIn(house.sandbox, house.bffs[0]?.url as string, 'mei')
  const another = () => startBff({ ...house.env, JOBS: 'on' })
  ;[first, second] = await Promise.all([another(), another()])
})
afterAll(async () => {
  await Promise.all([first?.stop('SIGKILL'), second?.stop('SIGKILL'), house?.stop()])
  await books?.close()
  await line?.close()
})

const sent = () => house.sandbox.control.sent().filter(({ templateId }) => templateId === TEMPLATE).length
/** A message of the house to Mei, who allows it. → after how many milliseconds it is sent */
async function message({ within = PATIENCE_MS } = {}): Promise<number> {
  const before = sent()
  const at = new Date()
  house.sandbox.control.accept('mei', TEMPLATE)
  const { memberId } = mei
  await books.sql('outbox_allow', { memberId, template: 'points_arrived', count: 1, at })
  const payload = { points: 1, amountFen: 100, activeAt: at, at }
  await books.sql('outbox_put', { memberId, template: 'points_arrived', payload, at })
  const from = performance.now()
  // not only sent: one whose outcome was lost keeps its member's next ones waiting, as it should
  const open = () => books.prisma.outboxMessage.count({ where: { memberId, state: { not: 'sent' } } })
  while ((await open()) > 0 && performance.now() - from < within) await sleep(20)
  expect({ open: await open(), sent: sent() }).toEqual({ open: 0, sent: before + 1 })
  return performance.now() - from
}
const heldSince = (at: Date) => books.prisma.$queryRaw<{ name: string }[]>`
  SELECT task_identifier AS name FROM graphile_worker.jobs WHERE locked_at > ${at}`

test('the built server does the jobs; a message leaves within seconds; the queue has three connections a process', async () => {
  await message()
  // a slow machine needs more of them; a queue that were not asked would need minutes
  expect(await message({ within: 20_000 })).toBeLessThan(20_000)
  const [{ connections } = { connections: 0 }] = await books.prisma.$queryRaw<{ connections: number }[]>`
    SELECT count(*)::int AS connections FROM pg_stat_activity
    WHERE application_name = 'huiyuan jobs' AND datname = current_database()`
  expect(connections).toBeGreaterThanOrEqual(4)
  expect(connections).toBeLessThanOrEqual(6)
})

test('a database that was away: the jobs go on by themselves', async () => {
  line.cut()
  await sleep(AWAY_MS)
  line.mend()
  await message()
  for (const { child, lines } of [first, second]) {
    expect(child.exitCode).toBeNull()
    expect(lines.filter((one) => one.includes('the job queue lost its database')).length).toBeLessThan(5)
  }
})

test('a server that starts while the database is away does its jobs when it is back', async () => {
  line.cut()
  await Promise.all([first, second].map((one) => one.stop('SIGKILL')))
  const at = new Date()
  first = await startBff({ ...house.env, JOBS: 'on' })
  line.mend()
  await message()
  expect(await first.stop()).toBe(0)
  expect(await heldSince(at)).toEqual([])
})
