import type { HeldClock, TestHouse } from '../../../test/support/people'
import type { House } from '../ctx'
import { keysFrom } from '../keys'
import { memberHouse } from '../member/member.fixture'

const [first, second] = [7, 8].map((byte) => Buffer.alloc(32, byte).toString('base64')) as [string, string]

/** What MASTER_KEY is from one step of a rotation to the next. */
export const STEPS = {
  before: first,
  known: `${first},2:${second}`,
  turned: `2:${second},${first}`,
  after: `2:${second}`,
}

/** A server of each step, on one database. */
export function housesOf(url: string, more: Partial<House> = {}): Record<keyof typeof STEPS, TestHouse> {
  let clock: HeldClock | undefined
  const open = (step: keyof typeof STEPS): TestHouse => {
    const house = memberHouse(url, { ...more, keys: keysFrom(STEPS[step]), ...(clock ? { clock } : {}) })
    clock = house.clock
    return house
  }
  return { before: open('before'), known: open('known'), turned: open('turned'), after: open('after') }
}
