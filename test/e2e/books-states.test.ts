import type { BrowserContextOptions } from 'playwright-core'
import { testDatabase } from '../support/database'
import { BOOKS_STATES } from './books-shots'
import { customerOf, type NextCode } from './customer'
import { barriers, coloursAtRest, cutOff, enlarge, tooSmall, tooWide } from './page-checks.fixture'
import { type Holder, NAMES, openPlace } from './places'
import { PHONE, signInAs, startWebHouse, type WebHouse } from './web-house'

jest.setTimeout(60_000)

const SMALL = { ...PHONE, viewport: { width: 320, height: 640 }, deviceScaleFactor: 1 }
type Kept = NonNullable<Exclude<BrowserContextOptions['storageState'], string>>
const database = testDatabase()
const kept = new Map<Holder, Kept>()
let there: WebHouse
let nextCode: NextCode

beforeAll(async () => {
  there = await startWebHouse(database.url, { members: 3 })
  nextCode = await customerOf(there, 'mei')
  for (const who of ['member', 'operator'] as const) {
    const screen = await there.open(SMALL)
    await signInAs(screen, there.url, NAMES[who])
    kept.set(who, await screen.context.storageState())
    await screen.context.close()
  }
}, 90_000)
afterAll(() => there?.stop())

test.each(BOOKS_STATES)('$name fits 320 px, also with words of 130 %; no barrier in light and dark', async (state) => {
  const { place, before, after } = state
  const screen = await there.open({ ...SMALL, storageState: kept.get(place.who) as Kept })
  const { page, context } = screen
  await before?.(screen)
  await openPlace(page, there.url, place, nextCode)
  await after?.(screen)
  const light = await barriers(page)
  const small = await tooSmall(page)
  const wide = await tooWide(page)
  await page.emulateMedia({ colorScheme: 'dark' })
  await coloursAtRest(page)
  const dark = await barriers(page)
  await enlarge(page, 1.3)
  const cut = [...(await tooWide(page)), ...(await cutOff(page))]
  await context.close()
  expect({ light, dark, small, wide, cut }).toEqual({ light: [], dark: [], small: [], wide: [], cut: [] })
})
