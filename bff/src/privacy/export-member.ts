import type { Ctx } from '../ctx'
import { zoned } from './export-columns'
import { SECTIONS, type Section } from './export-sections'

/** How many rows are held in memory at once. */
const PAGE = 500

/**
 * Everything the database holds of a person, of every record that became theirs, as the text of one JSON file, piece by piece: a long
 * history costs time and not memory. What changes while it is read may be in it or not.
 */
export async function* exportMember(ctx: Ctx, memberId: string): AsyncGenerator<string> {
  const records = await ctx.db.member.findMany({
    where: { OR: [{ memberId }, { mergedInto: memberId }] },
    orderBy: { joinedAt: 'asc' },
    select: { memberId: true, memberNo: true },
  })
  const head = {
    说明: '这是我们保存的、关于你的全部内容。时间为北京时间，金额单位为元。其他人的信息和系统密钥不在其中。',
    品牌: ctx.policy.brand.name,
    导出时间: zoned(ctx.now()),
  }
  yield `${JSON.stringify(head, null, 2).slice(0, -2)}`
  for (const section of SECTIONS) {
    yield `,\n  ${JSON.stringify(section.title)}: [`
    let first = true
    for (const record of records) {
      const more = records.length > 1 ? { 会员卡: record.memberNo } : {}
      for await (const rows of pagesOf(ctx, section, record.memberId))
        for (const row of rows) {
          yield `${first ? '' : ','}\n    ${JSON.stringify({ ...more, ...shownRow(ctx, section, row) })}`
          first = false
        }
    }
    yield first ? ']' : '\n  ]'
  }
  yield '\n}\n'
}

type Row = Record<string, unknown>

/** The rows of one record, page by page along the key: no page reads what came before it. */
async function* pagesOf(ctx: Ctx, section: Section, recordId: string): AsyncGenerator<Row[]> {
  const { table, key, columns, where = 'member_id = $1::uuid' } = section
  const wanted = Object.keys(columns).flatMap((name) => ('leftOut' in (columns[name] as object) ? [] : [`"${name}"`]))
  const order = key.map(([name]) => `"${name}"`).join(', ')
  const keys = key.map(([name], n) => `"${name}"::text AS "key${n}"`)
  const select = `SELECT ${[...wanted, ...keys].join(', ')} FROM "${table}" WHERE ${where}`
  const next = `(${order}) > (${key.map(([, type], n) => `$${n + 2}::${type}`).join(', ')})`
  let last: string[] | null = null
  for (;;) {
    const text: string = `${select}${last ? ` AND ${next}` : ''}${key.length > 0 ? ` ORDER BY ${order} LIMIT ${PAGE}` : ''}`
    const rows: Row[] = await ctx.db.$queryRawUnsafe<Row[]>(text, recordId, ...(last ?? []))
    if (rows.length > 0) yield rows
    if (rows.length < PAGE || key.length === 0) return
    last = key.map((_, n) => String(rows[rows.length - 1]?.[`key${n}`]))
  }
}

function shownRow(ctx: Ctx, { columns }: Section, row: Row): Row {
  const shown: Row = {}
  for (const [name, column] of Object.entries(columns)) {
    if ('leftOut' in column) continue
    const value = column.read(row[name], ctx.keys, ctx)
    if (value !== null && value !== undefined) shown[column.title] = value
  }
  // a phone is looked up by a hash; the number itself stands beside it
  if (row.kind === 'phone') delete shown.标识
  return shown
}
