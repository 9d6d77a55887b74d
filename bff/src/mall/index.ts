export { cancelOverdueRedemptions, forgetPickupCodes } from './cancel-overdue-redemptions'
export { exchangeReward } from './exchange-reward'
export { makeRedemptionsReady } from './make-redemptions-ready'
export { mallOnGiftOpened } from './mall-on-gift-opened'
