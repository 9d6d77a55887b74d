import { clockText, dayText } from '@huiyuan/shared/time'
import type { Ctx } from '../ctx'
import { uploadUrl } from '../upload'

/** How one column is written into the file: under which words, and how its value is made readable. Left out only with a reason. */
export type Column =
  | { title: string; read: (value: unknown, keys: Ctx['keys'], ctx: Ctx) => unknown }
  | { leftOut: string }

const plain = (value: unknown): unknown => value

/** As it is: numbers, words, the brand's own ids. */
export const as = (title: string): Column => ({ title, read: plain })

/** `2026-11-22T12:00:00+08:00`, by the brand's clock. */
export const zoned = (at: Date): string =>
  `${dayText(at)}T${clockText(at)}:${String(at.getUTCSeconds()).padStart(2, '0')}+08:00`

/** An instant with its zone. */
export const time = (title: string): Column => ({
  title,
  read: (value) => (value instanceof Date ? zoned(value) : value),
})

export const yuan = (title: string): Column => ({
  title,
  read: (value) => (typeof value === 'number' ? value / 100 : value),
})

/** A link to a picture, good for an hour after the file was made. */
export const picture = (title: string): Column => ({
  title,
  read: (value, _keys, ctx) => (typeof value === 'string' ? `${ctx.publicUrl}${uploadUrl(ctx, value)}` : value),
})

/** A code in words; one that this list does not know stays a code. */
export const word = (title: string, words: Record<string, string>): Column => ({
  title,
  read: (value) => (typeof value === 'string' ? (words[value] ?? value) : value),
})

/** Sealed at rest, open in the person's own file. */
export const sealed = (title: string): Column => ({
  title,
  read: (value, keys) => {
    if (!(value instanceof Uint8Array)) return value
    try {
      return keys.openText(value)
    } catch {
      return '（无法解密）'
    }
  },
})

/** What the server wrote beside it: words and figures, without the ids of others. */
export const detail = (title: string): Column => ({ title, read: withoutIds })

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

function withoutIds(value: unknown): unknown {
  if (typeof value === 'string') return UUID.test(value) ? undefined : value
  if (Array.isArray(value)) return value.map(withoutIds).filter((one) => one !== undefined)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, one]) => [name, withoutIds(one)] as const)
  return Object.fromEntries(entries.filter(([, one]) => one !== undefined))
}

export const leftOut = (why: string): Column => ({ leftOut: why })

/** The same reasons, many times. */
export const OWNER = leftOut('the person whose file it is; the section says which record')
export const OTHER = leftOut('the id of somebody else')
export const SECRET = leftOut('a secret of the house')
export const INSIDE = leftOut('an id that only joins rows of the house')
