import { codeMsLeft, codeStep, type HmacSha256, memberCodeAt } from '@huiyuan/shared/code'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { create } from 'zustand'
import { api } from './api'
import { bytesOfBase64url } from './base64url'
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
}

const offsetOf = (serverNow: number, sent: number) => Math.round(serverNow - (sent + Date.now()) / 2)

/** Learns the server's clock from a fresh answer to a question sent at `sent`; small differences are left alone. */
export function learnClock(serverNow: number, sent: number): void {
  const { own } = useEnrolment.getState()
  const offsetMs = offsetOf(serverNow, sent)
  if (own && Math.abs(own.offsetMs - offsetMs) > 3_000) hold({ ...own, offsetMs })
}

/** Forgets this phone's code, after it was revoked. */
export const forgetEnrolment = (): void => hold(null)

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
