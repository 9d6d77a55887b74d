import type { Page } from 'playwright-core'
import { answering, type Change } from './answers'
import { type Place, tap } from './place'
import { pictureTime } from './shifted-clock'
import type { Scheme, Shot } from './studio'
import { at } from './web-house'

const LIST = { who: 'operator', path: 'pages/campaign/campaigns', ready: '#campaigns .cp-card' } as const
const NEW = { who: 'operator', path: 'pages/campaign/campaign?kind=referral', ready: '#campaign' } as const
const NEW_DUTY = { ...NEW, path: 'pages/campaign/campaign?kind=obligation' } as const
const RUNNING = { ...NEW, path: 'pages/campaign/campaign?kind=referral&id=first_cup_2026' } as const

const type =
  (id: string, text: string) =>
  (page: Page): Promise<void> =>
    page
      .locator(`#${id} >> visible=true`)
      .locator('input, textarea')
      .or(page.locator(`input#${id}, textarea#${id}`))
      .first()
      .fill(text)
const see = (id: string) => (page: Page) => at(page, id).waitFor()
const all =
  (...steps: ((page: Page) => Promise<unknown>)[]) =>
  async (page: Page) => {
    for (const step of steps) await step(page)
  }

/** What operators thank for, as the demo has it; and what the guard says to somebody who wants more than is allowed. */
export const CAMPAIGN_PLACES: Place[] = [
  { name: 'campaigns', ...LIST },
  { name: 'campaigns-obligations', ...LIST, steps: tap('view-obligation') },
  {
    name: 'campaign-copy',
    ...NEW,
    steps: all(
      type('title', '转发有礼，分享即得'),
      type('words', '轉 發 到 朋 友 圈，领 奶 茶 券'),
      see('refused-words-share_copy'),
    ),
  },
  {
    name: 'campaign-ideas',
    ...NEW,
    steps: all(
      tap('view-terms', 'more-ideas', 'idea-moments_post', 'extra-levels', 'extra-random'),
      see('refused-levels-second_level'),
    ),
  },
  {
    name: 'campaign-limits',
    ...NEW,
    steps: all(tap('view-limits'), type('cap', ''), see('refused-perPersonCap-no_cap')),
  },
  { name: 'campaign-running', ...RUNNING, steps: all(tap('view-terms'), see('locked')) },
  { name: 'campaign-stop', ...RUNNING, steps: all(tap('campaign-stop'), see('stop')) },
  { name: 'campaign-duty', ...NEW_DUTY, steps: all(tap('kind-review', 'view-terms'), see('photos')) },
  { name: 'campaign-pick', ...NEW_DUTY, steps: tap('kind-spread_news', 'view-terms', 'article') },
  { name: 'campaign-whom', ...NEW_DUTY, steps: all(tap('view-limits', 'coupon', 'coupon-none'), see('tier-1')) },
]

const days = (count: number) => new Date(pictureTime().getTime() + count * 86_400_000).toISOString()

const listed = (campaignId: string, title: string, part: object) => ({
  campaignId,
  title,
  state: 'running',
  startsAt: days(-40),
  endsAt: days(50),
  stoppedAt: null,
  budgetPoints: 100_000,
  spentPoints: 62_300,
  rewardPoints: 100,
  revision: 3,
  figures: { joined: 214, held: 41, review: 6, released: 582, refused: 73, void: 4 },
  ...part,
})
const MANY = {
  obligations: [],
  referrals: [
    listed('autumn', '秋天的第一盏，请朋友来坐坐', {}),
    listed('winter', '围炉', { state: 'soon', startsAt: days(9), endsAt: null, spentPoints: 0, figures: {} }),
    listed('mistake', '请朋友，写错了门槛的那一期', { state: 'stopped', stoppedAt: days(-3), spentPoints: 400 }),
    listed('summer', '夏天的冷泡', { state: 'over', startsAt: days(-150), endsAt: days(-60), spentPoints: 100_000 }),
  ],
}
const entry = (revision: number, part: object) => ({
  revision,
  deed: 'saved',
  at: days(-revision),
  staffNo: 'YY001',
  first: false,
  reason: null,
  changes: [],
  ...part,
})
const HISTORY = {
  next: null,
  entries: [
    entry(4, { deed: 'stopped', reason: '首单门槛写错了，改用新的一期', at: days(-0.1), staffNo: 'YY002' }),
    entry(3, {
      at: days(-2),
      changes: [
        { field: 'budgetPoints', was: '50000', is: '100000' },
        { field: 'endsAt', was: days(20), is: days(50) },
      ],
    }),
    entry(2, { at: days(-9), changes: [{ field: 'title', was: '请朋友喝茶', is: '请朋友喝第一盏' }] }),
    entry(1, { at: days(-40), first: true, staffNo: null }),
  ],
}

const stopped: Change = (got) => ({
  ...got,
  referral: { ...(got.referral as object), state: 'stopped', stoppedAt: days(-0.1) },
})

interface CampaignState extends Omit<Shot, 'scheme'> {
  /** Widths besides that of a phone, in both schemes. */
  widths?: number[]
}
const many = answering({}, { 'campaign.list': MANY })
const placeOf = (name: string): Place => {
  const place = CAMPAIGN_PLACES.find((one) => one.name === name)
  if (!place) throw new Error(`no place is called ${name}`)
  return place
}

export const CAMPAIGN_STATES: CampaignState[] = [
  { name: 'campaigns-many', place: placeOf('campaigns'), before: many, widths: [1024] },
  {
    name: 'campaigns-none',
    place: { ...placeOf('campaigns'), ready: '.hy-empty' },
    before: answering({}, { 'campaign.list': { referrals: [], obligations: [] } }),
  },
  {
    name: 'campaign-history',
    place: { name: 'campaign-history', ...RUNNING, steps: see('history') },
    before: answering({ 'campaign.get': stopped }, { 'campaign.history': HISTORY }),
    widths: [1024],
  },
]

/** The same as pictures, and the wide ones of the form. */
export const CAMPAIGN_SHOTS: Shot[] = (['light', 'dark'] satisfies Scheme[]).flatMap((scheme) => [
  ...CAMPAIGN_STATES.flatMap(({ widths = [], ...state }): Shot[] => [
    { ...state, name: `${state.name}-${scheme}`, scheme },
    ...widths.map((width) => ({ ...state, name: `${state.name}-${width}-${scheme}`, scheme, width })),
  ]),
  ...['campaign-copy', 'campaign-ideas'].map(
    (name): Shot => ({ name: `${name}-1024-${scheme}`, place: placeOf(name), scheme, width: 1024 }),
  ),
])
