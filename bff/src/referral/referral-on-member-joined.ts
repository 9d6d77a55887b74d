import type { Policy } from '@huiyuan/shared/policy'
import type { Events, SqlCall } from '../ctx'

/** Whoever came by a link and is new belongs to its owner's friends. */
export function referralOnMemberJoined(
  { memberId, at, arrival: { link } }: Events['member.joined'],
  { newAfterDays }: Policy,
): SqlCall[] {
  return link ? [{ fn: 'referral_attribute', args: { memberId, at, link, newAfterDays } }] : []
}
