import { posix } from 'node:path'
import { createComponent, type Definition, live } from './component'
import { createLogic, type Logic, type LogicSetup } from './logic'
import type { ProgramPage } from './program'
import { createScreen, type Screen, type ScreenSetup } from './screen'
import { WxFailure } from './wx-call'

/** WeChat keeps no more pages open. */
const MOST_PAGES = 10
const FULL = 'webview count limit exceed'

/** A page that is open. */
export interface OpenPage {
  page: ProgramPage
  query: Record<string, string>
  logic: Logic
  screen: Screen
  tabBar: { logic: Logic; screen: Screen } | null
}

/** The pages that are open, and the ways from one to another. Failures are thrown as WxFailure and noted as errors. */
export interface PageStack {
  open(): OpenPage[]
  /** The page on top. Throws when none is open. */
  top(): OpenPage
  go(way: 'navigateTo' | 'redirectTo' | 'switchTab' | 'reLaunch', url: string): OpenPage
  back(delta?: number): void
}

/** What the ways between pages work on. */
interface Shelf {
  stack: OpenPage[]
  /** Tab pages stay alive while others are on top. */
  tabs: Map<string, OpenPage>
  start(page: ProgramPage, query: Record<string, string>): OpenPage
  close(open: OpenPage): void
}

/** `load` runs the scripts of a page and its components. */
export function createPageStack(setup: ScreenSetup, load: (page: ProgramPage) => Definition): PageStack {
  const { journal, realm } = setup.logic
  const shelf: Shelf = {
    stack: [],
    tabs: new Map(),
    start(page, query) {
      const open = openPage(setup, page, query, load(page))
      shelf.stack.push(open)
      if (page.tab) shelf.tabs.set(page.path, open)
      open.logic.call('onLoad', realm.value(query))
      open.logic.call('onShow')
      open.screen.changed(() => open.logic.call('onReady'))
      return open
    },
    close(open) {
      open.logic.call('onUnload')
      open.screen.close()
      open.tabBar?.screen.close()
      shelf.tabs.delete(open.page.path)
    },
  }
  const top = () => {
    const found = shelf.stack.at(-1)
    if (!found) throw new Error('no page is open')
    return found
  }
  return {
    open: () => [...shelf.stack],
    top,
    go(way, url) {
      try {
        const { path, query } = readUrl(url, shelf.stack.at(-1)?.page.path ?? '')
        const page = setup.program.findPage(path)
        if (!page) throw new WxFailure(`page "${path}" is not found`)
        return WAYS[way](shelf, page, query)
      } catch (error) {
        // A full stack is a fact of life that a program must live with; everything else is a mistake of its own.
        if ((error as Error).message !== FULL) journal.errors.push(`${way} ${url}: ${(error as Error).message}`)
        throw error
      }
    },
    back(delta = 1) {
      if (shelf.stack.length <= 1) throw new WxFailure('cannot navigate back at first page.')
      const left = shelf.stack.splice(Math.max(1, shelf.stack.length - delta))
      for (const open of left.reverse()) shelf.close(open)
      top().logic.call('onShow')
    },
  }
}

type Way = (shelf: Shelf, page: ProgramPage, query: Record<string, string>) => OpenPage

const WAYS: Record<'navigateTo' | 'redirectTo' | 'switchTab' | 'reLaunch', Way> = {
  navigateTo(shelf, page, query) {
    if (page.tab) throw new WxFailure('can not navigateTo a tabbar page')
    if (shelf.stack.length >= MOST_PAGES) throw new WxFailure(FULL)
    shelf.stack.at(-1)?.logic.call('onHide')
    return shelf.start(page, query)
  },
  redirectTo(shelf, page, query) {
    if (page.tab) throw new WxFailure('can not redirectTo a tabbar page')
    const left = shelf.stack.pop()
    if (left) shelf.close(left)
    return shelf.start(page, query)
  },
  switchTab(shelf, page) {
    if (!page.tab) throw new WxFailure('can not switch to no-tabBar page')
    const known = shelf.tabs.get(page.path)
    const [lowest] = shelf.stack
    if (known && shelf.stack.at(-1) === known) return known
    for (const open of shelf.stack.filter((one) => !one.page.tab)) shelf.close(open)
    // A tab under other pages is hidden already.
    if (lowest?.page.tab && shelf.stack.length === 1) lowest.logic.call('onHide')
    shelf.stack = known ? [known] : []
    if (!known) return shelf.start(page, {})
    known.logic.call('onShow')
    return known
  },
  reLaunch(shelf, page, query) {
    for (const open of new Set([...shelf.stack, ...shelf.tabs.values()])) shelf.close(open)
    shelf.stack = []
    return shelf.start(page, query)
  },
}

/** The path and the query of a url; like WeChat, values are not decoded. */
export function readUrl(url: string, from: string): { path: string; query: Record<string, string> } {
  const [where = '', words = ''] = url.split('?', 2)
  const path = where.startsWith('/') ? where.slice(1) : posix.join(posix.dirname(from), where)
  const pairs = words
    .split('&')
    .filter(Boolean)
    .map((pair) => pair.split('=', 2))
  return { path, query: Object.fromEntries(pairs.map(([key, value]) => [key, value ?? ''])) }
}

let opened = 0

function openPage(
  setup: ScreenSetup,
  page: ProgramPage,
  query: Record<string, string>,
  definition: Definition,
): OpenPage {
  opened += 1
  const id = `pageId/${opened}`
  const counter = { page: page.path, count: 0 }
  const screen: Screen = createScreen(setup, counter, () => logic)
  const logicSetup: LogicSetup = { ...setup.logic, counter, changed: (drawn) => screen.changed(drawn) }
  // A page may also be made with Component(): its methods are the page's.
  const members = { ...definition, ...(definition.methods as Definition | undefined) }
  const routes = { route: page.path, __route__: page.path, is: page.path, options: setup.logic.realm.value(query) }
  const logic = createLogic(page.path, { ...members, ...routes }, logicSetup)
  const tabBar = page.tab && setup.program.app.tabBar?.custom ? openTabBar(setup, id) : null
  Object.assign(logic.self, { getPageId: () => id, getTabBar: () => tabBar?.logic.self ?? null })
  return { page, query, logic, screen, tabBar }
}

function openTabBar(setup: ScreenSetup, pageId: string): OpenPage['tabBar'] {
  const path = 'custom-tab-bar/index'
  const definition = setup.registry.components.get(path)
  if (!definition) throw new Error(`${path} did not register`)
  const counter = { page: path, count: 0 }
  const screen: Screen = createScreen(setup, counter, () => logic)
  const logicSetup: LogicSetup = { ...setup.logic, counter, changed: (drawn) => screen.changed(drawn) }
  const logic = createComponent(path, definition, {}, logicSetup)
  Object.assign(logic.self, { getPageId: () => pageId })
  live(logic, definition, 'attached', logicSetup)
  screen.changed(() => live(logic, definition, 'ready', logicSetup))
  return { logic, screen }
}
