import type { Started } from './boot'
import type { DrawnCanvas } from './canvas'
import { isOff } from './control'
import type { OpenPage } from './page-stack'
import { ancestry, matches, nameOf, textOf, type ViewNode, walk } from './tree'

/** Looking at a phone. */
export interface Eyes {
  /** The page on top. */
  page(): OpenPage
  /** All open pages, the lowest first. */
  pages(): OpenPage[]
  /** What can be read on the page, a line per block. */
  text(): string
  /**
   * An element of the page or its tab bar by '#id', by '.class', or by its name: what is written on it or its label for
   * screen readers. Of several, the first, and in it the innermost. Throws when there is none.
   */
  get(which: string): ViewNode
  find(which: string): ViewNode | null
  /** Whether there is one. */
  sees(which: string): boolean
  all(which: string): ViewNode[]
  isEnabled(which: string): boolean
  /** A canvas of the page on top that the mini-program has asked for. */
  canvas(id: string): DrawnCanvas | null
}

export function createEyes(started: () => Started): Eyes {
  const page = () => started().stack.top()
  const everything = () => {
    const { screen, tabBar } = page()
    return [screen.root(), ...(tabBar ? [tabBar.screen.root()] : [])].flatMap((root) => [...walk(root)])
  }
  const all = (which: string) => {
    const elements = everything().filter((node) => node.tag !== '#text')
    if (/^[#.]/.test(which)) return elements.filter((node) => matches(node, which))
    const named = elements.filter((node) => nameOf(node) === which)
    return named.filter((node) => !named.some((other) => other !== node && [...ancestry(other)].includes(node)))
  }
  const find = (which: string) => all(which)[0] ?? null
  const get = (which: string) => {
    const found = find(which)
    if (found) return found
    const ids = everything().map(({ id, dataset }) => (id && id !== dataset.sid ? `#${id}` : ''))
    throw new Error(`no ${which} on ${page().page.path}: ${ids.filter(Boolean).join(' ')}\n${text()}`)
  }
  const text = () => textOf(page().screen.root())
  return {
    page,
    pages: () => started().stack.open(),
    text,
    get,
    find,
    sees: (which) => find(which) !== null,
    all,
    isEnabled: (which) => ![...ancestry(get(which))].some(isOff),
    canvas: (id) => started().canvases.get(`${page().page.path} ${id}`) ?? null,
  }
}
