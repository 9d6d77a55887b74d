/** What becomes of an exchange: its states as a table, and its steps in the member's words. */
import type { RewardKind } from './mall'
import { countText } from './money'

export type RedemptionState = 'placed' | 'ready' | 'done' | 'cancelled'
export type CancelReason = 'member' | 'overdue' | 'gift_superseded'

/** What came back of a cancelled exchange, in points. */
export interface GivenBack {
  /** With their old end. */
  returned: number
  /** Whose lot had ended, and which live on a little. */
  grace: number
  /** Which had lived on before and ended now. */
  expired: number
}

export interface RedemptionFacts {
  kind: RewardKind
  origin: 'mall' | 'gift'
  state: RedemptionState
  cancelReason: CancelReason | null
  placedAt: Date
  readyAt: Date
  finishedAt: Date | null
  /** Null while nothing came back, and for what was cancelled before it was written down. */
  back: GivenBack | null
}

export interface RedemptionStep {
  state: RedemptionState | 'returned'
  /** Null for what is still to come. */
  at: Date | null
  words: string
}

/** Which steps a kind goes through, and what each is called before and after it was reached. */
const STEPS: Record<RewardKind, { state: RedemptionState; reached: string; ahead: string }[]> = {
  pickup: [
    { state: 'placed', reached: '兑换成功', ahead: '' },
    { state: 'ready', reached: '备好了，等你来取', ahead: '门店正在备货' },
    { state: 'done', reached: '已取走', ahead: '到店报取货码取走' },
  ],
  service: [
    { state: 'placed', reached: '兑换成功', ahead: '' },
    { state: 'ready', reached: '安排好了，等你来', ahead: '门店正在安排' },
    { state: 'done', reached: '已使用', ahead: '到店报码使用' },
  ],
  coupon: [
    { state: 'placed', reached: '兑换成功', ahead: '' },
    { state: 'done', reached: '券已放进卡券', ahead: '' },
  ],
  partner_code: [
    { state: 'placed', reached: '兑换成功', ahead: '' },
    { state: 'done', reached: '兑换码已给到你', ahead: '' },
  ],
}

const CANCELLED: Record<CancelReason, string> = {
  member: '你取消了这次兑换',
  overdue: '过了领取期，已自动取消',
  gift_superseded: '礼物每人一份，这一份收回了',
}

/** What is given at once stays given; what waits for its owner can be taken back. What came out of a gift cost nothing. */
const TAKEN_BACK: Record<RewardKind, readonly RedemptionState[]> = {
  pickup: ['placed', 'ready'],
  service: ['placed', 'ready'],
  coupon: [],
  partner_code: [],
}

/** Whether a member may take an exchange back. */
export const mayCancel = ({ kind, origin, state }: Pick<RedemptionFacts, 'kind' | 'origin' | 'state'>): boolean =>
  origin === 'mall' && TAKEN_BACK[kind].includes(state)

/** What happened to a redemption and what is still to come, in order. */
export function redemptionSteps(one: RedemptionFacts): RedemptionStep[] {
  if (one.state === 'cancelled') return cancelledSteps(one)
  const steps = STEPS[one.kind]
  const now = steps.findIndex(({ state }) => state === one.state)
  return steps.map(({ state, reached, ahead }, n) =>
    n <= now ? { state, at: instantOf(one, state), words: reached } : { state, at: null, words: ahead },
  )
}

const instantOf = ({ placedAt, readyAt, finishedAt }: RedemptionFacts, state: RedemptionState): Date | null =>
  state === 'placed' ? placedAt : state === 'ready' ? readyAt : finishedAt

/** A cancelled one tells what it had reached, why it ended, and where the points went. */
function cancelledSteps(one: RedemptionFacts): RedemptionStep[] {
  const { finishedAt, readyAt, cancelReason } = one
  const reached = STEPS[one.kind].filter(
    ({ state }) => state === 'placed' || (state === 'ready' && finishedAt !== null && readyAt <= finishedAt),
  )
  const steps: RedemptionStep[] = reached.map(({ state, reached: words }) => ({
    state,
    at: instantOf(one, state),
    words,
  }))
  steps.push({ state: 'cancelled', at: finishedAt, words: CANCELLED[cancelReason ?? 'member'] })
  const words = backWords(one)
  if (words !== '') steps.push({ state: 'returned', at: finishedAt, words })
  return steps
}

function backWords({ origin, back }: RedemptionFacts): string {
  // what was cancelled before it was written down came back all the same
  if (!back) return origin === 'mall' ? '积分已退回' : ''
  const { returned, grace, expired } = back
  const parts = [
    returned > 0 && `${countText(returned)} 积分退回原来的批次`,
    grace > 0 && `${countText(grace)} 积分原批次已到期，宽限一段时间`,
    expired > 0 && `${countText(expired)} 积分宽限过一次，已到期`,
  ]
  return parts.filter(Boolean).join('；')
}
