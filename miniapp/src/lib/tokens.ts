import { create } from 'zustand'
import { keep, kept } from './storage'

export interface MemberTokens {
  accessToken: string
  accessExpiresAt: string
  refreshToken: string
  refreshExpiresAt: string
}

/** What this phone was last handed: a sealed guest note or a member's tokens, `renewed` where the place is the same as before. */
export type Held =
  | { kind: 'guest'; guestToken: string; expiresAt: string; hasPhone: boolean }
  | { kind: 'member'; memberId: string; tokens: MemberTokens; renewed?: boolean }

const NAME = 'held'
let held: Held | null | undefined
/** Whether the start of the app has found out who holds this phone; before, nothing is asked in anybody's name. */
export const useHolder = create(() => ({ known: false }))

const listeners = new Set<(held: Held | null) => void>()

export function heldTokens(): Held | null {
  if (held === undefined) held = kept<Held>(NAME)
  return held
}

/** What the phone holds by now; another tab of the same browser may have written it. */
export function rereadTokens(): Held | null {
  held = kept<Held>(NAME)
  return held
}

export function holdTokens(next: Held | null): void {
  held = next
  keep(NAME, next)
  for (const listener of [...listeners]) listener(next)
}

export const onTokens = (listener: (held: Held | null) => void): void => void listeners.add(listener)

export const bearer = (): string | undefined => {
  const own = heldTokens()
  return own?.kind === 'member' ? own.tokens.accessToken : own?.guestToken
}
