import { accountApis } from './account'
import { createRegistry, type Definition, type Registry, registerApis } from './component'
import { type Device, deviceApis } from './device'
import type { Holder } from './holder'
import { createJournal, describeError, type Journal } from './journal'
import type { Listeners } from './listeners'
import { createModules, type Modules } from './modules'
import { createPageStack, type PageStack } from './page-stack'
import { type Launch, pagesApis } from './pages-api'
import { pictureApis } from './picture'
import type { Program, ProgramPage } from './program'
import { type Activity, createActivity } from './quiet'
import { createRealm, type Realm } from './realm'
import { onUncaughtRejection } from './rejections'
import { type Air, requestApi } from './request'
import { type Canvases, selectorQueryApi } from './selector-query'
import { type PhoneStorage, storageApis } from './storage'
import { surfaceApis } from './surface'
import { createTimers, type Timers } from './timers'
import { createViewLayer } from './view-layer'
import { createWx } from './wx'
import type { Ground } from './wx-call'

/** What a phone is made of before the mini-program starts. */
export interface Parts {
  program: Program
  holder: Holder
  device: Device
  air: Air
  memory: PhoneStorage
  clock: { offsetMs: number }
  /** Standard globals this phone lacks beside those no phone has. */
  lacking: readonly string[]
  gesture: { fresh: boolean }
  launch: Launch
}

/** A mini-program that has been started. */
export interface Started extends Ground {
  program: Program
  timers: Timers
  listeners: Listeners
  stack: PageStack
  canvases: Canvases
  app: Definition
  /** Calls a method of the app when it has it. */
  callApp(method: string, options: unknown): void
  /** Ends its timers and listens no more. */
  stop(): void
}

/** Starts the program in a fresh logic layer: scripts, App.onLaunch, App.onShow; the first page is opened by the caller. */
export function boot(parts: Parts): Started {
  const { program } = parts
  let app: Definition = {}
  const journal: Journal = createJournal((message) => callApp('onError', message))
  const timers = createTimers(journal)
  const activity: Activity = createActivity()
  const realm = createRealm(journal, timers, { offsetMs: () => parts.clock.offsetMs, lacking: parts.lacking })
  const callApp = (method: string, options: unknown) => {
    const found = app[method]
    if (typeof found === 'function')
      realm.guard(`App ${method}`, () => found.call(app, realm.value(options)) as unknown)
  }
  const ground: Ground = { realm, journal, activity }
  const canvases: Canvases = new Map()
  const registry = createRegistry()
  const modules = createModules(program, realm)
  const view = createViewLayer(program, journal)
  const setup = { program, registry, view, activity, logic: { realm, journal, parse: view.parse } }
  const stack = createPageStack(setup, (page) => loadPage(program, modules, registry, page))
  const { apis, listeners } = apisOf(ground, parts, stack, canvases)
  giveGlobals(realm, {
    ...registerApis(registry),
    wx: createWx(ground, apis),
    App: (definition: Definition) => {
      app = definition
    },
    getApp: () => app,
    getCurrentPages: () =>
      Object.assign(
        realm.value([]) as unknown[],
        stack.open().map((open) => open.logic.self),
      ),
  })
  loadApp(program, modules, registry)
  const deaf = onUncaughtRejection(realm, (reason) => {
    journal.caught(reason, 'promise')
    callApp('onUnhandledRejection', { reason: describeError(reason) })
  })
  const stop = () => {
    timers.close()
    deaf()
  }
  callApp('onLaunch', parts.launch)
  callApp('onShow', parts.launch)
  return { ...ground, program, timers, listeners, stack, canvases, app, callApp, stop }
}

/** All that `wx` can do on this phone. */
function apisOf(ground: Ground, parts: Parts, stack: PageStack, canvases: Canvases) {
  const { program, holder, device, air, memory, gesture } = parts
  const { apis, listeners } = deviceApis(ground, device, air)
  return {
    listeners,
    apis: {
      ...apis,
      ...storageApis(ground, memory),
      ...surfaceApis(ground, holder),
      ...accountApis(ground, program, holder, gesture, air.appid),
      ...pagesApis(
        ground,
        () => stack,
        () => parts.launch,
      ),
      request: requestApi(ground, air),
      ...pictureApis(ground, air, holder),
      createSelectorQuery: selectorQueryApi(ground, () => stack.top(), canvases),
    },
  }
}

function giveGlobals(realm: Realm, globals: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(globals)) realm.give(name, value)
}

function loadApp(program: Program, modules: Modules, registry: Registry): void {
  modules.load('app')
  if (program.app.tabBar?.custom) loadComponents(program, modules, registry, ['custom-tab-bar/index'])
  // Without this setting WeChat runs the scripts of all pages of the main package at the start.
  if (program.app.lazyCodeLoading === 'requiredComponents') return
  for (const page of program.pages.filter(({ root }) => root === '')) loadPage(program, modules, registry, page)
}

function loadPage(program: Program, modules: Modules, registry: Registry, { path }: ProgramPage): Definition {
  loadComponents(program, modules, registry, Object.values(program.components(path)))
  loadScript(modules, registry, path)
  const definition = registry.pages.get(path) ?? registry.components.get(path)
  if (!definition) throw new Error(`the page ${path} did not register`)
  return definition
}

function loadComponents(program: Program, modules: Modules, registry: Registry, paths: string[]): void {
  for (const path of paths) {
    if (modules.isLoaded(path)) continue
    loadScript(modules, registry, path)
    loadComponents(program, modules, registry, Object.values(program.components(path)))
  }
}

function loadScript(modules: Modules, registry: Registry, path: string): void {
  const outer = registry.loading
  registry.loading = path
  try {
    modules.load(path)
  } finally {
    registry.loading = outer
  }
}
