import { gzipSync } from 'node:zlib'
import { FLAWLESS } from './page-checks.fixture'
import { PLACES } from './places'
import { smallPhones } from './small-phones.fixture'
import { at } from './web-house'

const FIRST_PAGE_JS_KB = 200
/** What the browser itself writes of an answer that says something is not there; a page that shows that asks for it. */
const NOT_THERE = 'Failed to load resource: the server responded with a status of 404 (Not Found)'
const phones = smallPhones()

test.each(PLACES)(
  '$name, as $who, fits 320 px, also with words of 130 %, and at work 1024 px; no barrier in light and dark; no error',
  async (place) => {
    const flaws = await phones.flawsOn(place)
    const complaints = flaws.complaints.filter((line) => !(place.name.endsWith('-gone') && line === NOT_THERE))
    expect({ ...flaws, complaints }).toEqual(FLAWLESS)
  },
)

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
