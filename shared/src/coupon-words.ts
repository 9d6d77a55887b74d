/**
 * What a coupon says of itself before it is used: what it is for, and which others it goes with. Names come from the menu;
 * groups are the brand's, and one this build does not know is simply another one.
 */

/** What a scope names, in the words of the menu. */
export interface ScopeNames {
  categories: string[]
  products: string[]
  except: string[]
}

const GROUPS: Record<string, string> = { order: '整单券', item: '单品券' }
const ALONE = 'alone'
const MOST_NAMED = 3

/** `整单券`; null for a group this build has no name for. */
export const groupWords = (group: string): string | null => GROUPS[group] ?? null

/** `可与单品券同用`; of its own kind an order takes one. */
export function stackWords(group: string): string {
  if (group === ALONE) return '不与其他券同用'
  const others = Object.entries(GROUPS).filter(([name]) => name !== group)
  return `可与${others.map(([, words]) => words).join('、')}同用`
}

const quoted = (names: string[], measure: string) =>
  names.length > MOST_NAMED
    ? `${names
        .slice(0, MOST_NAMED - 1)
        .map(inQuotes)
        .join('')}等 ${names.length} ${measure}`
    : names.map(inQuotes).join('')
const inQuotes = (name: string) => `「${name}」`

/** `全部商品`, `限纯茶、奶茶`, `限「桂花乌龙」`, `限纯茶，「大红袍」除外`. */
export function scopeWords(names: ScopeNames | null): string {
  const { categories = [], products = [], except = [] } = names ?? {}
  const only = [categories.join('、'), quoted(products, '款')].filter(Boolean).join('和')
  const words = [only ? `限${only}` : '全部商品', except.length > 0 && `${quoted(except, '款')}除外`]
  return words.filter(Boolean).join('，')
}
