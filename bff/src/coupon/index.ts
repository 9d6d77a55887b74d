export { couponOnOrderReturned } from './coupon-on-order-returned'
export { couponOnOrderSettled } from './coupon-on-order-settled'
export type { CouponRow } from './coupon-rows'
export { type OpenCoupon, openCouponOf } from './open-coupons'
