/**
 * Everything the member centre can refuse, in one list. A refusal has a code and, where the way out needs a
 * number or a date, a typed detail. Words are the reader's business: the phone has one table of them.
 */

/** fault code → the tRPC code (and so the HTTP status) that carries it. */
export const FAULTS = {
  SESSION_NEEDED: 'UNAUTHORIZED',
  SESSION_OVER: 'UNAUTHORIZED',
  GUEST_NEEDED: 'UNAUTHORIZED',
  STAFF_NEEDED: 'FORBIDDEN',
  ROLE_NEEDED: 'FORBIDDEN',
  NOT_FOUND: 'NOT_FOUND',
  BAD_INPUT: 'BAD_REQUEST',
  TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  TOO_MANY: 'TOO_MANY_REQUESTS',
  REQUEST_REUSED: 'CONFLICT',
  BUSY: 'CONFLICT',
  SERVICE_AWAY: 'SERVICE_UNAVAILABLE',
  UNKNOWN: 'INTERNAL_SERVER_ERROR',
  WECHAT_CODE_BAD: 'BAD_REQUEST',
  WECHAT_DOWN: 'SERVICE_UNAVAILABLE',
  WECHAT_BLOCKED: 'FORBIDDEN',
  PHONE_INVALID: 'BAD_REQUEST',
  SMS_WRONG: 'BAD_REQUEST',
  SMS_EXPIRED: 'BAD_REQUEST',
  SMS_TOO_SOON: 'TOO_MANY_REQUESTS',
  CONSENT_STALE: 'CONFLICT',
  ALREADY_MEMBER: 'CONFLICT',
  PROOF_NEEDED: 'CONFLICT',
  CLAIM_WRONG: 'BAD_REQUEST',
  CLAIM_OVER: 'CONFLICT',
  MERGE_BLOCKED: 'CONFLICT',
  CODE_MALFORMED: 'BAD_REQUEST',
  CODE_WRONG: 'BAD_REQUEST',
  CODE_USED: 'CONFLICT',
  CODE_LOCKED: 'TOO_MANY_REQUESTS',
  TILL_LOCKED: 'TOO_MANY_REQUESTS',
  TILL_UNKNOWN: 'NOT_FOUND',
  MEMBER_UNKNOWN: 'NOT_FOUND',
  VISIT_OVER: 'CONFLICT',
  VISIT_UNKNOWN: 'NOT_FOUND',
  AMOUNT_INVALID: 'BAD_REQUEST',
  POINTS_SHORT: 'CONFLICT',
  IN_DEBT: 'CONFLICT',
  CODE_NEEDED: 'CONFLICT',
  QUOTE_CHANGED: 'CONFLICT',
  HOLD_OVER: 'CONFLICT',
  RETURN_OVER: 'CONFLICT',
  RETURN_DONE: 'CONFLICT',
  RETURN_TOO_MUCH: 'CONFLICT',
  COUPON_TAKEN: 'CONFLICT',
  COUPON_SHORT: 'CONFLICT',
  COUPON_OVER: 'CONFLICT',
  COUPON_GONE: 'CONFLICT',
  COUPON_LIMIT: 'CONFLICT',
  COUPON_NOT_OPEN: 'CONFLICT',
  GIFT_TAKEN: 'CONFLICT',
  GIFT_OVER: 'CONFLICT',
  GIFT_GONE: 'CONFLICT',
  NOT_NEW: 'CONFLICT',
  REWARD_GONE: 'CONFLICT',
  REWARD_LIMIT: 'CONFLICT',
  REWARD_NOT_OPEN: 'CONFLICT',
  REWARD_OVER: 'CONFLICT',
  REWARD_CHANGED: 'CONFLICT',
  TIER_NEEDED: 'CONFLICT',
  REDEMPTION_DONE: 'CONFLICT',
  PICKUP_WRONG: 'BAD_REQUEST',
  PICKUP_NOT_READY: 'CONFLICT',
  OBLIGATION_OVER: 'CONFLICT',
  OBLIGATION_NOT_OPEN: 'CONFLICT',
  OBLIGATION_DONE: 'CONFLICT',
  OBLIGATION_ELSEWHERE: 'CONFLICT',
  CHECKIN_TOO_SOON: 'CONFLICT',
  RIGHT_USED_UP: 'CONFLICT',
  ADJUSTMENT_OWN: 'CONFLICT',
  ADJUSTMENT_DONE: 'CONFLICT',
  PREVIEW_CHANGED: 'CONFLICT',
  CARD_TAKEN: 'CONFLICT',
  CARD_UNKNOWN: 'NOT_FOUND',
  CANCEL_BLOCKED: 'CONFLICT',
  LEAVING: 'CONFLICT',
  CODE_OLD: 'CONFLICT',
  PRODUCT_UNKNOWN: 'NOT_FOUND',
  PRODUCT_NOT_OPEN: 'CONFLICT',
  PRODUCT_OVER: 'CONFLICT',
  COUPON_STACK: 'CONFLICT',
  COUPON_SCOPE: 'CONFLICT',
  POINTS_CAP: 'CONFLICT',
  RIGHT_LOCKED: 'CONFLICT',
  RETURN_LINE: 'CONFLICT',
  BIRTHDAY_FIXED: 'CONFLICT',
  BIRTHDAY_NEEDED: 'CONFLICT',
  GIFT_NOT_OPEN: 'CONFLICT',
  KEY_UNKNOWN: 'UNAUTHORIZED',
  SIGNATURE_BAD: 'UNAUTHORIZED',
  SIGNATURE_OLD: 'UNAUTHORIZED',
  SIGNATURE_REPLAYED: 'CONFLICT',
  WEBHOOK_ADDRESS: 'BAD_REQUEST',
  TABLET_REVOKED: 'FORBIDDEN',
  TABLET_TAKEN: 'CONFLICT',
  CLASH_DONE: 'CONFLICT',
  CAMPAIGN_REFUSED: 'BAD_REQUEST',
  CAMPAIGN_CHANGED: 'CONFLICT',
  CAMPAIGN_FIXED: 'CONFLICT',
  CAMPAIGN_STOPPED: 'CONFLICT',
  ARTICLE_CHANGED: 'CONFLICT',
  REVIEW_DONE: 'CONFLICT',
  REVIEW_OWN: 'CONFLICT',
  APPEAL_DONE: 'CONFLICT',
  APPEAL_OVER: 'CONFLICT',
  UPLOAD_TYPE: 'BAD_REQUEST',
  UPLOAD_BROKEN: 'BAD_REQUEST',
  UPLOAD_PIXELS: 'BAD_REQUEST',
  UPLOAD_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  UPLOAD_LIMIT: 'TOO_MANY_REQUESTS',
  UPLOAD_GONE: 'CONFLICT',
  CONTENT_REFUSED: 'BAD_REQUEST',
  PROOF_INCOMPLETE: 'BAD_REQUEST',
  PROOF_LINK: 'BAD_REQUEST',
  PROOF_WAITING: 'CONFLICT',
  PROOF_KIND: 'CONFLICT',
  TRIES_OVER: 'CONFLICT',
  HONOUR_NEEDED: 'CONFLICT',
  OBLIGATION_STOPPED: 'CONFLICT',
  NOT_TAKEN_UP: 'CONFLICT',
} as const

export type FaultCode = keyof typeof FAULTS

/** Details of the faults that carry one; every other fault carries `{}`. Times are ISO strings. */
export interface FaultDetails {
  ROLE_NEEDED: { role: string }
  NOT_FOUND: { noun: string }
  BAD_INPUT: { fields: { path: string; problem: string }[] }
  TOO_MANY: { retryAfterSeconds: number }
  UNKNOWN: { rid: string }
  SMS_WRONG: { triesLeft: number }
  SMS_TOO_SOON: { retryAfterSeconds: number }
  CONSENT_STALE: { version: string }
  CLAIM_WRONG: { triesLeft: number }
  /** `mergeId`: the merge that has to be taken back first. */
  MERGE_BLOCKED: { blocker: string; mergeId?: string }
  CANCEL_BLOCKED: { blocker: string }
  CODE_WRONG: { triesLeft: number }
  CODE_LOCKED: { until: string }
  TILL_LOCKED: { until: string }
  POINTS_SHORT: { shortPoints: number }
  IN_DEBT: { debtPoints: number }
  QUOTE_CHANGED: { payableFen: number }
  RETURN_OVER: { until: string }
  RETURN_TOO_MUCH: { leftFen: number }
  COUPON_SHORT: { missingFen: number }
  COUPON_LIMIT: { limit: number }
  COUPON_NOT_OPEN: { opensAt: string }
  NOT_NEW: { reason: 'joined_before' | 'bought_before' }
  REWARD_LIMIT: { limit: number }
  REWARD_NOT_OPEN: { opensAt: string }
  REWARD_CHANGED: { points: number }
  TIER_NEEDED: { tier: number }
  PICKUP_NOT_READY: { readyAt: string }
  OBLIGATION_NOT_OPEN: { opensAt: string }
  OBLIGATION_ELSEWHERE: { storeName: string }
  CHECKIN_TOO_SOON: { until: string }
  /** When it can be used again; null for never. */
  RIGHT_USED_UP: { backAt: string | null }
  /** The code is real, but of another time: so many seconds ago, or ahead where negative. */
  CODE_OLD: { secondsOff: number }
  PRODUCT_UNKNOWN: { sku: string }
  PRODUCT_NOT_OPEN: { sku: string; opensAt: string }
  PRODUCT_OVER: { sku: string }
  /** So many points can pay for this order at most. */
  POINTS_CAP: { mostPoints: number }
  /** From this tier on, where a tier brings it. */
  RIGHT_LOCKED: { tier: number | null }
  RETURN_LINE: { lineNo: number; leftQty: number }
  /** From when on the birthday can be changed. */
  BIRTHDAY_FIXED: { until: string }
  GIFT_NOT_OPEN: { opensAt: string }
  /** The server's clock, in epoch milliseconds, so that a till can set its own. */
  SIGNATURE_OLD: { serverNow: number }
  /** Which rules the campaign breaks, and in which of its fields; shared/src/compliance.ts has their words and sources. */
  CAMPAIGN_REFUSED: { violations: { rule: string; field: string }[] }
  /** A campaign that has begun keeps its terms; the field that cannot be changed any more. */
  CAMPAIGN_FIXED: { field: string }
  APPEAL_OVER: { until: string }
  UPLOAD_TOO_LARGE: { mostBytes: number }
  UPLOAD_LIMIT: { limit: number }
  UPLOAD_PIXELS: { mostPixels: number }
  /** What is missing or too much: photos, text, link, rating, order. */
  PROOF_INCOMPLETE: { fields: string[] }
  TRIES_OVER: { limit: number }
  HONOUR_NEEDED: { honourName: string }
}

export type FaultDetail<C extends FaultCode> = C extends keyof FaultDetails ? FaultDetails[C] : Record<string, never>

export type FaultOf<C extends FaultCode> = { code: C; detail: FaultDetail<C> }

/** A refusal as a value: rules return it, verbs throw it wrapped, the wire carries it as `data.fault`. */
export type Fault = { [C in FaultCode]: FaultOf<C> }[FaultCode]

/** Makes a fault; the detail may be left out where there is none. */
export function fault<C extends FaultCode>(
  code: C,
  ...detail: C extends keyof FaultDetails ? [FaultDetails[C]] : []
): Fault {
  return { code, detail: detail[0] ?? {} } as Fault
}

export const isFaultCode = (code: unknown): code is FaultCode => typeof code === 'string' && Object.hasOwn(FAULTS, code)
