import { randomBytes } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import { type Ctx, commandOf } from '../ctx'
import type { AtWork } from '../staff'

export interface CreatedKey {
  keyId: string
  /** What the till system signs with, to be kept there; null when it has been shown long ago. */
  secret: string | null
}

/** How long the same command shows the secret again: the answer may have been lost on its way. */
const SHOWN_AGAIN_MS = 10 * 60_000

/**
 * A key by which a till system of the own store may act at one till. Its secret is shown now, and for some minutes to the
 * same command sent again; nothing shows it later, so a lost one is followed by a new key.
 * @throws TILL_UNKNOWN, ROLE_NEEDED, STAFF_NEEDED, REQUEST_REUSED
 */
export async function createKey(
  ctx: Ctx,
  staff: AtWork,
  input: { requestId: string; tillId: string; label: string },
): Promise<CreatedKey> {
  const at = ctx.now()
  const { keyId } = await ctx.sql<{ keyId: string }>('till_create_key', {
    request: commandOf(ctx, 'till.createKey', input),
    staffId: staff.memberId,
    keyId: uuidv7({ msecs: at.getTime() }),
    tillId: input.tillId,
    label: input.label,
    secretSealed: Buffer.from(ctx.keys.seal(`hyt_${randomBytes(32).toString('base64url')}`)).toString('base64'),
    at,
  })
  const row = await ctx.db.tillKey.findUniqueOrThrow({
    where: { keyId },
    select: { secretSealed: true, createdAt: true },
  })
  const fresh = at.getTime() - row.createdAt.getTime() < SHOWN_AGAIN_MS
  return { keyId, secret: fresh ? ctx.keys.openText(row.secretSealed) : null }
}
