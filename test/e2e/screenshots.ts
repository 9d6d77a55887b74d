import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createDatabase, withDatabase } from '@huiyuan/prisma/database/databases'
import { generateClient } from '@huiyuan/prisma/database/generate'
import { ensureBuilt } from '../support/builds'
import { step } from '../support/progress'
import { startTestServer } from '../support/test-server'
import { composeHero } from './hero'
import { inPictureTime, pictureTime } from './shifted-clock'
import { SHOTS } from './shots'
import { ALBUM, openStudio } from './studio'
import { startWebHouse, type WebHouse } from './web-house'

/** A fixed key, so that the same people get the same numbers. */
const MASTER_KEY = Buffer.from('a key for pictures, nothing else').toString('base64')

/** `pnpm screenshots [beginning of a name …]`: takes the pictures of docs/screenshots anew, or those whose names begin so. */
async function main(wished: string[]): Promise<void> {
  await generateClient()
  for (const name of ['bff', 'h5'] as const) await step(`build ${name}`, () => ensureBuilt(name), { quickMs: 200 })
  const server = await step('PostgreSQL for pictures', startTestServer)
  try {
    const name = server.template.replace(/template$/, 'pictures')
    await createDatabase(server.url, name, server.template)
    const there = await step('the house', () =>
      startWebHouse(withDatabase(server.url, name), {
        members: 40,
        now: pictureTime(),
        env: { MASTER_KEY, NODE_OPTIONS: inPictureTime() },
      }),
    )
    await takeAll(there, wished).finally(there.stop)
  } finally {
    await server.close()
  }
}

async function takeAll(there: WebHouse, wished: string[]): Promise<void> {
  const studio = openStudio(there)
  const all = wished.length === 0
  if (all) rmSync(ALBUM, { recursive: true, force: true })
  const shots = SHOTS.filter(({ name }) => all || wished.some((part) => name.startsWith(part)))
  const failed: string[] = []
  for (const shot of shots) await studio.take(shot).then(console.log, (error) => failed.push(String(error)))
  if (all || wished.includes('hero')) await composeHero(there.browser)
  const bytes = readdirSync(ALBUM).reduce((sum, file) => sum + statSync(join(ALBUM, file)).size, 0)
  console.log(`${shots.length} pictures, the album has ${(bytes / 1e6).toFixed(1)} MB`)
  if (failed.length > 0) throw new Error(failed.join('\n'))
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
