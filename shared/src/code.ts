/**
 * The code a member shows: 18 digits that live 30 seconds. `9`, ten digits of the phone's handle, seven digits
 * that only this phone can make now. A payment code starts with 10–15 or 25–30, so a till never mistakes it.
 * The seven digits are HOTP (RFC 4226 §5.3) over the 30-second step, as TOTP (RFC 6238) counts it.
 */

export const CODE_STEP_SECONDS = 30
/** The server accepts the step before and after its own: clocks differ and hands are slow. */
export const CODE_STEP_SLACK = 1
/** How far away a code is still told to be old, or its phone's clock to be off, instead of wrong. */
export const CODE_OLD_STEPS = 40
const TAG_SPACE = 10_000_000

export type HmacSha256 = (key: Uint8Array, message: Uint8Array) => Uint8Array

export const codeStep = (epochMs: number): number => Math.floor(epochMs / 1000 / CODE_STEP_SECONDS)

/** Milliseconds until the code changes. */
export const codeMsLeft = (epochMs: number): number =>
  CODE_STEP_SECONDS * 1000 -
  (((epochMs % (CODE_STEP_SECONDS * 1000)) + CODE_STEP_SECONDS * 1000) % (CODE_STEP_SECONDS * 1000))

function stepBytes(step: number): Uint8Array {
  const bytes = new Uint8Array(8)
  let rest = step
  for (let at = 7; at >= 0; at--) {
    bytes[at] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return bytes
}

/** Seven digits for one step. `secret` has 32 bytes. */
export function codeTag(secret: Uint8Array, step: number, hmacSha256: HmacSha256): string {
  const mac = hmacSha256(secret, stepBytes(step))
  const offset = (mac[mac.length - 1] as number) & 15
  const byte = (i: number) => mac[offset + i] as number
  const number = (byte(0) & 127) * 2 ** 24 + byte(1) * 2 ** 16 + byte(2) * 2 ** 8 + byte(3)
  return String(number % TAG_SPACE).padStart(7, '0')
}

export interface MemberCodeOf {
  /** Ten digits. */
  handle: string
  secret: Uint8Array
  step: number
  hmacSha256: HmacSha256
}

/** The 18 digits to show during one step. */
export const memberCodeAt = ({ handle, secret, step, hmacSha256 }: MemberCodeOf): string =>
  `9${handle}${codeTag(secret, step, hmacSha256)}`

/** Digits that may follow the code in a QR code, see certificate.ts. */
export const PROOF_DIGITS = 428
const FORM = new RegExp(`^9(\\d{10})(\\d{7})(\\d{${PROOF_DIGITS}})?$`)

/** What a scanner read, taken apart; null when it cannot be a member code. Spaces are forgiven. */
export function parseMemberCode(text: string): { handle: string; tag: string; proof: string | null } | null {
  const match = FORM.exec(text.replace(/\s+/g, ''))
  return match ? { handle: match[1] as string, tag: match[2] as string, proof: match[3] ?? null } : null
}

/** The step, of those allowed now, whose tag this is; null when none matches. */
export function matchingStep(
  tag: string,
  nowStep: number,
  tagAt: (step: number) => string,
  slack = CODE_STEP_SLACK,
): number | null {
  for (let distance = 0; distance <= slack; distance++)
    for (const step of distance === 0 ? [nowStep] : [nowStep - distance, nowStep + distance])
      if (tagAt(step) === tag) return step
  return null
}
