import { dayWords } from '@huiyuan/shared/time'
import { pathOfReward } from '../../lib/reward'
import { backWords, leftWords, unlockWords, usedUpWords } from '../../lib/right'
import type { IconName } from '../../ui/icon'
import { iconOf } from './right-effect'
import type { OwnRight } from './rights'

/** The sign: of its kind while it can be used, else of what is in the way; told apart without its colour. */
export const markOf = (right: OwnRight): IconName =>
  right.state === 'available' ? iconOf(right) : right.state === 'used_up' ? 'clock' : 'lock'

const GROUPS: [state: OwnRight['state'], title: string][] = [
  ['available', '现在能用'],
  ['used_up', '用完了，会回来'],
  ['locked', '还没解锁'],
]

/** All rights by what they are to me, each group with a title that counts; a group without any is not there. */
export const groupsOf = (rights: OwnRight[]): { state: OwnRight['state']; title: string; rights: OwnRight[] }[] =>
  GROUPS.map(([state, title]) => ({ state, title, rights: rights.filter((right) => right.state === state) }))
    .filter((group) => group.rights.length > 0)
    .map((group) => ({ ...group, title: `${group.title} · ${group.rights.length}` }))

/** A gift is opened on its own page, which knows whether it is time and whether it was opened. */
const GIFTS: Partial<Record<OwnRight['kind'], string>> = { birthday_gift: '每年一次', trial_pack: '每人一份' }

/** What is left of it, when it is back, or what brings it. */
export function stateWords(right: OwnRight, now: Date): string {
  const { state, left, quota, period, backAt, until, from } = right
  if (state === 'locked') return unlockWords(right.unlock)
  if (state === 'used_up') return `${usedUpWords(period)}，${backWords(backAt, now)}`
  const ends = until === null ? '' : `${from === 'gift' ? '礼包带来，' : ''}用到 ${dayWords(new Date(until), now)}`
  const often = quota === null ? GIFTS[right.kind] : leftWords(left, period)
  // what nobody counts is simply there
  return [often, ends].filter(Boolean).join(' · ') || '一直都在'
}

const MOST_DOTS = 6

/** One dot for each use of the period, true while it is left; null where a row of dots says nothing. */
export function uses({ quota, left, state }: OwnRight): boolean[] | null {
  if (quota === null || quota > MOST_DOTS || state === 'locked') return null
  return Array.from({ length: quota }, (_, n) => n < (left ?? quota))
}

type Way = { words: string; tab: 'mall' | 'code' } | { words: string; path: string }

/** Where it is used, or what brings it; null where neither is a place. */
export function wayOf(right: OwnRight): Way | null {
  const { state, unlock } = right
  if (state === 'available') return placeOf(right)
  if (state === 'used_up') return null
  if (unlock?.tier) return { words: '怎么升级', path: '/pages/tier/tier' }
  return unlock?.honourName ? { words: '怎么得到', path: '/pages/honour/honours' } : null
}

function placeOf(right: OwnRight): Way | null {
  switch (right.kind) {
    case 'member_price':
    case 'tier_discount':
    case 'volume_discount':
    case 'repurchase_discount':
      return { words: '去菜单看价', path: '/pages/product/menu' }
    case 'early_access':
      return { words: '去商城看看', tab: 'mall' }
    case 'limited_edition':
      return { words: '看看留着的', path: pathOfReward(right.payload.rewardId) }
    case 'birthday_gift':
    case 'trial_pack':
      return { words: '去看礼包', path: '/pages/gift/gift' }
    case 'points_multiplier':
    case 'free_service':
      return { words: '出示会员码', tab: 'code' }
    case 'service_manager':
      return null
  }
}
