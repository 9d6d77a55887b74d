/**
 * What speaks against thanking for a friend. Each reason is one small rule over facts that were collected once. A doubt
 * drops nobody: a person looks, and only WeChat's highest rank refuses by itself. Families share phones, payers and
 * networks, so they are held like farms and paid when somebody has looked.
 */
import type { Policy } from './policy'

export type Doubt = 'same_device' | 'same_payer' | 'same_network' | 'staff' | 'velocity' | 'risk_rank' | 'same_person'

/** What is known of two members, whichever records they have by now; numbers of people and things, nobody's name. */
export interface PairFacts {
  /** Devices that both were seen with. */
  sharedDevices: number
  /** The most others on one device of the friend's who were brought by somebody as well. */
  devicePeople: number
  /** Payers who paid for both. */
  sharedPayers: number
  /** The most others whom one payer of the friend's has paid for and who were brought by somebody as well. */
  payerPeople: number
  /** People on the emptiest network both were on, without those brought by somebody else on it; null: no such network. */
  networkPeople: number | null
  /** Who of the two works for the brand. */
  staff: 'inviter' | 'friend' | 'both' | null
  /** Friends of this inviter who joined within an hour of this one, before or after; this one included. */
  joinedWithinHour: number
  joinedWithinDay: number
  /** WeChat's rank at joining, 0 to 4; -1: WeChat had not seen the person for two hours; null: not known. */
  riskAtJoin: number | null
  riskNow: number | null
  /** The two were one person once, or an operator keeps them apart. */
  mergedBefore: boolean
  /** A phone of one was the other's before. */
  phoneMoved: boolean
}

export type RiskPolicy = Pick<Policy, 'friendVelocity' | 'sharedNetworkMost'>
export type Verdict = 'pay' | 'review' | 'refuse'

const REVIEW_RANK = 3
const REFUSE_RANK = 4
/** Joined through an API: WeChat saw nobody open the mini-program. */
const UNSEEN = -1

const rankOf = ({ riskAtJoin, riskNow }: PairFacts): number => Math.max(riskAtJoin ?? 0, riskNow ?? 0)

/** One rule a reason, the gravest first. */
const RULES: Record<Doubt, (facts: PairFacts, policy: RiskPolicy) => boolean> = {
  same_person: ({ mergedBefore, phoneMoved }) => mergedBefore || phoneMoved,
  same_device: ({ sharedDevices, devicePeople }) => sharedDevices > 0 || devicePeople > 0,
  same_payer: ({ sharedPayers, payerPeople }) => sharedPayers > 0 || payerPeople > 0,
  same_network: ({ networkPeople }, { sharedNetworkMost }) =>
    networkPeople !== null && networkPeople <= sharedNetworkMost,
  staff: ({ staff }) => staff !== null,
  velocity: ({ joinedWithinHour, joinedWithinDay }, { friendVelocity }) =>
    joinedWithinHour > friendVelocity.hour || joinedWithinDay > friendVelocity.day,
  risk_rank: (facts) => rankOf(facts) >= REVIEW_RANK || facts.riskAtJoin === UNSEEN,
}

export const DOUBTS = Object.keys(RULES) as Doubt[]

/** Everything that speaks against this friend, the gravest first. */
export const doubtsOf = (facts: PairFacts, policy: RiskPolicy): Doubt[] =>
  DOUBTS.filter((doubt) => RULES[doubt](facts, policy))

/** What follows: the highest rank refuses, whatever nobody has cleared is looked at, else it is paid. */
export function verdictOf(doubts: readonly Doubt[], facts: PairFacts, cleared: readonly Doubt[]): Verdict {
  const open = doubts.filter((doubt) => !cleared.includes(doubt))
  if (open.includes('risk_rank') && rankOf(facts) >= REFUSE_RANK) return 'refuse'
  return open.length > 0 ? 'review' : 'pay'
}

/** A doubt in words. The inviter reads that somebody looks, never a device, a rank or what others did. */
export const doubtWords = (doubt: Doubt, reader: 'inviter' | 'operator'): string =>
  WORDS[doubt][reader === 'inviter' ? 0 : 1]

const WORDS: Record<Doubt, [string, string]> = {
  same_person: ['同事会确认一下，这是两位不同的朋友', '可能是同一个人'],
  same_device: ['同事会确认一下，这是两位不同的朋友', '用过同一台手机'],
  same_payer: ['同事会核对一下朋友的首单', '由同一个人付款'],
  same_network: ['同事会确认一下，这是两位不同的朋友', '用过同一个小范围的网络'],
  staff: ['你们之中有店里的同事，会由另一位同事核对', '两人中有店里的同事'],
  velocity: ['短时间里来的朋友有点多，同事会逐一看过', '短时间里来得多'],
  risk_rank: ['同事会核对一下这次入会', '微信提示入会有风险'],
}

const STAFF = { inviter: '邀请人是同事', friend: '朋友是同事', both: '两人都是同事' }
const rankWords = (rank: number | null) =>
  rank === null ? '没有取到' : rank === UNSEEN ? '两小时内没有打开过小程序' : `${rank} 级（最高 ${REFUSE_RANK} 级）`
const countWords = (count: number, words: string) => (count > 0 ? `${count} ${words}` : '没有')
const yesWords = (yes: boolean) => (yes ? '是' : '没有')

/** The facts as an operator reads them. */
export const factWords = (facts: PairFacts): { label: string; value: string }[] => [
  { label: '共用的手机', value: countWords(facts.sharedDevices, '台') },
  { label: '朋友手机上还有', value: countWords(facts.devicePeople, '位被请来的人') },
  { label: '共同的付款人', value: countWords(facts.sharedPayers, '位') },
  { label: '付款人还付过', value: countWords(facts.payerPeople, '位被请来的人') },
  {
    label: '共用的网络',
    value: facts.networkPeople === null ? '没有' : `最小的一个有 ${facts.networkPeople} 人用过`,
  },
  { label: '店里的同事', value: facts.staff ? STAFF[facts.staff] : '都不是' },
  { label: '前后一小时', value: `${facts.joinedWithinHour} 位朋友入会` },
  { label: '前后一天', value: `${facts.joinedWithinDay} 位朋友入会` },
  { label: '入会时微信风险', value: rankWords(facts.riskAtJoin) },
  { label: '现在微信风险', value: rankWords(facts.riskNow) },
  { label: '合并后又分开', value: yesWords(facts.mergedBefore) },
  { label: '手机号换过手', value: yesWords(facts.phoneMoved) },
]
