const GONE = '[redacted]'

const NAMED =
  /(?<![a-z])((?:access_token|refresh_token|session_key|appsecret|secret|js_code|code|mobile_no|phoneNumber|purePhoneNumber)"?\s*[=:]\s*"?)([^\s"&,}]+)/gi
const PHONE = /(?<!\d)(?:\+?86[- ]?)?1[3-9]\d{9}(?!\d)/g

/**
 * The text with everything secret taken out: first the given values wherever they stand, then whatever carries a
 * secret's name, then mainland phone numbers. WeChat echoes parts of a request in errmsg, hence the exact values.
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  let clean = text
  for (const secret of secrets) {
    if (secret.length >= 4) clean = clean.split(secret).join(GONE)
  }
  return clean.replace(NAMED, `$1${GONE}`).replace(PHONE, GONE)
}
