import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { missingMergeStatements, OWN_STATEMENTS } from './merge-statements'

let copy: string
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'schema-'))
  cpSync(OWN_STATEMENTS.schemaFolder, copy, { recursive: true })
})
afterEach(() => rmSync(copy, { recursive: true, force: true }))

const inCopy = () => missingMergeStatements({ ...OWN_STATEMENTS, schemaFolder: copy })

test('the schema as it stands says of every table what a merge and its undo do', () => {
  expect(inCopy()).toEqual([])
})

test('a table of a member that nobody speaks of is named, for the merge and for the undo', () => {
  const model = `model Stamp {
  memberId String @map("member_id") @db.Uuid
  stampId  String @map("stamp_id") @db.Uuid

  @@id([memberId, stampId])
  @@map("stamp")
}
`
  writeFileSync(join(copy, 'stamp.prisma'), model)
  const said = expect.stringContaining('bff/src/registry.ts')
  expect(inCopy()).toEqual([said, said])
  expect(inCopy().join()).toMatch(/stamp: no merge step.*stamp: no unmerge step/s)
})

test('a step that is listed and not written, and a table that has gone, are named', () => {
  const mergeSteps = [...OWN_STATEMENTS.mergeSteps, 'stamp_merge']
  expect(missingMergeStatements({ ...OWN_STATEMENTS, mergeSteps }).join()).toContain('stamp_merge')
  rmSync(join(copy, 'tier.prisma'))
  expect(inCopy().join()).toContain('tier_change: is said to stay')
})
