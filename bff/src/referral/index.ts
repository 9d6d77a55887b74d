export { referralOnMemberJoined } from './referral-on-member-joined'
export { referralOnOrderReturned } from './referral-on-order-returned'
export { referralOnOrderSettled } from './referral-on-order-settled'
export { releaseDueReferrals } from './release-due-referrals'
