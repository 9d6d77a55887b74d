import type { Change } from './answers'
import { pictureTime } from './shifted-clock'

const days = (count: number) => new Date(pictureTime().getTime() + count * 86_400_000).toISOString()

/** A member of long standing: a number that came from another, two that went, two records that joined, one that left again. */
export const longKnown: Change = (known) => ({
  ...known,
  identities: [
    { kind: 'wechat_openid', label: '微信小程序', hint: '', provenAt: days(-400), cameFromAnother: false },
    { kind: 'phone', label: '手机号', hint: '138****3318', provenAt: days(-2), cameFromAnother: true },
    { kind: 'store_card', label: '实体会员卡', hint: '尾号 5566', provenAt: days(-5), cameFromAnother: false },
    { kind: 'external', label: '云上茶铺（旧商城）', hint: '', provenAt: days(-900), cameFromAnother: false },
  ],
  former: [
    { hint: '139****0042', endedAt: days(-2), because: 'newer_phone' },
    { hint: '137****6650', endedAt: days(-31), because: 'moved' },
    { hint: '136****2201', endedAt: days(-120), because: 'revoked' },
  ],
  merges: [
    { at: days(-5), because: 'card_shown', other4: '5566', points: 1_260, growth: 450, undoneAt: null },
    { at: days(-40), because: 'phone_fresh', other4: '0831', points: 90, growth: 0, undoneAt: days(-38) },
  ],
  atCounter: { expiresAt: days(20) },
})

/** The phone stays where it is until somebody at the counter has looked. */
export const phoneStays = { phoneMasked: '138****2207', attached: false, claim: null }

const PERSON = {
  nameMasked: '欧阳**',
  tier: 3,
  points: 12_860,
  pendingPoints: 128,
  debtPoints: 0,
  growth: 3_240,
  coupons: 3,
  redemptions: 1,
  joinedAt: days(-700),
  lastActiveAt: days(-1),
  viaMerged: false,
}
const CAME = {
  points: 1_260,
  pendingPoints: 68,
  debtPoints: 30,
  growth: 450,
  coupons: 4,
  orders: 26,
  redemptions: 1,
  gifts: 1,
  rights: 2,
  referrals: 3,
  obligations: 2,
  honours: 1,
  favourites: 5,
  identities: 3,
  devices: 1,
  sessions: 2,
  visits: 19,
  messages: 2,
}
const REVERSED = [
  { kind: 'gift_superseded', title: '开门红礼包', coupons: 2, points: 50, pickups: 1 },
  { kind: 'coupon_voided', title: '满 25 减 5' },
  { kind: 'referral_void', reason: 'self', points: 100 },
  { kind: 'referral_refused', reason: 'not_new' },
  { kind: 'obligation_superseded', title: '带自己的杯子', progress: 3 },
  { kind: 'debt_paid', points: 30, whose: 'other' },
  { kind: 'phone_dropped' },
  { kind: 'quota_excess', noun: 'reward', title: '梅子青限量茶碗', has: 2, limit: 1 },
]

/** Two records with long pasts, of two WeChats, separated once before. */
export const richPreview: Change = (preview) => ({
  ...preview,
  survivor: {
    ...PERSON,
    memberNo4: '8516',
    identities: [
      { kind: 'phone', issuer: '', hint: '138****8863' },
      { kind: 'wechat_openid', issuer: '', hint: '' },
      { kind: 'store_card', issuer: '', hint: '尾号 3421' },
      { kind: 'store_card', issuer: '', hint: '尾号 9902' },
    ],
  },
  other: {
    ...PERSON,
    memberNo4: '7788',
    points: 1_260,
    pendingPoints: 68,
    debtPoints: 30,
    growth: 450,
    tier: 2,
    identities: [
      { kind: 'wechat_openid', issuer: '', hint: '' },
      { kind: 'external', issuer: 'mall', hint: '' },
    ],
  },
  blockers: [],
  warnings: [{ warning: 'kept_apart' }, { warning: 'two_wechats' }],
  came: CAME,
  reversed: REVERSED,
})

/** One of them works here and so does the other, and a till has a price of theirs. */
export const blockedPreview: Change = (preview) => ({
  ...preview,
  blockers: [{ blocker: 'two_jobs' }, { blocker: 'live_hold' }],
  warnings: [],
})

/** Much has happened since the merge. */
export const richUndo: Change = (preview) => ({
  ...preview,
  blockers: [],
  back: { ...CAME, chargedPoints: 340, tierBefore: 3, tierAfter: 2 },
  restored: [
    { kind: 'gift_coupon', title: '满 30 减 8' },
    { kind: 'referral' },
    { kind: 'debt_paid', points: 30, whose: 'other' },
  ],
  lost: [
    { kind: 'gift_pickup', title: '桂花乌龙 一盏', why: 'stock' },
    { kind: 'coupon_used', title: '满 25 减 5' },
    { kind: 'phone_dropped', why: 'taken' },
    { kind: 'session_ended', count: 2 },
    { kind: 'referral_paid', points: 100 },
  ],
})

/** What came later has to be taken back first. */
export const builtUpon: Change = (preview) => ({
  ...preview,
  blockers: [{ blocker: 'later_merge', mergeId: '019ab000-0000-7000-8000-000000000009' }, { blocker: 'live_hold' }],
})

/** The same merge after it was taken back. */
export const takenBack: Change = (merge) => {
  const survivor = merge.survivor as object
  return {
    ...merge,
    reversed: REVERSED.slice(0, 2),
    separated: {
      ...survivor,
      memberNo4: merge.otherNo4,
      points: 90,
      identities: [{ kind: 'store_card', issuer: '', hint: '尾号 5566' }],
    },
    undone: { at: days(-0.1), staffNo: 'YY001', charge: 'survivor', note: '卡是家人的，两位都来过店里' },
    undoSummary: {
      back: { points: 120, chargedPoints: 30, identities: 1 },
      restored: [{ kind: 'gift_coupon', title: '满 30 减 8' }],
      lost: [{ kind: 'coupon_voided', title: '满 25 减 5', why: 'expired' }],
    },
  }
}

/** Older records behind this customer's phone, and a card the customer spoke of. */
export const claimsHere: Change = (known) => ({
  ...known,
  cards: ['3421'],
  claims: [
    {
      claimId: '019ab000-0000-7000-8000-000000000011',
      because: 'silent',
      nameMasked: null,
      cardHints: [],
      points: 320,
      lastActiveAt: days(-410),
    },
    {
      claimId: '019ab000-0000-7000-8000-000000000012',
      because: 'card_typed',
      nameMasked: '欧阳**',
      cardHints: ['7788', '0042'],
      points: 1_260,
      lastActiveAt: days(-60),
    },
  ],
})

/** What one of them would bring. */
export const claimBrings = { came: CAME, reversed: REVERSED.slice(0, 3), seal: '0'.repeat(32) }

/** A journal of many kinds of merges. */
export const longJournal: Change = (journal) => {
  const [first] = journal.merges as object[]
  const like = (n: number, change: object) => ({
    ...first,
    mergeId: `019ab000-0000-7000-8000-0000000000${20 + n}`,
    at: days(-n),
    ...change,
  })
  return {
    merges: [
      like(0, { otherNo4: '7788', survivorName: '陆**', survivorNo4: '8516', came: { points: 260 } }),
      first,
      like(6, {
        because: 'phone_fresh',
        survivorName: null,
        came: {},
        undone: { at: days(-5), staffNo: 'YY001', charge: 'programme', note: '' },
      }),
      like(9, { because: 'unionid', survivorName: '欧阳**', staffNo: null, came: { points: 12_400 } }),
      like(12, { because: 'import', staffNo: null }),
    ],
    nextCursor: '019ab000-0000-7000-8000-000000000044',
  }
}
