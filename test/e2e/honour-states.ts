import { endOfMonthAfter } from '@huiyuan/shared/time'
import { answering, type Change } from './answers'
import type { Place, PlaceState } from './place'
import { pictureTime } from './shifted-clock'
import type { Scheme, Shot } from './studio'

type State = Omit<PlaceState, 'place'> & { place: Omit<Place, 'name'> }

const HONOURS = { who: 'member', path: 'pages/honour/honours', ready: '#honours' } as const
const WALL = { who: 'member', path: 'pages/honour/wall?id=tea_knower', ready: '#wall' } as const
const CERTIFICATE = { who: 'member', path: 'pages/honour/certificate?id=ambassador' } as const

/** All honours, each somewhere else in its life. */
function honoursAt(now: Date) {
  const end = (months: number) => endOfMonthAfter(now, months).toISOString()
  const start = (months: number) => new Date(endOfMonthAfter(now, months - 1).getTime() + 1).toISOString()
  const none = {
    ...{ termMonths: 12, grantedAt: start(-5), until: null, because: null, warnedAt: null, lapsesAt: null },
    ...{ lapsedAt: null, regainUntil: null, onWall: false, duties: null },
  }
  const ways = [
    { obligationId: 'ambassador_guide', title: '带一位朋友来坐坐', state: 'rewarded' },
    { obligationId: 'ambassador_words', title: '写一段喝茶的话', state: 'submitted' },
    { obligationId: 'ambassador_cups', title: '喝两盏这个月的新茶', state: 'in_progress' },
  ]
  const duties = { need: 3, done: 1, waiting: 1, from: start(-4), ways }
  const title = { honourId: 'ambassador', name: '一盏大使', mark: 'bowl', kind: 'title' }
  const words = '每个月替一盏做三件小事，新茶也先到手里'
  const warned = {
    ...none,
    ...title,
    words,
    state: 'warned',
    because: 'duties',
    until: end(7),
    lapsesAt: end(0),
    duties,
  }
  return {
    warned,
    lapsed: { ...warned, state: 'lapsed', until: null, lapsesAt: null, lapsedAt: start(0), regainUntil: end(2) },
    knower: {
      ...{ ...none, honourId: 'tea_knower', name: '知茶人', mark: 'leaf', kind: 'badge', state: 'worn' },
      ...{ words: '和我们一起坐下来，喝过一季新茶的人', termMonths: null, onWall: true },
    },
    keeper: {
      ...{ ...none, honourId: 'cup_keeper', name: '惜杯人', mark: 'cup', kind: 'badge', state: 'open' },
      ...{ words: '十次带着自己的杯子来，少用了十只纸杯', grantedAt: null },
    },
  }
}

function statesOf(now: () => Date): Record<string, State> {
  const mine = (of: (all: ReturnType<typeof honoursAt>) => object[]): NonNullable<State['before']> => {
    const change: Change = (answer) => ({ ...answer, honours: of(honoursAt(now())) })
    return answering({ 'honour.mine': change })
  }
  return {
    'honours-warned': { place: HONOURS, before: mine(({ warned, knower, keeper }) => [knower, keeper, warned]) },
    'honours-lapsed': { place: HONOURS, before: mine(({ lapsed, knower, keeper }) => [knower, keeper, lapsed]) },
    'honours-none': { place: HONOURS, before: mine(({ keeper }) => [keeper]) },
    'honour-wall-empty': {
      place: WALL,
      before: answering({ 'honour.wall': (answer) => ({ ...answer, people: [], next: null }) }),
    },
    certificate: {
      place: { ...CERTIFICATE, ready: '#certificate-sheet' },
      before: mine(({ warned }) => [{ ...warned, state: 'worn' }]),
    },
    'certificate-badge': {
      place: { ...CERTIFICATE, path: 'pages/honour/certificate?id=tea_knower', ready: '#certificate-sheet' },
      before: mine(({ knower }) => [knower]),
    },
    'certificate-gone': { place: { ...CERTIFICATE, ready: '.hy-empty' }, before: mine(({ lapsed }) => [lapsed]) },
  }
}

/** Honours as they stand after months, by a clock. */
export const honourStates = (now: () => Date): PlaceState[] =>
  Object.entries(statesOf(now)).map(([name, { place, ...rest }]) => ({ ...rest, place: { ...place, name } }))

const NARROW_AND_WIDE = ['honours-warned', 'certificate']

export const HONOUR_SHOTS: Shot[] = honourStates(pictureTime).flatMap((state) => {
  const shot = { ...state, forgetful: true }
  const { name } = state.place
  return [
    ...(['light', 'dark'] satisfies Scheme[]).map((scheme): Shot => ({ ...shot, name: `${name}-${scheme}`, scheme })),
    ...(NARROW_AND_WIDE.includes(name) ? [320, 1024] : []).map(
      (width): Shot => ({ ...shot, name: `${name}-${width}`, scheme: 'light', width }),
    ),
  ]
})
