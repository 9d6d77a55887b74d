/**
 * The guard of campaigns: what may be thanked for, and what an operator's wish breaks. A wish can say the forbidden, so that it is
 * refused with the rule and its source instead of being impossible to write down. Server and phone read the same table.
 */
import { copyFindings } from './compliance-copy'
import type { Policy } from './policy'

/** What the thanks depend on. The first group is legal: something real that was done. */
export const LEGAL_TRIGGERS = [
  'first_order',
  'order_or_activity',
  'order',
  'attend',
  'check_in',
  'handed_in',
  'review',
  'reader_acted',
] as const
export type LegalTrigger = (typeof LEGAL_TRIGGERS)[number]

/** What nobody may be thanked for, and the rule that says so. */
export const FORBIDDEN_TRIGGERS = {
  share: 'pay_per_share',
  share_group: 'pay_per_share',
  moments_post: 'moments_post',
  link_visit: 'pay_per_visit',
  scan: 'pay_per_visit',
  follow: 'pay_per_follow',
  contacts: 'contacts',
  join: 'pay_per_head',
  positive_review: 'paid_praise',
  vote: 'paid_vote',
  like: 'paid_like',
} as const satisfies Record<string, RuleCode>
export type ForbiddenTrigger = keyof typeof FORBIDDEN_TRIGGERS
export type Trigger = LegalTrigger | ForbiddenTrigger

/** What an operator wishes for, legal or not. */
export interface CampaignForm {
  noun: 'referral' | 'obligation'
  /** Of an obligation, its kind. */
  kind: string | null
  title: string
  /** Of a campaign for friends, what its card and its poster say. */
  words: string
  trigger: Trigger
  /** How many levels of friends are thanked for. */
  levels: number
  /** Somebody is paid by what those they brought sell or buy. */
  teamPay: boolean
  reward: {
    points: number
    honourId: string | null
    coupon: string | null
    cashFen: number
    random: boolean
    /** More for each friend the more there are. */
    growing: boolean
  }
  /** Rewards for one person, at most; null without an end. */
  perPersonCap: number | null
  /** null without an end. */
  budgetPoints: number | null
  /** Days that a friend's purchase is kept before it is paid for. */
  holdDays: number
  entryFeeFen: number
  /** Something can only be used after sharing. */
  locksFeature: boolean
  /** Only reviews from so many stars on are thanked for; null for any. */
  ratingFrom: number | null
  /** Shown as rewarded wherever others read it. */
  labelled: boolean
  startsAt: Date
  endsAt: Date | null
}

/** More than this many friends of one person is a trade, not an invitation. */
export const MOST_FRIENDS = 50

const SHARING = '《微信小程序平台运营规范》5.1 滥用分享行为'
const FORCED = '《微信小程序平台运营规范》5.1.1 强制分享'
const FAKING = '《微信小程序平台运营规范》5.2 刷量行为'
const EARNING = '《微信小程序平台运营规范》5.3 网赚行为'
const LEVELS = '《微信小程序平台运营规范》5.9 多级分销经营行为'
const PRIVACY = '《微信小程序平台运营规范》15 用户隐私和数据；《个人信息保护法》'
const PYRAMID = '《禁止传销条例》第七条'
const REVIEWS = '《电子商务法》第十七条；《网络交易监督管理办法》第十四条；《反不正当竞争法》关于虚假宣传的规定'
const CLICKS = '《网络交易监督管理办法》第十四条（虚构点击、点赞等数据）'
const PRIZES = '《反不正当竞争法》关于有奖销售的规定；《规范促销行为暂行规定》'
const HOUSE = '会员中心自己的规矩'

interface Rule {
  /** What is wrong and what to do instead, for an operator. */
  words: string
  source: string
}

/** Every rule of the guard. A source names a clause only where its number is certain. */
export const RULES = {
  pay_per_share: { words: '转发本身不能换任何好处，只能谢朋友真正的消费或到场', source: SHARING },
  moments_post: { words: '不能用好处换一条朋友圈', source: `${SHARING}；《微信朋友圈使用规范》` },
  pay_per_visit: { words: '打开、扫码、浏览都不能换好处', source: `${SHARING}；${FAKING}；${CLICKS}` },
  pay_per_follow: { words: '不能用好处换关注或加群', source: '《微信公众平台运营规范》关于诱导关注的规定' },
  pay_per_head: { words: '不能按拉来的人头给好处，要等朋友真正消费或到场', source: `${PYRAMID}（拉人头）；${SHARING}` },
  contacts: { words: '不能用好处换朋友的手机号或通讯录', source: PRIVACY },
  second_level: { words: '只能谢直接请来的朋友，没有第二级', source: `${LEVELS}；${PYRAMID}` },
  team_pay: { words: '不能按下面的人买了多少来计酬', source: `${PYRAMID}（团队计酬）；${LEVELS}` },
  entry_fee: { words: '参加不能收费，也不能要求先买东西', source: `${PYRAMID}（入门费）` },
  random_reward: { words: '奖励要固定写明，不能随机、不能抽', source: `${PRIZES}；${SHARING}` },
  growing_reward: { words: '每一份都一样多，不能人越多给得越高', source: `${PYRAMID}（拉人头）；${LEVELS}` },
  cash_reward: { words: '不能给现金、红包或提现', source: EARNING },
  forced_share: { words: '不能要求先分享，才给看、给用、给参加', source: FORCED },
  paid_praise: { words: '好评差评要一样谢，不能只谢好评', source: REVIEWS },
  unlabelled_review: { words: '有奖的评价要标明有奖', source: '《互联网广告管理办法》关于可识别性的规定' },
  paid_vote: { words: '不能用好处换投票', source: `《微信外部链接内容管理规范》；${CLICKS}` },
  paid_like: { words: '不能用好处换点赞、集赞', source: `《微信朋友圈使用规范》；${CLICKS}` },
  share_copy: { words: '不能写转发、分享就有好处', source: SHARING },
  earning_copy: { words: '不能写赚、佣金、返利、兼职这一类话', source: EARNING },
  promise_copy: {
    words: '不能许诺必得、人人有、点了就送',
    source: '《反不正当竞争法》与《广告法》关于引人误解的宣传的规定',
  },
  pressure_copy: { words: '不能催人转、求人点、拉人助力', source: SHARING },
  exaggerated_card: { words: '不能冒充通知、红包，也不能夸张吓人', source: SHARING },
  superlative_copy: { words: '不能用国家级、最佳一类的绝对说法', source: '《广告法》第九条' },
  medical_copy: { words: '茶不是药，不能说治病、降三高、减肥', source: '《广告法》第十七条' },
  last_word_copy: { words: '不能写最终解释权归谁', source: '《网络交易监督管理办法》关于格式条款的规定' },
  wrong_proof: { words: '这一类只能谢读者、朋友真正做的事，不能凭截图', source: `${SHARING}；${HOUSE}` },
  no_budget: { words: '要有预算，至少够发一份', source: HOUSE },
  no_cap: { words: `每人最多几份要写明，不超过 ${MOST_FRIENDS} 份`, source: HOUSE },
  no_holding: { words: '要等朋友的首单过了退款期再发', source: `${FAKING}；${HOUSE}` },
  no_days: { words: '结束要晚于开始', source: HOUSE },
} as const satisfies Record<string, Rule>

export type RuleCode = keyof typeof RULES

/** `field`: where in the form it stands; a path such as `reward.random`. `found`: the passage, where it is about words. */
export interface Violation {
  rule: RuleCode
  field: string
  words: string
  source: string
  found: string | null
}

const violation = (rule: RuleCode, field: string, found: string | null = null): Violation => {
  const { words, source } = RULES[rule]
  return { rule, field, words: found ? `「${found}」：${words}` : words, source, found }
}

/** A sentence about a rule that another server or an older phone broke; null for a rule that is not known here. */
export const ruleOf = (code: string): Rule | null => (Object.hasOwn(RULES, code) ? RULES[code as RuleCode] : null)

/** What each text of the form says that it may not. */
const COPY_FIELDS = ['title', 'words'] as const

/** Everything that a wish breaks, in the order of the form; empty when it may be saved. */
export function violationsOf(form: CampaignForm, policy: Pick<Policy, 'returnDays'>): Violation[] {
  const copy = COPY_FIELDS.flatMap((field) =>
    copyFindings(form[field]).map(({ rule, found }) => violation(rule, field, found)),
  )
  return [...copy, ...thankedFor(form), ...rewardOf(form), ...limitsOf(form, policy)]
}

const isForbidden = (trigger: Trigger): trigger is ForbiddenTrigger => Object.hasOwn(FORBIDDEN_TRIGGERS, trigger)

/** News are thanked for by what readers do, friends by what they buy, and no screenshot stands for either. */
const PROOF_OF: Record<string, LegalTrigger> = { spread_news: 'reader_acted', invite: 'first_order', review: 'review' }

function thankedFor({ kind, trigger, locksFeature, ratingFrom, labelled }: CampaignForm): Violation[] {
  const found: Violation[] = []
  const wanted = kind === null ? undefined : PROOF_OF[kind]
  if (isForbidden(trigger)) found.push(violation(FORBIDDEN_TRIGGERS[trigger], 'trigger'))
  else if (wanted && trigger !== wanted) found.push(violation('wrong_proof', 'trigger'))
  if (locksFeature) found.push(violation('forced_share', 'locksFeature'))
  if (ratingFrom !== null) found.push(violation('paid_praise', 'ratingFrom'))
  if ((trigger === 'review' || kind === 'review') && !labelled) found.push(violation('unlabelled_review', 'labelled'))
  return found
}

function rewardOf({ levels, teamPay, reward, entryFeeFen }: CampaignForm): Violation[] {
  const found: Violation[] = []
  if (levels !== 1) found.push(violation('second_level', 'levels'))
  if (teamPay) found.push(violation('team_pay', 'teamPay'))
  if (reward.random) found.push(violation('random_reward', 'reward.random'))
  if (reward.growing) found.push(violation('growing_reward', 'reward.growing'))
  if (reward.cashFen !== 0) found.push(violation('cash_reward', 'reward.cashFen'))
  if (entryFeeFen !== 0) found.push(violation('entry_fee', 'entryFeeFen'))
  return found
}

function limitsOf(form: CampaignForm, { returnDays }: Pick<Policy, 'returnDays'>): Violation[] {
  const { noun, reward, budgetPoints, perPersonCap, holdDays, startsAt, endsAt } = form
  const found: Violation[] = []
  if (budgetPoints === null || budgetPoints < reward.points) found.push(violation('no_budget', 'budgetPoints'))
  if (perPersonCap === null || perPersonCap > MOST_FRIENDS) found.push(violation('no_cap', 'perPersonCap'))
  if (noun === 'referral' && holdDays < returnDays) found.push(violation('no_holding', 'holdDays'))
  if (endsAt !== null && endsAt <= startsAt) found.push(violation('no_days', 'endsAt'))
  return found
}
