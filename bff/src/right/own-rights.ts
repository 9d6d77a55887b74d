import { type OwnRight, type RightRow, rightsOf } from '@huiyuan/shared/right'

/** The rights that run, as the database tells them; times are ISO strings. */
export type RightJson = RightRow extends infer One
  ? One extends RightRow
    ? Omit<One, 'startsAt' | 'endsAt'> & { honourName: string | null; startsAt: string; endsAt: string | null }
    : never
  : never

/** What decides their state for one member: honours that are worn, rights of gifts, and uses of the periods that run. */
export interface RightFacts {
  honours: string[]
  grants: { rightId: string; expiresAt: string | null }[]
  uses: { rightId: string; periodKey: string; used: number }[]
}

/** Every right that runs with what it is to this person; a tier of 0 stands for guests. */
export function ownRights(
  rows: readonly RightJson[],
  tier: number,
  { honours, grants, uses }: RightFacts,
  now: Date,
): OwnRight[] {
  const used: Record<string, Record<string, number>> = {}
  for (const one of uses) used[one.rightId] = { ...used[one.rightId], [one.periodKey]: one.used }
  const given = grants.map(({ rightId, expiresAt }) => ({
    rightId,
    expiresAt: expiresAt === null ? null : new Date(expiresAt),
  }))
  const rights = rows.map((row) => ({
    ...row,
    startsAt: new Date(row.startsAt),
    endsAt: row.endsAt === null ? null : new Date(row.endsAt),
  }))
  return rightsOf(rights, { tier, honours, grants: given, uses: used }, now)
}
