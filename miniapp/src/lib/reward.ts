import type { Fault } from '@huiyuan/shared/faults'
import { countText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { dayWords } from '@huiyuan/shared/time'
import type { RouterOutputs } from './api'
import { faultText } from './fault-text'

export type Reward = RouterOutputs['mall']['window']['rewards'][number]
export type Redemption = RouterOutputs['mall']['exchange']['redemption']
type RewardKind = Reward['kind']

export const pathOfReward = (rewardId: string): string => `/pages/mall/reward?rewardId=${rewardId}`

const notOpen = ({ refusal }: Reward) => refusal?.code === 'REWARD_NOT_OPEN' || refusal?.code === 'RIGHT_USED_UP'

/** Open for me by a right, and not yet for everybody. */
export const isEarlyNow = (reward: Reward, now: Date): boolean =>
  reward.left !== 0 && new Date(reward.opensForMeAt) <= now && now < new Date(reward.publicAt)

/** The limited edition that stands in front: one I may have before others, else the next to open for me, else a numbered one. */
export const heroOf = (rewards: Reward[], now: Date): Reward | undefined => {
  const limited = rewards.filter(({ stockTotal, kind }) => stockTotal !== null && kind === 'pickup')
  const [next] = limited
    .filter(notOpen)
    .sort((one, other) => Date.parse(one.opensForMeAt) - Date.parse(other.opensForMeAt))
  return limited.find((one) => isEarlyNow(one, now)) ?? next ?? limited.find(({ numbered }) => numbered)
}

/** What is next within reach: the fewest missing points first. */
export function nearestOf(rewards: Reward[], most: number): { reward: Reward; shortPoints: number }[] {
  const short = rewards.flatMap((reward) =>
    reward.refusal?.code === 'POINTS_SHORT' ? [{ reward, shortPoints: reward.refusal.detail.shortPoints }] : [],
  )
  return short.sort((one, other) => one.shortPoints - other.shortPoints).slice(0, most)
}

const UNITS: Record<RewardKind, string> = { pickup: '件', service: '次', coupon: '张', partner_code: '份' }
const WAYS: Record<RewardKind, string> = {
  pickup: '门店自取',
  service: '到店使用',
  coupon: '立刻到账',
  partner_code: '立刻给码',
}

export const unitOf = ({ kind }: Pick<Reward, 'kind'>) => UNITS[kind]
export const tierName = (tier: number) => rungOf(tier, DEMO_POLICY).name

/** `24 小时`, `2 天`. */
export const spanWords = (hours: number) => (hours > 24 && hours % 24 === 0 ? `${hours / 24} 天` : `${hours} 小时`)

type Opening = Pick<Reward, 'early' | 'publicAt'>

/** How long before everybody the best right opens it. */
export const earlySpan = ({ early, publicAt }: Opening): string =>
  early ? spanWords(Math.round((Date.parse(publicAt) - Date.parse(early.opensAt)) / 3_600_000)) : ''

/** `黄金早享` while I may come before everybody else, else nothing. */
export const earlyName = ({ early, publicAt }: Opening, now: Date): string | null =>
  early?.state === 'available' && now < new Date(publicAt) ? early.title : null

/** What stands before the countdown of the front. */
export function openingWords(reward: Opening, now: Date): string {
  const early = earlyName(reward, now)
  if (early) return `${early}，离开始还有`
  if (reward.early?.state === 'used_up') return `${reward.early.title}用完了，离公开还有`
  return '离开始还有'
}

/** Why not now, as briefly as beside a price. */
export function shortRefusal(refusal: Fault): string {
  switch (refusal.code) {
    case 'POINTS_SHORT':
      return `差 ${countText(refusal.detail.shortPoints)} 分`
    case 'TIER_NEEDED':
      return `${tierName(refusal.detail.tier)}起`
    case 'REWARD_LIMIT':
      return '换过了'
    case 'REWARD_NOT_OPEN':
      return `${dayWords(new Date(refusal.detail.opensAt), new Date())}起`
    case 'RIGHT_USED_UP':
      return '还没开始'
    case 'REWARD_OVER':
      return '已下架'
    case 'IN_DEBT':
      return '先补积分'
    default:
      return faultText(refusal).title
  }
}

/** What stands beside the price: why not, how many are left, or how one gets it. */
export function besidePrice(reward: Reward): { words: string; due: boolean } {
  const { refusal, left, kind } = reward
  if (refusal) return { words: shortRefusal(refusal), due: refusal.code === 'POINTS_SHORT' }
  if (left === 0) return { words: '换完了', due: false }
  if (left !== null) return { words: `剩 ${countText(left)} ${unitOf(reward)}`, due: false }
  return { words: WAYS[kind], due: false }
}
