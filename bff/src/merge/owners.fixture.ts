import type { Db } from '../db'

/** What must never be found, over the whole database: → the promise and whom it is broken for. */
const NEVER = `
SELECT 'a printed number leads to somebody who goes on' AS promise, n.member_no AS of FROM member_no n
  JOIN member m USING (member_id) WHERE m.status = 'merged'
UNION ALL
SELECT 'no number is lost', m.member_no FROM member m LEFT JOIN member_no n ON n.member_no = m.member_no WHERE n.member_no IS NULL
UNION ALL
SELECT 'a number is its own record''s, or of what that went into', m.member_no FROM member m JOIN member_no n ON n.member_no = m.member_no
  WHERE n.member_id <> coalesce(m.merged_into, m.member_id)
UNION ALL
SELECT 'a signpost points at somebody who goes on', m.member_id::text FROM member m JOIN member s ON s.member_id = m.merged_into
  WHERE s.status = 'merged'
UNION ALL
SELECT 'an identity is of somebody who goes on', i.kind || ' ' || i.subject FROM identity i JOIN member m USING (member_id)
  WHERE m.status = 'merged'
UNION ALL
SELECT 'a person has one phone', member_id::text FROM identity WHERE kind = 'phone' GROUP BY member_id HAVING count(*) > 1
UNION ALL
SELECT 'an identity''s home has come to where it is', i.kind || ' ' || i.subject FROM identity i JOIN member h ON h.member_id = i.home_id
  WHERE coalesce(h.merged_into, h.member_id) <> i.member_id
UNION ALL
SELECT 'a merged record has one merge that stands', m.member_id::text FROM member m WHERE m.status = 'merged' AND 1 <> (
  SELECT count(*) FROM merge_record r LEFT JOIN merge_undo u USING (member_id, merge_id)
    WHERE r.other_id = m.member_id AND u.merge_id IS NULL)
UNION ALL
SELECT 'who goes on is in no merge that stands', m.member_id::text FROM member m WHERE m.status = 'active' AND EXISTS (
  SELECT 1 FROM merge_record r LEFT JOIN merge_undo u USING (member_id, merge_id)
    WHERE r.other_id = m.member_id AND u.merge_id IS NULL)
UNION ALL
SELECT 'a place is signed in as somebody who goes on', s.session_id::text FROM session s JOIN member m USING (member_id) WHERE m.status = 'merged'`

/** I-ID1, I-ID5: one owner for each identity and number, and no chain of merges and undos loses one. */
export async function expectOneOwnerEach(db: Db): Promise<void> {
  expect(await db.$queryRawUnsafe(`SELECT DISTINCT promise, of FROM (${NEVER}) broken`)).toEqual([])
}
