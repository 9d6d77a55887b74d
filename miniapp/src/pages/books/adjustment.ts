import { ADJUSTMENT_NAMES, type AdjustmentReason } from '@huiyuan/shared/adjustment'
import { isMemberNo } from '@huiyuan/shared/member'
import { countText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import type { RouterOutputs } from '../../lib/api'

export type Subject = RouterOutputs['ledger']['subject']
export type Adjustment = RouterOutputs['ledger']['adjust']

export const REASONS = Object.keys(ADJUSTMENT_NAMES) as AdjustmentReason[]

export const MEMBER_NO_DIGITS = 16
export const NOTE_LENGTH = 200

/** What is being filled in; the points stay as they were typed. */
export interface Draft {
  sign: 1 | -1
  points: string
  reason: AdjustmentReason | null
  note: string
}

export const EMPTY_DRAFT: Draft = { sign: 1, points: '', reason: null, note: '' }

const FULL_WIDTH = /[\uff10-\uff19\uff0c]/g

/** Digits and commas of a Chinese keyboard as the plain ones. */
const plain = (text: string): string =>
  text.replace(FULL_WIDTH, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))

/** A member number as it was typed or pasted, without what stands between its digits. */
export const memberNoOf = (said: string): string => plain(said).replace(/[\s,·-]+/g, '')

/** Why this cannot be a member number, or null. */
export function memberNoProblem(said: string): string | null {
  const memberNo = memberNoOf(said)
  if (memberNo === '') return '请输入 16 位会员号'
  if (/\D/.test(memberNo)) return '会员号只有数字'
  if (memberNo.length !== MEMBER_NO_DIGITS) return `会员号是 16 位，现在 ${memberNo.length} 位`
  return isMemberNo(memberNo) ? null : '会员号不对，请核对每一位'
}

/** The whole number above zero that was typed, or null. */
function countOf(text: string): number | null {
  const digits = plain(text).replace(/[\s,]+/g, '')
  return /^\d{1,9}$/.test(digits) && Number(digits) > 0 ? Number(digits) : null
}

/** What the draft would move, signed; null while that is no number one may move. */
export function pointsOf({ sign, points }: Draft): number | null {
  const count = countOf(points)
  return count === null || count > DEMO_POLICY.adjustMost ? null : sign * count
}

export type Problems = Partial<Record<'points' | 'reason' | 'note', string>>

/** What is wrong with each part of the draft; empty when it may be sent. */
export function problemsOf(draft: Draft): Problems {
  const count = countOf(draft.points)
  return {
    ...(draft.points.trim() === ''
      ? { points: '请填写积分' }
      : count === null
        ? { points: '只能填大于 0 的整数' }
        : {}),
    ...(count !== null && pointsOf(draft) === null
      ? { points: `一次最多 ${countText(DEMO_POLICY.adjustMost)} 积分` }
      : {}),
    ...(draft.reason === null ? { reason: '请选一个原因' } : {}),
    ...(draft.note.trim() === '' ? { note: '请写一句说明，复核和审计都会看' } : {}),
  }
}

/** `小* · 尾号 3421` */
export const whoOf = ({ nameMasked, memberNo }: Pick<Subject, 'nameMasked' | 'memberNo'>): string =>
  `${nameMasked ?? '未留名'} · 尾号 ${memberNo.slice(-4)}`

/** `+500`, `−80` */
export const signed = (points: number): string => (points > 0 ? `+${countText(points)}` : countText(points))

export interface Preview {
  points: number
  debtPoints: number
}

/** What the member will have: more points pay what is owed first, what cannot be taken is owed. */
export function previewOf(points: number, subject: Pick<Subject, 'points' | 'debtPoints'>): Preview {
  if (points > 0) {
    const paid = Math.min(subject.debtPoints, points)
    return { points: subject.points + points - paid, debtPoints: subject.debtPoints - paid }
  }
  const taken = Math.min(subject.points, -points)
  return { points: subject.points - taken, debtPoints: subject.debtPoints - points - taken }
}

/** Whether one operator is enough today, and in words what happens when it is sent; one's own points wait for somebody else. */
export function courseOf(points: number, aloneLeft: number, own: boolean): { atOnce: boolean; words: string } {
  if (own) return { atOnce: false, words: '这是你自己的积分，提交后等另一位运营复核' }
  const left = aloneLeft - Math.abs(points)
  if (left >= 0) return { atOnce: true, words: `提交后立即生效，今天还能一个人调整 ${countText(left)} 分` }
  const why = aloneLeft > 0 ? `超过今天一个人还能调整的 ${countText(aloneLeft)} 分` : '今天一个人能调整的分已经用完'
  return { atOnce: false, words: `${why}，提交后等另一位运营复核` }
}
