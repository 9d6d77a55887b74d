import { createRequire } from 'node:module'
import vm from 'node:vm'
import type { Journal } from './journal'
import type { Program } from './program'
import { compile } from './realm'

/** What WeChat's compiled WXML returns: elements as objects, text as strings. */
export interface RawNode {
  tag: string
  attr?: Record<string, unknown>
  children: (RawNode | string)[]
}

/** WeChat's view layer without pixels: turns data into the tree of elements a phone would draw. */
export interface ViewLayer {
  /** Data as objects of the view's own world; the compiled WXML copies no other. */
  parse(json: string): unknown
  /** The elements of one page or component. Throws what the compiled WXML throws. */
  render(path: string, data: unknown): RawNode
}

type Generate = (path: string) => ((data: unknown) => RawNode) | undefined

const compiled = new Map<string, string>()

/** Compiles all WXML of the program with WeChat's own compiler. Throws with its words when one is broken. */
export function compileWxml(program: Program): string {
  const known = compiled.get(program.dist)
  if (known) return known
  const { wxmlToJs } = loadCompiler()
  const source = wxmlToJs(program.dist, { maxBuffer: 64e6 })
  compiled.set(program.dist, source)
  return source
}

const loadCompiler = () =>
  createRequire(__filename)('miniprogram-compiler') as {
    wxmlToJs(folder: string, options: { maxBuffer: number }): string
  }

/** Checks all WXSS of the program with WeChat's own compiler. Throws with its words when one is broken. */
export function checkWxss(program: Program, files: string[]): void {
  const wcsc = createRequire(__filename)('miniprogram-compiler/src/wcsc') as (
    folder: string,
    files: string[],
    options: { maxBuffer: number },
  ) => unknown
  const names = files.map((file) => file.replace(/\.wxss$/, ''))
  const answer = wcsc(program.dist, names, { maxBuffer: 64e6 })
  if (answer instanceof Error) throw answer
}

export function createViewLayer(program: Program, journal: Journal): ViewLayer {
  const grumble = (...words: unknown[]) => void journal.warnings.push(`view: ${words.join(' ')}`)
  const context = vm.createContext({ console: { warn: grumble, log: grumble, error: grumble } })
  vm.runInContext('globalThis.window = globalThis', context)
  const generate = compile(`(() => {${compileWxml(program)}\n})()`, `${program.dist}/wxml`).runInContext(
    context,
  ) as Generate
  const parse = vm.runInContext('JSON.parse', context) as (json: string) => unknown
  return {
    parse,
    render(path, data) {
      const draw = generate(`${path}.wxml`)
      if (!draw) throw new Error(`there is no ${path}.wxml`)
      return draw(data)
    },
  }
}
