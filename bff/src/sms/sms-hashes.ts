import type { Keys } from '../keys'

/**
 * Phone and code as they are kept. The code's hash covers the phone, so that equal codes do not look equal. While keys rotate,
 * a code that another server sent may lie under another one of them.
 */
export function smsHashes(keys: Keys, phone: string, code: string) {
  const [phoneHash = '', ...otherPhones] = keys.hashes('sms', phone)
  const [codeHash = '', ...otherCodes] = keys.hashes('sms', `${phone}:${code}`)
  return otherPhones.length > 0 ? { phoneHash, codeHash, otherPhones, otherCodes } : { phoneHash, codeHash }
}
