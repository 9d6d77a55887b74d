import { api, type RouterOutputs } from '../../lib/api'
import { type Read, useRead } from '../../lib/query'
import type { CartEntry } from './cart'

export type Menu = RouterOutputs['product']['list']
export type Article = Menu['products'][number]

/** The menu, with what is printed on the packs. */
export const useMenu = (): Read<Menu> => useRead(['product.list'], () => api.product.list.query())

export const articleOf = (menu: Menu | undefined, sku: string): Article | undefined =>
  menu?.products.find((article) => article.sku === sku)

/** The article with this barcode on its pack. */
export const articleFor = ({ products }: Menu, barcode: string): Article | undefined =>
  products.find((article) => article.barcode === barcode)

/** What the chosen articles cost on the menu, in fen. */
export const menuFenOf = (menu: Menu | undefined, entries: CartEntry[]): number =>
  entries.reduce((sum, { sku, qty }) => sum + (articleOf(menu, sku)?.priceFen ?? 0) * qty, 0)

/** Articles whose name, or barcode from its beginning, is looked for; all of a group while nothing is. */
export function lookedFor({ products }: Menu, group: string, words: string): Article[] {
  const wish = words.trim().toLowerCase()
  if (wish === '') return products.filter(({ category }) => category === group)
  return products.filter(
    ({ title, subtitle, barcode }) =>
      `${title} ${subtitle}`.toLowerCase().includes(wish) || barcode?.startsWith(wish) === true,
  )
}
