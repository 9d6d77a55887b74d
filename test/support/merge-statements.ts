import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { registry } from '../../bff/src/registry'
import { PROJECT } from './project'

/** Tables with a member's id that a merge leaves where they are, and why. */
const STAY: Record<string, string> = {
  cancellation: 'who is leaving is not merged; what was asked before stays with the record that asked',
  effect: 'says that something has had its effect, whoever it is now; only grows',
  former_identity: 'stays with the record that had it; whoever reads asks for all records of a person',
  kept_apart: 'names the two records that were separated; who they are now is looked up',
  member_tag: 'stays with the record it was put to; whoever reads asks for all records of a person',
  merge_record: 'the history of that record; a merge is taken back before those that it was built on',
  merge_step: 'as merge_record',
  merge_undo: 'as merge_record',
  risk_print: 'says what that record was seen with; whoever reads asks for all records of a person',
  tier_change: 'the history of that record; what the merge did to the tier is noted with the survivor',
  transfer: 'the history of that record; what moved is noted with both',
}

/** Where to look, and what the server runs. */
export interface Statements {
  schemaFolder: string
  functionsFolder: string
  mergeSteps: string[]
  undoSteps: string[]
}

const filesOf = (folder: string, ending: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(join(folder, name), 'utf8'))

/** Tables with a column member_id, by the schema's own words. */
function ownedTables(schemaFolder: string): string[] {
  const models = filesOf(schemaFolder, '.prisma').flatMap((text) => text.match(/^model \w+ \{[\s\S]*?^\}/gm) ?? [])
  const owned = models.filter((model) => model.includes('@map("member_id")'))
  return owned.map((model) => /@@map\("(\w+)"\)/.exec(model)?.[1] ?? (/^model (\w+)/.exec(model)?.[1] as string)).sort()
}

/** The bodies of all functions that these steps call, and those call in turn. */
function reachedFrom(steps: string[], functionsFolder: string): string {
  const bodies = new Map<string, string>()
  for (const text of filesOf(functionsFolder, '.sql'))
    for (const one of text.split(/^(?=CREATE OR REPLACE FUNCTION )/m)) {
      const name = /^CREATE OR REPLACE FUNCTION (\w+)\(/.exec(one)?.[1]
      if (name) bodies.set(name, one.replace(/--.*$/gm, ''))
    }
  const reached = new Map<string, string>()
  const waiting = [...steps]
  for (let name = waiting.pop(); name; name = waiting.pop()) {
    const body = bodies.get(name)
    if (body === undefined || reached.has(name)) continue
    reached.set(name, body)
    waiting.push(...[...body.matchAll(/\b(\w+)\(/g)].map(([, called]) => called as string))
  }
  return [...reached.values()].join('\n')
}

const writesTo = (table: string, text: string) =>
  new RegExp(`(UPDATE|INSERT INTO|DELETE FROM) "?${table}"?\\b`).test(text)

/**
 * Every table that a member owns rows of says what happens to them when two records become one person and when they become two
 * again, or stands in the list of those that stay, with a reason. → what is wrong, in words
 */
export function missingMergeStatements(of: Statements): string[] {
  const { schemaFolder, functionsFolder, mergeSteps, undoSteps } = of
  const merges = reachedFrom(mergeSteps, functionsFolder)
  const undoes = reachedFrom(undoSteps, functionsFolder)
  const owned = ownedTables(schemaFolder)
  const defined = filesOf(functionsFolder, '.sql').join('\n')
  return [
    ...[...mergeSteps, ...undoSteps]
      .filter((step) => !defined.includes(`CREATE OR REPLACE FUNCTION ${step}(call jsonb)`))
      .map((step) => `${step}: bff/src/registry.ts names it, and prisma/functions has no such function`),
    ...owned.flatMap((table) => {
      if (table in STAY) return []
      return [
        ...(writesTo(table, merges) ? [] : [`${table}: no merge step moves its rows`]),
        ...(writesTo(table, undoes) ? [] : [`${table}: no unmerge step brings its rows back`]),
      ].map((what) => `${what} (a function <noun>_merge or <noun>_unmerge that bff/src/registry.ts names)`)
    }),
    ...Object.keys(STAY)
      .filter((table) => !owned.includes(table))
      .map((table) => `${table}: is said to stay at a merge, but there is no such table of a member`),
  ]
}

/** This project's own, as it stands. */
export const OWN_STATEMENTS: Statements = {
  schemaFolder: join(PROJECT, 'prisma', 'schema'),
  functionsFolder: join(PROJECT, 'prisma', 'functions'),
  mergeSteps: registry.mergeSteps,
  undoSteps: registry.undoSteps,
}
