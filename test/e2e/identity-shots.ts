import type { Page } from 'playwright-core'
import { answering } from './answers'
import {
  blockedPreview,
  builtUpon,
  claimBrings,
  claimsHere,
  longJournal,
  longKnown,
  phoneStays,
  richPreview,
  richUndo,
  takenBack,
} from './identity-answers'
import { findTwins, IDENTITY_PLACES, MERGES, PROFILE } from './identity-places'
import type { Place } from './place'
import type { Scheme, Shot } from './studio'
import { at, type Screen } from './web-house'

interface IdentityState extends Omit<Shot, 'scheme'> {
  /** Widths besides that of a phone. */
  widths?: number[]
}

/** A place as it stands after some more steps, or less many. */
const then = (name: string, ...steps: ((page: Page) => Promise<unknown>)[]): Place => {
  const place = IDENTITY_PLACES.find((one) => one.name === name)
  if (!place) throw new Error(`no place is called ${name}`)
  return {
    ...place,
    steps: async (page, nextCode) => {
      await place.steps?.(page, nextCode)
      for (const step of steps) await step(page)
    },
  }
}

const tap = (id: string) => (page: Page) => at(page, id).click()
const see = (id: string) => (page: Page) => at(page, id).waitFor()

/** The connection is cut while the merge is on its way: nobody knows whether it was done. */
async function loseAnswer({ page, context }: Screen): Promise<void> {
  await context.setOffline(true)
  await at(page, 'merge-submit').click()
  await page.getByText('再点一次就好').waitFor()
  await page.getByRole('button', { name: '关闭' }).filter({ visible: true }).click()
  await at(page, 'merge-unsure').waitFor()
}

/** A number is proven that leads to somebody else by another door of WeChat. */
async function provePhone(page: Page): Promise<void> {
  await at(page, 'phone-open').click()
  await at(page, 'sms-phone').fill('13800002207')
  await at(page, 'sms-code').fill('123456')
  await at(page, 'phone-submit').click()
  await at(page, 'phone-waits').waitFor()
}

const previewed = then('merge-preview')
const recorded = then('merge-journal', (page) => page.locator('#journal .hy-cell--tap:visible').first().click())
const after = (place: Place, ...ids: string[]): Place => ({
  ...place,
  steps: async (page, nextCode) => {
    await place.steps?.(page, nextCode)
    for (const id of ids) await see(id)(page)
  },
})

/** States of who somebody is that take a long past, a second proof or a lost answer. */
export const IDENTITY_STATES: IdentityState[] = [
  {
    name: 'profile-known',
    place: { ...PROFILE, ready: '#merges-of-mine' },
    forgetful: true,
    before: answering({ 'member.identities': longKnown }),
    widths: [320],
  },
  {
    name: 'phone-waits',
    place: { ...PROFILE, steps: provePhone },
    before: answering({}, { 'member.attachPhone': phoneStays }),
  },
  {
    name: 'merge-rich',
    place: previewed,
    before: answering({ 'merge.preview': richPreview }),
    widths: [320, 1024],
  },
  {
    name: 'merge-blocked',
    place: { ...MERGES, name: 'merge-blocked', steps: findTwins },
    before: answering({ 'merge.preview': blockedPreview }),
    widths: [1024],
  },
  { name: 'merge-missing', place: then('merge-preview', tap('merge-ask')) },
  { name: 'merge-unsure', place: then('merge-confirm'), after: loseAnswer },
  { name: 'merge-long', place: then('merge-journal'), before: answering({ 'merge.list': longJournal }), widths: [320] },
  {
    name: 'undo-rich',
    place: after(recorded, 'undo-note'),
    before: answering({ 'merge.previewUndo': richUndo }),
    widths: [320, 1024],
  },
  {
    name: 'undo-blocked',
    place: after(recorded, 'undo-blocked'),
    before: answering({ 'merge.previewUndo': builtUpon }),
    widths: [1024],
  },
  {
    name: 'merge-undone',
    place: after(recorded, 'undone-record'),
    before: answering({ 'merge.show': takenBack }),
    widths: [320, 1024],
  },
  {
    name: 'counter-claims',
    place: then('counter-cards'),
    before: answering({ 'visit.cards': claimsHere }),
    widths: [320, 1024],
  },
  {
    name: 'counter-claim',
    place: then(
      'counter-cards',
      (page) => page.locator('#cards .hy-cell--tap:visible').last().click(),
      see('card-confirm'),
    ),
    before: answering({ 'visit.cards': claimsHere }, { 'visit.previewClaim': claimBrings }),
    widths: [320],
  },
]

/** The fullest of them; what the others draw is drawn in these, too. */
const FULLEST = ['profile-known', 'merge-rich', 'merge-unsure', 'undo-rich', 'counter-claim']
export const FULLEST_STATES = IDENTITY_STATES.filter(({ name }) => FULLEST.includes(name))

/** Pictures that every width and both schemes would be too many of. */
const WIDE: Shot[] = [
  ...['profile', 'card-bind'].map(
    (name): Shot => ({
      name: `${name}-320`,
      place: name === 'profile' ? PROFILE : then(name),
      scheme: 'light',
      width: 320,
    }),
  ),
  ...['merges', 'merge-preview', 'merge-journal', 'merge-record', 'undo-confirm', 'counter-card'].flatMap((name) => [
    { name: `${name}-1024`, place: then(name), scheme: 'light' as const, width: 1024 },
  ]),
  ...['merge-preview', 'merge-record', 'counter-card'].map(
    (name): Shot => ({ name: `${name}-320`, place: then(name), scheme: 'light', width: 320 }),
  ),
  { name: 'merge-preview-1024-dark', place: then('merge-preview'), scheme: 'dark', width: 1024 },
]

/** The same as pictures. */
export const IDENTITY_SHOTS: Shot[] = [
  ...IDENTITY_STATES.flatMap(({ widths = [], ...state }): Shot[] => [
    ...(['light', 'dark'] satisfies Scheme[]).map((scheme) => ({ ...state, name: `${state.name}-${scheme}`, scheme })),
    ...widths.map((width) => ({ ...state, name: `${state.name}-${width}`, scheme: 'light' as const, width })),
  ]),
  ...WIDE,
]
