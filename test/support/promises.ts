import type { Db } from '../../bff/src/db'

const GONE = "SELECT member_id FROM member WHERE status = 'merged'"
const OWNED = [
  ...[
    'account WHERE available_points + pending_points + debt_points + growth > 0 AND member_id',
    'lot_use WHERE member_id',
  ],
  ...[
    'purchase WHERE member_id',
    'purchase_return WHERE member_id',
    'purchase_line WHERE member_id',
    'order_hold WHERE member_id',
    'visit WHERE member_id',
    'coupon WHERE member_id',
    'session WHERE member_id',
    'device WHERE member_id',
  ],
  ...['coupon_quota WHERE member_id', 'gift_given WHERE member_id', 'redemption WHERE member_id'],
  ...['pickup_code WHERE member_id', 'reward_piece WHERE member_id', 'reward_quota WHERE member_id'],
  ...['reward_code WHERE member_id', 'reward_favourite WHERE member_id', 'right_use WHERE member_id'],
  ...['right_grant WHERE member_id', 'right_service WHERE member_id'],
  ...[
    'referral_link WHERE member_id',
    'referral WHERE member_id',
    'referral WHERE inviter_id',
    'referral_quota WHERE member_id',
    'referral_appeal WHERE member_id',
    'referral_appeal WHERE friend_id',
  ],
  ...[
    'obligation_instance WHERE member_id',
    'obligation_proof WHERE member_id',
    'obligation_submission WHERE member_id',
    'honour_held WHERE member_id',
  ],
]

/** A count that is kept, beside the rows it counts: which promise, of what, what is written and what should be. */
const COUNTS = `
SELECT 'I-C1 granted' AS promise, template_id::text AS of, granted AS books,
    (SELECT count(*) FROM coupon c WHERE c.template_id = t.template_id) AS should
  FROM coupon_template t WHERE total_limit IS NOT NULL
UNION ALL
SELECT 'I-C1 quota', q.member_id || ' ' || q.template_id, q.granted,
    -- by whom it was granted to: one that was used while two records were one may lie with the other
    (SELECT count(*) FROM coupon c JOIN effect e ON e.kind = c.effect_kind AND e.source_id = c.effect_source AND e.part = c.effect_part
      JOIN member m ON m.member_id = e.member_id
      WHERE c.template_id = q.template_id AND coalesce(m.merged_into, m.member_id) = q.member_id)
  FROM coupon_quota q
UNION ALL
SELECT 'gift given', gift_id, given, (SELECT count(*) FROM gift_given g WHERE g.gift_id = gift.gift_id)
  FROM gift WHERE stock IS NOT NULL OR points_budget IS NOT NULL
UNION ALL
SELECT 'gift budget', gift_id, points_given, points * given FROM gift WHERE points_budget IS NOT NULL
UNION ALL
SELECT 'I-M1 stock', reward_id, stock_total, CASE WHEN numbered
    THEN (SELECT count(*) FROM reward_piece p WHERE p.reward_id = r.reward_id AND p.redemption_id IS NULL)
    ELSE (SELECT sum(remaining) FROM reward_stock s WHERE s.reward_id = r.reward_id) END
    + (SELECT count(*) FROM redemption d WHERE d.reward_id = r.reward_id AND d.state <> 'cancelled')
  FROM reward r WHERE stock_total IS NOT NULL
UNION ALL
SELECT 'reward quota', member_id || ' ' || reward_id, taken, (SELECT count(*) FROM redemption d
    WHERE d.member_id = q.member_id AND d.reward_id = q.reward_id AND d.origin = 'mall' AND d.state <> 'cancelled')
  FROM reward_quota q
UNION ALL
SELECT 'I-R1 used', member_id || ' ' || right_id || ' ' || period_key, used,
    (SELECT count(*) FILTER (WHERE d.right_id = u.right_id AND d.right_period = u.period_key)
        + count(*) FILTER (WHERE d.reserve_right_id = u.right_id AND d.reserve_period = u.period_key)
      FROM redemption d WHERE d.member_id = u.member_id AND d.state <> 'cancelled')
    + (SELECT count(*) FROM right_service s WHERE s.member_id = u.member_id AND s.right_id = u.right_id AND s.period_key = u.period_key)
    + (SELECT count(*) FROM (SELECT right_uses FROM order_hold h WHERE h.member_id = u.member_id AND h.state = 'live'
        UNION ALL SELECT right_uses FROM purchase p WHERE p.member_id = u.member_id AND p.state = 'settled') trade
      WHERE trade.right_uses @> jsonb_build_array(jsonb_build_object('rightId', u.right_id, 'periodKey', u.period_key)))
  FROM right_use u
UNION ALL
SELECT 'I-P4 refunded', order_id::text, refunded_fen,
    (SELECT coalesce(sum(amount_fen), 0) FROM purchase_return r WHERE r.member_id = p.member_id AND r.order_id = p.order_id)
  FROM purchase p
UNION ALL
SELECT 'I-P1 lines by the menu', p.order_id::text, p.full_fen, (SELECT sum(full_fen) FROM purchase_line l WHERE l.member_id = p.member_id AND l.order_id = p.order_id)
  FROM purchase p WHERE EXISTS (SELECT 1 FROM purchase_line l WHERE l.member_id = p.member_id AND l.order_id = p.order_id)
UNION ALL
SELECT 'I-P1 lines as paid', p.order_id::text, p.amount_fen, (SELECT sum(payable_fen) FROM purchase_line l WHERE l.member_id = p.member_id AND l.order_id = p.order_id)
  FROM purchase p WHERE EXISTS (SELECT 1 FROM purchase_line l WHERE l.member_id = p.member_id AND l.order_id = p.order_id)
UNION ALL
SELECT 'I-C1 budget', template_id::text, budget_used_fen, face_fen * (SELECT count(*) FROM coupon c WHERE c.template_id = t.template_id)
  FROM coupon_template t WHERE budget_fen IS NOT NULL
UNION ALL
SELECT 'I-P4 taken back', order_id::text, sum(points),
    (SELECT coalesce(sum(t.amount), 0) FROM (SELECT DISTINCT e.member_id FROM effect e
        WHERE e.kind = 'order' AND e.source_id = order_id::text AND e.part LIKE 'take\\_back%') who
      JOIN transfer t ON t.member_id = who.member_id AND t.effect_kind = 'order' AND t.effect_source = order_id::text
        AND t.reason = 'purchase_returned' AND t.unit = 'points')
  FROM purchase_return GROUP BY order_id
UNION ALL
SELECT 'I-P4 one effect a return', order_id::text, count(*), (SELECT count(*) FROM effect e
    WHERE e.kind = 'order' AND e.source_id = order_id::text AND e.part LIKE 'take\\_back%')
  FROM purchase_return GROUP BY order_id
UNION ALL
SELECT 'I-F2 budget', campaign_id, spent_points, reward_points * (SELECT count(*) FROM referral_kept k WHERE k.campaign_id = c.campaign_id)
  FROM referral_campaign c
UNION ALL
SELECT 'I-F2 cap', member_id || ' ' || campaign_id, taken,
    (SELECT count(*) FROM referral_kept k WHERE k.campaign_id = q.campaign_id AND k.inviter_id = q.member_id)
  FROM referral_quota q
UNION ALL
SELECT 'obligation budget', obligation_id, spent_points, reward_points * (SELECT count(*) FROM obligation_instance i
    JOIN effect e ON e.kind = 'obligation' AND e.source_id = i.instance_id::text AND e.part = 'award' WHERE i.obligation_id = o.obligation_id)
  FROM obligation o
UNION ALL
SELECT 'I-O1, I-O2 what an undertaking holds is what it was given less what was taken back', instance_id::text, points_given, coalesce(t.points, 0)
  FROM obligation_instance i LEFT JOIN (SELECT effect_source, sum(CASE reason WHEN 'obligation' THEN amount ELSE -amount END) AS points FROM transfer
    WHERE effect_kind = 'obligation' AND unit = 'points' AND reason IN ('obligation', 'obligation_returned') GROUP BY effect_source) t
    ON t.effect_source = i.instance_id::text`

/** Rows that there must not be. */
const NEVER = `
SELECT 'a coupon is used by one kept order, its own' AS promise, coupon_id::text AS of FROM coupon c
  WHERE state = 'used' AND NOT EXISTS (SELECT 1 FROM purchase p JOIN order_hold h USING (member_id, hold_id)
    WHERE p.member_id = c.member_id AND p.order_id = c.order_id AND p.state = 'settled' AND c.coupon_id = ANY (h.coupon_ids))
UNION ALL
SELECT 'a kept order has the coupons it was priced with', p.order_id::text FROM purchase p JOIN order_hold h USING (member_id, hold_id), unnest(h.coupon_ids) own
  WHERE p.state = 'settled' AND NOT EXISTS (SELECT 1 FROM coupon c
    WHERE c.member_id = p.member_id AND c.coupon_id = own AND c.state = 'used' AND c.order_id = p.order_id)
UNION ALL
SELECT 'a hold is paid once', min(hold_id::text) FROM purchase WHERE hold_id IS NOT NULL GROUP BY hold_id HAVING count(*) > 1
UNION ALL
SELECT 'a held coupon has its live hold', coupon_id::text FROM coupon c WHERE state = 'held' AND NOT EXISTS (SELECT 1 FROM order_hold h
    WHERE h.member_id = c.member_id AND h.hold_id = c.hold_id AND c.coupon_id = ANY (h.coupon_ids) AND h.state = 'live')
UNION ALL
SELECT 'a live hold has its coupons', hold_id::text FROM order_hold h, unnest(h.coupon_ids) own WHERE state = 'live' AND expires_at > $1 AND NOT EXISTS (
    SELECT 1 FROM coupon c WHERE c.member_id = h.member_id AND c.coupon_id = own AND c.state = 'held' AND c.hold_id = h.hold_id)
UNION ALL
SELECT 'I-P4 with the whole of an order all points come back that paid for it', order_id::text FROM purchase p WHERE points_used <> (
    SELECT coalesce(sum(points_back), 0) FROM purchase_return r WHERE r.member_id = p.member_id AND r.order_id = p.order_id) AND state = 'returned'
UNION ALL
-- fewer where an undo charged the programme: those come back to nobody
SELECT 'points of a hold are spent while it lives or is paid, no longer', hold_id::text FROM order_hold h
  LEFT JOIN purchase p USING (member_id, hold_id) WHERE h.points > 0 AND (SELECT coalesce(sum(u.points - u.returned), 0) FROM lot_use u
      WHERE u.effect_kind = 'order_hold' AND u.effect_source = hold_id::text)
    > CASE h.state WHEN 'live' THEN h.points WHEN 'released' THEN 0 ELSE p.points_used - (SELECT coalesce(sum(points_back), 0)
        FROM purchase_return r WHERE r.member_id = p.member_id AND r.order_id = p.order_id) END
UNION ALL
SELECT 'what points will come back to lies with its order', hold_id::text FROM order_hold h JOIN lot_use u
    ON u.effect_kind = 'order_hold' AND u.effect_source = hold_id::text WHERE u.member_id <> h.member_id
UNION ALL
SELECT 'a line lies with its purchase', order_id::text FROM purchase_line l
  WHERE NOT EXISTS (SELECT 1 FROM purchase p WHERE p.member_id = l.member_id AND p.order_id = l.order_id)
UNION ALL
SELECT 'returned, and taken back', order_id::text FROM purchase p WHERE (state = 'returned') <>
    EXISTS (SELECT 1 FROM effect WHERE kind = 'order' AND source_id = p.order_id::text AND part = 'take_back')
UNION ALL
SELECT 'a packet of a returned order cannot be used', coupon_id::text FROM coupon c JOIN purchase p
    ON p.member_id = c.member_id AND p.order_id::text = c.effect_source
  WHERE c.effect_kind = 'order' AND p.state = 'returned' AND c.state = 'granted'
UNION ALL
SELECT 'I-M2 paid', redemption_id::text FROM redemption r WHERE (origin = 'mall') <>
    EXISTS (SELECT 1 FROM effect WHERE kind = 'redemption' AND source_id = r.redemption_id::text AND part = 'spend')
UNION ALL
SELECT 'I-M2 given back', redemption_id::text FROM redemption r WHERE origin = 'mall' AND (state = 'cancelled') <>
    EXISTS (SELECT 1 FROM effect WHERE kind = 'redemption' AND source_id = r.redemption_id::text AND part = 'return')
UNION ALL
SELECT 'I-M1 a piece has its owner', reward_id || ' ' || piece_no FROM reward_piece p WHERE redemption_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM redemption r WHERE r.member_id = p.member_id AND r.redemption_id = p.redemption_id
    AND r.reward_id = p.reward_id AND r.piece_no = p.piece_no AND r.state <> 'cancelled')
UNION ALL
SELECT 'I-M1 a code has its owner', reward_id || ' ' || code_no FROM reward_code c WHERE redemption_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM redemption r WHERE r.member_id = c.member_id AND r.redemption_id = c.redemption_id
    AND r.reward_id = c.reward_id AND r.state = 'done')
UNION ALL
SELECT 'who exchanged a code has it', redemption_id::text FROM redemption r JOIN reward w USING (reward_id)
  WHERE w.kind = 'partner_code' AND NOT EXISTS (SELECT 1 FROM reward_code c WHERE c.redemption_id = r.redemption_id)
UNION ALL
SELECT 'I-R1 no new use beyond the quota', u.member_id || ' ' || u.right_id || ' ' || period_key FROM right_use u JOIN member_right q USING (right_id)
  -- what two used as one adds up, and a hold that was paid as one stays with the survivor after the undo, its use with it
  WHERE u.used > q.quota AND NOT EXISTS (SELECT 1 FROM merge_record g WHERE u.member_id IN (g.member_id, g.other_id))
UNION ALL
SELECT 'I-R1 what is kept for some is there', reward_id FROM right_reserve k JOIN reward r USING (reward_id)
  WHERE k.until > $1 AND mall_left(r) < k.pieces_left
UNION ALL
SELECT 'I-R1 an early exchange is counted', redemption_id::text FROM redemption r WHERE right_id IS NOT NULL AND state <> 'cancelled'
  AND NOT EXISTS (SELECT 1 FROM right_use u WHERE u.member_id = r.member_id AND u.right_id = r.right_id AND u.period_key = r.right_period)
UNION ALL
SELECT 'what is ready has one code', redemption_id::text FROM redemption r WHERE state = 'ready' AND 1 <>
    (SELECT count(*) FROM pickup_code c WHERE c.member_id = r.member_id AND c.redemption_id = r.redemption_id)
UNION ALL
SELECT 'I-G1 nothing of a second gift is left', given_id::text FROM gift_given g WHERE state = 'superseded' AND (
    EXISTS (SELECT 1 FROM coupon c WHERE c.member_id = g.member_id AND c.effect_kind = 'gift'
      AND c.effect_source = g.given_id::text AND c.state = 'granted')
    OR EXISTS (SELECT 1 FROM redemption r WHERE r.member_id = g.member_id AND r.given_id = g.given_id AND r.state IN ('placed', 'ready'))
    OR EXISTS (SELECT 1 FROM right_grant r WHERE r.effect_kind = 'gift' AND r.effect_source = g.given_id::text AND r.voided_at IS NULL)
    OR EXISTS (SELECT 1 FROM lot l WHERE l.member_id = g.member_id AND l.origin_lot_id = g.lot_id AND l.remaining > 0))
UNION ALL
SELECT 'I-G1 nothing of a gift that stands is taken back', given_id::text FROM gift_given g WHERE state = 'given' AND EXISTS (
    SELECT 1 FROM coupon c WHERE c.effect_kind = 'gift' AND c.effect_source = g.given_id::text AND c.void_reason = 'gift_superseded')
UNION ALL
SELECT 'a trial pack counts the kept order that its coupon was used on', c.coupon_id::text FROM coupon c
  WHERE c.effect_kind = 'gift' AND gift_follows(c.effect_part) AND NOT EXISTS (SELECT 1 FROM gift_given g WHERE g.given_id::text = c.effect_source
    AND g.followed_at IS NOT NULL AND g.converted_order_id IS NOT DISTINCT FROM CASE c.state WHEN 'used' THEN c.order_id END)
UNION ALL
SELECT 'I-F3 nothing of a void reward is left', r.referral_id::text FROM referral r
    JOIN lot paid ON paid.effect_kind = 'referral' AND paid.effect_source = r.referral_id::text
    JOIN lot l ON l.origin_lot_id = paid.origin_lot_id AND l.member_id = r.inviter_id
  WHERE r.state = 'void' AND l.remaining > 0
UNION ALL
SELECT 'I-F4 paid and kept', referral_id::text FROM referral r WHERE (state = 'released') <>
    (EXISTS (SELECT 1 FROM effect WHERE kind = 'referral' AND source_id = r.referral_id::text AND part = 'award') AND settled_at IS NOT NULL
      AND state NOT IN ('refused', 'void'))
UNION ALL
SELECT 'I-F4 held or paid for a kept order', referral_id::text FROM referral r WHERE state IN ('held', 'review', 'released')
  AND NOT EXISTS (SELECT 1 FROM purchase p WHERE p.member_id = r.member_id AND p.order_id = r.order_id AND p.state = 'settled')
  AND NOT EXISTS (SELECT 1 FROM obligation_proof p WHERE p.member_id = r.member_id AND p.proof_id = r.proof_id)
UNION ALL
SELECT 'an appeal lies with its edge', referral_id::text FROM referral_appeal a
  WHERE NOT EXISTS (SELECT 1 FROM referral r WHERE r.member_id = a.friend_id AND r.referral_id = a.referral_id AND r.inviter_id = a.member_id)
UNION ALL
SELECT 'I-O1 done, and honoured', instance_id::text FROM obligation_instance i JOIN obligation o USING (obligation_id)
  WHERE i.state = 'rewarded' AND o.reward_points > 0 AND NOT EXISTS (SELECT 1 FROM effect WHERE kind = 'obligation' AND source_id = i.instance_id::text AND part = 'award')
UNION ALL
SELECT 'I-F2 who brought somebody is counted', r.inviter_id || ' ' || r.campaign_id FROM referral_kept r
  WHERE NOT EXISTS (SELECT 1 FROM referral_quota q WHERE q.member_id = r.inviter_id AND q.campaign_id = r.campaign_id)
    AND NOT EXISTS (SELECT 1 FROM member m WHERE m.member_id = r.inviter_id AND m.status = 'cancelled')
UNION ALL
SELECT 'a step lies with its undertaking', proof_id::text FROM obligation_proof p
  WHERE NOT EXISTS (SELECT 1 FROM obligation_instance i WHERE i.member_id = p.member_id AND i.instance_id = p.instance_id)
UNION ALL
SELECT 'a hand-in lies with its undertaking', submission_id::text FROM obligation_submission s
  WHERE NOT EXISTS (SELECT 1 FROM obligation_instance i WHERE i.member_id = s.member_id AND i.instance_id = s.instance_id)
UNION ALL
SELECT 'I-O2 what is over holds no reward', instance_id::text FROM obligation_instance WHERE points_given > 0 AND state NOT IN ('rewarded', 'superseded')
UNION ALL
SELECT 'what waits for a word has something that waits', instance_id::text FROM obligation_instance i WHERE state IN ('accepted', 'in_progress', 'submitted', 'rejected')
  AND (state = 'submitted') <> EXISTS (SELECT 1 FROM obligation_submission s
    WHERE s.member_id = i.member_id AND s.instance_id = i.instance_id AND s.state IN ('checking', 'waiting'))
UNION ALL
SELECT 'a return lies with its purchase', order_id::text FROM purchase_return r
  WHERE NOT EXISTS (SELECT 1 FROM purchase p WHERE p.member_id = r.member_id AND p.order_id = r.order_id)
UNION ALL
SELECT 'a handle leads to its phone', h.handle FROM device_handle h JOIN device d USING (handle) WHERE (h.member_id, h.device_id) <> (d.member_id, d.device_id)
${OWNED.map((where) => `UNION ALL SELECT 'a merged record owns nothing', '${where}' FROM ${where} IN (${GONE})`).join('\n')}`

/** A reward counts against cap and budget while it is held, and for ever once it was paid. */
const KEPT = `WITH referral_kept AS (SELECT r.* FROM referral r WHERE state IN ('held', 'review') OR EXISTS (
  SELECT 1 FROM effect WHERE kind = 'referral' AND source_id = r.referral_id::text AND part = 'award'))`

/** What coupons, gifts, the mall, referral, obligations and orders promise, over the whole database. */
export async function expectPromisesHold(db: Db, now: Date): Promise<void> {
  expect(
    await db.$queryRawUnsafe(`${KEPT} SELECT * FROM (${COUNTS}) kept WHERE books IS DISTINCT FROM should`),
  ).toEqual([])
  expect(await db.$queryRawUnsafe(`${KEPT} SELECT DISTINCT * FROM (${NEVER}) broken`, now)).toEqual([])
}
