import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { LONGEST_LINE } from './cells'
import { FileRefused } from './columns'

export interface FileLine {
  /** 1 is the header. */
  no: number
  /** null: longer than {@link LONGEST_LINE}, or not UTF-8 */
  text: string | null
  problem?: 'long' | 'utf8'
  /** Where the next line begins, in bytes. */
  endsAt: number
}

const NEWLINE = 10
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** SHA-256 of a file in hex; reads it once. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/**
 * The lines of a file from a byte on, one at a time; holds no more than a block and a line of it. Empty lines come, too, so that
 * numbers are those of an editor.
 */
export async function* readLines(path: string, from: { no: number; byte: number }): AsyncGenerator<FileLine> {
  let no = from.no
  let endsAt = from.byte
  let kept: Buffer[] = []
  let keptBytes = 0
  const take = (piece: Buffer) => {
    // what cannot be a line any more is counted and dropped
    if (keptBytes <= LONGEST_LINE) kept.push(piece)
    keptBytes += piece.length
  }
  const ended = (newline: number): FileLine => {
    endsAt += keptBytes + newline
    const line = lineOf(no++, kept, keptBytes, endsAt)
    kept = []
    keptBytes = 0
    return line
  }
  for await (const block of createReadStream(path, { start: from.byte })) {
    let begin = 0
    for (let at = (block as Buffer).indexOf(NEWLINE); at >= 0; at = (block as Buffer).indexOf(NEWLINE, begin)) {
      take((block as Buffer).subarray(begin, at))
      begin = at + 1
      yield ended(1)
    }
    if (begin < block.length) take((block as Buffer).subarray(begin))
  }
  if (keptBytes > 0) yield ended(0)
}

function lineOf(no: number, pieces: Buffer[], bytes: number, endsAt: number): FileLine {
  if (bytes > LONGEST_LINE) return { no, text: null, problem: 'long', endsAt }
  const whole = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
  try {
    return { no, text: utf8.decode(whole.at(-1) === 13 ? whole.subarray(0, -1) : whole), endsAt }
  } catch {
    return { no, text: null, problem: 'utf8', endsAt }
  }
}

/** The first line without a byte order mark. @throws FileRefused when there is none, or in another encoding */
export async function readFirstLine(path: string): Promise<{ text: string; endsAt: number }> {
  for await (const { text, problem, endsAt } of readLines(path, { no: 1, byte: 0 })) {
    if (problem === 'long') throw new FileRefused('The first line is no header: it is too long')
    if (text === null || text.includes('\0'))
      throw new FileRefused('The file is not UTF-8; in Excel or WPS save it as "CSV UTF-8"')
    return { text: text.replace(/^\uFEFF/, ''), endsAt }
  }
  throw new FileRefused('The file is empty')
}
