import { PATIENCE_MS } from '../../support/patience'
import { boot, type Parts, type Started } from './boot'
import { type Device, newDevice } from './device'
import { createEyes, type Eyes } from './eyes'
import { createHands, type Hands } from './hands'
import { agreeableHolder, type Holder } from './holder'
import type { Journal } from './journal'
import type { Launch } from './pages-api'
import { type Program, readProgram } from './program'
import { waitForQuiet } from './quiet'
import type { PhoneStorage } from './storage'

/** What a phone is bought with. */
export interface PhoneOptions {
  /** The folder of the built mini-program. */
  dist: string
  /** Where all requests go, whatever host the build names. Without it nothing answers. */
  baseUrl?: string
  appid?: string
  holder?: Partial<Holder>
  /** The storage of an earlier phone, to start the same mini-program again. */
  memory?: PhoneStorage
  /** How far the phone's clock is ahead. */
  clockOffsetMs?: number
  /** Standard globals this phone lacks, e.g. 'BigInt' on an old one. */
  lacking?: readonly string[]
  theme?: Device['theme']
}

/** A phone with one built mini-program: its logic is executed, its WXML drawn as elements without pixels. */
export interface Phone extends Eyes, Hands, Life {
  program: Program
  /** How the person answers; may be changed at any time. */
  holder: Holder
  device: Device
  memory: PhoneStorage
  clock: { offsetMs: number }
}

/** What happens to a phone from outside. All but `close` wait until it is at rest. */
interface Life {
  /** Starts the mini-program in a fresh logic layer, at its first page or where a link leads. */
  start(launch?: Partial<Launch>): Promise<void>
  settle(): Promise<void>
  /** Waits until it is true. Throws with `what` and the words on the screen after `limitMs`. */
  until(what: string, isTrue: () => boolean, limitMs?: number): Promise<void>
  setOnline(online: boolean): Promise<void>
  setTheme(theme: Device['theme']): Promise<void>
  /** The person leaves the mini-program, and comes back. */
  hide(): Promise<void>
  show(): Promise<void>
  readonly journal: Journal
  /** The logic layer and what is around it. */
  started(): Started
  /** Errors, warnings, unknown and deprecated wx calls since the start; empty is well. */
  complaints(): string[]
  /** Ends everything the mini-program has going. */
  close(): void
}

export function createPhone(options: PhoneOptions): Phone {
  const parts = partsOf(options)
  const life = createLife(parts, () => eyes.text())
  const eyes = createEyes(life.started)
  const answered = () => life.journal.requests.filter(({ status, failure }) => status > 0 || failure).length
  let atTap = -1
  // An answer from the network in between ends the gesture: WeChat then refuses to open its sheets.
  Object.defineProperty(parts.gesture, 'fresh', { get: () => atTap === answered() })
  const onTap = (over: boolean) => {
    atTap = over ? -1 : answered()
  }
  const hands = createHands(life.started, eyes, parts.holder, life.settle, onTap)
  const { program, holder, device, memory, clock } = parts
  return Object.defineProperties(
    { program, holder, device, memory, clock, ...eyes, ...hands } as Phone,
    Object.getOwnPropertyDescriptors(life),
  )
}

function partsOf(options: PhoneOptions): Parts {
  const program = readProgram(options.dist)
  return {
    program,
    holder: { ...agreeableHolder(), ...options.holder },
    device: { ...newDevice(), theme: options.theme ?? 'light' },
    air: {
      baseUrl: options.baseUrl ?? 'http://127.0.0.1:9',
      online: true,
      appid: options.appid ?? 'wx0000000000000000',
      interrupt: () => {},
    },
    memory: options.memory ?? new Map(),
    clock: { offsetMs: options.clockOffsetMs ?? 0 },
    lacking: options.lacking ?? [],
    gesture: { fresh: false },
    launch: { path: program.entry, query: {}, scene: 1001 },
  }
}

function createLife(parts: Parts, read: () => string): Life {
  let running: Started | null = null
  const started = () => {
    if (!running) throw new Error('the mini-program is not started')
    return running
  }
  const settle = () => waitForQuiet(started().activity, started().timers)
  return {
    get journal() {
      return started().journal
    },
    started,
    settle,
    async start(launch = {}) {
      running?.stop()
      Object.assign(parts.launch, { path: parts.program.entry, query: {}, scene: 1001 }, launch)
      running = boot(parts)
      running.stack.go('reLaunch', urlOf(parts.launch))
      await settle()
    },
    async until(what, isTrue, limitMs = PATIENCE_MS) {
      const last = Date.now() + limitMs
      while (!isTrue()) {
        if (Date.now() > last)
          throw new Error(`still not so after ${limitMs} ms: ${what}; on the screen: ${read().replaceAll('\n', ' · ')}`)
        await new Promise((done) => setTimeout(done, 10))
        await settle()
      }
    },
    ...createWeather(parts, started, settle),
    complaints() {
      const { errors, warnings, unknownApis, deprecatedApis } = started().journal
      const unknown = [...unknownApis].map((name) => `wx.${name} is not on this phone`)
      return [...errors, ...warnings, ...unknown, ...[...deprecatedApis].map((name) => `wx.${name} is deprecated`)]
    },
    close() {
      running?.stop()
      parts.air.interrupt()
    },
  }
}

function createWeather(
  parts: Parts,
  started: () => Started,
  settle: () => Promise<void>,
): Pick<Life, 'setOnline' | 'setTheme' | 'hide' | 'show'> {
  return {
    async setOnline(online) {
      parts.air.online = online
      started().listeners.ring('NetworkStatusChange', { isConnected: online, networkType: online ? 'wifi' : 'none' })
      await settle()
    },
    async setTheme(theme) {
      parts.device.theme = theme
      started().listeners.ring('ThemeChange', { theme })
      started().callApp('onThemeChange', { theme })
      await settle()
    },
    async hide() {
      started().stack.top().logic.call('onHide')
      started().callApp('onHide', {})
      started().listeners.ring('AppHide', {})
      await settle()
    },
    async show() {
      started().callApp('onShow', parts.launch)
      started().listeners.ring('AppShow', { ...parts.launch })
      started().stack.top().logic.call('onShow')
      await settle()
    },
  }
}

function urlOf({ path, query }: Launch): string {
  const words = Object.entries(query).map(([key, value]) => `${key}=${value}`)
  return `/${path}${words.length > 0 ? `?${words.join('&')}` : ''}`
}
