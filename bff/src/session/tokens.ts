import { createHmac, timingSafeEqual } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { EncryptJWT, errors, jwtDecrypt, jwtVerify, SignJWT } from 'jose'
import type { Arrival, Guest, House, ProvenIdentity } from '../ctx'
import type { Keys } from '../keys'
import { refuse } from '../refusal'

/** Short, because a token lives on a phone that may be lost. */
const ACCESS_SECONDS = 15 * 60
const REFRESH_DAYS = 60
const GUEST_HOURS = 24

type Clocked = Pick<House, 'keys' | 'now'>

export interface Tokens {
  accessToken: string
  accessExpiresAt: string
  refreshToken: string
  refreshExpiresAt: string
}

export interface SessionRef {
  memberId: string
  sessionId: string
  generation: number
}

export const refreshExpiry = (from: Date): Date => new Date(from.getTime() + REFRESH_DAYS * DAY_MS)

const mac = (key: Uint8Array, text: string) => createHmac('sha256', key).update(text).digest('base64url')

/** The refresh token of one generation: always the same text, so that a lost answer can be given again. */
const refreshTokenOf = (keys: Keys, { memberId, sessionId, generation }: SessionRef): string => {
  const body = `${memberId}.${sessionId}.${generation}`
  return `${body}.${mac(keys.key('refresh'), body)}`
}

/** What a refresh token says, once its seal has been checked. @throws SESSION_OVER */
export function readRefreshToken(keys: Keys, token: string): SessionRef {
  const [memberId = '', sessionId = '', generation = '', seal = ''] = token.split('.')
  const given = Buffer.from(seal)
  const ours = keys.keys('refresh').some((key) => {
    const expected = Buffer.from(mac(key, `${memberId}.${sessionId}.${generation}`))
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
  if (!ours) return refuse('SESSION_OVER')
  return { memberId, sessionId, generation: Number(generation) }
}

/** Both tokens of a session. Times are ISO. */
export async function mintTokens({ keys, now }: Clocked, ref: SessionRef, refreshUntil: Date): Promise<Tokens> {
  const at = Math.floor(now().getTime() / 1000)
  const accessToken = await new SignJWT({ sid: ref.sessionId })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(ref.memberId)
    .setIssuedAt(at)
    .setExpirationTime(at + ACCESS_SECONDS)
    .sign(keys.key('access'))
  return {
    accessToken,
    accessExpiresAt: new Date((at + ACCESS_SECONDS) * 1000).toISOString(),
    refreshToken: refreshTokenOf(keys, ref),
    refreshExpiresAt: refreshUntil.toISOString(),
  }
}

export interface GuestToken {
  guestToken: string
  expiresAt: string
}

/**
 * A guest is only a sealed note in the guest's own pocket: the server keeps nothing about a person who has not
 * agreed to anything. Nobody but the server can read or change it.
 */
export async function mintGuestToken({ keys, now }: Clocked, guest: Omit<Guest, 'kind'>): Promise<GuestToken> {
  const at = Math.floor(now().getTime() / 1000)
  const until = at + GUEST_HOURS * 3600
  const guestToken = await new EncryptJWT({ proofs: guest.proofs, arrival: guest.arrival })
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .setSubject(guest.guestId)
    .setIssuedAt(at)
    .setExpirationTime(until)
    .encrypt(keys.key('guest'))
  return { guestToken, expiresAt: new Date(until * 1000).toISOString() }
}

export const isGuestToken = (token: string): boolean => token.split('.').length === 5

/** @throws SESSION_OVER when the note is torn, foreign or out of date */
export async function readGuestToken({ keys, now }: Clocked, token: string): Promise<Guest> {
  const { payload } = await readWith(keys.keys('guest'), (key) => jwtDecrypt(token, key, { currentDate: now() }))
  const { proofs, arrival } = payload as unknown as { proofs: ProvenIdentity[]; arrival: Arrival }
  // written under another key of the house, a phone is looked up by another hash
  const own = proofs.map((proof) =>
    proof.kind === 'phone' && proof.readable ? { ...proof, subject: keys.hash('phone', proof.readable) } : proof,
  )
  return { kind: 'guest', guestId: payload.sub as string, proofs: own, arrival }
}

/** Reads with the first key that fits. @throws SESSION_OVER when none does */
async function readWith<T>(keys: Uint8Array[], read: (key: Uint8Array) => Promise<T>): Promise<T> {
  for (const key of keys) {
    try {
      return await read(key)
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error
    }
  }
  return refuse('SESSION_OVER')
}

/** What an access token says; `expiresAt` in epoch ms. */
export interface Access {
  memberId: string
  sessionId: string
  expiresAt: number
}

/** Whose access token this is. @throws SESSION_OVER */
export async function readAccessToken({ keys, now }: Clocked, token: string): Promise<Access> {
  const rules = { currentDate: now(), algorithms: ['HS256'] }
  const { payload } = await readWith(keys.keys('access'), (key) => jwtVerify(token, key, rules))
  const expiresAt = (payload.exp as number) * 1000
  return { memberId: payload.sub as string, sessionId: payload.sid as string, expiresAt }
}
