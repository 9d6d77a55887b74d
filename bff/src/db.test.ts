import { databaseName, runOnce } from '@huiyuan/prisma/database/databases'
import { createTestDatabase } from '../../test/support/database'
import { type Database, openDatabase, sqlInside } from './db'

const AT = new Date('2026-11-21T16:00:00.000Z')
let opened: Database
let drop: () => Promise<void>
beforeAll(async () => {
  const database = await createTestDatabase()
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
      actorId: '018f0000-0000-7000-8000-000000000000',
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
