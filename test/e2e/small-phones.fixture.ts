import type { BrowserContextOptions } from 'playwright-core'
import { testDatabase } from '../support/database'
import { customerOf, type NextCode } from './customer'
import { flawsOf, type PageFlaws } from './page-checks.fixture'
import { type Holder, joinWithPhone, NAMES, openPlace, type Place, type PlaceState } from './places'
import { PHONE, type Screen, signInAs, startWebHouse, type WebHouse } from './web-house'

type Kept = NonNullable<Exclude<BrowserContextOptions['storageState'], string>>

export interface SmallPhones {
  readonly there: WebHouse
  /** Opens a place anew and waits until it is whole. */
  openOn(screen: Screen, place: Place): Promise<void>
  /** The one phone of somebody, 320 px wide, signed in when it is first asked for. */
  phoneOf(who: Holder): Promise<Screen>
  /** What that phone has stored. */
  keptBy(who: Holder): Promise<Kept>
  /** What is wrong with a state on a phone that nobody has looked at anything with. */
  flawsIn(state: PlaceState): Promise<PageFlaws>
}

const SMALL = { ...PHONE, viewport: { width: 320, height: 640 }, deviceScaleFactor: 1 }
/** What the browser says of a network that a state takes away. */
const CUT = 'net::ERR_INTERNET_DISCONNECTED'

/**
 * As if nobody had looked at anything with this phone: the answers of one state would be kept on it and shown in the
 * next. A window of its own for each state would have to fetch every script anew.
 */
async function makeNew({ page, context, complaints }: Screen, { origins }: Kept): Promise<void> {
  await page.evaluate((items) => {
    localStorage.clear()
    for (const { name, value } of items) localStorage.setItem(name, value)
    // what is still open must not write any more
    Storage.prototype.setItem = () => {}
    Storage.prototype.removeItem = () => {}
  }, origins[0]?.localStorage ?? [])
  await page.goto('about:blank')
  await page.unrouteAll()
  await context.setOffline(false)
  await page.emulateMedia({ colorScheme: 'light' })
  complaints.length = 0
}

/** A house with its pages, and small phones in the hands of its people. Call it at the top of a test file. */
export function smallPhones(): SmallPhones {
  const database = testDatabase()
  const screens = new Map<Holder, Screen>()
  const signedIn = new Map<Holder, Kept>()
  let house: WebHouse
  let nextCode: NextCode
  beforeAll(async () => {
    house = await startWebHouse(database.url, { members: 3 })
    nextCode = await customerOf(house, 'mei')
  })
  afterAll(() => house?.stop())

  async function phoneOf(who: Holder): Promise<Screen> {
    const held = screens.get(who)
    if (held) return held
    const screen = await house.open(SMALL)
    screens.set(who, screen)
    if (who !== 'nobody') await signInAs(screen, house.url, NAMES[who])
    if (who === 'newcomer') await joinWithPhone(screen.page, () => house.house.sandbox.control.sms().at(-1)?.text ?? '')
    signedIn.set(who, await screen.context.storageState())
    return screen
  }
  const openOn = ({ page }: Screen, place: Place) => openPlace(page, house.url, place, nextCode)
  return {
    get there() {
      return house
    },
    openOn,
    phoneOf,
    keptBy: async (who) => (await phoneOf(who)).context.storageState(),
    async flawsIn({ place, before, after }) {
      const screen = await phoneOf(place.who)
      await makeNew(screen, signedIn.get(place.who) as Kept)
      await before?.(screen)
      await openOn(screen, place)
      await after?.(screen)
      const flaws = await flawsOf(screen)
      return { ...flaws, complaints: flaws.complaints.filter((said) => !said.includes(CUT)) }
    },
  }
}
