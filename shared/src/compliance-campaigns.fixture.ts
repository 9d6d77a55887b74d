import type { CampaignForm, RuleCode } from './compliance'

/** A campaign that may be saved: friends are thanked for by their first purchase. */
export const FRIENDS: CampaignForm = {
  noun: 'referral',
  kind: null,
  title: '请朋友喝第一盏',
  words: '把喜欢的茶推荐给朋友，朋友第一笔消费留满 15 天，你会收到 100 积分',
  trigger: 'first_order',
  levels: 1,
  teamPay: false,
  reward: { points: 100, honourId: null, coupon: null, cashFen: 0, random: false, growing: false },
  perPersonCap: 10,
  budgetPoints: 100_000,
  holdDays: 15,
  entryFeeFen: 0,
  locksFeature: false,
  ratingFrom: null,
  labelled: false,
  startsAt: new Date('2026-11-22T00:00:00Z'),
  endsAt: null,
}

/** An obligation that may be saved: whoever brings an own cup is thanked. */
const OWN_CUP: CampaignForm = {
  ...FRIENDS,
  noun: 'obligation',
  kind: 'check_in',
  title: '带自己的杯子',
  words: '带自己的杯子来，每天记一次，记满十次，就是惜杯人。',
  trigger: 'check_in',
  reward: { ...FRIENDS.reward, honourId: 'cup_keeper' },
  perPersonCap: 1,
  endsAt: new Date('2027-11-22T00:00:00Z'),
}
const REVIEW: CampaignForm = {
  ...OWN_CUP,
  kind: 'review',
  title: '说句实话',
  words: '写下喝过的感受，好评差评都一样谢你 20 积分，展示时标明有奖评价。',
  trigger: 'review',
  labelled: true,
}
const NEWS: CampaignForm = {
  ...OWN_CUP,
  kind: 'spread_news',
  title: '把秋茶讲给朋友听',
  words: '转发和打开本身没有奖励；有三位朋友读完来店里喝过一盏，谢你 60 积分。',
  trigger: 'reader_acted',
}

interface Example {
  /** English, for the document. */
  what: string
  form: CampaignForm
}

const friends = (what: string, part: Partial<CampaignForm>, ...rules: RuleCode[]) => ({
  what,
  form: { ...FRIENDS, ...part },
  rules,
})
const reward = (part: Partial<CampaignForm['reward']>) => ({ reward: { ...FRIENDS.reward, ...part } })

/** What the guard refuses, and by which rules. */
export const ILLEGAL: (Example & { rules: RuleCode[] })[] = [
  friends('pays for sharing with a friend', { trigger: 'share' }, 'pay_per_share'),
  friends(
    'pays for sharing into a group',
    { trigger: 'share_group', title: '转发到群，每次 5 积分' },
    'share_copy',
    'pay_per_share',
  ),
  friends(
    'pays for a Moments post',
    { trigger: 'moments_post', title: '发朋友圈送奶茶' },
    'moments_post',
    'share_copy',
    'moments_post',
  ),
  friends(
    'pays for each visit to a link',
    { trigger: 'link_visit', title: '朋友点开链接，你得 5 积分' },
    'pay_per_visit',
  ),
  friends('pays for each scan of a poster', { trigger: 'scan' }, 'pay_per_visit'),
  friends('pays for following the official account', { trigger: 'follow', title: '关注公众号领券' }, 'pay_per_follow'),
  friends('pays for each head that joins', { trigger: 'join', title: '每拉一人奖励 20 积分' }, 'pay_per_head'),
  friends('pays for friends’ phone numbers', { trigger: 'contacts' }, 'contacts'),
  friends('pays for friends of friends', { levels: 2, title: '朋友再邀请的人，你也得积分' }, 'second_level'),
  friends('pays a share of what a team buys', { teamPay: true, title: '团队奖：大家一起喝' }, 'team_pay'),
  friends('draws the reward by lot', { ...reward({ random: true }), title: '请朋友，抽大奖' }, 'random_reward'),
  friends(
    'pays more for each friend the more there are',
    { ...reward({ growing: true }), title: '邀请越多，奖励越高' },
    'growing_reward',
  ),
  friends('pays in cash', { ...reward({ cashFen: 500 }), title: '请朋友，可提现' }, 'cash_reward'),
  friends('asks an entry fee', { entryFeeFen: 9_900, title: '交 99 元成为代言人' }, 'entry_fee'),
  friends('locks something until it was shared', { locksFeature: true, title: '分享后才能看隐藏菜单' }, 'forced_share'),
  friends('says 分享即得', { words: '分享即得 100 积分' }, 'share_copy'),
  friends('says it in disguise', { words: '轉。發。即。領 優 惠 券' }, 'share_copy'),
  friends('says it in English', { words: 'Ｓｈａｒｅ to earn 100 points' }, 'share_copy'),
  friends('says 赚', { title: '边喝茶边赚' }, 'earning_copy'),
  friends('promises everybody a prize', { title: '人人有奖，必得好礼' }, 'promise_copy'),
  friends('begs for taps', { words: '帮我点一下，好友助力' }, 'pressure_copy'),
  friends('has an exaggerated card', { title: '[有人@我] 你有一个红包待领取' }, 'exaggerated_card', 'cash_reward'),
  friends('boasts', { title: '全国第一的乌龙' }, 'superlative_copy'),
  friends('makes a medicine of tea', { words: '降三高、助减肥的好茶' }, 'medical_copy'),
  friends('keeps the last word', { words: '最终解释权归本店所有' }, 'last_word_copy'),
  friends('has neither budget nor cap', { budgetPoints: null, perPersonCap: null }, 'no_budget', 'no_cap'),
  friends('pays before the purchase can no longer be returned', { holdDays: 1 }, 'no_holding'),
  friends('ends before it begins', { endsAt: FRIENDS.startsAt }, 'no_days'),
  {
    what: 'thanks for good reviews only',
    form: { ...REVIEW, trigger: 'positive_review', ratingFrom: 5, words: '五星好评送一杯' },
    rules: ['paid_praise'],
  },
  { what: 'hides that a review is rewarded', form: { ...REVIEW, labelled: false }, rules: ['unlabelled_review'] },
  {
    what: 'pays for votes',
    form: { ...OWN_CUP, trigger: 'vote', title: '为我们投票领积分' },
    rules: ['paid_vote'],
  },
  {
    what: 'pays for likes',
    form: { ...OWN_CUP, trigger: 'like', title: '集满 38 个赞换一杯' },
    rules: ['paid_like'],
  },
  { what: 'takes a screenshot of a share for news', form: { ...NEWS, trigger: 'handed_in' }, rules: ['wrong_proof'] },
]

/** What the guard accepts. */
export const LEGAL: Example[] = [
  { what: 'friends, by their first purchase', form: FRIENDS },
  {
    what: 'friends, by a first purchase or an attended activity',
    form: { ...FRIENDS, trigger: 'order_or_activity', endsAt: OWN_CUP.endsAt },
  },
  { what: 'any honest review, labelled', form: REVIEW },
  { what: 'news, by what readers do', form: NEWS },
  {
    what: 'an evening of tasting, by being there',
    form: {
      ...OWN_CUP,
      kind: 'themed_activity',
      title: '秋茶品鉴会',
      words: '今年新收的三款秋茶，坐下来慢慢喝一遍。',
      trigger: 'attend',
    },
  },
  { what: 'own cups, counted at the counter', form: OWN_CUP },
  {
    what: 'a new tea tried at home, by words and a picture',
    form: {
      ...OWN_CUP,
      kind: 'product_test',
      title: '试一款还没上市的新茶',
      words: '把它泡三回，写下每一回的味道。',
      trigger: 'handed_in',
    },
  },
  {
    what: 'friends brought along, within an obligation',
    form: {
      ...OWN_CUP,
      kind: 'invite',
      title: '带朋友认一家茶铺',
      words: '请两位朋友来，朋友第一笔消费过了退款期才算。',
      trigger: 'first_order',
    },
  },
  {
    what: 'an ambassador’s monthly duty, by own purchases',
    form: {
      ...OWN_CUP,
      kind: 'ambassador_duty',
      title: '每月三盏',
      words: '代言人自己先喝：一个月里来喝三次。',
      trigger: 'order',
    },
  },
]
