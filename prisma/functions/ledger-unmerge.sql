-- One record becomes two again. What the separated record ({to}) had, less what it lost by itself since, goes back lot by lot;
-- what the survivor ({from}) used of it is charged. All by transfers through programme:moved; nothing is edited. Protects I-ID2, I-ID4.

-- {mergeId, from, to, at, mergedAt, moved, charge, graceDays, windowMonths} → {back, restored, lost}
CREATE OR REPLACE FUNCTION ledger_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  moved jsonb := CASE jsonb_typeof(call->'moved') WHEN 'object' THEN call->'moved' ELSE '{}' END;
  due jsonb;
  came int;
  used int;
  owes int;
  paid int;
  growth int;
BEGIN
  PERFORM 1 FROM account WHERE member_id IN (src, dst) ORDER BY member_id FOR UPDATE;
  PERFORM ledger_settle_lots(call || jsonb_build_object('memberId', src));
  call := call || jsonb_build_object('moved', moved, 'marks', ledger_marks(src, dst, call->>'mergeId'), 'graceUntil', ledger_grace_until(call));
  call := call || ledger_traces(call);
  due := ledger_due(call);
  used := (due->>'used')::int;
  owes := (due->>'owes')::int;
  paid := CASE call->>'charge' WHEN 'programme' THEN (due->>'spent')::int ELSE 0 END;
  came := ledger_bring_lots(call);
  PERFORM ledger_bring_used(call, due, paid);
  PERFORM ledger_bring_debt(call, owes);
  IF used - paid > owes THEN PERFORM ledger_charge(call, used - paid - owes); END IF;
  IF used - paid < owes THEN PERFORM ledger_repay(call, owes - used + paid, due); END IF;
  PERFORM ledger_free_uses(call);
  PERFORM ledger_pay_owed(dst, (call->>'at')::timestamptz);
  growth := ledger_unmerge_growth(call);
  PERFORM adjustment_bring_back(src, dst, moved);
  RETURN jsonb_build_object('lost', due->'lost', 'restored', ledger_debts_restored(moved), 'back', jsonb_strip_nulls(jsonb_build_object(
    'points', nullif(came + used, 0), 'debtPoints', nullif(owes, 0), 'growth', nullif(growth, 0),
    'chargedPoints', nullif(greatest(used - paid - owes, 0), 0), 'programmePoints', nullif(paid, 0))));
END $$;

-- Debts that the merge had paid at once stand again, each with who owed it.
CREATE OR REPLACE FUNCTION ledger_debts_restored(moved jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN moved ? 'paid' THEN jsonb_build_array(jsonb_build_object('kind', 'debt_paid',
      'points', (SELECT sum((one->>1)::int) FROM jsonb_array_elements(moved->'paid') one),
      'whose', CASE WHEN moved ? 'debt' THEN 'other' ELSE 'survivor' END)) ELSE '[]' END
$$;

-- Where to look for what became of the separated record's points: its own records, their first lots, the members that have held
-- them since, and since when. A clock is read before a lock is waited for, so a minute earlier is looked at, too; but not what an
-- earlier merge of the same record, taken back, has settled. → {records, houses, origins, since, after}
CREATE OR REPLACE FUNCTION ledger_traces(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  merge uuid := (call->>'mergeId')::uuid;
  records uuid[];
  houses uuid[];
  origins uuid[];
  after timestamptz;
BEGIN
  SELECT array_agg(id) INTO records FROM (SELECT dst AS id UNION SELECT unnest(uuid_list(s.moved->'signposts')) FROM merge_step s
    WHERE s.member_id = src AND s.merge_id = merge AND s.step = 'member_merge') own;
  WITH RECURSIVE house (id) AS (
    SELECT src
    UNION SELECT r.member_id FROM house JOIN merge_record r ON r.other_id = house.id
      WHERE (r.at, r.merge_id) > ((call->>'mergedAt')::timestamptz, merge))
  SELECT array_agg(id) INTO houses FROM house;
  SELECT array_agg(DISTINCT origin) INTO origins FROM (
    SELECT origin_lot_id AS origin FROM lot WHERE member_id = ANY (records) AND lot_id = origin_lot_id
    UNION ALL SELECT lot.origin_lot_id FROM jsonb_array_elements(coalesce(call->'moved'->'lots', '[]')) one
      JOIN lot ON lot.member_id = dst AND lot.lot_id = (one->>0)::uuid
    UNION ALL SELECT use.origin_lot_id FROM lot_use use JOIN effect e ON e.kind = use.effect_kind AND e.source_id = use.effect_source
      AND e.part = 'spend' AND e.member_id = ANY (records) WHERE use.member_id = src) own;
  SELECT max(u.at) INTO after FROM merge_record r JOIN merge_undo u USING (member_id, merge_id)
    WHERE r.member_id = src AND r.other_id = ANY (records) AND r.merge_id <> merge;
  RETURN jsonb_build_object('records', to_jsonb(records), 'houses', to_jsonb(houses), 'origins', coalesce(to_jsonb(origins), '[]'),
    'since', (call->>'mergedAt')::timestamptz - interval '1 minute', 'after', coalesce(after, '-infinity'));
END $$;

-- What moved of one unit since the merge wherever the points were: `own` says that the lot is one of the separated record's,
-- `theirs` that one of its purchases, exchanges or gifts is the cause.
CREATE OR REPLACE FUNCTION ledger_flows(call jsonb, which text)
RETURNS TABLE (member_id uuid, transfer_id uuid, from_account text, to_account text, amount int, reason text, detail jsonb, lot_id uuid,
  origin uuid, effect_kind text, effect_source text, own boolean, theirs boolean)
LANGUAGE sql STABLE AS $$
  SELECT t.member_id, t.transfer_id, t.from_account, t.to_account, t.amount, t.reason, t.detail, t.lot_id, lot.origin_lot_id,
      t.effect_kind, t.effect_source, coalesce(lot.origin_lot_id = ANY (ARRAY(SELECT unnest(uuid_list(call->'origins')))), false),
      EXISTS (SELECT 1 FROM effect e WHERE e.kind = t.effect_kind AND e.source_id = t.effect_source AND e.part IN ('award', 'spend')
        AND e.member_id = ANY (ARRAY(SELECT unnest(uuid_list(call->'records')))))
    FROM transfer t LEFT JOIN lot ON lot.member_id = t.member_id AND lot.lot_id = t.lot_id
    WHERE t.member_id = ANY (ARRAY(SELECT unnest(uuid_list(call->'houses')))) AND t.transfer_id >= ledger_id_from((call->>'since')::timestamptz)
      AND t.at > (call->>'after')::timestamptz AND t.unit = which AND 'programme:moved' NOT IN (t.from_account, t.to_account)
$$;

-- What the separated record is due. Of each of its first lots: what was moved, less what ended or was taken back with its own
-- purchases since, more what its own cancelled exchanges gave back. What of that the survivor no longer holds was used. `owes` is what
-- it owed, and what others' points have paid for its own returns since.
-- → {origins: [{origin, used, lots: [[its lot, points that left]]}], used, spent (exchanged of it), owes, payers: [[lot, points]], lost}
CREATE OR REPLACE FUNCTION ledger_due(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  WITH flow AS MATERIALIZED (SELECT * FROM ledger_flows(call, 'points')),
  went AS (SELECT lot.origin_lot_id AS origin, lot.lot_id, (one->>2)::int AS points, coalesce(now.remaining, 0) AS held
      FROM jsonb_array_elements(coalesce(call->'moved'->'lots', '[]')) one
      JOIN lot ON lot.member_id = (call->>'to')::uuid AND lot.lot_id = (one->>0)::uuid
      LEFT JOIN lot now ON now.member_id = (call->>'from')::uuid AND now.lot_id = (one->>1)::uuid),
  change AS (
    SELECT origin, points AS due, 0 AS held, 0 AS spent FROM went
    UNION ALL SELECT origin, CASE WHEN to_account = 'programme:expired' OR theirs AND to_account = 'programme:issued' THEN -amount
        WHEN from_account = 'programme:issued' OR theirs AND from_account = 'programme:spent' THEN amount ELSE 0 END, 0, 0 FROM flow WHERE own
    UNION ALL SELECT origin_lot_id, 0, remaining, 0 FROM lot WHERE member_id = (call->>'from')::uuid
        AND remaining > 0 AND origin_lot_id = ANY (ARRAY(SELECT unnest(uuid_list(call->'origins'))))
    UNION ALL SELECT use.origin_lot_id, 0, 0, use.points - use.returned FROM ledger_own_uses(call, true) use),
  sums AS (SELECT origin, sum(due)::int AS due, sum(held)::int AS held, sum(spent)::int AS spent FROM change GROUP BY origin)
  SELECT jsonb_build_object(
    'origins', coalesce(jsonb_agg(jsonb_build_object('origin', origin, 'used', due - held, 'lots',
        (SELECT coalesce(jsonb_agg(jsonb_build_array(lot_id, points - went.held) ORDER BY lot_id), '[]') FROM went
          WHERE went.origin = sums.origin AND points > went.held)) ORDER BY origin) FILTER (WHERE due > held), '[]'),
    'used', coalesce(sum(greatest(due - held, 0)), 0), 'spent', coalesce(sum(greatest(least(due - held, spent), 0)), 0),
    'owes', coalesce((call->'moved'->>'debt')::int, 0) + coalesce(sum(greatest(held - due, 0)), 0)
      + (SELECT coalesce(sum(amount), 0) FROM flow WHERE theirs AND NOT own AND to_account = 'programme:issued'),
    'payers', (SELECT coalesce(jsonb_agg(jsonb_build_array(lot_id, amount) ORDER BY transfer_id DESC), '[]') FROM flow
        WHERE NOT own AND lot_id IS NOT NULL AND member_id = (call->>'from')::uuid
          AND (to_account = 'member:debt' OR theirs AND to_account = 'programme:issued')),
    'lost', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'points', 'why', why, 'points', points) ORDER BY why), '[]') FROM (
        -- what the merge took back of a gift or a reward is given again by their own steps, before this one
        SELECT CASE to_account WHEN 'programme:expired' THEN 'expired' ELSE 'returned' END AS why,
            sum(CASE from_account WHEN 'programme:issued' THEN -amount ELSE amount END) AS points FROM flow
          WHERE own AND to_account = 'programme:expired'
            OR theirs AND (to_account = 'programme:issued' OR reason IN ('gift_restored', 'referral_restored')) GROUP BY 1) gone
        WHERE points > 0)) FROM sums
$$;

-- The survivor's own exchanges since that took points of the separated record; those that stand, or all of them.
CREATE OR REPLACE FUNCTION ledger_own_uses(call jsonb, standing boolean) RETURNS SETOF lot_use
LANGUAGE sql STABLE AS $$
  SELECT use.* FROM lot_use use WHERE use.member_id = (call->>'from')::uuid AND use.origin_lot_id = ANY (ARRAY(SELECT unnest(uuid_list(call->'origins'))))
    AND NOT EXISTS (SELECT 1 FROM effect e WHERE e.kind = use.effect_kind AND e.source_id = use.effect_source
      AND (standing AND e.part = 'return' OR e.part = 'spend' AND e.member_id = ANY (ARRAY(SELECT unnest(uuid_list(call->'records'))))
        AND (standing OR NOT order_stays(call, use))))
$$;
