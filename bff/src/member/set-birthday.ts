import { type Birthday, birthdayFixedUntil, isBirthday } from '@huiyuan/shared/birthday'
import { type Ctx, commandOf, memberIdOf, once } from '../ctx'
import { refuse, twiceWhenBusy } from '../refusal'

/**
 * Writes a member's birthday down; the first time whenever they like, later as seldom as the policy says.
 * @throws BIRTHDAY_FIXED, BAD_INPUT, SESSION_OVER, REQUEST_REUSED
 */
export async function setBirthday(ctx: Ctx, input: { requestId: string } & Birthday): Promise<Birthday> {
  const memberId = memberIdOf(ctx)
  const { month, day } = input
  if (!isBirthday(input)) refuse('BAD_INPUT', { fields: [{ path: 'day', problem: 'birthday' }] })
  await twiceWhenBusy(() =>
    once(ctx, commandOf(ctx, 'member.setBirthday', input), async (tx) => {
      const own = await tx.db.member.findUnique({
        where: { memberId, status: 'active' },
        select: { birthMonth: true, birthDay: true, birthSetAt: true },
      })
      if (!own) return refuse('SESSION_OVER')
      // what stands there already needs no leave
      if (own.birthMonth === month && own.birthDay === day && own.birthSetAt) return {}
      const until = fixedUntil(tx, own)
      if (until && (own.birthMonth !== month || own.birthDay !== day))
        refuse('BIRTHDAY_FIXED', { until: until.toISOString() })
      const data = { birthMonth: month, birthDay: day, birthSetAt: tx.now() }
      // only where it still is what was judged
      const written = await tx.db.member.updateMany({ where: { memberId, status: 'active', ...own }, data })
      if (written.count === 0) refuse('BUSY')
      // the day itself stays out of the stored answers
      return {}
    }),
  )
  return { month, day }
}

export interface BirthRow {
  birthMonth: number | null
  birthDay: number | null
  birthSetAt: Date | null
}

export const birthdayOf = ({ birthMonth, birthDay }: BirthRow): Birthday | null =>
  birthMonth === null || birthDay === null ? null : { month: birthMonth, day: birthDay }

export const fixedUntil = (ctx: Pick<Ctx, 'now' | 'policy'>, row: BirthRow): Date | null =>
  birthdayFixedUntil({ birthday: birthdayOf(row), setAt: row.birthSetAt }, ctx.now(), ctx.policy)
