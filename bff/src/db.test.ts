import { databaseName, runOnce } from '@huiyuan/prisma/database/databases'
import pino from 'pino'
import { createTestDatabase } from '../../test/support/database'
import { ask, type Database, openDatabase, sqlInside } from './db'
import { withoutRows } from './plain-error'

const AT = new Date('2026-11-21T16:00:00.000Z')
const NOBODY = '018f0000-0000-7000-8000-000000000000'
let opened: Database
let url: string
let drop: () => Promise<void>
beforeAll(async () => {
  const database = await createTestDatabase()
  url = database.url
  await runOnce(database.url, `ALTER DATABASE "${databaseName(database.url)}" SET timezone TO 'Asia/Shanghai'`)
  opened = openDatabase(database.url, 2)
  drop = database.drop
})
afterAll(async () => {
  await opened.close()
  await drop()
})

describe('on a server that keeps Shanghai time', () => {
  test('an instant comes back from Prisma as it went in', async () => {
    const { prisma } = opened
    const row = { noticeKey: 'a', event: 'test', at: AT }
    await prisma.wechatNotice.create({ data: row })
    expect(await prisma.wechatNotice.findUniqueOrThrow({ where: { noticeKey: 'a' } })).toEqual(row)
    expect(await prisma.wechatNotice.count({ where: { at: AT } })).toBe(1)
  })

  test('both ways of calling a function speak of the same instant', async () => {
    const { sql, prisma } = opened
    const args = {
      storeId: 'shop',
      actorId: NOBODY,
      verb: 'test',
      subject: '',
      bodyHash: '0'.repeat(64),
    }
    await sql('audit_append', { ...args, at: AT })
    await prisma.$transaction((tx) => sqlInside(tx)('audit_append', { ...args, at: AT }))
    const entries = await prisma.auditEntry.findMany({ select: { at: true } })
    expect(entries).toEqual([{ at: AT }, { at: AT }])
  })
})

describe('the connection', () => {
  let single: Database
  beforeAll(() => {
    single = openDatabase(url, 1)
  })
  afterAll(() => single.close())
  const backend = async () => (await single.pool.query('SELECT pg_backend_pid() AS pid')).rows[0].pid

  test('what an unforeseen fault says of a row is not for the log', async () => {
    const lines: string[] = []
    const log = pino(
      { serializers: { err: (error) => withoutRows(pino.stdSerializers.err(error)) } },
      { write: (line) => lines.push(line) },
    )
    // not in one piece: Prisma quotes the lines of its caller
    const row = {
      handle: `${98_765}${43_210}`,
      memberId: NOBODY,
      deviceId: NOBODY,
      secretSealed: Buffer.from(`a ${'secret'}`),
    }
    await single.prisma.deviceHandle.create({ data: row })
    const again = single.prisma.deviceHandle.create({ data: row })
    log.error({ err: await again.catch((error) => error) })
    const same = single.pool.query(`INSERT INTO device_handle SELECT * FROM device_handle WHERE handle = $1`, [
      row.handle,
    ])
    log.error({ err: await same.catch((error) => error) })
    expect(lines.join()).toContain('device_handle_pkey')
    expect(lines.join()).not.toMatch(/9876543210|a secret|6120736563726574/)
  })

  test('outlives every refusal', async () => {
    const before = await backend()
    for (let n = 0; n < 5; n++)
      await expect(single.sql('ledger_spend', { memberId: NOBODY, at: AT })).rejects.toThrow('MEMBER_UNKNOWN')
    expect(await backend()).toBe(before)
  })

  test('is replaced when it broke, with a fault for whoever was on it', async () => {
    const before = await backend()
    const held = ask(single.pool, { text: 'SELECT pg_sleep(20)' })
    await runOnce(url, 'SELECT pg_terminate_backend($1)', [before])
    await expect(held).rejects.toThrow(/terminating|terminated/)
    expect(await backend()).not.toBe(before)
  })
})
