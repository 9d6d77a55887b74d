import { articleRouter } from './article/router'
import { auditRouter } from './audit/router'
import { campaignRouter } from './campaign/router'
import { codeRouter } from './code/router'
import { couponRouter } from './coupon/router'
import { giftRouter } from './gift/router'
import { homeRouter } from './home/router'
import { honourRouter } from './honour/router'
import { ledgerRouter } from './ledger/router'
import { mallRouter } from './mall/router'
import { memberRouter } from './member/router'
import { mergeRouter } from './merge/router'
import { obligationRouter } from './obligation/router'
import { offlineRouter } from './offline/router'
import { orderRouter } from './order/router'
import { outboxRouter } from './outbox/router'
import { privacyRouter } from './privacy/router'
import { productRouter } from './product/router'
import { referralRouter } from './referral/router'
import { rightRouter } from './right/router'
import { sessionRouter } from './session/router'
import { storeRouter } from './store/router'
import { tierRouter } from './tier/router'
import { tillRouter } from './till/router'
import { openProcedure, router } from './trpc'
import { visitRouter } from './visit/router'
import { webhookRouter } from './webhook/router'

/** Every procedure, noun by noun: the table of contents of the server. */
export const appRouter = router({
  ping: openProcedure.query(() => ({ ok: true as const })),
  session: sessionRouter,
  member: memberRouter,
  home: homeRouter,
  ledger: ledgerRouter,
  tier: tierRouter,
  right: rightRouter,
  code: codeRouter,
  store: storeRouter,
  visit: visitRouter,
  order: orderRouter,
  offline: offlineRouter,
  product: productRouter,
  coupon: couponRouter,
  gift: giftRouter,
  mall: mallRouter,
  referral: referralRouter,
  obligation: obligationRouter,
  campaign: campaignRouter,
  honour: honourRouter,
  article: articleRouter,
  merge: mergeRouter,
  till: tillRouter,
  webhook: webhookRouter,
  audit: auditRouter,
  outbox: outboxRouter,
  privacy: privacyRouter,
})

export type AppRouter = typeof appRouter
