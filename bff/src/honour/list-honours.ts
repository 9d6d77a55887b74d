import { dutyMonth, type HonourKind, regainUntil } from '@huiyuan/shared/honour'
import { type Ctx, memberIdOf } from '../ctx'
import { type HeldJson, heldOf } from './held'

export interface ShownHonour {
  honourId: string
  name: string
  mark: string
  words: string
  kind: HonourKind
  /** `open`: not given yet. What has a term is worn until its end, whoever has looked. */
  state: 'open' | 'worn' | 'warned' | 'lapsed'
  termMonths: number | null
  grantedAt: string | null
  /** Until when it is worn; null for ever, and where it is not. */
  until: string | null
  because: 'duties' | 'term' | null
  warnedAt: string | null
  lapsesAt: string | null
  lapsedAt: string | null
  /** Until when a lapsed one can be won back by a month's duties; null where it cannot. */
  regainUntil: string | null
  onWall: boolean
  /** What a month asks for; null where it asks for nothing. */
  duties: {
    need: number
    done: number
    waiting: number
    /** The first instant of the month from which they count; null while they are not asked of this member. */
    from: string | null
    ways: { obligationId: string; title: string; state: string }[]
  } | null
}

interface HonourRow
  extends Pick<ShownHonour, 'honourId' | 'name' | 'mark' | 'words' | 'kind' | 'termMonths' | 'onWall'> {
  dutyCount: number
  grantedAt: string | null
  held: HeldJson | null
  asks: number
  duties: { obligationId: string; title: string; state: string }[]
}

/** All honours of the brand, with how this member holds each and what keeps it this month. */
export async function listHonours(ctx: Ctx): Promise<{ month: string; honours: ShownHonour[] }> {
  const at = ctx.now()
  const rows = await ctx.sql<HonourRow[]>('honour_list', { memberId: memberIdOf(ctx), at })
  return { month: dutyMonth(at), honours: rows.map((row) => shownHonour(row, ctx, at)) }
}

function shownHonour(row: HonourRow, { policy }: Ctx, now: Date): ShownHonour {
  const { honourId, name, mark, words, kind, termMonths, grantedAt } = row
  const held = row.held && heldOf(row.held)
  const worn = held !== null && (held.expiresAt === null || held.expiresAt > now)
  const own = row.held
  return {
    ...{ honourId, name, mark, words, kind, termMonths, grantedAt },
    state: held === null ? 'open' : worn ? held.state : 'lapsed',
    until: worn ? (own?.expiresAt ?? null) : null,
    because: held && !worn ? (held.because ?? 'term') : (held?.because ?? null),
    warnedAt: own?.warnedAt ?? null,
    lapsesAt: worn ? (own?.lapsesAt ?? null) : null,
    lapsedAt: worn ? null : (own?.lapsedAt ?? own?.expiresAt ?? null),
    regainUntil: held && !worn ? regainTextOf(held, policy.honourRegainMonths, now) : null,
    onWall: worn && row.onWall,
    duties:
      row.dutyCount > 0
        ? {
            need: row.asks,
            done: row.duties.filter(({ state }) => state === 'approved' || state === 'rewarded').length,
            waiting: row.duties.filter(({ state }) => state === 'submitted').length,
            from: own?.dutiesFrom ?? null,
            ways: row.duties,
          }
        : null,
  }
}

function regainTextOf(
  { because, lapsedAt, termEndsAt }: ReturnType<typeof heldOf>,
  regainMonths: number,
  now: Date,
): string | null {
  if (because !== 'duties' || !lapsedAt) return null
  const last = regainUntil(lapsedAt, regainMonths)
  const until = termEndsAt && termEndsAt < last ? termEndsAt : last
  return until > now ? until.toISOString() : null
}
