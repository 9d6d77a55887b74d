import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CampaignForm, RULES, type RuleCode, violationsOf } from '@huiyuan/shared/compliance'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { ILLEGAL, LEGAL } from '../../shared/src/compliance-campaigns.fixture'
import { PROJECT } from './project'

/** The tables of docs/compliance.md, made by the guard itself; `pnpm compliance` writes them, `pnpm check` compares. */
const FILE = join('docs', 'compliance.md')
const FROM = '<!-- guard: written by `pnpm compliance` -->'
const TO = '<!-- end of guard -->'

const row = (...cells: (string | number)[]) => `| ${cells.join(' | ')} |`

/** What of its words is to the point; those of a campaign that is refused for something else say nothing. */
const saysOf = ({ title, words }: CampaignForm, fields: string[]) =>
  [title, fields.includes('title') || !fields.includes('words') ? '' : words].filter(Boolean).join('<br>')

function refusedRow({ what, form }: (typeof ILLEGAL)[number], nth: number): string {
  const found = violationsOf(form, DEMO_POLICY)
  const fieldsOf = (code: RuleCode) =>
    found.flatMap(({ rule, field }) => (rule === code ? [`\`${field}\``] : [])).join(', ')
  const cells = [...new Set(found.map(({ rule }) => rule))].map(
    (rule) => `\`${rule}\` in ${fieldsOf(rule)}<br>${RULES[rule].words}（${RULES[rule].source}）`,
  )
  const fields = found.map(({ field }) => field)
  return row(nth + 1, what, saysOf(form, fields), cells.join('<br>'))
}

function tables(): string[] {
  return [
    `## Refused: ${ILLEGAL.length} campaigns`,
    '',
    row('', 'the campaign', 'what it says', 'the rule, and where it comes from'),
    '|--:|---|---|---|',
    ...ILLEGAL.map(refusedRow),
    '',
    `## Accepted: ${LEGAL.length} campaigns`,
    '',
    row('', 'the campaign', 'what it says', 'thanked for'),
    '|--:|---|---|---|',
    ...LEGAL.map(({ what, form }, nth) => row(nth + 1, what, saysOf(form, ['words']), `\`${form.trigger}\``)),
    '',
    `## All ${Object.keys(RULES).length} rules`,
    '',
    row('rule', 'what operators read', 'source'),
    '|---|---|---|',
    ...Object.entries(RULES).map(([code, { words, source }]) => row(`\`${code}\``, words, source)),
  ]
}

function page() {
  const path = join(PROJECT, FILE)
  const text = readFileSync(path, 'utf8')
  const [from, to] = [text.indexOf(FROM), text.indexOf(TO)]
  if (from < 0 || to < from) throw new Error(`${FILE} has no place for the guard’s tables`)
  const wanted = `${text.slice(0, from)}${FROM}\n\n${tables().join('\n')}\n\n${text.slice(to)}`
  return { path, text, wanted }
}

/** What is wrong with the document: it tells other rules than the guard follows. */
export function staleCompliance(): string[] {
  const { text, wanted } = page()
  return text === wanted ? [] : [`${FILE} tells other rules than the guard follows: pnpm compliance`]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { path, text, wanted } = page()
  if (text !== wanted) writeFileSync(path, wanted)
}
