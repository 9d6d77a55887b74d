import { createRequire } from 'node:module'
import vm from 'node:vm'
import type { Journal } from './journal'
import type { Program } from './program'

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

interface WeChatCompiler {
  wxmlToJs(folder: string, options: { maxBuffer: number }): string
  wxssToJs(folder: string, options: { maxBuffer: number }): string
}

const loadCompiler = (): WeChatCompiler => createRequire(__filename)('miniprogram-compiler') as WeChatCompiler

export function createViewLayer(program: Program, journal: Journal): ViewLayer {
  const grumble = (...words: unknown[]) => void journal.warnings.push(`view: ${words.join(' ')}`)
  const context = vm.createContext({ console: { warn: grumble, log: grumble, error: grumble } })
  vm.runInContext('globalThis.window = globalThis', context)
  const generate = vm.runInContext(`(() => {${compileWxml(program)}\n})()`, context, { filename: 'wxml' }) as Generate
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
