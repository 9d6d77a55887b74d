import { join, posix } from 'node:path'
import type { Program } from './program'
import type { Realm } from './realm'

type Require = (path: string) => unknown

/** Loads the program's scripts as WeChat does: relative paths only, and never from another subpackage. */
export interface Modules {
  /** Runs a script once; `path` is from the folder of app.json, without `.js`. Throws what the script throws. */
  load(path: string): unknown
  isLoaded(path: string): boolean
}

export function createModules(program: Program, realm: Realm): Modules {
  const loaded = new Map<string, { exports: unknown }>()

  const load = (path: string): unknown => {
    const known = loaded.get(path)
    if (known) return known.exports
    const module = { exports: realm.value({}) as unknown }
    loaded.set(path, module)
    const source = `(function (require, module, exports) {${program.read(`${path}.js`)}\n})`
    const run = realm.run(source, join(program.dist, `${path}.js`)) as (
      require: Require,
      module: { exports: unknown },
      exports: unknown,
    ) => void
    run(requireFrom(path), module, module.exports)
    return module.exports
  }
  const requireFrom = (from: string): Require => {
    const find = (wanted: string): string => {
      const path = posix.join(posix.dirname(from), String(wanted)).replace(/\.js$/, '')
      const refusal = requireRefusal(program, from, String(wanted), path)
      if (refusal) throw new Error(`module '${path}.js' is not defined, require args is '${wanted}' (${refusal})`)
      return path
    }
    const require: Require & { async?: (wanted: string) => Promise<unknown> } = (wanted) => load(find(wanted))
    require.async = async (wanted) => load(posix.join(posix.dirname(from), wanted).replace(/\.js$/, ''))
    return require
  }
  return { load, isLoaded: (path) => loaded.has(path) }
}

function requireRefusal(program: Program, from: string, wanted: string, path: string): string | null {
  if (!/^\.{0,2}\//.test(wanted) && !program.exists(`${path}.js`)) return 'packages of npm do not exist on a phone'
  if (!program.exists(`${path}.js`)) return 'no such file'
  const root = program.packageOf(path)
  if (root !== '' && root !== program.packageOf(from)) return `it lies in the subpackage ${root}`
  return null
}
