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

/** What is to be mended, line by line, for people: opens in any spreadsheet. A batch's rows count once its transaction has. */
export class ProblemFile {
  private size: number
  private written = 0

  private constructor(
    private readonly file: FileHandle,
    private readonly titles: Header['titles'],
    size: number,
  ) {
    this.size = size
  }

  /** @param doneLines rows of lines up to this one are kept: what a killed run wrote beyond is written again */
  static async open(path: string, { titles }: Header, doneLines: number): Promise<ProblemFile> {
    const fresh = `${path}.part`
    const file = await open(fresh, 'w')
    let size = (await file.write(TITLE)).bytesWritten
    if (doneLines > 0 && existsSync(path)) {
      for await (const { text } of readLines(path, { no: 1, byte: 0 })) {
        const no = Number(/^(\d+),/.exec(text ?? '')?.[1])
        if (no <= doneLines) size += (await file.write(`${text}\n`, size)).bytesWritten
      }
    }
    await rename(fresh, path)
    return new ProblemFile(file, titles, size)
  }

  /** Writes what the batch under way has to say; written again, it is there once. */
  async write(rows: ProblemRow[]): Promise<void> {
    const text = rows.map(({ no, column, words, shown, taken }) =>
      [String(no), column ? this.titles[column] : '', words, shown, taken ? '是' : '否'].map(cellText).join(','),
    )
    await this.file.truncate(this.size)
    this.written = rows.length > 0 ? (await this.file.write(`${text.join('\n')}\n`, this.size)).bytesWritten : 0
  }

  /** The batch is done for good. */
  keep(): void {
    this.size += this.written
    this.written = 0
  }

  close(): Promise<void> {
    return this.file.close()
  }
}
