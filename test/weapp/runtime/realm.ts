import vm from 'node:vm'
import { type Journal, journalConsole } from './journal'
import type { Timers } from './timers'

/** Standard names that V8 gives and some phone's WeChat does not. */
const LACKING = ['Intl', 'WebAssembly', 'SharedArrayBuffer', 'Atomics']

// WeChat keeps Function and eval but lets them make nothing, except the one idiom that finds the global object.
const NO_CODE_FROM_STRINGS = `(() => {
  const Real = Function
  const world = globalThis
  const stub = function Function(...parts) {
    return parts[parts.length - 1] === 'return this' ? () => world : () => {}
  }
  stub.prototype = Real.prototype
  Real.prototype.constructor = stub
  world.Function = stub
  world.eval = () => undefined
  world.global = world
})()`

const CLOCK = `((offset) => {
  const Real = Date
  const shifted = new Proxy(Real, {
    construct: (target, args, self) => Reflect.construct(target, args.length ? args : [Real.now() + offset()], self),
    apply: () => new Real(Real.now() + offset()).toString(),
    get: (target, key) => (key === 'now' ? () => Real.now() + offset() : target[key]),
  })
  Real.prototype.constructor = shifted
  globalThis.Date = shifted
})`

const scripts = new Map<string, { source: string; script: vm.Script }>()

/** Compiles; what was compiled for an earlier phone is taken again. */
export function compile(source: string, filename: string): vm.Script {
  const known = scripts.get(filename)
  if (known?.source === source) return known.script
  const script = new vm.Script(source, { filename })
  scripts.set(filename, { source, script })
  return script
}

/** The JavaScript world of WeChat's logic layer: the language itself, timers, a console, and nothing of a browser. */
export interface Realm {
  /** Adds a global name. */
  give(name: string, value: unknown): void
  /** Evaluates source there and returns its value. */
  run(source: string, filename: string): unknown
  /** The data as objects of that world; anything JSON cannot carry is lost, undefined stays undefined. */
  value<T>(data: T): T
  /** The bytes as an ArrayBuffer of that world. */
  buffer(bytes: Uint8Array): ArrayBuffer
  /** Calls into the mini-program; what it throws is noted and undefined returned. */
  guard<T>(where: string, work: () => T): T | undefined
}

/** `offsetMs` says how wrong the phone's clock is; `lacking` names further globals an old phone has not. */
export function createRealm(
  journal: Journal,
  timers: Timers,
  { offsetMs = () => 0, lacking = [] }: { offsetMs?: () => number; lacking?: readonly string[] } = {},
): Realm {
  const context = vm.createContext({}, { codeGeneration: { strings: false, wasm: false } })
  const world = vm.runInContext('globalThis', context) as Record<string, unknown>
  const run = (source: string, filename: string): unknown => compile(source, filename).runInContext(context)
  const parse = run('JSON.parse', 'realm') as (text: string) => unknown
  const Bytes = run('Uint8Array', 'realm') as Uint8ArrayConstructor

  run(NO_CODE_FROM_STRINGS, 'realm')
  ;(run(CLOCK, 'realm') as (offset: () => number) => void)(offsetMs)
  for (const name of [...LACKING, ...lacking]) delete world[name]
  Object.assign(world, timers.globals, { console: journalConsole(journal) })
  return {
    give(name, value) {
      world[name] = value
    },
    run,
    value: <T>(data: T) => {
      const text = JSON.stringify(data)
      return (text === undefined ? undefined : parse(text)) as T
    },
    buffer: (bytes) => Bytes.from(bytes).buffer as ArrayBuffer,
    guard(where, work) {
      try {
        return work()
      } catch (error) {
        journal.caught(error, where)
        return undefined
      }
    },
  }
}
