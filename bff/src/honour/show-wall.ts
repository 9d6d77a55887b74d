import type { Ctx } from '../ctx'
import { displayNameOf } from '../member'
import { refuse } from '../refusal'

const PAGE = 20

export interface HonourWall {
  honour: { honourId: string; name: string; mark: string; words: string }
  /** By the name on their cards, and since when they wear it; nothing else of anybody. */
  people: { name: string; since: string }[]
  next: string | null
}

interface WallRow {
  memberId: string
  nameSealed: string | null
  since: string
  at: string
}

/** Who wears an honour and wants to be seen with it, the newest first. @throws NOT_FOUND, BAD_INPUT */
export async function showWall(
  ctx: Ctx,
  { honourId, after }: { honourId: string; after?: string | undefined },
): Promise<HonourWall> {
  const honour = await ctx.db.honour.findUnique({
    where: { honourId },
    select: { honourId: true, name: true, mark: true, words: true },
  })
  if (!honour) return refuse('NOT_FOUND', { noun: 'honour' })
  const rows = await ctx.sql<WallRow[]>('honour_wall', {
    honourId,
    at: ctx.now(),
    after: after === undefined ? null : placeOf(ctx, after),
    limit: PAGE + 1,
  })
  const page = rows.slice(0, PAGE)
  const last = rows.length > PAGE ? page.at(-1) : undefined
  return {
    honour,
    people: page.map(({ nameSealed, since }) => ({
      name: displayNameOf(ctx, nameSealed === null ? null : Buffer.from(nameSealed, 'base64')),
      since,
    })),
    next: last ? Buffer.from(ctx.keys.seal(`wall ${last.at} ${last.memberId}`)).toString('base64url') : null,
  }
}

/** Where the page before ended; sealed, for nobody shall read a member's id from a public page. */
function placeOf({ keys }: Ctx, after: string): { at: string; memberId: string } {
  const [mark, at = '', memberId = ''] = openedText(keys, after).split(' ')
  return mark === 'wall' ? { at, memberId } : refuse('BAD_INPUT', { fields: [{ path: 'after', problem: 'unknown' }] })
}

function openedText(keys: Ctx['keys'], sealed: string): string {
  try {
    return keys.openText(Buffer.from(sealed, 'base64url'))
  } catch {
    return ''
  }
}
