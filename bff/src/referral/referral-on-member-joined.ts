import type { Policy } from '@huiyuan/shared/policy'
import type { Events, SqlCall } from '../ctx'

/** Whoever came by a link and is new belongs to its owner's friends. */
export function referralOnMemberJoined(
  { memberId, at, arrival: { link, openedAt } }: Events['member.joined'],
  { newAfterDays }: Policy,
): SqlCall[] {
  const opened = openedAt === undefined ? {} : { openedAt: new Date(openedAt) }
  return link ? [{ fn: 'referral_attribute', args: { memberId, at, link, ...opened, newAfterDays } }] : []
}
