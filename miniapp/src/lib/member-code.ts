import { codeMsLeft, codeStep, type HmacSha256, memberCodeAt } from '@huiyuan/shared/code'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { create } from 'zustand'
import { api } from './api'
import { bytesOfBase64url } from './base64url'
import { clockLearnt } from './code-clock'
import { deviceLabel, platform } from './device'
import { newId } from './id'
import { keep, kept } from './storage'

/** What makes the code on this phone. The secret never leaves it again. */
export interface Enrolment {
  deviceId: string
  handle: string
  secret: string
  /** Server clock minus phone clock, ms, learnt while there was a network. */
  offsetMs: number
  /** What proves the code where there is no network; it may not be there yet. */
  proof?: CodeProof
}

export interface CodeProof {
  /** This phone's own key, which was made here and never leaves it; 32 bytes in base64url. */
  seed: string
  certificate: string
  /** Epoch ms by the server's clock. */
  expiresAt: number
}

const NAME = 'member-code'
const hmacSha256: HmacSha256 = (key, message) => hmac(sha256, key, message)

/** This phone's enrolment, as kept; everybody who shows it sees a change. */
export const useEnrolment = create(() => ({ own: kept<Enrolment>(NAME) }))

function hold(own: Enrolment | null): void {
  keep(NAME, own)
  useEnrolment.setState({ own })
}

let asking: Promise<unknown> | null = null
let requestId: string | null = null

/** Makes sure that this phone has a code; asked for once, and after a lost answer again with the same id. */
export function enrolHere(): Promise<unknown> {
  if (useEnrolment.getState().own) return Promise.resolve()
  asking ??= ask().finally(() => {
    asking = null
  })
  return asking
}

async function ask(): Promise<void> {
  requestId ??= newId()
  const sent = Date.now()
  const given = await api.code.enrol.mutate({ requestId, deviceLabel: deviceLabel(), platform })
  requestId = null
  const { deviceId, handle, secret, serverNow } = given
  hold({ deviceId, handle, secret, offsetMs: offsetOf(serverNow, sent) })
  clockLearnt(serverNow)
}

/** Keeps what was certified for this phone, unless it shows another code by now. */
export function keepProof(deviceId: string, proof: CodeProof): void {
  const { own } = useEnrolment.getState()
  if (own?.deviceId === deviceId) hold({ ...own, proof })
}

const offsetOf = (serverNow: number, sent: number) => Math.round(serverNow - (sent + Date.now()) / 2)

/** Learns the server's clock from a fresh answer to a question sent at `sent`; small differences are left alone. */
export function learnClock(serverNow: number, sent: number): void {
  const { own } = useEnrolment.getState()
  const offsetMs = offsetOf(serverNow, sent)
  clockLearnt(serverNow)
  if (own && Math.abs(own.offsetMs - offsetMs) > 3_000) hold({ ...own, offsetMs })
}

/** Forgets this phone's code, after it was revoked. */
export const forgetEnrolment = (): void => hold(null)

export interface ShownCode {
  /** Eighteen digits. */
  text: string
  step: number
  msLeft: number
}

/** The code to show at `now` (epoch ms of this phone). Needs no network. */
export function codeAt({ handle, secret, offsetMs }: Enrolment, now: number): ShownCode {
  const server = now + offsetMs
  const step = codeStep(server)
  const text = memberCodeAt({ handle, secret: bytesOfBase64url(secret), step, hmacSha256 })
  return { text, step, msLeft: codeMsLeft(server) }
}
