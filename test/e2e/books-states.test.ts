import { BOOKS_STATES } from './books-shots'
import { FLAWLESS } from './page-checks.fixture'
import { smallPhones } from './small-phones.fixture'

const phones = smallPhones()

test.each(BOOKS_STATES)(
  '$name fits 320 px, also with words of 130 %; no barrier in light and dark; no error',
  async (state) => {
    expect(await phones.flawsIn(state)).toEqual(FLAWLESS)
  },
)
