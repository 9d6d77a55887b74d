import { createHmac, randomInt, randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memberCodeAt } from '@huiyuan/shared/code'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { enrolCode } from '../../bff/src/code/enrol-code'
import { type Ctx, ctxOf, type House } from '../../bff/src/ctx'
import { openDatabase } from '../../bff/src/db'
import { keysFrom } from '../../bff/src/keys'
import { diskPictures } from '../../bff/src/picture-store'
import { registry } from '../../bff/src/registry'
import { scanVisit } from '../../bff/src/visit/scan-visit'
import { createWechat, memoryTokenStore } from '../../bff/src/wechat'
import { type SeedPerson, seedPerson, seedStaff } from '../../prisma/seed/people'

/** Sunday noon in Shanghai. */
export const NOON = new Date('2026-11-22T04:00:00.000Z')

export interface HeldClock {
  at: Date
  pass: (ms: number) => void
}

export interface TestHouse {
  house: House
  clock: HeldClock
  /** The ctx of a signed-in member, or of nobody. */
  as: (memberId?: string) => Ctx
  /** Opens every connection: what is sent at once then arrives at once, not as fast as connections are made. */
  warm: () => Promise<void>
  /** Where its pictures lie; gone after `close`. */
  uploadDir: string
  close: () => Promise<void>
}

const SILENT = { info() {}, warn() {}, error() {}, debug() {} }
const APPS = { weapp: { appid: 'wx00000000000000aa', secret: '-' }, oa: { appid: 'wx00000000000000bb', secret: '-' } }

/**
 * A whole house on one database with a clock that stands still and a WeChat that nobody answers. A second one on the
 * same `clock` is what a second server process is: other connections, same keys.
 */
export function testHouse(
  url: string,
  more: Partial<House> & { clock?: HeldClock; connections?: number } = {},
): TestHouse {
  const { clock: given, connections = 12, ...parts } = more
  const clock = given ?? heldClock()
  const database = openDatabase(url, connections)
  const uploadDir = join(tmpdir(), `huiyuan-test-${randomUUID()}`)
  const house: House = {
    prisma: database.prisma,
    sql: database.sql,
    now: () => clock.at,
    wechat: createWechat({
      apiBase: 'http://127.0.0.1:9',
      oauthBase: 'http://127.0.0.1:9',
      apps: APPS,
      tokenStore: memoryTokenStore(),
      log: SILENT,
    }),
    weappId: APPS.weapp.appid,
    oaAppId: APPS.oa.appid,
    templates: {},
    sendText: async () => {},
    outside: { allowLocal: true },
    pictures: diskPictures(uploadDir),
    publicUrl: 'http://127.0.0.1:9',
    keys: keysFrom(Buffer.alloc(32, 7).toString('base64')),
    policy: DEMO_POLICY,
    registry,
    log: SILENT,
    ...parts,
  }
  return {
    house,
    clock,
    as: (memberId) => ctxOf(house, memberId ? { kind: 'member', memberId, sessionId: randomUUID() } : undefined),
    warm: async () => {
      const nap = 'SELECT pg_sleep(0.1)'
      const each = Array.from({ length: connections })
      await Promise.all(each.flatMap(() => [database.pool.query(nap), database.prisma.$executeRawUnsafe(nap)]))
    },
    uploadDir,
    close: async () => {
      await database.close()
      await rm(uploadDir, { recursive: true, force: true })
    },
  }
}

function heldClock(): HeldClock {
  const clock: HeldClock = {
    at: NOON,
    pass: (ms) => {
      clock.at = new Date(clock.at.getTime() + ms)
    },
  }
  return clock
}

export interface Person {
  memberId: string
  memberNo: string
  /** E.164 */
  phone: string
  ctx: Ctx
}

const digits = (count: number) => Array.from({ length: count }, () => randomInt(10)).join('')

/** A member with a phone of their own and a WeChat identity, unless told otherwise. */
export async function newMember({ as }: TestHouse, wish: Partial<SeedPerson> = {}): Promise<Person> {
  const phone = wish.phone ?? `+86139${digits(8)}`
  const memberId = await seedPerson(as(), {
    name: '林小满',
    phone,
    weapp: { openid: `o_${randomUUID()}` },
    joinedAt: as().now(),
    arrival: { channel: 'test' },
    ...wish,
  })
  const ctx = as(memberId)
  const { memberNo } = await ctx.db.member.findUniqueOrThrow({ where: { memberId }, select: { memberNo: true } })
  return { memberId, memberNo, phone, ctx }
}

export interface Shop {
  storeId: string
  tillId: string
  otherTillId: string
}

/** A store with two tills. */
export async function newStore({ as }: TestHouse, name = '湖滨店'): Promise<Shop> {
  const storeId = `shop-${randomUUID().slice(0, 8)}`
  const shop: Shop = { storeId, tillId: `${storeId}-1`, otherTillId: `${storeId}-2` }
  const { db } = as()
  await db.store.create({
    data: {
      storeId,
      name,
      city: '杭州',
      address: '东坡路 7 号',
      phone: '0571-87001000',
      opensAt: '09:00',
      closesAt: '22:00',
      latitude: 30.2553,
      longitude: 120.1641,
    },
  })
  await db.till.createMany({
    data: [shop.tillId, shop.otherTillId].map((tillId, at) => ({ storeId, tillId, name: `${at + 1} 号收银台` })),
  })
  return shop
}

export interface Colleague extends Person, Shop {
  role: 'clerk' | 'manager' | 'operator'
}

/** Somebody who works in a store, by default in a new one. */
export async function newStaff(
  test: TestHouse,
  { role = 'clerk', shop, name = '阿青' }: { role?: Colleague['role']; shop?: Shop; name?: string } = {},
): Promise<Colleague> {
  const { storeId, tillId, otherTillId } = shop ?? (await newStore(test))
  const person = await newMember(test, { name })
  const { memberId } = person
  await seedStaff(test.as(), { memberId, role, storeId, staffNo: digits(6), since: test.clock.at })
  return { ...person, storeId, tillId, otherTillId, role }
}

export interface Phone {
  deviceId: string
  handle: string
  secret: Uint8Array
  /** The 18 digits that the phone shows during a step. */
  codeAt: (step: number) => string
}

/** Makes a phone of the member's show the code. */
export async function newPhone({ ctx }: Pick<Person, 'ctx'>, deviceLabel = '小米 15'): Promise<Phone> {
  const enrolled = await enrolCode(ctx, { requestId: randomUUID(), deviceLabel, platform: 'weapp' })
  const secret = new Uint8Array(Buffer.from(enrolled.secret, 'base64url'))
  return {
    deviceId: enrolled.deviceId,
    handle: enrolled.handle,
    secret,
    codeAt: (step) =>
      memberCodeAt({
        handle: enrolled.handle,
        secret,
        step,
        hmacSha256: (key, message) => createHmac('sha256', key).update(message).digest(),
      }),
  }
}

/** A visit of the member, opened by a scan at the colleague's till. */
export async function newVisit({ clock }: TestHouse, person: Pick<Person, 'ctx'>, colleague: Colleague) {
  const phone = await newPhone(person)
  const code = phone.codeAt(Math.floor(clock.at.getTime() / 30_000))
  return scanVisit(colleague.ctx, colleague, { requestId: randomUUID(), code, tillId: colleague.tillId })
}
