import { backWords, leftWords, unlockWords, usedUpWords } from '../../lib/right'
import type { IconName } from '../../ui/icon'
import type { OwnRight } from './rights'

const MARKS: Record<OwnRight['state'], IconName> = { available: 'check', used_up: 'clock', locked: 'lock' }

/** The sign of a state; it is told apart without its colour. */
export const markOf = (state: OwnRight['state']): IconName => MARKS[state]

/** The state in a word, and what it means for now in a few. */
export function stateWords(right: OwnRight, now: Date): { tag: string; foot: string } {
  const { state, left, period, backAt, unlock } = right
  if (state === 'locked') return { tag: '未解锁', foot: unlockWords(unlock) }
  if (state === 'used_up') return { tag: usedUpWords(period), foot: backWords(backAt, now) }
  return { tag: '可用', foot: leftWords(left, period) }
}

const MOST_DOTS = 6

/** One dot for each use of the period, true while it is left; null where a row of dots says nothing. */
export function uses({ quota, left, state }: OwnRight): boolean[] | null {
  if (quota === null || quota > MOST_DOTS || state === 'locked') return null
  return Array.from({ length: quota }, (_, n) => n < (left ?? quota))
}

type Way = { words: string; tab: 'mall' } | { words: string; path: string }

/** Where it is used, or what brings it. */
export function wayOf({ state, unlock }: OwnRight): Way | null {
  if (state === 'available') return { words: '去商城看看', tab: 'mall' }
  if (state === 'used_up') return null
  if (unlock?.tier) return { words: '怎么升级', path: '/pages/tier/tier' }
  return unlock?.honourName ? { words: '怎么得到', path: '/pages/obligation/obligations' } : null
}
