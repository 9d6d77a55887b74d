import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { generateClient } from '@huiyuan/prisma/database/generate'
import { ensureBuilt } from '../support/builds'
import { step } from '../support/progress'
import { PROJECT } from '../support/project'
import type { DemoHouse } from './house'
import type { Processes } from './processes'

const SETTLE_MS = 250

/** Rebuilds what a change of sources touches: the server is started again, the pages are there at the next reload. */
export function watchSources(processes: Processes, house: DemoHouse): FSWatcher[] {
  const server = oneAtATime(async () => {
    await generateClient()
    await step('server', () => ensureBuilt('bff'))
    await processes.end('server')
    processes.start(house.server)
  })
  const pages = oneAtATime(async () => {
    await step('pages', () => ensureBuilt('h5'))
  })
  const sandbox = oneAtATime(async () => {
    await processes.end('sandbox')
    processes.start(house.sandbox)
  })
  console.log('Watching the sources.')
  return [
    watchFolder('bff/src', [server]),
    watchFolder('prisma/schema', [server]),
    watchFolder('shared/src', [server, pages]),
    watchFolder('miniapp/src', [pages]),
    watchFolder('test/wechat-sandbox', [sandbox]),
  ]
}

function watchFolder(folder: string, works: (() => void)[]): FSWatcher {
  return watch(join(PROJECT, folder), { recursive: true }, (_event, file) => {
    if (file && /\.(?:tsx?|s?css|prisma|svg|png)$/.test(file) && !/\.test\.tsx?$/.test(file))
      for (const work of works) work()
  })
}

/** Runs the work soon after the last call; calls that come while it runs make it run once more. */
function oneAtATime(work: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout | undefined
  let running = false
  const run = async () => {
    if (running) return again()
    running = true
    await work().catch((error: unknown) => console.error(`  ✗ ${(error as Error).message}`))
    running = false
  }
  const again = () => {
    clearTimeout(timer)
    timer = setTimeout(() => void run(), SETTLE_MS)
  }
  return again
}
