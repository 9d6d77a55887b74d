import { type Ctx, commandOf, once } from '../ctx'
import { attachProofs, cardHolder, cardNoOf, cardProof, lockProofs } from '../member'
import { twiceWhenBusy } from '../refusal'
import type { AtWork } from '../staff'
import { auditVisit, type JoinPreview, joinRecords, type OfVisit, presentMember, previewJoin } from './join-records'

export type CardStanding =
  /** `free`: nobody has it; `own`: bound already; `joins`: it leads to an older record, which would come along. */
  { state: 'free' | 'own' } | { state: 'joins'; preview: JoinPreview }

/**
 * What binding the card in the customer's hand would do.
 * @throws BAD_INPUT, CARD_TAKEN, MERGE_BLOCKED, VISIT_UNKNOWN, VISIT_OVER, CODE_NEEDED
 */
export async function previewCard(
  ctx: Ctx,
  staff: AtWork,
  { cardNo, ...of }: OfVisit & { cardNo: string },
): Promise<CardStanding> {
  const card = cardNoOf(cardNo)
  const memberId = await presentMember(ctx, staff, of)
  const otherId = await cardHolder(ctx.db, card)
  if (otherId === null) return { state: 'free' }
  if (otherId === memberId) return { state: 'own' }
  return { state: 'joins', preview: await previewJoin(ctx, staff, { memberId, otherId }) }
}

export interface BoundCard {
  state: 'bound' | 'own' | 'joined'
  /** What came along. */
  points: number
  growth: number
}

/**
 * Binds the plastic card that the customer holds in the hand. One that leads to an older record brings it along, exactly as it
 * was shown: `seal` is that preview's.
 * @throws as previewCard, and PREVIEW_CHANGED
 */
export async function bindCard(
  ctx: Ctx,
  staff: AtWork,
  input: OfVisit & { requestId: string; cardNo: string; seal?: string | undefined },
): Promise<BoundCard> {
  const cardNo = cardNoOf(input.cardNo)
  const command = commandOf(ctx, 'visit.bindCard', input)
  return twiceWhenBusy(() =>
    once(ctx, command, async (tx): Promise<BoundCard> => {
      await lockProofs(tx, [cardProof(cardNo)])
      const memberId = await presentMember(tx, staff, input)
      const otherId = await cardHolder(tx.db, cardNo)
      if (otherId === memberId) return { state: 'own', points: 0, growth: 0 }
      const came = otherId === null ? null : await joinRecords(tx, staff, { memberId, otherId }, input.seal ?? '')
      if (!came) await attachProofs(tx, memberId, [cardProof(cardNo)])
      await auditVisit(tx, staff, 'visit.bindCard', input.visitId, command.bodyHash)
      return came ? { state: 'joined', ...came } : { state: 'bound', points: 0, growth: 0 }
    }),
  )
}
