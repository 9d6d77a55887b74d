import type { Page } from 'playwright-core'
import { answering } from './answers'
import {
  ANOTHERS_ID,
  agreed,
  bothWaiting,
  inDebt,
  longLiability,
  noLiability,
  noneWaiting,
  onlyPending,
  unevenForecast,
} from './books-states'
import { type Place, tap } from './place'
import { PLACES } from './places'
import type { Scheme, Shot } from './studio'
import { at, type Screen } from './web-house'

interface BooksState extends Omit<Shot, 'scheme'> {
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
const both = answering({ 'ledger.adjustments': bothWaiting }, { 'ledger.decide': agreed })

/** The connection is cut while the correction is on its way: nobody knows whether it was done. */
async function loseAnswer({ page, context }: Screen): Promise<void> {
  await context.setOffline(true)
  await at(page, 'adjust-submit').click()
  await page.getByText('再点一次就好').waitFor()
  await page.getByRole('button', { name: '关闭' }).filter({ visible: true }).click()
  await at(page, 'adjust-reopen').waitFor()
}

/** States of the books that need a second operator, a lost answer or a long past. */
export const BOOKS_STATES: BooksState[] = [
  { name: 'books-both', place: then('books-review'), before: both, widths: [320, 1024] },
  { name: 'books-decide', place: then('books-review', tap(`agree-${ANOTHERS_ID}`), see('decide')), before: both },
  {
    name: 'books-refusing',
    place: then('books-review', tap(`refuse-${ANOTHERS_ID}`, 'decide-submit')),
    before: both,
    widths: [320],
  },
  {
    name: 'books-decided',
    place: then('books-review', tap(`agree-${ANOTHERS_ID}`, 'decide-submit'), see('decided')),
    before: both,
  },
  {
    name: 'books-none',
    place: then('books-review'),
    before: answering({ 'ledger.adjustments': noneWaiting }),
  },
  {
    name: 'books-long',
    place: then('books-liability'),
    before: answering({ 'ledger.liability': longLiability }),
    widths: [320, 1024],
  },
  { name: 'books-nothing', place: then('books-liability'), before: answering({ 'ledger.liability': noLiability }) },
  { name: 'books-unsure', place: then('books-confirm'), after: loseAnswer },
  { name: 'statement-debt', place: then('statement'), forgetful: true, before: answering(inDebt), widths: [320] },
  { name: 'lots-pending', place: then('lots'), forgetful: true, before: answering(onlyPending) },
  { name: 'lots-uneven', place: then('lots'), forgetful: true, before: answering(unevenForecast), widths: [320] },
]

/** Pictures that every width and both schemes would be too many of. */
const WIDE: Shot[] = [
  ...['books-found', 'books-missing', 'books-second', 'books-liability'].map(
    (name): Shot => ({ name: `${name}-1024`, place: then(name), scheme: 'light', width: 1024 }),
  ),
  { name: 'books-liability-1024-dark', place: then('books-liability'), scheme: 'dark', width: 1024 },
  { name: 'books-confirm-320', place: then('books-confirm'), scheme: 'light', width: 320 },
  { name: 'lots-320', place: then('lots'), scheme: 'light', width: 320 },
]

/** The same as pictures. */
export const BOOKS_SHOTS: Shot[] = [
  ...BOOKS_STATES.flatMap(({ widths = [], ...state }): Shot[] => [
    ...(['light', 'dark'] satisfies Scheme[]).map((scheme) => ({ ...state, name: `${state.name}-${scheme}`, scheme })),
    ...widths.map((width) => ({ ...state, name: `${state.name}-${width}`, scheme: 'light' as const, width })),
  ]),
  ...WIDE,
]
