/**
 * News of the brand (品牌资讯). What an article says is data: paragraphs, headings and lists, one a line, drawn by the phone and
 * never taken for markup. Passing it on earns nothing; what readers do afterwards is told to whoever passed it on in numbers.
 */
import { countText } from './money'
import { clockText, dayText } from './time'

export type ArticleBlock =
  | { kind: 'heading' | 'text'; text: string }
  /** Items that follow each other. */
  | { kind: 'list'; items: string[] }

/** The drawings that an article can stand under; miniapp/src/ui/article-art.tsx draws them. */
export const ARTICLE_ARTS = ['mountain', 'kiln', 'steam', 'persimmon', 'lamp', 'cup', 'letter'] as const
export type ArticleArt = (typeof ARTICLE_ARTS)[number]

/** How long the parts of an article may be, in characters: {title, summary, body}. */
export const ARTICLE_LENGTHS = {
  title: { min: 2, max: 40 },
  summary: { min: 4, max: 120 },
  body: { min: 20, max: 4_000 },
} as const

/** What an operator writes. */
export interface ArticleForm {
  title: string
  summary: string
  body: string
  art: string
  publishFrom: Date
  publishUntil: Date | null
}

/**
 * The parts of a body: a line that begins with `#` is a heading, lines with `-` a list, each other line a paragraph. Empty
 * lines only keep lists apart. Whatever else stands in a line is text.
 */
export function blocksOf(body: string): ArticleBlock[] {
  const blocks: ArticleBlock[] = []
  let open: string[] | null = null
  for (const raw of body.split(/\r?\n/)) {
    const line = raw.trim()
    const item = /^[-－]\s*(\S.*)$/.exec(line)?.[1]
    if (item !== undefined) {
      if (open) open.push(item)
      else {
        open = [item]
        blocks.push({ kind: 'list', items: open })
      }
      continue
    }
    open = null
    const heading = /^[#＃]+\s*(\S.*)$/.exec(line)?.[1]
    if (heading !== undefined) blocks.push({ kind: 'heading', text: heading })
    else if (line) blocks.push({ kind: 'text', text: line })
  }
  return blocks
}

export interface ArticleProblem {
  field: keyof ArticleForm
  words: string
}

const NAMES = { title: '标题', summary: '提要', body: '正文' } as const

/** What stands in the way of saving, field by field, in words for the operator; empty when nothing does. */
export function articleProblems(form: ArticleForm): ArticleProblem[] {
  const problems: ArticleProblem[] = []
  for (const field of ['title', 'summary', 'body'] as const) {
    const { min, max } = ARTICLE_LENGTHS[field]
    const length = [...form[field].trim()].length
    if (length < min) problems.push({ field, words: `${NAMES[field]}至少 ${min} 个字` })
    if (length > max)
      problems.push({ field, words: `${NAMES[field]}最多 ${countText(max)} 个字，现在 ${countText(length)} 个` })
  }
  if (!(ARTICLE_ARTS as readonly string[]).includes(form.art)) problems.push({ field: 'art', words: '请选一幅画' })
  if (form.publishUntil && form.publishUntil <= form.publishFrom)
    problems.push({ field: 'publishUntil', words: '下线时间要晚于上线时间' })
  return problems
}

/** `soon` before its window, `over` after it. */
export type ArticleState = 'soon' | 'shown' | 'over' | 'withdrawn'

/** Whether readers see it now, and if not, why. */
export function articleState(
  {
    publishFrom,
    publishUntil,
    withdrawnAt,
  }: { publishFrom: Date; publishUntil: Date | null; withdrawnAt: Date | null },
  now: Date,
): ArticleState {
  if (withdrawnAt) return 'withdrawn'
  if (now < publishFrom) return 'soon'
  return publishUntil && now >= publishUntil ? 'over' : 'shown'
}

/** About how many minutes a calm reader takes; at least one. */
export const readingMinutes = (body: string): number =>
  Math.max(1, Math.round([...body.replace(/\s/g, '')].length / 350))

/** The page of an article; with a member's code it is that member's own link. */
export const articlePath = (articleId: string, code?: string | null): string =>
  `pages/article/article?id=${articleId}${code ? `&l=${code}` : ''}`

/** What somebody who passed an article on is told of its readers: how many, never who. */
export interface SpreadNumbers {
  /** Who opened it through the own link last. */
  readers: number
  /** Of these: who came in or came along, and whose days are still running. */
  waiting: number
  /** Of these: what was kept and counts. */
  counted: number
  /** Of these: what did not come to count, and why. */
  returned: number
  doubtful: number
  self: number
  double: number
  /** Of these: who did nothing within the days that it is looked for. */
  passed: number
}

/** Why some of it does not count, a line each; empty when everything does. */
export function spreadWords(numbers: SpreadNumbers, { attributionDays }: { attributionDays: number }): string[] {
  const of = (count: number, words: string) => (count > 0 ? [`${countText(count)} 位${words}`] : [])
  return [
    ...of(numbers.returned, '后来退了款，不计'),
    ...of(numbers.doubtful, '没有通过核对（比如同一台手机、同一个付款账户），不计'),
    ...of(numbers.self, '是你自己的另一张会员卡，不计'),
    ...of(numbers.double, '和另一位读者是同一个人，不计'),
    ...of(numbers.passed, `读过以后 ${attributionDays} 天里没有到店，不计`),
  ]
}

/** `2026-11-25 08:00`, by the brand's clock. */
export const momentText = (at: Date): string => `${dayText(at)} ${clockText(at)}`

/** The instant that such words mean; null for anything else. */
export function momentOf(text: string): Date | null {
  const parts = /^(\d{4})-(\d{1,2})-(\d{1,2})[ T]+(\d{1,2})[:：](\d{2})$/.exec(text.trim())
  if (!parts) return null
  const [, year = '', month = '', day = '', hour = '', minute = ''] = parts
  const two = (part: string) => part.padStart(2, '0')
  const at = new Date(`${year}-${two(month)}-${two(day)}T${two(hour)}:${minute}:00+08:00`)
  // the 31st of a short month is no day
  return Number.isNaN(at.getTime()) || momentText(at) !== `${year}-${two(month)}-${two(day)} ${two(hour)}:${minute}`
    ? null
    : at
}
