-- What was promised to somebody who leaves ends: open exchanges are cancelled and their pieces can be taken by others, coupons are
-- voided, links and edges are dead. What was handed over, used and paid stays as it was, under the bare member id.

-- Points of what is cancelled come back first and are forfeited with the others by the ledger's step.
CREATE OR REPLACE FUNCTION mall_erase(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  open redemption;
  ended int := 0;
BEGIN
  FOR open IN SELECT * FROM redemption WHERE member_id = (call->>'memberId')::uuid AND state IN ('placed', 'ready')
      ORDER BY reward_id, slot FOR UPDATE LOOP
    PERFORM mall_undo(open, call || '{"cancelReason": "left"}');
    ended := ended + 1;
  END LOOP;
  DELETE FROM pickup_code WHERE member_id = ANY (erase_records(call));
  DELETE FROM reward_favourite WHERE member_id = ANY (erase_records(call));
  DELETE FROM reward_quota WHERE member_id = ANY (erase_records(call));
  RETURN jsonb_build_object('redemptions', ended);
END $$;

CREATE OR REPLACE FUNCTION coupon_erase(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  gone int;
BEGIN
  UPDATE coupon SET state = 'voided', hold_id = NULL, held_until = NULL, voided_at = (call->>'at')::timestamptz, void_reason = 'left'
    WHERE member_id = (call->>'memberId')::uuid AND state IN ('granted', 'held');
  GET DIAGNOSTICS gone = ROW_COUNT;
  DELETE FROM coupon_quota WHERE member_id = ANY (erase_records(call));
  RETURN jsonb_build_object('coupons', gone);
END $$;

CREATE OR REPLACE FUNCTION right_erase(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  DELETE FROM right_use WHERE member_id = ANY (erase_records(call));
  DELETE FROM right_grant WHERE member_id = ANY (erase_records(call));
  DELETE FROM right_service WHERE member_id = ANY (erase_records(call));
  SELECT '{}'::jsonb
$$;

-- Prices that were only asked for, once they have given back what they kept aside; a purchase keeps its own.
CREATE OR REPLACE FUNCTION order_erase(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM order_release_over(who, (call->>'at')::timestamptz) FROM unnest(erase_records(call)) who;
  DELETE FROM order_hold WHERE member_id = ANY (erase_records(call));
  RETURN '{}';
END $$;

-- The code that leads to them leads nowhere. As an inviter they get nothing any more: what was promised returns to the budget. As an
-- invitee who has not bought yet they end the friend's hope; a real purchase is thanked for, whoever made it.
CREATE OR REPLACE FUNCTION referral_erase(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  edge referral;
BEGIN
  PERFORM 1 FROM referral WHERE member_id = who OR inviter_id = who ORDER BY member_id, referral_id FOR UPDATE;
  FOR edge IN SELECT * FROM referral WHERE (inviter_id = who AND state IN ('joined', 'held', 'review')) OR (member_id = who AND state = 'joined')
      ORDER BY campaign_id, member_id, referral_id LOOP
    PERFORM referral_end(edge, 'refused', 'left', 0, (call->>'at')::timestamptz);
  END LOOP;
  -- what was found about them is no longer anybody's business, but for a reward that is still to be decided
  UPDATE referral SET facts = NULL, risk_rank = NULL, answer = CASE WHEN inviter_id <> who THEN answer END
    WHERE (member_id = who OR inviter_id = who) AND state NOT IN ('held', 'review') AND (facts IS NOT NULL OR answer IS NOT NULL);
  DELETE FROM referral_appeal WHERE member_id = ANY (erase_records(call));
  DELETE FROM referral_link WHERE member_id = ANY (erase_records(call));
  DELETE FROM referral_quota WHERE member_id = ANY (erase_records(call));
  RETURN '{}';
END $$;
