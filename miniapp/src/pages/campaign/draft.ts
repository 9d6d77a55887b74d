import { formOfObligation, formOfReferral } from '@huiyuan/shared/campaign'
import { type Trigger, type Violation, violationsOf } from '@huiyuan/shared/compliance'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { DAY_MS, dayText } from '@huiyuan/shared/time'
import type { RouterOutputs } from '../../lib/api'
import type { Extra } from './campaign-words'
import { type Days, daysOf, fenOf, lastDay, wholeOf } from './typed'

type Got = RouterOutputs['campaign']['get']
export type ReferralBase = NonNullable<Got['referral']>
export type ObligationBase = NonNullable<Got['obligation']>
export type Choices = NonNullable<Got['choices']>
export type Kind = ObligationInput['kind']
type ObligationInput = Parameters<typeof import('../../lib/api')['api']['campaign']['saveObligation']['mutate']>[0]
type ReferralInput = Parameters<typeof import('../../lib/api')['api']['campaign']['saveReferral']['mutate']>[0]

/** What both forms hold, as it is typed: numbers and days are text until they are sent. */
export interface Draft {
  title: string
  words: string
  trigger: Trigger
  /** What somebody might wish for besides, and may not. */
  extras: Extra[]
  points: string
  budget: string
  startsOn: string
  endsOn: string
}

export interface ReferralDraft extends Draft {
  minOrderYuan: string
  windowDays: string
  holdDays: string
  cap: string
}

export interface ObligationDraft extends Draft {
  kind: Kind
  mark: string
  target: string
  period: ObligationInput['period']
  cooldownHours: string
  storeId: string | null
  tierGate: number
  honourId: string | null
  coupon: string | null
  fromYuan: string
  photos: string
  letters: string
  asks: Ask[]
  forHonourId: string | null
  keepsHonourId: string | null
  articleId: string | null
  sku: string | null
  dueDays: string
  tries: string
  labelled: boolean
}

export type Ask = 'link' | 'rating' | 'order'

const today = (days = 0) => dayText(new Date(Date.now() + days * DAY_MS))
const NEW: Draft = {
  title: '',
  words: '',
  trigger: 'first_order',
  extras: [],
  points: '',
  budget: '',
  startsOn: '',
  endsOn: '',
}

export function referralDraft(base: ReferralBase | null): ReferralDraft {
  if (!base) return { ...NEW, startsOn: today(1), minOrderYuan: '15', windowDays: '7', holdDays: '15', cap: '10' }
  return {
    ...NEW,
    title: base.title,
    words: base.words,
    trigger: base.trigger,
    points: String(base.rewardPoints),
    budget: String(base.budgetPoints),
    startsOn: dayText(new Date(base.startsAt)),
    endsOn: base.endsAt ? lastDay(base.endsAt) : '',
    minOrderYuan: String(base.minOrderFen / 100),
    windowDays: String(base.windowDays),
    holdDays: String(base.holdDays),
    cap: String(base.perInviterCap),
  }
}

interface Wants {
  photos?: { min: number; max: number }
  text?: { min: number; max: number }
  link?: boolean
  rating?: boolean
  order?: boolean
}

const NEW_DUTY: Omit<ObligationDraft, keyof Draft> = {
  kind: 'themed_activity',
  mark: 'leaf',
  target: '1',
  period: 'once',
  cooldownHours: '0',
  storeId: null,
  tierGate: 1,
  honourId: null,
  coupon: null,
  fromYuan: '0',
  photos: '1',
  letters: '20',
  asks: [],
  forHonourId: null,
  keepsHonourId: null,
  articleId: null,
  sku: null,
  dueDays: '',
  tries: '3',
  labelled: false,
}

export function obligationDraft(base: ObligationBase | null): ObligationDraft {
  if (!base) return { ...NEW, ...NEW_DUTY, trigger: 'attend', startsOn: today(1), endsOn: today(30) }
  const wants = (base.wants ?? {}) as Wants
  const { storeId, tierGate, honourId, forHonourId, keepsHonourId, articleId, sku, labelled, mark, title, words } = base
  return {
    ...NEW,
    ...{ storeId, tierGate, honourId, forHonourId, keepsHonourId, articleId, sku, labelled, mark, title, words },
    trigger: base.trigger,
    points: String(base.rewardPoints),
    budget: String(base.budgetPoints),
    startsOn: dayText(new Date(base.startsAt)),
    endsOn: lastDay(base.endsAt),
    kind: base.kind as Kind,
    target: String(base.target),
    period: base.period as ObligationDraft['period'],
    cooldownHours: String(base.cooldownHours),
    coupon: base.rewardCoupon,
    fromYuan: String(base.countsFromFen / 100),
    photos: String(wants.photos?.min ?? 0),
    letters: String(wants.text?.min ?? 0),
    asks: (['link', 'rating', 'order'] as const).filter((ask) => wants[ask]),
    dueDays: base.dueDays === null ? '' : String(base.dueDays),
    tries: String(base.mostTries),
  }
}

const has = (draft: Draft, extra: Extra) => draft.extras.includes(extra)

/** What the guard reads of what stands in the form; what cannot be read counts as nothing. */
function wishOf(draft: Draft, { startsAt, endsAt }: Days) {
  return {
    title: draft.title.trim(),
    words: draft.words.trim(),
    trigger: draft.trigger,
    levels: has(draft, 'levels') ? 2 : 1,
    teamPay: has(draft, 'team'),
    reward: {
      points: wholeOf(draft.points) ?? 0,
      cashFen: has(draft, 'cash') ? 100 : 0,
      random: has(draft, 'random'),
      growing: has(draft, 'growing'),
    },
    budgetPoints: wholeOf(draft.budget),
    entryFeeFen: has(draft, 'fee') ? 100 : 0,
    locksFeature: has(draft, 'locks'),
    startsAt: startsAt ?? new Date(),
    endsAt,
  }
}

export interface Checked<Input> {
  violations: Violation[]
  /** What is missing or cannot be read, by field. */
  problems: Record<string, string>
  input: Omit<Input, 'requestId'>
}

const some = (problems: Record<string, string | false | null>): Record<string, string> =>
  Object.fromEntries(Object.entries(problems).filter((one): one is [string, string] => Boolean(one[1])))

const WHOLE = '写一个整数'
const DAY = '写成 2026-12-01 这样'

const commonProblems = (draft: Draft, { startsAt, endsAt }: Days) => ({
  title: [...draft.title.trim()].length < 2 && '至少两个字',
  startsOn: !startsAt && DAY,
  endsOn: draft.endsOn.trim() !== '' && !endsAt && DAY,
})

export function checkReferral(draft: ReferralDraft, base: ReferralBase | null): Checked<ReferralInput> {
  const days = daysOf(draft, base)
  const wish = wishOf(draft, days)
  const [minOrderFen, windowDays, holdDays] = [
    fenOf(draft.minOrderYuan),
    wholeOf(draft.windowDays),
    wholeOf(draft.holdDays),
  ]
  const perPersonCap = wholeOf(draft.cap)
  const terms = {
    minOrderFen: minOrderFen ?? 0,
    windowDays: windowDays ?? 0,
    holdDays: holdDays ?? 0,
    perPersonCap,
  }
  const form = formOfReferral({ ...wish, ...terms, reward: { ...wish.reward, honourId: null, coupon: null } })
  const { endsAt, startsAt } = wish
  return {
    violations: violationsOf(form, DEMO_POLICY),
    problems: some({
      ...commonProblems(draft, days),
      points: wish.reward.points < 1 && '至少 1 积分',
      minOrderYuan: (minOrderFen ?? 0) < 1 && '写一个金额，比如 15',
      windowDays: (windowDays === null || windowDays < 1 || windowDays > 30) && '1 到 30 天',
      holdDays: (holdDays === null || holdDays < 1) && WHOLE,
    }),
    input: {
      ...wish,
      ...terms,
      trigger: wish.trigger as ReferralInput['trigger'],
      campaignId: base?.campaignId ?? null,
      revision: base?.revision ?? null,
      startsAt: startsAt.toISOString(),
      endsAt: endsAt?.toISOString() ?? null,
    },
  }
}

const PHOTOS_MOST = 3
const LETTERS_MOST = 500

function wantsOf({ trigger, photos, letters, asks }: ObligationDraft): ObligationInput['wants'] {
  if (trigger !== 'handed_in' && trigger !== 'review') return null
  const [few, short] = [wholeOf(photos) ?? 0, wholeOf(letters) ?? 0]
  return {
    ...(few > 0 ? { photos: { min: few, max: Math.max(few, PHOTOS_MOST) } } : {}),
    ...(short > 0 ? { text: { min: short, max: Math.max(short, LETTERS_MOST) } } : {}),
    ...Object.fromEntries(asks.map((ask) => [ask, true])),
  }
}

export function checkObligation(draft: ObligationDraft, base: ObligationBase | null): Checked<ObligationInput> {
  const days = daysOf(draft, base)
  const wish = wishOf(draft, days)
  const { kind, mark, period, storeId, tierGate, forHonourId, keepsHonourId, labelled } = draft
  // what the form does not show goes along only while its kind is untouched
  const kept = base?.kind === kind && base.trigger === draft.trigger
  const reward = { ...wish.reward, honourId: draft.honourId, coupon: draft.coupon }
  const ratingFrom = has(draft, 'praise') ? 4 : null
  const form = formOfObligation({ ...wish, reward, kind, labelled, ratingFrom })
  // how somebody hands it in stays as it was written down while nobody touched it
  const same = base && JSON.stringify(wantsOf(obligationDraft(base))) === JSON.stringify(wantsOf(draft))
  const wants = same ? ((base.wants ?? null) as ObligationInput['wants']) : wantsOf(draft)
  const [target, hours, due] = [wholeOf(draft.target), wholeOf(draft.cooldownHours), wholeOf(draft.dueDays)]
  const tries = wholeOf(draft.tries) ?? 0
  return {
    violations: violationsOf(form, DEMO_POLICY),
    problems: some({
      ...commonProblems(draft, days),
      words: [...draft.words.trim()].length < 2 && '说清楚做什么、怎样算数',
      endsOn: !days.endsAt && DAY,
      target: (target === null || target < 1) && WHOLE,
      cooldownHours: hours === null && WHOLE,
      dueDays: draft.dueDays.trim() !== '' && (due === null || due < 1 || due > 365) && '1 到 365 天，或空着',
      tries: wants !== null && (tries < 1 || tries > 10) && '1 到 10 次',
      wants: wants !== null && Object.keys(wants).length === 0 && '至少要一样：照片、文字、链接……',
    }),
    input: {
      ...wish,
      ...{ kind, mark, period, storeId, tierGate, forHonourId, keepsHonourId, labelled, reward, ratingFrom },
      articleId: kept || draft.trigger === 'reader_acted' ? draft.articleId : null,
      sku: kept || wants !== null ? draft.sku : null,
      ...{ wants, target: target ?? 0, cooldownHours: hours ?? 0, dueDays: due },
      trigger: wish.trigger,
      countsFromFen: fenOf(draft.fromYuan) ?? 0,
      mostTries: wants === null ? (base?.mostTries ?? 3) : tries,
      position: base?.position ?? 50,
      obligationId: base?.obligationId ?? null,
      revision: base?.revision ?? null,
      startsAt: wish.startsAt.toISOString(),
      endsAt: (wish.endsAt ?? wish.startsAt).toISOString(),
    },
  }
}
