import type pg from 'pg'
import type { Keys } from '../keys'

export interface Answers {
  seen: number
  moved: number
  left: number
}

const BATCH = 500
/** In a stored answer what is sealed stands in base64 under a name that ends so. */
const NAME = /Sealed$/

/**
 * Seals anew what lies sealed inside the stored answers of commands (a partner's code, for 30 days).
 * @param dry true: counts only, in `left`
 */
export async function sweepAnswers(
  client: pg.Client,
  keys: Keys,
  { dry = false, onBatch = () => {} }: { dry?: boolean; onBatch?: (batch: Answers) => void },
): Promise<Answers> {
  const all: Answers = { seen: 0, moved: 0, left: 0 }
  let last: [string, string, string] = ['', '', '00000000-0000-0000-0000-000000000000']
  for (;;) {
    const { rows } = await client.query(
      `SELECT actor, verb, request_id AS id, answer FROM request
       WHERE (actor, verb, request_id) > ($1, $2, $3) AND answer::text LIKE '%Sealed": "%' ORDER BY 1, 2, 3 LIMIT ${BATCH}`,
      last,
    )
    if (rows.length === 0) return all
    const { actor, verb, id } = rows.at(-1)
    last = [actor, verb, id]
    const batch: Answers = { seen: rows.length, moved: 0, left: 0 }
    for (const row of rows) {
      const anew = sealedAnew(keys, row.answer)
      if (anew === row.answer) continue
      if (dry) batch.left++
      else batch.moved += await write(client, row, anew)
    }
    all.seen += batch.seen
    all.moved += batch.moved
    all.left += batch.left
    onBatch(batch)
  }
}

async function write(client: pg.Client, row: { actor: string; verb: string; id: string }, anew: unknown) {
  const where = 'actor = $1 AND verb = $2 AND request_id = $3'
  const values = [row.actor, row.verb, row.id, JSON.stringify(anew)]
  return (await client.query(`UPDATE request SET answer = $4 WHERE ${where}`, values)).rowCount ?? 0
}

/** The same value when nothing in it lies under another key. */
function sealedAnew(keys: Keys, value: unknown, name = ''): unknown {
  if (typeof value === 'string' && NAME.test(name)) {
    const sealed = Buffer.from(value, 'base64')
    const anew = keys.sealAnew(sealed)
    return anew === sealed ? value : Buffer.from(anew).toString('base64')
  }
  if (!value || typeof value !== 'object') return value
  const fields = Object.entries(value).map(([key, part]) => [key, part, sealedAnew(keys, part, key)] as const)
  if (fields.every(([, part, anew]) => part === anew)) return value
  if (Array.isArray(value)) return fields.map(([, , anew]) => anew)
  return Object.fromEntries(fields.map(([key, , anew]) => [key, anew]))
}
