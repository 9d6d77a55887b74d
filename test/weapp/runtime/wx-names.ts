import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

let known: Set<string> | null = null

/** The names of all functions and objects of `wx`, from WeChat's own typings (a later version than any phone of today). */
export function wxNames(): Set<string> {
  known ??= readNames()
  return known
}

function readNames(): Set<string> {
  const typings = createRequire(__filename).resolve('miniprogram-api-typings/package.json')
  const text = readFileSync(join(dirname(typings), 'types', 'wx', 'lib.wx.api.d.ts'), 'utf8').replace(
    /\/\*[\s\S]*?\*\//g,
    '',
  )
  const members = text.slice(text.indexOf('    interface Wx {')).split('\n    }')[0] ?? ''
  const names = [...members.matchAll(/^ {8}(?:readonly )?([A-Za-z]\w*)[(<:?]/gm)].map((match) => match[1] as string)
  if (names.length < 400) throw new Error(`the typings of wx were not understood: ${names.length} names`)
  return new Set(names)
}
