import { createHmac } from 'node:crypto'

const ROUNDS = 10
const HALF = 100_000

/**
 * The ten digits of a device number: a balanced Feistel network over 10¹⁰ whose rounds are keyed HMAC-SHA256, after
 * NIST SP 800-38G (FF1 has ten rounds, too). One number, one handle; without the key neither tells the other, nor how
 * many phones there are.
 * @param half square root of the number of handles; smaller only in tests
 */
export function handleOf(deviceNumber: number, key: Uint8Array, half = HALF): string {
  if (!Number.isSafeInteger(deviceNumber) || deviceNumber < 0 || deviceNumber >= half * half)
    throw new Error('the device numbers are used up')
  let left = Math.floor(deviceNumber / half)
  let right = deviceNumber % half
  for (let round = 0; round < ROUNDS; round++) [left, right] = [right, (left + mix(key, round, right)) % half]
  return String(left * half + right).padStart(String(half * half - 1).length, '0')
}

/** 48 bits, so that the remainder is even to one in a billion. */
const mix = (key: Uint8Array, round: number, right: number): number =>
  createHmac('sha256', key).update(`${round}:${right}`).digest().readUIntBE(0, 6)
