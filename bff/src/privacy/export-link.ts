import { randomUUID } from 'node:crypto'
import { type Ctx, inTx, memberIdOf } from '../ctx'
import { refuse } from '../refusal'

const LINK_MINUTES = 5
/** A file reads everything there is; so often within an hour is enough for anybody. */
const LINKS_AN_HOUR = 5
const HOUR_MS = 3_600_000
const VERB = 'privacy.exportLink'

interface Note {
  use: 'export'
  memberId: string
  sessionId: string
  linkId: string
  /** Epoch ms. */
  until: number
}

export interface ExportLink {
  /** Path and query below the server's own address; good once. */
  path: string
  /** ISO */
  expiresAt: string
}

/**
 * A link to the member's own file: sealed, so that it says nothing to anybody, good once and for minutes, and only while the session
 * that asked is signed in. @throws TOO_MANY
 */
export async function makeExportLink(ctx: Ctx): Promise<ExportLink> {
  const memberId = memberIdOf(ctx)
  const at = ctx.now().getTime()
  await inTx(ctx, (tx) => countLink(tx, memberId, at))
  const sessionId = ctx.actor.kind === 'member' ? ctx.actor.sessionId : ''
  const until = at + LINK_MINUTES * 60_000
  const note: Note = { use: 'export', memberId, sessionId, linkId: randomUUID(), until }
  const token = Buffer.from(ctx.keys.seal(JSON.stringify(note))).toString('base64url')
  return { path: `/export?t=${token}`, expiresAt: new Date(until).toISOString() }
}

/** Links are counted as the commands they are, one after the other. */
async function countLink(ctx: Ctx, memberId: string, at: number): Promise<void> {
  // nothing is ever kept under this id: it only makes the member's askings wait for each other
  await ctx.sql('request_begin', linkCommand(memberId, VERB, memberId, at))
  const where = { actor: `m:${memberId}`, verb: VERB, at: { gt: new Date(at - HOUR_MS) } }
  const made = await ctx.db.request.findMany({
    where,
    orderBy: { at: 'desc' },
    take: LINKS_AN_HOUR,
    select: { at: true },
  })
  const oldest = made[LINKS_AN_HOUR - 1]
  if (oldest) refuse('TOO_MANY', { retryAfterSeconds: Math.ceil((oldest.at.getTime() + HOUR_MS - at) / 1000) })
  await ctx.sql('request_end_of', { command: linkCommand(memberId, VERB, randomUUID(), at), answer: {} })
}

const linkCommand = (memberId: string, verb: string, requestId: string, at: number) => ({
  actor: `m:${memberId}`,
  verb,
  requestId,
  bodyHash: '0'.repeat(64),
  at: new Date(at),
})

/** Whose file this link leads to, which is then used up; null for one that is foreign, over, used or signed out of. */
export async function spendExportLink(ctx: Ctx, token: string): Promise<string | null> {
  const note = noteIn(ctx, token)
  if (!note || note.until <= ctx.now().getTime()) return null
  const { memberId, sessionId, linkId } = note
  if (!(await ctx.sql<boolean>('session_live', { memberId, sessionId }))) return null
  const { spent } = await ctx.sql<{ spent: boolean }>('export_spend', {
    command: linkCommand(memberId, 'privacy.export', linkId, ctx.now().getTime()),
  })
  return spent ? memberId : null
}

function noteIn({ keys }: Ctx, token: string): Note | null {
  try {
    const note = JSON.parse(keys.openText(new Uint8Array(Buffer.from(token, 'base64url')))) as Partial<Note>
    return note.use === 'export' ? (note as Note) : null
  } catch {
    return null
  }
}
