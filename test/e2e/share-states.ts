import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { answering, type Change } from './answers'
import { type Place, type PlaceState, tap } from './place'
import { shareAnswers, TEA_PHOTO } from './share-answers'
import { pictureTime } from './shifted-clock'
import type { Scheme, Shot } from './studio'
import { at, type Screen } from './web-house'

type Step = (page: Page) => Promise<unknown>
type State = Omit<PlaceState, 'place'> & { place: Omit<Place, 'name'> }

const all =
  (...steps: Step[]) =>
  async (page: Page) => {
    for (const step of steps) await step(page)
  }
const see = (id: string) => (page: Page) => at(page, id).waitFor()
const chip = (words: string) => (page: Page) =>
  page.locator('.hy-chips [role=button]:visible').filter({ hasText: words }).first().click()
const friend = (name: string) => all((page) => page.getByText(name, { exact: true }).first().click(), see('friend'))

/** Pictures that the server keeps come as one bowl of tea. */
const withPhotos =
  (changes: Record<string, Change>) =>
  async (screen: Screen): Promise<void> => {
    await screen.page.route('**/upload/*', (route) => route.fulfill({ contentType: 'image/svg+xml', body: TEA_PHOTO }))
    await answering(changes)(screen)
  }

const KEPT = {
  uploadId: '0193a5f0-0000-7000-8000-000000000009',
  state: 'checking',
  width: 9,
  height: 9,
  url: '/upload/x',
}
const BROKEN = { code: 'UPLOAD_BROKEN', detail: {} }

/** Of three pictures the first is taken, the second is broken, the third on its way for as long as one looks. */
async function sendThree(page: Page): Promise<void> {
  let sent = 0
  // a browser complains aloud of every answer of 400
  await page.route('**/upload', (route) =>
    sent++ === 0
      ? route.fulfill({ json: KEPT })
      : route.fulfill({
          status: 202,
          json: { error: { message: BROKEN.code, code: -32600, data: { fault: BROKEN } } },
        }),
  )
  // held back in the page: what a route holds back goes on to the server when the next page comes
  await page.evaluate(() => {
    const { send } = XMLHttpRequest.prototype
    let forms = 0
    XMLHttpRequest.prototype.send = function (body) {
      if (!(body instanceof FormData) || ++forms < 3) send.call(this, body)
    }
  })
  const chosen = page.waitForEvent('filechooser')
  await at(page, 'photo-add').click()
  const buffer = await sharp(Buffer.from(TEA_PHOTO)).resize(240).png().toBuffer()
  const files = [1, 2, 3].map((nth) => ({ name: `${nth}.png`, mimeType: 'image/png', buffer }))
  await (await chosen).setFiles(files)
  await page.locator('.ob-photo__over--bad:visible').waitFor()
  await page.locator('.ob-photo__bar:visible').waitFor()
}

/** She writes, and something is missing still. */
const write = all(
  (page) => page.locator('.ob-purchase:visible').first().click(),
  tap('rating-4'),
  (page) => at(page, 'hand-in-text').fill('桂花乌龙的香气很自然，不是糖精那种甜。就是午后去要等一刻钟。'),
  sendThree,
)

const REFERRAL = { who: 'member', path: 'pages/referral/referral', ready: '#referral' } as const
const LIST = { who: 'member', path: 'pages/obligation/obligations', ready: '#obligations' } as const
const ONE = { who: 'member', path: 'pages/obligation/obligation?id=honest_review', ready: '#obligation' } as const
const ARTICLE = {
  who: 'member',
  path: 'pages/product/menu',
  ready: '#look-osmanthus_milk',
  steps: all(tap('look-osmanthus_milk'), see('reviews')),
} as const

function statesOf(now: () => Date): Record<string, State> {
  const answers = () => shareAnswers(now())
  const friends = (...steps: Step[]): State => ({
    place: { ...REFERRAL, steps: all(...steps) },
    before: (screen) =>
      answering({ 'referral.mine': answers().friends, 'referral.links': () => answers().links })(screen),
  })
  const list = (...steps: Step[]): State => ({
    place: { ...LIST, steps: all(...steps) },
    before: (screen) => answering({ 'obligation.list': answers().obligations.all })(screen),
  })
  const one = (name: Parameters<ReturnType<typeof answers>['obligations']['shown']>[0], ...steps: Step[]): State => ({
    place: { ...ONE, steps: all(...steps) },
    before: (screen) => withPhotos({ 'obligation.show': answers().obligations.shown(name) })(screen),
  })
  const reviewed = (change: Change): State => ({
    place: ARTICLE,
    before: (screen) => withPhotos({ 'obligation.reviews': change })(screen),
  })
  return {
    'referral-friends': friends(),
    'friend-review': friends(friend('罗*')),
    'friend-released': friends(friend('许**')),
    'friend-refused': friends(friend('方*')),
    'friend-appeal': friends(friend('方*'), tap('appeal-open'), (page) =>
      at(page, 'appeal-words').fill('我们是室友，那天她手机没电，用我的点的。'),
    ),
    'friend-appealed': friends(friend('宋**')),
    'referral-links': friends(tap('links-open'), see('link-h5')),
    'obligations-kinds': list(),
    'obligations-open': list(chip('可以做')),
    'obligations-over': list(chip('已完成')),
    'obligation-offered': one('offered'),
    'obligation-form': one('form'),
    'obligation-photos': one('form', write),
    'obligation-checking': one('checking'),
    'obligation-waiting': one('waiting'),
    'obligation-rejected': one('rejected'),
    'obligation-resubmit': one('rejected', tap('hand-in-again'), see('hand-in')),
    'obligation-appeal': one('rejected', tap('appeal-open'), see('appeal')),
    'obligation-appealed': one('appealed'),
    'obligation-rewarded': one('rewarded'),
    'obligation-duty': one('duty'),
    'obligation-friends': one('friends'),
    'obligation-clawed': one('clawed'),
    'menu-reviews': reviewed((answer) => answers().reviews(answer)),
    'menu-reviews-none': reviewed(() => ({ reviews: [], next: null })),
  }
}

/** Friends, small things and reviews in states that take days or a colleague, by a clock. */
export const shareStates = (now: () => Date): PlaceState[] =>
  Object.entries(statesOf(now)).map(([name, { place, ...rest }]) => ({ ...rest, place: { ...place, name } }))

const NARROW_AND_WIDE = [
  'referral-friends',
  'obligations-kinds',
  'obligation-photos',
  'obligation-rejected',
  'menu-reviews',
]

export const SHARE_SHOTS: Shot[] = shareStates(pictureTime).flatMap((state) => {
  const shot = { ...state, forgetful: true }
  const { name } = state.place
  return [
    ...(['light', 'dark'] satisfies Scheme[]).map((scheme): Shot => ({ ...shot, name: `${name}-${scheme}`, scheme })),
    ...(NARROW_AND_WIDE.includes(name) ? [320, 1024] : []).map(
      (width): Shot => ({ ...shot, name: `${name}-${width}`, scheme: 'light', width }),
    ),
  ]
})
