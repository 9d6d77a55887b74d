import type { Page } from 'playwright-core'
import { answering } from './answers'
import type { Place } from './place'
import { tap } from './place'
import { PLACES } from './places'
import type { Scheme, Shot } from './studio'
import {
  broken,
  CLASH_ID,
  clashes,
  deliveries,
  fullShift,
  keyMade,
  keys,
  madeOfArticles,
  services,
  tablets,
  WEBHOOK_ID,
  webhooks,
} from './till-answers'
import { at, type Screen } from './web-house'

interface TillState extends Omit<Shot, 'scheme'> {
  /** Widths besides that of a phone. */
  widths?: number[]
}

/** A place as it stands after some more steps. */
const then = (name: string, ...steps: ((page: Page) => Promise<unknown>)[]): Place => {
  const place = PLACES.find((one) => one.name === name)
  if (!place) throw new Error(`no place is called ${name}`)
  return {
    ...place,
    steps: async (page, nextCode) => {
      await place.steps?.(page, nextCode)
      for (const step of steps) await step(page)
    },
  }
}

const see = (id: string) => (page: Page) => at(page, id).waitFor()
const fill = (id: string, words: string) => (page: Page) => at(page, id).fill(words)
const MANAGED = {
  'till.listKeys': keys,
  'till.createKey': keyMade,
  'webhook.list': webhooks,
  'webhook.deliveries': deliveries,
  'offline.listTablets': tablets,
  'offline.clashes': clashes,
  'audit.verify': broken,
}
const managed = answering({}, MANAGED)
const shown = { before: managed, widths: [320, 1024] }

/** The answer is lost on its way: nobody knows whether the key was made. */
async function loseKey({ page, context }: Screen): Promise<void> {
  await context.setOffline(true)
  await at(page, 'key-submit').click()
  await page.getByText('再点一次就好').waitFor()
}

const newKey = [tap('key-new'), fill('key-label', '前台收银机')]

/** States of the counter and of a store's affairs that take days, devices or other people's systems. */
export const TILL_STATES: TillState[] = [
  { name: 'manage-keys', place: then('manage', see('keys')), ...shown },
  { name: 'manage-key-made', place: then('manage', ...newKey, tap('key-submit'), see('secret')), ...shown },
  { name: 'manage-key-unsure', place: then('manage', ...newKey), after: loseKey },
  { name: 'manage-webhooks', place: then('manage', tap('view-webhooks'), see('webhooks')), before: managed },
  {
    name: 'manage-deliveries',
    place: then('manage', tap('view-webhooks', `webhook-${WEBHOOK_ID}`), see('webhook-end')),
    ...shown,
  },
  {
    name: 'manage-tablets',
    place: then('manage', tap('view-tablets'), see('tablets')),
    before: managed,
    widths: [320],
  },
  { name: 'manage-clashes', place: then('manage', tap('view-clashes'), see('clashes')), ...shown },
  {
    name: 'manage-decide',
    place: then('manage', tap('view-clashes', `award-${CLASH_ID}`), see('decide')),
    before: managed,
  },
  {
    name: 'manage-broken',
    place: then('manage', tap('view-audit', 'audit-verify'), see('audit-found')),
    before: managed,
  },
  {
    name: 'counter-services',
    place: then('counter-ring', see('service-upgrade_free')),
    before: answering({ 'right.atCounter': () => services }),
    widths: [320, 1024],
  },
  {
    name: 'counter-return-lines',
    place: then(
      'counter-return',
      (page) => page.locator('#return-lines [role=button]:visible').click(),
      tap('line-1-more'),
    ),
    before: answering({ 'order.recent': madeOfArticles }),
    widths: [320, 1024],
  },
  { name: 'shift-lines', place: then('shift'), before: answering({ 'order.shift': () => fullShift }), widths: [320] },
]

/** The fullest of them; what the others draw is drawn in these, too. */
const FULLEST = ['manage-key-made', 'manage-deliveries', 'manage-clashes', 'counter-services', 'counter-return-lines']
export const FULLEST_TILL_STATES = TILL_STATES.filter(({ name }) => FULLEST.includes(name))

/** Pictures that every width and both schemes would be too many of. */
const WIDE: Shot[] = [
  ...['counter-articles', 'counter-points'].flatMap((name): Shot[] => [
    { name: `${name}-1024`, place: then(name), scheme: 'light', width: 1024 },
    { name: `${name}-320`, place: then(name), scheme: 'light', width: 320 },
  ]),
  { name: 'counter-points-1024-dark', place: then('counter-points'), scheme: 'dark', width: 1024 },
  { name: 'till-card-1024', place: then('till-card'), scheme: 'light', width: 1024 },
  { name: 'manage-audit-1024', place: then('manage-audit'), scheme: 'light', width: 1024 },
]

/** The same as pictures. */
export const TILL_SHOTS: Shot[] = [
  ...TILL_STATES.flatMap(({ widths = [], ...state }): Shot[] => [
    ...(['light', 'dark'] satisfies Scheme[]).map((scheme) => ({ ...state, name: `${state.name}-${scheme}`, scheme })),
    ...widths.map((width) => ({ ...state, name: `${state.name}-${width}`, scheme: 'light' as const, width })),
  ]),
  ...WIDE,
]
