import { countText, yuanText } from '@huiyuan/shared/money'
import { businessDay, clockText, dayWords } from '@huiyuan/shared/time'
import { z } from 'zod'
import type { Ctx } from '../ctx'

export interface MessageTemplate {
  /** What the member is asked to allow. */
  title: string
  /** Where a tap on the message leads. */
  page: string
  /** The template's parameters; null when the payload is not one of this template. */
  wordsOf: (payload: unknown, createdAt: Date) => Record<string, string> | null
}

// WeChat refuses a parameter that is longer than its kind allows (47003).
const THING_CHARS = 20

/** A parameter of kind `thing`: any words, 20 characters. */
export function thing(words: string): string {
  const chars = [...words]
  return chars.length <= THING_CHARS ? words : `${chars.slice(0, THING_CHARS - 1).join('')}…`
}

/** A parameter of kind `time`: `2026年11月22日 09:12`, the brand's clock. */
function time(at: Date): string {
  const { year, month, day } = businessDay(at)
  return `${year}年${month}月${day}日 ${clockText(at)}`
}

const PointsArrived = z.object({
  points: z.number().int().positive(),
  amountFen: z.number().int().positive(),
  activeAt: z.coerce.date(),
  at: z.coerce.date(),
})

export type PointsArrived = z.infer<typeof PointsArrived>

const pointsArrived: MessageTemplate = {
  title: '积分到账通知',
  page: 'pages/ledger/statement',
  wordsOf(payload) {
    const told = PointsArrived.safeParse(payload)
    if (!told.success) return null
    const { points, amountFen, activeAt, at } = told.data
    return {
      thing1: thing(`到店消费 ${yuanText(amountFen)}`),
      number2: String(points),
      time3: time(at),
      thing4: thing(activeAt > at ? `${dayWords(activeAt, at)}起可用` : '现在就可以使用'),
    }
  },
}

const phoneMoved: MessageTemplate = {
  title: '手机号变更提醒',
  page: 'tabs/me/index',
  wordsOf: (_payload, createdAt) => ({
    thing1: '会员手机号',
    time2: time(createdAt),
    thing3: '这个号码已由另一位微信用户验证并使用',
  }),
}

const PickupReady = z.object({ title: z.string().min(1), pickupBy: z.coerce.date() })

const pickupReady: MessageTemplate = {
  title: '取货通知',
  page: 'pages/mall/redemptions',
  wordsOf(payload) {
    const told = PickupReady.safeParse(payload)
    if (!told.success) return null
    const { title, pickupBy } = told.data
    return { thing1: thing(title), time2: time(pickupBy), thing3: '到店出示会员码，报取货码就能取' }
  },
}

const RewardReleased = z.object({ points: z.number().int().positive() })

const rewardReleased: MessageTemplate = {
  title: '奖励到账',
  page: 'pages/referral/referral',
  wordsOf(payload, createdAt) {
    const told = RewardReleased.safeParse(payload)
    if (!told.success) return null
    return {
      thing1: '朋友喝到第一盏',
      number2: String(told.data.points),
      time3: time(createdAt),
      thing4: '现在就可以使用',
    }
  },
}

const TierEnding = z.object({
  tierName: z.string().min(1),
  endsAt: z.coerce.date(),
  needGrowth: z.number().int().positive(),
})

const tierEnding: MessageTemplate = {
  title: '等级到期提醒',
  page: 'pages/tier/tier',
  wordsOf(payload) {
    const told = TierEnding.safeParse(payload)
    if (!told.success) return null
    const { tierName, endsAt, needGrowth } = told.data
    return {
      thing1: thing(`${tierName}会员`),
      time2: time(endsAt),
      thing3: thing(`再积 ${countText(needGrowth)} 成长值就能留住`),
    }
  },
}

const HonourEnding = z.object({
  name: z.string().min(1),
  endsAt: z.coerce.date(),
  because: z.enum(['duties', 'term']),
})

const honourEnding: MessageTemplate = {
  title: '荣誉到期提醒',
  page: 'pages/honour/honours',
  wordsOf(payload) {
    const told = HonourEnding.safeParse(payload)
    if (!told.success) return null
    const { name, endsAt, because } = told.data
    return {
      thing1: thing(name),
      time2: time(endsAt),
      thing3: because === 'duties' ? '这个月的事还没做完，做完就留得住' : '期限快到了，谢谢你这一程',
    }
  },
}

const HandInReviewed = z.object({ title: z.string().min(1), how: z.enum(['approve', 'reject']), rewarded: z.boolean() })

const handInReviewed: MessageTemplate = {
  title: '审核结果通知',
  page: 'pages/obligation/obligations',
  wordsOf(payload, createdAt) {
    const told = HandInReviewed.safeParse(payload)
    if (!told.success) return null
    const { title, how, rewarded } = told.data
    const done = rewarded ? '通过了，谢谢你，奖励已经到账' : '通过了，又近了一步'
    return { thing1: thing(title), time2: time(createdAt), thing3: how === 'approve' ? done : '没有通过，来看看原因' }
  },
}

const Leaving = z.object({ dueAt: z.coerce.date() })

const leaving: MessageTemplate = {
  title: '注销申请提醒',
  page: 'pages/privacy/leave',
  wordsOf(payload) {
    const told = Leaving.safeParse(payload)
    if (!told.success) return null
    return { thing1: '会员注销申请', time2: time(told.data.dueAt), thing3: '到期前随时可以撤回，一切照旧' }
  },
}

/**
 * The subscribe messages of the house, by key. The brand picks a template with these keywords, in this order, in
 * WeChat's console and names its id in the settings: 积分到账通知 项目 积分 时间 备注 · 取货通知 商品 最晚取货 备注 ·
 * 奖励到账 项目 积分 时间 备注 · 手机号变更提醒 项目 时间 备注 · 等级到期提醒 等级 到期 备注 ·
 * 荣誉到期提醒 荣誉 到期 备注 · 审核结果通知 项目 时间 备注 · 注销申请提醒 项目 到期 备注.
 */
export const TEMPLATES: Readonly<Record<string, MessageTemplate>> = {
  points_arrived: pointsArrived,
  phone_moved: phoneMoved,
  pickup_ready: pickupReady,
  reward_released: rewardReleased,
  tier_ending: tierEnding,
  honour_ending: honourEnding,
  hand_in_reviewed: handInReviewed,
  leaving,
}

/** WeChat's id of a template in one app; a template belongs to its app, and the main one's stand without its name. */
export const templateIdIn = (ctx: Ctx, appid: string, key: string): string | undefined =>
  ctx.templates[appid === ctx.weappId ? key : `${appid}/${key}`]

/** The key of one of WeChat's template ids, in whichever app; null when the house does not use it. */
export function findTemplateKey(ctx: Ctx, templateId: unknown): string | null {
  const named = Object.entries(ctx.templates)
    .find(([, own]) => own === templateId)?.[0]
    .split('/')
    .at(-1)
  return named !== undefined && Object.hasOwn(TEMPLATES, named) ? named : null
}
