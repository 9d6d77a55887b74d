import { EventEmitter } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { Logger, runTaskList, type Task, type WorkerEvents } from 'graphile-worker'
import pg from 'pg'
import { type Ctx, ctxOf, type House } from './ctx'
import { plainError } from './plain-error'

/** What is done again and again, one batch at a time. */
export interface Job {
  /** Also its key in the queue, of which there is one. */
  name: string
  everySeconds: number
  batch: number
  /** One batch; true when there is more to do at once. Safe to repeat, and beside itself. */
  run: (ctx: Ctx, batch: number) => Promise<boolean>
}

export interface Pace {
  /** Jobs under way at once in this process. */
  lanes: number
  /** How long a job that is due may wait before somebody sees it. */
  pollMs: number
  /** How often this process looks for jobs of dead workers and for missing ones. */
  lookMs: number
  /** Younger locks are left alone: a worker that has just connected may not have shown that it lives. */
  youngSeconds: number
  /** A batch that takes longer counts as failed. */
  batchMs: number
  /** How long to wait when the database was away. */
  restartMs: number
}

const PACE: Pace = { lanes: 4, pollMs: 1_000, lookMs: 15_000, youngSeconds: 10, batchMs: 300_000, restartMs: 2_000 }
/** One listens, one takes jobs and gives them back; a third beside them shows that this process lives. */
const POOLED = 2
const MAX_SLOWDOWN = 32
const SCHEMA = 'graphile_worker'

/** Held by a worker as long as its connection lives; whoever else gets it has proven that worker $1 is dead. */
const LIFE = "hashtextextended('job worker ' || $1, 0)"

/** Only whoever still holds the job queues what follows it, so that a job has one successor. */
const QUEUE_NEXT = `SELECT next.id FROM ${SCHEMA}.jobs AS mine, LATERAL ${SCHEMA}.add_job(mine.key,
    json_build_object('failures', $3::int), run_at := now() + make_interval(secs => $4), job_key := mine.key) AS next
  WHERE mine.id = $1 AND mine.locked_by = $2 AND mine.key IS NOT NULL`

const FREE_DEAD = `WITH held AS MATERIALIZED (
    SELECT locked_by, array_agg(task_identifier) AS names FROM ${SCHEMA}.jobs
      WHERE locked_at < now() - make_interval(secs => $1) AND locked_by <> $2 GROUP BY locked_by
  ), dead AS MATERIALIZED (
    SELECT * FROM held WHERE pg_try_advisory_xact_lock(${LIFE.replace('$1', 'locked_by')})
  ) SELECT names, ${SCHEMA}.force_unlock_workers(ARRAY[locked_by])::text FROM dead`

const REMOVE_OVER = `SELECT count(*) FROM ${SCHEMA}.complete_jobs(ARRAY(
    SELECT id FROM ${SCHEMA}.jobs WHERE attempts >= max_attempts AND locked_at IS NULL))`

const QUEUE_MISSING = `SELECT count(${SCHEMA}.add_job(name, '{"failures":0}', job_key := name,
    run_at := now() + make_interval(secs => seconds))) FROM unnest($1::text[], $2::float8[]) AS job (name, seconds)
  WHERE NOT EXISTS (SELECT 1 FROM ${SCHEMA}.jobs WHERE key = name)`

/**
 * Runs these jobs from the queue of this database, together with every other process that does, until it is stopped. A
 * job stands in the queue once and queues its own successor when it is over: at once when there is more to do, else when
 * it is due, ever later when it fails. So it never runs beside itself while its worker lives; that of a dead worker is
 * freed by the others.
 * @returns stop, which takes no more jobs and waits up to `graceMs` for the batches under way
 */
export function startQueue(
  house: House,
  databaseUrl: string,
  jobs: readonly Job[],
  pace: Partial<Pace> = {},
): (graceMs: number) => Promise<void> {
  const stopping = new AbortController()
  const over = workOn({ house, databaseUrl, jobs, pace: { ...PACE, ...pace }, stopped: stopping.signal })
  return async (graceMs) => {
    stopping.abort()
    const late = pause(graceMs, 'late', { ref: false })
    if ((await Promise.race([over, late])) === 'late') house.log.warn({ graceMs }, 'a batch did not end in time')
  }
}

interface Shift {
  house: House
  databaseUrl: string
  jobs: readonly Job[]
  pace: Pace
  stopped: AbortSignal
}

/** Shift after shift: whatever trouble there is with the database ends one, and the next has new connections. */
async function workOn(shift: Shift): Promise<void> {
  const { house, stopped, pace } = shift
  const ends: Promise<void>[] = []
  let told = false
  while (!stopped.aborted) {
    try {
      await workShift(shift, (end) => {
        ends.push(end)
        told = false
      })
    } catch (error) {
      if (!told) house.log.warn({ err: plainError(error) }, 'the job queue lost its database, or has none yet')
      told = true
    }
    await pause(pace.restartMs, undefined, { signal: stopped }).catch(() => {})
  }
  await Promise.all(ends)
}

/**
 * Works until told to stop. `onEnd` is given, once work has begun, what resolves when the last batch is over and nothing
 * is open any more; a next shift need not wait for it.
 * @throws what ended the shift, unless it was told to stop
 */
async function workShift(shift: Shift, onEnd: (end: Promise<void>) => void): Promise<void> {
  const { house, databaseUrl, jobs, pace, stopped } = shift
  const trouble = new AbortController()
  const over = AbortSignal.any([stopped, trouble.signal])
  const fail = (error: unknown) => trouble.abort(error)
  const keeper = new pg.Client(connectionOf(databaseUrl))
  keeper.on('error', fail).on('end', () => fail(new Error('the connection ended')))
  const look = async (workerId = '') => {
    const freed = await lookAfter(keeper, { jobs, pace, workerId })
    if (freed.length > 0) house.log.warn({ jobs: freed }, 'jobs of a dead worker are free again')
  }
  try {
    await keeper.connect()
    // before the library looks: it would remember for ever that it found no queue
    await look()
  } catch (error) {
    await keeper.end().catch(() => {})
    throw error
  }
  const { workers, stop } = startWorkers(shift, fail)
  const close = () => Promise.all([stop(), keeper.end().catch(() => {})]).then(() => {})
  try {
    await keeper.query(`SELECT pg_advisory_lock(${LIFE})`, [workers.id])
    while (!over.aborted) {
      await pause(pace.lookMs, undefined, { signal: over }).catch(() => {})
      if (!over.aborted) await look(workers.id)
    }
  } catch (error) {
    fail(error)
  }
  onEnd(close())
  if (!stopped.aborted) throw trouble.signal.reason
}

/** The library's workers. It tells nobody when it cannot take jobs or has given up; `fail` is told. */
function startWorkers({ house, databaseUrl, jobs, pace }: Shift, fail: (error: unknown) => void) {
  const pool = new pg.Pool({ ...connectionOf(databaseUrl), max: POOLED })
  pool.on('error', () => {})
  pool.on('connect', (client) => void client.on('error', () => {}))
  const events: WorkerEvents = new EventEmitter()
  let stopping = false
  events.on('worker:getJob:error', ({ worker, error }) => {
    // this one has no job; were it not let go at once, the library would write the error on the console past the log
    if (stopping) void worker.release(true)
    fail(error)
  })
  const tasks = Object.fromEntries(jobs.map((job) => [job.name, taskOf(house, job, pace)]))
  const worker = { schema: SCHEMA, concurrentJobs: pace.lanes, pollInterval: pace.pollMs, logger: loggerOf(house) }
  // in batches, what is over is told again when the database was away; a single one would end the process
  const kept = { completeJobBatchDelay: 0, failJobBatchDelay: 0 }
  const workers = runTaskList(
    { events, noHandleSignals: true, preset: { worker: { ...worker, ...kept } } },
    tasks,
    pool,
  )
  workers.promise.then(() => fail(new Error('the workers ended')), fail)
  const stop = async () => {
    stopping = true
    await Promise.resolve(workers.gracefulShutdown()).catch(() => {})
    await pool.end()
  }
  return { workers, stop }
}

const connectionOf = (connectionString: string) => ({
  connectionString,
  connectionTimeoutMillis: 20_000,
  query_timeout: 30_000,
  keepAlive: true,
  application_name: 'huiyuan jobs',
  // a machine that vanished is noticed after a minute, not after hours
  options: '-c timezone=UTC -c tcp_keepalives_idle=20 -c tcp_keepalives_interval=5',
})

/** What the library says, as far as it is trouble; a job's own trouble is told by the job. */
const loggerOf = (house: House) =>
  new Logger(() => (level, message) => {
    if (level === 'error' || level === 'warning') house.log.warn({ queue: message.split('\n')[0] }, 'the job queue')
  })

const taskOf =
  (house: House, job: Job, pace: Pace): Task =>
  async (payload, { job: held, query }) => {
    let { failures } = payload as { failures: number }
    let seconds = 0
    try {
      const more = await within(pace.batchMs, job.run(ctxOf(house), job.batch))
      failures = 0
      if (!more) seconds = job.everySeconds
    } catch (error) {
      failures++
      seconds = job.everySeconds * Math.min(2 ** failures, MAX_SLOWDOWN)
      house.log.error({ job: job.name, failures, err: plainError(error) }, 'a job failed')
    }
    const { rowCount } = await query(QUEUE_NEXT, [held.id, held.locked_by, failures, seconds])
    // thrown, the library leaves the job to whoever holds it now
    if (rowCount === 0) throw new Error(`${job.name} was given to another worker meanwhile`)
  }

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const over = new AbortController()
  const late = pause(ms, undefined, { signal: over.signal }).then(() => {
    throw new Error(`not done after ${ms / 1_000} s`)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    late.catch(() => {})
    over.abort()
  }
}

/** Frees the jobs of dead workers and queues jobs that are missing; one process at a time. → names of what was freed */
async function lookAfter(
  client: pg.Client,
  { jobs, pace, workerId }: Pick<Shift, 'jobs' | 'pace'> & { workerId: string },
): Promise<string[]> {
  await client.query('BEGIN')
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended('job queue', 0))")
  const freed = await client.query<{ names: string[] }>(FREE_DEAD, [pace.youngSeconds, workerId])
  await client.query(REMOVE_OVER)
  await client.query(QUEUE_MISSING, [jobs.map(({ name }) => name), jobs.map(({ everySeconds }) => everySeconds)])
  await client.query('COMMIT')
  return freed.rows.flatMap(({ names }) => names)
}
