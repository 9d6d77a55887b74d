import { parsePhoneNumberFromString } from 'libphonenumber-js/min'

/** What somebody typed as E.164 (`+8613800002207`), mainland China unless it says otherwise; null when it is no phone. */
export function normalPhone(text: string): string | null {
  const phone = parsePhoneNumberFromString(text, 'CN')
  if (!phone?.isValid() || phone.ext) return null
  // the small metadata cannot tell a landline, which would never show a text
  if (phone.countryCallingCode === '86' && !/^1[3-9]\d{9}$/.test(phone.nationalNumber)) return null
  return phone.number
}
