/**
 * What a brand decides: rates, windows, ladders. Rules take the policy as an argument, so that a brand changes
 * a number in one file and tests try two brands in one run.
 */

export interface TierRung {
  /** 1 is where everybody starts. */
  tier: number
  name: string
  /** The look's own name for it (glaze of the bowl). */
  glaze: string
  /** Growth within the window that lifts to this tier. */
  atGrowth: number
  /** What a member of this tier pays of the full price, in percent. */
  payPercent: number
}

export interface Policy {
  brand: { name: string; slogan: string }
  /** The privacy text a person agrees to; another version asks again. */
  consentVersion: string
  pointsPerYuan: number
  growthPerYuan: number
  /** Points become spendable when the refund window is closed. */
  pendingDays: number
  /** Points live to the end of this many months after the month they were earned in. */
  expiryMonths: number
  tiers: TierRung[]
  /** Growth counts for this many months, and so long a reached tier is safe. */
  growthWindowMonths: number
  /** A phone's holder who was silent this long must give a second proof (numbers are recycled). */
  phoneSilentDays: number
  /** Two records whose WeChat person is unknown on one side are one person if both proved the phone this recently. */
  phoneFreshDays: number
  claimTries: number
  claimDays: number
  visitMinutes: number
  codeFailuresPerHour: number
  tillFailuresPerHour: number
  expiringSoonDays: number
  /** Who bought something within so many days before joining is not new. */
  newAfterDays: number
  /** How long a priced purchase keeps its coupon aside. */
  holdMinutes: number
  /** A clerk takes a purchase back within so many days; a manager later, too. */
  returnDays: number
  /** Points that come back after their lot has ended live on for so long. */
  graceDays: number
  /** The coupon that a paid order is thanked with; null for none. */
  packet: { templateId: string; minOrderFen: number } | null
  /** A shared link counts for whoever joins within so many days of opening it. */
  attributionDays: number
  /** So many days before a tier ends its holder is warned. */
  tierWarnDays: number
  /** Points that one operator may correct alone on one business day, more and fewer added up; beyond it a second one decides. */
  adjustAloneLimit: number
  /** The most that one correction may move. */
  adjustMost: number
  /** Who asks to leave may come back for so many days; the law gives at most fifteen. */
  cancelDays: number
  /** How long trade records are kept without a name. */
  tradeRecordYears: number
  /** The most coupons that one order takes. */
  couponsPerOrder: number
  /** Points as cash: so many for one yuan, in whole steps, up to a percentage of what is left to pay after everything else. */
  pointsCash: { pointsPerYuan: number; stepPoints: number; capPercent: number }
  /** A birthday can be changed once within so many days, and not within so many days before it. */
  birthday: { changeDays: number; lockDays: number }
  /** How long a phone's certificate lasts without a network; 72 at most. */
  certificateHours: number
  /** What a till took without a network is taken into account for so many days. */
  offlineDays: number
  /** How far a till's clock may be off, and how long a signed call is remembered. */
  tillWindowSeconds: number
  /** A reward waits for a person when more friends than this came within an hour or a day of each other. */
  friendVelocity: { hour: number; day: number }
  /** A network that more people than this were seen on is a public one and says nothing about two of them. */
  sharedNetworkMost: number
  /** How long what a member was seen with is remembered. */
  printDays: number
  /** A refusal can be appealed against for so many days. */
  appealDays: number
  /** The largest picture that is taken, and how many a member may send in a day. */
  uploads: { mostBytes: number; perDay: number }
  /** What a reader does counts for who shared the article when it is kept for so many days. */
  readingHoldDays: number
  /** A reader's first purchase counts from so much on. */
  readingFromFen: number
  /** A lost title can be won back by its duties for so many months. */
  honourRegainMonths: number
}

/** The invented brand 一盏 (Yizhan Tea), which `pnpm start` shows and the tests use. */
export const DEMO_POLICY: Policy = {
  brand: { name: '一盏', slogan: '今天宜慢慢喝一盏' },
  consentVersion: '2026-11-22',
  pointsPerYuan: 1,
  growthPerYuan: 1,
  pendingDays: 15,
  expiryMonths: 12,
  tiers: [
    { tier: 1, name: '白银', glaze: '白瓷', atGrowth: 0, payPercent: 98 },
    { tier: 2, name: '黄金', glaze: '蜜釉', atGrowth: 1_000, payPercent: 95 },
    { tier: 3, name: '铂金', glaze: '梅子青', atGrowth: 2_000, payPercent: 92 },
    { tier: 4, name: '钻石', glaze: '霁蓝', atGrowth: 5_000, payPercent: 90 },
    { tier: 5, name: '金钻', glaze: '金缮', atGrowth: 12_000, payPercent: 88 },
    { tier: 6, name: '黑钻', glaze: '曜变', atGrowth: 30_000, payPercent: 85 },
  ],
  growthWindowMonths: 12,
  phoneSilentDays: 90,
  phoneFreshDays: 30,
  claimTries: 5,
  claimDays: 30,
  visitMinutes: 10,
  codeFailuresPerHour: 5,
  tillFailuresPerHour: 30,
  expiringSoonDays: 30,
  newAfterDays: 180,
  holdMinutes: 10,
  returnDays: 15,
  graceDays: 30,
  packet: { templateId: 'packet_5', minOrderFen: 3_000 },
  attributionDays: 7,
  tierWarnDays: 30,
  adjustAloneLimit: 500,
  adjustMost: 100_000,
  cancelDays: 7,
  tradeRecordYears: 3,
  couponsPerOrder: 3,
  pointsCash: { pointsPerYuan: 100, stepPoints: 100, capPercent: 30 },
  birthday: { changeDays: 365, lockDays: 30 },
  certificateHours: 72,
  offlineDays: 7,
  tillWindowSeconds: 300,
  friendVelocity: { hour: 4, day: 8 },
  sharedNetworkMost: 12,
  printDays: 180,
  appealDays: 30,
  uploads: { mostBytes: 10 * 1024 * 1024, perDay: 30 },
  readingHoldDays: 15,
  readingFromFen: 1_000,
  honourRegainMonths: 3,
}
