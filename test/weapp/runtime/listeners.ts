import type { Realm } from './realm'
import { wxNames } from './wx-names'

type Listener = (event: unknown) => void

/** The `wx.onX` / `wx.offX` pairs and a way to ring them. */
export interface Listeners {
  apis: Record<string, (listener?: Listener) => void>
  /** Calls everybody who listens to `name`, e.g. 'AppShow'. */
  ring(name: string, event: Record<string, unknown>): void
}

export function createListeners(realm: Realm, names: readonly string[]): Listeners {
  const lists = new Map(names.map((name) => [name, new Set<Listener>()]))
  const apis: Listeners['apis'] = {}
  for (const [name, list] of lists) {
    apis[`on${name}`] = (listener) => void (listener && list.add(listener))
    // Some listeners can never be taken away.
    if (!wxNames().all.has(`off${name}`)) continue
    apis[`off${name}`] = (listener) => (listener ? void list.delete(listener) : list.clear())
  }
  return {
    apis,
    ring(name, event) {
      for (const listener of [...(lists.get(name) ?? [])]) {
        realm.guard(`on${name}`, () => listener(realm.value(event)))
      }
    },
  }
}
