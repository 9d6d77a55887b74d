import { parsePhoneNumberFromString } from 'libphonenumber-js/min'

/** What somebody typed as E.164 (`+8613800002207`), mainland China unless it says otherwise; null when it is no phone. */
export function normalPhone(text: string): string | null {
  const phone = parsePhoneNumberFromString(text, 'CN')
  if (!phone || phone.ext) return null
  // numbers newer than the library's tables are in use; and a landline, which it lets pass, would never show a text
  const fits = phone.countryCallingCode === '86' ? /^1[3-9]\d{9}$/.test(phone.nationalNumber) : phone.isValid()
  return fits ? phone.number : null
}
