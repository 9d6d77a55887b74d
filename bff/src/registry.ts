import { articleOnActivity, articleOnMemberJoined, articleOnOrderReturned, articleOnOrderSettled } from './article'
import { couponOnOrderReturned, couponOnOrderSettled } from './coupon'
import type { Registry } from './ctx'
import { giftOnOrderReturned, giftOnOrderSettled } from './gift'
import { honourOnMemberRenamed } from './honour'
import { mallOnGiftOpened } from './mall'
import { obligationOnOrderReturned, obligationOnOrderSettled, obligationOnUploadChecked } from './obligation'
import { outboxOnOrderSettled } from './outbox'
import { referralOnActivity, referralOnMemberJoined, referralOnOrderReturned, referralOnOrderSettled } from './referral'
import { riskOnOrderSettled } from './risk'
import { webhookOnOrderReturned, webhookOnOrderSettled } from './webhook'

/**
 * Who is told about what, and what a merge moves, in order. Here and not in the nouns, so that an order need not
 * know of messages, nor a member of every noun that owns rows of it.
 */
export const registry: Registry = {
  handlers: {
    'member.joined': [referralOnMemberJoined, articleOnMemberJoined],
    'order.settled': [
      couponOnOrderSettled,
      giftOnOrderSettled,
      outboxOnOrderSettled,
      riskOnOrderSettled,
      referralOnOrderSettled,
      articleOnOrderSettled,
      obligationOnOrderSettled,
      webhookOnOrderSettled,
    ],
    'order.returned': [
      couponOnOrderReturned,
      giftOnOrderReturned,
      referralOnOrderReturned,
      articleOnOrderReturned,
      obligationOnOrderReturned,
      webhookOnOrderReturned,
    ],
    'obligation.attended': [referralOnActivity, articleOnActivity],
    'gift.opened': [mallOnGiftOpened],
    'member.renamed': [honourOnMemberRenamed],
    'upload.checked': [obligationOnUploadChecked],
  },
  openSteps: ['ledger_open', 'tier_open', 'referral_open'],
  mergeSteps: [
    'member_merge',
    'ledger_merge',
    'tier_merge',
    'staff_merge',
    'session_merge',
    'code_merge',
    'visit_merge',
    'order_merge',
    'coupon_merge',
    'right_merge',
    'gift_merge',
    'mall_merge',
    'upload_merge',
    'honour_merge',
    'obligation_merge',
    // after it: a friend who does not count any more is no step of the survivor's undertaking
    'referral_merge',
    'article_merge',
    'outbox_merge',
  ],
  // what a merge undid is restored with the survivor first; then points, growth and the record itself go back, the tier last
  undoSteps: [
    'outbox_unmerge',
    'article_unmerge',
    'referral_unmerge',
    'obligation_unmerge',
    'honour_unmerge',
    'upload_unmerge',
    'mall_unmerge',
    'gift_unmerge',
    'coupon_unmerge',
    'right_unmerge',
    'order_unmerge',
    'visit_unmerge',
    'code_unmerge',
    'session_unmerge',
    'staff_unmerge',
    'ledger_unmerge',
    'member_unmerge',
    'tier_unmerge',
  ],
  // what comes back in points comes before the points go, and who they were goes last
  eraseSteps: [
    'order_erase',
    'mall_erase',
    'coupon_erase',
    'right_erase',
    'referral_erase',
    'article_erase',
    'obligation_erase',
    'honour_erase',
    'upload_erase',
    'ledger_erase',
    'tier_erase',
    'visit_erase',
    'code_erase',
    'session_erase',
    'risk_erase',
    'outbox_erase',
    'merge_erase',
    'member_erase',
  ],
}
