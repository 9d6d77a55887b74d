import fc from 'fast-check'

/** What somebody wants, before it is known what there is: `nth` chooses among what was made so far. */
export interface Wish {
  do:
    | 'award'
    | 'buy'
    | 'spend'
    | 'exchange'
    | 'giveBack'
    | 'cancel'
    | 'takeBack'
    | 'returnOrder'
    | 'adjust'
    | 'settle'
    | 'merge'
  who: number
  nth: number
  points: number
  /** Days until points count, and how many they live from then on. */
  inDays: number
  lifeDays: number
  /** Sent twice at once, under the same source or requestId. */
  twice: boolean
}

/** What happens at once, over several connections, and how long nothing happens after it. */
export interface Step {
  atOnce: Wish[]
  thenMinutes: number
}

const DAY = 24 * 60

const deed = fc.oneof(
  { weight: 7, arbitrary: fc.constantFrom<Wish['do'][]>('award', 'award', 'award', 'buy') },
  { weight: 7, arbitrary: fc.constantFrom<Wish['do'][]>('spend', 'exchange', 'exchange') },
  { weight: 4, arbitrary: fc.constantFrom<Wish['do'][]>('giveBack', 'cancel') },
  { weight: 4, arbitrary: fc.constantFrom<Wish['do'][]>('takeBack', 'returnOrder', 'adjust') },
  { weight: 2, arbitrary: fc.constantFrom<Wish['do'][]>('settle', 'settle', 'merge') },
)

const wish: fc.Arbitrary<Wish> = fc.record({
  do: deed,
  who: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.integer({ min: 1, max: 2 }) }),
  nth: fc.nat(9),
  points: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 60, max: 200 })),
  inDays: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 3 })),
  lifeDays: fc.integer({ min: 1, max: 9 }),
  twice: fc.integer({ min: 0, max: 4 }).map((n) => n === 4),
})

const step: fc.Arbitrary<Step> = fc.record({
  atOnce: fc.array(wish, { minLength: 1, maxLength: 4 }),
  thenMinutes: fc.oneof(
    { weight: 5, arbitrary: fc.constant(1) },
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 5 }).map((days) => days * DAY) },
    { weight: 1, arbitrary: fc.integer({ min: 6, max: 40 }).map((days) => days * DAY) },
  ),
})

export const sequences: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 4, maxLength: 12, size: 'max' })
