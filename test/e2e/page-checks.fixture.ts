import axe, { type AxeResults, type RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'
import type { Screen } from './web-house'

/** The rules of axe that a change of colours alone can break. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block']

/** What a person with another way of seeing or touching would be kept from, by all rules or by `only` some; empty when nothing. */
async function barriers(page: Page, only?: string[]): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  const options: RunOptions = {
    resultTypes: ['violations'],
    preload: false,
    ...(only && { runOnly: { type: 'rule', values: only } }),
  }
  const results = await page.evaluate(
    (asked) => (window as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } }).axe.run(asked),
    options,
  )
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, any }) => `${id}: ${html.slice(0, 160)} ${any[0]?.message ?? ''}`))
}

/** Makes every word larger and nothing else, as a phone does for people who see badly. */
const enlarge = (page: Page, times: number): Promise<void> =>
  page.evaluate((factor) => {
    const all = [...document.querySelectorAll<HTMLElement>('body *')]
    const sizes = all.map((one) => Number.parseFloat(getComputedStyle(one).fontSize))
    for (const [n, one] of all.entries())
      one.style.setProperty('font-size', `${(sizes[n] ?? 0) * factor}px`, 'important')
  }, times)

/** Words that stick out of the window or are cut off by a box; what scrolls sideways on its own may. */
const cutOff = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found: string[] = []
    const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const range = document.createRange()
    for (let node = words.nextNode(); node; node = words.nextNode()) {
      const text = node.textContent?.trim()
      range.selectNodeContents(node)
      const box = range.getBoundingClientRect()
      if (!text || box.width === 0 || !node.parentElement?.checkVisibility()) continue
      let sideways = true
      for (let up: HTMLElement | null = node.parentElement; up; up = up.parentElement) {
        const { overflowX, overflowY, position, clipPath } = getComputedStyle(up)
        // words for screen readers alone are hidden on purpose
        if (clipPath !== 'none') sideways = false
        if (clipPath !== 'none' || up.classList.contains('taro_page') || up === document.body) break
        if (overflowX === 'auto' || overflowX === 'scroll') sideways = false
        const edge = up.getBoundingClientRect()
        const cutX = sideways && overflowX === 'hidden' && (box.right > edge.right + 1 || box.left < edge.left - 1)
        const cutY = overflowY === 'hidden' && (box.bottom > edge.bottom + 2 || box.top < edge.top - 2)
        if (cutX || cutY) found.push(`cut off by .${up.className}: ${text}`)
        if (position === 'fixed') break
      }
      if (sideways && (box.right > innerWidth + 1 || box.left < -1)) found.push(`out of the window: ${text}`)
    }
    return found
  })

/** Boxes wider than the window. */
const tooWide = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const scrolls = (one: Element) => ['auto', 'scroll'].includes(getComputedStyle(one).overflowX)
    const found: string[] = []
    for (const one of document.querySelectorAll<HTMLElement>('.hy-page, .hy-page *')) {
      const box = one.getBoundingClientRect()
      if (box.width === 0 || (box.right <= innerWidth + 1 && box.left >= -1)) continue
      let up: Element | null = one
      while (up && !scrolls(up)) up = up.parentElement
      if (!up || up.classList.contains('taro_page') || up === one)
        found.push(`.${one.className} ${box.left}–${box.right}`)
    }
    return found
  })

/** Controls that a finger would miss: less than 44 px high or wide. */
const tooSmall = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('[role=button], [role=checkbox], button')]
      .filter((one) => one.checkVisibility())
      .map((one) => ({ one, box: one.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && (box.height < 43.5 || box.width < 43.5))
      .map(({ one, box }) => `${one.className} ${one.textContent?.slice(0, 20)}: ${box.width} × ${box.height}`),
  )

/** Waits until no colour is on its way to another. */
const coloursAtRest = (page: Page): Promise<unknown> =>
  page.evaluate(async () => {
    const frame = () => new Promise((next) => requestAnimationFrame(next))
    await frame()
    await frame()
    const moving = document.getAnimations().filter((one) => one instanceof CSSTransition)
    await Promise.all(moving.map((one) => one.finished.catch(() => null)))
  })

/** Whatever one would have to scroll sideways for, or cannot read to its end. */
export const sideways = async (page: Page): Promise<string[]> => [...(await tooWide(page)), ...(await cutOff(page))]

export type PageFlaws = Record<'light' | 'dark' | 'small' | 'wide' | 'cut' | 'complaints', string[]>

/** All that keeps somebody from an open page: in light and dark, on this width, with words of 130 %. Empty when nothing. */
export async function flawsOf({ page, complaints }: Screen): Promise<PageFlaws> {
  await coloursAtRest(page)
  const light = await barriers(page)
  const small = await tooSmall(page)
  const wide = await tooWide(page)
  await page.emulateMedia({ colorScheme: 'dark' })
  await coloursAtRest(page)
  // nothing but the colours is another now
  const dark = await barriers(page, OF_COLOURS)
  await enlarge(page, 1.3)
  return { light, dark, small, wide, cut: await sideways(page), complaints }
}

export const FLAWLESS: PageFlaws = { light: [], dark: [], small: [], wide: [], cut: [], complaints: [] }
