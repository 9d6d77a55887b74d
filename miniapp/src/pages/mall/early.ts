import { countText } from '@huiyuan/shared/money'
import { clockText, dayWords } from '@huiyuan/shared/time'
import { earlySpan, type Reward, tierName, unitOf } from '../../lib/reward'
import { backWords, lastWords, leftWords } from '../../lib/right'

export type EarlyWay = '/pages/tier/tier' | '/pages/right/rights'

/** What a reward that is not open to everybody says of its time. */
export interface EarlyTold {
  /** Stands before the countdown to `until`. */
  lead: string
  until: string
  /** How the right stands that opens it sooner; null where none does. */
  right: { state: 'available' | 'used_up' | 'locked'; title: string; subs: string[]; way?: EarlyWay } | null
  /** When it opens to everybody, where no right says so. */
  foot: string | null
}

type Timed = Pick<Reward, 'early' | 'publicAt' | 'opensForMeAt'>

const moment = (at: Date, now: Date) => `${dayWords(at, now)} ${clockText(at)}`

/** The time until it opens for me, which right opens it, or what would; null once it is open to everybody. */
export function earlyTold({ early, publicAt, opensForMeAt }: Timed, now: Date): EarlyTold | null {
  const open = new Date(publicAt)
  if (open <= now) return null
  const everybody = `${moment(open, now)} 公开兑换`
  if (!early) return { lead: '离开始还有', until: publicAt, right: null, foot: `${moment(open, now)} 开始兑换` }
  const { title, opensAt, state } = early
  const span = `提前 ${earlySpan({ early, publicAt })}`
  const publicly = { lead: '离公开兑换还有', until: publicAt, foot: null }
  if (state === 'used_up')
    return {
      ...publicly,
      // a right that comes back before the public opens it then
      ...(opensForMeAt < publicAt ? { lead: `${title}恢复还有`, until: opensForMeAt } : {}),
      right: { state, title: `${title}用完了`, subs: [backWords(early.backAt, now), everybody] },
    }
  if (state === 'locked')
    return {
      ...publicly,
      right: {
        state,
        title: early.unlockTier === null ? `${title}可以${span}` : `升到${tierName(early.unlockTier)}可以${span}`,
        subs: [everybody],
        way: early.unlockTier === null ? '/pages/right/rights' : '/pages/tier/tier',
      },
    }
  const left = early.left === null ? [] : [leftWords(early.left, early.period)]
  if (new Date(opensAt) > now)
    return {
      lead: `${title}，离开始还有`,
      until: opensAt,
      right: { state, title: [title, span].join(' · '), subs: [...left, everybody] },
      foot: null,
    }
  return {
    ...publicly,
    right: { state, title: `${title}，现在就能换`, subs: [...left, everybody] },
  }
}

/** What an exchange right now would use up of rights, line by line. */
export function spendWords(
  { early, kept, publicAt }: Pick<Reward, 'early' | 'kept' | 'publicAt'>,
  now: Date,
): string[] {
  const spent: string[] = []
  if (early?.state === 'available' && early.left !== null && new Date(publicAt) > now) {
    const after = early.left === 1 ? lastWords(early.period) : `换完${leftWords(early.left - 1, early.period)}`
    spent.push(`将用掉 1 次${early.title}，${after}`)
  }
  if (kept?.mine) spent.push(`换的是为你留的一件，将用掉 1 次${kept.title}`)
  return spent
}

/** What is kept for whom, and until when; null where nothing is. */
export function keptWords(
  { kept, kind }: Pick<Reward, 'kept' | 'kind'>,
  now: Date,
): { title: string; sub: string } | null {
  if (!kept) return null
  const pieces = `${countText(kept.pieces)} ${unitOf({ kind })}`
  const sub = `${moment(new Date(kept.until), now)} 起向所有人开放`
  if (kept.mine) return { title: `为你留着，还有 ${pieces}`, sub }
  const whom = kept.tier === null ? `有「${kept.title}」的会员` : `${tierName(kept.tier)}会员`
  return { title: `为${whom}预留 ${pieces}`, sub }
}
