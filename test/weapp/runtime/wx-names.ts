import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

interface Names {
  all: Set<string>
  /** Still there, but WeChat's audit takes points off for them. */
  deprecated: Set<string>
}

let known: Names | null = null

/** The functions and objects of `wx`, from WeChat's own typings (a later version than any phone of today). */
export function wxNames(): Names {
  known ??= readNames()
  return known
}

function readNames(): Names {
  const typings = createRequire(__filename).resolve('miniprogram-api-typings/package.json')
  const text = readFileSync(join(dirname(typings), 'types', 'wx', 'lib.wx.api.d.ts'), 'utf8')
  // Comments may hold code that looks like members; of each, only whether it deprecates is kept.
  const plain = text.replace(/\/\*[\s\S]*?\*\//g, (comment) => (comment.includes('@deprecated') ? '/*old*/' : ''))
  const members = plain.slice(plain.indexOf('    interface Wx {')).split('\n    }')[0] ?? ''
  const found = [...members.matchAll(/(\/\*old\*\/\s*)?\n {8}(?:readonly )?([A-Za-z]\w*)[(<:?]/g)]
  const all = new Set(found.map((match) => match[2] as string))
  const deprecated = new Set(found.filter((match) => match[1]).map((match) => match[2] as string))
  if (all.size < 400 || deprecated.size < 10)
    throw new Error(`the typings of wx were not understood: ${all.size} names`)
  return { all, deprecated }
}
