export { giftOnOrderReturned, giftOnOrderSettled } from './gift-on-order'
