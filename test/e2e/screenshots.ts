import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase, withDatabase } from '@huiyuan/prisma/database/databases'
import { generateClient } from '@huiyuan/prisma/database/generate'
import { ensureBuilt, H5_DIST } from '../support/builds'
import { step } from '../support/progress'
import { PROJECT } from '../support/project'
import { startTestServer } from '../support/test-server'
import { customerOf } from './customer'
import { composeHero } from './hero'
import { inPictureTime, pictureTime } from './shifted-clock'
import { HERO, SHOTS } from './shots'
import { smallPng } from './small-png'
import { openStudio } from './studio'
import { startWebHouse, type WebHouse } from './web-house'

const ALBUM = join(PROJECT, 'docs', 'screenshots')

/** A fixed key, so that the same people get the same numbers. */
const MASTER_KEY = Buffer.from('a key for pictures, nothing else').toString('base64')

/** `pnpm screenshots [beginning of a name …]`: takes the pictures of docs/screenshots anew, or those whose names begin so. */
async function main(wished: string[]): Promise<void> {
  await generateClient()
  for (const name of ['bff', 'h5'] as const) await step(`build ${name}`, () => ensureBuilt(name), { quickMs: 200 })
  const server = await step('PostgreSQL for pictures', startTestServer)
  const pages = mkdtempSync(join(tmpdir(), 'huiyuan-pages-'))
  try {
    // a build in the meantime does not change what is looked at
    cpSync(H5_DIST, pages, { recursive: true })
    const name = server.template.replace(/template$/, 'pictures')
    await createDatabase(server.url, name, server.template)
    const there = await step('the house', () =>
      startWebHouse(withDatabase(server.url, name), {
        members: 40,
        now: pictureTime(),
        env: { MASTER_KEY, NODE_OPTIONS: inPictureTime(), WEB_DIR: pages },
      }),
    )
    await takeAll(there, wished).finally(there.stop)
  } finally {
    await server.close()
    rmSync(pages, { recursive: true, force: true })
  }
}

async function takeAll(there: WebHouse, wished: string[]): Promise<void> {
  const studio = openStudio(there, await customerOf(there, 'mei', pictureTime))
  const all = wished.length === 0
  if (all) rmSync(ALBUM, { recursive: true, force: true })
  mkdirSync(ALBUM, { recursive: true })
  const put = (name: string, png: Buffer) => {
    writeFileSync(join(ALBUM, `${name}.png`), smallPng(png))
    console.log(`  ${name}.png`)
  }
  if (all || wished.includes('hero')) {
    const phones: Buffer[] = []
    for (const shot of HERO.phones) phones.push(await studio.take(shot))
    put('hero', await composeHero(there.browser, phones, await studio.take(HERO.till)))
  }
  const failed: string[] = []
  for (const shot of SHOTS.filter(({ name }) => all || wished.some((beginning) => name.startsWith(beginning)))) {
    await studio.take(shot).then(
      (png) => put(shot.name, png),
      (error) => failed.push(String(error)),
    )
  }
  const sizes = readdirSync(ALBUM).map((file) => statSync(join(ALBUM, file)).size)
  console.log(`\n${sizes.length} pictures, ${(sizes.reduce((sum, size) => sum + size, 0) / 1e6).toFixed(1)} MB`)
  if (failed.length > 0) throw new Error(failed.join('\n'))
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
