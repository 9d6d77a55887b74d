import { codeMsLeft, codeStep, type HmacSha256, memberCodeAt } from '@huiyuan/shared/code'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { api } from './api'
import { bytesOfBase64url } from './base64url'
import { deviceLabel, platform } from './device'
import { newId } from './id'
import { keep, kept } from './storage'

/** What makes the code on this phone. The secret never leaves it again. */
interface Enrolment {
  deviceId: string
  handle: string
  secret: string
  /** Server clock minus phone clock, ms, learnt while there was a network. */
  offsetMs: number
}

const NAME = 'member-code'
const hmacSha256: HmacSha256 = (key, message) => hmac(sha256, key, message)

export const enrolment = (): Enrolment | null => kept<Enrolment>(NAME)

/** The enrolment of this phone, asked for once. Sent again with the same id it gives the same secret. */
export async function enrolHere(requestId = newId()): Promise<Enrolment> {
  const known = enrolment()
  if (known) return known
  const sent = Date.now()
  const { deviceId, handle, secret, serverNow } = await api.code.enrol.mutate({
    requestId,
    deviceLabel: deviceLabel(),
    platform,
  })
  const fresh = { deviceId, handle, secret, offsetMs: offsetOf(serverNow, sent) }
  keep(NAME, fresh)
  return fresh
}

const offsetOf = (serverNow: number, sent: number) => Math.round(serverNow - (sent + Date.now()) / 2)

/** Learns the server's clock again from any answer that carries it (`asOf`, ISO); small differences are left alone. */
export function learnClock(asOf: string): void {
  const own = enrolment()
  const offsetMs = new Date(asOf).getTime() - Date.now()
  if (own && Math.abs(own.offsetMs - offsetMs) > 5_000) keep(NAME, { ...own, offsetMs })
}

/** Forgets this phone's code, after it was revoked. */
export const forgetEnrolment = (): void => keep(NAME, null)

export interface ShownCode {
  /** Eighteen digits. */
  text: string
  msLeft: number
}

/** The code to show at `now` (epoch ms of this phone). Needs no network. */
export function codeAt({ handle, secret, offsetMs }: Enrolment, now: number): ShownCode {
  const server = now + offsetMs
  const text = memberCodeAt({ handle, secret: bytesOfBase64url(secret), step: codeStep(server), hmacSha256 })
  return { text, msLeft: codeMsLeft(server) }
}
