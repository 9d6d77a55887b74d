import { doubtWords, factWords, type PairFacts } from '@huiyuan/shared/risk'
import type { Page } from 'playwright-core'
import { answering } from './answers'
import { type Place, tap } from './place'
import { pictureTime } from './shifted-clock'
import type { Scheme, Shot } from './studio'
import { at, type Screen } from './web-house'

const REVIEW = { who: 'operator', path: 'pages/review/review', ready: '#review' } as const

/** What waits for a person, as the demo's operator finds it. */
export const REVIEW_PLACES: Place[] = [{ name: 'review', ...REVIEW }]

const days = (count: number) => new Date(pictureTime().getTime() + count * 86_400_000).toISOString()

const NOTHING: PairFacts = {
  ...{ sharedDevices: 0, devicePeople: 0, sharedPayers: 0, payerPeople: 0, networkPeople: null, staff: null },
  ...{ joinedWithinHour: 1, joinedWithinDay: 1, riskAtJoin: 0, riskNow: null, mergedBefore: false, phoneMoved: false },
}
const doubted = (...doubts: Parameters<typeof doubtWords>[0][]) =>
  doubts.map((doubt) => ({ doubt, words: doubtWords(doubt, 'operator') }))

const FAMILY = {
  caseRef: 'family',
  inviter: { nameMasked: '小*', memberNo: '**** 3421' },
  friend: { nameMasked: '林**', memberNo: '**** 7750' },
  campaign: '请朋友喝第一盏',
  state: 'review',
  doubts: doubted('same_device', 'same_network'),
  facts: factWords({ ...NOTHING, sharedDevices: 1, networkPeople: 2 }),
  points: 100,
  joinedAt: days(-13.1),
  heldAt: days(-12.4),
  releaseAt: days(3.6),
  appeal: null,
  earlier: null,
}
const FARM = {
  ...FAMILY,
  caseRef: 'farm',
  inviter: { nameMasked: null, memberNo: '**** 9087' },
  friend: { nameMasked: null, memberNo: '**** 9113' },
  doubts: doubted('same_device', 'same_payer', 'same_network', 'velocity', 'risk_rank'),
  facts: factWords({
    ...{ sharedDevices: 2, devicePeople: 7, sharedPayers: 1, payerPeople: 7, networkPeople: 2, staff: null },
    ...{ joinedWithinHour: 6, joinedWithinDay: 8, riskAtJoin: 3, riskNow: null, mergedBefore: false, phoneMoved: true },
  }),
  joinedAt: days(-17.02),
  heldAt: days(-17),
  releaseAt: days(-1),
}
const APPEALED = {
  ...FAMILY,
  caseRef: 'appealed',
  inviter: { nameMasked: '欧阳**', memberNo: '**** 0442' },
  state: 'refused',
  points: 0,
  appeal: { words: '那天是我帮婆婆在我的手机上入会的，后来她换了自己的手机，两张卡两个人用。', askedAt: days(-0.1) },
  earlier: { answer: '两张卡是同一个人在用，这一份不算。', reviewedAt: days(-2) },
}
const REVIEWED = {
  caseRef: 'paper',
  member: { nameMasked: '小*', memberNo: '**** 3421' },
  obligation: {
    title: '说说这一盏',
    kind: 'review',
    words: '写下真实的感受，好话坏话都收，配一张照片更好',
    labelled: true,
    progress: 0,
    target: 1,
  },
  nth: 1,
  text: '桂花香很足，甜度选了少糖还是偏甜，冰有点多。杯子好看，会再来试试龙井的。',
  link: null,
  rating: 3,
  purchase: { storeName: '湖滨店', amountFen: 6_800, settledAt: days(-3) },
  uploads: [
    { uploadId: '1', url: '/upload/1?t=a' },
    { uploadId: '2', url: '/upload/2?t=a' },
  ],
  flags: [],
  submittedAt: days(-0.2),
  appeal: null,
  earlier: null,
}
const FLAGGED = {
  ...REVIEWED,
  caseRef: 'flagged',
  member: { nameMasked: '林**', memberNo: '**** 1879' },
  obligation: { ...REVIEWED.obligation, title: '自带杯，一起少一个纸杯', kind: 'check_in', progress: 2, target: 4 },
  nth: 2,
  text: '今天也带了自己的杯子',
  link: 'https://mp.weixin.qq.com/s/a-rather-long-address-that-somebody-handed-in-with-their-picture',
  rating: null,
  purchase: null,
  uploads: [
    { uploadId: '3', url: '/upload/3?t=a' },
    { uploadId: '4', url: null },
  ],
  flags: [
    { flag: 'picture_seen', words: '同一张图片以前提交过' },
    { flag: 'text_unchecked', words: '文字没有经过安全检查' },
  ],
  earlier: { reasonWords: '看不清楚', answer: '请把杯子和小票一起拍进来', decidedAt: days(-1) },
}
const PAPER_APPEAL = {
  ...FLAGGED,
  caseRef: 'paper-appeal',
  appeal: { words: '照片是当天在店里拍的，只是光线暗。', askedAt: days(-0.3) },
}

/** A cup, where a picture would be. */
const PICTURE = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120"><rect width="120" height="120" fill="#dfe8e2"/>
<path d="M34 44h46l-6 44a8 8 0 0 1-8 7H48a8 8 0 0 1-8-7z" fill="#2e6a58"/><path d="M80 52h8a9 9 0 0 1 0 18h-10" fill="none" stroke="#2e6a58" stroke-width="5"/></svg>`

const showing =
  (friends: object[], papers: object[], more: Record<string, Record<string, unknown>> = {}) =>
  async (screen: Screen) => {
    await screen.page.route('**/upload/**', (route) => route.fulfill({ contentType: 'image/svg+xml', body: PICTURE }))
    const queues = {
      'referral.queue': { cases: friends, next: null },
      'obligation.queue': { cases: papers, next: null },
    }
    await answering({}, { ...queues, ...more })(screen)
  }

const waiting = showing([FAMILY, FARM], [REVIEWED, FLAGGED])
const appeals = showing([APPEALED], [PAPER_APPEAL])
const then = (...steps: ((page: Page) => Promise<unknown>)[]): Place => ({
  name: 'review',
  ...REVIEW,
  steps: async (page) => {
    for (const step of steps) await step(page)
  },
})
const see = (id: string) => (page: Page) => at(page, id).waitFor()

interface ReviewState extends Omit<Shot, 'scheme'> {
  /** Widths besides that of a phone, in both schemes. */
  widths?: number[]
}

export const REVIEW_STATES: ReviewState[] = [
  { name: 'review-friends', place: then(see('friend-7750')), before: waiting, widths: [1024] },
  { name: 'review-friend', place: then(tap('friend-9113'), see('review-facts')), before: waiting, widths: [1024] },
  { name: 'review-refusing', place: then(tap('friend-7750', 'review-refuse')), before: waiting },
  {
    name: 'review-paid',
    place: then(tap('friend-7750', 'review-pay'), see('decided')),
    before: showing([FAMILY], [], { 'referral.decide': { state: 'held', reason: null } }),
  },
  { name: 'review-papers', place: then(tap('view-material'), see('paper-3421-1')), before: waiting, widths: [1024] },
  {
    name: 'review-paper',
    place: then(tap('view-material', 'paper-1879-2', 'review-reject')),
    before: waiting,
    widths: [1024],
  },
  { name: 'review-appeals', place: then(tap('view-appeal'), see('friend-7750')), before: appeals, widths: [1024] },
  { name: 'review-none', place: then(see('review')), before: showing([], []) },
]

/** The same as pictures. */
export const REVIEW_SHOTS: Shot[] = REVIEW_STATES.flatMap(({ widths = [], ...state }) =>
  (['light', 'dark'] satisfies Scheme[]).flatMap((scheme): Shot[] => [
    { ...state, name: `${state.name}-${scheme}`, scheme },
    ...widths.map((width) => ({ ...state, name: `${state.name}-${width}-${scheme}`, scheme, width })),
  ]),
)
