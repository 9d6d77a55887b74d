export { couponOnOrderReturned } from './coupon-on-order-returned'
export { couponOnOrderSettled } from './coupon-on-order-settled'
export { type OpenCoupon, openCoupons } from './open-coupons'
