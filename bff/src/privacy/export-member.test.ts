import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { runOnce } from '@huiyuan/prisma/database/databases'
import express from 'express'
import { testDatabase } from '../../../test/support/database'
import { newMember, type TestHouse, testHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { startSession } from '../session/start-session'
import { makeExportLink, spendExportLink } from './export-link'
import { exportMember } from './export-member'
import { exportRoute } from './export-route'
import { NOT_EXPORTED, SECTIONS, type Section } from './export-sections'

const database = testDatabase()
let one: TestHouse
beforeAll(() => {
  one = testHouse(database.url)
})
afterAll(() => one.close())

interface ColumnRow {
  table: string
  name: string
  type: string
  length: number | null
}

const columnsOfAll = async (): Promise<ColumnRow[]> =>
  (
    await runOnce(
      database.url,
      `SELECT c.table_name AS "table", column_name AS name, udt_name AS type, character_maximum_length AS length
        FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
        WHERE table_schema = 'public' AND t.table_type = 'BASE TABLE' ORDER BY 1, ordinal_position`,
    )
  ).rows as ColumnRow[]

const namesOf = (columns: ColumnRow[], table: string) =>
  columns.filter((one) => one.table === table).map(({ name }) => name)
async function fileOf(memberId: string): Promise<{ text: string; file: Record<string, Record<string, unknown>[]> }> {
  let text = ''
  for await (const piece of exportMember(one.as(), memberId)) text += piece
  return { text, file: JSON.parse(text) }
}

/** Columns by which a table names a person. */
const NAMES_MEMBER =
  /^(member_id|inviter_id|holder_id|other_id|staff_id|actor_id|actor|proposed_by|decided_by|settled_by|returned_by|phone_hash)$/

test('every table that names a member is in the file, column by column, or is left out with a reason', async () => {
  const columns = await columnsOfAll()
  const tables = [...new Set(columns.filter(({ name }) => NAMES_MEMBER.test(name)).map(({ table }) => table))]
  const told = [...new Set([...SECTIONS.map(({ table }) => table), ...Object.keys(NOT_EXPORTED)])]
  expect(told.sort()).toEqual(tables.sort())
  for (const { table, columns: named } of SECTIONS)
    expect([table, ...Object.keys(named).sort()]).toEqual([table, ...namesOf(columns, table).sort()])
  for (const [name, column] of SECTIONS.flatMap((section) => Object.entries(section.columns)))
    if ('leftOut' in column) expect([name, column.leftOut.length > 10]).toEqual([name, true])
})

test('a mark in every column of every table is found in the file; what is left out is not', async () => {
  const columns = await columnsOfAll()
  const me = await newMember(one)
  // what a row may hold is other tests' business
  const { rows: checks } = await runOnce(
    database.url,
    `SELECT conname AS name, conrelid::regclass::text AS "table" FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace`,
  )
  for (const { name, table } of checks as { name: string; table: string }[])
    await runOnce(database.url, `ALTER TABLE ${table} DROP CONSTRAINT "${name}"`)
  let mark = 10_000
  const values = (column: ColumnRow): unknown => {
    mark++
    if (column.type === 'uuid') return randomUUID()
    if (column.type === '_uuid') return [randomUUID()]
    if (column.type === '_varchar') return [`m${mark}`]
    if (column.type === 'timestamptz') return new Date(Date.UTC(2020, 0, 1, 4, 0, mark % 60, 0) + mark * 60_000)
    if (column.type === 'jsonb') return { mark: `m${mark}`, other: randomUUID() }
    if (column.type === 'bytea') return Buffer.from(one.house.keys.seal(`m${mark}`))
    if (column.type === 'bool') return true
    if (column.type.startsWith('int')) return mark
    return `m${mark}`.padEnd(column.type === 'bpchar' ? (column.length ?? 1) : 0, '0')
  }
  const joins: Record<string, Record<string, unknown>> = {}
  const put: { section: Section; row: Record<string, unknown> }[] = []
  for (const section of SECTIONS) {
    const row = Object.fromEntries(
      columns.filter(({ table }) => table === section.table).map((one) => [one.name, values(one)]),
    )
    const redemption = joins.redemption ?? {}
    if (section.table.startsWith('reward_') && 'redemption_id' in row)
      Object.assign(row, { reward_id: redemption.reward_id, redemption_id: redemption.redemption_id })
    if (section.table === 'reward_piece') row.piece_no = redemption.piece_no
    if (section.table === 'request') row.actor = `m:${me.memberId}`
    else row[section.where?.startsWith('inviter_id') ? 'inviter_id' : 'member_id'] = me.memberId
    joins[section.table] = row
    const names = Object.keys(row)
    await runOnce(
      database.url,
      `DELETE FROM "${section.table}" WHERE ${section.key.length === 0 ? `member_id = '${me.memberId}'` : 'false'}`,
    )
    await one.house.prisma.$executeRawUnsafe(
      `INSERT INTO "${section.table}" (${names.map((name) => `"${name}"`).join(', ')})
        SELECT ${names.map((name) => `"${name}"`).join(', ')} FROM jsonb_populate_record(NULL::"${section.table}", $1::jsonb)`,
      JSON.stringify(row, (_name, value) =>
        value?.type === 'Buffer' ? `\\x${Buffer.from(value.data).toString('hex')}` : value,
      ),
    )
    put.push({ section, row })
  }
  const { text, file } = await fileOf(me.memberId)
  for (const { section, row } of put) {
    const shown = JSON.stringify(file[section.title])
    for (const [name, column] of Object.entries(section.columns)) {
      const value = row[name]
      const marked = Buffer.isBuffer(value)
        ? one.house.keys.openText(value)
        : value instanceof Date
          ? value.toISOString().slice(14, 16)
          : typeof value === 'object' && value !== null && 'mark' in value
            ? value.mark
            : section.columns[name] && /_fen$/.test(name)
              ? String(Number(value) / 100)
              : String(value)
      const there = `${section.title}.${name}`
      if (!('leftOut' in column)) expect([there, shown.includes(String(marked))]).toEqual([there, true])
      else if (typeof value === 'string' && !/^(reward_id|redemption_id)$/.test(name))
        expect([there, text.includes(value)]).toEqual([there, false])
    }
  }
  // but for the openid that the person came with, and links to pictures
  expect(text).not.toMatch(/(?<!o_|upload\/)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/)
})

test('a long history is read page by page, each row once; another record of the person is there under its card', async () => {
  const [me, other] = [await newMember(one), await newMember(one)]
  await one.house.prisma
    .$executeRaw`INSERT INTO visit (member_id, visit_id, store_id, till_id, staff_id, method, opened_at, expires_at)
    SELECT ${me.memberId}::uuid, gen_random_uuid(), 'shop', 'till', gen_random_uuid(), 'phone', now(), now() + n * interval '1 second'
      FROM generate_series(1, 1203) n`
  await one.house.prisma.member.update({
    where: { memberId: other.memberId },
    data: { status: 'merged', mergedInto: me.memberId },
  })
  const { file } = await fileOf(me.memberId)
  expect(file.到店).toHaveLength(1_203)
  expect(file.会员资料?.map(({ 会员卡 }) => 会员卡).sort()).toEqual([me.memberNo, other.memberNo].sort())
  expect(file.会员资料?.[0]).toMatchObject({ 称呼: '林小满', 入会时间: '2026-11-22T12:00:00+08:00' })
  expect(file.关联的身份?.find(({ 类型 }) => 类型 === '手机号')).toMatchObject({
    号码: expect.stringMatching(/^\+86139/),
  })
})

test('the link is good once, for minutes, and while its session is signed in; five an hour', async () => {
  const me = await newMember(one)
  const sessionId = await startSession(one.as(), me.memberId, { deviceLabel: '小米 15', platform: 'h5' })
  const ctx = { ...one.as(me.memberId), actor: { kind: 'member' as const, memberId: me.memberId, sessionId } }
  const tokenOf = async () => {
    const { path } = await makeExportLink(ctx)
    expect(path).not.toContain(me.memberId)
    return path.replace('/export?t=', '')
  }
  const first = await tokenOf()
  const spent = await Promise.all(Array.from({ length: 8 }, () => spendExportLink(one.as(), first)))
  expect(spent.filter((who) => who !== null)).toEqual([me.memberId])
  const late = await tokenOf()
  one.clock.pass(5 * 60_000)
  expect(await spendExportLink(one.as(), late)).toBeNull()
  expect(await spendExportLink(one.as(), `${late.slice(0, -2)}aa`)).toBeNull()
  const signedOut = await tokenOf()
  await one.as().db.session.updateMany({ where: { sessionId }, data: { revokedAt: one.clock.at } })
  expect(await spendExportLink(one.as(), signedOut)).toBeNull()
  const atOnce = Array.from({ length: 8 }, () => makeExportLink(ctx))
  expect(await endsOf(atOnce)).toEqual({ answer: 2, TOO_MANY: 6 })
  expect(await refusalOf(makeExportLink(ctx), 'TOO_MANY')).toEqual({ retryAfterSeconds: 3_300 })
})

test('served as a download that nothing keeps; a used or torn link says so kindly and nothing else', async () => {
  const me = await newMember(one)
  const sessionId = await startSession(one.as(), me.memberId, { deviceLabel: '小米 15', platform: 'h5' })
  const server = express().get('/export', exportRoute(one.house)).listen(0)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { path } = await makeExportLink({
    ...one.as(),
    actor: { kind: 'member', memberId: me.memberId, sessionId },
  })
  // a chat that draws a preview of the link looks ahead
  expect((await fetch(url + path, { method: 'HEAD' })).status).toBe(405)
  const first = await fetch(url + path)
  expect(first.status).toBe(200)
  expect(first.headers.get('cache-control')).toBe('no-store')
  expect(first.headers.get('content-disposition')).toBe('attachment; filename="member-2026-11-22.json"')
  expect(JSON.parse(await first.text())).toMatchObject({ 会员资料: [{ 称呼: '林小满', 会员号: me.memberNo }] })
  for (const again of [path, '/export', '/export?t=x', `/export?t=${'x'.repeat(200)}`]) {
    const refused = await fetch(url + again)
    expect([refused.status, await refused.text()]).toEqual([410, expect.stringContaining('请回到会员中心重新生成')])
  }
  await new Promise((closed) => server.close(closed))
})
