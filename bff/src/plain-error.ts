import { Refusal } from './refusal'

/** What a log may know of an error. */
export interface PlainError {
  type: string
  code?: string
  message: string
  /** Where it came from, innermost first. */
  at: string[]
}

const MOST_WORDS = 200
const MOST_PLACES = 8

/**
 * An error without what it was about: databases quote rows and values in their messages and put whole rows beside them,
 * so only the first line is kept, without quotations and long numbers.
 */
export function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'thrown without an error', at: [] }
  const { code } = error as { code?: unknown }
  const words = error.message.split('\n').find((line) => line.trim() !== '') ?? ''
  const places = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return {
    type: error.name,
    ...(error instanceof Refusal ? { code: error.fault.code } : typeof code === 'string' ? { code } : {}),
    message: words
      .replace(/(["'`]).*?\1|["'`].*$/g, '…')
      .replace(/\d{5,}/g, '…')
      .slice(0, MOST_WORDS),
    at: places.slice(0, MOST_PLACES).map((line) => line.trim().slice('at '.length)),
  }
}

/** What a log keeps of a database's error: what broke and where, in names. Its sentences beside that show the row itself. */
const SHOWS_ROWS = ['detail', 'where', 'internalQuery', 'meta']

/** An error as the log has already written it down, without what the database says of the row. */
export const withoutRows = (told: object): object =>
  Object.fromEntries(Object.entries(told).filter(([name]) => !SHOWS_ROWS.includes(name)))
