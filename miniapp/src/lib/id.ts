const hex = (count: number) => Array.from({ length: count }, () => Math.floor(Math.random() * 16).toString(16)).join('')

/**
 * A UUIDv7 for a command or a state. WeChat has no synchronous source of strong chance; these ids only have to
 * differ, and the server scopes them to the person.
 */
export function newId(now = Date.now()): string {
  const time = now.toString(16).padStart(12, '0')
  const variant = '89ab'[Math.floor(Math.random() * 4)]
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-${variant}${hex(3)}-${hex(12)}`
}
