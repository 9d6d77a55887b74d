import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { clockText, DAY_MS, dayWords, startOfBusinessDay } from '@huiyuan/shared/time'
import type { RouterOutputs } from '../../lib/api'

export type Menu = RouterOutputs['product']['list']
export type Article = Menu['products'][number]

const HOUR_MS = 3_600_000

/** The hour is said once the day is near. */
const moment = (at: Date, now: Date) =>
  startOfBusinessDay(at).getTime() === at.getTime() || at.getTime() - now.getTime() > DAY_MS
    ? dayWords(at, now)
    : `${dayWords(at, now)} ${clockText(at)} `

/** When a new article is there for everybody, and who comes before: `11 月 28 日上市，黄金会员提前 24 小时`. */
export function openingWords({ state, publicAt, early }: Article, now: Date): string | null {
  if (state === 'on') return null
  if (state === 'early') return `你可以先喝到，${dayWords(new Date(publicAt), now)}上市`
  const day = moment(new Date(publicAt), now)
  const hours = early ? Math.round((Date.parse(publicAt) - Date.parse(early.opensAt)) / HOUR_MS) : 0
  if (!early || hours <= 0) return `${day}上市`
  if (early.state === 'available') return `${day}上市，你可以提前 ${hours} 小时`
  if (early.state === 'locked' && early.tier !== null)
    return `${day}上市，${rungOf(early.tier, DEMO_POLICY).name}会员提前 ${hours} 小时`
  return `${day}上市`
}

interface Shelf {
  id: string
  name: string
  fits(article: Article): boolean
}

/** The ways to look at the menu: what the house is known for and what is new, then group by group. */
export function shelvesOf({ categories, products }: Menu): Shelf[] {
  const known = { id: 'known', name: '招牌与新品', fits: ({ star, state }: Article) => star || state !== 'on' }
  const groups = categories.map(({ categoryId, title }) => ({
    id: categoryId,
    name: title,
    fits: ({ category }: Article) => category === categoryId,
  }))
  return [known, ...groups].filter(({ fits }) => products.some(fits))
}

/** Whether the words typed are in what an article is called or said to be. */
export const isFound = ({ title, subtitle }: Article, text: string): boolean =>
  text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => `${title}${subtitle}`.toLowerCase().includes(word))
