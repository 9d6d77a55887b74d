const CLOCK = String.raw`([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?`
const DAY = String.raw`\d{4}年\d{1,2}月\d{1,2}日`
const TIME = `(${DAY} )?${CLOCK}`
const DATE = `${DAY}( ${CLOCK})?`

const RULES: Record<string, RegExp> = {
  thing: /^[\s\S]{1,20}$/u,
  number: /^(?=.{1,33}$)-?\d{1,32}(\.\d+)?$/,
  letter: /^[A-Za-z]{1,32}$/,
  symbol: /^[^\p{L}\p{N}]{1,5}$/u,
  character_string: /^[\x20-\x7e]{1,32}$/,
  time: new RegExp(`^${TIME}(~${TIME})?$`),
  date: new RegExp(`^${DATE}(~${DATE})?$`),
  amount: /^[¥￥$€£]?\d{1,10}(\.\d+)?元?$/,
  phone_number: /^[\d+\-() ]{1,17}$/,
  car_number: /^.{1,8}$/u,
  name: /^(\p{Script=Han}{1,10}|[A-Za-z \p{P}\p{S}]{1,20})$/u,
  phrase: /^\p{Script=Han}{1,5}$/u,
}

/** What is wrong with the data of a template, in WeChat's words, or null. The rule of a key is in its name. */
export function dataRefusal(keys: readonly string[], data: Record<string, unknown>): string | null {
  for (const key of keys) {
    const value = (data[key] as { value?: unknown } | undefined)?.value
    if (value === undefined || value === '') return `argument invalid! data.${key}.value is empty`
    const rule = RULES[key.replace(/\d+$/, '')]
    if (!rule?.test(String(value))) return `argument invalid! data.${key}.value invalid`
  }
  return null
}
