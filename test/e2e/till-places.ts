import type { Page } from 'playwright-core'
import type { NextCode } from './customer'
import { type Place, priced, stand, tap } from './place'
import { at } from './web-house'

const COUNTER = { who: 'manager', path: 'pages/staff/counter', ready: '#find-open' } as const
const MANAGE = { who: 'manager', path: 'pages/manage/manage', ready: '#manage' } as const

/** She buys three by their names, from the menu. */
async function chooseArticles(page: Page, nextCode: NextCode): Promise<void> {
  await stand(page, nextCode)
  await tap('panel-switch', 'group-milk')(page)
  for (const sku of ['osmanthus_milk', 'osmanthus_milk', 'longjing_milk']) await at(page, `sku-${sku}-more`).click()
  await priced(page)
}

async function payWithPoints(page: Page, nextCode: NextCode): Promise<void> {
  await chooseArticles(page, nextCode)
  await at(page, 'rung').click()
  const points = at(page, 'points-switch')
  await points
    .or(page.getByText('这一单用不上积分').filter({ visible: true }))
    .first()
    .waitFor()
  if (await points.count()) await points.click()
  await page
    .getByText(/已用 .*积分，抵|这一单用不上积分/)
    .filter({ visible: true })
    .first()
    .waitFor()
}

async function checkRecord(page: Page): Promise<void> {
  await tap('view-audit', 'audit-verify')(page)
  await at(page, 'audit-found').waitFor()
}

/** The counter by articles, the card beside it, and what a manager looks after. */
export const TILL_PLACES: Place[] = [
  { name: 'counter-articles', ...COUNTER, steps: chooseArticles },
  { name: 'counter-points', ...COUNTER, steps: payWithPoints },
  { name: 'till-card', who: 'manager', path: 'pages/staff/card', ready: '#till-card' },
  { name: 'manage', ...MANAGE, ready: '#key-new' },
  { name: 'manage-audit', ...MANAGE, steps: checkRecord },
]
