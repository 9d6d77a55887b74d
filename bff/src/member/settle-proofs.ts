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

/** Which of these records an operator has separated from each other. */
export async function keptApartOf(db: Db, memberIds: string[]): Promise<KeptApart> {
  const ids = [...new Set(memberIds)]
  if (ids.length < 2) return () => false
  const pairs = await db.keptApart.findMany({
    where: { memberId: { in: ids }, otherId: { in: ids } },
    select: { memberId: true, otherId: true },
  })
  const known = new Set(pairs.map(({ memberId, otherId }) => `${memberId} ${otherId}`))
  return (one, other) => known.has(`${one} ${other}`)
}
