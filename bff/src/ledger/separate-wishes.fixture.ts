import fc from 'fast-check'

const DAY_MINUTES = 24 * 60

/** What somebody wants, before it is known what there is: `nth` chooses among what was made so far. */
export interface Wish {
  do: 'award' | 'spend' | 'cancel' | 'takeBack' | 'adjust' | 'settle' | 'merge' | 'andBack' | 'undo'
  who: number
  nth: number
  points: number
  inDays: number
  lifeDays: number
  programme: boolean
  thenMinutes: number
}

const deed = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<Wish['do'][]>('award', 'award', 'spend', 'spend', 'spend') },
  {
    weight: 6,
    arbitrary: fc.constantFrom<Wish['do'][]>('cancel', 'cancel', 'takeBack', 'takeBack', 'adjust', 'settle'),
  },
  { weight: 6, arbitrary: fc.constantFrom<Wish['do'][]>('merge', 'merge', 'merge', 'andBack', 'undo', 'undo', 'undo') },
)

const wish: fc.Arbitrary<Wish> = fc.record({
  do: deed,
  who: fc.constantFrom(0, 1, 2),
  nth: fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7),
  points: fc.constantFrom(1, 7, 20, 30, 45, 60, 90),
  inDays: fc.constantFrom(0, 0, 1, 3),
  lifeDays: fc.integer({ min: 1, max: 12 }),
  programme: fc.constantFrom(false, false, true),
  thenMinutes: fc.oneof(
    { weight: 12, arbitrary: fc.constant(1) },
    { weight: 6, arbitrary: fc.constantFrom(1, 2, 4).map((days) => days * DAY_MINUTES) },
    { weight: 1, arbitrary: fc.constantFrom(10, 200).map((days) => days * DAY_MINUTES) },
  ),
})

export const stories: fc.Arbitrary<Wish[]> = fc.array(wish, { minLength: 10, maxLength: 30, size: 'max' })
