import { differentWechatPerson, survivorOf } from '@huiyuan/shared/identity'
import { type Ctx, inTx } from '../ctx'
import { holdersOf, keptApartOf, type MergeSummary, mergeCall } from '../member'
import { refuse } from '../refusal'
import type { AtWork } from '../staff'
import { getVisit } from './get-visit'

export interface OfVisit {
  visitId: string
  memberRef: string
}

/** The customer who stands here now and has shown a live code. @throws VISIT_UNKNOWN, VISIT_OVER, CODE_NEEDED */
export async function presentMember(ctx: Ctx, staff: AtWork, of: OfVisit): Promise<string> {
  const { memberId, method } = await getVisit(ctx, staff, of)
  return method === 'code' ? memberId : refuse('CODE_NEEDED')
}

/** What would come over, and the seal that says which preview was looked at. */
export interface JoinPreview extends MergeSummary {
  seal: string
}

interface Pair {
  memberId: string
  otherId: string
}

/** The survivor and the other of two records that a colleague may join. @throws CARD_TAKEN for a record of somebody else */
async function joinable(ctx: Ctx, { memberId, otherId }: Pair): Promise<[survivorId: string, otherId: string]> {
  const [a, b] = await holdersOf(ctx.db, [memberId, otherId])
  if (!a || !b || differentWechatPerson(a.identities, b.identities)) return refuse('CARD_TAKEN')
  if ((await keptApartOf(ctx.db, [memberId, otherId]))(memberId, otherId)) return refuse('CARD_TAKEN')
  const [survivor, other] = survivorOf(a, b)
  return [survivor.memberId, other.memberId]
}

const causeOf = (staff: AtWork) => ({ because: 'card_shown', staffId: staff.memberId, storeId: staff.storeId }) as const

/** What joining them would do: the merge itself, rolled back. @throws CARD_TAKEN, MERGE_BLOCKED */
export const previewJoin = (ctx: Ctx, staff: AtWork, pair: Pair): Promise<JoinPreview> =>
  inTx(ctx, async (tx) => {
    const [survivorId, otherId] = await joinable(tx, pair)
    const call = mergeCall(tx, survivorId, otherId, causeOf(staff))
    const seen = await tx.sql<JoinPreview & { blockers: { blocker: string }[] }>('merge_preview', call)
    if (seen.blockers[0]) return refuse('MERGE_BLOCKED', seen.blockers[0])
    return { came: seen.came, reversed: seen.reversed, seal: seen.seal }
  })

/**
 * Makes both one person, exactly as it was shown. Runs inside a transaction.
 * @throws CARD_TAKEN, MERGE_BLOCKED, PREVIEW_CHANGED
 */
export async function joinRecords(
  tx: Ctx,
  staff: AtWork,
  pair: Pair,
  seal: string,
): Promise<{ points: number; growth: number }> {
  // both are held from the look to the deed, in the order of every merge; the store's chain comes after them
  const both = [pair.memberId, pair.otherId]
  await tx.db
    .$queryRaw`SELECT 1 FROM member WHERE member_id = ANY (${both}::uuid[]) OR merged_into = ANY (${both}::uuid[])
    ORDER BY member_id FOR UPDATE`
  const [survivorId, otherId] = await joinable(tx, pair)
  const call = { ...mergeCall(tx, survivorId, otherId, causeOf(staff)), seal }
  const { came } = await tx.sql<MergeSummary>('merge_sealed', call)
  return { points: came.points ?? 0, growth: came.growth ?? 0 }
}

/**
 * Writes what a colleague did in a visit into the store's chain: last, for whoever holds the chain may wait for nobody.
 * @throws STAFF_NEEDED for somebody who has stopped working here meanwhile; then nothing was done
 */
export async function auditVisit(
  tx: Ctx,
  { memberId, storeId }: AtWork,
  verb: string,
  visitId: string,
  bodyHash: string,
): Promise<void> {
  const works = await tx.db.staff.count({ where: { memberId, storeId, endedAt: null } })
  if (works === 0) refuse('STAFF_NEEDED')
  await tx.sql('audit_append', { storeId, at: tx.now(), actorId: memberId, verb, subject: visitId, bodyHash })
}
