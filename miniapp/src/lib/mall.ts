import type { Fault } from '@huiyuan/shared/faults'
import { countText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { dayWords } from '@huiyuan/shared/time'
import { api, type RouterOutputs } from './api'
import { faultText } from './fault-text'
import { type Read, useRead } from './query'
import { useSession } from './session'

export type Reward = RouterOutputs['mall']['window']['rewards'][number]
export type Redemption = RouterOutputs['mall']['exchange']['redemption']

/** The mall as one sees it; a guest has no points and looks through the window. */
export interface Mall {
  points: number | null
  debtPoints: number
  rewards: Reward[]
}

const readWindow = async (): Promise<Mall> => ({ points: null, debtPoints: 0, ...(await api.mall.window.query()) })

export function useMall(): Read<Mall> {
  const { state } = useSession()
  const member = state === 'member'
  return useRead<Mall>(['mall', member ? 'list' : 'window'], member ? () => api.mall.list.query() : readWindow, {
    keepAs: member ? 'mall' : 'mall-window',
    enabled: state !== 'starting',
  })
}

/** The limited edition that stands in front: one that is about to open for me, else a numbered one. */
export const heroOf = (rewards: Reward[]): Reward | undefined => {
  const limited = rewards.filter(({ stockTotal, kind }) => stockTotal !== null && kind === 'pickup')
  return limited.find(({ refusal }) => refusal?.code === 'REWARD_NOT_OPEN') ?? limited.find(({ numbered }) => numbered)
}

export const unitOf = ({ kind }: Pick<Reward, 'kind'>) => (kind === 'coupon' ? '张' : '件')
export const tierName = (tier: number) => rungOf(tier, DEMO_POLICY).name

/** `黄金早享` where I may come before everybody else, else nothing. */
export const earlyName = ({ earlyTier, opensForMeAt, publicAt }: Reward): string | null =>
  earlyTier !== null && opensForMeAt < publicAt ? `${tierName(earlyTier)}早享` : null

/** What stands before a countdown. */
export const openingWords = (reward: Reward): string => {
  const early = earlyName(reward)
  return early ? `${early}，离开始还有` : '离开始还有'
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
      return `${dayWords(new Date(refusal.detail.opensAt), new Date())}开始`
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
  return { words: kind === 'coupon' ? '立刻到账' : '门店自取', due: false }
}
