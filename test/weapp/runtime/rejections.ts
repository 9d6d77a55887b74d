import vm from 'node:vm'
import type { Realm } from './realm'

type Listener = (reason: unknown, promise: object) => void

// Inside jest `process` is a copy that hears nothing; the real one is in the first context.
const realProcess = vm.runInThisContext('process') as NodeJS.Process

/** Tells of promises of the logic layer that were rejected and caught by nobody. Returns how to stop. */
export function onUncaughtRejection(realm: Realm, tell: (reason: unknown) => void): () => void {
  const own = (realm.run('Promise', 'realm') as PromiseConstructor).prototype
  const listener: Listener = (reason, promise) => {
    if (Object.getPrototypeOf(promise) === own) tell(reason)
  }
  realProcess.on('unhandledRejection', listener as never)
  return () => void realProcess.off('unhandledRejection', listener as never)
}
