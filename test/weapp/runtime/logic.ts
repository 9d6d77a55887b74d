import type { Journal } from './journal'
import type { Realm } from './realm'

/** WeChat refuses more in one call, and its audit grumbles above the second. */
const MOST_BYTES = 1024 * 1024
const MANY_BYTES = 256 * 1024

/** A page or component of the logic layer: `self` is its `this`, `shown` the view's copy of its data. */
export interface Logic {
  path: string
  self: LogicSelf
  shown: Record<string, unknown>
  /** Calls one of its methods when it has it; errors are noted, not thrown. */
  call(method: string, ...args: unknown[]): unknown
}

export type LogicSelf = Record<string, unknown> & { data: Record<string, unknown> }

/** What a page or component is made with. */
export interface LogicSetup {
  realm: Realm
  journal: Journal
  /** Makes data the view's own. */
  parse(json: string): unknown
  /** The opened page it belongs to, for the count of its setData calls. */
  counter: { page: string; count: number }
  /** Called after each setData; must draw the view in a later turn and then call back. */
  changed(drawn: () => void): void
}

/** Makes an instance from what Page() or Component() was given. */
export function createLogic(path: string, members: Record<string, unknown>, setup: LogicSetup): Logic {
  const { realm, parse } = setup
  const self = realm.value({}) as LogicSelf
  Object.assign(self, members)
  const json = JSON.stringify(members.data ?? {})
  self.data = realm.value(JSON.parse(json) as Record<string, unknown>)
  const logic: Logic = {
    path,
    self,
    shown: parse(json) as Record<string, unknown>,
    call(method, ...args) {
      const found = self[method]
      if (typeof found !== 'function') return undefined
      return realm.guard(`${path} ${method}`, () => found.apply(self, args) as unknown)
    },
  }
  self.setData = (patch: Record<string, unknown>, callback?: () => void) => setData(logic, setup, patch, callback)
  return logic
}

function setData(logic: Logic, setup: LogicSetup, patch: Record<string, unknown>, callback?: () => void): void {
  const { journal, counter, realm } = setup
  const json = JSON.stringify(patch)
  const bytes = Buffer.byteLength(json)
  counter.count += 1
  journal.setData.push({ page: counter.page, nth: counter.count, bytes, keys: Object.keys(patch) })
  if (bytes > MOST_BYTES) journal.errors.push(`setData of ${counter.page}: ${bytes} bytes are more than WeChat takes`)
  else if (bytes > MANY_BYTES) journal.warnings.push(`setData of ${counter.page}: ${bytes} bytes`)
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) journal.warnings.push(`setData of ${counter.page}: ${key} is undefined`)
  }
  applyPatch(logic.self.data, realm.value(JSON.parse(json) as Record<string, unknown>))
  applyPatch(logic.shown, setup.parse(json) as Record<string, unknown>)
  setup.changed(() => realm.guard(`${logic.path} setData`, () => callback?.call(logic.self)))
}

/** Writes each value to its path, such as 'root.cn.[0].v' or 'list[2].name', making what is missing on the way. */
export function applyPatch(target: Record<string, unknown>, patch: Record<string, unknown>): void {
  for (const [path, value] of Object.entries(patch)) {
    const steps = path.match(/[^.[\]]+|\[\d+\]/g) ?? []
    const keys = steps.map((step) => (step.startsWith('[') ? Number(step.slice(1, -1)) : step))
    let at = target as Record<string | number, unknown>
    keys.slice(0, -1).forEach((key, i) => {
      if (typeof at[key] !== 'object' || at[key] === null) at[key] = typeof keys[i + 1] === 'number' ? [] : {}
      at = at[key] as Record<string | number, unknown>
    })
    const last = keys.at(-1)
    if (last !== undefined) at[last] = value
  }
}
