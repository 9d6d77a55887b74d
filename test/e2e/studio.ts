import type { BrowserContextOptions, Page } from 'playwright-core'
import type { NextCode } from './customer'
import { type Holder, NAMES, type Place } from './place'
import { joinWithPhone, openPlace } from './places'
import { pictureTime } from './shifted-clock'
import { at, PHONE, type Screen, signInAs, type WebHouse } from './web-house'

export type Scheme = 'light' | 'dark'
type Kept = NonNullable<Exclude<BrowserContextOptions['storageState'], string>>

/** A shot of one place: how wide, in which scheme, and what happens before the shutter. */
export interface Shot {
  name: string
  place: Place
  scheme: Scheme
  width?: number
  /** Only what fits into the window, even where the page is longer. */
  cropped?: boolean
  /** Without what earlier visits left on the phone. */
  forgetful?: boolean
  /** Before the page is opened. */
  before?: (screen: Screen) => Promise<unknown>
  /** Instead of opening the place and waiting until it is whole. */
  open?: (page: Page, url: string) => Promise<unknown>
  /** After the page is whole. */
  after?: (screen: Screen) => Promise<unknown>
  /** After the shutter, so that the next picture begins where this one began. */
  tidy?: (screen: Screen) => Promise<unknown>
}

const HEIGHTS: Record<number, number> = { 320: 640, 390: 844, 1024: 768 }
const TALLEST = 2_600

/** Takes pictures of the running house; everybody signs in once. */
export function openStudio(there: WebHouse, nextCode: NextCode) {
  const kept = new Map<Holder, Kept>()
  const windowFor = async (options: BrowserContextOptions): Promise<Screen> => {
    const screen = await there.open(options)
    await screen.context.clock.install({ time: pictureTime() })
    return screen
  }
  const stateOf = async (who: Holder): Promise<Kept> => {
    const held = kept.get(who)
    if (held) return held
    const screen = await windowFor(PHONE)
    await signIn(screen, there, who)
    const state = await screen.context.storageState()
    kept.set(who, state)
    await screen.context.close()
    return state
  }
  return {
    /** A PNG. */
    async take(shot: Shot): Promise<Buffer> {
      const { place, scheme, width = 390 } = shot
      const state = await stateOf(place.who)
      const screen = await windowFor({
        ...(width < 1024 ? PHONE : {}),
        viewport: { width, height: HEIGHTS[width] ?? 844 },
        deviceScaleFactor: shot.cropped ? 2 : 1.5,
        colorScheme: scheme,
        storageState: shot.forgetful ? withoutReads(state) : state,
      })
      try {
        await shot.before?.(screen)
        await (shot.open ?? ((page, url) => openPlace(page, url, place, nextCode)))(screen.page, there.url)
        await shot.after?.(screen)
        if (!shot.cropped) await unroll(screen.page)
        const png = await screen.page.screenshot()
        await shot.tidy?.(screen)
        return png
      } catch (error) {
        throw new Error(`${shot.name}: ${error}`)
      } finally {
        await screen.context.close()
      }
    },
  }
}

async function signIn(screen: Screen, { url, house }: WebHouse, who: Holder): Promise<void> {
  const { page } = screen
  if (who === 'nobody') return
  await signInAs(screen, url, NAMES[who])
  if (who === 'newcomer') await joinWithPhone(page, () => house.sandbox.control.sms().at(-1)?.text ?? '')
  if (who !== 'member') return
  await at(page, 'tab-code').click()
  await at(page, 'member-code').waitFor()
}

const withoutReads = ({ cookies, origins }: Kept): Kept => ({
  cookies,
  origins: origins.map(({ origin, localStorage }) => ({
    origin,
    localStorage: localStorage.filter(({ name }) => !name.includes('hy.reads')),
  })),
})

/** Makes the window as tall as the page, unless a sheet lies over it: a sheet belongs to the window. */
async function unroll(page: Page): Promise<void> {
  const size = page.viewportSize() ?? { width: 390, height: 844 }
  // parts of a page come a moment after the rest
  for (let before = -1, long = 0; before !== long; ) {
    before = long
    await page.waitForTimeout(150)
    long = await lengthOf(page)
    await page.setViewportSize({ ...size, height: Math.max(size.height, Math.min(long, TALLEST)) })
  }
}

const lengthOf = (page: Page): Promise<number> =>
  page.evaluate(() => {
    if (document.querySelector('.hy-sheet')) return 0
    const pages = [...document.querySelectorAll('.hy-page')].filter((one) => one.checkVisibility())
    return Math.ceil(pages.at(-1)?.getBoundingClientRect().height ?? 0)
  })
