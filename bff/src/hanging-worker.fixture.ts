import { startQueue } from './job-queue'

/** A worker that takes the job `test` and never ends it; for being killed. */
const house = { log: { info() {}, warn() {}, error() {} } } as unknown as Parameters<typeof startQueue>[0]
const hang = () => {
  process.stdout.write('held\n')
  return new Promise<boolean>(() => {})
}
const job = { name: 'test', everySeconds: 0.01, batch: 1, run: hang }
startQueue(house, process.env.URL_OF_QUEUE as string, [job], { pollMs: 20, lookMs: 100, youngSeconds: 0.5 })
