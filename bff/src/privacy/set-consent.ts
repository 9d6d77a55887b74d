import { type Ctx, commandOf, memberIdOf, once } from '../ctx'
import { dropAllowance } from '../outbox'
import { PERSONAL_OFFERS } from './list-consents'

/** Of the words beside the switch; other words would ask again. */
const VERSION = '1'

/** Lets what is shown be chosen by what is known of the member, or not. It never changes a price. @throws BUSY */
export const setPersonalOffers = (ctx: Ctx, input: { requestId: string; on: boolean }): Promise<{ on: boolean }> =>
  ctx.sql('consent_set', {
    request: commandOf(ctx, 'privacy.setPersonalOffers', input),
    memberId: memberIdOf(ctx),
    document: PERSONAL_OFFERS,
    version: VERSION,
    on: input.on,
    at: ctx.now(),
  })

/** Takes back what was allowed of one kind of message. */
export const dropMessages = (ctx: Ctx, input: { requestId: string; template: string }): Promise<{ remaining: 0 }> =>
  once(ctx, commandOf(ctx, 'privacy.dropMessages', input), async (tx) => {
    await dropAllowance(tx, memberIdOf(tx), input.template)
    return { remaining: 0 as const }
  })
