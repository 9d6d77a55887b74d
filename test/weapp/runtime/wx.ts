import type { Asked, Ground } from './wx-call'
import { wxNames } from './wx-names'

/**
 * The `wx` object: what this phone has, and for every other name WeChat knows a function that fails and is noted.
 * Names that WeChat does not have are not there, as on a phone. Calls of deprecated ones are noted, too.
 */
export function createWx({ realm, journal }: Ground, apis: Record<string, unknown>): Record<string, unknown> {
  const { all, deprecated } = wxNames()
  const wx = realm.value({}) as Record<string, unknown>
  for (const name of all) {
    wx[name] = (asked?: Asked) => {
      journal.unknownApis.add(name)
      const failure = realm.value({ errMsg: `${name}:fail this phone cannot do it` })
      realm.guard(name, () => asked?.fail?.(failure))
      realm.guard(name, () => asked?.complete?.(failure))
    }
  }
  wx.cloud = undefined
  for (const [name, api] of Object.entries(apis)) {
    wx[name] = api
    if (typeof api !== 'function' || !deprecated.has(name)) continue
    wx[name] = (...args: unknown[]) => {
      journal.deprecatedApis.add(name)
      return api(...args) as unknown
    }
  }
  return wx
}

/** The names this phone has made up, that is, that WeChat's typings do not list. For the harness's own test. */
export const inventedNames = (apis: Record<string, unknown>): string[] =>
  Object.keys(apis).filter((name) => !wxNames().all.has(name))
