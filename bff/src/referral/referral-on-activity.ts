import type { Events, SqlCall } from '../ctx'

/** Coming to an activity may be what a friend is thanked for, if the campaign says so. */
export const referralOnActivity = ({ memberId, proofId, at }: Events['obligation.attended']): SqlCall[] => [
  { fn: 'referral_on_activity', args: { memberId, proofId, at } },
]
