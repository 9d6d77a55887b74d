import { randomUUID } from 'node:crypto'
import { ARTICLE_CASES } from './article-cases.fixture'
import { CAMPAIGN_CASES } from './campaign-cases.fixture'
import { COUPON_CASES } from './coupon-cases.fixture'
import { GIFT_CASES } from './gift-cases.fixture'
import { HONOUR_CASES } from './honour-cases.fixture'
import { IDENTITY_CASES } from './identity-cases.fixture'
import { LEDGER_CASES } from './ledger-cases.fixture'
import { MALL_CASES } from './mall-cases.fixture'
import { MERGE_CASES } from './merge-cases.fixture'
import { OBLIGATION_CASES } from './obligation-cases.fixture'
import { OFFLINE_CASES } from './offline-cases.fixture'
import { ORDER_CASES } from './order-cases.fixture'
import { PRIVACY_CASES } from './privacy-cases.fixture'
import { REFERRAL_CASES } from './referral-cases.fixture'
import { RIGHT_CASES } from './right-cases.fixture'
import { TILL_CASES } from './till-cases.fixture'

/** Who a procedure is for. */
export type For = 'anybody' | 'guest' | 'member' | 'clerk' | 'manager' | 'operator'

/** Two members with something of their own each, a clerk, a visit that each of two shops has open, and two operators. */
export interface Cast {
  /** Ids that belong to somebody else than the caller. */
  foreign: {
    sessionId: string
    deviceId: string
    claimId: string
    transferId: string
    redemptionId: string
    couponId: string
    holdId: string
    orderRef: string
    keyId: string
    webhookId: string
    deliveryId: string
  }
  /** A live visit of the clerk's own shop, and one of another shop. */
  visit: { visitId: string; memberRef: string }
  foreignVisit: { visitId: string; memberRef: string }
  /** Somebody's card, a correction that waits for the operator's word, and one that waits for another's. */
  memberNo: string
  adjustmentId: string
  ownAdjustmentId: string
}

export interface ProcedureCase {
  for: For
  /** An input that passes the schema. Using up what it names is fine. */
  input: (cast: Cast) => unknown
  /**
   * For every input field that names something: somebody else's, and what that is answered with. A fault, or for
   * reading pages `nothing`: an answer that holds none of the other's rows.
   */
  foreign?: Record<string, { input: (cast: Cast) => unknown; answer: string | 'nothing' }>
}

const place = { deviceLabel: '走查', platform: 'h5' }
const requestId = () => randomUUID()
const tillId = 'hubin-1'

/** One entry for each procedure of the router; the walk fails when one is missing. */
export const CASES: Record<string, ProcedureCase> = {
  ping: { for: 'anybody', input: () => undefined },
  'session.open': {
    for: 'anybody',
    input: () => ({
      door: { kind: 'weapp', code: 'no-such-code' },
      arrival: { channel: 'x', storeId: 'hubin' },
      ...place,
    }),
    foreign: {
      'arrival.storeId': {
        input: () => ({
          door: { kind: 'oauth', code: 'no-such-code' },
          arrival: { channel: 'x', storeId: 'nowhere' },
          ...place,
        }),
        answer: 'WECHAT_CODE_BAD',
      },
    },
  },
  'session.sendSms': { for: 'anybody', input: () => ({ phone: '13900000001' }) },
  'session.join': {
    for: 'guest',
    input: () => ({
      requestId: requestId(),
      consentVersion: 'old',
      arrival: { channel: 'x', storeId: 'hubin' },
      ...place,
    }),
    foreign: {
      'arrival.storeId': {
        input: () => ({
          requestId: requestId(),
          consentVersion: 'old',
          arrival: { channel: 'x', storeId: 'nowhere' },
          ...place,
        }),
        answer: 'CONSENT_STALE',
      },
    },
  },
  'session.refresh': { for: 'anybody', input: () => ({ refreshToken: 'a.b.1.c' }) },
  'session.signOut': { for: 'member', input: () => undefined },
  'session.list': { for: 'member', input: () => undefined },
  'session.revoke': {
    for: 'member',
    input: () => ({ sessionId: randomUUID() }),
    foreign: { sessionId: { input: ({ foreign }) => ({ sessionId: foreign.sessionId }), answer: 'NOT_FOUND' } },
  },
  'member.me': { for: 'member', input: () => undefined },
  'member.rename': { for: 'member', input: () => ({ requestId: requestId(), displayName: '走查' }) },
  'member.attachPhone': {
    for: 'member',
    input: () => ({ requestId: requestId(), phone: { kind: 'weapp', code: 'no-such-code' } }),
  },
  'member.claimCard': {
    for: 'member',
    input: () => ({ requestId: requestId(), claimId: randomUUID(), last4: '0000' }),
    foreign: {
      claimId: {
        input: ({ foreign }) => ({ requestId: requestId(), claimId: foreign.claimId, last4: '3421' }),
        answer: 'CLAIM_OVER',
      },
    },
  },
  'home.show': { for: 'member', input: () => undefined },
  'tier.explain': { for: 'member', input: () => undefined },
  'code.enrol': { for: 'member', input: () => ({ requestId: requestId(), ...place }) },
  'code.devices': { for: 'member', input: () => undefined },
  'code.revoke': {
    for: 'member',
    input: () => ({ requestId: requestId(), deviceId: randomUUID() }),
    foreign: {
      deviceId: {
        input: ({ foreign }) => ({ requestId: requestId(), deviceId: foreign.deviceId }),
        answer: 'NOT_FOUND',
      },
    },
  },
  'store.list': { for: 'anybody', input: () => undefined },
  'visit.scan': {
    for: 'clerk',
    input: () => ({ requestId: requestId(), tillId, code: '900000000000000000' }),
    foreign: {
      tillId: {
        input: () => ({ requestId: requestId(), tillId: 'xihu-1', code: '900000000000000000' }),
        answer: 'TILL_UNKNOWN',
      },
    },
  },
  'visit.find': {
    for: 'clerk',
    input: () => ({ requestId: requestId(), tillId, memberNo: '8000000000000000' }),
    foreign: {
      tillId: {
        input: () => ({ requestId: requestId(), tillId: 'xihu-1', phone: '13800003318' }),
        answer: 'TILL_UNKNOWN',
      },
      memberNo: {
        input: () => ({ requestId: requestId(), tillId, memberNo: '8999999999999999' }),
        answer: 'MEMBER_UNKNOWN',
      },
    },
  },
  ...IDENTITY_CASES,
  ...LEDGER_CASES,
  ...MERGE_CASES,
  ...OFFLINE_CASES,
  ...ORDER_CASES,
  ...OBLIGATION_CASES,
  ...HONOUR_CASES,
  ...ARTICLE_CASES,
  ...CAMPAIGN_CASES,
  ...PRIVACY_CASES,
  ...REFERRAL_CASES,
  ...MALL_CASES,
  ...RIGHT_CASES,
  ...COUPON_CASES,
  ...GIFT_CASES,
  ...TILL_CASES,
  'audit.verify': { for: 'manager', input: () => undefined },
  'outbox.templates': { for: 'member', input: () => undefined },
  'outbox.allow': {
    for: 'member',
    input: () => ({ requestId: requestId(), results: [] }),
    foreign: {
      'results.templateId': {
        input: () => ({ requestId: requestId(), results: [{ templateId: 'somebody-elses', result: 'accept' }] }),
        answer: 'nothing',
      },
    },
  },
}
