import type { Screen } from './web-house'

const LONGEST = 500

// biome-ignore lint/performance/useDomNodeTextContent: only what can be seen is of interest
export const shown = ({ page }: Screen) => page.evaluate(() => document.body.innerText).catch(String)

/** What can be read on a screen, in one line: the end of a log must not cut off what matters. */
async function lineOf(who: string, screen: Screen): Promise<string> {
  const words = (await shown(screen))
    .split(/\s*\n\s*/)
    .filter(Boolean)
    .join(' · ')
  return `— ${who} (${screen.page.url().replace(/^.*#/, '')}): ${words.slice(0, LONGEST)}`
}

/** Does it, and when it fails says first what every screen showed then. */
export async function withScreens<T>(screens: Record<string, Screen>, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const lines = await Promise.all(Object.entries(screens).map(([who, screen]) => lineOf(who, screen)))
    throw foretold(error as Error, lines.join('\n'))
  }
}

/** The same error, from the same place, with some words before its own. */
function foretold(error: Error, words: string): Error {
  const { message, stack = '' } = error
  const told = new Error(`${words}\n${message}`)
  const frames = stack.split('\n').filter((line) => /^ {4}at /.test(line))
  told.stack = [`Error: ${told.message}`, ...frames].join('\n')
  return told
}
