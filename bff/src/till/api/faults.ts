import type { FaultCode, FaultDetail } from '@huiyuan/shared/faults'
import { z } from 'zod'
import { fen, says, when } from './values'

/** What the faults of this interface carry; every other one carries nothing. */
const DETAILS = {
  BAD_INPUT: z.object({ fields: z.array(z.object({ path: z.string(), problem: z.string() })) }),
  NOT_FOUND: z.object({ noun: z.string() }),
  TOO_MANY: z.object({ retryAfterSeconds: z.int() }),
  UNKNOWN: z.object({ rid: z.string() }),
  SIGNATURE_OLD: z.object({ serverNow: says(z.int(), 'The server’s clock in epoch milliseconds.') }),
  CODE_WRONG: z.object({ triesLeft: z.int() }),
  CODE_OLD: z.object({ secondsOff: z.int() }),
  CODE_LOCKED: z.object({ until: when }),
  TILL_LOCKED: z.object({ until: when }),
  PRODUCT_UNKNOWN: z.object({ sku: z.string() }),
  PRODUCT_NOT_OPEN: z.object({ sku: z.string(), opensAt: when }),
  PRODUCT_OVER: z.object({ sku: z.string() }),
  QUOTE_CHANGED: z.object({ payableFen: fen }),
  COUPON_SHORT: z.object({ missingFen: fen }),
  COUPON_NOT_OPEN: z.object({ opensAt: when }),
  POINTS_SHORT: z.object({ shortPoints: z.int() }),
  POINTS_CAP: z.object({ mostPoints: z.int() }),
  IN_DEBT: z.object({ debtPoints: z.int() }),
  RIGHT_USED_UP: z.object({ backAt: when.nullable() }),
  RETURN_OVER: z.object({ until: when }),
  RETURN_TOO_MUCH: z.object({ leftFen: fen }),
  RETURN_LINE: z.object({ lineNo: z.int(), leftQty: z.int() }),
} satisfies { [C in FaultCode]?: z.ZodType<FaultDetail<C>> }

const detailOf = (code: FaultCode): z.ZodType =>
  Object.hasOwn(DETAILS, code) ? DETAILS[code as keyof typeof DETAILS] : z.object({})

const faults = new Map<FaultCode, z.ZodType>()
function faultSchema(code: FaultCode): z.ZodType {
  const known = faults.get(code) ?? z.object({ code: z.literal(code), detail: detailOf(code) }).meta({ id: code })
  faults.set(code, known)
  return known
}

/** The body of a refusal that has one of these codes. */
export const faultBody = (codes: FaultCode[]): z.ZodType =>
  z.object({ fault: codes.length === 1 ? faultSchema(codes[0] as FaultCode) : z.union(codes.map(faultSchema)) })
