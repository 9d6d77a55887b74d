export { type SettledOrder, type Settlement, settleOrder } from './settle-order'
