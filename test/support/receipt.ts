import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { yuanText } from '@huiyuan/shared/money'
import { type Price, type PricedLine, priceOrder, type ReceiptLine } from '@huiyuan/shared/pricing'
import { PROJECT } from './project'
import { EXPLAINED, RECEIPT_FACTS } from './receipt-cart'

/** The one receipt that README and docs show, made by the rules themselves; `pnpm receipt` writes it, `pnpm check` compares. */
const FROM = '<!-- receipt: written by `pnpm receipt` -->'
const TO = '<!-- end of receipt -->'

const SIGNS: Record<ReceiptLine['state'], string> = { applied: '✓', refused: '×', near: '≈' }

const row = (...cells: string[]) => `| ${cells.join(' | ')} |`

const lineRow = ({ title, qty, unitFen, fullFen, payableFen }: PricedLine) =>
  row(`${title} × ${qty}`, yuanText(unitFen), `~~${yuanText(fullFen)}~~`, yuanText(payableFen))

const offText = ({ offFen }: ReceiptLine) => (offFen > 0 ? `−${yuanText(offFen)}` : '')

function explained({ rule }: ReceiptLine): string {
  const words = EXPLAINED[rule]
  if (!words) throw new Error(`the receipt of README has a line that nobody explains: ${rule}`)
  return words
}

const linesTable = (price: Price, head: string[], sum: string) => [
  row(...head),
  '|---|--:|--:|--:|',
  ...price.lines.map(lineRow),
  row(`**${sum}**`, '', `~~${yuanText(price.fullFen)}~~`, `**${yuanText(price.payableFen)}**`),
]

function english(price: Price): string[] {
  const receipt = price.receipt.map((line) =>
    row(SIGNS[line.state], `**${line.title}** ${line.words}`, offText(line), explained(line)),
  )
  return [
    ...linesTable(price, ['', 'each', 'by the menu', 'to pay'], '实收 to pay'),
    '',
    row('', 'what the receipt says', '', 'what that is'),
    '|---|---|--:|---|',
    ...receipt,
  ]
}

const chinese = (price: Price): string[] => [
  ...linesTable(price, ['', '单价', '菜单价', '实付'], '实收'),
  '',
  row('', '小票上写着', ''),
  '|---|---|--:|',
  ...price.receipt.map((line) => row(SIGNS[line.state], `**${line.title}** ${line.words}`, offText(line))),
]

const FILES: [string, (price: Price) => string[]][] = [
  ['README.md', english],
  ['README.zh-CN.md', chinese],
  [join('docs', 'pricing.md'), english],
]

/** The files that show the receipt, as they are and as they should be. @throws Error for one without its two marks */
function pages() {
  const price = priceOrder(RECEIPT_FACTS)
  return FILES.map(([file, write]) => {
    const path = join(PROJECT, file)
    const text = readFileSync(path, 'utf8')
    const [from, to] = [text.indexOf(FROM), text.indexOf(TO)]
    if (from < 0 || to < from) throw new Error(`${file} has no place for the receipt`)
    const wanted = `${text.slice(0, from)}${FROM}\n\n${write(price).join('\n')}\n\n${text.slice(to)}`
    return { file, path, text, wanted }
  })
}

/** Where README or docs show another receipt than the rules make. */
export const staleReceipts = (): string[] =>
  pages().flatMap(({ file, text, wanted }) =>
    text === wanted ? [] : `${file} shows a receipt that the rules no longer make: pnpm receipt`,
  )

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const { path, text, wanted } of pages()) if (text !== wanted) writeFileSync(path, wanted)
