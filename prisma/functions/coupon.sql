-- Coupons: granted, held, used, given back, voided. Protects I-C1 (limits are conditional writes, CHECKs behind them) and
-- I-L5 (a grant claims its effect). Every function is called with the member's row or account held by its caller.

-- The last instant in which a coupon granted at `at` is valid; the same as couponEnd of the rules.
CREATE OR REPLACE FUNCTION coupon_end(days int, fixed timestamptz, at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT coalesce(fixed, (date_trunc('day', at AT TIME ZONE 'Asia/Shanghai') + make_interval(days => days + 1))
    AT TIME ZONE 'Asia/Shanghai' - interval '1 millisecond')
$$;

-- Grants one coupon of a template for one source, once; asked again it answers the same coupon. Never raises for a limit,
-- so that a paid order settles. A template without a limit is only read; the shared row comes last.
-- {memberId, templateId, at, kind, sourceId, part?} → {couponId, title, expiresAt} | {refused, detail}
CREATE OR REPLACE FUNCTION coupon_grant(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  which text := 'coupon:' || (call->>'templateId') || coalesce(':' || (call->>'part'), '');
  own coupon_template;
  made coupon;
  ends timestamptz;
BEGIN
  SELECT * INTO own FROM coupon_template WHERE template_id = call->>'templateId';
  IF NOT FOUND THEN RETURN '{"refused": "NOT_FOUND", "detail": {"noun": "coupon"}}'; END IF;
  IF EXISTS (SELECT 1 FROM effect WHERE kind = call->>'kind' AND source_id = call->>'sourceId' AND part = which) THEN
    SELECT * INTO made FROM coupon WHERE member_id = member AND effect_kind = call->>'kind'
      AND effect_source = call->>'sourceId' AND effect_part = which;
    RETURN jsonb_build_object('couponId', made.coupon_id, 'title', own.title, 'expiresAt', iso_text(made.expires_at));
  END IF;
  ends := coupon_end(own.valid_days, own.valid_until, now_at);
  IF own.starts_at > now_at THEN
    RETURN jsonb_build_object('refused', 'COUPON_NOT_OPEN', 'detail', jsonb_build_object('opensAt', iso_text(own.starts_at)));
  END IF;
  IF own.ends_at < now_at OR ends <= now_at THEN RETURN '{"refused": "COUPON_OVER", "detail": {}}'; END IF;

  IF own.per_person_limit IS NOT NULL THEN
    INSERT INTO coupon_quota AS held (member_id, template_id, granted) SELECT member, own.template_id, 1 WHERE own.per_person_limit > 0
      ON CONFLICT (member_id, template_id) DO UPDATE SET granted = held.granted + 1 WHERE held.granted < own.per_person_limit;
    IF NOT FOUND THEN
      RETURN jsonb_build_object('refused', 'COUPON_LIMIT', 'detail', jsonb_build_object('limit', own.per_person_limit));
    END IF;
  END IF;
  IF own.total_limit IS NOT NULL OR own.budget_fen IS NOT NULL THEN
    IF NOT coupon_take_one(own) THEN
      IF own.per_person_limit IS NOT NULL THEN
        UPDATE coupon_quota SET granted = granted - 1 WHERE member_id = member AND template_id = own.template_id;
      END IF;
      RETURN '{"refused": "COUPON_GONE", "detail": {}}';
    END IF;
  END IF;
  INSERT INTO effect (kind, source_id, part, member_id, at) VALUES (call->>'kind', call->>'sourceId', which, member, now_at);
  INSERT INTO coupon (member_id, coupon_id, template_id, state, granted_at, valid_from, expires_at, effect_kind, effect_source, effect_part)
    VALUES (member, uuid_v7(now_at), own.template_id, 'granted', now_at, now_at, ends, call->>'kind', call->>'sourceId', which)
    RETURNING * INTO made;
  RETURN jsonb_build_object('couponId', made.coupon_id, 'title', own.title, 'expiresAt', iso_text(made.expires_at));
END $$;

-- Takes one of what all members together may have: of the number, and of the budget as much as one may take off. False when it is gone.
CREATE OR REPLACE FUNCTION coupon_take_one(own coupon_template) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  -- a look first, so that a crowd before an empty shelf does not queue for its row
  IF own.granted >= own.total_limit OR own.budget_used_fen + own.face_fen > own.budget_fen THEN RETURN false; END IF;
  UPDATE coupon_template SET granted = granted + (total_limit IS NOT NULL)::int,
      budget_used_fen = budget_used_fen + CASE WHEN budget_fen IS NULL THEN 0 ELSE face_fen END
    WHERE template_id = own.template_id AND (total_limit IS NULL OR granted < total_limit)
      AND (budget_fen IS NULL OR budget_used_fen + face_fen <= budget_fen);
  RETURN FOUND;
END $$;

-- A member takes one of the coupons that lie open. {request, memberId, templateId, claimId, at} → the coupon's row
CREATE OR REPLACE FUNCTION coupon_claim(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  member uuid := (call->>'memberId')::uuid;
  given jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  IF NOT EXISTS (SELECT 1 FROM coupon_template WHERE template_id = call->>'templateId' AND claimable) THEN
    PERFORM refuse('NOT_FOUND', '{"noun": "coupon"}');
  END IF;
  given := coupon_grant(call || jsonb_build_object('kind', 'claim', 'sourceId', call->>'claimId'));
  IF given ? 'refused' THEN PERFORM refuse(given->>'refused', given->'detail'); END IF;
  RETURN request_end(call->'request', (SELECT coupon_row(c, t) FROM coupon c JOIN coupon_template t USING (template_id)
    WHERE c.member_id = member AND c.coupon_id = (given->>'couponId')::uuid));
END $$;

-- Keeps a coupon aside for a priced purchase. {memberId, couponId, holdId, at, heldUntil} → {couponId, title}
-- Refuses NOT_FOUND, COUPON_TAKEN, COUPON_OVER, COUPON_NOT_OPEN. A hold whose time is over holds nothing.
CREATE OR REPLACE FUNCTION coupon_hold(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  own coupon;
BEGIN
  UPDATE coupon SET state = 'held', hold_id = (call->>'holdId')::uuid, held_until = (call->>'heldUntil')::timestamptz
    WHERE member_id = (call->>'memberId')::uuid AND coupon_id = (call->>'couponId')::uuid
      AND (state = 'granted' OR (state = 'held' AND held_until <= now_at)) AND valid_from <= now_at AND expires_at >= now_at
      AND NOT coupon_recalled(coupon)
    RETURNING * INTO own;
  IF NOT FOUND THEN
    SELECT * INTO own FROM coupon WHERE member_id = (call->>'memberId')::uuid AND coupon_id = (call->>'couponId')::uuid;
    IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "coupon"}'); END IF;
    IF own.state = 'used' OR (own.state = 'held' AND own.held_until > now_at) THEN PERFORM refuse('COUPON_TAKEN'); END IF;
    IF own.state = 'granted' AND own.valid_from > now_at THEN
      PERFORM refuse('COUPON_NOT_OPEN', jsonb_build_object('opensAt', iso_text(own.valid_from)));
    END IF;
    PERFORM refuse('COUPON_OVER');
  END IF;
  RETURN jsonb_build_object('couponId', own.coupon_id, 'title', (SELECT title FROM coupon_template t WHERE t.template_id = own.template_id));
END $$;

-- The order of a hold is paid; whether the hold still lives is the order's to know. A coupon that ended while it was held
-- is used all the same: the customer has paid. {memberId, holdId, orderId, at} → {coupons: [id]}
CREATE OR REPLACE FUNCTION coupon_use(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  used jsonb;
BEGIN
  WITH paying AS (UPDATE coupon SET state = 'used', held_until = NULL, order_id = (call->>'orderId')::uuid, used_at = (call->>'at')::timestamptz
    WHERE member_id = (call->>'memberId')::uuid AND hold_id = (call->>'holdId')::uuid AND state = 'held' RETURNING coupon_id)
  SELECT jsonb_agg(coupon_id ORDER BY coupon_id) INTO used FROM paying;
  RETURN jsonb_build_object('coupons', coalesce(used, '[]'));
END $$;

-- What a coupon was granted for has been taken back, and not restored since: it may not come back to its owner.
CREATE OR REPLACE FUNCTION coupon_recalled(own coupon) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT count(*) FILTER (WHERE starts_with(part, 'coupon_void')) > count(*) FILTER (WHERE starts_with(part, 'coupon_restored'))
    FROM effect WHERE kind = own.effect_kind AND source_id = own.effect_source
$$;

-- Gives a held or used coupon back to its owner, or voids it where its source was taken back meanwhile. → whether it is usable
CREATE OR REPLACE FUNCTION coupon_give_back(own coupon, at timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  recalled boolean := coupon_recalled(own);
BEGIN
  UPDATE coupon SET state = CASE WHEN recalled THEN 'voided' ELSE 'granted' END, hold_id = NULL, held_until = NULL, order_id = NULL,
      used_at = NULL, voided_at = CASE WHEN recalled THEN at END,
      void_reason = CASE WHEN NOT recalled THEN NULL WHEN own.effect_kind = 'gift' THEN 'gift_superseded' ELSE 'order_returned' END
    WHERE member_id = own.member_id AND coupon_id = own.coupon_id;
  RETURN NOT recalled AND own.expires_at >= at;
END $$;

-- A hold was given up or ran out. {memberId, holdId, at} → {released}: how many
CREATE OR REPLACE FUNCTION coupon_release(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own coupon;
  released int := 0;
BEGIN
  FOR own IN SELECT * FROM coupon WHERE member_id = (call->>'memberId')::uuid AND hold_id = (call->>'holdId')::uuid AND state = 'held'
      ORDER BY coupon_id FOR UPDATE LOOP
    PERFORM coupon_give_back(own, coalesce((call->>'at')::timestamptz, own.held_until));
    released := released + 1;
  END LOOP;
  RETURN jsonb_build_object('released', released);
END $$;

-- An order came back whole: the coupons it used return, the packet it was thanked with goes unless it was used. While
-- something of it is left, both stay. {memberId, orderId, at, leftFen?} → {coupons: [{title, returned}], packet: {title, state} | null}
CREATE OR REPLACE FUNCTION coupon_return(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  own coupon;
  used jsonb := '[]';
  packet jsonb;
BEGIN
  IF (call->>'leftFen')::int > 0 THEN RETURN '{"coupons": [], "packet": null}'; END IF;
  FOR own IN SELECT * FROM coupon WHERE member_id = member AND order_id = (call->>'orderId')::uuid AND state = 'used' ORDER BY coupon_id FOR UPDATE LOOP
    used := used || jsonb_build_object('title', (SELECT title FROM coupon_template t WHERE t.template_id = own.template_id),
      'returned', coupon_give_back(own, now_at));
  END LOOP;
  PERFORM coupon_void_of(call || jsonb_build_object('kind', 'order', 'sourceId', call->>'orderId', 'reason', 'order_returned'));
  SELECT jsonb_build_object('title', t.title, 'state', CASE c.state WHEN 'voided' THEN 'voided' ELSE 'used' END) INTO packet
    FROM coupon c JOIN coupon_template t USING (template_id)
    WHERE c.member_id = member AND c.effect_kind = 'order' AND c.effect_source = call->>'orderId';
  RETURN jsonb_build_object('coupons', used, 'packet', packet);
END $$;

-- Takes back what a source had granted, as far as it is unused. One that lies at a till right now is voided when it comes
-- back from there. {memberId, kind, sourceId, at, reason} → {voided}
CREATE OR REPLACE FUNCTION coupon_void_of(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  gone int;
BEGIN
  -- what was restored since can be taken back once more
  PERFORM ledger_claim(call, (SELECT 'coupon_void' || CASE count(*) WHEN 0 THEN '' ELSE ':' || count(*) END FROM effect
    WHERE kind = call->>'kind' AND source_id = call->>'sourceId' AND starts_with(part, 'coupon_restored')));
  UPDATE coupon SET state = 'voided', hold_id = NULL, held_until = NULL, voided_at = (call->>'at')::timestamptz, void_reason = call->>'reason'
    WHERE member_id = (call->>'memberId')::uuid AND effect_kind = call->>'kind' AND effect_source = call->>'sourceId'
      AND (state = 'granted' OR (state = 'held' AND held_until <= (call->>'at')::timestamptz));
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN jsonb_build_object('voided', gone);
END $$;

-- Counts add up; what is above a limit then stays, and leaves nothing to take. The journal: whose coupons moved, what each was
-- bound to (the order of a used one, the hold of a held one), and the counts of both before.
-- {from, to, at} → {moved: {coupons: [id], bound: {id: order or hold}, quotas: {template: [theirs, ours]}}, came, reversed}
CREATE OR REPLACE FUNCTION coupon_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  moved jsonb;
  usable int;
  quotas jsonb;
  excess jsonb;
BEGIN
  WITH went AS (UPDATE coupon SET member_id = dst WHERE member_id = src RETURNING *)
  SELECT jsonb_build_object('coupons', jsonb_agg(coupon_id),
      'bound', jsonb_object_agg(coupon_id, coalesce(order_id, hold_id)) FILTER (WHERE state IN ('used', 'held'))),
      count(*) FILTER (WHERE state IN ('granted', 'held') AND expires_at >= now_at)
    INTO moved, usable FROM went;
  WITH theirs AS (DELETE FROM coupon_quota WHERE member_id = src RETURNING template_id, granted),
    summed AS (INSERT INTO coupon_quota AS held (member_id, template_id, granted) SELECT dst, template_id, granted FROM theirs
      ON CONFLICT (member_id, template_id) DO UPDATE SET granted = held.granted + excluded.granted RETURNING template_id, granted)
  SELECT jsonb_object_agg(t.template_id, jsonb_build_array(theirs.granted, ours.granted)),
      jsonb_agg(jsonb_build_object('kind', 'quota_excess', 'noun', 'coupon', 'title', t.title, 'has', summed.granted,
        'limit', t.per_person_limit) ORDER BY t.title, t.template_id) FILTER (WHERE theirs.granted > 0
          AND summed.granted > t.per_person_limit AND coalesce(least(t.ends_at, t.valid_until) > now_at, true))
    INTO quotas, excess
    FROM theirs JOIN summed USING (template_id) JOIN coupon_template t USING (template_id)
      LEFT JOIN coupon_quota ours ON ours.member_id = dst AND ours.template_id = theirs.template_id;
  moved := jsonb_strip_nulls(moved || jsonb_build_object('quotas', quotas));
  RETURN CASE WHEN moved = '{}' THEN moved ELSE jsonb_build_object('moved', moved,
    'came', CASE WHEN usable > 0 THEN jsonb_build_object('coupons', usable) ELSE '{}' END, 'reversed', coalesce(excess, '[]')) END;
END $$;

-- What a scope names, in the words of the menu; what the menu no longer knows is left out. → {categories, products, except}, or NULL for everything
CREATE OR REPLACE FUNCTION coupon_scope_names(scope jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN jsonb_typeof(scope) = 'object' THEN jsonb_build_object(
    'categories', (SELECT coalesce(jsonb_agg(c.title ORDER BY c.position, c.category_id), '[]') FROM product_category c WHERE scope->'categories' ? c.category_id),
    'products', (SELECT coalesce(jsonb_agg(p.title ORDER BY p.position, p.sku), '[]') FROM product p WHERE scope->'skus' ? p.sku),
    'except', (SELECT coalesce(jsonb_agg(p.title ORDER BY p.position, p.sku), '[]') FROM product p WHERE scope->'exceptSkus' ? p.sku)) END
$$;

-- A coupon with its terms, as it travels.
CREATE OR REPLACE FUNCTION coupon_row(own coupon, terms coupon_template) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN jsonb_build_object('couponId', own.coupon_id, 'templateId', own.template_id, 'title', terms.title, 'kind', terms.kind,
    'amountOffFen', terms.amount_off_fen, 'payPercent', terms.pay_percent, 'maxOffFen', terms.max_off_fen,
    'thresholdFen', terms.threshold_fen, 'stackingGroup', terms.stacking_group, 'scope', terms.scope,
    'scopeNames', coupon_scope_names(terms.scope), 'state', own.state, 'validFrom', iso_text(own.valid_from), 'expiresAt', iso_text(own.expires_at),
    'heldUntil', iso_text(own.held_until), 'usedAt', iso_text(own.used_at), 'rules', terms.rules, 'effectKind', own.effect_kind);
END $$;

-- What could be laid on an order: not used, not voided, not ended. The soonest end first. {memberId, at} → rows
CREATE OR REPLACE FUNCTION coupon_open(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  RETURN (SELECT coalesce(jsonb_agg(coupon_row(live.own, t) ORDER BY (live.own).expires_at, (live.own).coupon_id), '[]') FROM (
    SELECT c AS own FROM coupon c WHERE member_id = (call->>'memberId')::uuid AND (state = 'granted' AND expires_at >= now_at
        OR state = 'held' AND greatest(expires_at, held_until) >= now_at)
      ORDER BY expires_at, coupon_id LIMIT 50) live JOIN coupon_template t ON t.template_id = (live.own).template_id);
END $$;

-- The coupon page in one round trip. {memberId, at} → {open, used, over, claimable}, 50 of each at most
CREATE OR REPLACE FUNCTION coupon_list(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  RETURN jsonb_build_object('open', coupon_open(call),
    'used', (SELECT coalesce(jsonb_agg(coupon_row(past.own, t) ORDER BY (past.own).used_at DESC), '[]') FROM (
      SELECT c AS own FROM coupon c WHERE member_id = me AND state = 'used' ORDER BY used_at DESC LIMIT 50) past
      JOIN coupon_template t ON t.template_id = (past.own).template_id),
    'over', (SELECT coalesce(jsonb_agg(coupon_row(past.own, t) ORDER BY coalesce((past.own).voided_at, (past.own).expires_at) DESC), '[]') FROM (
      SELECT c AS own FROM coupon c WHERE member_id = me AND (state = 'voided' OR (state = 'granted' AND expires_at < now_at)
          OR (state = 'held' AND greatest(expires_at, held_until) < now_at))
        ORDER BY coalesce(voided_at, expires_at) DESC LIMIT 50) past JOIN coupon_template t ON t.template_id = (past.own).template_id),
    'claimable', (SELECT coalesce(jsonb_agg(jsonb_build_object('templateId', t.template_id, 'title', t.title, 'kind', t.kind,
        'amountOffFen', t.amount_off_fen, 'payPercent', t.pay_percent, 'thresholdFen', t.threshold_fen, 'rules', t.rules,
        'budgetFen', t.budget_fen, 'budgetUsedFen', t.budget_used_fen, 'faceFen', t.face_fen, 'stackingGroup', t.stacking_group,
        'scope', t.scope, 'scopeNames', coupon_scope_names(t.scope),
        'validDays', t.valid_days, 'validUntil', iso_text(t.valid_until), 'startsAt', iso_text(t.starts_at), 'endsAt', iso_text(t.ends_at),
        'totalLimit', t.total_limit, 'granted', t.granted, 'perPersonLimit', t.per_person_limit, 'grantedToMe', coalesce(q.granted, 0))
        ORDER BY t.template_id), '[]')
      FROM coupon_template t LEFT JOIN coupon_quota q ON q.member_id = me AND q.template_id = t.template_id
      WHERE t.claimable AND (t.ends_at IS NULL OR t.ends_at >= now_at) AND (t.valid_until IS NULL OR t.valid_until > now_at)));
END $$;
