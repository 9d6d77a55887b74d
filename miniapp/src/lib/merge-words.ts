import { countText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'

/** What came over or went back, in numbers by the server's own names. */
export type Moved = Record<string, number>
/** One thing that a merge undid, that an undo restored, or that could not be restored. */
export type Reversal = { kind: string } & Record<string, unknown>

const COUNTED: [name: string, title: string, unit: string][] = [
  ['points', '积分', '分'],
  ['pendingPoints', '待生效', '分'],
  ['debtPoints', '欠分', '分'],
  ['chargedPoints', '其中由留下的会员补上', '分'],
  ['programmePoints', '其中由品牌补上', '分'],
  ['growth', '成长值', ''],
  ['coupons', '优惠券', '张'],
  ['orders', '消费记录', '笔'],
  ['redemptions', '兑换单', '个'],
  ['gifts', '礼包', '份'],
  ['rights', '用过的权益', '项'],
  ['referrals', '邀请关系', '条'],
  ['obligations', '特色义务', '项'],
  ['honours', '荣誉', '枚'],
  ['favourites', '收藏', '件'],
  ['identities', '手机、微信或卡', '个'],
  ['devices', '出码的手机', '部'],
  ['sessions', '登录着的地方', '处'],
  ['visits', '到店记录', '次'],
  ['uploads', '上传的图片', '张'],
  ['messages', '待发消息', '条'],
]

/** `3 张`, by title, in one order; what is not there is not named. */
export const movedFacts = (moved: Moved): { title: string; words: string }[] => [
  ...COUNTED.filter(([name]) => (moved[name] ?? 0) !== 0).map(([name, title, unit]) => ({
    title,
    words: `${countText(moved[name] ?? 0)}${unit ? ` ${unit}` : ''}`,
  })),
  ...(moved.tierBefore && moved.tierAfter
    ? [{ title: '留下的会员等级', words: `${tierName(moved.tierBefore)} → ${tierName(moved.tierAfter)}` }]
    : []),
]

const tierName = (tier: number) => rungOf(tier, DEMO_POLICY).name

const number = (one: Reversal, name: string) => (typeof one[name] === 'number' ? (one[name] as number) : 0)
const text = (one: Reversal, name: string) => (typeof one[name] === 'string' ? (one[name] as string) : '')
const named = (one: Reversal) => (text(one, 'title') ? `「${text(one, 'title')}」` : '')
/** Only the parts that are there, joined. */
const parts = (...of: (string | false)[]) => of.filter(Boolean).join('，')

const REFERRAL_WHY: Record<string, string> = {
  self: '两边互为邀请人',
  same_person: '其实是同一个人',
  other_inviter: '先邀请的那位算数',
  not_new: '这位早就是会员',
}

const NOUNS: Record<string, string> = { coupon: '优惠券', reward: '兑换', right: '权益', referral: '邀请' }

const SAID: Record<string, (one: Reversal) => string> = {
  gift_superseded: (one) =>
    parts(
      `第二份礼包${named(one)}不再有效`,
      number(one, 'coupons') > 0 && `作废 ${number(one, 'coupons')} 张没用的券`,
      number(one, 'points') > 0 && `收回 ${countText(number(one, 'points'))} 积分`,
      number(one, 'pickups') > 0 && `取消 ${number(one, 'pickups')} 份待取`,
    ),
  coupon_voided: (one) => `优惠券${named(one)}作废`,
  coupon_used: (one) => `优惠券${named(one)}已经用掉`,
  referral_void: (one) =>
    parts(
      `一条邀请关系作废（${REFERRAL_WHY[text(one, 'reason')] ?? '不成立'}）`,
      number(one, 'points') > 0 && `收回 ${countText(number(one, 'points'))} 积分`,
    ),
  referral_refused: (one) => `一条邀请不再算数（${REFERRAL_WHY[text(one, 'reason')] ?? '不成立'}）`,
  referral: () => '一条邀请关系',
  obligation_superseded: (one) => `重复的特色义务${named(one)}只留进度多的那份`,
  reading_void: (one) => `${number(one, 'count')} 次资讯传播不再计数（其实是同一个人）`,
  debt_paid: (one) =>
    `${text(one, 'whose') === 'other' ? '并入方' : '留下方'}欠的 ${countText(number(one, 'points'))} 积分由合并来的积分还上`,
  points: (one) => `${countText(number(one, 'points'))} 积分`,
  gift_coupon: (one) => `礼包里的优惠券${named(one)}`,
  gift_pickup: (one) => `礼包里的待取${named(one)}`,
  phone_dropped: () => '两个手机号只留最近验证的那个',
  session_ended: (one) => `合并后登录的 ${number(one, 'count')} 处分不清是谁的，要重新登录`,
  device_ended: (one) => `合并后才出码的 ${number(one, 'count')} 部手机，要重新打开会员码`,
  referral_paid: (one) => `合并后发的 ${countText(number(one, 'points'))} 邀请积分留在留下方，那条邀请关系也是`,
  referral_bought: () => '合并后因留下方消费而成的邀请，留在留下方',
  quota_excess: (one) =>
    `${NOUNS[text(one, 'noun')] ?? '限额'}${named(one)}合起来 ${number(one, 'has')} 次，超过每人 ${number(one, 'limit')} 次，之后不能再用`,
}

const WHY: Record<string, string> = {
  taken: '已经是别人的了',
  newer: '后来换了新号码',
  stock: '库存没有了',
  budget: '活动预算用完了',
  over: '已经过期',
  expired: '已经过期',
  used: '已经用掉',
  gone: '已经送完了',
  returned: '那笔消费退了，随之收回',
  since: '后来又有了变化',
  cap: '邀请名额已经给了别人',
  purchase_returned: '那笔消费已经退了',
  other_inviter: '已经有别的邀请人',
  same_person: '后来发现是同一个人',
  left: '邀请人已经注销',
}

/** Kinds whose sentence says why by itself. */
const SAY_WHY = ['coupon_used', 'session_ended', 'device_ended', 'referral_paid', 'referral_bought']

/** What is there again after an undo. */
const AGAIN: Record<string, (one: Reversal) => string> = {
  gift_superseded: (one) =>
    parts(
      `第二份礼包${named(one)}重新有效`,
      number(one, 'coupons') > 0 && `还回 ${number(one, 'coupons')} 张券`,
      number(one, 'points') > 0 && `还回 ${countText(number(one, 'points'))} 积分`,
      number(one, 'pickups') > 0 && `还回 ${number(one, 'pickups')} 份待取`,
    ),
  referral_void: (one) =>
    parts('一条邀请关系重新有效', number(one, 'points') > 0 && `还回 ${countText(number(one, 'points'))} 积分`),
  referral_refused: () => '一条邀请重新算数',
  obligation_superseded: (one) => `特色义务${named(one)}各回各的进度`,
  debt_paid: (one) =>
    `${text(one, 'whose') === 'other' ? '分开的会员' : '留下的会员'}欠的 ${countText(number(one, 'points'))} 积分重新记上`,
  phone_dropped: () => '合并时放下的手机号',
}

/** What was undone by the merge and stays so. */
const GONE: Record<string, (one: Reversal) => string> = {
  gift_superseded: (one) => `第二份礼包${named(one)}`,
  referral_void: () => '一条邀请关系',
  referral_refused: () => '一条邀请关系',
  phone_dropped: () => '合并时放下的手机号',
}

/** What a merge undid, in one sentence. */
export const reversalWords = (one: Reversal): string => SAID[one.kind]?.(one) ?? '另有一处调整'

/** What an undo brought back, in one sentence. */
export const restoredWords = (one: Reversal): string => AGAIN[one.kind]?.(one) ?? reversalWords(one)

/** What cannot come back, and why. */
export const lostWords = (one: Reversal): string => {
  const why = WHY[text(one, 'why')]
  const said = (GONE[one.kind] ?? reversalWords)(one)
  return why && !SAY_WHY.includes(one.kind) ? `${said}：${why}` : said
}

const BECAUSE: Record<string, string> = {
  unionid: '微信开放平台是同一个人',
  openid: '微信是同一个人',
  external: '外部账号是同一个',
  phone_active: '手机号刚刚验证，另一边近期在用',
  phone_fresh: '两边都在近期验证了同一个手机号',
  card_digits: '报出了老卡后四位',
  card_shown: '店员核对了实体卡或本人',
  cards: '两张实体卡是同一个手机号',
  operator: '总部运营核对后合并',
  import: '导入老会员时对上了',
}

/** How it was known that two records are one person. */
export const becauseWords = (because: string): string => BECAUSE[because] ?? '核对后合并'

const WARNINGS: Record<string, string> = {
  kept_apart: '这两位曾经合并又被分开过，请再核对一遍',
  two_wechats: '两边是两个不同的微信，请确认是同一个人的两个微信',
}

export const warningWords = (warning: string): string => WARNINGS[warning] ?? '请再核对一遍'
