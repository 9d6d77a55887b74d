import { createLogic, type Logic, type LogicSetup } from './logic'

/** What Page(), Component() or Behavior() was called with. */
export type Definition = Record<string, unknown>

/** The pages and components that registered themselves, by path. */
export interface Registry {
  /** The script that runs now; whatever registers meanwhile is it. */
  loading: string
  pages: Map<string, Definition>
  components: Map<string, Definition>
}

export const createRegistry = (): Registry => ({ loading: '', pages: new Map(), components: new Map() })

/** The functions of WeChat that register, for the logic layer. */
export function registerApis(registry: Registry): Record<string, (definition: Definition) => unknown> {
  return {
    Page: (definition) => void registry.pages.set(registry.loading, definition),
    Component: (definition) => void registry.components.set(registry.loading, definition),
    Behavior: (definition) => definition,
  }
}

/** Makes an instance of a component; `given` are the properties its owner's WXML hands in. */
export function createComponent(path: string, definition: Definition, given: Definition, setup: LogicSetup): Logic {
  const properties = (definition.properties ?? {}) as Record<string, { value?: unknown } | undefined>
  const defaults = Object.entries(properties).map(([name, property]) => [name, property?.value ?? null])
  const own = Object.entries(given).filter(([name]) => name in properties)
  const data = { ...Object.fromEntries(defaults), ...(definition.data as object), ...Object.fromEntries(own) }
  const methods = (definition.methods ?? {}) as Definition
  return createLogic(path, { ...methods, data, is: path }, setup)
}

/** Runs one step of a component's life. */
export function live(
  logic: Logic,
  definition: Definition,
  step: 'created' | 'attached' | 'ready' | 'detached',
  { realm }: Pick<LogicSetup, 'realm'>,
): void {
  const lifetimes = (definition.lifetimes ?? {}) as Definition
  const run = lifetimes[step] ?? definition[step]
  if (typeof run === 'function') realm.guard(`${logic.path} ${step}`, () => run.call(logic.self) as unknown)
}
