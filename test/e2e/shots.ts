import type { Page, Route } from 'playwright-core'
import { ARTICLE_SHOTS } from './article-states'
import { BOOKS_SHOTS } from './books-shots'
import { CAMPAIGN_SHOTS } from './campaign-states'
import { HONOUR_SHOTS } from './honour-states'
import { IDENTITY_SHOTS } from './identity-shots'
import { MALL_SHOTS } from './mall-shots'
import { MENU_SHOTS } from './menu-states'
import { OFFLINE_SHOTS } from './offline-states'
import type { Place } from './place'
import { PLACES } from './places'
import { LAST_SHOTS, RARE_SHOTS } from './rare-shots'
import { REVIEW_SHOTS } from './review-states'
import { SHARE_SHOTS } from './share-states'
import type { Scheme, Shot } from './studio'
import { TILL_SHOTS } from './till-shots'
import { at, haveCodePage, type Screen } from './web-house'

const SCHEMES: Scheme[] = ['light', 'dark']
const placeOf = (name: string): Place => {
  const place = PLACES.find((one) => one.name === name)
  if (!place) throw new Error(`no place is called ${name}`)
  return place
}

const home = placeOf('home')
const code = placeOf('code')

/** Nothing comes back from the server for as long as one looks. */
const silence = ({ page }: Screen) => page.route('**/trpc/**', () => {})

/** The server says of every call that it cannot reach its database. */
const away = ({ page }: Screen) =>
  page.route('**/trpc/**', (route: Route) => {
    const fault = { code: 'SERVICE_AWAY', detail: {} }
    const error = { message: fault.code, code: -32603, data: { code: 'SERVICE_UNAVAILABLE', httpStatus: 503, fault } }
    const { pathname } = new URL(route.request().url())
    return route.fulfill({ status: 503, json: pathname.split(',').map(() => ({ error })) })
  })

const visit = (place: Place, ready: string) => async (page: Page, url: string) => {
  await page.goto(`${url}/#/${place.path}`)
  await page.locator(`${ready} >> visible=true`).first().waitFor()
}

/** The connection is cut; home is asked again when one comes back from the code. */
async function lose({ page, context }: Screen): Promise<void> {
  await haveCodePage(page)
  await context.setOffline(true)
  await at(page, 'tab-code').click()
  await at(page, 'member-code').waitFor()
  await at(page, 'tab-home').click()
  await page.getByText('没有网络').filter({ visible: true }).waitFor()
}

/** The network says nothing for more than three seconds. */
async function wait({ page }: Screen): Promise<void> {
  await page.getByText('有点慢').filter({ visible: true }).waitFor()
}

/** A locked price keeps its coupon from the next pictures; it is let go. */
const tidied = ({ name }: Place): Pick<Shot, 'tidy'> =>
  name === 'counter-held'
    ? {
        tidy: ({ page }) =>
          at(page, 'change-amount')
            .click()
            .then(() => at(page, 'hold').waitFor()),
      }
    : {}

const both = (shots: (scheme: Scheme) => Shot[]): Shot[] => SCHEMES.flatMap(shots)

/** Every picture of the album, in the order of taking. */
export const SHOTS: Shot[] = [
  // both schemes of a place side by side: what one step changes, the next places show in both
  ...PLACES.flatMap((place) =>
    SCHEMES.map((scheme): Shot => ({ name: `${place.name}-${scheme}`, place, scheme, ...tidied(place) })),
  ),
  ...both((scheme) => [
    { name: `home-offline-${scheme}`, place: home, scheme, after: lose },
    {
      name: `home-skeleton-${scheme}`,
      place: home,
      scheme,
      forgetful: true,
      before: silence,
      open: visit(home, '.hy-sk'),
    },
    {
      name: `statement-refused-${scheme}`,
      place: placeOf('statement'),
      scheme,
      forgetful: true,
      before: away,
      open: visit(placeOf('statement'), '.hy-note'),
    },
  ]),
  {
    name: 'home-slow-light',
    place: home,
    scheme: 'light',
    forgetful: true,
    before: silence,
    open: visit(home, '.hy-sk'),
    after: wait,
  },
  ...[320, 1024].flatMap((width) => [
    { name: `home-${width}`, place: home, scheme: 'light' as const, width },
    { name: `menu-${width}`, place: placeOf('menu'), scheme: 'light' as const, width },
    { name: `code-${width}`, place: code, scheme: 'light' as const, width },
    { name: `counter-ring-${width}`, place: placeOf('counter-ring'), scheme: 'light' as const, width },
  ]),
  { name: 'counter-1024', place: placeOf('counter'), scheme: 'light', width: 1024 },
  { name: 'counter-ring-1024-dark', place: placeOf('counter-ring'), scheme: 'dark', width: 1024 },
  {
    name: 'counter-held-1024',
    place: placeOf('counter-held'),
    scheme: 'light',
    width: 1024,
    ...tidied(placeOf('counter-held')),
  },
  { name: 'counter-done-1024', place: placeOf('counter-done'), scheme: 'light', width: 1024 },
  ...RARE_SHOTS,
  ...REVIEW_SHOTS,
  ...CAMPAIGN_SHOTS,
  ...MALL_SHOTS,
  ...MENU_SHOTS,
  ...SHARE_SHOTS,
  ...ARTICLE_SHOTS,
  ...HONOUR_SHOTS,
  ...OFFLINE_SHOTS,
  ...BOOKS_SHOTS,
  ...IDENTITY_SHOTS,
  ...TILL_SHOTS,
  ...LAST_SHOTS,
]

/** What stands side by side at the head of the README. */
export const HERO = {
  phones: (
    [
      ['home', 'light'],
      ['code', 'light'],
      ['mall', 'light'],
      ['gift', 'dark'],
    ] as const
  ).map(([name, scheme]): Shot => ({ name: `hero ${name}`, place: placeOf(name), scheme, cropped: true })),
  till: { name: 'hero counter', place: placeOf('counter-ring'), scheme: 'light', width: 1024 } satisfies Shot,
}
