import { gzipSync } from 'node:zlib'
import type { BrowserContextOptions } from 'playwright-core'
import { testDatabase } from '../support/database'
import { customerOf, type NextCode } from './customer'
import { barriers, coloursAtRest, cutOff, enlarge, tooSmall, tooWide } from './page-checks.fixture'
import { type Holder, joinWithPhone, NAMES, openPlace, PLACES } from './places'
import { at, PHONE, type Screen, signInAs, startWebHouse, TILL, type WebHouse } from './web-house'

jest.setTimeout(60_000)

const FIRST_PAGE_JS_KB = 200
const SMALL = { ...PHONE, viewport: { width: 320, height: 640 }, deviceScaleFactor: 1 }
const database = testDatabase()
let there: WebHouse
let nextCode: NextCode
const screens = new Map<Holder, Screen>()

beforeAll(async () => {
  there = await startWebHouse(database.url, { members: 3 })
  nextCode = await customerOf(there, 'mei')
}, 90_000)
afterAll(() => there?.stop())

/** The small phone of somebody, signed in on its screen when it is first asked for. */
async function phoneOf(who: Holder): Promise<Screen> {
  const held = screens.get(who)
  if (held) return held
  const screen = await there.open(SMALL)
  screens.set(who, screen)
  if (who !== 'nobody') await signInAs(screen, there.url, NAMES[who])
  if (who === 'newcomer') await joinWithPhone(screen.page, () => there.house.sandbox.control.sms().at(-1)?.text ?? '')
  return screen
}

describe.each(PLACES)('$name, as $who', (place) => {
  test('fits 320 px, also with words of 130 %; no barrier in light and dark; no error', async () => {
    const { page, complaints } = await phoneOf(place.who)
    complaints.length = 0
    await page.emulateMedia({ colorScheme: 'light' })
    await openPlace(page, there.url, place, nextCode)
    const light = await barriers(page)
    const small = await tooSmall(page)
    const wide = await tooWide(page)
    await page.emulateMedia({ colorScheme: 'dark' })
    await coloursAtRest(page)
    const dark = await barriers(page)
    await enlarge(page, 1.3)
    const cut = [...(await tooWide(page)), ...(await cutOff(page))]
    expect({ light, dark, small, wide, cut, complaints }).toEqual({
      light: [],
      dark: [],
      small: [],
      wide: [],
      cut: [],
      complaints: [],
    })
  })
})

describe('what is done at work, on a wide screen', () => {
  const AT_WORK: Holder[] = ['manager', 'operator']
  test.each(PLACES.filter(({ who }) => AT_WORK.includes(who)))('$name fits 1024 px', async (place) => {
    const { context } = await phoneOf(place.who)
    const state = (await context.storageState()) as NonNullable<BrowserContextOptions['storageState']>
    const { page, context: own } = await there.open({ ...TILL, storageState: state })
    await openPlace(page, there.url, place, nextCode)
    expect([...(await tooWide(page)), ...(await cutOff(page))]).toEqual([])
    await own.close()
  })
})

describe('the first page', () => {
  test(`loads at most ${FIRST_PAGE_JS_KB} KB of JavaScript, packed`, async () => {
    const { page, context } = await there.open()
    const packed: Promise<number>[] = []
    page.on('response', (response) => {
      if (response.request().resourceType() !== 'script') return
      packed.push(response.body().then((body) => gzipSync(body).length))
    })
    await page.goto(there.url)
    await at(page, 'sign-in-wechat').waitFor()
    const kilobytes = (await Promise.all(packed)).reduce((sum, bytes) => sum + bytes, 0) / 1024
    expect(kilobytes).toBeGreaterThan(50)
    expect(kilobytes).toBeLessThanOrEqual(FIRST_PAGE_JS_KB)
    await context.close()
  })
})
