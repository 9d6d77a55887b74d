import { randomUUID } from 'node:crypto'
import type { PrismaClient } from '@huiyuan/prisma/client'
import { DAY_MS } from '@huiyuan/shared/time'
import { v7 as uuidv7 } from 'uuid'
import { ctxOf, type House } from '../../bff/src/ctx'
import { mintTokens } from '../../bff/src/session/tokens'
import { memberRefOf } from '../../bff/src/visit/member-ref'

const STORES = 50
const SHOPPERS = 2_000
const READERS = 1_000
const BUYERS = 1_000
const NEVER_RUNS_OUT = 1_000_000_000
/** What a member holds who comes twice a month; home reads them all. */
const LOTS_OF_A_READER = 12
const SLICE = 2_000

/** A live visit and who may ring it up. */
export interface Till {
  memberId: string
  visitId: string
  memberRef: string
  storeId: string
  tillId: string
  staffId: string
  /** The clerk's access token. */
  token: string
}

export interface Buyer {
  memberId: string
  /** The one lot that pays. */
  lotId: string
  token: string
}

export interface Crowd {
  /** One for each of 2,000 members, spread over the clerks of 50 stores, so that no audit chain is hot. */
  tills: Till[]
  /** Access tokens of 1,000 other members with a year of lots, for reading. */
  readers: string[]
  /** 1,000 others with points that never run out, for exchanging. */
  buyers: Buyer[]
}

const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))

/** Fills an empty database by whole tables: what the members have is made up, but adds up. */
export async function gatherCrowd(house: House): Promise<Crowd> {
  const { prisma } = house
  const at = house.now()
  const shoppers = many(SHOPPERS, () => uuidv7())
  const readers = many(READERS, () => uuidv7())
  const buyers = many(BUYERS, () => ({ memberId: uuidv7(), lotId: uuidv7() }))
  const clerks = many(STORES, () => uuidv7())
  const shopping = buyers.map(({ memberId }) => memberId)
  await openBooks(house, [...shoppers, ...readers, ...clerks, ...shopping], at)
  await fillLots(prisma, readers, at)
  await fillPurses(prisma, buyers, at)
  const stores = await openStores(prisma, clerks, at)
  const tokens = await signIn(house, [...clerks, ...readers, ...shopping], at)
  const visits = shoppers.map((memberId, i) => ({
    ...(stores[i % STORES] as (typeof stores)[number]),
    memberId,
    visitId: uuidv7(),
  }))
  const lasting = { method: 'member_no', openedAt: at, expiresAt: new Date(at.getTime() + DAY_MS) }
  await prisma.visit.createMany({ data: visits.map((visit) => ({ ...visit, ...lasting })) })
  return {
    tills: visits.map((visit) => ({
      ...visit,
      memberRef: memberRefOf(house.keys, visit.visitId, visit.memberId),
      token: tokens.get(visit.staffId) as string,
    })),
    readers: readers.map((memberId) => tokens.get(memberId) as string),
    buyers: buyers.map((buyer) => ({ ...buyer, token: tokens.get(buyer.memberId) as string })),
  }
}

async function openBooks({ prisma, keys }: House, memberIds: string[], at: Date): Promise<void> {
  const members = memberIds.map((memberId, i) => ({ memberId, memberNo: `8${String(i).padStart(15, '0')}` }))
  const arrival = { joinedAt: at, lastActiveAt: at, joinChannel: 'bench' }
  await prisma.member.createMany({
    data: members.map((member) => ({ ...member, ...arrival, nameSealed: keys.seal('林小满') })),
  })
  await prisma.memberNo.createMany({ data: members })
  await prisma.identity.createMany({
    data: memberIds.map((memberId, i) => ({
      memberId,
      kind: 'phone',
      issuer: '',
      subject: keys.hash('phone', `+86139${String(i).padStart(8, '0')}`),
      provenAt: at,
      firstAt: at,
    })),
  })
  await prisma.account.createMany({ data: memberIds.map((memberId) => ({ memberId })) })
  const validUntil = new Date(at.getTime() + 365 * DAY_MS)
  await prisma.standing.createMany({
    data: memberIds.map((memberId) => ({ memberId, since: at, validUntil, reviewAt: validUntil })),
  })
}

async function fillLots(prisma: PrismaClient, memberIds: string[], at: Date): Promise<void> {
  const lots = memberIds.flatMap((memberId) =>
    many(LOTS_OF_A_READER, (i) => {
      const lotId = uuidv7()
      const pending = i === LOTS_OF_A_READER - 1
      return {
        memberId,
        lotId,
        originLotId: lotId,
        state: pending ? 'pending' : 'active',
        earned: 100,
        remaining: 100,
        activeAt: new Date(at.getTime() + (pending ? 15 : -1) * DAY_MS),
        expiresAt: new Date(at.getTime() + (i + 1) * 30 * DAY_MS),
        effectKind: 'bench',
        effectSource: lotId,
      }
    }),
  )
  // by slices: more rows than one statement has room for would go in a transaction of several
  for (let from = 0; from < lots.length; from += SLICE)
    await prisma.lot.createMany({ data: lots.slice(from, from + SLICE) })
  await prisma.account.updateMany({
    where: { memberId: { in: memberIds } },
    data: { availablePoints: 100 * (LOTS_OF_A_READER - 1), pendingPoints: 100 },
  })
}

async function fillPurses(prisma: PrismaClient, buyers: Omit<Buyer, 'token'>[], at: Date): Promise<void> {
  await prisma.lot.createMany({
    data: buyers.map(({ memberId, lotId }) => ({
      memberId,
      lotId,
      originLotId: lotId,
      state: 'active',
      earned: NEVER_RUNS_OUT,
      remaining: NEVER_RUNS_OUT,
      activeAt: at,
      expiresAt: new Date(at.getTime() + 365 * DAY_MS),
      effectKind: 'bench',
      effectSource: lotId,
    })),
  })
  await prisma.account.updateMany({
    where: { memberId: { in: buyers.map(({ memberId }) => memberId) } },
    data: { availablePoints: NEVER_RUNS_OUT },
  })
}

async function openStores(prisma: PrismaClient, clerks: string[], at: Date) {
  const stores = clerks.map((staffId, i) => ({ storeId: `bench-${i}`, tillId: `bench-${i}-1`, staffId }))
  const shop = { city: '杭州', address: '东坡路 7 号', phone: '0571-87001000', opensAt: '09:00', closesAt: '22:00' }
  await prisma.store.createMany({
    data: stores.map(({ storeId }, i) => ({ ...shop, storeId, name: `${i} 号店`, latitude: 30.2, longitude: 120.1 })),
  })
  await prisma.till.createMany({ data: stores.map(({ storeId, tillId }) => ({ storeId, tillId, name: '收银台' })) })
  await prisma.staff.createMany({
    data: stores.map(({ storeId, staffId }, i) => ({
      memberId: staffId,
      role: 'clerk',
      storeId,
      staffNo: String(i),
      since: at,
    })),
  })
  return stores
}

/** Opens a session for each; → access tokens by member. */
export async function signIn(house: House, memberIds: string[], at: Date): Promise<Map<string, string>> {
  const until = new Date(at.getTime() + DAY_MS)
  const sessions = memberIds.map((memberId) => ({ memberId, sessionId: randomUUID(), generation: 1 }))
  await house.prisma.session.createMany({
    data: sessions.map((session) => ({
      ...session,
      deviceLabel: 'bench',
      platform: 'weapp',
      createdAt: at,
      rotatedAt: at,
      expiresAt: until,
    })),
  })
  const tokens = new Map<string, string>()
  for (const session of sessions) tokens.set(session.memberId, (await mintTokens(house, session, until)).accessToken)
  return tokens
}

/** The ctx in which a member's or a clerk's verb runs, without a server. */
export const actorCtx = (house: House, memberId: string) =>
  ctxOf(house, { kind: 'member', memberId, sessionId: randomUUID() })
