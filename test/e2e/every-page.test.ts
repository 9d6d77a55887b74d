import { gzipSync } from 'node:zlib'
import { FLAWLESS, flawsOf, sideways } from './page-checks.fixture'
import { type Holder, PLACES } from './places'
import { smallPhones } from './small-phones.fixture'
import { at, type Screen, TILL } from './web-house'

const FIRST_PAGE_JS_KB = 200
const phones = smallPhones()

describe.each(PLACES)('$name, as $who', (place) => {
  test('fits 320 px, also with words of 130 %; no barrier in light and dark; no error', async () => {
    const screen = await phones.phoneOf(place.who)
    screen.complaints.length = 0
    await screen.page.emulateMedia({ colorScheme: 'light' })
    await phones.openOn(screen, place)
    expect(await flawsOf(screen)).toEqual(FLAWLESS)
  })
})

describe('what is done at work, on a wide screen', () => {
  const AT_WORK: Holder[] = ['manager', 'operator']
  const tills = new Map<Holder, Screen>()
  test.each(PLACES.filter(({ who }) => AT_WORK.includes(who)))('$name fits 1024 px', async (place) => {
    const { who } = place
    const till = tills.get(who) ?? (await phones.there.open({ ...TILL, storageState: await phones.keptBy(who) }))
    tills.set(who, till)
    await phones.openOn(till, place)
    expect(await sideways(till.page)).toEqual([])
  })
})

describe('the first page', () => {
  test(`loads at most ${FIRST_PAGE_JS_KB} KB of JavaScript, packed`, async () => {
    const { page, context } = await phones.there.open()
    const packed: Promise<number>[] = []
    page.on('response', (response) => {
      if (response.request().resourceType() !== 'script') return
      packed.push(response.body().then((body) => gzipSync(body).length))
    })
    await page.goto(phones.there.url)
    await at(page, 'sign-in-wechat').waitFor()
    const kilobytes = (await Promise.all(packed)).reduce((sum, bytes) => sum + bytes, 0) / 1024
    expect(kilobytes).toBeGreaterThan(50)
    expect(kilobytes).toBeLessThanOrEqual(FIRST_PAGE_JS_KB)
    await context.close()
  })
})
