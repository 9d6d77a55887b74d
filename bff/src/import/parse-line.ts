import { isDisplayName, maskPhone } from '@huiyuan/shared/member'
import type { Policy } from '@huiyuan/shared/policy'
import { growthCountsFrom } from '@huiyuan/shared/tier'
import { businessDay, dayText, endOfBusinessDay, startOfBusinessDay } from '@huiyuan/shared/time'
import { normalPhone } from '../sms'
import type { Column, Header } from './columns'

/** One member as the other system knew them. */
export interface ImportLine {
  /** What it is called by in the file itself: external id, else card, else phone. It has its effect once. */
  key: string
  /** E.164 */
  phone: string | null
  cards: string[]
  externals: { system: string; id: string }[]
  /** `expiresAt` null: as if earned today. */
  lots: { points: number; expiresAt: Date | null }[]
  /** `earnedAt` null: counts from today. */
  growth: { amount: number; earnedAt: Date | null }[]
  tier: number | null
  birthday: { month: number; day: number } | null
  tags: string[]
  name: string | null
  joinedAt: Date | null
  seenAt: Date | null
}

export interface Problem {
  /** null: the line as a whole */
  column: Column | null
  words: string
}

export type ParsedLine = { line: ImportLine; problems?: undefined } | { line?: undefined; problems: Problem[] }

export interface Terms {
  policy: Policy
  now: Date
  /** Whose numbers external ids are that do not say so. */
  system: string
}

const MOST_AMOUNT = 10_000_000
const MOST = { cards: 10, externals: 10, lots: 40, tags: 20 }

/** Reads one cell; what is wrong with it goes to the problems, all of one line at once. */
class CellReader {
  readonly problems: Problem[] = []
  constructor(
    private readonly cells: Partial<Record<Column, string>>,
    private readonly terms: Terms,
  ) {}

  text(column: Column): string {
    return this.cells[column] ?? ''
  }

  wrong(column: Column | null, words: string): null {
    this.problems.push({ column, words })
    return null
  }

  /** What stands between the bars; two lots may well be alike, two cards not. */
  parts(column: Column, most: number, alike = false): string[] {
    const said = this.text(column)
      .split('|')
      .map((part) => part.trim())
      .filter(Boolean)
    const parts = alike ? said : [...new Set(said)]
    if (parts.length > most) this.wrong(column, `最多 ${most} 个，用 | 隔开`)
    return parts.slice(0, most)
  }

  phone(): string | null {
    const text = this.text('phone')
    if (text === '') return null
    if (/^1[3-9]\d{9}$/.test(text)) return `+86${text}`
    return normalPhone(text) ?? this.wrong('phone', '不是能收短信的手机号')
  }

  cards(): string[] {
    const cards = this.parts('cards', MOST.cards)
    for (const card of cards)
      if (!/^\d{4,32}$/.test(card)) this.wrong('cards', `卡号是 4 到 32 位数字，这里是「${short(card)}」`)
    return cards
  }

  externals(): ImportLine['externals'] {
    return this.parts('externals', MOST.externals).map((part) => {
      const [, system = this.terms.system, id = ''] = /^(?:([a-z][a-z0-9_-]{0,31}):)?(.*)$/s.exec(part) ?? []
      if (id === '' || id.length > 64 || /[\p{C}\s]/u.test(id))
        this.wrong('externals', `编号是 1 到 64 个字符、不含空格，前面可写「系统:」，这里是「${short(part)}」`)
      return { system, id }
    })
  }

  amount(column: Column, text: string): number {
    const amount = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (amount <= MOST_AMOUNT) return amount
    this.wrong(column, `要 0 到 ${MOST_AMOUNT} 的整数，这里是「${short(text)}」`)
    return 0
  }

  /** The beginning of that day in Shanghai. */
  day(column: Column, text: string): Date | null {
    const parts = /^(20\d\d|19\d\d)([-/])(\d{1,2})\2(\d{1,2})$/.exec(text)
    const at = parts && dayOf(Number(parts[1]), Number(parts[3]), Number(parts[4]))
    return at ?? this.wrong(column, `日期写成 2027-03-31，这里是「${short(text)}」`)
  }

  past(column: Column): Date | null {
    const text = this.text(column)
    const at = text === '' ? null : this.day(column, text)
    return at && at > this.terms.now ? this.wrong(column, `${dayText(at)} 还没有到`) : at
  }

  /** `320@2027-03-31|50@2026-12-31`, or `320` alone. */
  dated(column: Column): { amount: number; day: Date | null }[] {
    const dated = this.parts(column, MOST.lots, true)
      .map((part) => {
        const [amount = '', day] = part.split('@')
        return {
          amount: this.amount(column, amount.trim()),
          day: day === undefined ? null : this.day(column, day.trim()),
        }
      })
      .filter(({ amount }) => amount > 0)
    // an account is an integer of PostgreSQL
    if (dated.reduce((sum, { amount }) => sum + amount, 0) > MOST_AMOUNT)
      this.wrong(column, `一行加起来最多 ${MOST_AMOUNT}`)
    return dated
  }

  lots(): ImportLine['lots'] {
    const text = this.text('expires')
    const own = text === '' ? null : this.day('expires', text)
    const dated = this.dated('points')
    if (own && dated.some(({ day }) => day)) this.wrong('expires', '积分里已经写了到期日，这里要空着')
    const today = startOfBusinessDay(this.terms.now)
    return dated.map(({ amount, day }) => {
      const last = day ?? own
      if (last && last < today) this.wrong(day ? 'points' : 'expires', `${dayText(last)} 已经过期，过期的积分请删掉`)
      return { points: amount, expiresAt: last && endOfBusinessDay(last) }
    })
  }

  growth(): ImportLine['growth'] {
    const { now, policy } = this.terms
    const from = growthCountsFrom(now, policy)
    return this.dated('growth').map(({ amount, day }) => {
      if (day && day > now) this.wrong('growth', `${dayText(day)} 还没有到`)
      if (day && day < from)
        this.wrong('growth', `${dayText(day)} 的成长值已经满 ${policy.growthWindowMonths} 个月，不再计入，请删掉`)
      return { amount, earnedAt: day }
    })
  }

  tier(): number | null {
    const text = this.text('tier')
    if (text === '') return null
    const rung = this.terms.policy.tiers.find(({ tier, name }) => text === String(tier) || text === name)
    if (rung) return rung.tier
    const ladder = this.terms.policy.tiers.map(({ tier, name }) => `${tier} ${name}`).join('、')
    return this.wrong('tier', `没有这个等级，有的是 ${ladder}`)
  }

  birthday(): ImportLine['birthday'] {
    const text = this.text('birthday')
    if (text === '') return null
    const parts = /^(?:\d{4}([-/]))?(\d{1,2})[-/](\d{1,2})$/.exec(text)
    // 2000 was a leap year: 29 February is somebody's birthday
    const at = parts && dayOf(2000, Number(parts[2]), Number(parts[3]))
    if (!at) return this.wrong('birthday', `生日写成 03-08，这里是「${short(text)}」`)
    const { month, day } = businessDay(at)
    return { month, day }
  }

  tags(): string[] {
    const tags = this.parts('tags', MOST.tags)
    for (const tag of tags)
      if ([...tag].length > 24 || /\p{C}/u.test(tag))
        this.wrong('tags', `一个标签最多 24 个字，这里是「${short(tag)}」`)
    return tags
  }

  name(): string | null {
    const text = this.text('name')
    if (text === '') return null
    return isDisplayName(text) ? text : this.wrong('name', '姓名是 1 到 20 个字，不含换行等字符')
  }
}

const short = (text: string) => (text.length > 24 ? `${text.slice(0, 24)}…` : text).replace(/\p{C}/gu, '?')

/** The beginning of a day that there is, in Shanghai; null for 30 February. */
function dayOf(year: number, month: number, day: number): Date | null {
  const at = startOfBusinessDay(new Date(Date.UTC(year, month - 1, day, 4)))
  const real = businessDay(at)
  return real.year === year && real.month === month && real.day === day ? at : null
}

/** What the cells of a line say, or everything that is wrong with them. */
export function parseLine(cells: string[], { columns }: Header, terms: Terms): ParsedLine {
  if (cells.length !== columns.length)
    return { problems: [{ column: null, words: `要 ${columns.length} 列，这一行有 ${cells.length} 列` }] }
  const reader = new CellReader(
    Object.fromEntries(columns.map((column, at) => [column, (cells[at] as string).trim()])),
    terms,
  )
  const known = { phone: reader.phone(), cards: reader.cards(), externals: reader.externals() }
  const line: ImportLine = {
    key: keyOf(known),
    ...known,
    lots: reader.lots(),
    growth: reader.growth(),
    tier: reader.tier(),
    birthday: reader.birthday(),
    tags: reader.tags(),
    name: reader.name(),
    joinedAt: reader.past('joined'),
    seenAt: reader.past('seen'),
  }
  if (line.key === '' && reader.problems.length === 0) reader.wrong(null, '手机号、会员卡号、外部编号至少要有一个')
  return reader.problems.length > 0 ? { problems: reader.problems } : { line }
}

function keyOf({ phone, cards, externals }: Pick<ImportLine, 'phone' | 'cards' | 'externals'>): string {
  if (externals[0]) return `external:${externals[0].system}:${externals[0].id}`
  if (cards[0]) return `card:${cards[0]}`
  return phone ? `phone:${phone}` : ''
}

/** The line's own key as whoever mends it finds it: external id, else card, else a masked phone. From raw cells, right or wrong. */
export function shownKey(cells: string[], { columns }: Header): string {
  const cell = (column: Column) => cells[columns.indexOf(column)]?.trim() ?? ''
  const [own = ''] = (cell('externals') || cell('cards')).split('|')
  return short(own || (cell('phone') && maskPhone(cell('phone'))))
}
