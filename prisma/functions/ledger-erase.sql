-- Points of somebody who leaves go to the programme lot by lot, what they owe is written off, growth ends; nothing is edited, so the
-- books go on adding up. → {points, pendingPoints, debtPoints, growth}: what was forfeited
CREATE OR REPLACE FUNCTION ledger_erase(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  own account := ledger_hold(who, (call->>'at')::timestamptz);
  giving lot;
  line jsonb := call || '{"detail": {}}';
BEGIN
  FOR giving IN SELECT * FROM lot WHERE member_id = who AND remaining > 0 ORDER BY expires_at, lot_id LOOP
    UPDATE lot SET remaining = 0 WHERE member_id = who AND lot_id = giving.lot_id;
    PERFORM ledger_move(line, 'points', CASE giving.state WHEN 'pending' THEN 'member:pending' ELSE 'member:available' END,
      'programme:forfeited', giving.remaining, giving.lot_id, 'forfeited');
  END LOOP;
  IF own.debt_points > 0 THEN
    PERFORM ledger_move(line, 'points', 'programme:forfeited', 'member:debt', own.debt_points, NULL, 'debt_written_off');
  END IF;
  IF own.growth > 0 THEN
    PERFORM ledger_move(line, 'growth', 'member:growth', 'programme:forfeited', own.growth, NULL, 'forfeited');
  END IF;
  UPDATE account SET available_points = 0, pending_points = 0, debt_points = 0, growth = 0 WHERE member_id = who;
  PERFORM adjustment_erase(call);
  RETURN jsonb_build_object('points', own.available_points, 'pendingPoints', own.pending_points, 'debtPoints', own.debt_points,
    'growth', own.growth);
END $$;

-- What operators wrote about the person goes, also from the answers that are kept for a while; the figures stay with the books. What
-- still waits for a second operator has nothing left to move.
CREATE OR REPLACE FUNCTION adjustment_erase(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  gone text := '（已随注销清除）';
BEGIN
  UPDATE adjustment SET state = 'refused', decided_by = proposed_by, decided_at = (call->>'at')::timestamptz
    WHERE member_id = ANY (erase_records(call)) AND state = 'waiting';
  UPDATE request r SET answer = r.answer || jsonb_build_object('note', gone, 'decisionNote', NULL)
    FROM adjustment a WHERE a.member_id = ANY (erase_records(call)) AND r.answer->>'adjustmentId' = a.adjustment_id::text
      AND ((r.actor = 'm:' || a.proposed_by AND r.verb = 'ledger.adjust') OR (r.actor = 'm:' || a.decided_by AND r.verb = 'ledger.decide'));
  UPDATE adjustment SET note = gone, decision_note = NULL WHERE member_id = ANY (erase_records(call));
END $$;

-- The tier ends with the growth; where it once stood is nobody's business any more.
CREATE OR REPLACE FUNCTION tier_erase(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  held int;
BEGIN
  SELECT tier INTO held FROM standing WHERE member_id = (call->>'memberId')::uuid;
  UPDATE standing SET tier = 1, review_at = tier_never(), warned_of = NULL WHERE member_id = ANY (erase_records(call));
  DELETE FROM tier_change WHERE member_id = ANY (erase_records(call));
  RETURN jsonb_build_object('tier', held);
END $$;
