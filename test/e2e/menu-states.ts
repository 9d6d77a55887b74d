import type { Page } from 'playwright-core'
import { among, answering } from './answers'
import { type Place, type PlaceState, tap } from './place'
import type { Scheme, Shot } from './studio'
import { at } from './web-house'

const HOUR_MS = 3_600_000
const TEA = { who: 'member', path: 'pages/product/menu?category=tea', ready: '#more-longjing_hot' } as const

/** Three cups and a cake, and everything the price can say of them. */
async function addUp(page: Page): Promise<void> {
  await tap('more-longjing_hot', 'more-longjing_hot', 'more-dahongpao_hot')(page)
  await chip(page, '茶点')
  await tap('more-osmanthus_cake', 'preview-open', 'coupon-open', 'refused-open')(page)
  await at(page, 'coupon-choices').waitFor()
}

const chip = (page: Page, words: string) =>
  page.locator('.hy-chips [role=button]:visible').filter({ hasText: words }).first().click()

/** What was read an hour ago is all there is. */
async function lose(page: Page): Promise<void> {
  await tap('more-longjing_hot')(page)
  await page.evaluate((hour) => {
    const { data } = JSON.parse(localStorage['hy.reads'])
    const kept = JSON.parse(data)
    for (const read of Object.values<{ at: number }>(kept.reads)) read.at -= hour
    localStorage['hy.reads'] = JSON.stringify({ data: JSON.stringify(kept) })
  }, HOUR_MS)
  await page.route('**/trpc/**', (route) => route.abort('internetdisconnected'))
  await page.reload()
  await page.getByText('没有网络').filter({ visible: true }).waitFor()
}

async function findNothing(page: Page): Promise<void> {
  await at(page, 'menu-search').fill('咖啡机')
  await page.getByText('没有找到').filter({ visible: true }).waitFor()
}

/** A cup was picked on the menu; her coupons say how it stands to them. */
async function lookAtCoupons(page: Page): Promise<void> {
  await tap('more-longjing_hot')(page)
  await page.evaluate(() => {
    location.hash = '#/tabs/coupon/index'
  })
  await page.locator('.cp-fit:visible').first().waitFor()
}

/** The budget of one of the coupons to take is used up. */
const spent = answering({
  'coupon.list': among('claimable', (one) =>
    one.templateId === 'winter_5' ? { ...one, left: 0, refusal: { code: 'COUPON_GONE', detail: {} } } : one,
  ),
})

const STATES: Record<string, Pick<PlaceState, 'before'> & { steps: NonNullable<Place['steps']> }> = {
  'menu-receipt': { steps: addUp },
  'menu-offline': { steps: lose },
  'menu-none': { steps: findNothing },
  'coupon-near': { steps: lookAtCoupons, before: spent },
}

/** The menu and the coupons that go with it, as they rarely stand. */
export const MENU_STATES: PlaceState[] = Object.entries(STATES).map(([name, { steps, ...rest }]) => ({
  ...rest,
  place: { ...TEA, name, steps },
}))

const SCHEMES: Scheme[] = ['light', 'dark']

export const MENU_SHOTS: Shot[] = MENU_STATES.flatMap((state) => {
  const shot = { ...state, forgetful: true }
  const { name } = state.place
  return [
    ...SCHEMES.map((scheme): Shot => ({ ...shot, name: `${name}-${scheme}`, scheme })),
    { ...shot, name: `${name}-320`, scheme: 'light', width: 320 } satisfies Shot,
  ]
})
