/** What a file may say of a member, and how its columns may be called. Any order; only one of the first three is needed. */
export const COLUMNS = {
  phone: ['phone', '手机号'],
  cards: ['cards', '会员卡号'],
  externals: ['external_ids', '外部编号'],
  points: ['points', '积分'],
  expires: ['points_expire', '积分到期日'],
  growth: ['growth', '成长值'],
  tier: ['tier', '等级'],
  birthday: ['birthday', '生日'],
  tags: ['tags', '标签'],
  name: ['name', '姓名'],
  joined: ['joined', '入会日期'],
  seen: ['last_seen', '最近到店'],
} as const

export type Column = keyof typeof COLUMNS

/** The file's columns from left to right. */
export interface Header {
  columns: Column[]
  /** As the file calls them, for whoever mends it. */
  titles: Record<Column, string>
}

/** A file that cannot be taken in at all; its words are for whoever runs the import. */
export class FileRefused extends Error {}

const KNOWN_BY: Column[] = ['phone', 'cards', 'externals']
const byName = new Map(
  (Object.keys(COLUMNS) as Column[]).flatMap((column) => COLUMNS[column].map((name) => [name as string, column])),
)

/** Reads the first line's cells. @throws FileRefused naming everything that is wrong with them */
export function headerOf(cells: string[]): Header {
  const names = cells.map((cell) => cell.trim())
  const columns = names.map((name) => byName.get(name.toLowerCase()))
  const unknown = names.filter((_, at) => columns[at] === undefined)
  const twice = columns.filter((column, at) => column && columns.indexOf(column) < at) as Column[]
  const problems = [
    ...unknown.slice(0, 8).map((name) => `there is no column "${name.slice(0, 40)}"`),
    ...twice.map((column) => `"${COLUMNS[column].join('" or "')}" is there twice`),
    ...(columns.some((column) => column && KNOWN_BY.includes(column))
      ? []
      : [
          `nobody can be known by it: one of ${KNOWN_BY.map((column) => COLUMNS[column].join(' / ')).join(', ')} is needed`,
        ]),
  ]
  if (problems.length > 0)
    throw new FileRefused(`The first line must name the columns, with commas between them:
  ${problems.join('\n  ')}
  known columns: ${(Object.keys(COLUMNS) as Column[]).map((column) => COLUMNS[column].join('/')).join(', ')}`)
  const titles = Object.fromEntries(
    (Object.keys(COLUMNS) as Column[]).map((column) => [
      column,
      names[columns.indexOf(column)] || (COLUMNS[column][1] as string),
    ]),
  )
  return { columns: columns as Column[], titles: titles as Header['titles'] }
}
