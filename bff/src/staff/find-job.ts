import type { Ctx } from '../ctx'

/** Who works where, as far as a verb at the counter needs to know. */
export interface AtWork {
  /** Of a till system: its key's id, which stands where a member's would. */
  memberId: string
  storeId: string
  /** The till key that acts; nobody is signed in then. */
  keyId?: string | undefined
}

export interface Job {
  role: 'clerk' | 'manager' | 'operator'
  storeId: string
  storeName: string
  tills: { tillId: string; name: string }[]
}

/** The job of a member who works here now, with the tills of the own store; null for everybody else. */
export async function findJob(ctx: Ctx, memberId: string): Promise<Job | null> {
  const staff = await ctx.db.staff.findUnique({
    where: { memberId, endedAt: null },
    select: { role: true, storeId: true },
  })
  if (!staff) return null
  const { storeId } = staff
  const [store, tills] = await Promise.all([
    ctx.db.store.findUniqueOrThrow({ where: { storeId }, select: { name: true } }),
    ctx.db.till.findMany({ where: { storeId }, orderBy: { tillId: 'asc' }, select: { tillId: true, name: true } }),
  ])
  return { role: staff.role as Job['role'], storeId, storeName: store.name, tills }
}
