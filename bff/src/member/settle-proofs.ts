import { type KeptApart, proofsFor, type Resolution, resolveIdentity } from '@huiyuan/shared/identity'
import type { Ctx, ProvenIdentity } from '../ctx'
import type { Db } from '../db'
import { mergeMember } from './merge-member'
import { findHolders, holdersOf, lockProofs } from './prove-identity'

/** Who proofs turned out to be once every merge that they ask for is done. */
export interface Settled {
  found: Exclude<Resolution, { kind: 'merge' }>
  /** What that member, or a new one, may take: not the phone that waits, nor what stays with a separated record. */
  take: ProvenIdentity[]
}

/**
 * Carries out what the rule says about proofs: merges for as long as two records are one person, and tells a holder
 * whose number moves. `me` is the signed-in member's record that goes on. Attaches nothing. Runs inside a transaction,
 * which holds the proofs from here on.
 * @throws MERGE_BLOCKED, BUSY
 */
export async function settleProofs(tx: Ctx, proofs: ProvenIdentity[], me?: string): Promise<Settled> {
  await lockProofs(tx, proofs)
  let selfId = me
  for (;;) {
    const holders = await findHolders(tx.db, proofs)
    const [self] = selfId ? await holdersOf(tx.db, [selfId]) : []
    const apart = await keptApartOf(
      tx.db,
      [...(self ? [self] : []), ...holders].map(({ memberId }) => memberId),
    )
    const found = resolveIdentity(proofs, holders, tx.now(), tx.policy, self, apart)
    if (found.kind !== 'merge') {
      if (found.kind === 'move_phone')
        await tx.sql('outbox_put', { memberId: found.holderId, template: 'phone_moved', payload: {}, at: tx.now() })
      return { found, take: proofsFor(found, proofs, holders) }
    }
    await mergeMember(tx, found.survivorId, found.otherId, { because: found.because })
    if (self) selfId = found.survivorId
  }
}

/**
 * Which of these records no rule may join: those that an operator has separated, under whatever record each stands today, and who is
 * leaving, from everybody. They go on being known by what is theirs.
 */
export async function keptApartOf(db: Db, memberIds: string[]): Promise<KeptApart> {
  const ids = [...new Set(memberIds)]
  if (ids.length < 2) return () => false
  const leaving = new Set(await leavingOf(db, ids))
  const pairs = await db.$queryRaw<{ one: string; other: string }[]>`
    SELECT coalesce(a.merged_into, a.member_id) AS one, coalesce(b.merged_into, b.member_id) AS other
      FROM member a JOIN kept_apart k ON k.member_id = a.member_id JOIN member b ON b.member_id = k.other_id
      WHERE a.member_id = ANY (${ids}::uuid[]) OR a.merged_into = ANY (${ids}::uuid[])`
  const known = new Set(pairs.map(({ one, other }) => `${one} ${other}`))
  return (one, other) => one !== other && (known.has(`${one} ${other}`) || leaving.has(one) || leaving.has(other))
}

/** Who of these has asked to leave and may still take it back. */
async function leavingOf(db: Db, memberIds: string[]): Promise<string[]> {
  const where = { memberId: { in: memberIds }, state: 'asked' }
  return (await db.cancellation.findMany({ where, select: { memberId: true } })).map(({ memberId }) => memberId)
}
