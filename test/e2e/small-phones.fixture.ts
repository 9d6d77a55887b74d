import type { BrowserContextOptions, Page } from 'playwright-core'
import { testDatabase } from '../support/database'
import { customerOf, type NextCode } from './customer'
import { flawsOf, type PageFlaws, sideways } from './page-checks.fixture'
import { type Holder, NAMES, type Place, type PlaceState } from './place'
import { joinWithPhone } from './places'
import { PHONE, type Screen, signInAs, startWebHouse, TILL, type WebHouse } from './web-house'
import { withScreens } from './what-is-shown'

type Stored = NonNullable<Exclude<BrowserContextOptions['storageState'], string>>['origins'][number]['localStorage']

export interface SmallPhones {
  readonly there: WebHouse
  /** What is wrong with a place on a phone 320 px wide, in the hand of whom it is for. */
  flawsOn(place: Place): Promise<PageFlaws>
  /** The same of a state, on a phone that nobody has looked at anything with. */
  flawsIn(state: PlaceState): Promise<PageFlaws>
}

const SMALL = { ...PHONE, viewport: { width: 320, height: 640 }, deviceScaleFactor: 1 }
/** Who works at a till or a desk, where the window is wide. */
const AT_WORK: Holder[] = ['manager', 'operator']
/** What the browser says of a network that a state takes away. */
const CUT = 'net::ERR_INTERNET_DISCONNECTED'

/**
 * A house with its pages, and a small phone. It is one window that passes from hand to hand with all that is stored on
 * it: each new window would have to fetch every script anew. Call it at the top of a test file.
 */
export function smallPhones(): SmallPhones {
  const database = testDatabase()
  const stored = new Map<Holder, Stored>()
  let house: WebHouse
  let nextCode: NextCode
  let phone: Screen
  let holder: Holder | null = null
  let visits = 0
  beforeAll(async () => {
    house = await startWebHouse(database.url, { members: 3 })
    nextCode = await customerOf(house, 'mei')
    phone = await house.open(SMALL)
  })
  afterAll(() => house?.stop())

  async function signIn(who: Holder): Promise<void> {
    await makeNew(phone, house.url, [])
    if (who !== 'nobody') await signInAs(phone, house.url, NAMES[who])
    if (who === 'newcomer') await joinWithPhone(phone.page, () => house.house.sandbox.control.sms().at(-1)?.text ?? '')
    stored.set(who, await storedOn(phone.page))
  }
  /** Gives the phone to somebody, as it was when they signed in. */
  async function giveTo(who: Holder): Promise<void> {
    if (!stored.has(who)) await signIn(who)
    await makeNew(phone, house.url, stored.get(who) ?? [])
    holder = who
  }
  /** Opens a place anew and waits until it is whole. */
  async function open({ path, ready, steps }: Place): Promise<void> {
    visits++
    // another address loads the page anew
    await phone.page.goto(`${house.url}/?visit=${visits}#/${path}`)
    await phone.page.locator(`${ready} >> visible=true`).first().waitFor()
    await steps?.(phone.page, nextCode)
  }
  async function look({ place, before, after }: PlaceState): Promise<PageFlaws> {
    phone.complaints.length = 0
    await phone.page.emulateMedia({ colorScheme: 'light' })
    await before?.(phone)
    await open(place)
    await after?.(phone)
    const wide = AT_WORK.includes(place.who) ? await atWidth(phone.page, TILL.viewport, sideways) : []
    const flaws = await flawsOf(phone)
    const complaints = flaws.complaints.filter((said) => !said.includes(CUT))
    return { ...flaws, wide: [...flaws.wide, ...wide], complaints }
  }
  const telling = <T>(who: Holder, work: () => Promise<T>) => withScreens({ [who]: phone }, work)
  return {
    get there() {
      return house
    },
    flawsOn: (place) =>
      telling(place.who, async () => {
        if (holder !== place.who) await giveTo(place.who)
        return look({ place })
      }),
    flawsIn: (state) =>
      telling(state.place.who, async () => {
        await giveTo(state.place.who)
        return look(state)
      }),
  }
}

/** Looks at the page in a window of another size. */
async function atWidth<T>(page: Page, size: { width: number; height: number }, work: (page: Page) => Promise<T>) {
  await page.setViewportSize(size)
  try {
    return await work(page)
  } finally {
    await page.setViewportSize(SMALL.viewport)
  }
}

const storedOn = (page: Page): Promise<Stored> =>
  page.evaluate(() => Object.entries({ ...localStorage }).map(([name, value]) => ({ name, value })))

/** Gives the phone its network back and stores exactly this on it, as if nobody had looked at anything with it. */
async function makeNew({ page, context }: Screen, url: string, items: Stored): Promise<void> {
  await page.unrouteAll()
  await context.setOffline(false)
  // a test that failed may have left it elsewhere
  if (!page.url().startsWith(url)) await page.goto(url)
  await page.evaluate((wished) => {
    localStorage.clear()
    for (const { name, value } of wished) localStorage.setItem(name, value)
    // what is still open must not write any more
    Storage.prototype.setItem = () => {}
    Storage.prototype.removeItem = () => {}
  }, items)
}
