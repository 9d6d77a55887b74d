import { until } from '../support/patience'
import { scan } from './hand-scanner'
import { at, type Screen } from './web-house'
import { shown, withScreens } from './what-is-shown'

/** Waits for words that can be seen. */
export const see = ({ page }: Screen, words: string | RegExp) =>
  page.getByText(words).filter({ visible: true }).first().waitFor()

export const tap = ({ page }: Screen, id: string) => at(page, id).click()

export const textOf = async ({ page }: Screen, id: string) => (await at(page, id).textContent()) ?? ''

export const scanInto = ({ page }: Screen, code: string) => scan(page, code)

/** The eighteen digits on a phone. */
export const digitsOn = async (phone: Screen) => (await textOf(phone, 'member-code')).replace(/\s/g, '')

/** With 3 s that `haveCodePage` may have moved the clock and 3 s that a phone may err, less than one code of 30 s. */
const FURTHEST_SECONDS = 24

/**
 * A code that no till has taken: other digits than `former`. The clock of the phone, which must have been installed and
 * without a network, is moved on, but never two codes ahead of the server, which takes one: the rest is waited for.
 */
export async function newCodeOn(phone: Screen, former: string): Promise<string> {
  if ((await digitsOn(phone)) === former) {
    const left = Number(/(\d+) 秒后自动换新/.exec(await shown(phone))?.[1])
    await phone.page.clock.fastForward(Math.min(left, FURTHEST_SECONDS) * 1_000)
    await until(
      () => digitsOn(phone),
      (digits) => digits !== former,
    )
  }
  return digitsOn(phone)
}

/** The steps of one story; after one that failed the rest only says so. `screens` are told when one fails. */
export function storyOf(screens: () => Record<string, Screen>) {
  let stopped = false
  return (name: string, walk: () => Promise<void>): void => {
    test(name, async () => {
      if (stopped) throw new Error('a step before this one failed')
      stopped = true
      await withScreens(screens(), walk)
      stopped = false
    })
  }
}
