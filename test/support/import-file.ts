import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { memberNoFrom } from '@huiyuan/shared/member'
import { DAY_MS, dayText } from '@huiyuan/shared/time'

/** What a generated file holds, and so what must come of it. */
export interface GeneratedFile {
  lines: number
  /** Lines that cannot be taken in. */
  broken: number
  /** Lines about somebody of an earlier line. */
  duplicates: number
  /** Of all lines that are taken in for the first time. */
  points: number
  growth: number
  /** Members in the end: records less those that merged. */
  members: number
}

export interface FileWish {
  path: string
  lines: number
  now: Date
  /** Of a thousand lines. */
  duplicatesPerMille?: number
  brokenPerMille?: number
  /** Numbers of another file with another one of these are others. */
  series?: number
}

const HEADER = '会员卡号,手机号,外部编号,积分,积分到期日,成长值,等级,生日,标签,姓名,入会日期,最近到店'
const NAMES = ['林小满', '陈谷雨', '王白露', '李冬至', '张清明', '赵立夏', '周霜降', '吴惊蛰']
const SPREAD = 48_271

type Kind = 'repeat' | 'second_card' | 'other_figures' | 'silent_card' | 'joins_two'
/** Out of ten duplicates. */
const KINDS: Kind[] = [
  ...(['repeat', 'repeat', 'repeat', 'repeat', 'second_card', 'second_card', 'second_card'] as const),
  ...(['other_figures', 'silent_card', 'joins_two'] as const),
]

/** A stable number below `below` for each n and purpose. */
const pick = (n: number, salt: number, below: number) => (((n + 1) * SPREAD + salt * 7_919) % 2_147_483_647) % below

interface Person {
  card: string
  phone: string
  external: string
  points: number
  growth: number
  seen: string
}

/** Writes a file of members of another system: duplicates of five kinds, broken lines of eight, the same for the same wish. */
export async function generateImportFile(wish: FileWish): Promise<GeneratedFile> {
  const writer = new Writer(wish)
  const out = createWriteStream(wish.path)
  // as Excel writes it
  out.write(`\uFEFF${HEADER}\r\n`)
  for (let n = 0; n < wish.lines; n++) if (!out.write(`${writer.line(n)}\r\n`)) await once(out, 'drain')
  out.end()
  await once(out, 'finish')
  return writer.made
}

class Writer {
  readonly made: GeneratedFile
  /** Plain people by their line, the latest few thousand: enough to repeat somebody from further back than a batch. */
  private readonly recent: number[] = []
  /** Who was merged: of two phones one went, and it leads to nobody now. */
  private readonly merged = new Set<number>()

  constructor(private readonly wish: FileWish) {
    this.made = { lines: wish.lines, broken: 0, duplicates: 0, points: 0, growth: 0, members: 0 }
  }

  line(n: number): string {
    const { brokenPerMille = 10, duplicatesPerMille = 50 } = this.wish
    const chance = pick(n, 1, 1_000)
    if (chance < brokenPerMille) return this.broken(n)
    if (chance < brokenPerMille + duplicatesPerMille && this.recent.length > 20) return this.duplicate(n)
    this.recent.push(n)
    if (this.recent.length > 4_000) for (const old of this.recent.splice(0, 1_000)) this.merged.delete(old)
    return this.taken(this.person(n), n, { member: true })
  }

  private person(n: number): Person {
    const { now, series = 0 } = this.wish
    const digits = String(series * 100_000_000 + n)
    return {
      card: memberNoFrom(digits.padStart(14, '0')),
      phone: `1${3 + (series % 7)}${String(n).padStart(9, '0')}`,
      external: `crm:${series}-${n}`,
      points: pick(n, 2, 900),
      growth: pick(n, 3, 1_400),
      seen: dayText(new Date(now.getTime() - (1 + pick(n, 4, 60)) * DAY_MS)),
    }
  }

  private taken(person: Person, n: number, { member }: { member: boolean }): string {
    this.made.points += person.points
    this.made.growth += person.growth
    if (member) this.made.members++
    return this.text(person, n)
  }

  private text({ card, phone, external, points, growth, seen }: Person, n: number): string {
    const { now } = this.wish
    const ends = (days: number) => dayText(new Date(now.getTime() + days * DAY_MS))
    const half = Math.floor(points / 2)
    const lots = n % 3 === 0 ? `${half}@${ends(200)}|${points - half}@${ends(400 + (n % 90))}` : String(points)
    const day = dayText(new Date(now.getTime() - pick(n, 5, 300) * DAY_MS))
    const name = n % 50 === 0 ? `"${NAMES[n % 8]}, 老客"` : NAMES[n % 8]
    const birthday = n % 2 ? '' : `${1 + (n % 12)}-${1 + (n % 28)}`
    return [
      ...[card, phone, external, lots, n % 3 === 0 ? '' : ends(300)],
      ...[growth === 0 ? '' : `${growth}@${day}`, n % 40 === 0 ? '3' : '', birthday, n % 5 ? '' : '老客|茶友'],
      ...[name, dayText(new Date(now.getTime() - (400 + (n % 900)) * DAY_MS)), seen],
    ].join(',')
  }

  private duplicate(n: number): string {
    this.made.duplicates++
    const of = this.earlier(n, 6)
    const first = this.person(of)
    const own = this.person(n)
    const kind = KINDS[pick(n, 7, KINDS.length)] as Kind
    switch (this.merged.has(of) ? 'repeat' : kind) {
      case 'repeat':
        return this.text(first, of)
      case 'other_figures':
        return this.text({ ...first, points: first.points + 1 }, of)
      case 'second_card':
        return this.taken({ ...own, phone: first.phone }, n, { member: false })
      case 'silent_card':
        return this.taken({ ...own, phone: first.phone, seen: '2020-02-02' }, n, { member: true })
      case 'joins_two':
        return this.joined(own, n, of)
    }
  }

  /** A line with the cards of two people: they are one. */
  private joined(own: Person, n: number, of: number): string {
    const other = this.earlier(n, 8)
    const two = other !== of && !this.merged.has(other)
    if (two) {
      this.merged.add(of).add(other)
      this.made.members--
    }
    const cards = [own.card, this.person(of).card, ...(two ? [this.person(other).card] : [])].join('|')
    return this.taken({ ...own, card: cards, phone: '' }, n, { member: false })
  }

  private earlier(n: number, salt: number): number {
    return this.recent[pick(n, salt, this.recent.length)] as number
  }

  private broken(n: number): string {
    this.made.broken++
    const good = this.text(this.person(n), n)
    const { card, phone, external } = this.person(n)
    const lines = [
      `${card},12345,${external},1,,,,,,,,`,
      `${card},${phone},${external},-5,2026-02-30,x,9,13-40,,,,`,
      `${card},${phone}`,
      `${card},${phone},${external},1,,,,,,"没有关上,,`,
      `8.12E+15,${phone},${external},1,,,,,,,,`,
      ',,,5,,,,,,,,',
      `${card},${phone},${external},5@2020-01-01,,,,,,,,`,
      `${good}${','.repeat(5_000)}`,
    ]
    return lines[pick(n, 9, lines.length)] as string
  }
}
