import { at, type Screen } from './web-house'

/** Waits for words that can be seen. */
export const see = ({ page }: Screen, words: string | RegExp) =>
  page.getByText(words).filter({ visible: true }).first().waitFor()

export const tap = ({ page }: Screen, id: string) => at(page, id).click()

export const textOf = async ({ page }: Screen, id: string) => (await at(page, id).textContent()) ?? ''

// biome-ignore lint/performance/useDomNodeTextContent: only what can be seen is of interest
export const shown = ({ page }: Screen) => page.evaluate(() => document.body.innerText).catch(String)

/** A hand scanner: a keyboard that types fast and ends with Enter. */
export async function scanInto({ page }: Screen, code: string): Promise<void> {
  await page.keyboard.type(code, { delay: 4 })
  await page.keyboard.press('Enter')
}

/** Reads again and again until it is as wished; fails with what it was last. */
export async function until<T>(read: () => Promise<T>, wished: (seen: T) => boolean): Promise<void> {
  const end = Date.now() + 10_000
  let seen = await read()
  while (!wished(seen)) {
    if (Date.now() > end) throw new Error(`still ${JSON.stringify(seen)}`)
    await new Promise((done) => setTimeout(done, 50))
    seen = await read()
  }
}

/** The steps of one story; after one that failed the rest only says so. `screens` are told when one fails. */
export function storyOf(screens: () => Record<string, Screen>) {
  let stopped = false
  return (name: string, walk: () => Promise<void>): void => {
    test(name, async () => {
      if (stopped) throw new Error('a step before this one failed')
      stopped = true
      await walk().catch(async (error) => {
        const seen = await Promise.all(
          Object.entries(screens()).map(async ([who, one]) => `— ${who} —\n${await shown(one)}`),
        )
        throw new Error(`${error}\n${seen.join('\n')}`)
      })
      stopped = false
    })
  }
}
