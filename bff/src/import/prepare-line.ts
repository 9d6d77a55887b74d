import { createHash, createHmac } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import type { Ctx, ProvenIdentity } from '../ctx'
import { phoneProof } from '../member'
import { cellsOf } from './cells'
import type { Header } from './columns'
import { type ImportLine, type Problem, parseLine, shownKey, type Terms } from './parse-line'
import type { FileLine } from './read-lines'

/** A line that can be taken in, with what it is looked up by. */
export interface GoodLine {
  no: number
  shown: string
  line: ImportLine
  sure: ProvenIdentity[]
  phone: ProvenIdentity | null
  /** The line's own key under the import's secret: names its effect and tells nothing. */
  source: string
  /** Tells other figures under the same key. */
  figures: string
  /** When the other system last saw them; a day on which a phone opens nothing any more, when nobody says. */
  activeAt: Date
  silent: boolean
}

export interface BadLine {
  no: number
  shown: string
  problems: Problem[]
}

export interface Wish extends Terms {
  secret: Uint8Array
  /** For lines that do not say when their member was last seen. */
  seenOn: Date | null
}

const LINE_TROUBLE = { long: '这一行太长了，不像一位会员', utf8: '不是 UTF-8 的字' } as const

/** Reads, judges and hashes one line of the file; null for an empty one. */
export function prepareLine(
  ctx: Ctx,
  { no, text, problem }: FileLine,
  header: Header,
  wish: Wish,
): GoodLine | BadLine | null {
  if (text === null) return { no, shown: '', problems: [{ column: null, words: LINE_TROUBLE[problem ?? 'long'] }] }
  if (text.trim() === '') return null
  const cells = cellsOf(text)
  if (!cells) return { no, shown: '', problems: [{ column: null, words: '引号没有成对；一格里不能换行' }] }
  const { line, problems } = parseLine(cells, header, wish)
  const shown = shownKey(cells, header)
  if (!line) return { no, shown, problems }
  const said = line.seenAt ?? wish.seenOn ?? line.joinedAt
  const silentAt = new Date(wish.now.getTime() - wish.policy.phoneSilentDays * DAY_MS)
  return {
    no,
    shown,
    line,
    sure: [
      ...line.cards.map((card) => ({ kind: 'store_card' as const, issuer: '', subject: card })),
      ...line.externals.map(({ system, id }) => ({ kind: 'external' as const, issuer: system, subject: id })),
    ],
    phone: line.phone ? phoneProof(ctx.keys, line.phone) : null,
    source: createHmac('sha256', wish.secret).update(line.key).digest('hex').slice(0, 40),
    figures: figuresOf(line),
    activeAt: said ?? silentAt,
    silent: !said || said <= silentAt,
  }
}

function figuresOf({ lots, growth, tier }: ImportLine): string {
  const figures = [
    ...lots.map(({ points, expiresAt }) => `p${points}@${expiresAt?.getTime() ?? ''}`),
    ...growth.map(({ amount, earnedAt }) => `g${amount}@${earnedAt?.getTime() ?? ''}`),
    ...(tier ? [`t${tier}`] : []),
  ]
  return createHash('sha256').update(figures.sort().join(' ')).digest('hex').slice(0, 16)
}
