const MOST = 8

/** What was looked for last, newest first, each once. */
export function withRecent(recent: readonly string[], text: string): string[] {
  const words = text.trim()
  if (words === '') return [...recent]
  const same = (one: string) => one.toLowerCase() === words.toLowerCase()
  return [words, ...recent.filter((one) => !same(one))].slice(0, MOST)
}
