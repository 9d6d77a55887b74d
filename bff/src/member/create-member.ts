import { randomInt } from 'node:crypto'
import { memberNoFrom } from '@huiyuan/shared/member'
import { tierValidUntil } from '@huiyuan/shared/tier'
import { v7 as uuidv7 } from 'uuid'
import type { Arrival, Ctx, ProvenIdentity } from '../ctx'

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

export interface NewMember {
  proofs: ProvenIdentity[]
  arrival: Arrival
  displayName?: string | undefined
  /** A number that is already printed on a card; otherwise one is drawn. */
  memberNo?: string | undefined
}

/**
 * Writes a new person with its number, its proofs and an empty row in every noun that keeps one per member.
 * Runs inside a transaction that holds the proofs (lockProofs).
 */
export async function createMember(
  tx: Ctx,
  { proofs, arrival, displayName, memberNo }: NewMember,
): Promise<{ memberId: string; memberNo: string }> {
  const at = tx.now()
  const memberId = uuidv7({ msecs: at.getTime() })
  const nameSealed = displayName ? base64(tx.keys.seal(displayName)) : null
  let number = memberNo ?? drawMemberNo()
  for (;;) {
    const { created } = await tx.sql<{ created: boolean }>('member_create', {
      memberId,
      memberNo: number,
      nameSealed,
      at,
      arrival,
    })
    if (created) break
    if (memberNo) throw new Error('this card number belongs to a member already')
    number = drawMemberNo()
  }
  for (const step of tx.registry.openSteps)
    await tx.sql(step, { memberId, at, validUntil: tierValidUntil(at, tx.policy) })
  await attachProofs(tx, memberId, proofs)
  return { memberId, memberNo: number }
}

const digits = (count: number) => Array.from({ length: count }, () => randomInt(10)).join('')
const drawMemberNo = () => memberNoFrom(digits(14))

/** When this person first joined by agreeing, on any record that became this one; null for a card nobody has joined with. */
export async function joinedSince({ db }: Pick<Ctx, 'db'>, memberId: string): Promise<Date | null> {
  const [row] = await db.$queryRaw<{ since: Date | null }[]>`SELECT member_new_since(${memberId}::uuid) AS since`
  return row?.since ?? null
}

/** Lays proofs beside a member; a phone leaves whoever had it. @throws BUSY when the member was merged meanwhile */
export const attachProofs = (tx: Ctx, memberId: string, proofs: ProvenIdentity[]): Promise<unknown> =>
  tx.sql('member_attach', {
    memberId,
    at: tx.now(),
    proofs: proofs.map(({ kind, issuer, subject, readable }) => ({
      kind,
      issuer,
      subject,
      sealed: readable ? base64(tx.keys.seal(readable)) : null,
    })),
  })
