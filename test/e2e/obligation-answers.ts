import type { Change } from './answers'

export type Facts = Record<string, unknown>
/** The moment so many days from now, as ISO text. */
export type Days = (count: number) => string

const RULES = [
  '2026 年 11 月 1 日到 12 月 31 日，每人一次',
  '提交自己的一笔消费、1 到 3 张照片、20 到 300 字、评分',
  '做完得 80 积分，每次机会最多一份；积分发完为止，名额用完会写明',
  '说好说坏都一样：打几颗星、夸还是批评，都不影响奖励',
  '公开展示时会标明「有奖评价」，名字只露一个字',
  '内容先过安全检查，再由人工审核；没通过会写明原因，最多提交 3 次，被安全检查拦下的不计次数',
  '对结果有异议，30 天内可以申诉一次，由另一位同事复核；只有一位同事时，由这位复核',
]

const WANTS = { photos: { min: 1, max: 3 }, text: { min: 20, max: 300 }, rating: true, order: true }

const PLAIN: Facts = {
  kind: 'check_in',
  words: '',
  mark: 'leaf',
  target: 1,
  progress: 0,
  state: 'open',
  refusal: null,
  handInRefusal: null,
  startsAt: '2026-11-01T00:00:00.000Z',
  endsAt: '2026-12-31T16:00:00.000Z',
  period: 'once',
  dueAt: '2026-12-31T16:00:00.000Z',
  storeName: null,
  proof: 'staff_scan',
  counts: null,
  wants: null,
  articleId: null,
  sku: null,
  labelled: false,
  forHonour: null,
  keepsHonourId: null,
  tries: { used: 0, most: 3 },
  rewardPoints: 0,
  honourName: null,
  rewardCoupon: null,
  pointsGiven: 0,
  reason: null,
  acceptedAt: null,
  finishedAt: null,
  nextAt: null,
  submission: null,
  rules: RULES,
}
const like = (obligationId: string, title: string, more: Facts): Facts => ({ ...PLAIN, obligationId, title, ...more })

const REVIEW = like('honest_review', '说句真心话', {
  kind: 'review',
  words: '喝过哪一盏，照实说说。好喝、不好喝，我们都想听。',
  mark: 'chat',
  proof: 'handed_in',
  labelled: true,
  wants: WANTS,
  rewardPoints: 80,
})
const DUTY = like('ambassador_story', '这个月的一篇', {
  kind: 'ambassador_duty',
  words: '写一写这个月在一盏遇见的人和茶，配两张照片。',
  mark: 'spark',
  proof: 'handed_in',
  period: 'monthly',
  dueAt: '2026-11-30T16:00:00.000Z',
  wants: { photos: { min: 2, max: 6 }, text: { min: 60, max: 600 } },
  rewardPoints: 120,
  forHonour: { honourId: 'ambassador', name: '一盏大使' },
  rules: [
    '只给「一盏大使」',
    '2026 年 11 月 1 日到 12 月 31 日，每月一次机会，一号零点重新开始',
    '提交 2 到 6 张照片、60 到 600 字',
    '做完得 120 积分，每次机会最多一份；积分发完为止，名额用完会写明',
    '内容先过安全检查，再由人工审核；没通过会写明原因，最多提交 3 次，被安全检查拦下的不计次数',
    '对结果有异议，30 天内可以申诉一次，由另一位同事复核；只有一位同事时，由这位复核',
  ],
})
const FRIENDS = like('bring_friend', '请三位朋友来坐坐', {
  kind: 'invite',
  words: '三位朋友喝到第一盏，留下「引路人」这个名字。',
  mark: 'people',
  proof: 'counted',
  counts: 'friend_rewarded',
  target: 3,
  progress: 2,
  honourName: '引路人',
  rules: ['请来的朋友第一次消费、过了退款期才算；只是分享、点开或注册都不算，一共 3 次，自动记上'],
})
const CUPS = like('own_cup', '带自己的杯子', {
  mark: 'cup',
  target: 10,
  progress: 9,
  state: 'in_progress',
  rewardPoints: 200,
  honourName: '惜杯人',
})
const NEWS = like('spread_autumn', '把秋茶的故事带给朋友', {
  kind: 'spread_news',
  proof: 'counted',
  counts: 'reader_acted',
  target: 2,
  rewardPoints: 60,
})
const TRIAL = like('trial_new_tea', '试喝枇杷冷泡', {
  kind: 'product_test',
  mark: 'cup',
  proof: 'handed_in',
  wants: WANTS,
  rewardCoupon: '满 30 减 8',
  refusal: { code: 'TIER_NEEDED', detail: { tier: 3 } },
})
const TASTING = like('autumn_tasting', '秋茶品鉴会', {
  kind: 'themed_activity',
  storeName: '湖滨店',
  state: 'rewarded',
  progress: 1,
  rewardPoints: 50,
  honourName: '知茶人',
})

const PICTURES = [1, 2].map((nth) => ({
  uploadId: `u${nth}`,
  url: `/upload/u${nth}?t=x`,
  state: 'passed',
  width: 1,
  height: 1,
}))

const submission = (days: Days, more: Facts): Facts => ({
  submissionId: '0193a5f0-0000-7000-8000-000000000001',
  nth: 1,
  state: 'waiting',
  text: '桂花乌龙的香气很自然，不是糖精那种甜。就是午后去要等十五分钟，希望能快一点。',
  link: null,
  rating: 4,
  orderId: null,
  uploads: PICTURES,
  submittedAt: days(-1),
  decidedAt: null,
  reason: null,
  reasonWords: null,
  answer: null,
  mayAppealUntil: null,
  appeal: null,
  ...more,
})

/** The small things in every state that they come to. */
function eachOf(days: Days) {
  const sent = (more: Facts, state = 'submitted'): Facts => ({
    ...REVIEW,
    state,
    handInRefusal: { code: state === 'rewarded' ? 'OBLIGATION_DONE' : 'PROOF_WAITING', detail: {} },
    refusal: state === 'rewarded' ? { code: 'OBLIGATION_DONE', detail: {} } : null,
    tries: { used: 1, most: 3 },
    submission: submission(days, more),
  })
  const back = {
    state: 'rejected',
    decidedAt: days(0),
    reason: 'unclear',
    reasonWords: '看不清楚',
    answer: '照片里只有半只杯子，换一张看得见茶的就好。',
    mayAppealUntil: days(30),
  }
  const asked = { state: 'asked', words: '杯身上有我的取餐号，放大能看见', askedAt: days(0), answer: null }
  return {
    offered: REVIEW,
    form: { ...REVIEW, state: 'accepted', acceptedAt: days(-1) },
    checking: sent({ state: 'checking' }),
    waiting: sent({}),
    rejected: { ...sent({ ...back, orderId: 'o2' }, 'rejected'), handInRefusal: null },
    appealed: sent({ ...back, mayAppealUntil: null, appeal: asked }, 'rejected'),
    rewarded: { ...sent({ state: 'approved', decidedAt: days(0) }, 'rewarded'), finishedAt: days(0), progress: 1 },
    duty: { ...DUTY, state: 'accepted', acceptedAt: days(-10) },
    friends: { ...FRIENDS, state: 'in_progress', acceptedAt: days(-18) },
    clawed: { ...FRIENDS, state: 'clawed_back', finishedAt: days(-1), rewardPoints: 60, pointsGiven: 60 },
  }
}

function purchasesOf(days: Days): Facts[] {
  const one = (orderId: string, storeName: string, amountFen: number, ago: number, ...articles: string[]) => ({
    ...{ orderId, storeName, amountFen, articles },
    settledAt: days(-ago),
  })
  return [
    one('o1', '湖滨店', 4_100, 2, '桂花乌龙鲜奶', '桂花糕'),
    one('o2', '武林店', 1_900, 9, '龙井鲜奶'),
    one('o3', '西湖店', 12_800, 15),
    one('o4', '湖滨店', 2_200, 40, '桂花乌龙鲜奶'),
  ]
}

const past = (periodKey: string, state: string, finishedAt: string | null): Facts => ({
  ...{ periodKey, state, finishedAt },
  ...{ progress: 1, pointsGiven: 0, reason: null, submission: null },
})
const EARLIER = [past('2026-10', 'rewarded', '2026-10-28T04:00:00.000Z'), past('2026-09', 'lapsed', null)]

/** The list with all seven kinds, and one by itself in each state. */
export function obligationAnswers(days: Days) {
  const each = eachOf(days)
  const shown =
    (name: keyof typeof each): Change =>
    () => ({ obligation: each[name], purchases: purchasesOf(days), earlier: name === 'duty' ? EARLIER : [] })
  const all: Change = (answer) => ({
    ...answer,
    obligations: [
      ...[CUPS, each.friends, each.rejected, { ...each.waiting, obligationId: 'r2' }, each.duty],
      ...[NEWS, TRIAL, { ...TASTING, finishedAt: days(-6) }],
    ],
  })
  return { shown, all }
}
