import { answering } from './answers'
import { type Place, tap } from './place'
import type { Scheme, Shot } from './studio'

const ARTICLE = { path: 'pages/article/article?id=first_frost', ready: '#article' } as const
const DRAFTS = { who: 'operator', path: 'pages/article/drafts', ready: '#drafts' } as const
const EDIT = { who: 'operator', path: 'pages/article/edit?id=letter_of_winter', ready: '#editing' } as const

/** News as the demo's people find it. */
export const ARTICLE_PLACES: Place[] = [
  { name: 'articles', who: 'member', path: 'pages/article/articles', ready: '#articles' },
  { name: 'article', who: 'member', ...ARTICLE },
  { name: 'article-guest', who: 'guest', path: 'pages/article/article?id=three_autumn_teas', ready: '#article' },
  { name: 'article-gone', who: 'member', path: 'pages/article/article?id=cold_brew_hours', ready: '.hy-empty' },
  { name: 'spread', who: 'member', path: 'pages/article/spread', ready: '#spread' },
  { name: 'drafts', ...DRAFTS },
  { name: 'draft', ...EDIT },
  { name: 'draft-withdraw', ...EDIT, steps: tap('withdraw') },
  {
    name: 'draft-problems',
    who: 'operator',
    path: 'pages/article/edit',
    ready: '#editing',
    steps: tap('save'),
  },
]

interface ArticleState extends Omit<Shot, 'scheme'> {
  /** Widths besides that of a phone. */
  widths?: number[]
}

const place = (name: string): Place => ARTICLE_PLACES.find((one) => one.name === name) as Place

/** What a house comes to in weeks, and the other widths. */
export const ARTICLE_STATES: ArticleState[] = [
  {
    name: 'spread-why',
    place: place('spread'),
    before: answering({
      'article.mine': (mine) => ({
        ...mine,
        totals: { ...(mine.totals as object), readers: 1_204, waiting: 18, counted: 96 },
        articles: (mine.articles as object[]).map((one) => ({
          ...one,
          why: [
            '3 位后来退了款，不计',
            '1 位没有通过核对（比如同一台手机、同一个付款账户），不计',
            '1 位是你自己的另一张会员卡，不计',
          ],
        })),
      }),
    }),
    widths: [320],
  },
  {
    name: 'spread-none',
    place: { ...place('spread'), ready: '.hy-empty' },
    before: answering({ 'article.mine': (mine) => ({ ...mine, articles: [] }) }),
  },
]

const WIDE: [string, number[]][] = [
  ['articles', [320, 1024]],
  ['article', [320, 1024]],
  ['drafts', [1024]],
  ['draft', [320, 1024]],
]

/** The same as pictures. */
export const ARTICLE_SHOTS: Shot[] = [
  ...WIDE.flatMap(([name, widths]) =>
    widths.map((width): Shot => ({ name: `${name}-${width}`, place: place(name), scheme: 'light', width })),
  ),
  ...ARTICLE_STATES.flatMap(({ widths = [], ...state }) => [
    ...(['light', 'dark'] satisfies Scheme[]).map(
      (scheme): Shot => ({ ...state, name: `${state.name}-${scheme}`, scheme }),
    ),
    ...widths.map((width): Shot => ({ ...state, name: `${state.name}-${width}`, scheme: 'light', width })),
  ]),
]
