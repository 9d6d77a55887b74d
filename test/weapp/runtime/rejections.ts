import vm from 'node:vm'
import type { Realm } from './realm'

// Inside jest `process` is a copy that hears nothing; the real one is in the first context.
const realProcess = vm.runInThisContext('process') as NodeJS.Process

/** By the prototype of the promises of each logic layer that runs. */
const told = new Map<object, (reason: unknown) => void>()

// one for all phones: node takes many listeners for a leak
const listener = (reason: unknown, promise: object) => told.get(Object.getPrototypeOf(promise))?.(reason)

/** Tells of promises of the logic layer that were rejected and caught by nobody. Returns how to stop. */
export function onUncaughtRejection(realm: Realm, tell: (reason: unknown) => void): () => void {
  const own = (realm.run('Promise', 'realm') as PromiseConstructor).prototype
  if (told.size === 0) realProcess.on('unhandledRejection', listener as never)
  told.set(own, tell)
  return () => {
    if (told.delete(own) && told.size === 0) realProcess.off('unhandledRejection', listener as never)
  }
}
