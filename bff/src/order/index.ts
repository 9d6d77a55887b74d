export { releaseDueHolds } from './release-due-holds'
export { type SettledOrder, type Settlement, settleOrder } from './settle-order'
