import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { House } from '../ctx'
import type { Db } from '../db'

/** Writes lines as a file of their own. → its path, and where its problems go */
export function fileOf(lines: (string | Buffer)[], newline = '\n'): { path: string; problemPath: string } {
  const path = join(mkdtempSync(join(tmpdir(), 'huiyuan-import-')), 'members.csv')
  writeFileSync(path, Buffer.concat(lines.flatMap((line) => [Buffer.from(line as string), Buffer.from(newline)])))
  return { path, problemPath: `${path}.problems.csv` }
}

/** Counts and a sum over every row of every table but the run's own: what nobody has changed is the same. */
export async function everyRow(db: Db): Promise<Record<string, string>> {
  const tables = await db.$queryRaw<{ name: string }[]>`
    SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
      AND table_name <> 'import_run' ORDER BY 1`
  const seen: Record<string, string> = {}
  for (const { name } of tables) {
    const [row] = await db.$queryRawUnsafe<{ sum: string }[]>(
      `SELECT count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) AS sum FROM "${name}" t`,
    )
    seen[name] = row?.sum ?? ''
  }
  return seen
}

/** Everybody as a person would tell it, without what is drawn by chance: equal for two imports of one file. */
export async function peopleOf({ prisma, keys }: Pick<House, 'prisma' | 'keys'>): Promise<string[]> {
  const rows = await prisma.$queryRaw<
    { person: Record<string, unknown>; phones: Uint8Array[] | null; name: Uint8Array | null }[]
  >`
    SELECT jsonb_build_object('status', m.status, 'birthday', m.birth_month || '-' || m.birth_day, 'joined', m.joined_at::date,
        'points', a.available_points, 'growth', a.growth, 'tier', s.tier, 'review', s.review_at::date,
        'cards', (SELECT jsonb_agg(kind || ' ' || issuer || ' ' || subject ORDER BY kind, issuer, subject) FROM identity i
          WHERE i.member_id = m.member_id AND kind <> 'phone'),
        'tags', (SELECT jsonb_agg(tag ORDER BY tag) FROM member_tag t WHERE t.member_id = m.member_id),
        'lots', (SELECT jsonb_agg(remaining || ' ' || expires_at ORDER BY expires_at, remaining) FROM lot l WHERE l.member_id = m.member_id),
        'moves', (SELECT jsonb_agg(unit || reason || amount || (detail->>'earnedAt') ORDER BY unit, reason, amount, detail->>'earnedAt')
          FROM transfer t WHERE t.member_id = m.member_id),
        'claims', (SELECT count(*) FROM claim c WHERE c.member_id = m.member_id)) AS person, m.name_sealed AS name,
      (SELECT array_agg(subject_sealed) FROM identity i WHERE i.member_id = m.member_id AND kind = 'phone') AS phones
    FROM member m JOIN account a USING (member_id) JOIN standing s USING (member_id)`
  const open = (sealed: Uint8Array) => keys.openText(sealed)
  return rows
    .map(({ person, phones, name }) =>
      JSON.stringify({ ...person, name: name && open(name), phones: (phones ?? []).map(open).sort() }),
    )
    .sort()
}
