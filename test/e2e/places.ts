import type { Page } from 'playwright-core'
import { LIN_CARD } from '../../prisma/seed/demo-brand'
import { ARTICLE_PLACES } from './article-states'
import { CAMPAIGN_PLACES } from './campaign-states'
import type { NextCode } from './customer'
import { IDENTITY_PLACES } from './identity-places'
import { type Place, priced, stand, tap } from './place'
import { REVIEW_PLACES } from './review-states'
import { TILL_PLACES } from './till-places'
import { at } from './web-house'

const COUNTER = { who: 'manager', path: 'pages/staff/counter', ready: '#find-open' } as const

const BOOKS = { who: 'operator', path: 'pages/books/books', ready: '#subject-input' } as const

const CUP = { who: 'member', path: 'pages/mall/reward?rewardId=autumn_cup', ready: '#exchange' } as const
const REDEMPTIONS = { who: 'member', path: 'pages/mall/redemptions', ready: '.rd-code' } as const

const GIFT = { path: 'pages/gift/gift', ready: '.gf-box' } as const

const STAR = '#more-osmanthus_milk'

const LEAVE = { who: 'newcomer', path: 'pages/privacy/leave', ready: '#leave' } as const

/** Every page, and every sheet over one. */
export const PLACES: Place[] = [
  { name: 'welcome', who: 'nobody', path: 'tabs/home/index', ready: '#sign-in-wechat' },
  { name: 'sign-in', who: 'nobody', path: 'tabs/home/index', ready: '#sign-in-phone', steps: tap('sign-in-phone') },
  { name: 'home-guest', who: 'guest', path: 'tabs/home/index', ready: '#join-open' },
  { name: 'code-guest', who: 'guest', path: 'tabs/code/index', ready: '#join-open' },
  { name: 'mall-guest', who: 'guest', path: 'tabs/mall/index', ready: '#mall-hero' },
  { name: 'reward-guest', who: 'guest', path: 'pages/mall/reward?rewardId=autumn_cup', ready: '#join-open' },
  { name: 'coupon-guest', who: 'guest', path: 'tabs/coupon/index', ready: '#join-open' },
  { name: 'gift-guest', who: 'guest', path: 'pages/gift/gift', ready: '#gift-contents' },
  { name: 'referral-rules-guest', who: 'guest', path: 'pages/referral/rules', ready: '#rules' },
  { name: 'obligations-guest', who: 'guest', path: 'pages/obligation/obligations', ready: '.hy-empty' },
  { name: 'rights-guest', who: 'guest', path: 'pages/right/rights', ready: '.hy-empty' },
  { name: 'me-guest', who: 'guest', path: 'tabs/me/index', ready: '#join-open' },
  { name: 'join', who: 'guest', path: 'tabs/home/index', ready: '#join-open', steps: tap('join-open') },
  {
    name: 'join-refused',
    who: 'guest',
    path: 'tabs/home/index',
    ready: '#join-open',
    steps: tap('join-open', 'join-phone-sms', 'join-skip-phone'),
  },
  { name: 'privacy', who: 'guest', path: 'pages/consent/privacy', ready: '.hy-display' },
  { name: 'home', who: 'member', path: 'tabs/home/index', ready: '#card-points' },
  { name: 'code', who: 'member', path: 'tabs/code/index', ready: '#member-code' },
  { name: 'me', who: 'member', path: 'tabs/me/index', ready: '#statement-open' },
  { name: 'statement', who: 'member', path: 'pages/ledger/statement', ready: '.lg-day' },
  { name: 'lots', who: 'member', path: 'pages/ledger/statement?view=lots', ready: '#lots' },
  { name: 'tier', who: 'member', path: 'pages/tier/tier', ready: '#tier' },
  { name: 'profile', who: 'member', path: 'pages/member/profile', ready: '#phone-open' },
  { name: 'rename', who: 'member', path: 'pages/member/profile', ready: '#rename-open', steps: tap('rename-open') },
  { name: 'places', who: 'member', path: 'pages/session/places', ready: '.hy-cell--tap' },
  { name: 'privacy-mine', who: 'member', path: 'pages/privacy/privacy', ready: '#consents' },
  { name: 'privacy-gone', ...LEAVE, who: 'guest', ready: '.hy-empty' },
  { name: 'privacy-leave', ...LEAVE },
  { name: 'privacy-prove', ...LEAVE, steps: tap('leave-ask') },
  { name: 'referral', who: 'member', path: 'pages/referral/referral', ready: '#referral' },
  {
    name: 'referral-rules',
    who: 'member',
    path: 'pages/referral/rules',
    ready: '#rules',
  },
  { name: 'poster', who: 'member', path: 'pages/referral/poster', ready: '#poster-sheet' },
  { name: 'obligations', who: 'member', path: 'pages/obligation/obligations', ready: '#obligations' },
  {
    name: 'obligation',
    who: 'member',
    path: 'pages/obligation/obligation?id=own_cup',
    ready: '#obligation-rules',
  },
  { name: 'honours-guest', who: 'guest', path: 'pages/honour/honours', ready: '.hy-empty' },
  { name: 'honours', who: 'member', path: 'pages/honour/honours', ready: '#honours' },
  { name: 'honour-wall', who: 'guest', path: 'pages/honour/wall?id=tea_knower', ready: '#wall' },
  { name: 'counter-refused', who: 'member', path: 'pages/staff/counter', ready: '.hy-empty' },
  { name: 'mall', who: 'member', path: 'tabs/mall/index', ready: '#reward-autumn_cup' },
  { name: 'reward', who: 'member', path: 'pages/mall/reward?rewardId=glazed_bowl', ready: '#reward' },
  { name: 'reward-soon', who: 'member', path: 'pages/mall/reward?rewardId=spring_tin', ready: '#reward' },
  { name: 'reward-refused', who: 'member', path: 'pages/mall/reward?rewardId=dark_bowl', ready: '#reward' },
  { name: 'exchange', ...CUP, steps: tap('exchange') },
  { name: 'exchanged', ...CUP, steps: exchange },
  { name: 'redemptions', ...REDEMPTIONS },
  { name: 'pickup', ...REDEMPTIONS, steps: (page) => page.locator('.rd-code:visible').first().click() },
  { name: 'cancel', ...REDEMPTIONS, steps: (page) => page.locator('.rd-foot [role=button]:visible').first().click() },
  { name: 'rights', who: 'member', path: 'pages/right/rights', ready: '#rights' },
  { name: 'menu-guest', who: 'guest', path: 'pages/product/menu', ready: STAR, steps: tap('more-osmanthus_milk') },
  { name: 'menu', who: 'member', path: 'pages/product/menu', ready: STAR, steps: tap('more-osmanthus_milk') },
  {
    name: 'menu-price',
    who: 'member',
    path: 'pages/product/menu',
    ready: STAR,
    steps: tap('more-longjing_milk', 'preview-open', 'points-switch'),
  },
  { name: 'coupon', who: 'member', path: 'tabs/coupon/index', ready: '.hy-ticket' },
  { name: 'gift-birthday', ...GIFT, who: 'member', steps: (page) => lookAt('birthday')(page) },
  { name: 'gift-refused', ...GIFT, who: 'member', steps: then(tap(), 'gift-row-welcome_2026', 'gift-elsewhere') },
  { name: 'home-newcomer', who: 'newcomer', path: 'tabs/home/index', ready: '#card-points' },
  { name: 'claim', who: 'newcomer', path: 'tabs/home/index', ready: '#claim-open', steps: tap('claim-open') },
  { name: 'statement-empty', who: 'newcomer', path: 'pages/ledger/statement', ready: '.hy-empty' },
  { name: 'lots-empty', who: 'newcomer', path: 'pages/ledger/statement?view=lots', ready: '.hy-empty' },
  { name: 'tier-newcomer', who: 'newcomer', path: 'pages/tier/tier', ready: '#tier' },
  { name: 'redemptions-empty', who: 'newcomer', path: 'pages/mall/redemptions', ready: '.hy-empty' },
  { name: 'gift', ...GIFT, who: 'newcomer', steps: (page) => lookAt('welcome_2026')(page) },
  { name: 'gift-opened', ...GIFT, who: 'newcomer', steps: openGift },
  { name: 'gift-pack', ...GIFT, who: 'newcomer', steps: (page) => lookAt('trial_tea')(page) },
  { name: 'gift-unsaid', ...GIFT, who: 'newcomer', steps: then(tap(), 'gift-row-birthday', 'gift-birthday') },
  {
    name: 'birthday',
    who: 'newcomer',
    path: 'pages/member/profile',
    ready: '#birthday-open',
    steps: tap('birthday-open', 'month-2', 'day-29'),
  },
  { name: 'counter', who: 'manager', path: 'pages/staff/counter', ready: '#find-open' },
  { name: 'find', who: 'manager', path: 'pages/staff/counter', ready: '#find-open', steps: tap('find-open') },
  { name: 'counter-ring', ...COUNTER, steps: ringUp },
  { name: 'counter-coupons', ...COUNTER, steps: then(ringUp, 'coupon-open', 'coupon-none') },
  { name: 'counter-held', ...COUNTER, steps: lock },
  { name: 'counter-done', ...COUNTER, steps: settle },
  { name: 'counter-pickup', ...COUNTER, steps: then(stand, 'pickup-open', 'waiting') },
  { name: 'counter-checkin', ...COUNTER, steps: then(stand, 'checkin-open', 'obligations') },
  { name: 'counter-recent', ...COUNTER, steps: then(stand, 'recent-open', 'recent') },
  { name: 'counter-return', ...COUNTER, steps: takeBack },
  { name: 'counter-return-part', ...COUNTER, steps: takePartBack },
  { name: 'shift', who: 'manager', path: 'pages/staff/shift', ready: '#card-open' },
  { name: 'books-refused', who: 'manager', path: 'pages/books/books', ready: '.hy-empty' },
  { name: 'me-operator', who: 'operator', path: 'tabs/me/index', ready: '#books-open' },
  { name: 'books', ...BOOKS },
  { name: 'books-wrong', ...BOOKS, steps: wrongNumber },
  { name: 'books-found', ...BOOKS, steps: findMember },
  { name: 'books-missing', ...BOOKS, steps: then(findMember, 'adjust-ask', 'adjust-course') },
  { name: 'books-confirm', ...BOOKS, steps: correct(20) },
  { name: 'books-adjusted', ...BOOKS, steps: then(correct(20), 'adjust-submit', 'adjusted') },
  { name: 'books-second', ...BOOKS, steps: correct(800) },
  { name: 'books-waiting', ...BOOKS, steps: then(correct(800), 'adjust-submit', 'adjusted') },
  { name: 'books-review', ...BOOKS, steps: review },
  ...IDENTITY_PLACES,
  ...ARTICLE_PLACES,
  ...TILL_PLACES,
  ...REVIEW_PLACES,
  ...CAMPAIGN_PLACES,
  { name: 'conversions', who: 'operator', path: 'pages/gift/conversions', ready: '#conversions' },
  { name: 'books-liability', ...BOOKS, steps: then(async () => {}, 'view-liability', 'liability') },
]

async function exchange(page: Page): Promise<void> {
  await tap('exchange', 'exchange-confirm')(page)
  await at(page, 'exchanged').waitFor()
}

/** Of several gifts the one, whichever the page shows first. */
const lookAt = (giftId: string) => async (page: Page) => {
  const row = at(page, `gift-row-${giftId}`)
  if (await row.count()) await row.click()
}

/** A gift is opened once; whoever looks again sees what came out. */
async function openGift(page: Page): Promise<void> {
  await lookAt('welcome_2026')(page)
  const closed = at(page, 'gift-open')
  await closed.or(at(page, 'gift-opened')).first().waitFor()
  if (await closed.count()) await closed.click()
  await at(page, 'gift-opened').waitFor()
}

/** She buys for 128 yuan. */
async function ringUp(page: Page, nextCode: NextCode): Promise<void> {
  await stand(page, nextCode)
  for (const key of '128') await at(page, `key-${key}`).click()
  await priced(page)
}

/** The price is locked; a moment later the money can be taken. */
async function lock(page: Page, nextCode: NextCode): Promise<void> {
  await then(ringUp, 'hold', 'held')(page, nextCode)
  await page.locator('#settle:not([aria-disabled=true]):visible').waitFor()
}

async function settle(page: Page, nextCode: NextCode): Promise<void> {
  await lock(page, nextCode)
  await at(page, 'settle').click()
  await at(page, 'done').waitFor()
}

/** One of her purchases is about to go back. */
async function takeBack(page: Page, nextCode: NextCode): Promise<void> {
  await then(stand, 'recent-open', 'recent')(page, nextCode)
  await page.locator('#recent .hy-cell--tap:visible').first().click()
  await at(page, 'return-submit').waitFor()
}

/** Only some of the money of one goes back. */
async function takePartBack(page: Page, nextCode: NextCode): Promise<void> {
  await takeBack(page, nextCode)
  await page.locator('#return-part [role=button]:visible').click()
  await at(page, 'return-amount').fill('20')
  await page.getByText('确认退货 ¥20.00').waitFor()
}

/** A number with a digit missing is refused where it stands. */
async function wrongNumber(page: Page): Promise<void> {
  await at(page, 'subject-input').fill(LIN_CARD.memberNo.slice(0, -1))
  await at(page, 'subject-find').click()
  await page.getByText('现在 15 位').waitFor()
}

/** The old card's holder, whose number was pasted with its gaps. */
async function findMember(page: Page): Promise<void> {
  await at(page, 'subject-input').fill(LIN_CARD.memberNo.replace(/(\d{4})(?=\d)/g, '$1 '))
  await at(page, 'subject-find').click()
  await at(page, 'adjust-ask').waitFor()
}

/** Everything is filled in and lies before the operator once more. */
function correct(points: number): NonNullable<Place['steps']> {
  return async (page) => {
    await findMember(page)
    await at(page, 'adjust-points').fill(String(points))
    await page.locator('#reason-goodwill [role=button]:visible').click()
    await at(page, 'adjust-note').fill('11 月 20 日来电，等了 40 分钟')
    await at(page, 'adjust-ask').click()
    await at(page, 'adjust-facts').waitFor()
  }
}

async function review(page: Page): Promise<void> {
  await at(page, 'view-review').click()
  for (const list of ['waiting', 'over'])
    await page.locator(`#${list} .bk-row:visible, #${list} .hy-2:visible, #${list} .hy-empty:visible`).first().waitFor()
}

/** After some steps taps one thing and waits for another. */
function then(before: NonNullable<Place['steps']>, tapped: string, shown: string): NonNullable<Place['steps']> {
  return async (page, nextCode) => {
    await before(page, nextCode)
    await at(page, tapped).click()
    await at(page, shown).waitFor()
  }
}

/** Opens a place anew and waits until it is whole. */
export async function openPlace(page: Page, url: string, place: Place, nextCode: NextCode): Promise<void> {
  await page.goto('about:blank')
  await page.goto(`${url}/#/${place.path}`)
  await page.locator(`${place.ready} >> visible=true`).first().waitFor()
  await place.steps?.(page, nextCode)
}

/** A guest proves a phone and becomes a member; the old card that turns up waits. */
export async function joinWithPhone(page: Page, lastText: () => string): Promise<void> {
  await at(page, 'join-open').click()
  await at(page, 'consent').click()
  await at(page, 'join-phone-sms').click()
  await at(page, 'sms-phone').fill('13800002207')
  await at(page, 'sms-send').click()
  await page.getByText('验证码已发出').waitFor()
  await at(page, 'sms-code').fill(/\d{6}/.exec(lastText())?.[0] ?? '')
  await at(page, 'join-submit').click()
  await at(page, 'claim-later').click()
}
