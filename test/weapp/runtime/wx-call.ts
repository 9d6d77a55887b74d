import type { Journal } from './journal'
import type { Activity } from './quiet'
import type { Realm } from './realm'

/** What an asynchronous wx call is given. */
export interface Asked {
  success?: (answer: unknown) => void
  fail?: (failure: unknown) => void
  complete?: (answer: unknown) => void
  [option: string]: unknown
}

export type Answer = Record<string, unknown>

/** Why a wx call fails; WeChat answers `errMsg: '<name>:fail <reason>'` and the rest beside it. */
export class WxFailure extends Error {
  constructor(
    readonly reason: string,
    readonly more: Answer = {},
  ) {
    super(reason)
  }
}

/** What the wx functions stand on. */
export interface Ground {
  realm: Realm
  journal: Journal
  activity: Activity
}

// biome-ignore lint/suspicious/noConfusingVoidType: an arrow that only does something answers nothing.
type Work = (asked: Asked) => Answer | void | Promise<Answer | void>

/**
 * An asynchronous wx function: answers in a later turn, by callbacks, or by a promise when it was given none.
 * What `work` returns is handed over as the logic layer's own data, except functions, which are kept as they are.
 */
export function asyncApi({ realm, journal, activity }: Ground, name: string, work: Work): (asked?: Asked) => unknown {
  return (asked = {}) => {
    const done = activity.begin(name)
    const answered = new Promise<Answer>((settle, refuse) => {
      setTimeout(
        () =>
          Promise.resolve()
            .then(() => work(asked))
            .then((answer) => settle(answer ?? {}), refuse),
        0,
      )
    })
    const kept = { errMsg: `${name}:ok` }
    const ended = answered.then(
      (answer) => ({ ok: true, answer: handOver(realm, { ...answer, ...kept }) }),
      (error: unknown) => ({ ok: false, answer: handOver(realm, failureOf(name, error)) }),
    )
    const byCallback = [asked.success, asked.fail, asked.complete].some((one) => typeof one === 'function')
    const told = ended.then(({ ok, answer }) => {
      done()
      if (byCallback) realm.guard(name, () => (ok ? asked.success : asked.fail)?.(answer))
      if (byCallback) realm.guard(name, () => asked.complete?.(answer))
      return { ok, answer }
    })
    if (byCallback) return void told.catch((error) => journal.caught(error, name))
    return told.then(({ ok, answer }) => (ok ? answer : Promise.reject(answer)))
  }
}

function failureOf(name: string, error: unknown): Answer {
  if (error instanceof WxFailure) return { errMsg: `${name}:fail ${error.reason}`.trim(), ...error.more }
  return { errMsg: `${name}:fail ${(error as Error)?.message ?? error}` }
}

/** Data becomes the logic layer's own; functions and living objects (marked by `alive`) pass as they are. */
export function handOver(realm: Realm, answer: Answer): Answer {
  const copy = realm.value({}) as Answer
  for (const [key, part] of Object.entries(answer)) copy[key] = isAlive(part) ? part : realm.value(part)
  return copy
}

const living = new WeakSet<object>()

/** Marks an object, such as a canvas or a buffer of the logic layer, to be handed over itself. */
export function alive<T extends object>(thing: T): T {
  living.add(thing)
  return thing
}

const isAlive = (part: unknown): boolean =>
  typeof part === 'function' || (typeof part === 'object' && part !== null && living.has(part))
