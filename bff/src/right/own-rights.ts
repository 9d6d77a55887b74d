import { type OwnRight, type RightRow, rightsOf } from '@huiyuan/shared/right'

/** The rights that run, as the database tells them; times are ISO strings. */
export interface RightJson extends Omit<RightRow, 'startsAt' | 'endsAt'> {
  honourName: string | null
  startsAt: string
  endsAt: string | null
}

/** What decides their state for one member: honours that are worn, and uses of the periods that run. */
export interface RightFacts {
  honours: string[]
  uses: { rightId: string; periodKey: string; used: number }[]
}

/** Every right that runs with what it is to this person; a tier of 0 stands for guests. */
export function ownRights(
  rows: readonly RightJson[],
  tier: number,
  { honours, uses }: RightFacts,
  now: Date,
): OwnRight[] {
  const used: Record<string, Record<string, number>> = {}
  for (const one of uses) used[one.rightId] = { ...used[one.rightId], [one.periodKey]: one.used }
  const rights = rows.map((row) => ({
    ...row,
    startsAt: new Date(row.startsAt),
    endsAt: row.endsAt === null ? null : new Date(row.endsAt),
  }))
  return rightsOf(rights, { tier, honours, uses: used }, now)
}
