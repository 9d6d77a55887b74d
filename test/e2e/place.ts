import type { Page } from 'playwright-core'
import type { NextCode } from './customer'
import { scan } from './hand-scanner'
import { at, type Screen } from './web-house'

/** Who holds the phone: nobody, a guest, a member with a past, a new one without, a manager, an operator. */
export type Holder = 'nobody' | 'guest' | 'member' | 'newcomer' | 'manager' | 'operator'

/** How the sandbox's page calls them. */
export const NAMES: Record<Exclude<Holder, 'nobody'>, string> = {
  guest: '小禾',
  member: '小梅',
  newcomer: '小林',
  manager: '老周',
  operator: '运营小唐',
}

export interface Place {
  /** Also the name of its picture. */
  name: string
  who: Holder
  path: string
  /** CSS of what is there when the page is whole. */
  ready: string
  /** Steps from the page as it opens to what is looked at. */
  steps?: (page: Page, nextCode: NextCode) => Promise<void>
}

/** A place in a state that a house comes to in days rather than in a moment. */
export interface PlaceState {
  place: Place
  /** Before the page is opened. */
  before?: (screen: Screen) => Promise<unknown>
  /** After the page is whole. */
  after?: (screen: Screen) => Promise<unknown>
}

export const tap =
  (...ids: string[]) =>
  async (page: Page) => {
    for (const id of ids) await at(page, id).click()
  }

/** What is rung up has its price, and the price can be locked. */
export const priced = (page: Page): Promise<void> => page.locator('#hold:not([aria-disabled=true]):visible').waitFor()

/** Mei's code is scanned at the counter. */
export async function stand(page: Page, nextCode: NextCode): Promise<void> {
  await scan(page, await nextCode())
  await at(page, 'who').waitFor()
}
