import { existsSync } from 'node:fs'
import { type FileHandle, open, rename } from 'node:fs/promises'
import { cellText } from './cells'
import type { Header } from './columns'
import type { Problem } from './parse-line'
import { readLines } from './read-lines'

export interface ProblemRow extends Problem {
  no: number
  shown: string
  /** Whether the line was taken in all the same. */
  taken: boolean
}

// with a byte order mark, or Excel would take Chinese for something else
const TITLE = '\uFEFF行,列,问题,编号,是否收下\n'

/** A spreadsheet would calculate what begins like this. */
const harmless = (text: string) => (/^[=+\-@\t]/.test(text) ? `'${text}` : text)

/**
 * What is to be mended, line by line, for people: opens in any spreadsheet. A batch's rows count once its transaction has.
 * Nothing is touched before the first `write`, which only the process that holds the run may call.
 */
export class ProblemFile {
  private file: FileHandle | null = null
  private size = 0
  private written = 0

  /** @param doneLines rows of lines up to this one are kept: what a killed run wrote beyond is written again */
  constructor(
    private readonly path: string,
    private readonly titles: Header['titles'],
    private readonly doneLines: number,
  ) {}

  /** Writes what the batch under way has to say; written again, it is there once. */
  async write(rows: ProblemRow[]): Promise<void> {
    this.file ??= await this.begin()
    const text = rows.map(({ no, column, words, shown, taken }) =>
      [String(no), column ? this.titles[column] : '', words, harmless(shown), taken ? '是' : '否']
        .map(cellText)
        .join(','),
    )
    await this.file.truncate(this.size)
    this.written = rows.length > 0 ? (await this.file.write(`${text.join('\n')}\n`, this.size)).bytesWritten : 0
  }

  /** The batch is done for good. */
  keep(): void {
    this.size += this.written
    this.written = 0
  }

  async close(): Promise<void> {
    await this.file?.close()
  }

  private async begin(): Promise<FileHandle> {
    const fresh = `${this.path}.part`
    const file = await open(fresh, 'w')
    this.size = (await file.write(TITLE)).bytesWritten
    if (this.doneLines > 0 && existsSync(this.path)) {
      for await (const { text } of readLines(this.path, { no: 1, byte: 0 })) {
        const no = Number(/^(\d+),/.exec(text ?? '')?.[1])
        if (no <= this.doneLines) this.size += (await file.write(`${text}\n`, this.size)).bytesWritten
      }
    }
    await rename(fresh, this.path)
    return file
  }
}
