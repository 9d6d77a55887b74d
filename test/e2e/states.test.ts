import { ARTICLE_STATES } from './article-states'
import { BOOKS_STATES } from './books-shots'
import { CAMPAIGN_STATES } from './campaign-states'
import { honourStates } from './honour-states'
import { FULLEST_STATES } from './identity-shots'
import { mallStates } from './mall-states'
import { MENU_STATES } from './menu-states'
import { OFFLINE_STATES } from './offline-states'
import { FLAWLESS } from './page-checks.fixture'
import type { PlaceState } from './place'
import { REVIEW_STATES } from './review-states'
import { shareStates } from './share-states'
import { smallPhones } from './small-phones.fixture'
import { FULLEST_TILL_STATES } from './till-shots'

const phones = smallPhones()
const states: { name: string; state: PlaceState }[] = [
  ...[
    ...mallStates(() => new Date()),
    ...shareStates(() => new Date()),
    ...honourStates(() => new Date()),
    ...MENU_STATES,
    ...OFFLINE_STATES,
  ].map((state) => ({
    name: state.place.name,
    state,
  })),
  ...[
    ...BOOKS_STATES,
    ...REVIEW_STATES,
    ...ARTICLE_STATES,
    ...CAMPAIGN_STATES,
    ...FULLEST_STATES,
    ...FULLEST_TILL_STATES,
  ].map(({ name, ...state }) => ({
    name,
    state,
  })),
]

test.each(states)(
  '$name fits 320 px, also with words of 130 %, and at work 1024 px; no barrier in light and dark; no error',
  async ({ state }) => {
    expect(await phones.flawsIn(state)).toEqual(FLAWLESS)
  },
)
