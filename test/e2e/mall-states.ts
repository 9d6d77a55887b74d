import type { Page } from 'playwright-core'
import { answering, type Change } from './answers'
import { earlyStates, everyRight, inDebt, liked, nothingAffordable, refused } from './mall-answers'
import { type Place, type PlaceState, tap } from './place'
import { allRedemptions, givenCode, REDEMPTION, redemptionStates } from './redemption-answers'
import { at, type Screen } from './web-house'

type Clock = () => Date
type Step = (page: Page) => Promise<unknown>

const mall = (...steps: Step[]) =>
  ({ who: 'member', path: 'tabs/mall/index', ready: '#mall-points', steps: all(...steps) }) as const
const search = (...steps: Step[]) =>
  ({ who: 'member', path: 'pages/mall/search', ready: '#search-input', steps: all(...steps) }) as const
const reward = (rewardId: string, ...steps: Step[]) =>
  ({
    who: 'member',
    path: `pages/mall/reward?rewardId=${rewardId}`,
    ready: '#exchange',
    steps: all(...steps),
  }) as const

const all =
  (...steps: Step[]) =>
  async (page: Page) => {
    for (const step of steps) await step(page)
  }
const chip = (words: string) => (page: Page) =>
  page.locator('.hy-chips [role=button]:visible').filter({ hasText: words }).first().click()
const see = (id: string) => (page: Page) => at(page, id).waitFor()

const type = (words: string) => async (page: Page) => {
  await at(page, 'search-input').fill(words)
  await page
    .getByText(/找到 \d+ 样|没有找到/)
    .filter({ visible: true })
    .waitFor()
}

async function lookBack(page: Page): Promise<void> {
  for (const words of ['茶碗', '优惠券', '团扇']) {
    await at(page, 'search-input').fill(words)
    await at(page, 'search-input').press('Enter')
  }
  await at(page, 'search-clear').click()
  await at(page, 'search-recent').waitFor()
}

const listed = (change: Change) => answering({ 'mall.list': change })

/** The server is away when the heart is told to it. */
const heartless = ({ page }: Screen) =>
  page.route('**/trpc/mall.favour*', (route) => {
    const fault = { code: 'SERVICE_AWAY', detail: {} }
    const error = { message: fault.code, code: -32603, data: { code: 'SERVICE_UNAVAILABLE', httpStatus: 503, fault } }
    // as a batch is answered: with one status for each call in it
    return route.fulfill({ status: 207, json: [{ error }] })
  })

type State = Omit<PlaceState, 'place'> & { place: Omit<Place, 'name'> }

const onTheShelf = (now: Clock): Record<string, State> => ({
  'mall-favourites': { place: mall(chip('收藏')), before: listed(liked) },
  'mall-favourites-empty': { place: mall(chip('收藏')) },
  'mall-affordable-none': { place: mall(chip('换得起')), before: listed(nothingAffordable) },
  'mall-debt': { place: mall(chip('全部')), before: listed(inDebt) },
  'mall-early': { place: mall(), before: (screen) => listed(earlyStates(now()).open)(screen) },
  'mall-used-up': { place: mall(), before: (screen) => listed(earlyStates(now()).usedUp)(screen) },
  search: { place: search(see('search-perhaps')) },
  'search-recent': { place: search(lookBack) },
  'search-found': { place: search(type('盏')) },
  'search-none': { place: search(type('咖啡机')) },
  'search-guest': { place: { ...search(type('券')), who: 'guest' } },
})

function rewards(now: Clock): Record<string, State> {
  const early = (state: keyof ReturnType<typeof earlyStates>, ...steps: Step[]): State => ({
    place: reward('spring_tin', ...steps),
    before: (screen) => listed(earlyStates(now())[state])(screen),
  })
  const limit = refused('glazed_bowl', 'REWARD_LIMIT', { limit: 1 }, { takenByMe: 1, left: 463 })
  const note: Step = (page) => page.locator('.hy-note:visible').waitFor()
  return {
    'reward-favourite': { place: reward('white_bowl'), before: listed(liked) },
    'reward-heartless': { place: reward('white_bowl', tap('favour'), note), before: heartless },
    'reward-early': early('open'),
    'exchange-early': early('open', tap('exchange'), see('confirm-early')),
    'reward-used-up': early('usedUp'),
    'reward-locked': early('locked'),
    'reward-plain': early('plain'),
    'reward-debt': { place: reward('glazed_bowl'), before: listed(inDebt) },
    'reward-limit': { place: reward('glazed_bowl'), before: listed(limit) },
    'reward-over': { place: reward('round_fan'), before: listed(refused('round_fan', 'REWARD_OVER')) },
    'reward-service': { place: reward('engraving') },
    'reward-partner': { place: reward('book_code') },
    'exchange-partner': { place: reward('book_code', tap('exchange'), see('confirm-final')) },
    'exchanged-partner': {
      place: reward('book_code', tap('exchange', 'exchange-confirm'), see('partner-code')),
      before: (screen) => answering({}, { 'mall.exchange': givenCode(now()) })(screen),
    },
  }
}

function redemptions(now: Clock): Record<string, State> {
  const names = Object.keys(redemptionStates(now())) as (keyof ReturnType<typeof redemptionStates>)[]
  const each = names.map((name): [string, State] => [
    `redemption-${name}`,
    {
      place: { who: 'member', path: REDEMPTION, ready: '#redemption' },
      before: (screen) => answering({}, { 'mall.redemption': redemptionStates(now())[name] })(screen),
    },
  ])
  return {
    'redemptions-kinds': {
      place: { who: 'member', path: 'pages/mall/redemptions', ready: '#redemptions' },
      before: (screen) => answering({ 'mall.redemptions': allRedemptions(now()) })(screen),
    },
    ...Object.fromEntries(each),
  }
}

/** What the mall, its exchanges and the rights look like in all their states, by a clock. */
export function mallStates(now: Clock): PlaceState[] {
  const rights: State = {
    place: { who: 'member', path: 'pages/right/rights', ready: '#rights' },
    before: answering({ 'right.list': everyRight }),
  }
  const states = { ...onTheShelf(now), ...rewards(now), ...redemptions(now), 'rights-all': rights }
  return Object.entries(states).map(([name, { place, ...rest }]) => ({ ...rest, place: { ...place, name } }))
}
