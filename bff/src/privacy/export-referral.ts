import { REFERRAL_DOUBTS } from '@huiyuan/shared/referral'
import { doubtWords } from '@huiyuan/shared/risk'
import { as, type Column, INSIDE, leftOut, OTHER, OWNER, time, word } from './export-columns'
import type { Section } from './export-sections'

const REFERRAL_STATES = {
  joined: '还没有下第一单',
  held: '等退款期过去',
  review: '正在核对',
  released: '已到账',
  refused: '没有奖励',
  void: '不算',
}

/** As they are told everywhere else: of the two people's phones, payers and ranks a code would say more. */
const DOUBTS: Record<string, string> = Object.fromEntries(
  REFERRAL_DOUBTS.map((doubt) => [doubt, doubtWords(doubt, 'inviter')]),
)
const NOT_CHECKED = Object.fromEntries(REFERRAL_DOUBTS.map((doubt) => [doubt, '没有通过核对']))

const doubts = (title: string): Column => ({
  title,
  read: (value) => (Array.isArray(value) ? [...new Set(value.map((code) => DOUBTS[code] ?? code))] : value),
})

const referral = {
  referral_id: INSIDE,
  campaign_id: as('活动'),
  state: word('状态', REFERRAL_STATES),
  reason: word('原因', NOT_CHECKED),
}
const referralTimes = {
  points: as('积分'),
  opened_at: time('打开链接时间'),
  joined_at: time('入会时间'),
  order_id: INSIDE,
  proof_id: INSIDE,
  held_at: time('首单时间'),
  release_at: time('计划到账'),
  settled_at: time('结束时间'),
  clawed_back: as('已收回'),
  judged_at: time('最近一次核对'),
  doubts: doubts('要核对的地方'),
  cleared: doubts('已由同事看过'),
  // numbers about two people and their kind of phones and networks; shown to one they would tell of the other
  facts: leftOut('关于两个人的数字，会透露另一位的情况'),
  risk_rank: leftOut('微信给的风险等级，按微信的规则不能出示'),
  reviewed_at: time('同事决定的时间'),
  reviewed_by: OTHER,
}

/** Friends who were brought along, and who one was brought by. */
export const REFERRAL_SECTIONS: Section[] = [
  {
    title: '我的邀请码',
    table: 'referral_link',
    key: [['code', 'text']],
    columns: { code: as('邀请码'), member_id: OWNER, created_at: time('生成时间') },
  },
  {
    title: '我请来的朋友',
    table: 'referral',
    where: 'inviter_id = $1::uuid',
    key: [['referral_id', 'uuid']],
    columns: {
      ...{ member_id: OTHER, inviter_id: OWNER, code: as('用的邀请码'), ...referral, ...referralTimes },
      answer: as('同事的答复'),
    },
  },
  {
    title: '请我来的朋友',
    table: 'referral',
    key: [['referral_id', 'uuid']],
    columns: {
      ...{ member_id: OWNER, inviter_id: OTHER, code: as('用的邀请码'), ...referral, ...referralTimes },
      answer: leftOut('这是同事写给请我来的朋友的话'),
    },
  },
  {
    title: '邀请奖励的申诉',
    table: 'referral_appeal',
    key: [['referral_id', 'uuid']],
    columns: {
      member_id: OWNER,
      referral_id: INSIDE,
      friend_id: OTHER,
      words: as('申诉的话'),
      asked_at: time('申诉时间'),
      state: word('状态', { asked: '等同事再看', granted: '改为算', declined: '维持原来的决定' }),
      decided_at: time('决定时间'),
      decided_by: OTHER,
      answer: as('同事的答复'),
    },
  },
  {
    title: '邀请奖励次数',
    table: 'referral_quota',
    key: [['campaign_id', 'text']],
    columns: { member_id: OWNER, campaign_id: as('活动'), taken: as('次数') },
  },
]
