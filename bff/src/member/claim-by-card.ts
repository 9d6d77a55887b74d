import { DAY_MS } from '@huiyuan/shared/time'
import { type Ctx, commandOf, memberIdOf, once, type ProvenIdentity } from '../ctx'
import { refuse, twiceWhenBusy } from '../refusal'
import { openClaim } from './claim'
import { cardHolder, cardNoOf } from './find-holder'
import { survivingId } from './merge-member'
import { lockProofs } from './prove-identity'

/** How many card numbers one member may type on one day. */
const TYPED_A_DAY = 10

/** A plastic card as a proof. */
export const cardProof = (cardNo: string): ProvenIdentity => ({ kind: 'store_card', issuer: '', subject: cardNo })

/**
 * Somebody types the number of a plastic card: a wish that a colleague at the counter can fulfil who sees card and person.
 * The answer does not tell whether there is such a card, so that numbers cannot be tried out.
 * @throws BAD_INPUT, TOO_MANY
 */
export async function claimByCard(
  ctx: Ctx,
  input: { requestId: string; cardNo: string },
): Promise<{ state: 'own' | 'counter' }> {
  const cardNo = cardNoOf(input.cardNo)
  const memberId = memberIdOf(ctx)
  const command = commandOf(ctx, 'member.claimByCard', input)
  return twiceWhenBusy(() =>
    once(ctx, command, async (tx) => {
      await allowOneMore(tx, command.actor)
      await lockProofs(tx, [cardProof(cardNo)])
      const me = await survivingId(tx.db, memberId)
      const holderId = await cardHolder(tx.db, cardNo)
      if (holderId === me) return { state: 'own' as const }
      if (holderId) await openClaim(tx, me, { holderId, because: 'card_typed' })
      return { state: 'counter' as const }
    }),
  )
}

async function allowOneMore(tx: Ctx, actor: string): Promise<void> {
  const since = new Date(tx.now().getTime() - DAY_MS)
  const typed = await tx.db.request.count({ where: { actor, verb: 'member.claimByCard', at: { gt: since } } })
  if (typed >= TYPED_A_DAY) refuse('TOO_MANY', { retryAfterSeconds: DAY_MS / 1_000 })
}
