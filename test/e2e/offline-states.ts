import type { Page } from 'playwright-core'
import { scan } from './hand-scanner'
import type { Place, PlaceState } from './place'
import type { Scheme, Shot } from './studio'
import { at } from './web-house'

const PAGE = { who: 'manager', path: 'pages/staff/offline', ready: '#offline-enrol' } as const
const CODE = '901234567897654321'
const TABLET = '019a0000-0000-7000-8000-000000000001'
const MINUTE_MS = 60_000

/** What a busy hour without a network leaves on a tablet. */
function busyBook(now: number) {
  const entry = (nth: number, amountFen: number, tier: number | null) => ({
    ...{ tabletId: TABLET, sequence: 1_000_000_010 + nth, amountFen, tier, code: `90123456789000000${nth}` },
    scannedAt: new Date(now - (5 - nth) * MINUTE_MS).toISOString(),
    soldAt: new Date(now - (5 - nth) * MINUTE_MS + 8_000).toISOString(),
  })
  return {
    ...{ tabletId: TABLET, next: 1_000_000_014, used: {}, syncedAt: now - 42 * MINUTE_MS },
    waiting: [entry(1, 6_800, 2), entry(2, 128_850, null), entry(3, 1_900, 6)],
    results: [
      { sequence: 1_000_000_009, state: 'clash', clash: 'code_used', points: null, amountFen: 3_200 },
      { sequence: 1_000_000_008, state: 'settled', clash: null, points: 1_288, amountFen: 128_850 },
    ],
  }
}

/** Makes the window a tablet that has lost its network. */
async function beTablet(page: Page, withBook = true): Promise<void> {
  // the time of the window, which may stand still for a picture
  const now = await page.evaluate(() => Date.now())
  const stored = {
    tablet: { tabletId: TABLET, storeId: 'hubin', tillId: await tillOf(page) },
    'tablet-ground': { keys: [], offsetMs: 0 },
    ...(withBook ? { 'tablet-book': busyBook(now) } : {}),
  }
  await page.evaluate((items) => {
    // as the storage of Taro writes it
    for (const [name, value] of Object.entries(items))
      localStorage.setItem(`hy.${name}`, JSON.stringify({ data: JSON.stringify(value) }))
  }, stored)
  await page.route('**/trpc/**', (route) => route.abort('internetdisconnected'))
  await page.reload()
  await at(page, 'offline-waiting').waitFor()
  await page.getByText('没有网络').filter({ visible: true }).waitFor()
}

const tillOf = async (page: Page): Promise<string> =>
  ((await page.locator('[id^=enrol-]:visible').first().getAttribute('id')) ?? '').slice('enrol-'.length)

const STATES: Record<string, NonNullable<Place['steps']>> = {
  'offline-enrol': async () => {},
  'offline-queue': (page) => beTablet(page),
  'offline-refused': async (page) => {
    await beTablet(page)
    await scan(page, '6901234567892')
    await at(page, 'offline-said').waitFor()
  },
  'offline-amount': async (page) => {
    await beTablet(page)
    await scan(page, CODE)
    await at(page, 'offline-who').waitFor()
    await page.keyboard.type('68.5')
  },
  'offline-noted': async (page) => {
    await beTablet(page)
    await scan(page, CODE)
    await at(page, 'offline-who').waitFor()
    await page.keyboard.type('68')
    await at(page, 'offline-note').click()
    await at(page, 'offline-noted').waitFor()
  },
}

/** The counter without a network, from the manager's yes to what waits. */
export const OFFLINE_STATES: PlaceState[] = Object.entries(STATES).map(([name, steps]) => ({
  place: { ...PAGE, name, steps },
}))

const SCHEMES: Scheme[] = ['light', 'dark']

export const OFFLINE_SHOTS: Shot[] = OFFLINE_STATES.flatMap((state) => {
  const shot = { ...state, forgetful: true }
  const { name } = state.place
  return [
    ...SCHEMES.map((scheme): Shot => ({ ...shot, name: `${name}-${scheme}`, scheme })),
    ...[320, 1024].map((width): Shot => ({ ...shot, name: `${name}-${width}`, scheme: 'light', width })),
  ]
})
