import type { Page } from 'playwright-core'
import { TWIN } from '../../prisma/seed/twin'
import type { NextCode } from './customer'
import { type Place, stand } from './place'
import { at } from './web-house'

export const MERGES = { who: 'operator', path: 'pages/merge/merges', ready: '#one-input' } as const
const COUNTER = { who: 'manager', path: 'pages/staff/counter', ready: '#find-open' } as const

/** Who I am to the house. */
export const PROFILE: Place = { name: 'profile', who: 'member', path: 'pages/member/profile', ready: '#phone-open' }

/** Who somebody is: on their phone, at the counter, and to those who decide. */
export const IDENTITY_PLACES: Place[] = [
  { name: 'card-bind', who: 'member', path: 'pages/member/profile', ready: '#card-open', steps: bindCard },
  { name: 'counter-cards', ...COUNTER, steps: openCards },
  { name: 'counter-card', ...COUNTER, steps: lookAtCard },
  { name: 'merges', ...MERGES },
  { name: 'merge-preview', ...MERGES, steps: previewTwins },
  { name: 'merge-confirm', ...MERGES, steps: confirmTwins },
  { name: 'merge-journal', ...MERGES, steps: openJournal },
  { name: 'merge-record', ...MERGES, steps: openRecord },
  { name: 'undo-confirm', ...MERGES, steps: confirmUndo },
  { name: 'merges-refused', who: 'manager', path: 'pages/merge/merges', ready: '.hy-empty' },
]

/** The number of a card is noted for the counter. */
async function bindCard(page: Page): Promise<void> {
  await at(page, 'card-open').click()
  await at(page, 'card-no').fill('8041 7000 0000 1234')
  await at(page, 'card-submit').click()
  await at(page, 'card-noted').waitFor()
}

/** The customer's cards, and what else may be the customer's. */
async function openCards(page: Page, nextCode: NextCode): Promise<void> {
  await stand(page, nextCode)
  await at(page, 'cards-open').click()
  await at(page, 'cards').waitFor()
}

/** The clerk looks at a card that leads to an older record. */
async function lookAtCard(page: Page, nextCode: NextCode): Promise<void> {
  await openCards(page, nextCode)
  await at(page, 'card-input').fill(TWIN.cardNo)
  await at(page, 'card-look').click()
  await at(page, 'card-confirm').waitFor()
}

/** Both records of one person are found, by phone and by card. */
export async function findTwins(page: Page): Promise<void> {
  for (const [id, said] of [
    ['one', TWIN.phone.slice(3)],
    ['two', TWIN.cardNo],
  ] as const) {
    await at(page, `${id}-input`).fill(said)
    await at(page, `${id}-find`).click()
  }
  await at(page, 'preview').waitFor()
}

async function previewTwins(page: Page): Promise<void> {
  await findTwins(page)
  await at(page, 'merge-note').waitFor()
}

async function confirmTwins(page: Page): Promise<void> {
  await previewTwins(page)
  await at(page, 'merge-note').fill('11 月 22 日来电，姓名与两次消费都对得上')
  await at(page, 'merge-ask').click()
  await at(page, 'merge-submit').waitFor()
}

async function openJournal(page: Page): Promise<void> {
  await at(page, 'view-journal').click()
  await at(page, 'journal').waitFor()
}

/** The merge of a few days ago, with what taking it back would do. */
async function openRecord(page: Page): Promise<void> {
  await openJournal(page)
  await page.locator('#journal .hy-cell--tap:visible').first().click()
  await at(page, 'undo-note').waitFor()
}

async function confirmUndo(page: Page): Promise<void> {
  await openRecord(page)
  await at(page, 'undo-note').fill('卡是家人的，两位都来过店里')
  await at(page, 'undo-ask').click()
  await at(page, 'undo-submit').waitFor()
}
