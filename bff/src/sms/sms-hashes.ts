import type { Keys } from '../keys'

/** Phone and code as they are kept. The code's hash covers the phone, so that equal codes do not look equal. */
export const smsHashes = (keys: Keys, phone: string, code: string) => ({
  phoneHash: keys.hash('sms', phone),
  codeHash: keys.hash('sms', `${phone}:${code}`),
})
