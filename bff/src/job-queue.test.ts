import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { testDatabase } from '../../test/support/database'
import { until as seenUntil } from '../../test/support/patience'
import { type Job, type Pace, startQueue } from './job-queue'
import { openHouse, type TestHouse } from './outbox/outbox.fixture'

const QUICK: Partial<Pace> = { pollMs: 20, lookMs: 100, restartMs: 50 }
/** What a stop may wait at most; those that have nothing to wait for take no time. */
const GRACE_MS = 60_000
const database = testDatabase()
let one: TestHouse
const stops: (() => Promise<void>)[] = []
beforeAll(() => {
  one = openHouse(database.url)
})
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
  await one.ctx.db.$executeRaw`DELETE FROM graphile_worker._private_jobs`
  one.lines.length = 0
})
afterAll(() => one.close())

const job = (run: Job['run'], more: Partial<Job> = {}): Job => ({
  name: 'test',
  everySeconds: 0.005,
  batch: 1,
  run,
  ...more,
})
/** A process that does these jobs; stopped when the test is over. */
function start(jobs: Job[], pace: Partial<Pace> = {}) {
  const stop = startQueue(one.house, database.url, jobs, { ...QUICK, ...pace })
  stops.push(() => stop(GRACE_MS))
  return stop
}
const until = (look: () => boolean | Promise<boolean>) =>
  seenUntil(look, Boolean, () => one.lines.join('\n').slice(0, 2_000))
const queued = () =>
  one.ctx.db.$queryRaw<{ key: string; held: boolean; attempts: number; wait: number }[]>`
    SELECT key, locked_at IS NOT NULL AS held, attempts, extract(epoch FROM run_at - now())::float8 AS wait
    FROM graphile_worker.jobs ORDER BY id`

test('a job runs again and again, never beside itself over several workers, and stands in the queue once', async () => {
  let under = 0
  let most = 0
  const by = [0, 0, 0]
  const busy = (worker: number) =>
    job(async () => {
      most = Math.max(most, ++under)
      await pause(5)
      under--
      by[worker]!++
      return Math.random() < 0.5
    })
  for (const worker of by.keys()) start([busy(worker)])
  // more than one of them, however much later than the first the others have begun
  await until(() => by.reduce((sum, each) => sum + each) >= 60 && by.filter((each) => each > 0).length > 1)
  expect(most).toBe(1)
  expect((await queued()).filter(({ key }) => key === 'test')).toHaveLength(1)
})

test('workers that start at once queue a job once', async () => {
  for (let worker = 0; worker < 5; worker++) start([job(async () => false, { everySeconds: 3_600 })])
  await until(async () => (await queued()).length > 0)
  await pause(300)
  expect(await queued()).toMatchObject([{ key: 'test', held: false, attempts: 0 }])
})

test('where there is more to do the next batch follows at once, on whichever worker', async () => {
  let left = 30
  const run = async () => --left > 0
  // whoever waited to be asked again would never be through
  const few = { pollMs: 600_000 }
  await one.ctx.db.$executeRaw`SELECT graphile_worker.add_job('test', '{"failures":0}', job_key := 'test')`
  start([job(run, { everySeconds: 3_600 })], few)
  start([job(run, { everySeconds: 3_600 })], few)
  await until(() => left === 0)
})

test('one that fails is logged by its name, tried again ever more slowly, and stops no other', async () => {
  const at: number[] = []
  let others = 0
  const trouble = Object.assign(new Error('duplicate key "+8613912345678"'), { detail: 'Key (phone)=(+8613912345678)' })
  const failing = job(
    async () => {
      at.push(performance.now())
      throw trouble
    },
    { name: 'failing', everySeconds: 0.01 },
  )
  start([failing, job(async () => ++others < 0)])
  await until(() => at.length >= 6 && others > 6)
  expect(at[5]! - at[4]!).toBeGreaterThan(10 * 2 ** 5)
  const said = one.lines.filter((line) => line.includes('a job failed'))
  expect(said[4]).toContain('"job":"failing","failures":5')
  expect(one.lines.join()).not.toContain('12345678')
})

test('one that works again is back at its own pace', async () => {
  let runs = 0
  start([
    job(async () => {
      if (++runs < 4) throw new Error('not yet')
      return false
    }),
  ])
  await until(() => runs > 20)
  expect(one.lines.filter((line) => line.includes('a job failed'))).toHaveLength(3)
})

test('a batch that hangs counts as failed and does not hold up its job for ever', async () => {
  let runs = 0
  start([job(() => (++runs === 1 ? new Promise(() => {}) : Promise.resolve(false)))], { batchMs: 100 })
  await until(() => runs > 2)
  expect(one.lines.filter((line) => line.includes('not done after'))).toHaveLength(1)
})

test('stop takes no more jobs and lets the batch under way end', async () => {
  let begun = 0
  let done = 0
  const stop = start([
    job(async () => {
      begun++
      await pause(200)
      done++
      return true
    }),
  ])
  await until(() => begun > 0)
  await stop(GRACE_MS)
  expect(done).toBe(begun)
  const before = begun
  await pause(100)
  expect(begun).toBe(before)
  expect(await queued()).toMatchObject([{ key: 'test', held: false, attempts: 0 }])
})

test('stop waits no longer than it is told', async () => {
  let end: (more: boolean) => void = () => {}
  let begun = 0
  const hang = () => {
    begun++
    return new Promise<boolean>((done) => {
      end = done
    })
  }
  const stop = start([job(hang)])
  await until(() => begun > 0)
  const from = performance.now()
  await stop(100)
  expect(performance.now() - from).toBeLessThan(30_000)
  expect(one.lines.join()).toContain('a batch did not end in time')
  end(false)
})

test('stop ends at once when nothing is under way', async () => {
  const stop = start([job(async () => false, { everySeconds: 3_600 })])
  await until(async () => (await queued()).length > 0)
  const from = performance.now()
  await stop(GRACE_MS)
  expect(performance.now() - from).toBeLessThan(GRACE_MS / 2)
})

test('stop ends what has only begun to start', async () => {
  for (let ms = 0; ms < 60; ms += 6) {
    const stop = start([job(async () => false)])
    await pause(ms)
    await stop(GRACE_MS)
  }
  // PostgreSQL takes a moment to see that a connection has ended
  await until(
    async () =>
      (
        await one.ctx.db.$queryRaw<unknown[]>`SELECT FROM pg_stat_activity
          WHERE application_name = 'huiyuan jobs' AND datname = current_database()`
      ).length === 0,
  )
})

test('what a worker held that was killed is freed and done by another, that of a living one is not', async () => {
  const script = fileURLToPath(new URL('./hanging-worker.fixture.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', script], {
    env: { ...process.env, URL_OF_QUEUE: database.url },
  })
  stops.push(async () => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  let runs = 0
  start([job(async () => ++runs < 0)], { youngSeconds: 0.5 })
  await pause(1_500)
  expect(runs).toBe(0)
  expect(await queued()).toMatchObject([{ held: true }])
  child.kill('SIGKILL')
  await until(() => runs > 2)
  expect(one.lines.filter((line) => line.includes('jobs of a dead worker'))).toHaveLength(1)
  expect((await queued()).filter(({ key }) => key === 'test')).toHaveLength(1)
})

test('a worker whose job was given away leaves it alone, and the job keeps one successor', async () => {
  let runs = 0
  let end = () => {}
  const first = new Promise<void>((done) => {
    end = done
  })
  const slow = job(async () => {
    if (++runs === 1) await first
    return false
  })
  start([slow])
  await until(() => runs === 1)
  // as if its connection had been lost: somebody else frees what it holds
  await one.ctx.db
    .$executeRaw`SELECT graphile_worker.force_unlock_workers(ARRAY(SELECT locked_by FROM graphile_worker.jobs))::text`
  await until(() => runs > 1)
  end()
  await until(() => runs > 50 && one.lines.join().includes('given to another worker'))
  expect((await queued()).length).toBeLessThanOrEqual(2)
})

test('a connection that is cut is made anew, and the jobs go on; the library writes nothing past the log', async () => {
  const printed = jest.spyOn(console, 'trace').mockImplementation(() => {})
  let runs = 0
  start([job(async () => ++runs < 0)])
  await until(() => runs > 3)
  for (let cut = 0; cut < 3; cut++) {
    await one.ctx.db.$queryRaw`SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
      WHERE application_name = 'huiyuan jobs' AND datname = current_database()`
    const before = runs
    await until(() => runs > before + 3)
  }
  await Promise.all(stops.splice(0).map((stop) => stop()))
  expect(printed).not.toHaveBeenCalled()
  printed.mockRestore()
})

test('a job that was lost or worn out is queued again', async () => {
  let runs = 0
  start([job(async () => ++runs < 0)])
  await until(() => runs > 0)
  await one.ctx.db.$executeRaw`DELETE FROM graphile_worker._private_jobs`
  const before = runs
  await until(() => runs > before + 2)
  await one.ctx.db.$executeRaw`UPDATE graphile_worker._private_jobs SET attempts = max_attempts WHERE locked_at IS NULL`
  const after = runs
  await until(() => runs > after + 2)
})

test('a worker on a database without the queue waits for it', async () => {
  await one.ctx.db.$executeRaw`ALTER SCHEMA graphile_worker RENAME TO put_away`
  let runs = 0
  start([job(async () => ++runs < 0)])
  await until(() => one.lines.join().includes('lost its database, or has none yet'))
  await one.ctx.db.$executeRaw`ALTER SCHEMA put_away RENAME TO graphile_worker`
  await until(() => runs > 0)
})
