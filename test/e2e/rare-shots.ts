import { randomInt } from 'node:crypto'
import type { Page } from 'playwright-core'
import { answering } from './answers'
import { type Place, tap } from './place'
import { PLACES } from './places'
import {
  blocked,
  byFriend,
  cameBack,
  cancelled,
  checked,
  cups,
  everyCoupon,
  everyRedemption,
  fullDay,
  handed,
  leaving,
  lifted,
  one,
  remindedOf,
  unblocked,
  untilDone,
} from './rare-answers'
import type { Scheme, Shot } from './studio'
import { tierEnding, tierLanded, tierTop } from './tier-states'
import { at, haveCodePage, type Screen } from './web-house'

type Rare = Omit<Shot, 'scheme' | 'place'> & { place: Place }

const placeOf = (name: string): Place => {
  const place = PLACES.find((one) => one.name === name)
  if (!place) throw new Error(`no place is called ${name}`)
  return place
}

/** A place as it stands after some more steps. */
const then = (name: string, ...steps: ((page: Page) => Promise<unknown>)[]): Place => {
  const place = placeOf(name)
  return {
    ...place,
    steps: async (page, nextCode) => {
      await place.steps?.(page, nextCode)
      for (const step of steps) await step(page)
    },
  }
}

const chip = (words: string) => (page: Page) =>
  page.locator('.hy-chips [role=button]:visible').filter({ hasText: words }).first().click()

const see = (id: string) => (page: Page) => at(page, id).waitFor()

/** The connection is cut, and the tab asked again. */
const lose = (tab: string) => async (screen: Screen) => {
  const { page, context } = screen
  await haveCodePage(page)
  await context.setOffline(true)
  await at(page, 'tab-code').click()
  await at(page, 'member-code').waitFor()
  await page.clock.fastForward(60_000)
  await at(page, `tab-${tab}`).click()
  await page.getByText('没有网络').filter({ visible: true }).waitFor()
}

/** Of somebody who has much to lose. */
const leaveOf: Place = { ...placeOf('privacy-leave'), who: 'member' }

const RARE: Rare[] = [
  { name: 'tier-ending', place: placeOf('tier'), before: answering({ 'tier.explain': tierEnding }) },
  { name: 'tier-landed', place: placeOf('tier'), before: answering({ 'tier.explain': tierLanded }) },
  { name: 'tier-top', place: placeOf('tier'), before: answering({ 'tier.explain': tierTop }) },
  { name: 'privacy-blocked', place: leaveOf, before: answering({ 'privacy.cancellation': blocked }) },
  { name: 'privacy-weighed', place: leaveOf, before: answering({ 'privacy.cancellation': unblocked }) },
  {
    name: 'privacy-leaving',
    place: { ...leaveOf, ready: '#leaving' },
    before: answering({ 'privacy.cancellation': leaving }),
  },
  { name: 'privacy-reminded', place: placeOf('privacy-mine'), before: answering({ 'privacy.consents': remindedOf }) },
  { name: 'mall-all', place: then('mall', chip('全部')) },
  { name: 'mall-tier', place: then('mall', chip('会员专享')) },
  { name: 'mall-limited', place: then('mall', chip('限量')) },
  { name: 'mall-offline', place: placeOf('mall'), after: lose('mall') },
  {
    name: 'reward-short',
    place: placeOf('reward'),
    before: answering({
      'mall.list': one('rewards', 'glazed_bowl', 'rewardId', {
        refusal: { code: 'POINTS_SHORT', detail: { shortPoints: 220 } },
      }),
    }),
  },
  {
    name: 'reward-gone',
    place: placeOf('reward'),
    before: answering({
      'mall.list': one('rewards', 'glazed_bowl', 'rewardId', { left: 0, refusal: { code: 'REWARD_GONE', detail: {} } }),
    }),
  },
  {
    name: 'redemptions-all',
    place: { ...placeOf('redemptions'), ready: '#redemptions' },
    before: answering({ 'mall.redemptions': everyRedemption }),
  },
  {
    name: 'cancelled',
    place: then('cancel', tap('cancel-submit'), see('cancelled')),
    before: answering({}, { 'mall.cancel': cancelled }),
  },
  { name: 'coupon-all', place: placeOf('coupon'), before: answering({ 'coupon.list': everyCoupon }) },
  { name: 'coupon-used', place: then('coupon', chip('用过的')), before: answering({ 'coupon.list': everyCoupon }) },
  { name: 'coupon-over', place: then('coupon', chip('过期的')), before: answering({ 'coupon.list': everyCoupon }) },
  {
    name: 'coupon-empty',
    place: { ...placeOf('coupon'), ready: '.hy-empty' },
    forgetful: true,
    before: answering({ 'coupon.list': () => ({ usable: [], used: [], over: [], claimable: [] }) }),
  },
  { name: 'home-friend', place: placeOf('home-guest'), before: answering(byFriend) },
  { name: 'gift-friend', place: placeOf('gift-guest'), before: answering(byFriend) },
  { name: 'conversions-some', place: placeOf('conversions'), before: answering({ 'gift.conversions': cameBack }) },
  { name: 'home-today', place: placeOf('home'), before: answering({ 'home.show': fullDay }) },
  {
    name: 'referral-empty',
    place: { ...placeOf('referral'), who: 'newcomer' },
    before: answering(byFriend),
  },
  { name: 'obligation-running', place: placeOf('obligation'), before: answering({ 'obligation.show': cups }) },
  {
    name: 'counter-handed',
    place: then('counter-pickup', handOver),
    before: answering({}, { 'mall.handOver': handed }),
  },
  {
    name: 'counter-checked',
    place: then('counter-checkin', tap('check-in-autumn_tasting'), see('checked-in')),
    before: (screen) =>
      answering({ 'obligation.atCounter': untilDone('autumn_tasting') }, { 'obligation.checkIn': checked })(screen),
  },
]

/** Pictures that every width and both schemes would be too many of. */
const ONCE: Shot[] = [
  ...[320, 1024].flatMap((width) =>
    [
      'privacy-mine',
      'privacy-leave',
      'mall',
      'reward',
      'referral',
      'obligations',
      'gift-opened',
      'coupon',
      'redemptions',
    ].map((name): Shot => ({ name: `${name}-${width}`, place: placeOf(name), scheme: 'light', width })),
  ),
  ...['counter-pickup', 'counter-checkin', 'counter-recent', 'counter-return', 'counter-coupons'].map(
    (name): Shot => ({ name: `${name}-1024`, place: placeOf(name), scheme: 'light', width: 1024 }),
  ),
  { name: 'counter-return-part-1024', place: placeOf('counter-return-part'), scheme: 'light', width: 1024 },
  { name: 'counter-return-part-1024-dark', place: placeOf('counter-return-part'), scheme: 'dark', width: 1024 },
  {
    name: 'counter-lift-light',
    place: placeOf('counter-done'),
    scheme: 'light',
    before: answering({ 'order.settle': lifted }),
  },
  ...[320, 1024].map(
    (width): Shot => ({
      name: `tier-ending-${width}`,
      place: placeOf('tier'),
      scheme: 'light',
      width,
      before: answering({ 'tier.explain': tierEnding }),
    }),
  ),
  {
    name: 'counter-lift-1024',
    place: placeOf('counter-done'),
    scheme: 'light',
    width: 1024,
    before: answering({ 'order.settle': lifted }),
  },
]

/** What goes back for good is taken last, after all the shots of the other files. */
export const LAST_SHOTS: Shot[] = [
  {
    name: 'counter-returned-light',
    place: then('counter-return', tap('return-submit'), see('returned')),
    scheme: 'light',
  },
  {
    name: 'counter-returned-dark',
    place: then('counter-return', tap('return-submit'), see('returned')),
    scheme: 'dark',
  },
]

/** States that are rare, or take days to come to. */
export const RARE_SHOTS: Shot[] = [
  ...RARE.flatMap((rare) =>
    (['light', 'dark'] satisfies Scheme[]).map((scheme): Shot => ({ ...rare, name: `${rare.name}-${scheme}`, scheme })),
  ),
  ...ONCE,
]

async function handOver(page: Page): Promise<void> {
  await at(page, 'pickup-input').fill(String(randomInt(1e7, 1e8)))
  await at(page, 'pickup-submit').click()
  await at(page, 'handed').waitFor()
}
