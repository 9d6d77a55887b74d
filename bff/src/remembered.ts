import type { House } from './ctx'

/** Beyond this many answers everything is forgotten and learnt afresh: a bound, not a promise. */
const MOST = 10_000

/** Answers of one house, each good until its own instant on the house's clock. */
export interface Remembered<Answer> {
  recall(house: House, key: string): Answer | undefined
  keep(house: House, key: string, answer: Answer, until: number): void
  forget(house: House, key: string): void
}

/**
 * A short memory of answers that are asked for at every request. For what may be a moment out of date only, and never
 * for what a write depends on: the statement that writes looks itself.
 */
export function remembered<Answer>(): Remembered<Answer> {
  const houses = new WeakMap<House, Map<string, { answer: Answer; until: number }>>()
  const answersOf = (house: House) => {
    const known = houses.get(house) ?? new Map<string, { answer: Answer; until: number }>()
    houses.set(house, known)
    return known
  }
  return {
    recall(house, key) {
      const known = answersOf(house).get(key)
      return known && known.until > house.now().getTime() ? known.answer : undefined
    },
    keep(house, key, answer, until) {
      const answers = answersOf(house)
      if (answers.size >= MOST) answers.clear()
      answers.set(key, { answer, until })
    },
    forget: (house, key) => void answersOf(house).delete(key),
  }
}
