import { randomBytes } from 'node:crypto'
import { dayText } from '@huiyuan/shared/time'

/** Crockford's base 32: no I, L, O or U, so it can be read out and typed. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** What stands on the slip: the business day and eight letters, e.g. `261122-7K3MQ0XW`. A label; rows are keyed by id. */
export const drawOrderNo = (at: Date): string =>
  `${dayText(at).slice(2).replaceAll('-', '')}-${[...randomBytes(8)].map((byte) => LETTERS[byte % 32]).join('')}`
