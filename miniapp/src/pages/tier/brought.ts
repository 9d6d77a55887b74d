/** Rights by the tier that brings them; a higher tier keeps those of the lower ones. */
export type Brought = ReadonlyMap<number, string>

/** What each tier adds, in the brand's own order; empty while the rights are not there. */
export function broughtBy(rights: readonly { title: string; tierFrom: number | null }[]): Brought {
  const brought = new Map<number, string>()
  for (const { title, tierFrom } of rights) {
    if (tierFrom === null) continue
    const before = brought.get(tierFrom)
    brought.set(tierFrom, before ? `${before}、${title}` : title)
  }
  return brought
}
