import type { Db } from '../../bff/src/db'

/** What must never be, each by its name; none of it asks what was done before. */
const NEVER = `
WITH RECURSIVE up AS (
  SELECT member_id AS start, inviter_id AS at, 1 AS depth FROM referral WHERE state <> 'void'
  UNION ALL SELECT up.start, r.inviter_id, depth + 1 FROM up JOIN referral r ON r.member_id = up.at AND r.state <> 'void'
    WHERE up.at <> up.start AND depth < 100),
paid AS (SELECT source_id, count(*) FILTER (WHERE part = 'award') AS awards, count(*) FILTER (WHERE part = 'take_back') AS taken
  FROM effect WHERE kind = 'referral' GROUP BY source_id)
SELECT 'I-F1 two inviters' AS broken, member_id::text AS of FROM referral WHERE state <> 'void' GROUP BY member_id HAVING count(*) > 1
UNION ALL SELECT 'I-F3 a ring', start::text FROM up WHERE at = start
UNION ALL SELECT 'I-F2 over the budget', campaign_id FROM referral_campaign WHERE spent_points > budget_points
UNION ALL SELECT 'I-F2 over the cap', q.member_id::text FROM referral_quota q JOIN referral_campaign c USING (campaign_id)
  -- places of two records that were one add up
  WHERE q.taken > c.per_inviter_cap AND NOT EXISTS (SELECT 1 FROM merge_record m WHERE q.member_id IN (m.member_id, m.other_id))
UNION ALL SELECT 'paid once', r.referral_id::text FROM referral r LEFT JOIN paid ON paid.source_id = r.referral_id::text
  WHERE r.state = 'released' AND coalesce(awards, 0) <> 1 OR coalesce(awards, 0) > 1
UNION ALL SELECT 'I-F4 refused and kept', r.referral_id::text FROM referral r JOIN paid ON paid.source_id = r.referral_id::text
  -- of who has left there is nothing to take
  WHERE r.state = 'refused' AND awards > 0 AND taken = 0
    AND NOT EXISTS (SELECT 1 FROM member m WHERE m.member_id = r.inviter_id AND m.status = 'cancelled')
UNION ALL SELECT 'promised and paid', r.referral_id::text FROM referral r JOIN paid ON paid.source_id = r.referral_id::text
  WHERE r.state IN ('joined', 'held', 'review') AND awards > 0
UNION ALL SELECT 'paid with a doubt that nobody cleared', referral_id::text FROM referral
  WHERE state = 'released' AND (judged_at IS NULL OR NOT doubts <@ cleared)
UNION ALL SELECT 'promised after the stop', referral_id::text FROM referral JOIN referral_campaign USING (campaign_id)
  WHERE state IN ('held', 'review', 'released') AND held_at > stopped_at`

/** I-F1 to I-F4, whatever has happened in whichever process. */
export async function expectFriendsHold(db: Db): Promise<void> {
  expect(await db.$queryRawUnsafe(NEVER)).toEqual([])
}
