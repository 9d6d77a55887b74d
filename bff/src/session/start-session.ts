import { v7 as uuidv7 } from 'uuid'
import type { Ctx } from '../ctx'
import { seeArrival } from '../risk'
import { mintTokens, refreshExpiry, type Tokens } from './tokens'

export interface Place {
  deviceLabel: string
  platform: 'weapp' | 'h5'
  /** The phone's own random mark; kept as a hash. */
  install?: string | undefined
}

/** Writes a new signed-in place and gives its id; the tokens are made from the row, so a replay makes the same. */
export async function startSession(tx: Ctx, memberId: string, place: Place): Promise<string> {
  const at = tx.now()
  const sessionId = uuidv7({ msecs: at.getTime() })
  await tx.db.session.create({
    data: {
      memberId,
      sessionId,
      deviceLabel: place.deviceLabel,
      platform: place.platform,
      createdAt: at,
      rotatedAt: at,
      expiresAt: refreshExpiry(at),
    },
  })
  await seeArrival(tx, memberId, place)
  return sessionId
}

/** The tokens of a session as its row stands. */
export async function tokensOf(ctx: Ctx, memberId: string, sessionId: string): Promise<Tokens> {
  const row = await ctx.db.session.findUniqueOrThrow({
    where: { memberId_sessionId: { memberId, sessionId } },
    select: { memberId: true, sessionId: true, generation: true, expiresAt: true },
  })
  return mintTokens(ctx, row, row.expiresAt)
}
