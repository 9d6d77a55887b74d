-- AlterTable
ALTER TABLE "claim" ADD COLUMN     "because" VARCHAR(16) NOT NULL DEFAULT 'silent',
ADD COLUMN     "settled_by" UUID;

-- AlterTable
ALTER TABLE "member" ADD COLUMN     "birth_day" SMALLINT,
ADD COLUMN     "birth_month" SMALLINT;

-- CreateTable
CREATE TABLE "house_key" (
    "number" SMALLINT NOT NULL,
    "check_hash" CHAR(64),
    "used_from" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "house_key_pkey" PRIMARY KEY ("number")
);

-- CreateTable
CREATE TABLE "import_run" (
    "file_hash" CHAR(64) NOT NULL,
    "file_name" VARCHAR(200) NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),
    "lines" INTEGER NOT NULL DEFAULT 0,
    "bytes" BIGINT NOT NULL DEFAULT 0,
    "counts" JSONB NOT NULL,

    CONSTRAINT "import_run_pkey" PRIMARY KEY ("file_hash")
);

-- CreateTable
CREATE TABLE "import_key" (
    "id" SMALLINT NOT NULL,
    "secret_sealed" BYTEA NOT NULL,

    CONSTRAINT "import_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "former_identity" (
    "member_id" UUID NOT NULL,
    "kind" VARCHAR(20) NOT NULL,
    "issuer" VARCHAR(64) NOT NULL,
    "subject" VARCHAR(128) NOT NULL,
    "ended_at" TIMESTAMPTZ(3) NOT NULL,
    "subject_sealed" BYTEA,
    "proven_at" TIMESTAMPTZ(3) NOT NULL,
    "first_at" TIMESTAMPTZ(3) NOT NULL,
    "because" VARCHAR(16) NOT NULL,
    "merge_id" UUID,

    CONSTRAINT "former_identity_pkey" PRIMARY KEY ("member_id","kind","issuer","subject","ended_at")
);

-- CreateTable
CREATE TABLE "member_tag" (
    "member_id" UUID NOT NULL,
    "tag" VARCHAR(24) NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "member_tag_pkey" PRIMARY KEY ("member_id","tag")
);

-- CreateTable
CREATE TABLE "cancellation" (
    "member_id" UUID NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "because" VARCHAR(10) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "summary" JSONB,

    CONSTRAINT "cancellation_pkey" PRIMARY KEY ("member_id","asked_at")
);

-- CreateTable
CREATE TABLE "merge_record" (
    "member_id" UUID NOT NULL,
    "merge_id" UUID NOT NULL,
    "other_id" UUID NOT NULL,
    "because" VARCHAR(16) NOT NULL,
    "staff_id" UUID,
    "store_id" VARCHAR(32),
    "note" VARCHAR(200),
    "summary" JSONB NOT NULL,
    "nth" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "merge_record_pkey" PRIMARY KEY ("member_id","merge_id")
);

-- CreateTable
CREATE TABLE "merge_step" (
    "member_id" UUID NOT NULL,
    "merge_id" UUID NOT NULL,
    "step" VARCHAR(32) NOT NULL,
    "moved" JSONB NOT NULL,

    CONSTRAINT "merge_step_pkey" PRIMARY KEY ("member_id","merge_id","step")
);

-- CreateTable
CREATE TABLE "merge_undo" (
    "member_id" UUID NOT NULL,
    "merge_id" UUID NOT NULL,
    "staff_id" UUID NOT NULL,
    "note" VARCHAR(200) NOT NULL,
    "charge" VARCHAR(10) NOT NULL,
    "summary" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "merge_undo_pkey" PRIMARY KEY ("member_id","merge_id")
);

-- CreateTable
CREATE TABLE "kept_apart" (
    "member_id" UUID NOT NULL,
    "other_id" UUID NOT NULL,
    "merge_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "kept_apart_pkey" PRIMARY KEY ("member_id","other_id")
);

-- CreateIndex
CREATE INDEX "former_identity_kind_issuer_subject_idx" ON "former_identity"("kind", "issuer", "subject");

-- CreateIndex
CREATE INDEX "merge_record_other_id_idx" ON "merge_record"("other_id");

-- CreateIndex
CREATE INDEX "merge_record_merge_id_idx" ON "merge_record"("merge_id");

-- CreateIndex
CREATE INDEX "kept_apart_other_id_idx" ON "kept_apart"("other_id");



ALTER TABLE "identity" ADD COLUMN "home_id" UUID;
-- it stays empty until a merge moves a row: to write every row now would keep everybody waiting. Whose one was before an older merge
-- is not known; such a merge has no journal and is not taken back
ALTER TABLE "member" ADD CONSTRAINT member_birthday CHECK ((birth_month IS NULL) = (birth_day IS NULL)
  AND birth_month BETWEEN 1 AND 12 AND birth_day BETWEEN 1 AND 31);
ALTER TABLE "claim" ADD CONSTRAINT claim_because CHECK (because IN ('silent', 'wechat_unknown', 'card_typed'));
ALTER TABLE "former_identity" ADD CONSTRAINT former_identity_because
  CHECK (because IN ('newer_phone', 'moved', 'revoked', 'closed', 'unlinked'));
ALTER TABLE "merge_record" ADD CONSTRAINT merge_record_form CHECK (member_id <> other_id
  AND because IN ('unionid', 'openid', 'external', 'phone_active', 'phone_fresh', 'card_digits', 'card_shown', 'cards', 'operator', 'import'));
ALTER TABLE "merge_undo" ADD CONSTRAINT merge_undo_charge CHECK (charge IN ('survivor', 'programme'));
ALTER TABLE "kept_apart" ADD CONSTRAINT kept_apart_two CHECK (member_id <> other_id);
ALTER TABLE "cancellation" ADD CONSTRAINT cancellation_form CHECK (state IN ('asked', 'withdrawn', 'done')
  AND because IN ('member', 'wechat') AND (state = 'asked') = (ended_at IS NULL) AND due_at >= asked_at);
CREATE UNIQUE INDEX cancellation_open ON "cancellation" (member_id) WHERE state = 'asked';
CREATE INDEX cancellation_due ON "cancellation" (due_at) WHERE state = 'asked';
CREATE INDEX cancellation_done ON "cancellation" (ended_at) WHERE state = 'done';
ALTER TABLE "import_run" ADD CONSTRAINT import_run_progress CHECK (lines >= 0 AND bytes >= 0);
ALTER TABLE "import_key" ADD CONSTRAINT import_key_one CHECK (id = 1);
ALTER TABLE "tier_change" DROP CONSTRAINT tier_change_form, ADD CONSTRAINT tier_change_form CHECK (before BETWEEN 1 AND 6
  AND after BETWEEN 1 AND 6 AND reason IN ('raised', 'kept', 'landed', 'returned', 'merged', 'separated', 'imported'));

ALTER TABLE "house_key" ADD CONSTRAINT house_key_form CHECK (number BETWEEN 1 AND 255 AND (ended_at IS NULL OR used_from <= ended_at));
-- a house that has members has sealed their names and phones with the one key that there was
INSERT INTO "house_key" (number, used_from) SELECT 1, now() WHERE EXISTS (SELECT 1 FROM member);

-- the functions below stand in the order of their files and name each other
SET LOCAL check_function_bodies = off;


-- Functions, word for word as in prisma/functions.

DROP FUNCTION adjustment_merge;

DROP FUNCTION ledger_move_debt;

DROP FUNCTION ledger_move_growth;

DROP FUNCTION ledger_move_pair;

DROP FUNCTION referral_cut_cycle;

-- A phone that can show the member's code, and the directory row that a scan finds it by. Locks the member first,
-- like a scan and a merge do.

CREATE OR REPLACE FUNCTION code_next_number(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$ SELECT to_jsonb(nextval('device_no')) $$;

-- Above {limit} live phones the one that was used longest ago leaves. {taken: true} when the handle is another phone's: a device
-- number leads to another handle under another key of the house.
-- {memberId, deviceId, handle, secretSealed (base64), label, platform, at, limit}
CREATE OR REPLACE FUNCTION code_enrol(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  owner uuid := (call->>'memberId')::uuid;
  phone uuid := (call->>'deviceId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  PERFORM 1 FROM member m WHERE m.member_id = owner AND m.status = 'active' FOR NO KEY UPDATE;
  IF NOT FOUND THEN PERFORM refuse('SESSION_OVER'); END IF;
  INSERT INTO device_handle (handle, member_id, device_id, secret_sealed)
    VALUES (call->>'handle', owner, phone, decode(call->>'secretSealed', 'base64')) ON CONFLICT (handle) DO NOTHING;
  IF NOT FOUND THEN RETURN '{"taken": true}'; END IF;
  INSERT INTO device (member_id, device_id, handle, label, platform, created_at)
    VALUES (owner, phone, call->>'handle', call->>'label', call->>'platform', now_at);
  PERFORM code_end_device(owner, d.device_id, now_at) FROM (
    SELECT device_id FROM device WHERE member_id = owner AND revoked_at IS NULL AND device_id <> phone
      ORDER BY coalesce(last_used_at, created_at) DESC, device_id DESC OFFSET (call->>'limit')::int - 1) d;
  RETURN '{}';
END $$;

CREATE OR REPLACE FUNCTION code_end_device(owner uuid, phone uuid, now_at timestamptz) RETURNS void
LANGUAGE sql AS $$
  WITH ended AS (
    UPDATE device SET revoked_at = now_at WHERE member_id = owner AND device_id = phone AND revoked_at IS NULL RETURNING handle
  )
  UPDATE device_handle h SET revoked_at = now_at FROM ended WHERE h.handle = ended.handle
$$;

-- Ending a phone that has ended already changes nothing. {memberId, deviceId, at}
CREATE OR REPLACE FUNCTION code_revoke(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  owner uuid := (call->>'memberId')::uuid;
  phone uuid := (call->>'deviceId')::uuid;
BEGIN
  PERFORM 1 FROM member m WHERE m.member_id = owner FOR NO KEY UPDATE;
  PERFORM 1 FROM device d WHERE d.member_id = owner AND d.device_id = phone;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "device"}'); END IF;
  PERFORM code_end_device(owner, phone, (call->>'at')::timestamptz);
  RETURN '{}';
END $$;

-- Devices go with their owner; the handle keeps its secret and its spent steps. `own` are the survivor's, as for sessions.
CREATE OR REPLACE FUNCTION code_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  own jsonb;
  went jsonb;
  live int;
BEGIN
  SELECT jsonb_agg(device_id) INTO own FROM device WHERE member_id = dst AND revoked_at IS NULL;
  SELECT jsonb_agg(device_id), count(*) FILTER (WHERE revoked_at IS NULL) INTO went, live FROM device WHERE member_id = src;
  IF went IS NOT NULL THEN PERFORM code_move(src, dst, uuid_list(went)); END IF;
  RETURN CASE WHEN own IS NULL AND went IS NULL THEN '{}'
      ELSE jsonb_build_object('moved', jsonb_strip_nulls(jsonb_build_object('devices', went, 'own', own))) END
    || CASE WHEN live > 0 THEN jsonb_build_object('came', jsonb_build_object('devices', live)) ELSE '{}' END;
END $$;

CREATE OR REPLACE FUNCTION code_move(src uuid, dst uuid, phones uuid[]) RETURNS void
LANGUAGE sql AS $$
  WITH moving AS (UPDATE device SET member_id = dst WHERE member_id = src AND device_id = ANY (phones) RETURNING handle)
  UPDATE device_handle h SET member_id = dst FROM moving WHERE h.handle = moving.handle
$$;

-- Phones show the code of their own record again; one that began to show it since may be in the hand of either, and ends.
-- {from, to, at, moved}
CREATE OR REPLACE FUNCTION code_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  phones uuid[] := uuid_list(call->'moved'->'devices');
  live int;
  ended int;
BEGIN
  SELECT count(*) INTO live FROM device WHERE member_id = src AND device_id = ANY (phones) AND revoked_at IS NULL;
  PERFORM code_move(src, dst, phones);
  PERFORM code_end_device(src, device_id, (call->>'at')::timestamptz) FROM device
    WHERE member_id = src AND revoked_at IS NULL AND device_id <> ALL (uuid_list(call->'moved'->'own'));
  GET DIAGNOSTICS ended = ROW_COUNT;
  RETURN CASE WHEN live > 0 THEN jsonb_build_object('back', jsonb_build_object('devices', live)) ELSE '{}' END
    || CASE WHEN ended > 0 THEN jsonb_build_object('lost', jsonb_build_array(
      jsonb_build_object('kind', 'device_ended', 'why', 'since', 'count', ended))) ELSE '{}' END;
END $$;

-- Switches something on or off that is up to the member. {request, memberId, document, version, on, at} → {on}
CREATE OR REPLACE FUNCTION consent_set(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold((call->>'memberId')::uuid);
  INSERT INTO consent (member_id, document, version, granted_at, withdrawn_at)
    VALUES ((call->>'memberId')::uuid, call->>'document', call->>'version', now_at, CASE WHEN (call->>'on')::boolean THEN NULL ELSE now_at END)
    ON CONFLICT (member_id, document, version) DO UPDATE SET
      granted_at = CASE WHEN excluded.withdrawn_at IS NULL AND consent.withdrawn_at IS NOT NULL THEN now_at ELSE consent.granted_at END,
      withdrawn_at = CASE WHEN excluded.withdrawn_at IS NULL THEN NULL ELSE coalesce(consent.withdrawn_at, now_at) END;
  RETURN request_end(call->'request', jsonb_build_object('on', call->'on'));
END $$;

-- Whether what is shown may be chosen by what is known of a member; it is, until it was switched off.
CREATE OR REPLACE FUNCTION consent_personal(who uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT NOT EXISTS (SELECT 1 FROM consent WHERE member_id = who AND document = 'personal_offers' AND withdrawn_at IS NOT NULL)
$$;

-- Uses up a one-time link; false when it has been used. {command: as for request_end, whose requestId is the link's}
CREATE OR REPLACE FUNCTION export_spend(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  IF request_begin(call->'command') IS NOT NULL THEN RETURN '{"spent": false}'; END IF;
  PERFORM request_end(call->'command', '{}');
  RETURN '{"spent": true}';
END $$;

-- Coupons of two records that become two people again. Protects I-C1 (no coupon has two owners, none is usable twice) and I-ID4.

-- A record's own coupons go back as they are now; one that the survivor used since stays with the order it was used for and is
-- named. Limits count whom a coupon was granted to, so the counts go back whole. What was granted after the merge stays.
-- {from, to, at, moved} → {back, lost}
CREATE OR REPLACE FUNCTION coupon_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  moved jsonb := call->'moved';
  ids uuid[] := uuid_list(moved->'coupons');
  usable int;
  lost jsonb;
BEGIN
  PERFORM coupon_release_since(call, ids);
  WITH went AS (UPDATE coupon SET member_id = dst WHERE member_id = src AND coupon_id = ANY (ids)
      AND (state NOT IN ('used', 'held') OR moved->'bound'->>coupon_id::text = coalesce(order_id, hold_id)::text) RETURNING *)
  SELECT count(*) FILTER (WHERE state IN ('granted', 'held') AND expires_at >= now_at) INTO usable FROM went;
  SELECT jsonb_agg(jsonb_build_object('kind', 'coupon_used', 'why', 'used', 'title', t.title) ORDER BY t.title, c.coupon_id) INTO lost
    FROM coupon c JOIN coupon_template t USING (template_id) WHERE c.member_id = src AND c.coupon_id = ANY (ids);

  INSERT INTO coupon_quota (member_id, template_id, granted) SELECT dst, key, (value->>0)::int FROM jsonb_each(moved->'quotas');
  UPDATE coupon_quota held SET granted = greatest(held.granted - (value->>0)::int, 0) FROM jsonb_each(moved->'quotas')
    WHERE held.member_id = src AND held.template_id = key;
  DELETE FROM coupon_quota held USING jsonb_each(moved->'quotas')
    WHERE held.member_id = src AND held.template_id = key AND held.granted = 0 AND value->>1 IS NULL;
  RETURN jsonb_build_object('back', CASE WHEN usable > 0 THEN jsonb_build_object('coupons', usable) ELSE '{}' END,
    'lost', coalesce(lost, '[]'));
END $$;

-- Holds that were laid on these coupons since the merge and ran out: they are given up, as the next verb at a till would do.
CREATE OR REPLACE FUNCTION coupon_release_since(call jsonb, ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  held coupon;
BEGIN
  FOR held IN SELECT * FROM coupon WHERE member_id = (call->>'from')::uuid AND coupon_id = ANY (ids) AND state = 'held'
      AND (call->'moved'->'bound'->>coupon_id::text) IS DISTINCT FROM hold_id::text LOOP
    UPDATE order_hold SET state = 'released' WHERE member_id = held.member_id AND hold_id = held.hold_id AND state = 'live';
    PERFORM coupon_give_back(held, (call->>'at')::timestamptz);
  END LOOP;
END $$;

-- Gives back what coupon_void_of took for this reason: the source stands again. `held` names those that lay at a till beyond
-- their time, whose hold is still to be given up. What has ended since the merge is given back as it would be by now.
-- {memberId, kind, sourceId, at, mergedAt, reason, held: {couponId: [holdId, heldUntil]}} → {restored, ended: [title]}
CREATE OR REPLACE FUNCTION coupon_restore_of(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  answer jsonb;
BEGIN
  PERFORM ledger_claim(call, (SELECT 'coupon_restored:' || count(*) + 1 FROM effect
    WHERE kind = call->>'kind' AND source_id = call->>'sourceId' AND starts_with(part, 'coupon_restored')));
  WITH again AS (UPDATE coupon c SET state = CASE WHEN h.hold_id IS NULL THEN 'granted' ELSE 'held' END, hold_id = h.hold_id,
      held_until = CASE WHEN h.hold_id IS NOT NULL THEN (call->'held'->c.coupon_id::text->>1)::timestamptz END,
      voided_at = NULL, void_reason = NULL
    FROM coupon own LEFT JOIN order_hold h ON h.member_id = own.member_id AND h.state = 'live'
      AND h.hold_id = (call->'held'->own.coupon_id::text->>0)::uuid
    WHERE own.member_id = (call->>'memberId')::uuid AND own.effect_kind = call->>'kind' AND own.effect_source = call->>'sourceId'
      AND own.state = 'voided' AND own.void_reason = call->>'reason' AND c.member_id = own.member_id AND c.coupon_id = own.coupon_id
    RETURNING c.coupon_id, c.template_id, c.expires_at)
  SELECT jsonb_build_object('restored', count(*) FILTER (WHERE expires_at >= now_at), 'ended',
      coalesce(jsonb_agg(t.title ORDER BY t.title, coupon_id)
        FILTER (WHERE expires_at < now_at AND expires_at >= (call->>'mergedAt')::timestamptz), '[]'))
    INTO answer FROM again JOIN coupon_template t USING (template_id);
  RETURN answer;
END $$;

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
  IF own.total_limit IS NOT NULL THEN
    -- a look first, so that a crowd before an empty shelf does not queue for its row
    IF own.granted < own.total_limit THEN
      UPDATE coupon_template SET granted = granted + 1 WHERE template_id = own.template_id AND granted < total_limit;
    END IF;
    IF own.granted >= own.total_limit OR NOT FOUND THEN
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
-- is used all the same: the customer has paid. {memberId, holdId, orderId, at} → {couponId, title}, or NULL for a hold without one
CREATE OR REPLACE FUNCTION coupon_use(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own coupon;
BEGIN
  UPDATE coupon SET state = 'used', held_until = NULL, order_id = (call->>'orderId')::uuid, used_at = (call->>'at')::timestamptz
    WHERE member_id = (call->>'memberId')::uuid AND hold_id = (call->>'holdId')::uuid AND state = 'held' RETURNING * INTO own;
  IF NOT FOUND THEN RETURN NULL; END IF;
  RETURN jsonb_build_object('couponId', own.coupon_id, 'title', (SELECT title FROM coupon_template t WHERE t.template_id = own.template_id));
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

-- A hold was given up or ran out. {memberId, holdId, at} → {released}
CREATE OR REPLACE FUNCTION coupon_release(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own coupon;
BEGIN
  SELECT * INTO own FROM coupon WHERE member_id = (call->>'memberId')::uuid AND hold_id = (call->>'holdId')::uuid AND state = 'held' FOR UPDATE;
  IF NOT FOUND THEN RETURN '{"released": false}'; END IF;
  PERFORM coupon_give_back(own, coalesce((call->>'at')::timestamptz, own.held_until));
  RETURN '{"released": true}';
END $$;

-- An order came back whole: the coupon it used returns, the packet it was thanked with goes unless it was used. While
-- something of it is left, both stay. {memberId, orderId, at, leftFen?} → {coupon: {title, returned} | null, packet: {title, state} | null}
CREATE OR REPLACE FUNCTION coupon_return(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  own coupon;
  used jsonb;
  packet jsonb;
BEGIN
  IF (call->>'leftFen')::int > 0 THEN RETURN '{"coupon": null, "packet": null}'; END IF;
  SELECT * INTO own FROM coupon WHERE member_id = member AND order_id = (call->>'orderId')::uuid AND state = 'used' FOR UPDATE;
  IF FOUND THEN
    used := jsonb_build_object('title', (SELECT title FROM coupon_template t WHERE t.template_id = own.template_id),
      'returned', coupon_give_back(own, now_at));
  END IF;
  PERFORM coupon_void_of(call || jsonb_build_object('kind', 'order', 'sourceId', call->>'orderId', 'reason', 'order_returned'));
  SELECT jsonb_build_object('title', t.title, 'state', CASE c.state WHEN 'voided' THEN 'voided' ELSE 'used' END) INTO packet
    FROM coupon c JOIN coupon_template t USING (template_id)
    WHERE c.member_id = member AND c.effect_kind = 'order' AND c.effect_source = call->>'orderId';
  RETURN jsonb_build_object('coupon', used, 'packet', packet);
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

-- A coupon with its terms, as it travels.
CREATE OR REPLACE FUNCTION coupon_row(own coupon, terms coupon_template) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN jsonb_build_object('couponId', own.coupon_id, 'templateId', own.template_id, 'title', terms.title, 'kind', terms.kind,
    'amountOffFen', terms.amount_off_fen, 'payPercent', terms.pay_percent, 'maxOffFen', terms.max_off_fen,
    'thresholdFen', terms.threshold_fen, 'state', own.state, 'validFrom', iso_text(own.valid_from), 'expiresAt', iso_text(own.expires_at),
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
        'validDays', t.valid_days, 'validUntil', iso_text(t.valid_until), 'startsAt', iso_text(t.starts_at), 'endsAt', iso_text(t.ends_at),
        'totalLimit', t.total_limit, 'granted', t.granted, 'perPersonLimit', t.per_person_limit, 'grantedToMe', coalesce(q.granted, 0))
        ORDER BY t.template_id), '[]')
      FROM coupon_template t LEFT JOIN coupon_quota q ON q.member_id = me AND q.template_id = t.template_id
      WHERE t.claimable AND (t.ends_at IS NULL OR t.ends_at >= now_at) AND (t.valid_until IS NULL OR t.valid_until > now_at)));
END $$;

-- Leaving: asked, taken back, done when its day has come. What goes is each noun's own word (<noun>_erase, listed in
-- bff/src/registry.ts); what runs here walks that list in one transaction that holds every record of the person. Points and
-- growth go by transfer, so that the sums of the programme are as before (I-L1); trade records stay under the bare member id.

-- What stands in the way of leaving, each with a name. {memberId, at} → [{blocker}]
CREATE OR REPLACE FUNCTION cancellation_blockers(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('blocker', blocker)), '[]') FROM (
    SELECT 'job' AS blocker WHERE EXISTS (SELECT 1 FROM staff WHERE member_id = (call->>'memberId')::uuid AND ended_at IS NULL)
    UNION ALL SELECT 'live_hold' WHERE EXISTS (SELECT 1 FROM order_hold WHERE member_id = (call->>'memberId')::uuid
      AND state = 'live' AND expires_at > (call->>'at')::timestamptz)
    UNION ALL SELECT 'adjustment' WHERE EXISTS (SELECT 1 FROM adjustment WHERE member_id = (call->>'memberId')::uuid AND state = 'waiting')) named
$$;

-- How somebody stands who thinks of leaving: the latest application, what is in the way, what would be lost.
-- {memberId, at} → {application: {askedAt, dueAt, state, because} | null, blockers, losses}; NULL for who is gone or was merged
CREATE OR REPLACE FUNCTION cancellation_look(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM member m WHERE m.member_id = who AND m.status = 'active') THEN RETURN NULL; END IF;
  RETURN jsonb_build_object('blockers', cancellation_blockers(call),
    'application', (SELECT jsonb_build_object('askedAt', iso_text(asked_at), 'dueAt', iso_text(due_at), 'state', state, 'because', because)
      FROM cancellation WHERE member_id = who ORDER BY asked_at DESC LIMIT 1),
    'losses', (SELECT jsonb_build_object('points', a.available_points, 'pendingPoints', a.pending_points, 'debtPoints', a.debt_points,
        'growth', a.growth, 'tier', s.tier,
        'coupons', (SELECT count(*) FROM coupon c WHERE c.member_id = who AND c.state IN ('granted', 'held') AND c.expires_at > now_at),
        'honours', (SELECT count(*) FROM honour_held h WHERE h.member_id = who AND (h.expires_at IS NULL OR h.expires_at > now_at)),
        'redemptions', (SELECT coalesce(jsonb_agg(jsonb_build_object('title', r.title, 'ready', r.state = 'ready') ORDER BY r.redemption_id), '[]')
          FROM redemption r WHERE r.member_id = who AND r.state IN ('placed', 'ready')))
      FROM account a JOIN standing s USING (member_id) WHERE a.member_id = who));
END $$;

-- Asks to leave; who has asked already is answered the same. {request, memberId, at, dueAt} → {askedAt, dueAt}
-- Refuses CANCEL_BLOCKED {blocker}, BUSY, MEMBER_UNKNOWN.
CREATE OR REPLACE FUNCTION cancellation_ask(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  blockers jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold((call->>'memberId')::uuid);
  blockers := cancellation_blockers(call);
  IF blockers <> '[]' THEN PERFORM refuse('CANCEL_BLOCKED', blockers->0); END IF;
  RETURN request_end(call->'request', cancellation_open(call || '{"because": "member"}'));
END $$;

-- Writes the application down and tells the member until when it can be taken back. The member is held. {memberId, at, dueAt, because}
CREATE OR REPLACE FUNCTION cancellation_open(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  asked cancellation;
BEGIN
  INSERT INTO cancellation (member_id, asked_at, due_at, state, because)
    VALUES ((call->>'memberId')::uuid, (call->>'at')::timestamptz, (call->>'dueAt')::timestamptz, 'asked', call->>'because')
    ON CONFLICT DO NOTHING RETURNING * INTO asked;
  IF FOUND THEN
    PERFORM outbox_put(jsonb_build_object('memberId', asked.member_id, 'template', 'leaving', 'at', call->'at',
      'payload', jsonb_build_object('dueAt', iso_text(asked.due_at))));
  ELSE
    SELECT * INTO asked FROM cancellation WHERE member_id = (call->>'memberId')::uuid AND state = 'asked';
    -- asked and taken back within one millisecond
    IF NOT FOUND THEN PERFORM refuse('BUSY'); END IF;
  END IF;
  RETURN jsonb_build_object('askedAt', iso_text(asked.asked_at), 'dueAt', iso_text(asked.due_at));
END $$;

-- Takes the application back, until the moment in which it is carried out. {request, memberId, at} → {withdrawn}
CREATE OR REPLACE FUNCTION cancellation_withdraw(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold((call->>'memberId')::uuid);
  UPDATE cancellation SET state = 'withdrawn', ended_at = greatest(asked_at, (call->>'at')::timestamptz)
    WHERE member_id = (call->>'memberId')::uuid AND state = 'asked';
  RETURN request_end(call->'request', jsonb_build_object('withdrawn', FOUND));
END $$;

-- Carries one application out whose day has come. Run again, or by two workers at once, it finds nothing to do: the member's row is
-- the lock, and every verb of the member waits for it or comes before it.
-- {memberId, at, steps: [function names], smsHashes: [text], …} → {erased}; refuses CANCEL_BLOCKED for who is at a till or at work just now
CREATE OR REPLACE FUNCTION cancellation_erase(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  asked cancellation;
  blocker jsonb;
  step text;
  answer jsonb;
  lost jsonb := '{}';
BEGIN
  PERFORM 1 FROM member WHERE member_id = who OR merged_into = who ORDER BY member_id FOR UPDATE;
  SELECT * INTO asked FROM cancellation
    WHERE member_id = who AND state = 'asked' AND due_at <= (call->>'at')::timestamptz FOR UPDATE;
  IF NOT FOUND THEN RETURN '{"erased": false}'; END IF;
  -- a correction that came up meanwhile ends with the points it was about
  SELECT value INTO blocker FROM jsonb_array_elements(cancellation_blockers(call)) WHERE value->>'blocker' <> 'adjustment' LIMIT 1;
  IF blocker IS NOT NULL THEN PERFORM refuse('CANCEL_BLOCKED', blocker); END IF;
  -- every record that ever became this person
  call := call || jsonb_build_object('records', (SELECT jsonb_agg(member_id) FROM member WHERE member_id = who OR merged_into = who));
  FOR step IN SELECT value FROM jsonb_array_elements_text(call->'steps') LOOP
    EXECUTE format('SELECT %I($1)', step) INTO answer USING call;
    lost := lost || coalesce(answer, '{}');
  END LOOP;
  UPDATE cancellation SET state = 'done', ended_at = (call->>'at')::timestamptz, summary = lost
    WHERE member_id = who AND asked_at = asked.asked_at;
  RETURN '{"erased": true}';
END $$;

-- The ids of all records of the person who is erased.
CREATE OR REPLACE FUNCTION erase_records(call jsonb) RETURNS uuid[]
LANGUAGE sql IMMUTABLE AS $$ SELECT array_agg(value::uuid) FROM jsonb_array_elements_text(call->'records') $$;

-- The legal term of trade records is over: what was bought, exchanged and granted goes, and with it the last word that somebody
-- was here. The books stay, and say nothing of anybody. {memberId, before} → {purged}
CREATE OR REPLACE FUNCTION cancellation_purge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
BEGIN
  PERFORM 1 FROM member WHERE member_id = who AND status = 'cancelled' FOR UPDATE;
  IF NOT FOUND OR NOT EXISTS (SELECT 1 FROM cancellation
      WHERE member_id = who AND state = 'done' AND ended_at < (call->>'before')::timestamptz) THEN RETURN '{"purged": false}'; END IF;
  DELETE FROM purchase_return WHERE member_id = who;
  DELETE FROM purchase WHERE member_id = who;
  DELETE FROM redemption WHERE member_id = who;
  DELETE FROM coupon WHERE member_id = who;
  DELETE FROM gift_given WHERE member_id = who;
  DELETE FROM referral WHERE member_id = who;
  DELETE FROM adjustment WHERE member_id = who;
  DELETE FROM consent WHERE member_id = who;
  DELETE FROM cancellation WHERE member_id = who;
  RETURN '{"purged": true}';
END $$;

-- WeChat says that somebody took back what they had shown of themselves. {appid, openid, phone: boolean, name: boolean, at}
-- → {forgotten}: whether anybody here is known by that openid
CREATE OR REPLACE FUNCTION member_forget(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := member_of_openid(call);
BEGIN
  IF who IS NULL THEN RETURN '{"forgotten": false}'; END IF;
  IF (call->>'phone')::boolean THEN
    WITH gone AS (DELETE FROM identity WHERE member_id = who AND kind = 'phone' RETURNING *)
    INSERT INTO former_identity (member_id, kind, issuer, subject, ended_at, proven_at, first_at, because)
      SELECT who, kind, issuer, subject, (call->>'at')::timestamptz, proven_at, first_at, 'revoked' FROM gone;
    -- numbers of before, too: only that there was one is kept, not which
    UPDATE former_identity f SET subject_sealed = NULL FROM member m
      WHERE (m.member_id = who OR m.merged_into = who) AND f.member_id = m.member_id AND f.kind = 'phone' AND f.subject_sealed IS NOT NULL;
  END IF;
  IF (call->>'name')::boolean THEN
    UPDATE member SET name_sealed = NULL WHERE (member_id = who OR merged_into = who) AND name_sealed IS NOT NULL;
  END IF;
  RETURN '{"forgotten": true}';
END $$;

-- WeChat says that an account was closed: nobody comes in by it any more, and every place has to sign in anew. Whom no other way in
-- is left to is leaving. {appid, openid, at, dueAt} → {closed, leaving, sessions: [ids that ended]}
CREATE OR REPLACE FUNCTION member_close(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := member_of_openid(call);
  ended jsonb;
  leaving boolean;
BEGIN
  IF who IS NULL THEN RETURN '{"closed": false, "leaving": false, "sessions": []}'; END IF;
  DELETE FROM identity WHERE kind = 'wechat_openid' AND issuer = call->>'appid' AND subject = call->>'openid';
  -- what joins the accounts of one WeChat person says nothing without an account
  DELETE FROM identity WHERE member_id = who AND kind = 'wechat_unionid'
    AND NOT EXISTS (SELECT 1 FROM identity o WHERE o.member_id = who AND o.kind = 'wechat_openid');
  WITH gone AS (
    UPDATE session SET revoked_at = (call->>'at')::timestamptz, revoked_reason = 'closed'
      WHERE member_id = who AND revoked_at IS NULL RETURNING session_id)
  SELECT coalesce(jsonb_agg(session_id), '[]') INTO ended FROM gone;
  leaving := NOT EXISTS (SELECT 1 FROM identity WHERE member_id = who AND kind IN ('wechat_openid', 'phone'));
  IF leaving THEN PERFORM cancellation_open(call || jsonb_build_object('memberId', who, 'because', 'wechat')); END IF;
  RETURN jsonb_build_object('closed', true, 'leaving', leaving, 'sessions', ended);
END $$;

-- Whose openid this is, held; NULL for nobody here. BUSY when a merge has just taken it along.
CREATE OR REPLACE FUNCTION member_of_openid(call jsonb) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (SELECT member_id FROM identity WHERE kind = 'wechat_openid' AND issuer = call->>'appid' AND subject = call->>'openid');
BEGIN
  IF who IS NULL THEN RETURN NULL; END IF;
  PERFORM member_hold(who);
  IF NOT EXISTS (SELECT 1 FROM identity WHERE kind = 'wechat_openid' AND issuer = call->>'appid' AND subject = call->>'openid'
      AND member_id = who) THEN PERFORM refuse('BUSY'); END IF;
  RETURN who;
END $$;

-- Gifts of two records that become two people again. I-G1 is then each person's own: what was a second gift of one is a first.

-- What each had opened goes back to each; the gift that the merge superseded stands again, with its coupons, as many of its points
-- as were taken back for it, and the pick-ups that the mall, which comes before, could place again. {from, to, at, mergedAt,
-- graceDays, moved} → {back, restored, lost}
CREATE OR REPLACE FUNCTION gift_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  moved jsonb := call->'moved';
  own gift_given;
  coupons jsonb;
  back int;
BEGIN
  WITH went AS (UPDATE gift_given SET member_id = dst WHERE member_id = src AND given_id = ANY (uuid_list(moved->'gifts'))
      RETURNING given_id, state)
  SELECT count(*) FILTER (WHERE state = 'given' OR given_id::text = moved->'superseded'->>'givenId') INTO back FROM went;
  UPDATE gift_given SET state = 'given' WHERE member_id IN (src, dst) AND state = 'superseded'
    AND given_id = (moved->'superseded'->>'givenId')::uuid RETURNING * INTO own;
  IF own.given_id IS NOT NULL THEN
    -- coupons and points are still the survivor's here
    coupons := coupon_restore_of(call || jsonb_build_object('memberId', src, 'kind', 'gift', 'sourceId', own.given_id,
      'reason', 'gift_superseded', 'held', moved->'superseded'->'held'));
  END IF;
  RETURN jsonb_build_object('back', CASE WHEN back > 0 THEN jsonb_build_object('gifts', back) ELSE '{}' END)
    || CASE WHEN own.given_id IS NULL THEN '{}' ELSE jsonb_build_object(
      'restored', jsonb_build_array(jsonb_build_object('kind', 'gift_superseded',
        'title', (SELECT title FROM gift g WHERE g.gift_id = own.gift_id), 'coupons', coupons->'restored',
        'points', gift_give_points(own, call), 'pickups', (SELECT count(*) FROM redemption r
          WHERE r.member_id = own.member_id AND r.given_id = own.given_id AND r.state IN ('placed', 'ready')))),
      'lost', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'gift_coupon', 'why', 'expired', 'title', value)), '[]')
        FROM jsonb_array_elements(coupons->'ended'))) END;
END $$;

-- Gives the points of a gift that stands again back into their lot, which the survivor still has: all that was taken back for
-- it at the merge and since, also while the survivor itself was merged into another. → how many
CREATE OR REPLACE FUNCTION gift_give_points(own gift_given, call jsonb) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  holders uuid[] := ARRAY(SELECT merge_former(src));
  taken int;
BEGIN
  IF own.lot_id IS NULL THEN RETURN 0; END IF;
  SELECT coalesce(sum(CASE reason WHEN 'gift_returned' THEN amount ELSE -amount END), 0) INTO taken FROM transfer
    WHERE member_id = ANY (holders) AND effect_kind = 'gift' AND effect_source = own.given_id::text
      AND reason IN ('gift_returned', 'gift_restored');
  IF taken <= 0 THEN RETURN 0; END IF;
  RETURN (ledger_give_lot(jsonb_build_object('memberId', src, 'at', call->'at', 'kind', 'gift', 'sourceId', own.given_id,
    'originLotId', own.lot_id, 'points', taken, 'graceDays', call->'graceDays', 'reason', 'gift_restored',
    'detail', jsonb_build_object('title', (SELECT title FROM gift g WHERE g.gift_id = own.gift_id))))->>'given')::int;
END $$;

-- The new-member gift. Protects I-G1: one a person, by the unique index behind gift_given, also when two records that each
-- opened one become one person.

-- What a gift holds, as it is shown before it is opened.
CREATE OR REPLACE FUNCTION gift_contents(own gift) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT coalesce(jsonb_agg(pick || '{"kind": "pickup"}' ORDER BY n), '[]') FROM jsonb_array_elements(own.pickups) WITH ORDINALITY p (pick, n))
    || (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'coupon', 'templateId', t.template_id, 'title', t.title,
          'thresholdFen', t.threshold_fen, 'amountOffFen', t.amount_off_fen, 'validDays', t.valid_days) ORDER BY n), '[]')
        FROM jsonb_array_elements_text(own.coupon_templates) WITH ORDINALITY c (id, n) JOIN coupon_template t ON t.template_id = c.id)
    || CASE WHEN own.points > 0 THEN jsonb_build_array(jsonb_build_object('kind', 'points', 'points', own.points)) ELSE '[]' END;
END $$;

-- The gift that is given to who joins now.
CREATE OR REPLACE FUNCTION gift_running(at timestamptz) RETURNS SETOF gift
LANGUAGE sql STABLE AS $$
  SELECT * FROM gift WHERE kind = 'new_member' AND starts_at <= at AND (ends_at IS NULL OR ends_at >= at)
    ORDER BY starts_at DESC, gift_id LIMIT 1
$$;

CREATE OR REPLACE FUNCTION gift_json(own gift) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN jsonb_build_object('giftId', own.gift_id, 'title', own.title, 'joinWithinDays', own.join_within_days,
    'startsAt', iso_text(own.starts_at), 'endsAt', iso_text(own.ends_at), 'points', own.points, 'contents', gift_contents(own),
    'gone', coalesce(own.given >= own.stock, false) OR coalesce(own.points_given + own.points > own.points_budget, false));
END $$;

-- For guests: the gift, and the sealed name of whose link it came by. {at, link} → {gift, fromSealed}
CREATE OR REPLACE FUNCTION gift_preview(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN jsonb_build_object('gift', (SELECT gift_json(g) FROM gift_running((call->>'at')::timestamptz) g),
    'fromSealed', (SELECT encode(now_is.name_sealed, 'base64') FROM referral_link l JOIN member was USING (member_id)
      JOIN member now_is ON now_is.member_id = coalesce(was.merged_into, was.member_id)
      WHERE l.code = call->>'link' AND now_is.status = 'active'),
    'fromSomebody', EXISTS (SELECT 1 FROM referral_link l WHERE l.code = call->>'link'));
END $$;

-- What decides how a gift stands for a member: the one they opened, else the named one, else the one that runs.
-- {memberId, at, newAfterDays, giftId?} → {gift, given, newSince, boughtBefore, fromSealed, fromSomebody}
CREATE OR REPLACE FUNCTION gift_read(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
  since timestamptz := member_new_since(me);
  opened gift_given;
  inviter uuid;
BEGIN
  SELECT * INTO opened FROM gift_given WHERE member_id = me AND kind = 'new_member' AND state = 'given';
  SELECT inviter_id INTO inviter FROM referral r WHERE r.member_id = me AND r.state <> 'void';
  RETURN jsonb_build_object(
    'gift', CASE WHEN call ? 'giftId' OR opened.gift_id IS NOT NULL
      THEN (SELECT gift_json(g) FROM gift g WHERE g.gift_id = coalesce(call->>'giftId', opened.gift_id))
      ELSE (SELECT gift_json(g) FROM gift_running((call->>'at')::timestamptz) g) END,
    'given', CASE WHEN opened.gift_id IS NOT NULL
      THEN jsonb_build_object('giftId', opened.gift_id, 'openedAt', iso_text(opened.given_at), 'contents', opened.contents) END,
    'newSince', iso_text(since), 'boughtBefore', coalesce(order_bought_before(me, since, (call->>'newAfterDays')::int), false),
    'fromSealed', (SELECT encode(name_sealed, 'base64') FROM member m WHERE m.member_id = inviter AND m.status = 'active'),
    'fromSomebody', inviter IS NOT NULL);
END $$;

-- Opens the gift: points, coupons and pick-ups in one statement, once a person. The rule's answer travels with the facts it
-- was given for; facts that changed meanwhile (a merge) ask again. The shared rows come last.
-- {request, memberId, giftId, givenId, at, pointsEnd, newAfterDays, newSince, boughtBefore, refusal, along} → {openedAt, contents}
CREATE OR REPLACE FUNCTION gift_open(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  member uuid := (call->>'memberId')::uuid;
  since timestamptz;
  own gift;
  earned jsonb;
  held jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  SELECT * INTO own FROM gift WHERE gift_id = call->>'giftId' AND starts_at <= (call->>'at')::timestamptz;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "gift"}'); END IF;
  IF EXISTS (SELECT 1 FROM gift_given WHERE member_id = member AND kind = own.kind AND state = 'given') THEN PERFORM refuse('GIFT_TAKEN'); END IF;
  since := member_new_since(member);
  IF since IS DISTINCT FROM (call->>'newSince')::timestamptz
      OR coalesce(order_bought_before(member, since, (call->>'newAfterDays')::int), false) <> (call->>'boughtBefore')::boolean THEN
    PERFORM refuse('BUSY');
  END IF;
  IF call->'refusal' ? 'code' THEN PERFORM refuse(call->'refusal'->>'code', call->'refusal'->'detail'); END IF;

  INSERT INTO gift_given (member_id, given_id, gift_id, kind, state, contents, given_at)
    VALUES (member, (call->>'givenId')::uuid, own.gift_id, own.kind, 'given', '[]', (call->>'at')::timestamptz);
  earned := ledger_award(jsonb_build_object('memberId', member, 'at', call->'at', 'kind', 'gift', 'sourceId', call->>'givenId',
    'points', own.points, 'growth', 0, 'activeAt', call->'at', 'expiresAt', call->'pointsEnd', 'reason', 'gift',
    'detail', jsonb_build_object('title', own.title)));
  held := gift_give_coupons(call, own);
  held := gift_pickups(run_handlers(call->'along')) || held;
  IF own.points > 0 THEN
    held := held || jsonb_build_array(jsonb_build_object('kind', 'points', 'points', own.points, 'expiresAt', call->'pointsEnd'));
  END IF;
  UPDATE gift_given SET contents = held, lot_id = CASE WHEN own.points > 0 THEN (earned->>'lotId')::uuid END
    WHERE member_id = member AND given_id = (call->>'givenId')::uuid;
  held := jsonb_build_object('openedAt', call->'at', 'contents', held);
  held := request_end(call->'request', held);
  IF own.stock IS NOT NULL OR own.points_budget IS NOT NULL THEN
    UPDATE gift SET given = given + 1, points_given = points_given + own.points
      WHERE gift_id = own.gift_id AND (stock IS NULL OR given < stock)
        AND (points_budget IS NULL OR points_given + own.points <= points_budget);
    IF NOT FOUND THEN PERFORM refuse('GIFT_GONE'); END IF;
  END IF;
  RETURN held;
END $$;

-- One coupon of each template, in one order for everybody. A gift that is short of one is gone as a whole.
CREATE OR REPLACE FUNCTION gift_give_coupons(call jsonb, own gift) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  template record;
  made jsonb;
  held jsonb := '[]';
BEGIN
  FOR template IN SELECT id, n FROM jsonb_array_elements_text(own.coupon_templates) WITH ORDINALITY c (id, n) ORDER BY id, n LOOP
    made := coupon_grant(jsonb_build_object('memberId', call->'memberId', 'templateId', template.id, 'at', call->'at',
      'kind', 'gift', 'sourceId', call->>'givenId', 'part', template.n));
    IF made ? 'refused' THEN PERFORM refuse('GIFT_GONE'); END IF;
    held := held || jsonb_build_array(made || '{"kind": "coupon"}');
  END LOOP;
  RETURN held;
END $$;

-- The pick-ups that the mall placed along with the gift.
CREATE OR REPLACE FUNCTION gift_pickups(answers jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'pickup', 'redemptionId', placed->'redemptionId', 'title', placed->'title',
      'pickupBy', placed->'pickupBy') ORDER BY n), '[]')
    FROM jsonb_array_elements(coalesce(answers->'mall_place_gift', '[]')) WITH ORDINALITY a (placed, n)
$$;

-- Of two opened gifts the later one is superseded: its unused coupons and unspent points go, what was used stays recorded.
-- Its pick-ups are the mall's, which comes later in a merge.
-- {from, to, at} → {moved: {gifts: [id], superseded: {givenId, held}}, came, reversed}
CREATE OR REPLACE FUNCTION gift_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  later gift_given;
  gifts jsonb;
  opened int;
  gone jsonb;
BEGIN
  SELECT * INTO later FROM gift_given
    WHERE member_id IN (src, dst) AND kind = 'new_member' AND state = 'given' ORDER BY given_at, given_id OFFSET 1 LIMIT 1;
  IF FOUND THEN
    UPDATE gift_given SET state = 'superseded' WHERE member_id = later.member_id AND given_id = later.given_id;
  END IF;
  WITH went AS (UPDATE gift_given SET member_id = dst WHERE member_id = src RETURNING given_id, state)
  SELECT jsonb_agg(given_id), count(*) FILTER (WHERE state = 'given' OR given_id = later.given_id) INTO gifts, opened FROM went;
  IF later.given_id IS NOT NULL THEN
    later.member_id := dst;
    gone := gift_supersede(call, later);
  END IF;
  IF gifts IS NULL AND gone IS NULL THEN RETURN '{}'; END IF;
  RETURN jsonb_build_object('moved', jsonb_strip_nulls(jsonb_build_object('gifts', gifts, 'superseded', gone->'journal')),
    'came', CASE WHEN opened > 0 THEN jsonb_build_object('gifts', opened) ELSE '{}' END,
    'reversed', CASE WHEN gone IS NULL THEN '[]' ELSE jsonb_build_array(gone->'said') END);
END $$;

-- Takes back what a superseded gift still holds. → {journal, said}
CREATE OR REPLACE FUNCTION gift_supersede(call jsonb, own gift_given) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  usable int;
  held jsonb;
  waiting int;
BEGIN
  SELECT count(*) FILTER (WHERE expires_at >= now_at),
      jsonb_object_agg(coupon_id, jsonb_build_array(hold_id, iso_text(held_until))) FILTER (WHERE state = 'held')
    INTO usable, held FROM coupon WHERE member_id = own.member_id AND effect_kind = 'gift' AND effect_source = own.given_id::text
      AND (state = 'granted' OR (state = 'held' AND held_until <= now_at));
  SELECT count(*) INTO waiting FROM redemption WHERE member_id IN ((call->>'from')::uuid, own.member_id)
    AND given_id = own.given_id AND state IN ('placed', 'ready');
  PERFORM coupon_void_of(jsonb_build_object('memberId', own.member_id, 'kind', 'gift', 'sourceId', own.given_id, 'at', call->'at',
    'reason', 'gift_superseded'));
  RETURN jsonb_build_object('journal', jsonb_strip_nulls(jsonb_build_object('givenId', own.given_id, 'held', held)),
    'said', jsonb_build_object('kind', 'gift_superseded', 'title', (SELECT title FROM gift g WHERE g.gift_id = own.gift_id),
      'coupons', usable, 'points', gift_take_one(own, call), 'pickups', waiting));
END $$;

-- Takes back what superseded gifts' points have come to hold: at the merge, and when an exchange they paid for is undone
-- later. {memberId, at}
CREATE OR REPLACE FUNCTION gift_take_back(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM gift_take_one(given, call) FROM gift_given given WHERE given.member_id = (call->>'memberId')::uuid AND given.state = 'superseded';
END $$;

-- → how many points of one gift were taken back
CREATE OR REPLACE FUNCTION gift_take_one(own gift_given, call jsonb) RETURNS int
LANGUAGE plpgsql AS $$
BEGIN
  IF own.lot_id IS NULL THEN RETURN 0; END IF;
  RETURN (ledger_take_lot(jsonb_build_object('memberId', own.member_id, 'at', call->'at', 'kind', 'gift', 'sourceId', own.given_id,
    'originLotId', own.lot_id, 'reason', 'gift_returned',
    'detail', jsonb_build_object('title', (SELECT title FROM gift g WHERE g.gift_id = own.gift_id))))->>'taken')::int;
END $$;

-- All that the home screen reads, in one round trip; nothing is decided here but what is still to be had.
-- {memberId, at, newAfterDays, windowMonths, tierWarnDays} → {member, account, standing, lots, claim, phones, devices, gift, coupons, pickups,
-- undertaken, released, taken, personal, rightsOwn, shareCode}; no member for one that was merged away.
CREATE OR REPLACE FUNCTION home_show(call jsonb) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  RETURN json_build_object(
    'member', (SELECT json_build_object('memberNo', m.member_no, 'nameSealed', encode(m.name_sealed, 'base64'))
      FROM member m WHERE m.member_id = me AND m.status = 'active'),
    'account', (SELECT json_build_object('availablePoints', a.available_points, 'pendingPoints', a.pending_points,
        'debtPoints', a.debt_points, 'growth', a.growth) FROM account a WHERE a.member_id = me),
    -- what counts on a tier's last day is looked up only when that is near
    'standing', (SELECT json_build_object('tier', s.tier, 'validUntil', s.valid_until, 'countsAtEnd', CASE
        WHEN s.tier > 1 AND s.valid_until < now_at + make_interval(days => (call->>'tierWarnDays')::int + 1)
        THEN tier_counts_at(me, s.valid_until, (call->>'windowMonths')::int) END) FROM standing s WHERE s.member_id = me),
    'lots', (SELECT coalesce(json_agg(live), '[]') FROM (
      SELECT l.state, l.remaining, l.active_at AS "activeAt", l.expires_at AS "expiresAt" FROM lot l
        WHERE l.member_id = me AND l.remaining > 0 ORDER BY l.expires_at, l.lot_id LIMIT 100) live),
    'claim', (SELECT json_build_object('claimId', c.claim_id, 'points', h.available_points + h.pending_points)
      FROM claim c JOIN account h ON h.member_id = c.holder_id
      WHERE c.member_id = me AND c.settled_at IS NULL AND c.tries_left > 0 AND c.expires_at > now_at
      ORDER BY c.claim_id DESC LIMIT 1),
    'phones', (SELECT count(*) FROM identity i WHERE i.member_id = me AND i.kind = 'phone'),
    'devices', (SELECT count(*) FROM device d WHERE d.member_id = me),
    'gift', home_gift(me, now_at, (call->>'newAfterDays')::int),
    'coupons', (SELECT coalesce(json_agg(own), '[]') FROM (
      SELECT t.title, c.expires_at AS "expiresAt", c.valid_from AS "validFrom" FROM coupon c JOIN coupon_template t USING (template_id)
        WHERE c.member_id = me AND c.state IN ('granted', 'held') AND c.expires_at > now_at
        ORDER BY c.expires_at, c.coupon_id LIMIT 100) own),
    'pickups', (SELECT coalesce(json_agg(own), '[]') FROM (
      SELECT r.redemption_id AS "redemptionId", r.title, r.state, r.pickup_by AS "pickupBy" FROM redemption r
        WHERE r.member_id = me AND r.state IN ('placed', 'ready') ORDER BY r.pickup_by, r.redemption_id LIMIT 50) own),
    'undertaken', (SELECT coalesce(json_agg(own), '[]') FROM (
      SELECT o.obligation_id AS "obligationId", o.title, o.target, i.progress, o.ends_at AS "endsAt",
          o.reward_points AS "rewardPoints", h.name AS "honourName"
        FROM obligation_instance i JOIN obligation o USING (obligation_id) LEFT JOIN honour h USING (honour_id)
        WHERE i.member_id = me AND i.state IN ('accepted', 'in_progress') AND o.ends_at > now_at LIMIT 50) own),
    'released', (SELECT coalesce(json_agg(paid), '[]') FROM (
      SELECT r.points, r.settled_at AS at, encode(f.name_sealed, 'base64') AS "nameSealed"
        FROM referral r JOIN member f ON f.member_id = r.member_id
        WHERE r.inviter_id = me AND r.state = 'released' AND r.settled_at > now_at - interval '3 days'
        ORDER BY r.settled_at DESC LIMIT 1) paid),
    'taken', (SELECT coalesce(json_object_agg(q.reward_id, q.taken), '{}') FROM (
      SELECT reward_id, taken FROM reward_quota WHERE member_id = me LIMIT 200) q),
    'personal', consent_personal(me),
    'rightsOwn', right_own(me, now_at),
    'shareCode', (SELECT l.code FROM referral_link l WHERE l.member_id = me ORDER BY l.created_at, l.code LIMIT 1));
END $$;

-- What decides whether the running gift is open for somebody; NULL when they have had it or joined too long ago to ask.
CREATE OR REPLACE FUNCTION home_gift(me uuid, now_at timestamptz, new_after_days int) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  own gift;
  since timestamptz;
BEGIN
  SELECT * INTO own FROM gift_running(now_at);
  IF NOT FOUND OR EXISTS (SELECT 1 FROM gift_given g WHERE g.member_id = me AND g.kind = own.kind AND g.state = 'given') THEN
    RETURN NULL;
  END IF;
  since := member_new_since(me);
  IF since IS NULL OR since + make_interval(days => own.join_within_days + 1) < now_at THEN RETURN NULL; END IF;
  RETURN json_build_object('giftId', own.gift_id, 'title', own.title, 'joinWithinDays', own.join_within_days,
    'startsAt', own.starts_at, 'endsAt', own.ends_at, 'newSince', since,
    'boughtBefore', order_bought_before(me, since, new_after_days),
    'gone', coalesce(own.given >= own.stock, false) OR coalesce(own.points_given + own.points > own.points_budget, false));
END $$;

-- The rewards on the shelf with what is left of each; the same for everybody. {at}
CREATE OR REPLACE FUNCTION home_shelf(call jsonb) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT coalesce(json_agg(shelf), '[]') FROM (
    SELECT r.reward_id AS "rewardId", r.title, r.art, r.points, r.tier_gate AS "tierGate", r.per_person_limit AS "perPersonLimit",
        r.public_at AS "publicAt", r.early_hours AS "earlyHours", r.ends_at AS "endsAt", mall_left(r) AS left
      FROM reward r WHERE r.listed AND (r.ends_at IS NULL OR r.ends_at > (call->>'at')::timestamptz)
      ORDER BY r.position, r.reward_id LIMIT 200) shelf);
END $$;

-- Taking in the members of another system. What a file's lines say is judged on the server; here a batch of some hundred lines is
-- looked up in one call and its new people are written set by set, since one call a person would take hours for a million.
-- Protects: I-L1, I-L2 (accounts hold what the lots and transfers say), I-L5 (each line claims its effect: once for ever).

-- The key that names lines, sealed: the one there is, else the given one. {sealed (base64)} → {sealed}
CREATE OR REPLACE FUNCTION import_secret(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO import_key (id, secret_sealed) VALUES (1, decode(call->>'sealed', 'base64')) ON CONFLICT DO NOTHING;
  RETURN jsonb_build_object('sealed', (SELECT encode(secret_sealed, 'base64') FROM import_key));
END $$;

-- What is known of a batch, whose proofs are locked. The plans are kept while the tables grow from nothing to millions of rows, so
-- nothing is left to them: each look-up is one search of an index. {sources: [text], proofs: [{kind, issuer, subject}], numbers: [text]}
-- → {done: {source: figures}, holders: [{memberId, status, joinedAt, lastActiveAt, identities}], apart: [[id, id]], numbers: {no: id}}
CREATE OR REPLACE FUNCTION import_look(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
DECLARE
  ids uuid[] := ARRAY(SELECT DISTINCT hit.member_id FROM jsonb_to_recordset(call->'proofs') AS p(kind text, issuer text, subject text)
    CROSS JOIN LATERAL (SELECT i.member_id FROM identity i
      WHERE i.kind = p.kind AND i.issuer = p.issuer AND i.subject = p.subject OFFSET 0) hit);
BEGIN
  RETURN jsonb_build_object(
    'done', (SELECT coalesce(jsonb_object_agg(hit.source_id, hit.figures), '{}') FROM jsonb_array_elements_text(call->'sources') s
      CROSS JOIN LATERAL (SELECT e.source_id, coalesce((SELECT t.detail->>'figures' FROM transfer t WHERE t.member_id = e.member_id
          AND t.effect_kind = 'import' AND t.effect_source = e.source_id LIMIT 1), '') AS figures
        FROM effect e WHERE e.kind = 'import' AND e.source_id = s.value AND e.part = 'award' OFFSET 0) hit),
    'holders', (SELECT coalesce(jsonb_agg(jsonb_build_object('memberId', m.member_id, 'status', m.status, 'joinedAt', iso_text(m.joined_at),
          'lastActiveAt', iso_text(m.last_active_at), 'identities', (SELECT jsonb_agg(jsonb_build_object('kind', i.kind, 'issuer', i.issuer,
            'subject', i.subject, 'provenAt', iso_text(i.proven_at))) FROM identity i WHERE i.member_id = m.member_id))), '[]')
        FROM member m WHERE m.member_id = ANY (ids)),
    'apart', (SELECT coalesce(jsonb_agg(jsonb_build_array(k.member_id, k.other_id)), '[]') FROM kept_apart k
        WHERE k.member_id = ANY (ids) AND k.other_id = ANY (ids)),
    'numbers', (SELECT coalesce(jsonb_object_agg(hit.member_no, hit.member_id), '{}') FROM jsonb_array_elements_text(call->'numbers') s
      CROSS JOIN LATERAL (SELECT n.member_no, n.member_id FROM member_no n WHERE n.member_no = s.value::bpchar OFFSET 0) hit));
END $$;

-- Writes people that nobody knows yet, as the old system knew them: no consent, no WeChat, silent since they were last seen there.
-- {at, validUntil, openSteps (each has a form for many, <noun>_open_many), people: [{memberId, memberNo, nameSealed, joinedAt, activeAt, birthMonth, birthDay, points, growth, tier,
-- reviewAt}], and what import_post wants}
CREATE OR REPLACE FUNCTION import_people(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  valid timestamptz := (call->>'validUntil')::timestamptz;
  step text;
BEGIN
  INSERT INTO member (member_id, member_no, name_sealed, joined_at, last_active_at, join_channel, birth_month, birth_day)
    SELECT "memberId", "memberNo", decode("nameSealed", 'base64'), "joinedAt", "activeAt", 'import', "birthMonth", "birthDay"
      FROM jsonb_to_recordset(call->'people') AS p("memberId" uuid, "memberNo" text, "nameSealed" text, "joinedAt" timestamptz,
        "activeAt" timestamptz, "birthMonth" int, "birthDay" int);
  INSERT INTO account (member_id, available_points, growth)
    SELECT "memberId", points, growth FROM jsonb_to_recordset(call->'people') AS p("memberId" uuid, points int, growth int);
  INSERT INTO standing (member_id, tier, since, valid_until, review_at)
    SELECT "memberId", tier, now_at, valid, coalesce("reviewAt", tier_never())
      FROM jsonb_to_recordset(call->'people') AS p("memberId" uuid, tier int, "reviewAt" timestamptz);
  INSERT INTO tier_change (member_id, change_id, before, after, reason, growth, at)
    SELECT "memberId", uuid_v7(now_at), 1, tier, 'imported', growth, now_at
      FROM jsonb_to_recordset(call->'people') AS p("memberId" uuid, tier int, growth int) WHERE tier > 1;
  PERFORM import_post(call);
  FOR step IN SELECT value FROM jsonb_array_elements_text(call->'openSteps') LOOP
    EXECUTE format('SELECT %I($1)', step || '_many') USING call;
  END LOOP;
  RETURN '{}';
END $$;

-- What lines bring, new people's and others': what they are known by, their tags, and the ledger's rows with the claim of each line.
-- {at, effects: [{memberId, source}], identities: [{memberId, kind, issuer, subject, sealed, at}], numbers: [{memberId, memberNo}],
-- tags: [{memberId, tag}], lots: [{memberId, lotId, points, expiresAt, source, figures}], growth: [{memberId, amount, earnedAt, source, figures}]}
CREATE OR REPLACE FUNCTION import_post(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  INSERT INTO effect (kind, source_id, part, member_id, at)
    SELECT 'import', source, 'award', "memberId", now_at FROM jsonb_to_recordset(call->'effects') AS e("memberId" uuid, source text);
  INSERT INTO identity (kind, issuer, subject, member_id, subject_sealed, proven_at, first_at)
    SELECT kind, issuer, subject, "memberId", decode(sealed, 'base64'), at, at
      FROM jsonb_to_recordset(call->'identities') AS i("memberId" uuid, kind text, issuer text, subject text, sealed text, at timestamptz);
  INSERT INTO member_no (member_no, member_id)
    SELECT "memberNo", "memberId" FROM jsonb_to_recordset(call->'numbers') AS n("memberId" uuid, "memberNo" text);
  INSERT INTO member_tag (member_id, tag, at)
    SELECT "memberId", tag, now_at FROM jsonb_to_recordset(call->'tags') AS t("memberId" uuid, tag text) ON CONFLICT DO NOTHING;
  INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
    SELECT "memberId", "lotId", "lotId", 'active', points, points, now_at, "expiresAt", 'import', source
      FROM jsonb_to_recordset(call->'lots') AS l("memberId" uuid, "lotId" uuid, points int, "expiresAt" timestamptz, source text);
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, effect_kind, effect_source, at)
    SELECT "memberId", uuid_v7(now_at), 'points', 'programme:issued', 'member:available', points, 'imported',
        jsonb_build_object('expiresAt', "expiresAt", 'figures', figures), "lotId", 'import', source, now_at
      FROM jsonb_to_recordset(call->'lots') AS l("memberId" uuid, "lotId" uuid, points int, "expiresAt" text, source text, figures text)
    UNION ALL
    SELECT "memberId", uuid_v7(now_at), 'growth', 'programme:issued', 'member:growth', amount, 'imported',
        jsonb_strip_nulls(jsonb_build_object('earnedAt', "earnedAt", 'figures', figures)), NULL, 'import', source, now_at
      FROM jsonb_to_recordset(call->'growth') AS g("memberId" uuid, amount int, "earnedAt" text, source text, figures text);
END $$;

-- A line of somebody who is known: brings what it brings, raises a tier, fills in what nobody has said yet. Being on a list is no
-- visit: they stay as silent as they were. {memberId, at, validUntil, ladder, windowMonths, warnDays, points, growing, tier,
-- reviewAt, nameSealed, birthMonth, birthDay, activeAt, and what import_post wants}
CREATE OR REPLACE FUNCTION import_known(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  reached int := (call->>'tier')::int;
  own account;
  held int;
BEGIN
  PERFORM member_hold(who);
  UPDATE account SET available_points = available_points + (call->>'points')::int, growth = account.growth + (call->>'growing')::int
    WHERE member_id = who RETURNING * INTO own;
  PERFORM import_post(call);
  IF own.debt_points > 0 THEN
    PERFORM ledger_pay_debt(who, lot_id, now_at) FROM (SELECT lot_id FROM lot JOIN jsonb_to_recordset(call->'lots') AS l("lotId" uuid)
      ON lot_id = "lotId" WHERE member_id = who ORDER BY expires_at, lot_id) brought;
  END IF;
  PERFORM tier_raise(call || jsonb_build_object('growth', own.growth));
  SELECT tier INTO held FROM standing WHERE member_id = who;
  IF reached > held THEN
    UPDATE standing SET tier = reached, since = now_at, valid_until = (call->>'validUntil')::timestamptz, warned_of = NULL WHERE member_id = who;
    PERFORM tier_note(who, held, reached, 'imported', own.growth, now_at);
  END IF;
  UPDATE standing SET review_at = least(review_at, (call->>'reviewAt')::timestamptz) WHERE member_id = who;
  UPDATE member SET name_sealed = coalesce(name_sealed, decode(call->>'nameSealed', 'base64')),
      birth_month = coalesce(birth_month, (call->>'birthMonth')::int),
      birth_day = CASE WHEN birth_month IS NULL THEN (call->>'birthDay')::int ELSE birth_day END,
      last_active_at = greatest(last_active_at, (call->>'activeAt')::timestamptz) WHERE member_id = who;
  RETURN '{}';
END $$;

-- Which keys the house seals with while they rotate. Whoever looks a phone up in order to write holds the lock 'house_key'
-- shared, and a key begins and ends under it alone: so no two servers ever write one phone under keys that they do not both know.

-- What a server brings at its start, or the rotation before it begins. Says what is wrong and then changes nothing.
-- {current, keys: [{number, check}], at, begin: whether the current key is in use from now on} → {problem, number} or {}
CREATE OR REPLACE FUNCTION key_open(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  found jsonb;
  mine smallint := (call->>'current')::smallint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('house_key', 2));
  SELECT jsonb_build_object('problem', problem, 'number', number) INTO found FROM (
    SELECT 1 AS rank, 'another' AS problem, number FROM house_key JOIN jsonb_to_recordset(call->'keys') AS given(number smallint, "check" text)
      USING (number) WHERE check_hash IS NOT NULL AND check_hash <> "check"
    UNION ALL SELECT 2, 'ended', number FROM house_key WHERE number = mine AND ended_at IS NOT NULL
    UNION ALL SELECT 3, 'missing', number FROM house_key WHERE used_from IS NOT NULL AND ended_at IS NULL
      AND NOT call->'keys' @> jsonb_build_array(jsonb_build_object('number', number))
    UNION ALL SELECT 4, 'unused', mine WHERE NOT coalesce((call->>'begin')::boolean, false)
      AND NOT EXISTS (SELECT 1 FROM house_key WHERE number = mine AND used_from IS NOT NULL)) wrong
    ORDER BY rank, number LIMIT 1;
  IF found IS NOT NULL THEN RETURN found; END IF;
  INSERT INTO house_key AS known (number, check_hash)
    SELECT number, "check" FROM jsonb_to_recordset(call->'keys') AS given(number smallint, "check" text)
    ON CONFLICT (number) DO UPDATE SET check_hash = excluded.check_hash WHERE known.check_hash IS NULL;
  UPDATE house_key SET used_from = (call->>'at')::timestamptz WHERE number = mine AND used_from IS NULL;
  RETURN '{}';
END $$;

-- From now on nothing may be sealed with these keys. Waits for everybody who is just doing so. {numbers, at}
CREATE OR REPLACE FUNCTION key_end(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('house_key', 2));
  UPDATE house_key SET used_from = coalesce(used_from, (call->>'at')::timestamptz), ended_at = greatest(used_from, (call->>'at')::timestamptz)
    WHERE call->'numbers' @> to_jsonb(number) AND ended_at IS NULL;
  RETURN '{}';
END $$;

-- Whoever is about to write a phone: refused when somebody else may write it under a key that this server does not know, or this
-- one under a key that has not begun or has ended. Loudly, for it is a wrong setting. {current, numbers}; NULL from a server that knows one key only
CREATE OR REPLACE FUNCTION key_guard(ring jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  own jsonb := coalesce(ring, '{"current": 1, "numbers": [1]}');
  mine smallint := (own->>'current')::smallint;
  wrong smallint;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('house_key', 2));
  SELECT coalesce(min(number) FILTER (WHERE ended_at IS NULL AND NOT own->'numbers' @> to_jsonb(number)),
      CASE WHEN NOT bool_or(number = mine AND ended_at IS NULL) THEN mine END)
    INTO wrong FROM house_key WHERE used_from IS NOT NULL;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'HY003', MESSAGE = format('key %s of the house and the MASTER_KEY of this server do not fit', wrong);
  END IF;
END $$;

-- While keys rotate: brings what is known of a phone under the writer's key. Its row is locked by it, so that the rotation
-- does not move it meanwhile. [{subject, others: [the phone under the other keys], sealed (base64)}]
CREATE OR REPLACE FUNCTION key_bring(phones jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  phone jsonb;
  all_of text[];
BEGIN
  FOR phone IN SELECT value FROM jsonb_array_elements(coalesce(phones, '[]')) LOOP
    all_of := ARRAY[phone->>'subject'] || ARRAY(SELECT jsonb_array_elements_text(phone->'others'));
    UPDATE identity SET subject = phone->>'subject', subject_sealed = decode(phone->>'sealed', 'base64')
      WHERE kind = 'phone' AND issuer = '' AND subject = ANY (all_of);
    UPDATE former_identity SET subject = phone->>'subject', subject_sealed = decode(phone->>'sealed', 'base64')
      WHERE kind = 'phone' AND issuer = '' AND subject = ANY (all_of);
  END LOOP;
END $$;

-- For what compares hashes without knowing what was hashed: BUSY while two keys are in use.
CREATE OR REPLACE FUNCTION key_settled() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('house_key', 2));
  IF (SELECT count(*) FROM house_key WHERE used_from IS NOT NULL AND ended_at IS NULL) > 1 THEN PERFORM refuse('BUSY'); END IF;
END $$;

-- Nothing is sealed with a key that has ended: it may be gone tomorrow.
CREATE OR REPLACE FUNCTION key_keep() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  seal bytea;
BEGIN
  IF TG_TABLE_NAME = 'member' THEN seal := NEW.name_sealed;
  ELSIF TG_TABLE_NAME IN ('identity', 'former_identity') THEN seal := NEW.subject_sealed;
  ELSIF TG_TABLE_NAME = 'device_handle' THEN seal := NEW.secret_sealed;
  ELSIF TG_TABLE_NAME = 'wechat_token' THEN seal := NEW.token_sealed;
  ELSIF TG_TABLE_NAME = 'import_key' THEN seal := NEW.secret_sealed;
  ELSE seal := NEW.sealed; END IF;
  IF seal IS NULL THEN RETURN NEW; END IF;
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('house_key', 2));
  IF EXISTS (SELECT 1 FROM house_key WHERE number = get_byte(seal, 0) AND ended_at IS NOT NULL) THEN
    RAISE EXCEPTION USING ERRCODE = 'HY003',
      MESSAGE = format('nothing is sealed with key %s any more: this server needs the MASTER_KEY of the house', get_byte(seal, 0));
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER member_key_keep BEFORE INSERT OR UPDATE OF name_sealed ON member
  FOR EACH ROW EXECUTE FUNCTION key_keep();
CREATE OR REPLACE TRIGGER identity_key_keep BEFORE INSERT OR UPDATE OF subject_sealed ON identity
  FOR EACH ROW EXECUTE FUNCTION key_keep();
CREATE OR REPLACE TRIGGER former_identity_key_keep BEFORE INSERT OR UPDATE OF subject_sealed ON former_identity
  FOR EACH ROW EXECUTE FUNCTION key_keep();
CREATE OR REPLACE TRIGGER device_handle_key_keep BEFORE INSERT OR UPDATE OF secret_sealed ON device_handle
  FOR EACH ROW EXECUTE FUNCTION key_keep();
CREATE OR REPLACE TRIGGER wechat_token_key_keep BEFORE INSERT OR UPDATE OF token_sealed ON wechat_token
  FOR EACH ROW EXECUTE FUNCTION key_keep();
CREATE OR REPLACE TRIGGER reward_code_key_keep BEFORE INSERT OR UPDATE OF sealed ON reward_code
  FOR EACH ROW EXECUTE FUNCTION key_keep();
CREATE OR REPLACE TRIGGER import_key_key_keep BEFORE INSERT OR UPDATE OF secret_sealed ON import_key
  FOR EACH ROW EXECUTE FUNCTION key_keep();

-- Corrections by hand. Protects: I-L3 (what is not there becomes visible debt), I-L5 (each adjustment claims its effect),
-- the limit of what one operator moves alone (a conditional write, its CHECK behind it) and that nobody agrees with
-- themselves.

-- Gives or takes points by hand. More: one new lot that is active at once and pays what is owed first. Fewer: active lots, the
-- earliest end first, then visible debt. {memberId, at, kind, sourceId, points (signed), expiresAt, reason, detail}
-- → {available, debt: what this one left owed, lotId: the new lot or null}, or NULL when this source has had its effect.
CREATE OR REPLACE FUNCTION ledger_adjust(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own account := ledger_hold((call->>'memberId')::uuid, (call->>'at')::timestamptz);
  points int := (call->>'points')::int;
  lot uuid;
  owed int := 0;
BEGIN
  IF NOT ledger_claim(call, 'adjust') THEN RETURN NULL; END IF;
  IF points > 0 THEN lot := ledger_adjust_up(call, points); ELSE owed := ledger_adjust_down(call, -points); END IF;
  SELECT * INTO own FROM account WHERE member_id = own.member_id;
  RETURN jsonb_build_object('available', own.available_points, 'debt', owed, 'lotId', lot);
END $$;

-- The account row is held already. → the new lot
CREATE OR REPLACE FUNCTION ledger_adjust_up(call jsonb, points int) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  new_lot uuid := uuid_v7(now_at);
BEGIN
  INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
    VALUES (member, new_lot, new_lot, 'active', points, points, now_at, (call->>'expiresAt')::timestamptz, call->>'kind', call->>'sourceId');
  UPDATE account SET available_points = available_points + points WHERE member_id = member;
  PERFORM ledger_move(call, 'points', 'programme:adjusted', 'member:available', points, new_lot, call->>'reason');
  PERFORM ledger_pay_debt(member, new_lot, now_at);
  RETURN new_lot;
END $$;

-- The account row is held already. → what the lots did not hold and is owed now
CREATE OR REPLACE FUNCTION ledger_adjust_down(call jsonb, points int) RETURNS int
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  owed int := points;
  giving lot;
  part int;
BEGIN
  FOR giving IN SELECT * FROM lot WHERE member_id = member AND state = 'active' AND remaining > 0 ORDER BY expires_at, lot_id LOOP
    EXIT WHEN owed = 0;
    part := least(owed, giving.remaining);
    UPDATE lot SET remaining = remaining - part WHERE member_id = member AND lot_id = giving.lot_id;
    PERFORM ledger_move(call, 'points', 'member:available', 'programme:adjusted', part, giving.lot_id, call->>'reason');
    owed := owed - part;
  END LOOP;
  IF owed > 0 THEN PERFORM ledger_move(call, 'points', 'member:debt', 'programme:adjusted', owed, NULL, call->>'reason'); END IF;
  UPDATE account SET available_points = available_points - (points - owed), debt_points = debt_points + owed WHERE member_id = member;
  RETURN owed;
END $$;

-- Proposes a correction; what the operator may still move alone today is done at once. The conditional write to the day
-- decides between many at once; nobody moves their own points alone.
-- {request, staffId, memberId, adjustmentId, points, reason, note, day, aloneLimit, titles, expiresAt, at} → adjustment
CREATE OR REPLACE FUNCTION adjustment_propose(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  known jsonb := request_begin(call->'request');
  own staff;
  proposed adjustment;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := adjustment_operator((call->>'staffId')::uuid);
  PERFORM member_hold(member);
  INSERT INTO adjustment (member_id, adjustment_id, points, reason, note, state, proposed_by, proposed_at)
    VALUES (member, (call->>'adjustmentId')::uuid, (call->>'points')::int, call->>'reason', call->>'note', 'waiting',
            own.member_id, (call->>'at')::timestamptz) RETURNING * INTO proposed;
  IF member <> own.member_id AND adjustment_take_alone(own.member_id, call->>'day', abs(proposed.points), (call->>'aloneLimit')::int) THEN
    proposed := adjustment_carry_out(proposed, own.member_id, call);
  END IF;
  PERFORM audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'verb', 'ledger.adjust', 'subject', proposed.adjustment_id, 'bodyHash', call->'request'->>'bodyHash'));
  RETURN request_end(call->'request', adjustment_row(proposed));
END $$;

-- A second operator agrees or not. Neither who proposed it, in whatever record, nor whose points they are.
-- {request, staffId, adjustmentId, agree, note, titles, expiresAt, at} → adjustment
-- Refuses NOT_FOUND, ADJUSTMENT_OWN, ADJUSTMENT_DONE, MEMBER_UNKNOWN (gone meanwhile), BUSY (merged meanwhile).
CREATE OR REPLACE FUNCTION adjustment_decide(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  id uuid := (call->>'adjustmentId')::uuid;
  agreed boolean := (call->>'agree')::boolean;
  known jsonb := request_begin(call->'request');
  own staff;
  member uuid;
  proposed adjustment;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := adjustment_operator((call->>'staffId')::uuid);
  SELECT member_id INTO member FROM adjustment WHERE adjustment_id = id;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "adjustment"}'); END IF;
  -- a refusal moves nothing, so it is possible for somebody who has left, too
  IF agreed THEN PERFORM member_hold(member); END IF;
  SELECT * INTO proposed FROM adjustment WHERE adjustment_id = id FOR UPDATE;
  -- under whatever record: also one that theirs was part of for a while
  IF own.member_id IN (SELECT merge_heirs(who) FROM unnest(ARRAY[proposed.proposed_by, proposed.member_id]) who) THEN
    PERFORM refuse('ADJUSTMENT_OWN');
  END IF;
  IF proposed.state <> 'waiting' THEN PERFORM refuse('ADJUSTMENT_DONE'); END IF;
  IF agreed AND proposed.member_id <> member THEN PERFORM refuse('BUSY'); END IF;
  IF agreed THEN
    proposed := adjustment_carry_out(proposed, own.member_id, call);
  ELSE
    UPDATE adjustment SET state = 'refused', decided_by = own.member_id, decided_at = (call->>'at')::timestamptz,
        decision_note = call->>'note'
      WHERE adjustment_id = id AND state = 'waiting' RETURNING * INTO proposed;
  END IF;
  PERFORM audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'verb', 'ledger.decide', 'subject', id, 'bodyHash', call->'request'->>'bodyHash'));
  RETURN request_end(call->'request', adjustment_row(proposed));
END $$;

-- The working operator who asks, kept from leaving or being merged until this is written.
CREATE OR REPLACE FUNCTION adjustment_operator(actor uuid) RETURNS staff
LANGUAGE plpgsql AS $$
DECLARE
  own staff;
BEGIN
  SELECT * INTO own FROM staff WHERE member_id = actor AND ended_at IS NULL FOR SHARE;
  IF NOT FOUND THEN PERFORM refuse('STAFF_NEEDED'); END IF;
  IF own.role <> 'operator' THEN PERFORM refuse('ROLE_NEEDED', '{"role": "operator"}'); END IF;
  RETURN own;
END $$;

-- Takes so many points from what one operator may move alone on one day; false when they do not fit in any more.
CREATE OR REPLACE FUNCTION adjustment_take_alone(operator uuid, which_day text, moved int, alone_limit int) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO adjustment_day (staff_id, day, points) SELECT operator, which_day, moved WHERE moved <= alone_limit
    ON CONFLICT (staff_id, day) DO UPDATE SET points = adjustment_day.points + excluded.points
      WHERE adjustment_day.points + excluded.points <= alone_limit;
  RETURN FOUND;
END $$;

-- Moves the points of a waiting adjustment. The member is held.
CREATE OR REPLACE FUNCTION adjustment_carry_out(proposed adjustment, decider uuid, call jsonb) RETURNS adjustment
LANGUAGE plpgsql AS $$
DECLARE
  moved jsonb := ledger_adjust(jsonb_build_object('memberId', proposed.member_id, 'at', call->'at', 'kind', 'adjustment',
    'sourceId', proposed.adjustment_id, 'points', proposed.points, 'expiresAt', call->'expiresAt', 'reason', 'adjusted',
    'detail', jsonb_build_object('title', call->'titles'->>proposed.reason)));
BEGIN
  UPDATE adjustment SET state = 'done', decided_by = decider, decided_at = (call->>'at')::timestamptz,
      -- the note of a proposal that one operator was enough for is no decision's
      decision_note = CASE WHEN decider <> proposed.proposed_by THEN call->>'note' END, debt_points = (moved->>'debt')::int
    WHERE adjustment_id = proposed.adjustment_id AND state = 'waiting' AND moved IS NOT NULL RETURNING * INTO proposed;
  IF NOT FOUND THEN RAISE EXCEPTION 'adjustment % has had its effect', proposed.adjustment_id; END IF;
  RETURN proposed;
END $$;

CREATE OR REPLACE FUNCTION adjustment_row(a adjustment) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('adjustmentId', a.adjustment_id, 'memberId', a.member_id, 'points', a.points, 'reason', a.reason,
    'note', a.note, 'state', a.state, 'proposedBy', a.proposed_by, 'proposedAt', iso_text(a.proposed_at), 'decidedBy', a.decided_by,
    'decidedAt', iso_text(a.decided_at), 'decisionNote', a.decision_note, 'debtPoints', a.debt_points)
$$;

-- What concerned the other record concerns the survivor; what both moved alone on a day was moved by one person.
-- → {adjustments: [ids], waiting: [ids of those not decided yet], days: [[day, points]]}, each only where there is one
CREATE OR REPLACE FUNCTION adjustment_bring(src uuid, dst uuid) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  moved jsonb;
BEGIN
  WITH own AS (UPDATE adjustment SET member_id = dst WHERE member_id = src RETURNING adjustment_id, state)
    SELECT jsonb_build_object('adjustments', jsonb_agg(adjustment_id), 'waiting', jsonb_agg(adjustment_id) FILTER (WHERE state = 'waiting'))
      INTO moved FROM own;
  -- waits for what the other record is moving as an operator just now
  PERFORM 1 FROM staff WHERE member_id = src FOR UPDATE;
  WITH own AS (DELETE FROM adjustment_day WHERE staff_id = src RETURNING day, points)
    SELECT moved || jsonb_build_object('days', jsonb_agg(jsonb_build_array(day, points))) INTO moved FROM own;
  INSERT INTO adjustment_day (staff_id, day, points) SELECT dst, one->>0, (one->>1)::int
    FROM jsonb_array_elements(CASE jsonb_typeof(moved->'days') WHEN 'array' THEN moved->'days' ELSE '[]' END) one
    ON CONFLICT (staff_id, day) DO UPDATE SET points = adjustment_day.points + excluded.points;
  RETURN jsonb_strip_nulls(moved);
END $$;

-- What a merge brought goes back, but for what was carried out since: that stays where its points are.
CREATE OR REPLACE FUNCTION adjustment_bring_back(src uuid, dst uuid, moved jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE adjustment SET member_id = dst WHERE member_id = src AND adjustment_id = ANY (uuid_list(moved->'adjustments'))
    AND NOT (state = 'done' AND adjustment_id = ANY (uuid_list(moved->'waiting')));
  INSERT INTO adjustment_day (staff_id, day, points) SELECT dst, one->>0, (one->>1)::int
    FROM jsonb_array_elements(coalesce(moved->'days', '[]')) one;
  UPDATE adjustment_day own SET points = own.points - (one->>1)::int FROM jsonb_array_elements(coalesce(moved->'days', '[]')) one
    WHERE own.staff_id = src AND own.day = one->>0;
  DELETE FROM adjustment_day WHERE staff_id = src AND points = 0;
END $$;

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

-- Points that a merge took back, for whoever gets them again when it is undone.

-- Until when points live on whose end has passed: the end of the day so many days later.
CREATE OR REPLACE FUNCTION ledger_grace_until(call jsonb) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT (date_trunc('day', (call->>'at')::timestamptz AT TIME ZONE 'Asia/Shanghai')
    + make_interval(days => (call->>'graceDays')::int + 1) - interval '1 millisecond') AT TIME ZONE 'Asia/Shanghai'
$$;

-- Puts points that a merge took back (ledger_take_lot) into the lot of that origin again, as far as they fit; into one that lives on
-- for a while where it has ended. {memberId, at, originLotId, points, graceDays, reason, detail, kind?, sourceId?} → {given}
CREATE OR REPLACE FUNCTION ledger_give_lot(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  own account := ledger_hold(member, now_at);
  left_over int := (call->>'points')::int;
  sample lot;
  part int;
  into_lot uuid;
BEGIN
  FOR sample IN SELECT * FROM lot WHERE member_id = own.member_id AND origin_lot_id = (call->>'originLotId')::uuid AND expires_at >= now_at
      AND remaining < earned AND state = 'active' ORDER BY expires_at, lot_id LOOP
    EXIT WHEN left_over = 0;
    part := least(left_over, sample.earned - sample.remaining);
    UPDATE lot SET remaining = remaining + part WHERE member_id = member AND lot_id = sample.lot_id;
    PERFORM ledger_give(call, part, sample.lot_id);
    left_over := left_over - part;
  END LOOP;
  IF left_over > 0 THEN
    SELECT * INTO sample FROM lot WHERE member_id = own.member_id AND origin_lot_id = (call->>'originLotId')::uuid
      ORDER BY expires_at DESC LIMIT 1;
    into_lot := uuid_v7(now_at);
    INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
      VALUES (member, into_lot, (call->>'originLotId')::uuid, 'active', left_over, left_over, least(sample.active_at, now_at),
              CASE WHEN sample.expires_at >= now_at THEN sample.expires_at ELSE ledger_grace_until(call) END, coalesce(sample.effect_kind, 'merge_undo'),
              coalesce(sample.effect_source, call->>'originLotId'));
    PERFORM ledger_give(call, left_over, into_lot);
  END IF;
  RETURN jsonb_build_object('given', call->'points');
END $$;

CREATE OR REPLACE FUNCTION ledger_give(call jsonb, points int, into_lot uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE account SET available_points = available_points + points WHERE member_id = (call->>'memberId')::uuid;
  PERFORM ledger_move(call, 'points', 'programme:issued', 'member:available', points, into_lot, call->>'reason');
  PERFORM ledger_pay_debt((call->>'memberId')::uuid, into_lot, (call->>'at')::timestamptz);
END $$;

-- Growth counts for a window and moves with the day it was earned on. What a call reads is what was written since the window
-- began: transfer ids begin with their time, so the history before it is never looked at.

-- The lowest id that a transfer of this instant can have.
CREATE OR REPLACE FUNCTION ledger_id_from(at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
  SELECT (rpad(lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0'), 32, '0'))::uuid
$$;

-- Growth earned since `since`, source by source, and below zero what of it was given back or moved away. What a merge or its undo
-- brought counts from the day on which it had been earned. What came and went again adds up to nothing under one reason.
-- `sources` adds up to how many there are: one that came back in part is one.
CREATE OR REPLACE FUNCTION ledger_growth_lines(member uuid, since timestamptz)
RETURNS TABLE (reason text, earned_at timestamptz, growth int, sources int)
LANGUAGE sql STABLE AS $$
  WITH moved AS (
    SELECT t.reason, t.from_account, t.to_account, t.amount, t.effect_kind, t.effect_source, t.detail ? 'leftFen' AS in_part,
        coalesce((t.detail->>'earnedAt')::timestamptz, t.at) AS earned_at
      FROM transfer t WHERE t.member_id = member AND t.transfer_id >= ledger_id_from(since) AND t.unit = 'growth')
  SELECT m.reason, m.earned_at, m.amount, 1 FROM moved m WHERE m.to_account = 'member:growth' AND m.earned_at >= since
  UNION ALL
  SELECT CASE WHEN m.reason = 'merged_out' THEN 'separated_in' ELSE coalesce(c.reason, 'merged_in') END, m.earned_at, -m.amount,
      CASE WHEN m.to_account = 'programme:moved' AND m.effect_source IS NULL THEN -1 WHEN c.reason IS NULL OR m.in_part THEN 0 ELSE -1 END
    FROM moved m LEFT JOIN moved c ON c.to_account = 'member:growth' AND c.effect_kind = m.effect_kind AND c.effect_source = m.effect_source
    WHERE m.from_account = 'member:growth' AND m.to_account IN ('programme:issued', 'programme:moved') AND m.earned_at >= since
$$;

-- What was earned before {from} leaves the account, in one line per run. {memberId, at, from} → {expired}
CREATE OR REPLACE FUNCTION ledger_settle_growth(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  held int;
  gone int;
BEGIN
  SELECT growth INTO held FROM account WHERE member_id = member FOR UPDATE;
  gone := held - (SELECT coalesce(sum(growth), 0) FROM ledger_growth_lines(member, (call->>'from')::timestamptz));
  IF gone IS NULL OR gone <= 0 THEN RETURN '{"expired": 0}'; END IF;
  UPDATE account SET growth = growth - gone WHERE member_id = member;
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, at)
    VALUES (member, uuid_v7((call->>'at')::timestamptz), 'growth', 'member:growth', 'programme:expired', gone,
            'growth_expired', '{}', (call->>'at')::timestamptz);
  RETURN jsonb_build_object('expired', gone);
END $$;

-- The days of a merge's growth that still count go back, less what was returned since of the separated record's own purchases: those
-- returns are told again with the record whose purchases they were. → how much went back
CREATE OR REPLACE FUNCTION ledger_unmerge_growth(call jsonb) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  counts_from timestamptz := tier_counts_from(now_at, coalesce((call->>'windowMonths')::int, 12));
  room int;
  one record;
  part int;
  came int := 0;
BEGIN
  IF NOT call->'moved' ? 'growth' THEN RETURN 0; END IF;
  PERFORM ledger_settle_growth(jsonb_build_object('memberId', src, 'at', now_at, 'from', counts_from));
  SELECT growth INTO room FROM account WHERE member_id = src;
  FOR one IN
      WITH back AS MATERIALIZED (SELECT date_trunc('day', (f.detail->>'earnedAt')::timestamptz AT TIME ZONE 'Asia/Shanghai') AS on_day,
          sum(f.amount)::int AS growth, jsonb_agg(to_jsonb(f)) AS flows FROM ledger_flows(call, 'growth') f
        WHERE f.theirs AND f.to_account = 'programme:issued' GROUP BY 1)
      SELECT (d->>0)::timestamptz AS day, (d->>1)::int AS growth, back.growth AS back, back.flows
      FROM jsonb_array_elements(call->'moved'->'growth') d LEFT JOIN back ON back.on_day = (d->>0)::timestamptz AT TIME ZONE 'Asia/Shanghai'
      WHERE (d->>0)::timestamptz >= counts_from ORDER BY 1 DESC LOOP
    part := least(room, greatest(one.growth - coalesce(one.back, 0), 0));
    PERFORM ledger_unmerge_day(call - '{moved,origins}'::text[], one.day, part, one.growth, one.flows);
    room := room - part;
    came := came + part;
  END LOOP;
  UPDATE account SET growth = growth - came WHERE member_id = src;
  UPDATE account SET growth = growth + came WHERE member_id = dst;
  RETURN came;
END $$;

-- One day's growth: `part` leaves the survivor; the separated record gets that and at once gives what was returned since, as far
-- as it had been moved.
CREATE OR REPLACE FUNCTION ledger_unmerge_day(call jsonb, day timestamptz, part int, growth int, flows jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  back jsonb;
  again int;
  whole int := part;
  line jsonb := call || jsonb_build_object('memberId', call->'to', 'kind', NULL, 'sourceId', NULL);
  marked jsonb := jsonb_build_object('earnedAt', iso_text(day), 'from', call->'from');
BEGIN
  IF part > 0 THEN
    PERFORM ledger_move(line || jsonb_build_object('memberId', call->'from', 'detail', (call->'marks'->'out') || marked),
      'growth', 'member:growth', 'programme:moved', part, NULL, 'separated_out');
  END IF;
  FOR back IN SELECT value FROM jsonb_array_elements(coalesce(flows, '[]')) LOOP
    again := least((back->>'amount')::int, growth - whole);
    CONTINUE WHEN again <= 0;
    PERFORM ledger_move(line || jsonb_build_object('kind', back->'effect_kind', 'sourceId', back->'effect_source', 'detail', back->'detail'),
      'growth', 'member:growth', 'programme:moved', again, NULL, back->>'reason');
    whole := whole + again;
  END LOOP;
  IF whole > 0 THEN
    PERFORM ledger_move(line || jsonb_build_object('detail', (call->'marks'->'in') || marked),
      'growth', 'programme:moved', 'member:growth', whole, NULL, 'separated_in');
  END IF;
END $$;

-- Two records become one: everything of the one moves to the other as pairs of transfers through programme:moved, and the journal
-- says what moved. What was earned before keeps its lot's end and origin; nothing is edited. Protects I-ID2.

-- Moves everything of {from} to {to}, lot by lot, growth day by day. What is due has its day first: a lot that came later cannot
-- have matured or ended before. → {came, reversed, moved: {lots: [[old, new, points]], growth: [[day, growth]], debt, owed (the
-- survivor's), paid: [[lot, points]] (what lots paid of both debts at once), adjustments, waiting, days}}
CREATE OR REPLACE FUNCTION ledger_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  own account;
  had account;
  moved jsonb;
  paid jsonb := '[]';
BEGIN
  PERFORM 1 FROM account WHERE member_id IN (src, dst) ORDER BY member_id FOR UPDATE;
  PERFORM ledger_settle_lots(call || jsonb_build_object('memberId', id)) FROM unnest(ARRAY[src, dst]) id;
  SELECT * INTO own FROM account WHERE member_id = src;
  SELECT * INTO had FROM account WHERE member_id = dst;
  call := call || jsonb_build_object('marks', ledger_marks(src, dst, call->>'mergeId'));
  moved := jsonb_build_object('lots', ledger_merge_lots(call),
    'growth', CASE WHEN own.growth > 0 THEN ledger_merge_growth(call, own.growth) ELSE '[]' END) || adjustment_bring(src, dst);
  UPDATE lot_use SET member_id = dst WHERE member_id = src;
  UPDATE account SET available_points = 0, pending_points = 0, debt_points = 0, growth = 0 WHERE member_id = src;
  UPDATE account SET available_points = available_points + own.available_points,
      pending_points = pending_points + own.pending_points, debt_points = debt_points + own.debt_points,
      growth = growth + own.growth WHERE member_id = dst;
  IF own.debt_points > 0 THEN PERFORM ledger_carry(call, 'points', 'member:debt', own.debt_points, NULL, NULL, '{}'); END IF;
  IF own.debt_points + had.debt_points > 0 THEN paid := ledger_pay_owed(dst, now_at); END IF;
  moved := jsonb_strip_nulls(moved || jsonb_build_object('debt', nullif(own.debt_points, 0), 'owed', nullif(had.debt_points, 0),
    'paid', nullif(paid, '[]'), 'lots', nullif(moved->'lots', '[]'), 'growth', nullif(moved->'growth', '[]')));
  RETURN CASE WHEN moved = '{}' THEN '{}' ELSE jsonb_build_object('moved', moved) END || jsonb_build_object(
    'came', jsonb_strip_nulls(jsonb_build_object('points', nullif(own.available_points + own.pending_points, 0),
      'growth', nullif(own.growth, 0), 'debtPoints', nullif(own.debt_points, 0), 'lots', nullif(jsonb_array_length(moved->'lots'), 0))),
    'reversed', CASE WHEN paid = '[]' THEN '[]' ELSE jsonb_build_array(jsonb_build_object('kind', 'debt_paid',
      'points', (SELECT sum((one->>1)::int) FROM jsonb_array_elements(paid) one),
      'whose', CASE WHEN own.debt_points > 0 THEN 'other' ELSE 'survivor' END)) END);
END $$;

-- What the words of a moved line need: the other card's last four digits. → {out, in}, for the one that gives and the one that gets
CREATE OR REPLACE FUNCTION ledger_marks(giver uuid, getter uuid, merge text) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('out', jsonb_build_object('mergeId', merge, 'other4', right(b.member_no, 4)),
    'in', jsonb_build_object('mergeId', merge, 'other4', right(a.member_no, 4))) FROM member a, member b
    WHERE a.member_id = giver AND b.member_id = getter
$$;

-- → [[old lot, new lot, points]]
CREATE OR REPLACE FUNCTION ledger_merge_lots(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  moving lot;
  new_lot uuid;
  lots jsonb := '[]';
BEGIN
  FOR moving IN SELECT * FROM lot WHERE member_id = src AND remaining > 0 ORDER BY expires_at, lot_id LOOP
    new_lot := uuid_v7((call->>'at')::timestamptz);
    UPDATE lot SET remaining = 0 WHERE member_id = src AND lot_id = moving.lot_id;
    INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
      VALUES ((call->>'to')::uuid, new_lot, moving.origin_lot_id, moving.state, moving.remaining, moving.remaining, moving.active_at,
              moving.expires_at, moving.effect_kind, moving.effect_source);
    PERFORM ledger_carry(call, 'points', CASE moving.state WHEN 'pending' THEN 'member:pending' ELSE 'member:available' END,
      moving.remaining, moving.lot_id, new_lot, '{}');
    lots := lots || jsonb_build_array(jsonb_build_array(moving.lot_id, new_lot, moving.remaining));
  END LOOP;
  RETURN lots;
END $$;

-- The growth that one record still holds, day by day, the latest first: what is older has left already. → [[day, growth]]
CREATE OR REPLACE FUNCTION ledger_merge_growth(call jsonb, held int) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  one record;
  part int;
  days jsonb := '[]';
BEGIN
  FOR one IN SELECT iso_text(date_trunc('day', earned_at AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai') AS day, sum(growth)::int AS growth
      FROM ledger_growth_lines((call->>'from')::uuid, 'epoch') GROUP BY 1 HAVING sum(growth) > 0 ORDER BY 1 DESC LOOP
    EXIT WHEN held = 0;
    part := least(held, one.growth);
    PERFORM ledger_carry(call, 'growth', 'member:growth', part, NULL, NULL, jsonb_build_object('earnedAt', one.day, 'from', call->'from'));
    days := days || jsonb_build_array(jsonb_build_array(one.day, part));
    held := held - part;
  END LOOP;
  IF held > 0 THEN PERFORM ledger_carry(call, 'growth', 'member:growth', held, NULL, NULL, jsonb_build_object('from', call->'from')); END IF;
  RETURN days;
END $$;

-- A pair of transfers from {from} to {to}, each with the marks of its side; debt is the negative side of a member and travels the
-- other way round. `reasons` are 'merged' or 'separated'.
CREATE OR REPLACE FUNCTION ledger_carry(call jsonb, what text, side text, amount int, old_lot uuid, new_lot uuid, more jsonb,
  reasons text DEFAULT 'merged') RETURNS void
LANGUAGE sql AS $$
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, at)
    SELECT one.who, uuid_v7((call->>'at')::timestamptz), what,
        CASE WHEN one.gives <> (side = 'member:debt') THEN side ELSE 'programme:moved' END,
        CASE WHEN one.gives <> (side = 'member:debt') THEN 'programme:moved' ELSE side END, amount,
        reasons || CASE WHEN one.gives THEN '_out' ELSE '_in' END,
        (call->'marks'->CASE WHEN one.gives THEN 'out' ELSE 'in' END) || more, one.lot, (call->>'at')::timestamptz
      FROM (VALUES ((call->>'from')::uuid, true, old_lot), ((call->>'to')::uuid, false, new_lot)) one (who, gives, lot)
$$;

-- Pays what is owed from the active lots, the earliest end first. The account is locked. → [[lot, points]]
CREATE OR REPLACE FUNCTION ledger_pay_owed(member uuid, now_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  owed int;
  paying lot;
  paid jsonb := '[]';
BEGIN
  SELECT debt_points INTO owed FROM account WHERE member_id = member;
  FOR paying IN SELECT * FROM lot WHERE member_id = member AND state = 'active' AND remaining > 0 ORDER BY expires_at, lot_id LOOP
    EXIT WHEN owed = 0;
    PERFORM ledger_pay_debt(member, paying.lot_id, now_at);
    paid := paid || jsonb_build_array(jsonb_build_array(paying.lot_id, least(owed, paying.remaining)));
    owed := greatest(owed - paying.remaining, 0);
  END LOOP;
  RETURN paid;
END $$;

-- The movements of a merge that is taken back: what the survivor still holds, what it used, what either owes.

-- What the survivor still holds of the separated record's points goes back into its old lots. → points
CREATE OR REPLACE FUNCTION ledger_bring_lots(call jsonb) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  -- only what a line needs: it is read again for each lot
  line jsonb := jsonb_build_object('from', call->'from', 'to', call->'to', 'at', call->'at', 'marks', call->'marks');
  one record;
  moving lot;
  came int := 0;
  waiting int := 0;
BEGIN
  FOR one IN SELECT lot AS held, (was.pair->>0)::uuid AS old FROM lot
      LEFT JOIN jsonb_array_elements(coalesce(call->'moved'->'lots', '[]')) was (pair) ON was.pair->>1 = lot.lot_id::text
      WHERE lot.member_id = (call->>'from')::uuid AND lot.remaining > 0
        AND lot.origin_lot_id = ANY (ARRAY(SELECT unnest(uuid_list(call->'origins')))) ORDER BY lot.expires_at, lot.lot_id LOOP
    moving := one.held;
    UPDATE lot SET remaining = 0 WHERE member_id = moving.member_id AND lot_id = moving.lot_id;
    PERFORM ledger_carry(line, 'points', CASE moving.state WHEN 'pending' THEN 'member:pending' ELSE 'member:available' END,
      moving.remaining, moving.lot_id, ledger_place(line, (call->>'to')::uuid, moving, moving.remaining, one.old),
      jsonb_build_object('expiresAt', iso_text(moving.expires_at)), 'separated');
    came := came + moving.remaining;
    IF moving.state = 'pending' THEN waiting := waiting + moving.remaining; END IF;
  END LOOP;
  UPDATE account SET available_points = available_points - (came - waiting), pending_points = pending_points - waiting
    WHERE member_id = (call->>'from')::uuid;
  UPDATE account SET available_points = available_points + (came - waiting), pending_points = pending_points + waiting
    WHERE member_id = (call->>'to')::uuid;
  RETURN came;
END $$;

-- Finds the lot into which points like those of `sample` go: `best`, another one of the same origin and end, or a new one.
CREATE OR REPLACE FUNCTION ledger_place(call jsonb, member uuid, sample lot, points int, best uuid) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  into_lot uuid;
BEGIN
  UPDATE lot SET remaining = remaining + points, state = sample.state WHERE member_id = member AND lot_id = best
    AND origin_lot_id = sample.origin_lot_id AND expires_at = sample.expires_at AND remaining + points <= earned
    AND (state = sample.state OR remaining = 0 AND sample.state = 'active');
  IF FOUND THEN RETURN best; END IF;
  SELECT lot_id INTO into_lot FROM lot WHERE member_id = member AND origin_lot_id = sample.origin_lot_id
    AND expires_at = sample.expires_at AND remaining + points <= earned
    AND (state = sample.state OR remaining = 0 AND sample.state = 'active') ORDER BY lot_id LIMIT 1;
  IF FOUND THEN
    UPDATE lot SET remaining = remaining + points, state = sample.state WHERE member_id = member AND lot_id = into_lot;
    RETURN into_lot;
  END IF;
  into_lot := uuid_v7((call->>'at')::timestamptz);
  INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
    VALUES (member, into_lot, sample.origin_lot_id, sample.state, points, points, sample.active_at, sample.expires_at,
            sample.effect_kind, sample.effect_source);
  RETURN into_lot;
END $$;

-- As ledger_place, for points that were spent or paid with: they are active, and live on for a while where their end has passed.
CREATE OR REPLACE FUNCTION ledger_refund(call jsonb, member uuid, sample lot, points int, source text, why text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  into_lot uuid;
BEGIN
  IF points = 0 THEN RETURN; END IF;
  sample.state := 'active';
  sample.active_at := least(sample.active_at, now_at);
  IF sample.expires_at < now_at THEN sample.expires_at := (call->>'graceUntil')::timestamptz; END IF;
  into_lot := ledger_place(call, member, sample, points, sample.lot_id);
  UPDATE account SET available_points = available_points + points WHERE member_id = member;
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, at)
    VALUES (member, uuid_v7(now_at), 'points', source, 'member:available', points, why,
            (call->'marks'->CASE WHEN member = (call->>'to')::uuid THEN 'in' ELSE 'out' END)
              || jsonb_build_object('expiresAt', iso_text(sample.expires_at)), into_lot, now_at);
END $$;

-- The separated record gets what the survivor used of its points, `paid` of it from the programme.
CREATE OR REPLACE FUNCTION ledger_bring_used(call jsonb, due jsonb, paid int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  one jsonb;
  lots jsonb;
  which jsonb;
  sample lot;
  missing int;
  part int;
BEGIN
  FOR one IN SELECT value FROM jsonb_array_elements(due->'origins') LOOP
    missing := (one->>'used')::int;
    -- last, what came back into other lots since and was used again
    lots := (one->'lots') || jsonb_build_array(jsonb_build_array(ledger_latest_lot(call, (one->>'origin')::uuid), missing));
    FOR which IN SELECT value FROM jsonb_array_elements(lots) LOOP
      part := least(missing, (which->>1)::int);
      CONTINUE WHEN part = 0;
      SELECT * INTO STRICT sample FROM lot WHERE member_id IN ((call->>'to')::uuid, (call->>'from')::uuid) AND lot_id = (which->>0)::uuid;
      PERFORM ledger_refund(call, (call->>'to')::uuid, sample, least(paid, part), 'programme:adjusted', 'separated_refilled');
      PERFORM ledger_refund(call, (call->>'to')::uuid, sample, greatest(part - paid, 0), 'programme:moved', 'separated_refilled');
      missing := missing - part;
      paid := greatest(paid - part, 0);
    END LOOP;
  END LOOP;
END $$;

-- The lot of one origin that lives longest, with either of the two.
CREATE OR REPLACE FUNCTION ledger_latest_lot(call jsonb, origin uuid) RETURNS uuid
LANGUAGE sql STABLE AS $$
  SELECT lot_id FROM lot WHERE member_id IN ((call->>'from')::uuid, (call->>'to')::uuid) AND origin_lot_id = origin
    ORDER BY expires_at DESC, lot_id LIMIT 1
$$;

-- The separated record owes again what was its own.
CREATE OR REPLACE FUNCTION ledger_bring_debt(call jsonb, owes int) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF owes = 0 THEN RETURN; END IF;
  UPDATE account SET debt_points = debt_points + owes WHERE member_id = (call->>'to')::uuid;
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, at)
    VALUES ((call->>'to')::uuid, uuid_v7((call->>'at')::timestamptz), 'points', 'member:debt', 'programme:moved', owes, 'separated_in',
            call->'marks'->'in', (call->>'at')::timestamptz);
END $$;

-- The survivor pays for what it used: active lots, the earliest end first, then visible debt.
CREATE OR REPLACE FUNCTION ledger_charge(call jsonb, owed int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'from')::uuid;
  line jsonb := call || jsonb_build_object('memberId', call->'from', 'detail', call->'marks'->'out', 'kind', NULL, 'sourceId', NULL);
  whole int := owed;
  giving lot;
  part int;
BEGIN
  FOR giving IN SELECT * FROM lot WHERE member_id = member AND state = 'active' AND remaining > 0 ORDER BY expires_at, lot_id LOOP
    EXIT WHEN owed = 0;
    part := least(owed, giving.remaining);
    UPDATE lot SET remaining = remaining - part WHERE member_id = member AND lot_id = giving.lot_id;
    PERFORM ledger_move(line, 'points', 'member:available', 'programme:moved', part, giving.lot_id, 'separated_charged');
    owed := owed - part;
  END LOOP;
  IF owed > 0 THEN PERFORM ledger_move(line, 'points', 'member:debt', 'programme:moved', owed, NULL, 'separated_charged'); END IF;
  UPDATE account SET available_points = available_points - (whole - owed), debt_points = debt_points + owed WHERE member_id = member;
END $$;

-- The survivor gets what it paid for the separated record: what is still owed goes first, then the lots that paid.
CREATE OR REPLACE FUNCTION ledger_repay(call jsonb, points int, due jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'from')::uuid;
  line jsonb := call || jsonb_build_object('memberId', call->'from', 'detail', call->'marks'->'out', 'kind', NULL, 'sourceId', NULL);
  part int;
  one jsonb;
  sample lot;
BEGIN
  SELECT least(debt_points, points) INTO part FROM account WHERE member_id = member;
  IF part > 0 THEN
    UPDATE account SET debt_points = debt_points - part WHERE member_id = member;
    PERFORM ledger_move(line, 'points', 'programme:moved', 'member:debt', part, NULL, 'separated_out');
    points := points - part;
  END IF;
  FOR one IN SELECT value FROM jsonb_array_elements(coalesce(call->'moved'->'paid', '[]') || (due->'payers')) LOOP
    EXIT WHEN points = 0;
    SELECT * INTO sample FROM lot WHERE member_id = member AND lot_id = (one->>0)::uuid;
    CONTINUE WHEN NOT FOUND OR sample.origin_lot_id = ANY (ARRAY(SELECT unnest(uuid_list(call->'origins'))));
    part := least(points, (one->>1)::int, sample.earned - sample.remaining);
    CONTINUE WHEN part = 0;
    PERFORM ledger_refund(call, member, sample, part, 'programme:moved', 'separated_returned');
    points := points - part;
  END LOOP;
  IF points = 0 THEN RETURN; END IF;
  sample := NULL;
  sample.origin_lot_id := uuid_v7((call->>'at')::timestamptz);
  sample.active_at := (call->>'at')::timestamptz;
  sample.expires_at := (call->>'graceUntil')::timestamptz;
  sample.effect_kind := 'merge_undo';
  sample.effect_source := call->>'mergeId';
  PERFORM ledger_refund(call, member, sample, points, 'programme:moved', 'separated_returned');
END $$;

-- Exchanges of the separated record's own go back. Those of the survivor that took its points are the survivor's own from here on: who
-- was charged gets them when one is cancelled, with the end they had; what the programme paid comes back to nobody.
CREATE OR REPLACE FUNCTION ledger_free_uses(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF call->>'charge' = 'programme' THEN
    DELETE FROM lot_use WHERE (member_id, effect_kind, effect_source, lot_id) IN (
      SELECT member_id, effect_kind, effect_source, lot_id FROM ledger_own_uses(call, true));
  END IF;
  UPDATE lot_use own SET lot_id = fresh.id, origin_lot_id = fresh.id FROM (
      SELECT mine.*, uuid_v7((call->>'at')::timestamptz) AS id FROM ledger_own_uses(call, false) mine) fresh
    WHERE (own.member_id, own.effect_kind, own.effect_source, own.lot_id)
      = (fresh.member_id, fresh.effect_kind, fresh.effect_source, fresh.lot_id);
  UPDATE lot_use own SET member_id = (call->>'to')::uuid FROM effect e
    WHERE own.member_id = (call->>'from')::uuid AND e.kind = own.effect_kind AND e.source_id = own.effect_source AND e.part = 'spend'
      AND e.member_id = ANY (ARRAY(SELECT unnest(uuid_list(call->'records'))));
END $$;

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
    UNION ALL SELECT use.origin_lot_id, 0, 0, use.points FROM ledger_own_uses(call, true) use),
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
      AND (standing AND e.part = 'return' OR e.part = 'spend' AND e.member_id = ANY (ARRAY(SELECT unnest(uuid_list(call->'records'))))))
$$;

-- The ledger's only writers. Protects: I-L1 (each transfer has two sides), I-L2/I-L3 (account rows move by the
-- amounts of the transfers, CHECKs behind them), I-L5 (an award claims its effect in the same transaction),
-- I-L6 (a call touches the account row and the lots it uses, never the history).

-- Award points and growth for one source. {memberId, at, kind, sourceId, points, growth, activeAt, expiresAt, reason, detail}
-- → {available, pending, growth, lotId} or NULL when this source has had its effect.
CREATE OR REPLACE FUNCTION ledger_award(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  at timestamptz := (call->>'at')::timestamptz;
  active_at timestamptz := (call->>'activeAt')::timestamptz;
  points int := (call->>'points')::int;
  grown int := (call->>'growth')::int;
  pending boolean := active_at > at;
  lot uuid := uuid_v7(at);
  own account;
BEGIN
  INSERT INTO effect (kind, source_id, part, member_id, at)
    VALUES (call->>'kind', call->>'sourceId', 'award', member, at) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN NULL; END IF;

  UPDATE account SET
      pending_points = pending_points + CASE WHEN pending THEN points ELSE 0 END,
      available_points = available_points + CASE WHEN pending THEN 0 ELSE points END,
      growth = account.growth + grown
    WHERE member_id = member RETURNING * INTO own;
  IF NOT FOUND THEN PERFORM refuse('MEMBER_UNKNOWN'); END IF;
  -- with the account row held, a merge that took this member away is visible
  IF NOT EXISTS (SELECT 1 FROM member m WHERE m.member_id = member AND m.status = 'active') THEN
    PERFORM refuse('BUSY');
  END IF;

  IF points > 0 THEN
    INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
      VALUES (member, lot, lot, CASE WHEN pending THEN 'pending' ELSE 'active' END, points, points, active_at,
              (call->>'expiresAt')::timestamptz, call->>'kind', call->>'sourceId');
  END IF;
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, effect_kind, effect_source, at)
    SELECT member, uuid_v7(at), side.unit, 'programme:issued', side.to_account, side.amount, call->>'reason', call->'detail',
           side.lot_id, call->>'kind', call->>'sourceId', at
      FROM (VALUES ('points', CASE WHEN pending THEN 'member:pending' ELSE 'member:available' END, points, lot),
                   ('growth', 'member:growth', grown, NULL)) side (unit, to_account, amount, lot_id)
      WHERE side.amount > 0;
  IF NOT pending AND own.debt_points > 0 THEN
    PERFORM ledger_pay_debt(member, lot, at);
    SELECT * INTO own FROM account WHERE member_id = member;
  END IF;
  RETURN jsonb_build_object('available', own.available_points, 'pending', own.pending_points, 'growth', own.growth, 'lotId', lot);
END $$;

-- An active lot pays what the member owes, before anything of it can be spent. The account row is locked already.
CREATE OR REPLACE FUNCTION ledger_pay_debt(member uuid, paying_lot uuid, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  pay int;
BEGIN
  SELECT least(account.debt_points, lot.remaining) INTO pay
    FROM account JOIN lot USING (member_id) WHERE member_id = member AND lot_id = paying_lot;
  IF pay IS NULL OR pay = 0 THEN RETURN; END IF;
  UPDATE lot SET remaining = remaining - pay WHERE member_id = member AND lot_id = paying_lot;
  UPDATE account SET available_points = available_points - pay, debt_points = debt_points - pay WHERE member_id = member;
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, at)
    VALUES (member, uuid_v7(at), 'points', 'member:available', 'member:debt', pay, 'debt_paid', '{}', paying_lot, at);
END $$;

-- Brings one member's lots up to {memberId, at}: pending ones whose day has come become spendable, ended ones go.
-- Safe to repeat and to run twice at once: the account row is the lock. → {matured, expired} in points
CREATE OR REPLACE FUNCTION ledger_settle_lots(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  due lot;
  matured int := 0;
  expired int := 0;
BEGIN
  PERFORM 1 FROM account WHERE member_id = member FOR UPDATE;
  FOR due IN SELECT * FROM lot
      WHERE member_id = member AND remaining > 0
        AND ((state = 'pending' AND active_at <= now_at) OR expires_at < now_at)
      ORDER BY active_at, lot_id LOOP
    IF due.state = 'pending' THEN
      UPDATE lot SET state = 'active' WHERE member_id = member AND lot_id = due.lot_id;
      UPDATE account SET pending_points = pending_points - due.remaining,
          available_points = available_points + due.remaining WHERE member_id = member;
      INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, at)
        VALUES (member, uuid_v7(due.active_at), 'points', 'member:pending', 'member:available', due.remaining, 'matured',
                jsonb_build_object('expiresAt', due.expires_at), due.lot_id, due.active_at);
      matured := matured + due.remaining;
      PERFORM ledger_pay_debt(member, due.lot_id, due.active_at);
    END IF;
    expired := expired + ledger_expire_lot(member, due.lot_id, now_at);
  END LOOP;
  RETURN jsonb_build_object('matured', matured, 'expired', expired);
END $$;

CREATE OR REPLACE FUNCTION ledger_expire_lot(member uuid, ending_lot uuid, now_at timestamptz) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  gone int;
  ended timestamptz;
BEGIN
  SELECT remaining, expires_at INTO gone, ended FROM lot
    WHERE member_id = member AND lot_id = ending_lot AND remaining > 0 AND expires_at < now_at;
  IF gone IS NULL THEN RETURN 0; END IF;
  UPDATE lot SET remaining = 0 WHERE member_id = member AND lot_id = ending_lot;
  UPDATE account SET available_points = available_points - gone WHERE member_id = member;
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, at)
    VALUES (member, uuid_v7(ended), 'points', 'member:available', 'programme:expired', gone, 'expired', '{}', ending_lot, ended);
  RETURN gone;
END $$;

-- Opens an empty account. {memberId}
CREATE OR REPLACE FUNCTION ledger_open(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  INSERT INTO account (member_id) VALUES ((call->>'memberId')::uuid) ON CONFLICT DO NOTHING;
  SELECT '{}'::jsonb
$$;

-- A transfer or an effect is written once; a mistake is undone by a new transfer.
CREATE OR REPLACE FUNCTION ledger_keep() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;

CREATE OR REPLACE TRIGGER transfer_keep BEFORE UPDATE OR DELETE ON transfer
  FOR EACH ROW EXECUTE FUNCTION ledger_keep();
CREATE OR REPLACE TRIGGER effect_keep BEFORE UPDATE OR DELETE ON effect
  FOR EACH ROW EXECUTE FUNCTION ledger_keep();

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
  SELECT '{}'::jsonb
$$;

-- Prices that were only asked for; a purchase keeps its own.
CREATE OR REPLACE FUNCTION order_erase(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  DELETE FROM order_hold WHERE member_id = ANY (erase_records(call));
  SELECT '{}'::jsonb
$$;

-- The code that leads to them leads nowhere. As an inviter they get nothing any more: what was promised returns to the budget. As an
-- invitee who has not bought yet they end the friend's hope; a real purchase is thanked for, whoever made it.
CREATE OR REPLACE FUNCTION referral_erase(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  edge referral;
BEGIN
  PERFORM 1 FROM referral WHERE member_id = who OR inviter_id = who ORDER BY member_id, referral_id FOR UPDATE;
  FOR edge IN SELECT * FROM referral WHERE (inviter_id = who AND state IN ('joined', 'held')) OR (member_id = who AND state = 'joined')
      ORDER BY campaign_id, member_id, referral_id LOOP
    PERFORM referral_end(edge, 'refused', 'left', 0, (call->>'at')::timestamptz);
  END LOOP;
  DELETE FROM referral_link WHERE member_id = ANY (erase_records(call));
  DELETE FROM referral_quota WHERE member_id = ANY (erase_records(call));
  RETURN '{}';
END $$;

-- What was undertaken, shown at the counter and worn; its points stand in the books.
CREATE OR REPLACE FUNCTION obligation_erase(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  gone int;
BEGIN
  DELETE FROM obligation_proof WHERE member_id = ANY (erase_records(call));
  DELETE FROM obligation_instance WHERE member_id = ANY (erase_records(call));
  DELETE FROM honour_held WHERE member_id = ANY (erase_records(call));
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN jsonb_build_object('honours', gone);
END $$;

-- The mall's part when two records become one person, and two again. Protects I-M1 (a piece, a code and a share of stock stay with
-- their redemption, whoever has it), I-G1 and I-ID4.

-- Redemptions, codes, pieces, shares of limits and favourites go along; an excess leaves nothing more to take. What is left of a
-- gift that turned out to be a person's second one is cancelled. The journal: which redemptions came, which of them were open, what
-- both had of limits and favourites before, and in which state the cancelled pick-ups were. {from, to, at} → {moved: {redemptions:
-- [id], open: [id], quotas: {reward: [theirs, ours]}, favourites: {reward: [theirs, ours]}, pickups: {id: state}}, came, reversed}
CREATE OR REPLACE FUNCTION mall_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  ids uuid[];
  waiting jsonb;
  standing int;
  quotas jsonb := mall_merge_quotas(call);
  kept jsonb := mall_merge_favourites(src, dst);
  second redemption;
  pickups jsonb := '{}';
  moved jsonb;
BEGIN
  WITH went AS (UPDATE redemption SET member_id = dst WHERE member_id = src RETURNING redemption_id, state)
  SELECT array_agg(redemption_id), jsonb_agg(redemption_id) FILTER (WHERE state IN ('placed', 'ready')),
      count(*) FILTER (WHERE state <> 'cancelled') INTO ids, waiting, standing FROM went;
  IF ids IS NOT NULL THEN PERFORM mall_hand_on(ids, src, dst); END IF;
  FOR second IN SELECT r.* FROM redemption r JOIN gift_given g USING (member_id, given_id)
      WHERE r.member_id = dst AND r.state IN ('placed', 'ready') AND g.state = 'superseded' ORDER BY r.reward_id, r.slot LOOP
    pickups := pickups || jsonb_build_object(second.redemption_id::text, second.state);
    PERFORM mall_undo(second, call || '{"cancelReason": "gift_superseded"}');
  END LOOP;
  moved := jsonb_strip_nulls(jsonb_build_object('redemptions', to_jsonb(ids), 'open', waiting, 'quotas', quotas->'before',
    'favourites', kept, 'pickups', nullif(pickups, '{}')));
  IF moved = '{}' THEN RETURN '{}'; END IF;
  RETURN jsonb_build_object('moved', moved, 'reversed', coalesce(quotas->'excess', '[]'),
    'came', CASE WHEN standing > 0 THEN jsonb_build_object('redemptions', standing) ELSE '{}' END
      || CASE WHEN kept IS NULL THEN '{}' ELSE jsonb_build_object('favourites', (SELECT count(*) FROM jsonb_object_keys(kept))) END);
END $$;

-- What belongs to redemptions that have just changed hands: their codes at the counter, pieces, codes of partners.
CREATE OR REPLACE FUNCTION mall_hand_on(ids uuid[], src uuid, dst uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE pickup_code SET member_id = dst WHERE member_id = src AND redemption_id = ANY (ids);
  UPDATE reward_piece p SET member_id = dst FROM redemption r
    WHERE r.member_id = dst AND r.redemption_id = ANY (ids) AND p.reward_id = r.reward_id AND p.piece_no = r.piece_no
      AND p.redemption_id = r.redemption_id;
  UPDATE reward_code c SET member_id = dst FROM redemption r
    WHERE r.member_id = dst AND r.redemption_id = ANY (ids) AND c.reward_id = r.reward_id AND c.redemption_id = r.redemption_id;
END $$;

-- Shares of limits add up. → {before: {reward: [theirs, ours]}, excess}
CREATE OR REPLACE FUNCTION mall_merge_quotas(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  WITH theirs AS (DELETE FROM reward_quota WHERE member_id = (call->>'from')::uuid RETURNING reward_id, taken),
    summed AS (INSERT INTO reward_quota AS held (member_id, reward_id, taken) SELECT (call->>'to')::uuid, reward_id, taken FROM theirs
      ON CONFLICT (member_id, reward_id) DO UPDATE SET taken = held.taken + excluded.taken RETURNING reward_id, taken)
  SELECT jsonb_strip_nulls(jsonb_build_object('before', jsonb_object_agg(r.reward_id, jsonb_build_array(theirs.taken, ours.taken)),
      'excess', jsonb_agg(jsonb_build_object('kind', 'quota_excess', 'noun', 'reward', 'title', r.title, 'has', summed.taken,
        'limit', r.per_person_limit) ORDER BY r.title, r.reward_id) FILTER (WHERE theirs.taken > 0 AND r.listed
          AND summed.taken > r.per_person_limit AND coalesce(r.ends_at > (call->>'at')::timestamptz, true))))
    FROM theirs JOIN summed USING (reward_id) JOIN reward r USING (reward_id)
      LEFT JOIN reward_quota ours ON ours.member_id = (call->>'to')::uuid AND ours.reward_id = theirs.reward_id
$$;

-- What either kept an eye on, since the earlier of the two. → {reward: [theirs, ours]}, or NULL
CREATE OR REPLACE FUNCTION mall_merge_favourites(src uuid, dst uuid) RETURNS jsonb
LANGUAGE sql AS $$
  WITH theirs AS (DELETE FROM reward_favourite WHERE member_id = src RETURNING reward_id, at),
    summed AS (INSERT INTO reward_favourite AS own (member_id, reward_id, at) SELECT dst, reward_id, at FROM theirs
      ON CONFLICT (member_id, reward_id) DO UPDATE SET at = least(own.at, excluded.at))
  SELECT jsonb_object_agg(theirs.reward_id, jsonb_build_array(iso_text(theirs.at), iso_text(ours.at)))
    FROM theirs LEFT JOIN reward_favourite ours ON ours.member_id = dst AND ours.reward_id = theirs.reward_id
$$;

-- Redemptions that a record brought go back as they stand by now, with piece, codes, share of the limit; what was exchanged since
-- stays. Pick-ups of a gift that the merge had cancelled are placed again as far as there is one.
-- {from, to, at, mergedAt, moved} → {back, lost}
CREATE OR REPLACE FUNCTION mall_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  moved jsonb := call->'moved';
  ids uuid[] := uuid_list(moved->'redemptions');
  second redemption;
  why text;
  lost jsonb := '[]';
  standing int;
  kept int := mall_unmerge_favourites(call);
BEGIN
  UPDATE redemption SET member_id = dst WHERE member_id = src AND redemption_id = ANY (ids);
  PERFORM mall_hand_on(ids, src, dst);
  PERFORM mall_unmerge_quotas(call);
  FOR second IN SELECT r.* FROM jsonb_object_keys(coalesce(moved->'pickups', '{}')) id
      JOIN redemption r ON r.member_id IN (src, dst) AND r.redemption_id = id::uuid
      WHERE r.state = 'cancelled' AND r.cancel_reason = 'gift_superseded' ORDER BY r.reward_id, r.slot LOOP
    why := mall_place_again(second, moved->'pickups'->>second.redemption_id::text, call);
    IF why IS NOT NULL THEN
      lost := lost || jsonb_build_array(jsonb_build_object('kind', 'gift_pickup', 'why', why, 'title', second.title));
    END IF;
  END LOOP;
  SELECT count(*) INTO standing FROM redemption WHERE member_id = dst AND redemption_id = ANY (ids) AND state <> 'cancelled';
  RETURN jsonb_build_object('lost', lost, 'back', CASE WHEN standing > 0 THEN jsonb_build_object('redemptions', standing) ELSE '{}' END
    || CASE WHEN kept > 0 THEN jsonb_build_object('favourites', kept) ELSE '{}' END);
END $$;

-- Which of a record's own redemptions were given back since the merge; their shares of limit and right went back with them.
CREATE OR REPLACE FUNCTION mall_given_back(owner uuid, moved jsonb) RETURNS SETOF redemption
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY SELECT * FROM redemption r WHERE r.member_id = owner AND r.state = 'cancelled' AND r.origin = 'mall'
    AND r.redemption_id = ANY (uuid_list(moved->'open'));
END $$;

CREATE OR REPLACE FUNCTION mall_unmerge_quotas(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  before jsonb := call->'moved'->'quotas';
BEGIN
  INSERT INTO reward_quota (member_id, reward_id, taken)
    SELECT dst, key, greatest((value->>0)::int - (SELECT count(*) FROM mall_given_back(dst, call->'moved') WHERE reward_id = key), 0)
    FROM jsonb_each(before);
  UPDATE reward_quota held SET taken = greatest(held.taken - own.taken, 0) FROM reward_quota own
    WHERE held.member_id = src AND own.member_id = dst AND own.reward_id = held.reward_id AND before ? held.reward_id;
  DELETE FROM reward_quota held USING jsonb_each(before)
    WHERE held.member_id = src AND held.reward_id = key AND held.taken = 0 AND value->>1 IS NULL;
END $$;

-- Each keeps an eye again on what was theirs; what the survivor did about one since is the survivor's wish. → how many
CREATE OR REPLACE FUNCTION mall_unmerge_favourites(call jsonb) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  before jsonb := call->'moved'->'favourites';
  n int;
BEGIN
  INSERT INTO reward_favourite (member_id, reward_id, at)
    SELECT (call->>'to')::uuid, key, (value->>0)::timestamptz FROM jsonb_each(before);
  GET DIAGNOSTICS n = ROW_COUNT;
  DELETE FROM reward_favourite own USING jsonb_each(before)
    WHERE own.member_id = src AND own.reward_id = key AND own.at = (value->>0)::timestamptz AND value->>1 IS NULL;
  UPDATE reward_favourite own SET at = (value->>1)::timestamptz FROM jsonb_each(before)
    WHERE own.member_id = src AND own.reward_id = key AND own.at = least((value->>0)::timestamptz, (value->>1)::timestamptz)
      AND value->>1 IS NOT NULL;
  RETURN n;
END $$;

-- Places a cancelled pick-up again as it was: the same piece or slot if it is free, else another. → why not, or NULL: 'gone' |
-- 'expired' (its last day has passed since the merge)
CREATE OR REPLACE FUNCTION mall_place_again(held redemption, was text, call jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  piece int := held.piece_no;
  place int := held.slot;
BEGIN
  IF held.pickup_by < (call->>'at')::timestamptz AND held.pickup_by >= (call->>'mergedAt')::timestamptz THEN RETURN 'expired'; END IF;
  BEGIN
    IF piece IS NOT NULL THEN
      UPDATE reward_piece SET member_id = held.member_id, redemption_id = held.redemption_id
        WHERE reward_id = held.reward_id AND piece_no = piece AND member_id IS NULL;
      IF NOT FOUND THEN piece := mall_take_piece(held.reward_id, held.member_id, held.redemption_id, 'GIFT_GONE'); END IF;
    ELSIF place IS NOT NULL THEN
      UPDATE reward_stock SET remaining = remaining - 1 WHERE reward_id = held.reward_id AND slot = place AND remaining > 0;
      IF NOT FOUND THEN place := mall_take_slot(held.reward_id, 'GIFT_GONE'); END IF;
    END IF;
  EXCEPTION WHEN SQLSTATE 'HY001' THEN
    IF SQLERRM <> 'GIFT_GONE' THEN RAISE; END IF;
    RETURN 'gone';
  END;
  UPDATE redemption SET state = was, cancel_reason = NULL, finished_at = NULL, piece_no = piece, slot = place
    WHERE member_id = held.member_id AND redemption_id = held.redemption_id;
  IF was = 'ready' AND NOT EXISTS (SELECT 1 FROM pickup_code c
      WHERE c.member_id = held.member_id AND c.redemption_id = held.redemption_id) THEN
    PERFORM mall_draw_code(held.member_id, held.redemption_id);
  END IF;
  RETURN NULL;
END $$;

-- What becomes of a redemption: ready, picked up, cancelled. Protects: I-M1 (what comes back can be
-- taken again, once), I-M2 (points come back with the cancellation or not at all). Verbs of one member come one after the
-- other (member_hold), so a cancellation and a hand-over never both win.

-- The code that is said at the counter: 8 digits, as random as the server's UUIDs.
CREATE OR REPLACE FUNCTION mall_draw_code(member uuid, id uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  LOOP
    INSERT INTO pickup_code (code, member_id, redemption_id) VALUES (
        lpad((('x' || right(gen_random_uuid()::text, 12))::bit(48)::bigint % 100000000)::text, 8, '0'), member, id)
      ON CONFLICT DO NOTHING;
    IF FOUND THEN RETURN; END IF;
  END LOOP;
END $$;

-- What is prepared by now can be picked up: up to {limit}, each told to a member who allows it. Two workers never get the
-- same one. {at, limit} → {ready}
CREATE OR REPLACE FUNCTION mall_make_ready(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  due redemption;
  n int := 0;
BEGIN
  FOR due IN SELECT * FROM redemption WHERE state = 'placed' AND ready_at <= (call->>'at')::timestamptz
      ORDER BY ready_at LIMIT (call->>'limit')::int FOR UPDATE SKIP LOCKED LOOP
    UPDATE redemption SET state = 'ready' WHERE member_id = due.member_id AND redemption_id = due.redemption_id;
    PERFORM mall_draw_code(due.member_id, due.redemption_id);
    PERFORM outbox_put(jsonb_build_object('memberId', due.member_id, 'template', 'pickup_ready', 'at', call->'at',
      'ifAllowed', true, 'payload', jsonb_build_object('title', due.title, 'pickupBy', iso_text(due.pickup_by))));
    n := n + 1;
  END LOOP;
  RETURN jsonb_build_object('ready', n);
END $$;

-- Hands a redemption over in a live visit that was opened with a code. Handed out after its last day, too, as long as
-- nobody has cancelled it: the thing is here and so is the customer.
-- {request, staffId, memberId, visitId, pickupCode, at} → {done} | {fault} (a wrong code stays in the audit)
CREATE OR REPLACE FUNCTION mall_hand_over(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  here visit;
  given redemption;
  entry jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_at_till((call->>'staffId')::uuid, NULL);
  PERFORM member_hold(member);
  here := visit_by_code(member, (call->>'visitId')::uuid, own.store_id, now_at);

  SELECT r.* INTO given FROM pickup_code c JOIN redemption r USING (member_id, redemption_id)
    WHERE c.code = call->>'pickupCode' AND c.member_id = member FOR UPDATE OF r;
  entry := jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'bodyHash', call->'request'->>'bodyHash');
  IF given.redemption_id IS NULL THEN
    PERFORM audit_append(entry || jsonb_build_object('verb', 'mall.miss', 'subject', here.visit_id));
    RETURN request_end(call->'request', '{"fault": {"code": "PICKUP_WRONG", "detail": {}}}');
  END IF;
  IF given.state = 'placed' THEN
    PERFORM refuse('PICKUP_NOT_READY', jsonb_build_object('readyAt', iso_text(given.ready_at)));
  END IF;
  IF given.state <> 'ready' THEN PERFORM refuse('REDEMPTION_DONE'); END IF;
  UPDATE redemption SET state = 'done', finished_at = now_at, store_id = own.store_id, staff_id = own.member_id,
      visit_id = here.visit_id WHERE member_id = member AND redemption_id = given.redemption_id;
  PERFORM audit_append(entry || jsonb_build_object('verb', 'mall.handOver', 'subject', given.redemption_id));
  RETURN request_end(call->'request', jsonb_build_object('done', jsonb_build_object('title', given.title,
    'art', (SELECT art FROM reward WHERE reward_id = given.reward_id), 'pieceNo', given.piece_no, 'pickedUpAt', call->'at')));
END $$;

-- A member takes an exchange back. {request, memberId, redemptionId, at, graceUntil}
-- → {redemption, returned, grace, expired}; refuses NOT_FOUND, REDEMPTION_DONE, BUSY.
CREATE OR REPLACE FUNCTION mall_cancel(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  id uuid := (call->>'redemptionId')::uuid;
  known jsonb := request_begin(call->'request');
  held redemption;
  back jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  SELECT * INTO held FROM redemption WHERE member_id = member AND redemption_id = id AND origin = 'mall' FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "redemption"}'); END IF;
  IF held.state NOT IN ('placed', 'ready') THEN PERFORM refuse('REDEMPTION_DONE'); END IF;
  back := mall_undo(held, call || '{"cancelReason": "member"}');
  RETURN request_end(call->'request', back || jsonb_build_object('redemption', mall_shown(member, id)));
END $$;

-- What nobody picked up in time. Points come back; run again, it finds nothing. {memberId, redemptionId, at, graceUntil} → {cancelled}
CREATE OR REPLACE FUNCTION mall_cancel_overdue(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  held redemption;
BEGIN
  PERFORM member_hold(member);
  SELECT * INTO held FROM redemption WHERE member_id = member AND redemption_id = (call->>'redemptionId')::uuid
    AND state = 'ready' AND pickup_by < (call->>'at')::timestamptz FOR UPDATE;
  IF NOT FOUND THEN RETURN '{"cancelled": false}'; END IF;
  PERFORM mall_undo(held, call || '{"cancelReason": "overdue"}');
  RETURN '{"cancelled": true}';
END $$;

-- Cancels a redemption that is held: points to their lots, the share of the limit, the right and the piece back.
-- → {returned, grace, expired}
CREATE OR REPLACE FUNCTION mall_undo(held redemption, call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  back_points jsonb := '{"returned": 0, "grace": 0, "expired": 0}';
BEGIN
  IF held.points > 0 THEN
    back_points := ledger_return_spend(jsonb_build_object('memberId', held.member_id, 'at', call->'at', 'kind', 'redemption',
      'sourceId', held.redemption_id, 'graceUntil', call->'graceUntil', 'reason', 'exchange_returned',
      'detail', jsonb_build_object('title', held.title)));
    -- points of a gift or a reward that a merge took back stay with the programme
    PERFORM gift_take_back(jsonb_build_object('memberId', held.member_id, 'at', call->'at'));
    PERFORM referral_take_back(jsonb_build_object('memberId', held.member_id, 'at', call->'at'));
  END IF;
  UPDATE redemption SET state = 'cancelled', cancel_reason = call->>'cancelReason', finished_at = (call->>'at')::timestamptz,
      back = CASE held.origin WHEN 'mall' THEN back_points - 'available' END WHERE member_id = held.member_id AND redemption_id = held.redemption_id;
  IF held.right_id IS NOT NULL THEN PERFORM right_give_back(held.member_id, held.right_id, held.right_period); END IF;
  IF held.origin = 'mall' THEN
    UPDATE reward_quota SET taken = greatest(0, taken - 1) WHERE member_id = held.member_id AND reward_id = held.reward_id;
  END IF;
  IF held.piece_no IS NOT NULL THEN
    UPDATE reward_piece SET member_id = NULL, redemption_id = NULL
      WHERE reward_id = held.reward_id AND piece_no = held.piece_no AND redemption_id = held.redemption_id;
  ELSIF held.slot IS NOT NULL THEN
    UPDATE reward_stock SET remaining = remaining + 1 WHERE reward_id = held.reward_id AND slot = held.slot;
  END IF;
  RETURN back_points - 'available';
END $$;

-- The pick-ups of a gift that was opened; asked again, the same ones. {memberId, givenId, giftId, at} → [{redemptionId, title, pickupBy}]
CREATE OR REPLACE FUNCTION mall_place_gift(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  wish record;
  item reward;
BEGIN
  FOR wish IN SELECT value, ordinality AS n FROM gift, jsonb_array_elements(pickups) WITH ORDINALITY
      WHERE gift_id = call->>'giftId' ORDER BY value->>'rewardId', ordinality LOOP
    SELECT * INTO item FROM reward WHERE reward_id = wish.value->>'rewardId';
    IF FOUND AND ledger_claim(call || jsonb_build_object('kind', 'gift', 'sourceId', call->'givenId'), 'pickup:' || wish.n) THEN
      PERFORM mall_place(item, jsonb_build_object('memberId', member, 'redemptionId', uuid_v7((call->>'at')::timestamptz),
        'at', call->'at', 'origin', 'gift', 'givenId', call->'givenId', 'points', 0, 'days', wish.value->'days'));
    END IF;
  END LOOP;
  RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('redemptionId', redemption_id, 'title', title, 'pickupBy', iso_text(pickup_by))
      ORDER BY redemption_id), '[]') FROM redemption WHERE member_id = member AND given_id = (call->>'givenId')::uuid);
END $$;

-- Codes of what is over, after a day in which they still say so. {before} → {forgotten}
CREATE OR REPLACE FUNCTION mall_forget_codes(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  WITH gone AS (DELETE FROM pickup_code c USING redemption r
    WHERE r.member_id = c.member_id AND r.redemption_id = c.redemption_id
      AND r.finished_at < (call->>'before')::timestamptz RETURNING 1)
  SELECT jsonb_build_object('forgotten', count(*)) FROM gone
$$;

-- Everything that says who somebody was. What is left of the person is a member id that leads to nobody.

-- Who, by which ways, called what, since when wanted: all of it goes, of every record of the person. Printed numbers stay reserved and
-- belong to nobody, so that none is ever given to somebody else and none leads to what was bought. That there was an agreement,
-- and that it ended, is kept: without a name it is all that shows that it was asked for.
CREATE OR REPLACE FUNCTION member_erase(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  records uuid[] := erase_records(call);
BEGIN
  DELETE FROM identity WHERE member_id = ANY (records);
  DELETE FROM former_identity WHERE member_id = ANY (records);
  DELETE FROM member_tag WHERE member_id = ANY (records);
  DELETE FROM claim WHERE member_id = ANY (records) OR holder_id = ANY (records);
  DELETE FROM kept_apart WHERE member_id = ANY (records) OR other_id = ANY (records);
  UPDATE member_no SET member_id = '00000000-0000-0000-0000-000000000000' WHERE member_id = ANY (records);
  UPDATE consent SET withdrawn_at = (call->>'at')::timestamptz WHERE member_id = ANY (records) AND withdrawn_at IS NULL;
  UPDATE member SET name_sealed = NULL, birth_month = NULL, birth_day = NULL, member_no = '8000000000000000', join_link = NULL,
      join_store_id = NULL, join_scene = NULL, join_risk = NULL WHERE member_id = ANY (records);
  UPDATE member SET status = 'cancelled' WHERE member_id = (call->>'memberId')::uuid;
  DELETE FROM request r USING unnest(records) record WHERE r.actor = 'm:' || record;
  DELETE FROM sms_code WHERE phone_hash IN (SELECT jsonb_array_elements_text(call->'smsHashes'));
  RETURN '{}';
END $$;

-- What somebody wrote beside a merge goes; that there was one stays with the books that it moved.
CREATE OR REPLACE FUNCTION merge_erase(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  records uuid[] := erase_records(call);
BEGIN
  UPDATE merge_undo SET note = '' WHERE note <> '' AND merge_id IN (
    SELECT merge_id FROM merge_record WHERE member_id = ANY (records) OR other_id = ANY (records));
  UPDATE merge_record SET note = NULL WHERE note IS NOT NULL AND (member_id = ANY (records) OR other_id = ANY (records));
  RETURN '{}';
END $$;

-- Phones that showed the code, with their secrets: a code that is still on a screen finds nobody.
CREATE OR REPLACE FUNCTION code_erase(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  WITH gone AS (DELETE FROM device WHERE member_id = ANY (erase_records(call)) RETURNING handle)
  DELETE FROM device_handle h USING gone WHERE h.handle = gone.handle;
  SELECT '{}'::jsonb
$$;

CREATE OR REPLACE FUNCTION session_erase(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  DELETE FROM session WHERE member_id = ANY (erase_records(call));
  SELECT '{}'::jsonb
$$;

-- When somebody stood where; a purchase names its shop itself.
CREATE OR REPLACE FUNCTION visit_erase(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  DELETE FROM visit WHERE member_id = ANY (erase_records(call));
  SELECT '{}'::jsonb
$$;

-- Nothing more is sent, and nothing is left of what was.
CREATE OR REPLACE FUNCTION outbox_erase(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  DELETE FROM outbox_message WHERE member_id = ANY (erase_records(call));
  DELETE FROM message_consent WHERE member_id = ANY (erase_records(call));
  SELECT '{}'::jsonb
$$;

-- The other record becomes a signpost: its identities, numbers, consents and open claims go to the survivor. Its name, its tags and
-- what it once was called by stay with it, so that it can stand by itself again; printed numbers keep scanning for ever (I-ID5).

-- Locks both members, and whoever had come into the other one, in id order first. {mergeId, from, to, at, newAfterDays}
CREATE OR REPLACE FUNCTION member_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  other member;
  own member;
  came int;
  dropped int;
  home uuid;
  moved jsonb;
BEGIN
  -- an older server beside this one knows nothing of coupons, exchanges and friends: it would leave them behind
  IF NOT call ? 'newAfterDays' THEN PERFORM refuse('BUSY'); END IF;
  PERFORM 1 FROM member WHERE member_id IN (src, dst) OR merged_into = src ORDER BY member_id FOR UPDATE;
  -- merged by somebody else meanwhile: the caller looks again who is who
  IF EXISTS (SELECT 1 FROM member WHERE member_id IN (src, dst) AND status = 'merged') THEN PERFORM refuse('BUSY'); END IF;
  IF (SELECT count(*) FROM member WHERE member_id IN (src, dst) AND status = 'active') <> 2 THEN
    PERFORM refuse('MERGE_BLOCKED', '{"blocker": "not_active"}');
  END IF;
  -- an older server's merge names no merge: what is not kept can never be taken back, so it has to wait for its update
  IF NOT call ? 'mergeId' THEN PERFORM refuse('BUSY'); END IF;
  IF EXISTS (SELECT 1 FROM cancellation WHERE member_id IN (src, dst) AND state = 'asked') THEN
    PERFORM refuse('MERGE_BLOCKED', '{"blocker": "leaving"}');
  END IF;
  SELECT * INTO other FROM member WHERE member_id = src;
  SELECT * INTO own FROM member WHERE member_id = dst;
  -- what was attached before homes were written down has not moved since, or nobody can say from where
  UPDATE identity SET member_id = dst, home_id = coalesce(home_id, src) WHERE member_id = src;
  GET DIAGNOSTICS came = ROW_COUNT;
  -- where the older of two phones was attached: it may have come with an earlier merge
  home := (SELECT coalesce(home_id, dst) FROM identity WHERE member_id = dst AND kind = 'phone' ORDER BY proven_at, subject LIMIT 1);
  dropped := member_drop_older_phone(src, dst, (call->>'mergeId')::uuid, now_at);
  UPDATE member_no SET member_id = dst WHERE member_id = src;
  moved := jsonb_build_object(
    'signposts', (SELECT coalesce(jsonb_agg(member_id), '[]') FROM member WHERE merged_into = src),
    'phoneHome', CASE WHEN dropped > 0 THEN home END,
    'named', own.name_sealed IS NULL AND other.name_sealed IS NOT NULL,
    'birthday', own.birth_month IS NULL AND other.birth_month IS NOT NULL)
    || member_merge_consents(src, dst) || member_merge_claims(src, dst, now_at);
  UPDATE member SET merged_into = dst WHERE merged_into = src;
  UPDATE member SET last_active_at = greatest(last_active_at, now_at), name_sealed = coalesce(name_sealed, other.name_sealed),
      birth_month = coalesce(birth_month, other.birth_month),
      birth_day = CASE WHEN birth_month IS NULL THEN other.birth_day ELSE birth_day END WHERE member_id = dst;
  UPDATE member SET status = 'merged', merged_into = dst WHERE member_id = src;
  RETURN jsonb_build_object('moved', moved,
    'came', CASE WHEN came > 0 THEN jsonb_build_object('identities', came) ELSE '{}' END,
    'reversed', CASE WHEN dropped > 0 THEN '[{"kind": "phone_dropped"}]'::jsonb ELSE '[]' END);
END $$;

-- A person has one phone here: the newest. → how many went
CREATE OR REPLACE FUNCTION member_drop_older_phone(src uuid, dst uuid, merge uuid, now_at timestamptz) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  dropped int;
BEGIN
  WITH gone AS (
    DELETE FROM identity old USING identity new
      WHERE old.member_id = dst AND new.member_id = dst AND old.kind = 'phone' AND new.kind = 'phone'
        AND (old.proven_at, old.subject) < (new.proven_at, new.subject)
      RETURNING old.*)
  INSERT INTO former_identity (member_id, kind, issuer, subject, ended_at, subject_sealed, proven_at, first_at, because, merge_id)
    -- in the record that it was attached to, or that this one had come into
    SELECT CASE WHEN home_id = src OR home_id IN (SELECT member_id FROM member WHERE merged_into = src) THEN src ELSE dst END,
        kind, issuer, subject, now_at, subject_sealed, proven_at, first_at, 'newer_phone', merge FROM gone
    ON CONFLICT (member_id, kind, issuer, subject, ended_at) DO UPDATE SET merge_id = excluded.merge_id;
  GET DIAGNOSTICS dropped = ROW_COUNT;
  RETURN dropped;
END $$;

-- The earlier agreement counts. → {consents: the other record's, consentsBefore: the survivor's own that were changed}
CREATE OR REPLACE FUNCTION member_merge_consents(src uuid, dst uuid) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  moved jsonb;
BEGIN
  SELECT jsonb_build_object('consents', coalesce(jsonb_agg(to_jsonb(theirs) - 'member_id'), '[]'),
      'consentsBefore', coalesce(jsonb_agg(to_jsonb(own) - 'member_id') FILTER (WHERE own.member_id IS NOT NULL), '[]'))
    INTO moved FROM consent theirs
    LEFT JOIN consent own ON own.member_id = dst AND own.document = theirs.document AND own.version = theirs.version
    WHERE theirs.member_id = src;
  INSERT INTO consent (member_id, document, version, granted_at, withdrawn_at)
    SELECT dst, document, version, granted_at, withdrawn_at FROM consent WHERE member_id = src
    ON CONFLICT (member_id, document, version) DO UPDATE SET granted_at = least(consent.granted_at, excluded.granted_at);
  DELETE FROM consent WHERE member_id = src;
  RETURN moved;
END $$;

-- Claims between the two are settled; the others go along. → {claims, claimsOn: whose holder was the other record}
CREATE OR REPLACE FUNCTION member_merge_claims(src uuid, dst uuid, now_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  moved jsonb := jsonb_build_object(
    'claims', (SELECT coalesce(jsonb_agg(claim_id), '[]') FROM claim WHERE member_id = src),
    'claimsOn', (SELECT coalesce(jsonb_agg(claim_id), '[]') FROM claim WHERE holder_id = src));
BEGIN
  UPDATE claim SET settled_at = now_at
    WHERE settled_at IS NULL AND ((member_id = dst AND holder_id = src) OR (member_id = src AND holder_id = dst));
  UPDATE claim SET member_id = dst WHERE member_id = src;
  UPDATE claim SET holder_id = dst WHERE holder_id = src;
  RETURN moved;
END $$;

-- The signpost stands by itself again, with what was attached to it or to records that had come into it. What the survivor has
-- proven since stays with the survivor. {mergeId, from, to, at, mergedAt, moved}
CREATE OR REPLACE FUNCTION member_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  moved jsonb := call->'moved';
  homes uuid[];
  went int;
  phones jsonb;
BEGIN
  -- a number that comes back is compared by its hash, and while keys rotate it may lie at somebody else under another one
  PERFORM key_settled();
  homes := ARRAY(SELECT value::uuid FROM jsonb_array_elements_text(moved->'signposts')) || dst;
  UPDATE identity SET member_id = dst WHERE member_id = src AND home_id = ANY (homes);
  GET DIAGNOSTICS went = ROW_COUNT;
  UPDATE member SET status = 'active', merged_into = NULL WHERE member_id = dst;
  UPDATE member SET merged_into = dst WHERE member_id = ANY (homes) AND member_id <> dst;
  UPDATE member_no n SET member_id = dst FROM member m WHERE m.member_id = ANY (homes) AND n.member_no = m.member_no;
  phones := member_bring_back_phones(src, dst, (call->>'mergeId')::uuid, (moved->>'phoneHome')::uuid);
  UPDATE member own SET
      name_sealed = CASE WHEN (moved->>'named')::boolean AND own.name_sealed = other.name_sealed THEN NULL ELSE own.name_sealed END,
      birth_month = CASE WHEN (moved->>'birthday')::boolean AND own.birth_month = other.birth_month AND own.birth_day = other.birth_day
        THEN NULL ELSE own.birth_month END,
      birth_day = CASE WHEN (moved->>'birthday')::boolean AND own.birth_month = other.birth_month AND own.birth_day = other.birth_day
        THEN NULL ELSE own.birth_day END
    FROM member other WHERE own.member_id = src AND other.member_id = dst;
  PERFORM member_unmerge_papers(src, dst, moved);
  RETURN jsonb_build_object('back', CASE WHEN went > 0 THEN jsonb_build_object('identities', went) ELSE '{}' END) || phones;
END $$;

-- Phones that the merge dropped, each to the record it was of, unless somebody else or a newer one has taken the place. → {restored, lost}
CREATE OR REPLACE FUNCTION member_bring_back_phones(src uuid, dst uuid, merge uuid, home uuid) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  phone former_identity;
  restored jsonb := '[]';
  lost jsonb := '[]';
BEGIN
  FOR phone IN SELECT * FROM former_identity f WHERE f.merge_id = merge AND f.member_id IN (src, dst) ORDER BY f.subject LOOP
    IF EXISTS (SELECT 1 FROM identity i WHERE i.member_id = phone.member_id AND i.kind = 'phone') THEN
      lost := lost || '{"kind": "phone_dropped", "why": "newer"}';
    ELSIF EXISTS (SELECT 1 FROM identity i WHERE (i.kind, i.issuer, i.subject) = (phone.kind, phone.issuer, phone.subject)) THEN
      lost := lost || '{"kind": "phone_dropped", "why": "taken"}';
    ELSE
      INSERT INTO identity (kind, issuer, subject, member_id, home_id, subject_sealed, proven_at, first_at)
        VALUES (phone.kind, phone.issuer, phone.subject, phone.member_id, home, phone.subject_sealed, phone.proven_at, phone.first_at);
      restored := restored || '{"kind": "phone_dropped"}';
      DELETE FROM former_identity f WHERE (f.member_id, f.kind, f.issuer, f.subject, f.ended_at)
        = (phone.member_id, phone.kind, phone.issuer, phone.subject, phone.ended_at);
    END IF;
  END LOOP;
  RETURN jsonb_build_object('restored', restored, 'lost', lost);
END $$;

-- Consents and claims of the other record; a claim between the two stays settled, for somebody has decided.
CREATE OR REPLACE FUNCTION member_unmerge_papers(src uuid, dst uuid, moved jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO consent (member_id, document, version, granted_at, withdrawn_at)
    SELECT dst, document, version, granted_at, withdrawn_at FROM jsonb_populate_recordset(NULL::consent, moved->'consents');
  DELETE FROM consent own USING jsonb_populate_recordset(NULL::consent, moved->'consents') theirs
    WHERE own.member_id = src AND own.document = theirs.document AND own.version = theirs.version
      AND own.granted_at = theirs.granted_at AND own.withdrawn_at IS NOT DISTINCT FROM theirs.withdrawn_at
      AND NOT EXISTS (SELECT 1 FROM jsonb_populate_recordset(NULL::consent, moved->'consentsBefore') before
        WHERE before.document = own.document AND before.version = own.version);
  UPDATE consent own SET granted_at = before.granted_at FROM jsonb_populate_recordset(NULL::consent, moved->'consentsBefore') before
    WHERE own.member_id = src AND own.document = before.document AND own.version = before.version;
  UPDATE claim SET member_id = dst WHERE member_id = src
    AND claim_id IN (SELECT value::uuid FROM jsonb_array_elements_text(moved->'claims'));
  UPDATE claim SET holder_id = dst WHERE holder_id = src
    AND claim_id IN (SELECT value::uuid FROM jsonb_array_elements_text(moved->'claimsOn'));
END $$;

-- Serialises everybody who holds one of these proofs just now, in one order for all; a phone is locked under each of its hashes
-- and lies under the caller's from then on. {keys: [text], ring, phones: while keys rotate, see key_guard and key_bring}
CREATE OR REPLACE FUNCTION member_lock_proofs(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  proof text;
BEGIN
  PERFORM key_guard(call->'ring');
  FOR proof IN SELECT value FROM jsonb_array_elements_text(call->'keys') ORDER BY value COLLATE "C" LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended(proof, 1));
  END LOOP;
  IF call ? 'phones' THEN PERFORM key_bring(call->'phones'); END IF;
  RETURN '{}';
END $$;

-- Writes a new person. {memberId, memberNo, nameSealed (base64 or null), at, arrival} → {created} (false: number taken)
CREATE OR REPLACE FUNCTION member_create(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO member_no (member_no, member_id) VALUES (call->>'memberNo', (call->>'memberId')::uuid) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN '{"created": false}'; END IF;
  INSERT INTO member (member_id, member_no, name_sealed, joined_at, last_active_at, join_channel, join_link, join_store_id, join_scene)
    VALUES ((call->>'memberId')::uuid, call->>'memberNo', decode(call->>'nameSealed', 'base64'), (call->>'at')::timestamptz,
            (call->>'at')::timestamptz, call->'arrival'->>'channel', call->'arrival'->>'link', call->'arrival'->>'storeId',
            (call->'arrival'->>'scene')::int);
  RETURN '{"created": true}';
END $$;

-- Attaches proofs to a member; a phone may come from another member (it was just proven here), nothing else may.
-- Protects I-ID1: the primary key decides. {memberId, at, proofs: [{kind, issuer, subject, sealed}]}
CREATE OR REPLACE FUNCTION member_attach(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  proof jsonb;
BEGIN
  PERFORM 1 FROM member WHERE member_id = who AND status = 'active' FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('BUSY'); END IF;
  FOR proof IN SELECT value FROM jsonb_array_elements(call->'proofs') LOOP
    IF proof->>'kind' = 'phone' THEN PERFORM member_remember_phones(who, proof->>'subject', now_at); END IF;
    INSERT INTO identity (kind, issuer, subject, member_id, subject_sealed, proven_at, first_at)
      VALUES (proof->>'kind', proof->>'issuer', proof->>'subject', who, decode(proof->>'sealed', 'base64'), now_at, now_at)
      ON CONFLICT (kind, issuer, subject) DO UPDATE SET proven_at = excluded.proven_at, member_id = excluded.member_id,
          home_id = CASE WHEN identity.member_id = who THEN identity.home_id ELSE excluded.home_id END
        WHERE identity.member_id = who OR identity.kind = 'phone';
    IF NOT FOUND THEN PERFORM refuse('BUSY'); END IF;
    -- a person has one phone here: the newest
    IF proof->>'kind' = 'phone' THEN
      DELETE FROM identity WHERE kind = 'phone' AND member_id = who AND subject <> proof->>'subject';
    END IF;
  END LOOP;
  UPDATE member SET last_active_at = greatest(last_active_at, now_at) WHERE member_id = who;
  RETURN '{}';
END $$;

-- What an attached phone ends: the older phone of the same person, and this number with whoever had it. Its row is held, so that
-- nothing is remembered of a holder who is leaving at this moment. Each side has its index. It is remembered of the record that it
-- was attached to: after an undone merge it is nobody else's.
CREATE OR REPLACE FUNCTION member_remember_phones(who uuid, number text, now_at timestamptz) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO former_identity (member_id, kind, issuer, subject, ended_at, subject_sealed, proven_at, first_at, because)
    SELECT coalesce(home_id, member_id), kind, issuer, subject, now_at, subject_sealed, proven_at, first_at,
        CASE member_id WHEN who THEN 'newer_phone' ELSE 'moved' END
      FROM identity WHERE (member_id = who AND kind = 'phone' AND subject <> number)
        OR (kind = 'phone' AND issuer = '' AND subject = number AND member_id <> who) ORDER BY subject FOR UPDATE
    ON CONFLICT DO NOTHING
$$;

-- One look at the second proof, counted before it is judged. Looks come one after the other: both members are locked
-- first, in id order like in a merge. {memberId, claimId, at} → {holderId, triesLeft} or NULL
CREATE OR REPLACE FUNCTION member_try_claim(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  look jsonb;
BEGIN
  PERFORM 1 FROM member WHERE member_id IN (SELECT unnest(ARRAY[c.member_id, c.holder_id]) FROM claim c
      WHERE c.member_id = (call->>'memberId')::uuid AND c.claim_id = (call->>'claimId')::uuid)
    ORDER BY member_id FOR UPDATE;
  UPDATE claim SET tries_left = tries_left - 1
    WHERE member_id = (call->>'memberId')::uuid AND claim_id = (call->>'claimId')::uuid
      AND settled_at IS NULL AND tries_left > 0 AND expires_at > (call->>'at')::timestamptz
    RETURNING jsonb_build_object('holderId', holder_id, 'triesLeft', tries_left) INTO look;
  RETURN look;
END $$;

-- When this person first joined by agreeing: the first WeChat identity or the first consent, on any record that became this
-- one. NULL for a card that nobody has joined with yet.
CREATE OR REPLACE FUNCTION member_new_since(who uuid) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT least(
    (SELECT min(first_at) FROM identity WHERE member_id = who AND kind IN ('wechat_openid', 'wechat_unionid')),
    (SELECT min(granted_at) FROM consent WHERE member_id = who))
$$;

-- Holds a member for one verb: verbs of one member come one after the other, and a merge waits or is seen.
CREATE OR REPLACE FUNCTION member_hold(who uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  state text;
BEGIN
  SELECT status INTO state FROM member m WHERE m.member_id = who FOR NO KEY UPDATE;
  IF state = 'merged' THEN PERFORM refuse('BUSY'); END IF;
  IF state IS DISTINCT FROM 'active' THEN PERFORM refuse('MEMBER_UNKNOWN'); END IF;
END $$;

-- An identity remembers the record that it was attached to, so that an undone merge knows whose it was.
CREATE OR REPLACE FUNCTION identity_home() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  NEW.home_id := coalesce(NEW.home_id, NEW.member_id);
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER identity_home BEFORE INSERT ON identity FOR EACH ROW EXECUTE FUNCTION identity_home();

-- Where rows and answers may be found that a merge, or one that was taken back, has moved to another record since.

-- The ids of a journal's list; none where it has no such list.
CREATE OR REPLACE FUNCTION uuid_list(list jsonb) RETURNS uuid[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY(SELECT value::uuid FROM jsonb_array_elements_text(CASE jsonb_typeof(list) WHEN 'array' THEN list ELSE '[]' END))
$$;

-- Who may have now what this record once had: itself, its survivor, and whoever was separated from either. Few, mostly one.
CREATE OR REPLACE FUNCTION merge_heirs(who uuid) RETURNS SETOF uuid
LANGUAGE sql STABLE AS $$
  WITH RECURSIVE heir (member_id) AS (
    SELECT who
    UNION
    SELECT next.member_id FROM heir JOIN LATERAL (
      SELECT m.merged_into AS member_id FROM member m WHERE m.member_id = heir.member_id AND m.merged_into IS NOT NULL
      UNION ALL SELECT r.other_id FROM merge_record r WHERE r.member_id = heir.member_id) next ON true)
  SELECT member_id FROM heir
$$;

-- As whom this record's phones may have sent something: itself, the records that came into it, and whoever one of them was part of.
CREATE OR REPLACE FUNCTION merge_former(who uuid) RETURNS SETOF uuid
LANGUAGE sql STABLE AS $$
  WITH RECURSIVE former (member_id) AS (
    SELECT who
    UNION
    SELECT next.member_id FROM former JOIN LATERAL (
      SELECT m.member_id FROM member m WHERE m.merged_into = former.member_id
      UNION ALL SELECT r.member_id FROM merge_record r WHERE r.other_id = former.member_id) next ON true)
  SELECT member_id FROM former
$$;

-- Two records become one person, and two again. Each noun moves its own rows with <noun>_merge and brings them back with
-- <noun>_unmerge; what runs here only walks the lists that the server gives, keeps the journal and adds up what was said.
-- Protects I-ID2, I-ID4, I-ID5: one transaction, both records locked in id order, a preview that is the deed itself, rolled back.

-- What stands in the way of a merge, each with a name. {from, to} → [{blocker}]
CREATE OR REPLACE FUNCTION merge_blockers(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  WITH pair AS (SELECT * FROM member WHERE member_id IN ((call->>'from')::uuid, (call->>'to')::uuid))
  SELECT coalesce(jsonb_agg(jsonb_build_object('blocker', blocker)), '[]') FROM (
    SELECT 'same_record' AS blocker WHERE call->>'from' = call->>'to'
    -- nobody decides over their own points
    UNION ALL SELECT 'own_record' WHERE call->>'staffId' IN (call->>'from', call->>'to')
    UNION ALL SELECT 'already_merged' WHERE EXISTS (SELECT 1 FROM pair WHERE status = 'merged')
    UNION ALL SELECT 'not_active' WHERE EXISTS (SELECT 1 FROM pair WHERE status NOT IN ('active', 'merged')) OR NOT EXISTS (SELECT 1 FROM pair)
    UNION ALL SELECT 'leaving' WHERE EXISTS (SELECT 1 FROM cancellation c JOIN pair USING (member_id) WHERE c.state = 'asked')
    UNION ALL SELECT 'two_jobs' WHERE (SELECT count(*) FROM staff s JOIN pair USING (member_id) WHERE s.ended_at IS NULL) > 1) named
$$;

-- What somebody who decides should know, though it stops nothing. {from, to} → [{warning}]
CREATE OR REPLACE FUNCTION merge_warnings(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('warning', warning)), '[]') FROM (
    -- whatever records these were separated as
    SELECT 'kept_apart' AS warning WHERE EXISTS (SELECT 1 FROM member a JOIN kept_apart k USING (member_id) JOIN member b ON b.member_id = k.other_id
      WHERE (a.member_id = (call->>'from')::uuid OR a.merged_into = (call->>'from')::uuid)
        AND (b.member_id = (call->>'to')::uuid OR b.merged_into = (call->>'to')::uuid))
    UNION ALL SELECT 'two_wechats' WHERE EXISTS (SELECT 1 FROM identity a JOIN identity b USING (kind, issuer)
      WHERE a.member_id = (call->>'from')::uuid AND b.member_id = (call->>'to')::uuid AND kind IN ('wechat_openid', 'wechat_unionid'))) named
$$;

-- The merge itself. {mergeId, from, to, at, because, staffId, storeId, note, steps: [function names], and what the steps want}
-- → {points, growth, came, reversed}: what the other record brought, and what the merge undid
CREATE OR REPLACE FUNCTION merge_run(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  step text;
  answer jsonb;
  came jsonb := '{}';
  reversed jsonb := '[]';
BEGIN
  FOR step IN SELECT value FROM jsonb_array_elements_text(call->'steps') LOOP
    EXECUTE format('SELECT %I($1)', step) INTO answer USING call;
    INSERT INTO merge_step (member_id, merge_id, step, moved)
      SELECT (call->>'to')::uuid, (call->>'mergeId')::uuid, step, answer->'moved' WHERE answer ? 'moved';
    came := came || coalesce(answer->'came', '{}');
    reversed := reversed || coalesce(answer->'reversed', '[]');
  END LOOP;
  INSERT INTO merge_record (member_id, merge_id, other_id, because, staff_id, store_id, note, nth, summary, at)
    VALUES ((call->>'to')::uuid, (call->>'mergeId')::uuid, (call->>'from')::uuid, call->>'because', (call->>'staffId')::uuid,
            call->>'storeId', call->>'note',
            (SELECT coalesce(max(nth), 0) + 1 FROM merge_record WHERE member_id IN ((call->>'to')::uuid, (call->>'from')::uuid)),
            jsonb_build_object('came', came, 'reversed', reversed), (call->>'at')::timestamptz);
  RETURN jsonb_build_object('came', came, 'reversed', reversed);
END $$;

-- The merge as it would be, done and rolled back. {as merge_run} → {blockers, warnings, came, reversed, seal}: `seal` names what
-- was seen, so that the deed can be refused when it would be another.
CREATE OR REPLACE FUNCTION merge_preview(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  blockers jsonb := merge_blockers(call);
  seen jsonb := '{}';
BEGIN
  IF blockers = '[]' THEN
    BEGIN
      seen := merge_run(call);
      RAISE EXCEPTION USING ERRCODE = 'HY002';
    EXCEPTION WHEN SQLSTATE 'HY002' THEN NULL;
    END;
  END IF;
  RETURN jsonb_build_object('blockers', blockers, 'warnings', merge_warnings(call)) || seen || jsonb_build_object('seal', md5(seen::text));
END $$;

-- The merge that was previewed, or nothing. Locks both records, with whoever had come into the other, in id order.
-- {seal, and as merge_run} → as merge_run
CREATE OR REPLACE FUNCTION merge_sealed(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  seen jsonb;
  blockers jsonb;
BEGIN
  PERFORM 1 FROM member WHERE member_id IN ((call->>'from')::uuid, (call->>'to')::uuid) OR merged_into = (call->>'from')::uuid
    ORDER BY member_id FOR UPDATE;
  blockers := merge_blockers(call);
  IF blockers <> '[]' THEN PERFORM refuse('MERGE_BLOCKED', blockers->0); END IF;
  seen := merge_run(call);
  IF md5(seen::text) <> call->>'seal' THEN PERFORM refuse('PREVIEW_CHANGED'); END IF;
  RETURN seen;
END $$;

-- An operator's merge, once. {command, and as merge_sealed} → as merge_run, and mergeId
CREATE OR REPLACE FUNCTION merge_decide(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  answer jsonb;
  seen jsonb;
  own staff;
BEGIN
  answer := request_begin(call->'command');
  IF answer IS NOT NULL THEN RETURN answer; END IF;
  own := adjustment_operator((call->>'staffId')::uuid);
  seen := merge_sealed(call);
  PERFORM merge_audit(own, call, 'merge.merge');
  RETURN request_end(call->'command', seen || jsonb_build_object('mergeId', call->'mergeId'));
END $$;

-- What stands in the way of taking a merge back. → [{blocker, mergeId?}]
CREATE OR REPLACE FUNCTION merge_undo_blockers(done merge_record, now_at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  WITH later AS (
    SELECT m.merge_id FROM merge_record m
      WHERE (m.other_id = done.member_id OR m.member_id = done.member_id AND m.nth > done.nth)
        AND NOT EXISTS (SELECT 1 FROM merge_undo u WHERE u.member_id = m.member_id AND u.merge_id = m.merge_id)
      ORDER BY m.other_id = done.member_id DESC, m.nth DESC LIMIT 1)
  SELECT coalesce(jsonb_agg(named.one), '[]') FROM (
    SELECT jsonb_build_object('blocker', 'undone') AS one
      WHERE EXISTS (SELECT 1 FROM merge_undo u WHERE u.member_id = done.member_id AND u.merge_id = done.merge_id)
    -- what came later builds on it: it has to be taken back first
    UNION ALL SELECT jsonb_build_object('blocker', 'later_merge', 'mergeId', merge_id) FROM later
    UNION ALL SELECT '{"blocker": "not_active"}' WHERE EXISTS (SELECT 1 FROM member
      WHERE member_id IN (done.member_id, done.other_id) AND status = 'cancelled')
    UNION ALL SELECT '{"blocker": "leaving"}' WHERE EXISTS (SELECT 1 FROM cancellation WHERE member_id = done.member_id AND state = 'asked')
    UNION ALL SELECT '{"blocker": "live_hold"}' WHERE EXISTS (SELECT 1 FROM order_hold
      WHERE member_id = done.member_id AND state = 'live' AND expires_at > now_at)) named
$$;

-- Takes a merge back. Locks both records in id order. {mergeId, at, staffId, note, charge, undoSteps: [function names], and what the
-- steps want} → {back, restored, lost}
CREATE OR REPLACE FUNCTION merge_undo_run(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  done merge_record;
  fn text;
  answer jsonb;
  back jsonb := '{}';
  restored jsonb := '[]';
  lost jsonb := '[]';
BEGIN
  SELECT * INTO done FROM merge_record WHERE merge_id = (call->>'mergeId')::uuid;
  FOR fn IN SELECT value FROM jsonb_array_elements_text(call->'undoSteps') LOOP
    EXECUTE format('SELECT %I($1)', fn) INTO answer USING call || jsonb_build_object(
      'from', done.member_id, 'to', done.other_id, 'mergedAt', iso_text(done.at),
      'moved', (SELECT moved FROM merge_step s WHERE s.member_id = done.member_id AND s.merge_id = done.merge_id
        AND s.step = regexp_replace(fn, '_unmerge$', '_merge')));
    back := back || coalesce(answer->'back', '{}');
    restored := restored || coalesce(answer->'restored', '[]');
    lost := lost || coalesce(answer->'lost', '[]');
  END LOOP;
  INSERT INTO kept_apart (member_id, other_id, merge_id, at)
    VALUES (done.member_id, done.other_id, done.merge_id, (call->>'at')::timestamptz),
           (done.other_id, done.member_id, done.merge_id, (call->>'at')::timestamptz)
    ON CONFLICT (member_id, other_id) DO NOTHING;
  INSERT INTO merge_undo (member_id, merge_id, staff_id, note, charge, summary, at)
    VALUES (done.member_id, done.merge_id, (call->>'staffId')::uuid, call->>'note', call->>'charge',
            jsonb_build_object('back', back, 'restored', restored, 'lost', lost), (call->>'at')::timestamptz);
  RETURN jsonb_build_object('back', back, 'restored', restored, 'lost', lost);
END $$;

-- The undo as it would be, done and rolled back. {as merge_undo_run} → {blockers, back, restored, lost, seal}
CREATE OR REPLACE FUNCTION merge_undo_preview(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  blockers jsonb := merge_undo_look(call);
  seen jsonb := '{}';
BEGIN
  IF blockers = '[]' THEN
    BEGIN
      seen := merge_undo_run(call);
      RAISE EXCEPTION USING ERRCODE = 'HY002';
    EXCEPTION WHEN SQLSTATE 'HY002' THEN NULL;
    END;
  END IF;
  RETURN jsonb_build_object('blockers', blockers) || seen || jsonb_build_object('seal', md5(seen::text));
END $$;

-- Locks the two records of a merge, with those that had come into them, and says what stands in the way of taking it back. Proofs come
-- before records, as at a sign-in: one that has just found its person here ends before there are two. {mergeId, at}
CREATE OR REPLACE FUNCTION merge_undo_look(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  done merge_record;
BEGIN
  SELECT * INTO done FROM merge_record WHERE merge_id = (call->>'mergeId')::uuid;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "merge"}'); END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended(proof, 1)) FROM (SELECT concat_ws('|', kind, issuer, subject) AS proof FROM identity
    WHERE member_id = done.member_id ORDER BY concat_ws('|', kind, issuer, subject) COLLATE "C") held;
  PERFORM 1 FROM member WHERE member_id IN (done.member_id, done.other_id) OR merged_into = done.member_id ORDER BY member_id FOR UPDATE;
  IF call->>'staffId' IN (done.member_id::text, done.other_id::text) THEN RETURN '[{"blocker": "own_record"}]'; END IF;
  RETURN merge_undo_blockers(done, (call->>'at')::timestamptz);
END $$;

-- An operator takes a merge back: what was previewed, or nothing. {command, seal, and as merge_undo_run} → as merge_undo_run
CREATE OR REPLACE FUNCTION merge_undo_decide(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  answer jsonb;
  seen jsonb;
  blockers jsonb;
  own staff;
BEGIN
  answer := request_begin(call->'command');
  IF answer IS NOT NULL THEN RETURN answer; END IF;
  own := adjustment_operator((call->>'staffId')::uuid);
  blockers := merge_undo_look(call);
  IF blockers <> '[]' THEN PERFORM refuse('MERGE_BLOCKED', blockers->0); END IF;
  seen := merge_undo_run(call);
  IF md5(seen::text) <> call->>'seal' THEN PERFORM refuse('PREVIEW_CHANGED'); END IF;
  PERFORM merge_audit(own, call, 'merge.undo');
  RETURN request_end(call->'command', seen);
END $$;

CREATE OR REPLACE FUNCTION merge_audit(own staff, call jsonb, verb text) RETURNS void
LANGUAGE sql AS $$
  SELECT audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id, 'verb', verb,
    'subject', call->>'mergeId', 'bodyHash', call->'command'->>'bodyHash'))
$$;

-- Journals only grow; only the words of a note may go, when the person they are about leaves.
CREATE OR REPLACE FUNCTION merge_keep() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'note' = to_jsonb(OLD) - 'note' AND coalesce(to_jsonb(NEW)->>'note', '') = '' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;

CREATE OR REPLACE TRIGGER merge_record_keep BEFORE UPDATE OR DELETE ON merge_record
  FOR EACH ROW EXECUTE FUNCTION merge_keep();
CREATE OR REPLACE TRIGGER merge_step_keep BEFORE UPDATE OR DELETE ON merge_step
  FOR EACH ROW EXECUTE FUNCTION merge_keep();
CREATE OR REPLACE TRIGGER merge_undo_keep BEFORE UPDATE OR DELETE ON merge_undo
  FOR EACH ROW EXECUTE FUNCTION merge_keep();

-- What two records have done for the brand, put together and taken apart again.

-- Of two undertakings of one obligation the one further along stays, the other is superseded and can give nothing more;
-- the cooldown runs from the later step of both. Honours are joined, the longer term counts. {from, to, at}; the journal is
-- {instances, proofs: ids that moved, pairs: [{obligationId, theirs, own}], honours, ownHonours: rows as they were}
CREATE OR REPLACE FUNCTION obligation_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  moved jsonb := '{}';
  duties int;
  honours int;
  superseded jsonb := '[]';
  part jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('obligationId', theirs.obligation_id, 'theirs', to_jsonb(theirs), 'own', to_jsonb(own))
      ORDER BY theirs.obligation_id) INTO part
    FROM obligation_instance theirs LEFT JOIN obligation_instance own ON own.member_id = dst AND own.state <> 'superseded'
      AND own.obligation_id = theirs.obligation_id
    WHERE theirs.member_id = src AND theirs.state <> 'superseded';
  IF part IS NOT NULL THEN
    duties := jsonb_array_length(part);
    moved := jsonb_build_object('pairs', part);
    superseded := obligation_join(src, dst);
  END IF;
  WITH went AS (UPDATE obligation_instance SET member_id = dst WHERE member_id = src RETURNING instance_id)
    SELECT jsonb_agg(instance_id) INTO part FROM went;
  IF part IS NOT NULL THEN
    moved := moved || jsonb_build_object('instances', part);
    WITH went AS (UPDATE obligation_proof SET member_id = dst WHERE member_id = src RETURNING proof_id)
      SELECT moved || jsonb_build_object('proofs', coalesce(jsonb_agg(proof_id), '[]')) INTO moved FROM went;
  END IF;
  SELECT jsonb_build_object('honours', jsonb_agg(to_jsonb(theirs)), 'ownHonours', jsonb_agg(to_jsonb(own)) FILTER (WHERE own.member_id IS NOT NULL)),
      count(*) INTO part, honours
    FROM honour_held theirs LEFT JOIN honour_held own ON own.member_id = dst AND own.honour_id = theirs.honour_id WHERE theirs.member_id = src;
  IF honours > 0 THEN
    moved := moved || jsonb_strip_nulls(part);
    INSERT INTO honour_held AS own (member_id, honour_id, granted_at, expires_at)
      SELECT dst, honour_id, granted_at, expires_at FROM honour_held WHERE member_id = src
      ON CONFLICT (member_id, honour_id) DO UPDATE SET granted_at = least(own.granted_at, excluded.granted_at),
        expires_at = honour_longer(own.expires_at, excluded.expires_at);
    DELETE FROM honour_held WHERE member_id = src;
  END IF;
  RETURN CASE moved WHEN '{}' THEN '{}' ELSE jsonb_build_object('moved', moved) END || jsonb_build_object('reversed', superseded,
    'came', jsonb_strip_nulls(jsonb_build_object('obligations', duties, 'honours', nullif(honours, 0))));
END $$;

-- One of each two stays. → the other ones, as what was reversed
CREATE OR REPLACE FUNCTION obligation_join(src uuid, dst uuid) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  ranks text[] := ARRAY['lapsed', 'accepted', 'in_progress', 'approved', 'rewarded'];
  superseded jsonb;
BEGIN
  UPDATE obligation_instance mine SET last_proof_at = greatest(mine.last_proof_at, other.last_proof_at),
      accepted_at = least(mine.accepted_at, other.accepted_at)
    FROM obligation_instance other
    WHERE mine.member_id IN (src, dst) AND other.member_id IN (src, dst) AND other.member_id <> mine.member_id
      AND other.obligation_id = mine.obligation_id AND mine.state <> 'superseded' AND other.state <> 'superseded';
  WITH gone AS (
    UPDATE obligation_instance lost SET state = 'superseded' FROM obligation_instance kept
      WHERE lost.member_id IN (src, dst) AND kept.member_id IN (src, dst) AND kept.member_id <> lost.member_id
        AND kept.obligation_id = lost.obligation_id AND lost.state <> 'superseded' AND kept.state <> 'superseded'
        AND (array_position(ranks, kept.state::text), kept.progress, coalesce(lost.finished_at, 'infinity'), kept.instance_id)
          > (array_position(ranks, lost.state::text), lost.progress, coalesce(kept.finished_at, 'infinity'), lost.instance_id)
      RETURNING lost.*)
  SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'obligation_superseded', 'title', o.title, 'progress', gone.progress)
      ORDER BY gone.obligation_id), '[]') INTO superseded
    FROM gone JOIN obligation o USING (obligation_id);
  RETURN superseded;
END $$;

-- Each has their own undertakings again. Where the survivor went on since with what was the other's, the progress made since stays
-- with the survivor, and the separated record gets what it had. {from, to, at, moved} → {back, restored}
CREATE OR REPLACE FUNCTION obligation_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  moved jsonb := call->'moved';
  pair jsonb;
  restored jsonb := '[]';
  duties int;
  honours int;
BEGIN
  UPDATE obligation_instance SET member_id = dst WHERE member_id = src AND instance_id = ANY (uuid_list(moved->'instances'));
  UPDATE obligation_proof SET member_id = dst WHERE member_id = src AND proof_id = ANY (uuid_list(moved->'proofs'));
  FOR pair IN SELECT value FROM jsonb_array_elements(moved->'pairs') LOOP
    restored := restored || obligation_part(call, jsonb_populate_record(NULL::obligation_instance, pair->'theirs'),
      jsonb_populate_record(NULL::obligation_instance, nullif(pair->'own', 'null')));
  END LOOP;
  SELECT count(*) INTO duties FROM obligation_instance WHERE member_id = dst AND state <> 'superseded';
  honours := obligation_part_honours(src, dst, moved, (call->>'mergedAt')::timestamptz);
  RETURN jsonb_build_object('restored', restored,
    'back', jsonb_strip_nulls(jsonb_build_object('obligations', nullif(duties, 0), 'honours', nullif(honours, 0))));
END $$;

-- Takes two undertakings of one obligation apart. → what is restored
CREATE OR REPLACE FUNCTION obligation_part(call jsonb, theirs obligation_instance, own obligation_instance) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  held obligation_instance;
  lost obligation_instance;
  since int;
BEGIN
  -- the one of the two that stayed, as it is by now
  SELECT * INTO held FROM obligation_instance WHERE (member_id, instance_id) IN ((theirs.member_id, theirs.instance_id), (src, own.instance_id))
    AND state <> 'superseded';
  IF held.instance_id = theirs.instance_id AND held.progress > theirs.progress THEN
    PERFORM obligation_go_on(call, held, theirs, own);
    lost := own;
  ELSE
    PERFORM obligation_set(theirs);
    IF own.instance_id IS NOT NULL AND held.instance_id = own.instance_id AND held.progress > own.progress THEN
      UPDATE obligation_instance SET accepted_at = own.accepted_at WHERE member_id = src AND instance_id = own.instance_id;
    ELSIF own.instance_id IS NOT NULL THEN
      PERFORM obligation_set(own);
    END IF;
    lost := CASE WHEN held.instance_id = theirs.instance_id THEN own ELSE theirs END;
  END IF;
  RETURN CASE WHEN lost.instance_id IS NULL THEN '[]' ELSE jsonb_build_array(jsonb_build_object('kind', 'obligation_superseded',
    'title', (SELECT title FROM obligation o WHERE o.obligation_id = lost.obligation_id), 'progress', lost.progress)) END;
END $$;

CREATE OR REPLACE FUNCTION obligation_set(was obligation_instance) RETURNS void
LANGUAGE sql AS $$
  UPDATE obligation_instance SET state = was.state, progress = was.progress, accepted_at = was.accepted_at,
      last_proof_at = was.last_proof_at, finished_at = was.finished_at, reason = was.reason
    WHERE member_id = was.member_id AND instance_id = was.instance_id
$$;

-- The survivor went on with what was the other's. The steps since become the survivor's own undertaking; one that was finished with
-- them stays as it is, for its reward was given under its name, and the other's goes on under a new one.
CREATE OR REPLACE FUNCTION obligation_go_on(call jsonb, held obligation_instance, theirs obligation_instance, own obligation_instance)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  named uuid := uuid_v7((call->>'at')::timestamptz);
BEGIN
  IF held.state IN ('approved', 'rewarded') THEN
    UPDATE obligation_instance SET member_id = src, accepted_at = coalesce(own.accepted_at, accepted_at)
      WHERE member_id = theirs.member_id AND instance_id = theirs.instance_id;
    INSERT INTO obligation_instance (member_id, instance_id, obligation_id, state, progress, accepted_at, last_proof_at)
      VALUES (theirs.member_id, named, theirs.obligation_id, theirs.state, theirs.progress, theirs.accepted_at, theirs.last_proof_at);
    UPDATE obligation_proof SET instance_id = named WHERE member_id = theirs.member_id AND instance_id = theirs.instance_id;
    RETURN;
  END IF;
  PERFORM obligation_set(theirs);
  INSERT INTO obligation_instance (member_id, instance_id, obligation_id, state, progress, accepted_at, last_proof_at)
    VALUES (src, coalesce(own.instance_id, named), held.obligation_id, 'in_progress', coalesce(own.progress, 0) + held.progress - theirs.progress,
            coalesce(own.accepted_at, held.last_proof_at), held.last_proof_at)
    ON CONFLICT (member_id, instance_id) DO UPDATE SET state = excluded.state, progress = excluded.progress,
      accepted_at = excluded.accepted_at, last_proof_at = excluded.last_proof_at;
  UPDATE obligation_proof SET instance_id = coalesce(own.instance_id, named) WHERE member_id = src AND instance_id = theirs.instance_id;
END $$;

-- Each wears what was their own; the survivor also what it has earned since. → how many go back
CREATE OR REPLACE FUNCTION obligation_part_honours(src uuid, dst uuid, moved jsonb, merged_at timestamptz) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  theirs honour_held;
  own honour_held;
  earned_at timestamptz;
  back int := 0;
BEGIN
  FOR theirs IN SELECT * FROM jsonb_populate_recordset(NULL::honour_held, moved->'honours') LOOP
    SELECT * INTO own FROM jsonb_populate_recordset(NULL::honour_held, moved->'ownHonours') WHERE honour_id = theirs.honour_id;
    SELECT max(i.finished_at) INTO earned_at FROM obligation_instance i JOIN obligation o USING (obligation_id)
      WHERE i.member_id = src AND i.state IN ('approved', 'rewarded') AND o.honour_id = theirs.honour_id AND i.finished_at > merged_at;
    IF own.member_id IS NULL AND earned_at IS NULL THEN
      DELETE FROM honour_held WHERE member_id = src AND honour_id = theirs.honour_id;
    ELSE
      UPDATE honour_held SET granted_at = coalesce(own.granted_at, earned_at),
          expires_at = CASE WHEN earned_at IS NULL THEN own.expires_at ELSE expires_at END
        WHERE member_id = src AND honour_id = theirs.honour_id;
    END IF;
    INSERT INTO honour_held SELECT theirs.*;
    back := back + 1;
  END LOOP;
  RETURN back;
END $$;

-- Purchases, their returns and what was kept aside for them go with their record, and back with it.

CREATE OR REPLACE FUNCTION order_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  orders jsonb;
  holds jsonb;
BEGIN
  WITH moving AS (UPDATE purchase SET member_id = dst WHERE member_id = src RETURNING order_id)
  SELECT jsonb_agg(order_id) INTO orders FROM moving;
  IF orders IS NOT NULL THEN UPDATE purchase_return SET member_id = dst WHERE member_id = src; END IF;
  WITH moving AS (UPDATE order_hold SET member_id = dst WHERE member_id = src RETURNING hold_id)
  SELECT jsonb_agg(hold_id) INTO holds FROM moving;
  RETURN CASE WHEN orders IS NULL AND holds IS NULL THEN '{}'
      ELSE jsonb_build_object('moved', jsonb_strip_nulls(jsonb_build_object('orders', orders, 'holds', holds))) END
    || CASE WHEN orders IS NULL THEN '{}' ELSE jsonb_build_object('came', jsonb_build_object('orders', jsonb_array_length(orders))) END;
END $$;

-- A purchase goes back with all that has come back of it since. What was kept aside before the merge and paid after it is a
-- purchase of the survivor's, and stays with that. {from, to, moved}
CREATE OR REPLACE FUNCTION order_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  orders uuid[] := uuid_list(call->'moved'->'orders');
  went int;
BEGIN
  UPDATE purchase SET member_id = dst WHERE member_id = src AND order_id = ANY (orders);
  GET DIAGNOSTICS went = ROW_COUNT;
  UPDATE purchase_return SET member_id = dst WHERE member_id = src AND order_id = ANY (orders);
  UPDATE order_hold h SET member_id = dst WHERE h.member_id = src AND h.hold_id = ANY (uuid_list(call->'moved'->'holds'))
    AND NOT EXISTS (SELECT 1 FROM purchase p WHERE p.member_id = src AND p.hold_id = h.hold_id);
  RETURN CASE WHEN went > 0 THEN jsonb_build_object('back', jsonb_build_object('orders', went)) ELSE '{}' END;
END $$;

-- Takes a purchase back, whole or {refundFen} of it: state, points, growth, tier, the handlers of other nouns (its coupon and
-- packet among them) and the audit entry, in one statement. Protects I-P4; the purchase's row decides between two returns.
-- {request, staffId, memberId, orderId, visitId, refundFen?, until, at, windowMonths, warnDays, ladder, along}
-- An order of another store needs the live visit in which it was shown; a clerk is bound to `until`.
CREATE OR REPLACE FUNCTION order_return(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  back purchase;
  refund int;
  taken jsonb;
  lowered jsonb;
  answers jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  -- an older server beside this one names the window otherwise and knows of no warning
  call := jsonb_build_object('windowMonths', call->'growthMonths', 'warnDays', 30) || call;
  own := staff_at_till((call->>'staffId')::uuid, NULL);
  PERFORM member_hold(member);
  SELECT * INTO back FROM purchase WHERE member_id = member AND order_id = (call->>'orderId')::uuid FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "order"}'); END IF;
  IF back.store_id <> own.store_id THEN PERFORM visit_by_code(member, (call->>'visitId')::uuid, own.store_id, now_at); END IF;
  IF back.state = 'returned' THEN PERFORM refuse('RETURN_DONE'); END IF;
  IF own.role = 'clerk' AND (call->>'until')::timestamptz < now_at THEN
    PERFORM refuse('RETURN_OVER', jsonb_build_object('until', call->'until'));
  END IF;
  refund := coalesce((call->>'refundFen')::int, back.amount_fen - back.refunded_fen);
  IF refund > back.amount_fen - back.refunded_fen THEN
    PERFORM refuse('RETURN_TOO_MUCH', jsonb_build_object('leftFen', back.amount_fen - back.refunded_fen));
  END IF;
  UPDATE purchase SET refunded_fen = refunded_fen + refund,
      state = CASE WHEN refunded_fen + refund = amount_fen THEN 'returned' ELSE 'settled' END,
      returned_at = CASE WHEN refunded_fen + refund = amount_fen THEN now_at END,
      returned_by = CASE WHEN refunded_fen + refund = amount_fen THEN own.member_id END
    WHERE member_id = member AND order_id = back.order_id AND state = 'settled' RETURNING * INTO back;
  -- what time alone does comes first: an end that has passed is not the return's doing
  PERFORM tier_review(call);
  taken := order_take_back(call, back, refund, own.member_id);
  lowered := tier_lower(call || jsonb_build_object('growth', taken->'growthAfter'));
  answers := run_handlers((SELECT jsonb_agg(jsonb_set(step, '{args,leftFen}', to_jsonb(back.amount_fen - back.refunded_fen)) ORDER BY nth)
    FROM jsonb_array_elements(call->'along') WITH ORDINALITY one (step, nth)));
  PERFORM order_audit(call, own, 'order.return', call->>'orderId');
  RETURN request_end(call->'request', jsonb_build_object('orderNo', back.order_no, 'refundedFen', refund,
    'refundedTotalFen', back.refunded_fen, 'leftFen', back.amount_fen - back.refunded_fen,
    'points', jsonb_build_object('pending', taken->'pending', 'available', taken->'available', 'debt', taken->'debt'),
    'growth', taken->'growth', 'coupon', answers->'coupon_return'->'coupon', 'packet', answers->'coupon_return'->'packet',
    'tierBefore', lowered->'before', 'tierAfter', lowered->'after'));
END $$;

-- Takes back what belongs to the amount returned so far, less what earlier returns took: rounded down each time, all of it
-- with the last one, which alone claims the whole effect. Writes the return down. → as ledger_take_back
CREATE OR REPLACE FUNCTION order_take_back(call jsonb, back purchase, refund int, by_staff uuid) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  held jsonb := order_still_held(back, now_at, (call->>'windowMonths')::int);
  whole boolean := back.refunded_fen = back.amount_fen;
  times int;
  points int;
  growth int;
  taken jsonb;
BEGIN
  SELECT count(*), coalesce(sum(r.points), 0), coalesce(sum(r.growth), 0) INTO times, points, growth
    FROM purchase_return r WHERE r.member_id = back.member_id AND r.order_id = back.order_id;
  points := greatest(least(order_share(back.points, back), (held->>'points')::int) - points, 0);
  growth := greatest(least(order_share(back.growth, back), (held->>'growth')::int) - growth, 0);
  taken := ledger_take_back(jsonb_build_object('memberId', back.member_id, 'points', points, 'growth', growth,
    'at', call->'at', 'kind', 'order', 'sourceId', back.order_id, 'part', CASE WHEN whole THEN 'take_back' ELSE 'take_back:' || times + 1 END,
    'reason', 'purchase_returned', 'detail', jsonb_build_object('storeName', (SELECT name FROM store WHERE store_id = back.store_id),
      'amountFen', refund, 'earnedAt', iso_text(back.settled_at))
      || CASE WHEN whole THEN '{}' ELSE jsonb_build_object('leftFen', back.amount_fen - back.refunded_fen) END));
  INSERT INTO purchase_return (member_id, order_id, nth, amount_fen, points, growth, staff_id, at)
    VALUES (back.member_id, back.order_id, times + 1, refund, points, (taken->>'growth')::int, by_staff, now_at);
  RETURN taken;
END $$;

-- What of an award belongs to the amount returned so far; the same as returnedShare of the rules.
CREATE OR REPLACE FUNCTION order_share(award int, back purchase) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN back.refunded_fen = back.amount_fen THEN award ELSE (award::bigint * back.refunded_fen / back.amount_fen)::int END
$$;

-- What of an order's award has not gone by itself: points that ended with their lot and growth that left the window are not
-- taken a second time. The points may have stood with any record that became this member or that it was part of; whether the growth still counts is
-- told by its day alone. → {points, growth}
CREATE OR REPLACE FUNCTION order_still_held(back purchase, now_at timestamptz, growth_months int) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  earners uuid[];
  ended int;
  counts_from timestamptz := tier_counts_from(now_at, growth_months);
BEGIN
  -- brings the lots and the growth up to date first
  PERFORM ledger_hold(back.member_id, now_at);
  PERFORM ledger_settle_growth(jsonb_build_object('memberId', back.member_id, 'at', now_at, 'from', counts_from));
  SELECT array_agg(id) INTO earners FROM merge_former(back.member_id) id;
  SELECT coalesce(sum(t.amount), 0) INTO ended FROM lot JOIN transfer t USING (member_id, lot_id)
    WHERE lot.member_id = ANY (earners) AND t.reason = 'expired' AND lot.origin_lot_id IN (SELECT own.origin_lot_id FROM lot own
      WHERE own.member_id = ANY (earners) AND own.effect_kind = 'order' AND own.effect_source = back.order_id::text);
  RETURN jsonb_build_object('points', back.points - ended, 'growth', CASE WHEN back.settled_at < counts_from THEN 0 ELSE back.growth END);
END $$;

CREATE OR REPLACE FUNCTION order_audit(call jsonb, own staff, verb text, subject text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'verb', verb, 'subject', subject, 'bodyHash', call->'request'->>'bodyHash'));
END $$;

-- Fixes a quoted price and keeps its coupon aside; the conditional write of coupon_hold decides between two tills.
-- {request, staffId, memberId, visitId, holdId, fullFen, payableFen, couponId, tier, receipt, fault, at, expiresAt}
-- `fault` is what the rule has against it; `tier` is what the rule saw. BUSY when that is no longer so: the caller asks again.
CREATE OR REPLACE FUNCTION order_hold(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  stay visit;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_at_till((call->>'staffId')::uuid, NULL);
  PERFORM member_hold(member);
  stay := visit_in_store(member, (call->>'visitId')::uuid, own.store_id);
  IF stay.expires_at <= now_at THEN PERFORM refuse('VISIT_OVER'); END IF;
  IF stay.method <> 'code' AND call->>'couponId' IS NOT NULL THEN PERFORM refuse('CODE_NEEDED'); END IF;
  PERFORM order_release_over(member, now_at);
  IF call->>'couponId' IS NOT NULL THEN
    PERFORM coupon_hold(jsonb_build_object('memberId', member, 'couponId', call->'couponId', 'holdId', call->'holdId',
      'at', call->'at', 'heldUntil', call->'expiresAt'));
  END IF;
  IF jsonb_typeof(call->'fault') = 'object' THEN PERFORM refuse(call->'fault'->>'code', call->'fault'->'detail'); END IF;
  IF NOT EXISTS (SELECT 1 FROM standing WHERE member_id = member AND tier = (call->>'tier')::int) THEN PERFORM refuse('BUSY'); END IF;
  INSERT INTO order_hold (member_id, hold_id, visit_id, store_id, till_id, staff_id, full_fen, payable_fen, receipt, coupon_id, state, held_at, expires_at)
    VALUES (member, (call->>'holdId')::uuid, stay.visit_id, own.store_id, stay.till_id, own.member_id, (call->>'fullFen')::int,
            (call->>'payableFen')::int, call->'receipt', (call->>'couponId')::uuid, 'live', now_at, (call->>'expiresAt')::timestamptz);
  PERFORM order_audit(call, own, 'order.hold', call->>'holdId');
  RETURN request_end(call->'request', jsonb_build_object('holdId', call->'holdId', 'fullFen', call->'fullFen',
    'payableFen', call->'payableFen', 'couponId', call->'couponId', 'receipt', call->'receipt', 'expiresAt', call->'expiresAt'));
END $$;

-- Gives a hold up, whether or not its visit is over. {request, staffId, memberId, visitId, holdId, at} → {released}
CREATE OR REPLACE FUNCTION order_release(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  known jsonb := request_begin(call->'request');
  own staff;
  kept order_hold;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_at_till((call->>'staffId')::uuid, NULL);
  PERFORM member_hold(member);
  PERFORM visit_in_store(member, (call->>'visitId')::uuid, own.store_id);
  SELECT * INTO kept FROM order_hold WHERE member_id = member AND hold_id = (call->>'holdId')::uuid
    AND visit_id = (call->>'visitId')::uuid FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('HOLD_OVER'); END IF;
  IF kept.state = 'live' THEN
    UPDATE order_hold SET state = 'released' WHERE member_id = member AND hold_id = kept.hold_id;
    PERFORM coupon_release(jsonb_build_object('memberId', member, 'holdId', kept.hold_id, 'at', call->'at'));
    PERFORM order_audit(call, own, 'order.release', call->>'holdId');
  END IF;
  RETURN request_end(call->'request', jsonb_build_object('released', kept.state <> 'settled'));
END $$;

-- Gives up what a member's holds keep aside beyond their time. → how many
CREATE OR REPLACE FUNCTION order_release_over(member uuid, now_at timestamptz) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  given_up uuid;
  released int := 0;
BEGIN
  FOR given_up IN UPDATE order_hold SET state = 'released'
      WHERE member_id = member AND state = 'live' AND expires_at <= now_at RETURNING hold_id LOOP
    PERFORM coupon_release(jsonb_build_object('memberId', member, 'holdId', given_up, 'at', now_at));
    released := released + 1;
  END LOOP;
  RETURN released;
END $$;

-- {memberId, at} → {released}
CREATE OR REPLACE FUNCTION order_release_due(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM member_hold((call->>'memberId')::uuid);
  RETURN jsonb_build_object('released', order_release_over((call->>'memberId')::uuid, (call->>'at')::timestamptz));
END $$;

-- Takes a paid amount into account: the order, its points and growth, the tier, the coupon of its hold, the handlers of
-- other nouns and the audit entry, in one statement. Protects I-L5 (request, effect, the hold's state) and I-L1…I-L3 through
-- ledger_award. What has been paid does not fail for its coupon: a live hold has it.
-- {request, staffId, memberId, visitId, holdId?, orderId, orderNo, amountFen, points, growth, at, activeAt, expiresAt,
--  validUntil, ladder, along}
CREATE OR REPLACE FUNCTION order_settle(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  stay visit;
  kept order_hold;
  made purchase;
  store_name text;
  earned jsonb;
  raised jsonb;
  packet jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_at_till((call->>'staffId')::uuid, NULL);
  PERFORM member_hold(member);
  stay := visit_in_store(member, (call->>'visitId')::uuid, own.store_id);
  IF call->>'holdId' IS NOT NULL THEN
    UPDATE order_hold SET state = 'settled' WHERE member_id = member AND hold_id = (call->>'holdId')::uuid
      AND visit_id = stay.visit_id AND payable_fen = (call->>'amountFen')::int AND state = 'live' AND expires_at > now_at
      RETURNING * INTO kept;
    IF NOT FOUND THEN PERFORM refuse('HOLD_OVER'); END IF;
  ELSIF stay.expires_at <= now_at THEN
    PERFORM refuse('VISIT_OVER');
  END IF;

  INSERT INTO purchase (member_id, order_id, order_no, visit_id, store_id, till_id, staff_id, channel, full_fen, amount_fen, points, growth,
                        settled_at, receipt, hold_id)
    VALUES (member, (call->>'orderId')::uuid, call->>'orderNo', stay.visit_id, own.store_id, stay.till_id, own.member_id,
            'counter', coalesce(kept.full_fen, (call->>'amountFen')::int), (call->>'amountFen')::int, (call->>'points')::int,
            (call->>'growth')::int, now_at, kept.receipt, kept.hold_id) RETURNING * INTO made;
  SELECT name INTO store_name FROM store WHERE store_id = own.store_id;
  earned := ledger_award(call || jsonb_build_object('kind', 'order', 'sourceId', call->>'orderId', 'reason', 'purchase',
    'detail', jsonb_build_object('storeName', store_name, 'amountFen', call->'amountFen', 'activeAt', call->'activeAt',
                                 'expiresAt', call->'expiresAt')));
  raised := tier_raise(call || jsonb_build_object('growth', earned->'growth'));
  IF kept.coupon_id IS NOT NULL THEN
    PERFORM coupon_use(jsonb_build_object('memberId', member, 'holdId', kept.hold_id, 'orderId', made.order_id, 'at', call->'at'));
  END IF;
  packet := run_handlers(call->'along')->'coupon_grant';
  PERFORM order_audit(call, own, 'order.settle', call->>'orderId');
  RETURN request_end(call->'request', jsonb_build_object(
    'orderId', call->'orderId', 'orderNo', call->'orderNo', 'fullFen', made.full_fen, 'amountFen', call->'amountFen',
    'points', call->'points', 'growth', call->'growth', 'activeAt', call->'activeAt', 'settledAt', call->'at',
    'pointsAfter', jsonb_build_object('available', earned->'available', 'pending', earned->'pending'),
    'tierBefore', raised->'before', 'tierAfter', raised->'after',
    'packet', CASE WHEN packet ? 'couponId' THEN jsonb_build_object('title', packet->'title', 'expiresAt', packet->'expiresAt') END));
END $$;

-- What a store took between two instants and kept; of what came back in part, the rest. {storeId, from, to} → {count, amountFen, points, members}
CREATE OR REPLACE FUNCTION order_shift_totals(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('count', count(*), 'amountFen', coalesce(sum(amount_fen - refunded_fen), 0),
      'points', coalesce(sum(points - order_share(points, purchase)), 0), 'members', count(DISTINCT member_id))
    FROM purchase WHERE store_id = call->>'storeId' AND state = 'settled'
      AND settled_at >= (call->>'from')::timestamptz AND settled_at <= (call->>'to')::timestamptz
$$;

-- Whether somebody bought something (and kept it) within {days} days before {until}; who did is not new.
CREATE OR REPLACE FUNCTION order_bought_before(who uuid, until timestamptz, days int) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM purchase WHERE member_id = who AND state = 'settled'
    AND settled_at < until AND settled_at >= until - make_interval(days => days))
$$;

-- Messages and what is allowed of them go with their record, and back with it.

CREATE OR REPLACE FUNCTION outbox_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  messages jsonb;
  waiting int;
  theirs jsonb;
  own jsonb;
BEGIN
  WITH moving AS (UPDATE outbox_message SET member_id = dst WHERE member_id = src RETURNING message_id, state)
  SELECT jsonb_agg(message_id), count(*) FILTER (WHERE state = 'waiting') INTO messages, waiting FROM moving;
  SELECT jsonb_agg(to_jsonb(c)), (SELECT jsonb_agg(to_jsonb(o)) FROM message_consent o WHERE o.member_id = dst) INTO theirs, own
    FROM message_consent c WHERE member_id = src;
  IF theirs IS NOT NULL THEN
    INSERT INTO message_consent (member_id, template, remaining, updated_at)
      SELECT dst, template, remaining, updated_at FROM message_consent WHERE member_id = src
      ON CONFLICT (member_id, template) DO UPDATE SET remaining = least(100, message_consent.remaining + excluded.remaining);
    DELETE FROM message_consent WHERE member_id = src;
  END IF;
  RETURN CASE WHEN messages IS NULL AND theirs IS NULL THEN '{}'
      ELSE jsonb_build_object('moved', jsonb_strip_nulls(jsonb_build_object('messages', messages, 'theirs', theirs,
        'own', CASE WHEN theirs IS NOT NULL THEN own END))) END
    || CASE WHEN waiting > 0 THEN jsonb_build_object('came', jsonb_build_object('messages', waiting)) ELSE '{}' END;
END $$;

-- What had come goes back, sent or waiting. Of what is still allowed the separated record gets what it brought, as far as it is
-- there: never is a message allowed that WeChat would not take. {from, to, at, moved: {messages, theirs, own}}
CREATE OR REPLACE FUNCTION outbox_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  theirs message_consent;
  own message_consent;
  held message_consent;
  waiting int;
BEGIN
  WITH moving AS (UPDATE outbox_message SET member_id = dst
    WHERE member_id = src AND message_id = ANY (uuid_list(call->'moved'->'messages')) RETURNING state)
  SELECT count(*) FILTER (WHERE state = 'waiting') INTO waiting FROM moving;
  FOR theirs IN SELECT * FROM jsonb_populate_recordset(NULL::message_consent, call->'moved'->'theirs') LOOP
    SELECT * INTO own FROM jsonb_populate_recordset(NULL::message_consent, call->'moved'->'own') WHERE template = theirs.template;
    SELECT * INTO held FROM message_consent WHERE member_id = src AND template = theirs.template FOR UPDATE;
    CONTINUE WHEN held.member_id IS NULL;
    IF (held.remaining, held.updated_at) IS DISTINCT FROM (least(100, theirs.remaining + coalesce(own.remaining, 0)),
        coalesce(own.updated_at, theirs.updated_at)) THEN
      -- sent, allowed or forbidden since
      theirs.remaining := least(theirs.remaining, held.remaining);
      theirs.updated_at := held.updated_at;
      own := held;
      own.remaining := held.remaining - theirs.remaining;
    END IF;
    UPDATE message_consent SET remaining = own.remaining, updated_at = own.updated_at
      WHERE own.member_id IS NOT NULL AND member_id = src AND template = theirs.template;
    DELETE FROM message_consent WHERE own.member_id IS NULL AND member_id = src AND template = theirs.template;
    INSERT INTO message_consent (member_id, template, remaining, updated_at)
      VALUES (dst, theirs.template, theirs.remaining, theirs.updated_at)
      ON CONFLICT (member_id, template) DO UPDATE SET remaining = least(100, message_consent.remaining + excluded.remaining);
  END LOOP;
  RETURN CASE WHEN waiting > 0 THEN jsonb_build_object('back', jsonb_build_object('messages', waiting)) ELSE '{}' END;
END $$;

-- The messages that leave the house. WeChat's send has no idempotency key, so the order is fixed: take, spend the
-- consent, send, finish; what is lost between spending and finishing ends as unknown and is never sent again.

-- A message for a member, put in the transaction of what it tells. {memberId, template, payload, at, ifAllowed}
-- With ifAllowed it is only written for a member who allows one now: most orders need no row that nobody will send.
CREATE OR REPLACE FUNCTION outbox_put(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  IF (call->>'ifAllowed')::boolean AND NOT EXISTS (SELECT 1 FROM message_consent
      WHERE member_id = (call->>'memberId')::uuid AND template = call->>'template' AND remaining > 0) THEN
    RETURN '{}';
  END IF;
  INSERT INTO outbox_message (member_id, message_id, template, payload, due_at, created_at)
    VALUES ((call->>'memberId')::uuid, uuid_v7((call->>'at')::timestamptz), call->>'template', call->'payload',
            (call->>'at')::timestamptz, (call->>'at')::timestamptz);
  RETURN '{}';
END $$;

-- Takes up to {limit} messages due {at} for this worker until {leaseUntil}, one a member; two workers never get the
-- same one. A message written for a member who was merged meanwhile goes to the survivor.
CREATE OR REPLACE FUNCTION outbox_take(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  taken jsonb;
BEGIN
  UPDATE outbox_message SET state = 'unknown', finished_at = now_at, outcome = 'worker lost while sending'
    WHERE (member_id, message_id) IN (SELECT member_id, message_id FROM outbox_message
      WHERE state = 'sending' AND due_at <= now_at FOR UPDATE SKIP LOCKED);
  WITH due AS (
    SELECT m.member_id, m.message_id FROM outbox_message m
      WHERE m.state IN ('waiting', 'taken') AND m.due_at <= now_at
        AND NOT EXISTS (SELECT 1 FROM outbox_message o WHERE o.member_id = m.member_id AND o.message_id <> m.message_id
          AND ((o.state IN ('taken', 'sending') AND o.due_at > now_at)
            OR (o.state IN ('waiting', 'taken') AND o.due_at <= now_at
              AND (o.due_at, o.message_id) < (m.due_at, m.message_id))))
      ORDER BY m.due_at, m.message_id LIMIT (call->>'limit')::int FOR UPDATE OF m SKIP LOCKED
  ), mine AS (
    UPDATE outbox_message m SET state = 'taken', due_at = (call->>'leaseUntil')::timestamptz,
        member_id = coalesce((SELECT p.merged_into FROM member p WHERE p.member_id = m.member_id), m.member_id)
      FROM due WHERE m.member_id = due.member_id AND m.message_id = due.message_id RETURNING m.*
  )
  SELECT coalesce(jsonb_agg(jsonb_build_object('memberId', member_id, 'messageId', message_id, 'template', template,
    'payload', payload, 'createdAt', created_at)), '[]') INTO taken FROM mine;
  RETURN taken;
END $$;

-- Spends one stored consent and marks the message as being sent, before anything leaves. One message of a member is
-- under way at a time, over all workers: WeChat refuses the second (43108).
-- {memberId, messageId, template, at, leaseUntil} → {verdict: send|no_consent|wait|gone, attempt}
CREATE OR REPLACE FUNCTION outbox_spend_consent(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  message uuid := (call->>'messageId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  attempt int;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('outbox|' || member, 0));
  PERFORM 1 FROM outbox_message WHERE member_id = member AND message_id = message AND state = 'taken' FOR UPDATE;
  IF NOT FOUND THEN RETURN '{"verdict": "gone"}'; END IF;
  IF EXISTS (SELECT 1 FROM outbox_message WHERE member_id = member AND state = 'sending' AND due_at > now_at) THEN
    UPDATE outbox_message SET state = 'waiting', due_at = now_at + interval '2 seconds'
      WHERE member_id = member AND message_id = message;
    RETURN '{"verdict": "wait"}';
  END IF;
  UPDATE message_consent SET remaining = remaining - 1, updated_at = now_at
    WHERE member_id = member AND template = call->>'template' AND remaining > 0;
  IF NOT FOUND THEN
    PERFORM outbox_drop(call || '{"outcome": "no consent"}');
    RETURN '{"verdict": "no_consent"}';
  END IF;
  UPDATE outbox_message SET state = 'sending', attempts = attempts + 1, due_at = (call->>'leaseUntil')::timestamptz
    WHERE member_id = member AND message_id = message RETURNING attempts INTO attempt;
  RETURN jsonb_build_object('verdict', 'send', 'attempt', attempt);
END $$;

-- A message that cannot be sent at all ends before a consent is spent. {memberId, messageId, outcome, at}
CREATE OR REPLACE FUNCTION outbox_drop(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE outbox_message SET state = 'dropped', finished_at = (call->>'at')::timestamptz, outcome = left(call->>'outcome', 60)
    WHERE member_id = (call->>'memberId')::uuid AND message_id = (call->>'messageId')::uuid AND state = 'taken';
  SELECT '{}'::jsonb
$$;

-- What became of a message that was being sent; the only sender of it says so, if late then over the 'unknown' it was
-- given meanwhile, and wherever a merge, or one taken back, has moved it.
-- {memberId, messageId, template, state: sent|refused|unknown|waiting, outcome, at, dueAt, consent: spent|back|none}
CREATE OR REPLACE FUNCTION outbox_finish(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  owner uuid := (call->>'memberId')::uuid;
BEGIN
  IF NOT outbox_end(owner, call) THEN
    SELECT heir INTO owner FROM merge_heirs(owner) heir WHERE heir <> owner AND outbox_end(heir, call) LIMIT 1;
    IF NOT FOUND THEN RETURN '{}'; END IF;
  END IF;
  IF call->>'consent' = 'back' THEN
    PERFORM outbox_allow(call || jsonb_build_object('memberId', owner, 'count', 1));
  ELSIF call->>'consent' = 'none' THEN
    PERFORM outbox_forbid(call || jsonb_build_object('memberId', owner));
  END IF;
  RETURN '{}';
END $$;

CREATE OR REPLACE FUNCTION outbox_end(owner uuid, call jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE outbox_message SET state = call->>'state', outcome = coalesce(left(call->>'outcome', 60), outcome),
      due_at = coalesce((call->>'dueAt')::timestamptz, due_at),
      finished_at = CASE WHEN call->>'state' = 'waiting' THEN NULL ELSE (call->>'at')::timestamptz END
    WHERE member_id = owner AND message_id = (call->>'messageId')::uuid AND state IN ('sending', 'unknown');
  RETURN FOUND;
END $$;

-- WeChat reports how a delivery went, without a number that its sender knows: the latest message of this template to
-- this member around that time is the one. {memberId, template, at, delivered, outcome}
CREATE OR REPLACE FUNCTION outbox_delivery(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  said_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  UPDATE outbox_message SET outcome = left(call->>'outcome', 60),
      state = CASE WHEN state = 'unknown' AND (call->>'delivered')::boolean THEN 'sent' ELSE state END
    WHERE (member_id, message_id) = (SELECT member_id, message_id FROM outbox_message
      WHERE member_id = (call->>'memberId')::uuid AND template = call->>'template'
        AND (state = 'sending' OR (state IN ('sent', 'unknown')
          AND finished_at BETWEEN said_at - interval '10 minutes' AND said_at + interval '10 minutes'))
      ORDER BY message_id DESC LIMIT 1);
  RETURN '{}';
END $$;

-- The member allowed {count} more messages of {template}; WeChat's own counter is bounded, so is ours.
CREATE OR REPLACE FUNCTION outbox_allow(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  INSERT INTO message_consent (member_id, template, remaining, updated_at)
    VALUES ((call->>'memberId')::uuid, call->>'template', greatest(0, (call->>'count')::int), (call->>'at')::timestamptz)
    ON CONFLICT (member_id, template) DO UPDATE SET
      remaining = least(100, greatest(0, message_consent.remaining + (call->>'count')::int)), updated_at = excluded.updated_at;
  SELECT '{}'::jsonb
$$;

-- No message of {template} is allowed any more. {memberId, template, at}
CREATE OR REPLACE FUNCTION outbox_forbid(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE message_consent SET remaining = 0, updated_at = (call->>'at')::timestamptz
    WHERE member_id = (call->>'memberId')::uuid AND template = call->>'template';
  SELECT '{}'::jsonb
$$;

-- Two records are one person: links, edges and places under the cap go along. Nobody has brought oneself (I-F3), the earliest
-- inviter stays (I-F1), and who turns out to have been here before is no new friend. What ended so is noted as it was before.

-- {from, to, at, newAfterDays}; the journal is {links, edges, invited, ended: [{before, taken, points, reason}], theirs, own: quotas}
CREATE OR REPLACE FUNCTION referral_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  moved jsonb;
  ended jsonb;
  friends int;
  edge referral;
BEGIN
  WITH went AS (UPDATE referral_link SET member_id = dst WHERE member_id = src RETURNING code)
    SELECT jsonb_build_object('links', jsonb_agg(code)) INTO moved FROM went;
  PERFORM 1 FROM referral WHERE member_id IN (src, dst) OR inviter_id IN (src, dst) ORDER BY member_id, referral_id FOR UPDATE;
  IF NOT FOUND THEN
    RETURN CASE WHEN moved->>'links' IS NULL THEN '{}' ELSE jsonb_build_object('moved', moved) END;
  END IF;
  SELECT count(*) INTO friends FROM referral WHERE inviter_id = src AND state <> 'void';
  moved := moved || jsonb_build_object(
    'edges', (SELECT jsonb_agg(referral_id) FROM referral WHERE member_id = src),
    'invited', (SELECT jsonb_agg(referral_id) FROM referral WHERE inviter_id = src),
    'theirs', (SELECT jsonb_object_agg(campaign_id, taken) FROM referral_quota WHERE member_id = src),
    'own', (SELECT jsonb_object_agg(campaign_id, taken) FROM referral_quota WHERE member_id = dst));
  ended := referral_void_doubles(src, dst, now_at);
  UPDATE referral SET member_id = dst WHERE member_id = src;
  UPDATE referral SET inviter_id = dst WHERE inviter_id = src;
  INSERT INTO referral_quota AS own (member_id, campaign_id, taken)
    SELECT dst, campaign_id, taken FROM referral_quota WHERE member_id = src
    ON CONFLICT (member_id, campaign_id) DO UPDATE SET taken = own.taken + excluded.taken;
  DELETE FROM referral_quota WHERE member_id = src;
  ended := ended || referral_cut_ring(dst, now_at);
  FOR edge IN SELECT * FROM referral WHERE member_id = dst AND state IN ('joined', 'held') LOOP
    IF member_new_since(dst) < edge.joined_at OR order_bought_before(dst, edge.joined_at, (call->>'newAfterDays')::int) THEN
      ended := ended || referral_note(edge, 'not_new', now_at);
      PERFORM referral_end(edge, 'refused', 'not_new', 0, now_at);
    END IF;
  END LOOP;
  PERFORM referral_take_back(jsonb_build_object('memberId', dst, 'at', now_at));
  RETURN jsonb_build_object('moved', jsonb_strip_nulls(moved) || CASE ended WHEN '[]' THEN '{}' ELSE jsonb_build_object('ended', ended) END,
    'came', CASE WHEN friends > 0 THEN jsonb_build_object('referrals', friends) ELSE '{}' END,
    'reversed', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', CASE one->>'reason' WHEN 'not_new' THEN 'referral_refused' ELSE
      'referral_void' END, 'reason', one->'reason', 'points', one->'points')), '[]') FROM jsonb_array_elements(ended) one)
      || referral_excess(dst, moved->'theirs'));
END $$;

-- What there is of an edge before it ends: the row, what its inviter had taken, and how many points that costs.
CREATE OR REPLACE FUNCTION referral_note(edge referral, why text, now_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  holder uuid := (SELECT coalesce(m.merged_into, m.member_id) FROM member m WHERE m.member_id = edge.inviter_id);
  points int := CASE edge.state WHEN 'held' THEN edge.points ELSE 0 END;
BEGIN
  IF edge.state = 'released' AND EXISTS (SELECT 1 FROM member WHERE member_id = holder AND status = 'active') THEN
    PERFORM ledger_hold(holder, now_at);
    SELECT coalesce(sum(l.remaining), 0) INTO points FROM lot l WHERE l.member_id = holder AND l.state = 'active'
      AND l.origin_lot_id = referral_lot(edge);
  END IF;
  RETURN jsonb_build_array(jsonb_build_object('before', to_jsonb(edge), 'points', points, 'reason', why,
    'taken', (SELECT taken FROM referral_quota q WHERE q.member_id = edge.inviter_id AND q.campaign_id = edge.campaign_id)));
END $$;

-- The lot that an edge's reward was paid into; wherever its points are by now, they name it as their origin.
CREATE OR REPLACE FUNCTION referral_lot(edge referral) RETURNS uuid
LANGUAGE sql STABLE AS $$
  SELECT l.lot_id FROM effect e JOIN lot l ON l.member_id = e.member_id AND l.effect_kind = e.kind AND l.effect_source = e.source_id
    WHERE e.kind = 'referral' AND e.source_id = edge.referral_id::text AND e.part = 'award' AND l.lot_id = l.origin_lot_id LIMIT 1
$$;

-- Edges between the two, and all but the earliest of those that lead to either. → their notes
CREATE OR REPLACE FUNCTION referral_void_doubles(src uuid, dst uuid, now_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  edge referral;
  why text;
  ended jsonb := '[]';
BEGIN
  FOR edge IN SELECT * FROM referral WHERE state <> 'void' AND member_id IN (src, dst) AND inviter_id IN (src, dst)
      ORDER BY joined_at, referral_id LOOP
    ended := ended || referral_note(edge, 'same_person', now_at);
    PERFORM referral_void(edge, 'same_person', now_at);
  END LOOP;
  FOR edge IN SELECT * FROM referral WHERE state <> 'void' AND member_id IN (src, dst) ORDER BY joined_at, referral_id OFFSET 1 LOOP
    -- both by the same friend's link: that friend simply brought one person
    why := CASE WHEN EXISTS (SELECT 1 FROM referral first WHERE first.member_id IN (src, dst) AND first.state <> 'void'
      AND first.inviter_id = edge.inviter_id AND first.referral_id <> edge.referral_id) THEN 'same_person' ELSE 'other_inviter' END;
    ended := ended || referral_note(edge, why, now_at);
    PERFORM referral_void(edge, why, now_at);
  END LOOP;
  RETURN ended;
END $$;

-- Brought somebody who, as it turns out, brought them: the latest edge of the ring is none (I-F3). Rings are cut one after
-- the other, or two merges at once could each close half of one. → its note
CREATE OR REPLACE FUNCTION referral_cut_ring(who uuid, now_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  edge referral;
  note jsonb := '[]';
BEGIN
  IF NOT EXISTS (SELECT 1 FROM referral WHERE member_id = who AND state <> 'void')
    OR NOT EXISTS (SELECT 1 FROM referral WHERE inviter_id = who AND state <> 'void') THEN RETURN note; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('referral_cut_cycle', 0));
  IF EXISTS (SELECT 1 FROM referral_above(who) up WHERE up.inviter_id = who) THEN
    SELECT * INTO edge FROM referral_above(who) ORDER BY joined_at DESC, referral_id DESC LIMIT 1;
    -- as it stands when nobody else writes it: somebody may just be buying for it
    SELECT * INTO edge FROM referral WHERE member_id = edge.member_id AND referral_id = edge.referral_id FOR UPDATE;
    IF NOT FOUND THEN PERFORM refuse('BUSY'); END IF;
    note := referral_note(edge, 'same_person', now_at);
    PERFORM referral_void(edge, 'same_person', now_at);
  END IF;
  RETURN note;
END $$;

-- Where two people's places together are more than one may have: they keep them, and get no more.
CREATE OR REPLACE FUNCTION referral_excess(who uuid, theirs jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'quota_excess', 'noun', 'referral', 'title', c.title, 'has', q.taken,
      'limit', c.per_inviter_cap) ORDER BY c.campaign_id), '[]')
    FROM referral_quota q JOIN referral_campaign c USING (campaign_id)
    WHERE q.member_id = who AND q.taken > c.per_inviter_cap AND theirs ? q.campaign_id
$$;

-- One person turns out to be two: each has their own links, friends and places again, and an edge that the merge ended is one again
-- where it still can be. Cap and budget are taken by conditional writes (I-F2); what went on since stays with the survivor.

-- {mergeId, from, to, at, graceDays, moved: as referral_merge keeps it} → {back, restored, lost}
CREATE OR REPLACE FUNCTION referral_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  moved jsonb := call->'moved';
  note jsonb;
  friends int;
  why text;
  seen jsonb;
  restored jsonb := '[]';
  lost jsonb;
BEGIN
  UPDATE referral_link SET member_id = dst WHERE member_id = src
    AND code IN (SELECT value FROM jsonb_array_elements_text(moved->'links'));
  PERFORM 1 FROM referral WHERE member_id = src OR inviter_id = src ORDER BY member_id, referral_id FOR UPDATE;
  IF NOT FOUND THEN RETURN '{}'; END IF;
  lost := referral_bring_back(call);
  SELECT count(*) INTO friends FROM referral WHERE inviter_id = dst AND state <> 'void';
  PERFORM referral_count_again(src, dst, moved);
  FOR note IN SELECT value FROM jsonb_array_elements(moved->'ended') WITH ORDINALITY one (value, nth) ORDER BY nth DESC LOOP
    why := referral_restore(call, note);
    seen := jsonb_build_object('kind', CASE note->>'reason' WHEN 'not_new' THEN 'referral_refused' ELSE 'referral_void' END,
      'reason', note->'reason', 'points', note->'points');
    IF why IS NULL THEN restored := restored || seen; ELSE lost := lost || (seen || jsonb_build_object('why', why)); END IF;
  END LOOP;
  RETURN jsonb_build_object('back', CASE WHEN friends > 0 THEN jsonb_build_object('referrals', friends) ELSE '{}' END,
    'restored', restored, 'lost', lost);
END $$;

-- Edges go back to both of their ends. One whose purchase the survivor made since, or whose reward the survivor was paid since,
-- keeps what happened and stays. → those, as lost
CREATE OR REPLACE FUNCTION referral_bring_back(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  edges uuid[] := uuid_list(call->'moved'->'edges');
  invited uuid[] := uuid_list(call->'moved'->'invited');
  orders uuid[] := uuid_list((SELECT moved->'orders' FROM merge_step
    WHERE member_id = src AND merge_id = (call->>'mergeId')::uuid AND step = 'order_merge'));
  bought int;
  paid jsonb;
BEGIN
  UPDATE referral SET member_id = dst WHERE member_id = src AND referral_id = ANY (edges)
    AND NOT EXISTS (SELECT 1 FROM purchase p WHERE p.member_id = src AND p.order_id = referral.order_id AND p.order_id <> ALL (orders));
  SELECT count(*) INTO bought FROM referral WHERE member_id = src AND referral_id = ANY (edges);
  UPDATE referral SET inviter_id = dst WHERE inviter_id = src AND referral_id = ANY (invited)
    AND NOT EXISTS (SELECT 1 FROM effect e WHERE e.kind = 'referral' AND e.source_id = referral.referral_id::text
      AND e.part = 'award' AND e.member_id = src);
  SELECT jsonb_agg(jsonb_build_object('kind', 'referral_paid', 'why', 'since', 'points', points) ORDER BY joined_at, referral_id) INTO paid
    FROM referral WHERE inviter_id = src AND referral_id = ANY (invited);
  RETURN coalesce(paid, '[]') || CASE WHEN bought > 0 THEN '[{"kind": "referral_bought", "why": "since"}]'::jsonb ELSE '[]' END;
END $$;

-- A place under the cap belongs to whoever has the edge that took it.
CREATE OR REPLACE FUNCTION referral_count_again(src uuid, dst uuid, moved jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO referral_quota (member_id, campaign_id, taken)
    SELECT who, campaign_id, referral_kept(who, campaign_id) FROM unnest(ARRAY[src, dst]) who CROSS JOIN LATERAL (
      SELECT campaign_id FROM referral WHERE inviter_id = who AND referral_kept(who, campaign_id) > 0
      UNION SELECT campaign_id FROM referral_quota WHERE member_id = who
      UNION SELECT jsonb_object_keys(moved->'theirs') WHERE who = dst) one
    ON CONFLICT (member_id, campaign_id) DO UPDATE SET taken = excluded.taken;
  DELETE FROM referral_quota WHERE member_id = src AND taken = 0 AND moved->'theirs' ? campaign_id
    AND NOT coalesce(moved->'own' ? campaign_id, false);
END $$;

-- How many rewards of a campaign somebody has been promised or paid.
CREATE OR REPLACE FUNCTION referral_kept(who uuid, campaign text) RETURNS int
LANGUAGE sql STABLE AS $$
  SELECT count(*)::int FROM referral r WHERE r.inviter_id = who AND r.campaign_id = campaign AND (r.state = 'held' OR EXISTS (
    SELECT 1 FROM effect e WHERE e.kind = 'referral' AND e.source_id = r.referral_id::text AND e.part = 'award'))
$$;

-- Makes an ended edge what it was. → NULL, or why it cannot be: it has ended for another reason since, one of the two has found
-- somebody else or left, the purchase came back, or cap and budget are spent. What can only not be paid stays as refused.
CREATE OR REPLACE FUNCTION referral_restore(call jsonb, note jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  before referral := jsonb_populate_record(NULL::referral, note->'before');
  edge referral;
  why text;
BEGIN
  SELECT * INTO edge FROM referral WHERE referral_id = before.referral_id
    AND member_id IN (SELECT merge_heirs(before.member_id) UNION SELECT (call->>'from')::uuid) FOR UPDATE;
  IF edge.state IS DISTINCT FROM (CASE note->>'reason' WHEN 'not_new' THEN 'refused' ELSE 'void' END) THEN RETURN 'since'; END IF;
  why := referral_stands(edge);
  IF why IS NOT NULL THEN RETURN why; END IF;
  IF before.state IN ('held', 'released') THEN why := referral_still_bought(call, edge); END IF;
  IF why IS NULL AND before.state = 'held' THEN
    why := referral_promise_again(edge, before.points, CASE edge.inviter_id
      WHEN (call->>'to')::uuid THEN (call->'moved'->'theirs'->>edge.campaign_id)::int
      WHEN (call->>'from')::uuid THEN (call->'moved'->'own'->>edge.campaign_id)::int ELSE (note->>'taken')::int END);
  END IF;
  IF why IS NOT NULL THEN
    UPDATE referral SET state = 'refused', reason = why WHERE member_id = edge.member_id AND referral_id = edge.referral_id;
    RETURN why;
  END IF;
  UPDATE referral SET state = before.state, reason = before.reason, points = before.points, held_at = before.held_at,
      release_at = before.release_at, settled_at = before.settled_at, clawed_back = before.clawed_back
    WHERE member_id = edge.member_id AND referral_id = edge.referral_id;
  IF before.state = 'released' THEN PERFORM referral_pay_again(call, edge); END IF;
  RETURN NULL;
END $$;

-- Whether an edge may lie between these two again (I-F1, I-F3). → NULL or why not
CREATE OR REPLACE FUNCTION referral_stands(edge referral) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
  IF edge.member_id = edge.inviter_id THEN RETURN 'same_person'; END IF;
  IF EXISTS (SELECT 1 FROM member WHERE member_id = edge.inviter_id AND status = 'cancelled') THEN RETURN 'left'; END IF;
  IF edge.state <> 'void' THEN RETURN NULL; END IF;
  IF EXISTS (SELECT 1 FROM referral r WHERE r.member_id = edge.member_id AND r.state <> 'void') THEN RETURN 'other_inviter'; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('referral_cut_cycle', 0));
  IF EXISTS (SELECT 1 FROM referral_above(edge.inviter_id) up WHERE up.inviter_id = edge.member_id) THEN RETURN 'same_person'; END IF;
  RETURN NULL;
END $$;

-- The purchase of an edge that has ended was nobody's concern: it may have come back since. → NULL or why not
CREATE OR REPLACE FUNCTION referral_still_bought(call jsonb, edge referral) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN NOT EXISTS (SELECT 1 FROM purchase p JOIN referral_campaign c ON c.campaign_id = edge.campaign_id
    WHERE p.order_id = edge.order_id AND p.state = 'settled' AND p.amount_fen - p.refunded_fen >= c.min_order_fen
      -- purchases are still the survivor's here
      AND p.member_id IN (edge.member_id, (call->>'from')::uuid)) THEN 'purchase_returned' END
$$;

-- Takes the place and the points that the merge had set free. Somebody may have had more places than the cap by an earlier merge.
CREATE OR REPLACE FUNCTION referral_promise_again(edge referral, reward int, had int) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  cap int := greatest((SELECT per_inviter_cap FROM referral_campaign c WHERE c.campaign_id = edge.campaign_id), had);
BEGIN
  INSERT INTO referral_quota AS own (member_id, campaign_id, taken) VALUES (edge.inviter_id, edge.campaign_id, 1)
    ON CONFLICT (member_id, campaign_id) DO UPDATE SET taken = own.taken + 1 WHERE own.taken < cap;
  IF NOT FOUND THEN RETURN 'cap'; END IF;
  UPDATE referral_campaign SET spent_points = spent_points + reward
    WHERE campaign_id = edge.campaign_id AND spent_points + reward <= budget_points;
  IF FOUND THEN RETURN NULL; END IF;
  UPDATE referral_quota SET taken = taken - 1 WHERE member_id = edge.inviter_id AND campaign_id = edge.campaign_id;
  RETURN 'budget';
END $$;

-- What was taken back of a paid reward since it was void, at the merge or as an exchange was undone, is paid again; cap and budget
-- have had it all the time. A separated inviter's goes to the survivor here and back with all other points.
CREATE OR REPLACE FUNCTION referral_pay_again(call jsonb, edge referral) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  holder uuid := (SELECT coalesce(m.merged_into, m.member_id) FROM member m WHERE m.member_id = edge.inviter_id);
  taken int;
BEGIN
  SELECT coalesce(sum(CASE reason WHEN 'referral_returned' THEN amount ELSE -amount END), 0) INTO taken FROM transfer
    WHERE member_id IN (SELECT merge_former(holder) UNION SELECT merge_heirs(edge.inviter_id)) AND unit = 'points'
      AND effect_kind = 'referral' AND effect_source = edge.referral_id::text AND reason IN ('referral_returned', 'referral_restored');
  IF taken <= 0 THEN RETURN; END IF;
  PERFORM ledger_give_lot(jsonb_build_object('memberId', holder, 'at', call->'at', 'kind', 'referral', 'sourceId', edge.referral_id,
    'originLotId', referral_lot(edge), 'points', taken, 'graceDays', call->'graceDays', 'reason', 'referral_restored',
    'detail', jsonb_build_object('mergeId', call->'mergeId')));
END $$;

-- Bringing a friend along. Protects: I-F1 (a unique index: one inviter), I-F2 (cap and budget are taken by conditional
-- writes), I-F3 (no self, no cycle), I-F4 (a return ends what is held and takes back what was paid).

-- The short code that leads to a member for ever: the one there is, or a new one. {memberId, at} → {code}
CREATE OR REPLACE FUNCTION referral_open(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  own text := referral_code_of(who);
  chance bytea;
BEGIN
  IF own IS NULL THEN
    PERFORM member_hold(who);
    own := referral_code_of(who);
  END IF;
  WHILE own IS NULL LOOP
    chance := uuid_send(gen_random_uuid());
    -- bytes 6 and 8 of a UUID are not chance
    SELECT string_agg(substr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', get_byte(chance, at) % 62 + 1, 1), '')
      INTO own FROM unnest(ARRAY[0, 1, 2, 3, 4, 5, 10, 11]) at;
    INSERT INTO referral_link (code, member_id, created_at) VALUES (own, who, (call->>'at')::timestamptz) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN own := NULL; END IF;
  END LOOP;
  RETURN jsonb_build_object('code', own);
END $$;

-- Codes for many new members in one statement; whoever meets a code that there is gets another when it is asked for. {at, people: [{memberId}]}
CREATE OR REPLACE FUNCTION referral_open_many(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  INSERT INTO referral_link (code, member_id, created_at)
    -- six bytes of chance as base64, without the two signs that are no letters
    SELECT substr(translate(encode(uuid_send(gen_random_uuid()), 'base64'), '+/=', ''), 1, 8), "memberId", (call->>'at')::timestamptz
      FROM jsonb_to_recordset(call->'people') AS p("memberId" uuid) ON CONFLICT DO NOTHING;
  SELECT '{}'::jsonb
$$;

CREATE OR REPLACE FUNCTION referral_code_of(who uuid) RETURNS text
LANGUAGE sql STABLE AS $$ SELECT code FROM referral_link WHERE member_id = who ORDER BY created_at, code LIMIT 1 $$;

-- Lays the edge between somebody who joins for the first time and the owner of the link they came by. No edge where the
-- link is unknown, nothing runs, or the person is not new: bought before, or is above the inviter already.
-- {memberId, at, link, newAfterDays} → {referralId} or NULL
CREATE OR REPLACE FUNCTION referral_attribute(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  edge uuid := uuid_v7(now_at);
  campaign text;
  inviter uuid;
  owner member;
BEGIN
  LOOP
    -- a merge under way, or one being taken back, is waited for, and the link leads to its owner of then
    SELECT member_id INTO inviter FROM referral_link WHERE code = call->>'link';
    SELECT * INTO owner FROM member WHERE member_id = inviter FOR KEY SHARE;
    EXIT WHEN inviter IS NOT DISTINCT FROM (SELECT member_id FROM referral_link WHERE code = call->>'link');
  END LOOP;
  IF owner.status IS DISTINCT FROM 'active' OR inviter = who OR EXISTS (SELECT 1 FROM referral_above(inviter) up WHERE up.inviter_id = who) THEN
    RETURN NULL;
  END IF;
  IF coalesce(member_new_since(who) < now_at, true) OR order_bought_before(who, now_at, (call->>'newAfterDays')::int) THEN
    RETURN NULL;
  END IF;
  SELECT campaign_id INTO campaign FROM referral_campaign
    WHERE starts_at <= now_at AND (ends_at IS NULL OR ends_at > now_at) AND (stopped_at IS NULL OR stopped_at > now_at)
    ORDER BY starts_at DESC, campaign_id LIMIT 1;
  IF campaign IS NULL THEN RETURN NULL; END IF;
  INSERT INTO referral (member_id, referral_id, inviter_id, code, campaign_id, state, joined_at)
    VALUES (who, edge, inviter, call->>'link', campaign, 'joined', now_at) ON CONFLICT DO NOTHING;
  RETURN CASE WHEN FOUND THEN jsonb_build_object('referralId', edge) END;
END $$;

-- The edges from a member up to whoever was brought by nobody; ends where it began, if it does.
CREATE OR REPLACE FUNCTION referral_above(start uuid) RETURNS SETOF referral
LANGUAGE sql STABLE AS $$
  WITH RECURSIVE up AS (
    SELECT r.member_id, r.referral_id, r.inviter_id, 1 AS depth FROM referral r WHERE r.member_id = start AND r.state <> 'void'
    UNION ALL
    SELECT r.member_id, r.referral_id, r.inviter_id, up.depth + 1 FROM up JOIN referral r ON r.member_id = up.inviter_id
      WHERE r.state <> 'void' AND up.inviter_id <> start AND up.depth < 1000
  )
  SELECT r.* FROM up JOIN referral r USING (member_id, referral_id)
$$;

-- The friend's first purchase that is large enough: a place under the inviter's cap and the points out of the budget are
-- taken by conditional writes (I-F2), the campaign's row last; or it is written down why not.
-- {memberId, orderId, amountFen, at} → {referralId, state} or NULL when there is nothing to decide
CREATE OR REPLACE FUNCTION referral_on_order(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  edge referral;
  camp referral_campaign;
  why text;
BEGIN
  SELECT * INTO edge FROM referral WHERE member_id = (call->>'memberId')::uuid AND state = 'joined' FOR UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT * INTO camp FROM referral_campaign WHERE campaign_id = edge.campaign_id;
  IF (call->>'amountFen')::int < camp.min_order_fen THEN RETURN NULL; END IF;
  IF camp.ends_at <= now_at THEN why := 'over'; ELSE why := referral_reserve(edge.inviter_id, camp, now_at); END IF;
  UPDATE referral SET order_id = (call->>'orderId')::uuid, reason = why,
      state = CASE WHEN why IS NULL THEN 'held' ELSE 'refused' END,
      points = CASE WHEN why IS NULL THEN camp.reward_points ELSE 0 END,
      held_at = CASE WHEN why IS NULL THEN now_at END,
      release_at = CASE WHEN why IS NULL THEN
        (date_trunc('day', now_at AT TIME ZONE 'Asia/Shanghai') + make_interval(days => camp.hold_days + 1)) AT TIME ZONE 'Asia/Shanghai' END,
      settled_at = CASE WHEN why IS NOT NULL THEN now_at END
    WHERE member_id = edge.member_id AND referral_id = edge.referral_id;
  RETURN jsonb_build_object('referralId', edge.referral_id, 'state', CASE WHEN why IS NULL THEN 'held' ELSE 'refused' END);
END $$;

-- Reserves one reward, or says why not: cap | budget | stopped.
CREATE OR REPLACE FUNCTION referral_reserve(inviter uuid, camp referral_campaign, now_at timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  stopped timestamptz := camp.stopped_at;
BEGIN
  IF stopped <= now_at THEN RETURN 'stopped'; END IF;
  INSERT INTO referral_quota AS own (member_id, campaign_id, taken) VALUES (inviter, camp.campaign_id, 1)
    ON CONFLICT (member_id, campaign_id) DO UPDATE SET taken = own.taken + 1 WHERE own.taken < camp.per_inviter_cap;
  IF NOT FOUND THEN RETURN 'cap'; END IF;
  UPDATE referral_campaign SET spent_points = spent_points + camp.reward_points
    WHERE campaign_id = camp.campaign_id AND spent_points + camp.reward_points <= budget_points
      AND (stopped_at IS NULL OR stopped_at > now_at);
  IF FOUND THEN RETURN NULL; END IF;
  UPDATE referral_quota SET taken = taken - 1 WHERE member_id = inviter AND campaign_id = camp.campaign_id;
  SELECT stopped_at INTO stopped FROM referral_campaign WHERE campaign_id = camp.campaign_id;
  RETURN CASE WHEN stopped <= now_at THEN 'stopped' ELSE 'budget' END;
END $$;

-- Ends an edge that came to nothing. What was only promised returns to the cap and the budget; of what was paid, {take}
-- points are taken back, and neither cap nor budget get them again: buying and returning must not refill them. What a merge takes
-- it may give again and take once more, so each time has its own name.
CREATE OR REPLACE FUNCTION referral_end(edge referral, next_state text, why text, take int, now_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  holder uuid := (SELECT coalesce(m.merged_into, m.member_id) FROM member m WHERE m.member_id = edge.inviter_id);
BEGIN
  UPDATE referral SET state = next_state, reason = why, settled_at = now_at, clawed_back = take > 0
    WHERE member_id = edge.member_id AND referral_id = edge.referral_id;
  IF take > 0 THEN
    PERFORM ledger_take_back(jsonb_build_object('memberId', holder, 'at', now_at, 'kind', 'referral', 'sourceId', edge.referral_id,
      'part', CASE WHEN next_state = 'void' THEN (SELECT 'void:' || count(*) + 1 FROM effect
        WHERE kind = 'referral' AND source_id = edge.referral_id::text AND starts_with(part, 'void:')) ELSE 'take_back' END,
      'points', take, 'growth', 0, 'earnedAt', edge.settled_at, 'reason', 'referral_returned', 'detail', '{}'::jsonb));
  END IF;
  IF edge.state = 'held' THEN
    UPDATE referral_quota SET taken = taken - 1 WHERE member_id = edge.inviter_id AND campaign_id = edge.campaign_id AND taken > 0;
    UPDATE referral_campaign SET spent_points = spent_points - edge.points WHERE campaign_id = edge.campaign_id;
  END IF;
END $$;

-- The friend's purchase was taken back (I-F4): what is held ends, what was paid is taken back, into debt if it is spent. A part
-- that came back matters once what is left would not have been enough. {memberId, orderId, at, leftFen?} → {referralId, takenBack} or NULL
CREATE OR REPLACE FUNCTION referral_on_return(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  bought uuid := (call->>'orderId')::uuid;
  inviter uuid;
  edge referral;
  take int;
BEGIN
  SELECT inviter_id INTO inviter FROM referral WHERE member_id = who AND order_id = bought AND state IN ('held', 'released');
  IF NOT FOUND THEN RETURN NULL; END IF;
  -- the inviter before the edge, as the release does
  PERFORM 1 FROM member WHERE member_id = inviter FOR NO KEY UPDATE;
  SELECT * INTO edge FROM referral WHERE member_id = who AND order_id = bought AND state IN ('held', 'released') FOR UPDATE;
  IF edge.inviter_id IS DISTINCT FROM inviter THEN PERFORM refuse('BUSY'); END IF;
  IF (call->>'leftFen')::int > 0 AND (call->>'leftFen')::int >= (SELECT min_order_fen FROM referral_campaign c
    WHERE c.campaign_id = edge.campaign_id) THEN RETURN NULL; END IF;
  take := CASE WHEN edge.state = 'released' THEN edge.points ELSE 0 END;
  PERFORM referral_end(edge, 'refused', 'purchase_returned', take, (call->>'at')::timestamptz);
  RETURN jsonb_build_object('referralId', edge.referral_id, 'takenBack', take);
END $$;

-- Pays one held reward whose day has come, and tells the inviter who allows it. An inviter who is busy just now is left
-- for the next run. {memberId, referralId, at, expiresAt, friend} → {released}
CREATE OR REPLACE FUNCTION referral_release(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  id uuid := (call->>'referralId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  inviter uuid := (SELECT inviter_id FROM referral WHERE member_id = who AND referral_id = id AND state = 'held' AND release_at <= now_at);
  edge referral;
BEGIN
  PERFORM 1 FROM member WHERE member_id = inviter AND status = 'active' FOR NO KEY UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN '{"released": false}'; END IF;
  UPDATE referral SET state = 'released', settled_at = now_at
    WHERE member_id = who AND referral_id = id AND inviter_id = inviter AND state = 'held' AND release_at <= now_at RETURNING * INTO edge;
  IF NOT FOUND THEN RETURN '{"released": false}'; END IF;
  PERFORM ledger_award(jsonb_build_object('memberId', inviter, 'at', now_at, 'kind', 'referral', 'sourceId', id,
    'points', edge.points, 'growth', 0, 'activeAt', now_at, 'expiresAt', call->'expiresAt', 'reason', 'referral', 'detail', '{}'::jsonb));
  PERFORM outbox_put(jsonb_build_object('memberId', inviter, 'template', 'reward_released', 'at', now_at, 'ifAllowed', true,
    'payload', jsonb_build_object('points', edge.points, 'friend', call->'friend', 'at', call->'at')));
  RETURN '{"released": true}';
END $$;

-- The edge was none: what was paid for it is taken back as far as it is unspent.
CREATE OR REPLACE FUNCTION referral_void(edge referral, why text, now_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  holder uuid := (SELECT coalesce(m.merged_into, m.member_id) FROM member m WHERE m.member_id = edge.inviter_id);
  unspent int := 0;
BEGIN
  -- of who has left there is nothing to take
  IF NOT EXISTS (SELECT 1 FROM member WHERE member_id = holder AND status = 'active') THEN
    PERFORM referral_end(edge, 'void', why, 0, now_at);
    RETURN;
  END IF;
  IF edge.state = 'released' THEN
    PERFORM ledger_hold(holder, now_at);
    SELECT coalesce(sum(remaining), 0) INTO unspent FROM lot
      WHERE member_id = holder AND effect_kind = 'referral' AND effect_source = edge.referral_id::text;
  END IF;
  PERFORM referral_end(edge, 'void', why, unspent, now_at);
  PERFORM referral_take_back(jsonb_build_object('memberId', holder, 'at', now_at));
END $$;

-- What came back of a void edge’s reward, as an exchange that it had paid for was undone. {memberId, at}
CREATE OR REPLACE FUNCTION referral_take_back(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM referral WHERE inviter_id = who AND state = 'void') THEN RETURN; END IF;
  PERFORM ledger_take_lot(call || jsonb_build_object('kind', 'referral', 'sourceId', edge.referral_id, 'originLotId', paid.lot_id,
      'reason', 'referral_returned', 'detail', '{}'::jsonb))
    FROM referral edge JOIN lot paid ON paid.effect_kind = 'referral' AND paid.effect_source = edge.referral_id::text
    WHERE edge.inviter_id = who AND edge.state = 'void' AND paid.lot_id = paid.origin_lot_id
      AND paid.member_id IN (SELECT member_id FROM member WHERE member_id = who OR merged_into = who);
END $$;

-- A command's replay. The advisory lock makes a re-sent command wait for the first one's answer, whoever sends it; the primary
-- key of "request" stands behind it. A key used for another body is refused, never answered. What a record had sent before it
-- was merged is the survivor's: a phone renews its tokens after the merge and asks again as the survivor. What it had sent as
-- the survivor is its own again after the merge was taken back.

CREATE OR REPLACE FUNCTION refuse(code text, detail jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'HY001', MESSAGE = code, DETAIL = detail::text;
END $$;

-- The stored answer of this command, or NULL when it has not run yet (and is now ours to run).
CREATE OR REPLACE FUNCTION request_begin(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  found_hash text;
  found_answer jsonb;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended((call->>'verb') || '|' || (call->>'requestId'), 0));
  SELECT body_hash, answer INTO found_hash, found_answer FROM request
    WHERE actor = call->>'actor' AND verb = call->>'verb' AND request_id = (call->>'requestId')::uuid;
  IF found_hash IS NULL AND call->>'actor' LIKE 'm:%'
      AND (EXISTS (SELECT 1 FROM member WHERE merged_into = substr(call->>'actor', 3)::uuid)
        OR EXISTS (SELECT 1 FROM merge_record WHERE other_id = substr(call->>'actor', 3)::uuid)) THEN
    SELECT r.body_hash, r.answer INTO found_hash, found_answer
      FROM merge_former(substr(call->>'actor', 3)::uuid) was JOIN request r ON r.actor = 'm:' || was AND r.verb = call->>'verb'
        AND r.request_id = (call->>'requestId')::uuid LIMIT 1;
  END IF;
  -- while keys rotate, the same body may have been hashed with another one of them
  IF found_hash <> call->>'bodyHash' AND NOT coalesce(call->'otherHashes' ? found_hash, false) THEN
    PERFORM refuse('REQUEST_REUSED');
  END IF;
  RETURN found_answer;
END $$;

CREATE OR REPLACE FUNCTION request_end(call jsonb, result jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO request (actor, verb, request_id, body_hash, answer, at)
    VALUES (call->>'actor', call->>'verb', (call->>'requestId')::uuid, call->>'bodyHash', result,
            (call->>'at')::timestamptz);
  RETURN result;
END $$;

-- UUIDv7 (RFC 9562 §5.7) at a given instant, so that ids sort by time also under a held clock.
CREATE OR REPLACE FUNCTION uuid_v7(at timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE AS $$
  SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send((extract(epoch FROM at) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$;

-- An instant as it travels: UTC with milliseconds, as JavaScript writes it.
CREATE OR REPLACE FUNCTION iso_text(at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$ SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;

CREATE OR REPLACE FUNCTION request_end_of(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$ SELECT request_end(call->'command', call->'answer') $$;

-- Rights of members. Protects I-R1: no use beyond the quota of a period. The conditional write decides; verbs of one member
-- come one after the other (member_hold). The rules are those of shared/src/right.ts; a test asks both.

-- Under which key a use is counted, by the brand's calendar.
CREATE OR REPLACE FUNCTION right_period_key(period text, now_at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT to_char(now_at AT TIME ZONE 'Asia/Shanghai',
    CASE period WHEN 'day' THEN 'YYYY-MM-DD' WHEN 'month' THEN 'YYYY-MM' WHEN 'year' THEN 'YYYY' ELSE '"once"' END)
$$;

-- When the next period begins; NULL when there is none.
CREATE OR REPLACE FUNCTION right_back_at(period text, now_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN period IN ('day', 'month', 'year') THEN
    (date_trunc(period, now_at AT TIME ZONE 'Asia/Shanghai') + ('1 ' || period)::interval) AT TIME ZONE 'Asia/Shanghai' END
$$;

-- Every right that runs, in order; the same for everybody.
CREATE OR REPLACE FUNCTION right_rows(now_at timestamptz) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT coalesce(json_agg(json_build_object('rightId', r.right_id, 'kind', r.kind, 'title', r.title, 'words', r.words,
      'tierFrom', r.tier_from, 'honourId', r.honour_id, 'honourName', h.name, 'quota', r.quota, 'period', r.period,
      'hours', (r.payload->>'hours')::int, 'startsAt', iso_text(r.starts_at), 'endsAt', iso_text(r.ends_at))
    ORDER BY r.position, r.right_id), '[]')
  FROM member_right r LEFT JOIN honour h USING (honour_id)
  WHERE r.starts_at <= now_at AND (r.ends_at IS NULL OR r.ends_at > now_at)
$$;

-- What decides the state of rights for one member: honours that are worn, and uses of the periods that run.
-- → {honours: [id], uses: [{rightId, periodKey, used}]}
CREATE OR REPLACE FUNCTION right_own(me uuid, now_at timestamptz) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT json_build_object(
    'honours', (SELECT coalesce(json_agg(honour_id), '[]') FROM honour_held
      WHERE member_id = me AND (expires_at IS NULL OR expires_at > now_at)),
    'uses', (SELECT coalesce(json_agg(json_build_object('rightId', u.right_id, 'periodKey', u.period_key, 'used', u.used)), '[]')
      FROM right_use u JOIN member_right r USING (right_id)
      WHERE u.member_id = me AND u.period_key = right_period_key(r.period, now_at)))
$$;

-- {memberId, at} → {tier, rights, own}
CREATE OR REPLACE FUNCTION right_show(call jsonb) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  RETURN json_build_object('tier', (SELECT tier FROM standing WHERE member_id = me),
    'rights', right_rows(now_at), 'own', right_own(me, now_at));
END $$;

-- The rights of a kind that a member has now, used up or not: by tier or by an honour that is worn.
CREATE OR REPLACE FUNCTION right_held(member uuid, which text, now_at timestamptz)
RETURNS TABLE (right_id text, hours int, limited boolean, used_up boolean, back_at timestamptz, ends_at timestamptz, place smallint)
LANGUAGE sql STABLE AS $$
  SELECT r.right_id, (r.payload->>'hours')::int, r.quota IS NOT NULL, coalesce(u.used >= r.quota, false),
      right_back_at(r.period, now_at), r.ends_at, r.position
    FROM member_right r LEFT JOIN right_use u
      ON u.member_id = member AND u.right_id = r.right_id AND u.period_key = right_period_key(r.period, now_at)
    WHERE r.kind = which AND r.starts_at <= now_at AND (r.ends_at IS NULL OR r.ends_at > now_at)
      AND (r.tier_from <= (SELECT tier FROM standing s WHERE s.member_id = member)
        OR EXISTS (SELECT 1 FROM honour_held h WHERE h.member_id = member AND h.honour_id = r.honour_id
          AND (h.expires_at IS NULL OR h.expires_at > now_at)))
$$;

-- Uses a right once. → the period in which it counts; NULL when nothing of it is left. What has no limit is counted, too.
CREATE OR REPLACE FUNCTION right_use(member uuid, which text, now_at timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  own member_right;
  counted text;
BEGIN
  SELECT * INTO STRICT own FROM member_right WHERE right_id = which;
  INSERT INTO right_use AS held (member_id, right_id, period_key, used)
    VALUES (member, which, right_period_key(own.period, now_at), 1)
    ON CONFLICT (member_id, right_id, period_key) DO UPDATE SET used = held.used + 1
      WHERE own.quota IS NULL OR held.used < own.quota
    RETURNING period_key INTO counted;
  RETURN counted;
END $$;

-- What a use was for was taken back: it can be used again in the period in which it counted.
CREATE OR REPLACE FUNCTION right_give_back(member uuid, which text, counted text) RETURNS void
LANGUAGE sql AS $$
  UPDATE right_use SET used = greatest(0, used - 1) WHERE member_id = member AND right_id = which AND period_key = counted
$$;

-- Uses add up; an excess stays recorded and leaves nothing to use.
-- {from, to, at} → {moved: {uses: [{right_id, period_key, theirs, ours}]}, came, reversed}
CREATE OR REPLACE FUNCTION right_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  uses jsonb;
  brought int;
  excess jsonb;
BEGIN
  WITH theirs AS (DELETE FROM right_use WHERE member_id = src RETURNING right_id, period_key, used),
    summed AS (INSERT INTO right_use AS held (member_id, right_id, period_key, used) SELECT dst, right_id, period_key, used FROM theirs
      ON CONFLICT (member_id, right_id, period_key) DO UPDATE SET used = held.used + excluded.used RETURNING right_id, period_key, used)
  SELECT jsonb_agg(jsonb_build_object('right_id', r.right_id, 'period_key', theirs.period_key, 'theirs', theirs.used, 'ours', ours.used)),
      sum(theirs.used), jsonb_agg(jsonb_build_object('kind', 'quota_excess', 'noun', 'right', 'title', r.title, 'has', summed.used,
        'limit', r.quota) ORDER BY r.title, r.right_id) FILTER (WHERE theirs.used > 0 AND summed.used > r.quota
          AND theirs.period_key = right_period_key(r.period, now_at) AND coalesce(r.ends_at > now_at, true))
    INTO uses, brought, excess
    FROM theirs JOIN summed USING (right_id, period_key) JOIN member_right r USING (right_id)
      LEFT JOIN right_use ours ON ours.member_id = dst AND (ours.right_id, ours.period_key) = (theirs.right_id, theirs.period_key);
  IF uses IS NULL THEN RETURN '{}'; END IF;
  RETURN jsonb_build_object('moved', jsonb_build_object('uses', uses), 'reversed', coalesce(excess, '[]'),
    'came', CASE WHEN brought > 0 THEN jsonb_build_object('rights', brought) ELSE '{}' END);
END $$;

-- A record's uses go back, less those whose exchange was given back since the merge: that gave them back already.
-- {mergeId, from, to, moved} → {back}
CREATE OR REPLACE FUNCTION right_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  uses jsonb := call->'moved'->'uses';
  back int;
BEGIN
  IF uses IS NULL THEN RETURN '{}'; END IF;
  WITH went AS (INSERT INTO right_use (member_id, right_id, period_key, used)
      SELECT dst, own.right_id, own.period_key, greatest(theirs - (SELECT count(*) FROM merge_step s, mall_given_back(dst, s.moved) r
          WHERE s.member_id = src AND s.merge_id = (call->>'mergeId')::uuid AND s.step = 'mall_merge'
            AND r.right_id = own.right_id AND r.right_period = own.period_key), 0)
        FROM jsonb_to_recordset(uses) own (right_id text, period_key text, theirs int) RETURNING used)
  SELECT sum(used) INTO back FROM went;
  UPDATE right_use held SET used = greatest(held.used - own.used, 0)
    FROM right_use own JOIN jsonb_to_recordset(uses) one (right_id text, period_key text) USING (right_id, period_key)
    WHERE held.member_id = src AND own.member_id = dst AND (held.right_id, held.period_key) = (own.right_id, own.period_key);
  DELETE FROM right_use held USING jsonb_to_recordset(uses) one (right_id text, period_key text, ours int)
    WHERE held.member_id = src AND (held.right_id, held.period_key) = (one.right_id, one.period_key) AND held.used = 0 AND one.ours IS NULL;
  RETURN jsonb_build_object('back', CASE WHEN back > 0 THEN jsonb_build_object('rights', back) ELSE '{}' END);
END $$;

-- Signed-in places go with their record, and back with it.

-- `own` are the survivor's: what is neither of the two lists at an undo was signed in since. {from, to, at}
CREATE OR REPLACE FUNCTION session_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  own jsonb;
  went jsonb;
  live int;
BEGIN
  SELECT jsonb_agg(session_id) INTO own FROM session WHERE member_id = dst AND revoked_at IS NULL;
  WITH moving AS (UPDATE session SET member_id = dst WHERE member_id = src RETURNING *)
  SELECT jsonb_agg(session_id), count(*) FILTER (WHERE revoked_at IS NULL AND expires_at > (call->>'at')::timestamptz)
    INTO went, live FROM moving;
  RETURN CASE WHEN own IS NULL AND went IS NULL THEN '{}'
      ELSE jsonb_build_object('moved', jsonb_strip_nulls(jsonb_build_object('sessions', went, 'own', own))) END
    || CASE WHEN live > 0 THEN jsonb_build_object('came', jsonb_build_object('sessions', live)) ELSE '{}' END;
END $$;

-- Each phone is its own record's again. Which of the two people signed in somewhere since nobody knows: those places end, or one
-- would stay signed in as the other. {from, to, at, moved}
CREATE OR REPLACE FUNCTION session_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  live int;
  ended int;
BEGIN
  WITH moving AS (UPDATE session SET member_id = (call->>'to')::uuid
    WHERE member_id = src AND session_id = ANY (uuid_list(call->'moved'->'sessions')) RETURNING *)
  SELECT count(*) FILTER (WHERE revoked_at IS NULL AND expires_at > now_at) INTO live FROM moving;
  WITH ending AS (UPDATE session SET revoked_at = now_at, revoked_reason = 'separated'
    WHERE member_id = src AND revoked_at IS NULL AND session_id <> ALL (uuid_list(call->'moved'->'own')) RETURNING *)
  SELECT count(*) FILTER (WHERE expires_at > now_at) INTO ended FROM ending;
  RETURN CASE WHEN live > 0 THEN jsonb_build_object('back', jsonb_build_object('sessions', live)) ELSE '{}' END
    || CASE WHEN ended > 0 THEN jsonb_build_object('lost', jsonb_build_array(
      jsonb_build_object('kind', 'session_ended', 'why', 'since', 'count', ended))) ELSE '{}' END;
END $$;

-- A place that is not signed out, for somebody whose token may name an earlier owner; in one look, for a merge may be moving it.
-- {memberId, sessionId} → {memberId, generation, rotatedAt, expiresAt} or NULL
CREATE OR REPLACE FUNCTION session_find(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('memberId', s.member_id, 'generation', s.generation, 'rotatedAt', iso_text(s.rotated_at),
      'expiresAt', iso_text(s.expires_at))
    FROM merge_heirs((call->>'memberId')::uuid) heir
    JOIN session s ON s.member_id = heir AND s.session_id = (call->>'sessionId')::uuid AND s.revoked_at IS NULL
$$;

-- Whether this place is still signed in; asked by every member every few seconds, so it is not asked through Prisma.
-- {memberId, sessionId} → boolean
CREATE OR REPLACE FUNCTION session_live(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN to_jsonb(EXISTS (SELECT 1 FROM session WHERE member_id = (call->>'memberId')::uuid
    AND session_id = (call->>'sessionId')::uuid AND revoked_at IS NULL));
END $$;

-- Codes sent by text message. Each call is one conditional write, so that any number of them at once equals some order.

-- Keeps a new code for a phone, if it is not too soon and not too many today.
-- {phoneHash, codeHash, at, expiresAt, dayStart, tries, gapSeconds, perDay, otherPhones: the same phone under other keys while they
-- rotate} → {retryAfterSeconds}, 0 when it is kept
CREATE OR REPLACE FUNCTION sms_keep(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  today timestamptz := (call->>'dayStart')::timestamptz;
  gap interval := make_interval(secs => (call->>'gapSeconds')::int);
  per_day int := (call->>'perDay')::int;
  next_at timestamptz;
BEGIN
  IF call ? 'otherPhones' THEN
    PERFORM pg_advisory_xact_lock(hashtextextended(min(hash), 3)) FROM jsonb_array_elements_text(call->'otherPhones' || call->'phoneHash') hash;
    UPDATE sms_code SET phone_hash = call->>'phoneHash' WHERE call->'otherPhones' ? phone_hash::text
      AND NOT EXISTS (SELECT 1 FROM sms_code here WHERE here.phone_hash = call->>'phoneHash');
  END IF;
  INSERT INTO sms_code AS last (phone_hash, code_hash, sent_at, expires_at, tries_left, sent_today, day_start)
    VALUES (call->>'phoneHash', call->>'codeHash', now_at, (call->>'expiresAt')::timestamptz, (call->>'tries')::int, 1, today)
    ON CONFLICT (phone_hash) DO UPDATE SET code_hash = excluded.code_hash, sent_at = excluded.sent_at,
        expires_at = excluded.expires_at, tries_left = excluded.tries_left,
        sent_today = CASE WHEN last.day_start < today THEN 1 ELSE last.sent_today + 1 END,
        day_start = greatest(last.day_start, today)
      WHERE last.sent_at <= now_at - gap AND (last.day_start < today OR last.sent_today < per_day);
  IF FOUND THEN RETURN '{"retryAfterSeconds": 0}'; END IF;
  SELECT CASE WHEN sent_today >= per_day AND day_start >= today
      THEN greatest(day_start + interval '24 hours', sent_at + gap) ELSE sent_at + gap END
    INTO next_at FROM sms_code WHERE phone_hash = call->>'phoneHash';
  RETURN jsonb_build_object('retryAfterSeconds', greatest(1, ceil(extract(epoch FROM next_at - now_at))::int));
END $$;

-- The text did not get through: the next one need not wait. The code stays good in case it arrives after all, and
-- the day's count stays, so that a broken provider is not asked without end. {phoneHash, codeHash, gapSeconds}
CREATE OR REPLACE FUNCTION sms_release(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE sms_code SET sent_at = sent_at - make_interval(secs => (call->>'gapSeconds')::int)
    WHERE phone_hash = call->>'phoneHash' AND code_hash = call->>'codeHash';
  SELECT '{}'::jsonb
$$;

-- Looks at a code once: the right one is spent, a wrong one costs a try. {phoneHash, codeHash, at}, and {otherPhones, otherCodes}
-- → {right, triesLeft}, or NULL when there is nothing to look at any more
CREATE OR REPLACE FUNCTION sms_spend(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE sms_code SET tries_left =
      CASE WHEN code_hash = call->>'codeHash' OR coalesce(call->'otherCodes' ? code_hash, false) THEN 0 ELSE tries_left - 1 END
    WHERE phone_hash = ANY (ARRAY[call->>'phoneHash'] || ARRAY(SELECT jsonb_array_elements_text(call->'otherPhones')))
      AND expires_at > (call->>'at')::timestamptz AND tries_left > 0
    RETURNING jsonb_build_object('triesLeft', tries_left,
      'right', code_hash = call->>'codeHash' OR coalesce(call->'otherCodes' ? code_hash, false))
$$;

-- The working staff row of the actor, at a till of the own store where one is named, or a refusal.
CREATE OR REPLACE FUNCTION staff_at_till(actor uuid, till text) RETURNS staff
LANGUAGE plpgsql STABLE AS $$
DECLARE
  own staff;
BEGIN
  SELECT * INTO own FROM staff WHERE member_id = actor AND ended_at IS NULL;
  IF NOT FOUND THEN PERFORM refuse('STAFF_NEEDED'); END IF;
  IF till IS NOT NULL AND NOT EXISTS (SELECT 1 FROM till t WHERE t.store_id = own.store_id AND t.till_id = till) THEN
    PERFORM refuse('TILL_UNKNOWN');
  END IF;
  RETURN own;
END $$;

-- A job goes with the person; two present jobs cannot become one by themselves, a former one makes room. {from, to}
CREATE OR REPLACE FUNCTION staff_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  before jsonb;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM staff WHERE member_id = src) THEN RETURN '{}'; END IF;
  IF (SELECT count(*) FROM staff WHERE member_id IN (src, dst) AND ended_at IS NULL) = 2 THEN
    PERFORM refuse('MERGE_BLOCKED', '{"blocker": "two_jobs"}');
  END IF;
  SELECT jsonb_object_agg(CASE member_id WHEN src THEN 'theirs' ELSE 'own' END, to_jsonb(staff)) INTO before
    FROM staff WHERE member_id IN (src, dst);
  DELETE FROM staff former USING staff kept
    WHERE former.member_id IN (src, dst) AND kept.member_id IN (src, dst)
      AND (former.ended_at, former.member_id) < (coalesce(kept.ended_at, 'infinity'), kept.member_id);
  UPDATE staff SET member_id = dst WHERE member_id = src;
  RETURN jsonb_build_object('moved', before);
END $$;

-- The job goes back as it is by now, and a former one that had made room is there again. One that was followed by another job
-- since comes back as ended. {from, to, at, moved: {theirs, own?}}
CREATE OR REPLACE FUNCTION staff_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  theirs staff := jsonb_populate_record(NULL::staff, call->'moved'->'theirs');
  own staff := jsonb_populate_record(NULL::staff, call->'moved'->'own');
  held staff;
BEGIN
  IF theirs.member_id IS NULL THEN RETURN '{}'; END IF;
  SELECT * INTO held FROM staff WHERE member_id = src;
  IF (held.staff_no, held.store_id, held.since) = (theirs.staff_no, theirs.store_id, theirs.since) THEN
    UPDATE staff SET member_id = dst WHERE member_id = src;
    IF own.member_id IS NOT NULL THEN INSERT INTO staff SELECT own.*; END IF;
  ELSE
    theirs.ended_at := coalesce(theirs.ended_at, (call->>'at')::timestamptz);
    INSERT INTO staff SELECT theirs.*;
  END IF;
  RETURN '{}';
END $$;

-- The tier of two records that become one person, and of each when they are two again.

-- The higher of the two, until the next review; of two equal ones the one that is safe for longer; a higher one when the growth of both
-- reaches it. The survivor is due at the sooner of both; the other one never again. → {moved: {own, other: the standings before,
-- after: the survivor's, growth: [what the survivor had by itself, what came]}}
CREATE OR REPLACE FUNCTION tier_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src standing;
  dst standing;
  held standing;
  has int;
  came int;
BEGIN
  SELECT * INTO src FROM standing WHERE member_id = (call->>'from')::uuid FOR UPDATE;
  SELECT * INTO dst FROM standing WHERE member_id = (call->>'to')::uuid FOR UPDATE;
  SELECT growth INTO has FROM account WHERE member_id = dst.member_id;
  SELECT coalesce(sum(amount), 0) INTO came FROM transfer WHERE member_id = dst.member_id AND unit = 'growth' AND reason = 'merged_in'
    AND transfer_id >= ledger_id_from((call->>'at')::timestamptz) AND detail->>'mergeId' = call->>'mergeId';
  IF (src.tier, src.valid_until) > (dst.tier, dst.valid_until) THEN
    UPDATE standing SET tier = src.tier, since = src.since, valid_until = src.valid_until, warned_of = src.warned_of
      WHERE member_id = dst.member_id;
  END IF;
  IF src.tier > dst.tier THEN PERFORM tier_note(dst.member_id, dst.tier, src.tier, 'merged', has, (call->>'at')::timestamptz); END IF;
  UPDATE standing SET review_at = least(src.review_at, dst.review_at) WHERE member_id = dst.member_id;
  UPDATE standing SET review_at = tier_never() WHERE member_id = src.member_id;
  PERFORM tier_raise(call || jsonb_build_object('memberId', dst.member_id, 'reason', 'merged', 'growth', has));
  SELECT * INTO held FROM standing WHERE member_id = dst.member_id;
  RETURN jsonb_build_object('moved', jsonb_build_object('own', to_jsonb(dst) - 'member_id', 'other', to_jsonb(src) - 'member_id',
      'after', to_jsonb(held) - 'member_id', 'growth', jsonb_build_array(has - came, came)),
    'came', CASE WHEN held.tier = dst.tier THEN '{}' ELSE jsonb_build_object('tierBefore', dst.tier, 'tierAfter', held.tier) END);
END $$;

-- Each has its own tier again. The survivor keeps what its own growth holds or had reached; what stood only on the growth that left
-- falls, and where nothing has changed since the merge everything is as it was before. Runs when growth and records are two again.
-- {mergeId, from: the survivor, to, at, moved, validUntil, ladder, windowMonths, warnDays}
CREATE OR REPLACE FUNCTION tier_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own standing;
  held standing;
  has int;
  exact boolean;
BEGIN
  IF NOT coalesce(call->'moved' ? 'own', false) THEN RETURN '{}'; END IF;
  SELECT * INTO own FROM standing WHERE member_id = (call->>'from')::uuid FOR UPDATE;
  SELECT growth INTO has FROM account WHERE member_id = own.member_id;
  exact := to_jsonb(own) - 'member_id' = call->'moved'->'after' AND has = (call->'moved'->'growth'->>0)::int;
  IF exact THEN held := jsonb_populate_record(own, call->'moved'->'own'); ELSE held := tier_without(call, own, has); END IF;
  UPDATE standing SET tier = held.tier, since = held.since, valid_until = held.valid_until, warned_of = held.warned_of, review_at = held.review_at
    WHERE member_id = own.member_id;
  IF held.tier <> own.tier THEN
    PERFORM tier_note(own.member_id, own.tier, held.tier, 'separated', has, (call->>'at')::timestamptz);
  END IF;
  IF NOT exact THEN PERFORM tier_plan(call || jsonb_build_object('memberId', own.member_id)); END IF;
  PERFORM tier_unmerge_other(call);
  RETURN CASE WHEN held.tier = own.tier THEN '{}'
    ELSE jsonb_build_object('back', jsonb_build_object('tierBefore', own.tier, 'tierAfter', held.tier)) END;
END $$;

-- The survivor's standing without the other record, where something has changed since the merge; `review_at` is planned anew.
CREATE OR REPLACE FUNCTION tier_without(call jsonb, own standing, has int) RETURNS standing
LANGUAGE plpgsql AS $$
DECLARE
  before standing := jsonb_populate_record(own, call->'moved'->'own');
  after standing := jsonb_populate_record(own, call->'moved'->'after');
  held standing := own;
  enough boolean := has >= tier_takes(call, own.tier);
  reached int := tier_of(call, has);
BEGIN
  IF (own.tier, own.since, own.valid_until) <> (after.tier, after.since, after.valid_until) THEN
    IF NOT enough THEN held.tier := least(own.tier, tier_deserved(own.member_id, call)); END IF;
    IF held.tier < own.tier THEN held.since := (call->>'at')::timestamptz; END IF;
  ELSIF own.tier = before.tier OR NOT enough THEN
    held := before;
    held.review_at := own.review_at;
    -- somebody who was warned of this very end is not warned again
    IF own.warned_of = before.valid_until THEN held.warned_of := own.warned_of; END IF;
    IF reached > before.tier THEN
      held.tier := reached;
      held.since := (call->>'at')::timestamptz;
      held.valid_until := (call->>'validUntil')::timestamptz;
    END IF;
  END IF;
  RETURN held;
END $$;

-- The separated record has the tier it had, less what its own purchases returned since had reached; what is due is looked at by the
-- next review.
CREATE OR REPLACE FUNCTION tier_unmerge_other(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  dst uuid := (call->>'to')::uuid;
  of jsonb := call || jsonb_build_object('memberId', dst);
  has int;
BEGIN
  UPDATE standing SET review_at = (call->'moved'->'other'->>'review_at')::timestamptz WHERE member_id = dst;
  SELECT growth INTO has FROM account WHERE member_id = dst;
  IF has < (call->'moved'->'growth'->>1)::int THEN
    PERFORM tier_review(of);
    PERFORM tier_lower(of || jsonb_build_object('growth', (SELECT growth FROM account WHERE member_id = dst)));
  END IF;
END $$;

-- Tiers: up at once, down one step at the end of their validity, and with a return that takes away what had reached them.
-- What a call needs to be told of the programme is {ladder: [{tier, name, atGrowth}], windowMonths, warnDays}. The rules stand
-- in shared/src/tier.ts, too; a test asks both and wants the same answers.

-- Up at once, never down for what is missing; what is due by then is looked at first, so that old growth lifts nobody.
-- {memberId, growth, at, validUntil, reason?, …} → {before, after}
CREATE OR REPLACE FUNCTION tier_raise(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  valid timestamptz := (call->>'validUntil')::timestamptz;
  has int := (call->>'growth')::int;
  months int := coalesce((call->>'windowMonths')::int, 12);
  held standing;
  reached int;
BEGIN
  SELECT * INTO held FROM standing WHERE member_id = member;
  IF held.review_at <= now_at AND call ? 'windowMonths' THEN
    PERFORM tier_review(call);
    SELECT * INTO held FROM standing WHERE member_id = member;
    SELECT growth INTO has FROM account WHERE member_id = member;
  END IF;
  SELECT max((rung->>'tier')::int) INTO reached FROM jsonb_array_elements(call->'ladder') rung WHERE (rung->>'atGrowth')::int <= has;
  IF reached > held.tier THEN
    UPDATE standing SET tier = reached, since = now_at, valid_until = valid,
        review_at = least(review_at, tier_growth_leaves(now_at, months), tier_warn_at(valid, coalesce((call->>'warnDays')::int, 30)))
      WHERE member_id = member AND tier < reached;
    PERFORM tier_note(member, held.tier, reached, coalesce(call->>'reason', 'raised'), has, now_at);
  ELSIF has > 0 AND held.review_at > now_at + make_interval(months => months) THEN
    UPDATE standing SET review_at = least(review_at, tier_growth_leaves(now_at, months)) WHERE member_id = member;
  END IF;
  RETURN jsonb_build_object('before', held.tier, 'after', greatest(held.tier, reached));
END $$;

-- A tier that only growth given back since had reached ends with it: what is left is the tier that would be held had that
-- growth never come. Reads the history, but only when a return leaves less than the tier needs.
-- {memberId, growth, at, …} → {before, after}; `growth` is what the account holds after the return
CREATE OR REPLACE FUNCTION tier_lower(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  held standing;
  deserved int;
BEGIN
  SELECT * INTO held FROM standing WHERE member_id = member FOR UPDATE;
  deserved := held.tier;
  IF (call->>'growth')::int < tier_takes(call, held.tier) THEN deserved := least(held.tier, tier_deserved(member, call)); END IF;
  IF deserved < held.tier THEN
    UPDATE standing SET tier = deserved, since = (call->>'at')::timestamptz WHERE member_id = member;
    PERFORM tier_note(member, held.tier, deserved, 'returned', (call->>'growth')::int, (call->>'at')::timestamptz);
  END IF;
  IF call ? 'windowMonths' THEN PERFORM tier_plan(call); END IF;
  RETURN jsonb_build_object('before', held.tier, 'after', deserved);
END $$;

-- The tier of somebody who never had what was given back: lifted by what was kept, lowered by the ends of validity as they came,
-- a step further where only what was given back had kept it. A record that was merged brings what it deserved itself, and an
-- older system's word for a tier is kept.
CREATE OR REPLACE FUNCTION tier_deserved(member uuid, call jsonb) RETURNS int
LANGUAGE plpgsql STABLE AS $$
DECLARE
  one record;
  stood bigint := 0;
  deserved int := tier_of(call, 0);
BEGIN
  FOR one IN
    SELECT k.at, 0 AS nth, sum(k.amount) AS amount, '' AS reason, 0 AS after FROM tier_kept_growth(member, (call->>'mergeId')::uuid) k GROUP BY k.at
    UNION ALL SELECT c.at, 1, 0, c.reason, c.after FROM tier_change c WHERE c.member_id = member
    ORDER BY 1, 2 LOOP
    stood := stood + one.amount;
    IF one.reason = 'kept' AND stood < tier_takes(call, deserved) THEN
      deserved := tier_below(call, deserved);
    ELSIF one.reason = 'landed' THEN
      deserved := least(deserved, one.after);
    ELSIF one.reason = 'imported' THEN
      deserved := greatest(deserved, one.after);
    ELSIF one.reason = 'merged' THEN
      deserved := greatest(deserved, (SELECT max(tier_deserved(m.member_id, call)) FROM member m WHERE m.merged_into = member));
    END IF;
    deserved := greatest(deserved, tier_of(call, stood));
  END LOOP;
  RETURN deserved;
END $$;

-- What of growth that one source earned has been given back in parts, by whoever its member became.
CREATE OR REPLACE FUNCTION tier_given_back(earned transfer) RETURNS int
LANGUAGE sql STABLE AS $$
  SELECT coalesce(sum(back.amount), 0)::int FROM transfer back WHERE back.unit = 'growth' AND back.reason = 'purchase_returned'
    -- what an undone merge tells again is no second return
    AND back.to_account = 'programme:issued' AND back.effect_kind = earned.effect_kind AND back.effect_source = earned.effect_source AND back.member_id IN (
      SELECT e.member_id FROM effect e WHERE e.kind = earned.effect_kind AND e.source_id = earned.effect_source AND e.part LIKE 'take\_back:%')
$$;

-- Every change of a member's growth but what was given back, as if it had never come. What other records had earned and this one
-- or whoever it became gave back left with the merge that brought it; an older merge does not say from whom it brought what. A merge
-- that was taken back, or is just now ({undoing}), never brought anything.
CREATE OR REPLACE FUNCTION tier_kept_growth(member uuid, undoing uuid) RETURNS TABLE (at timestamptz, amount int)
LANGUAGE sql STABLE AS $$
  WITH RECURSIVE undone (merge_id) AS (SELECT undoing::text UNION ALL SELECT merge_id::text FROM merge_undo u WHERE u.member_id = member),
  brought (earner, at, stayed) AS (
    SELECT (t.detail->>'from')::uuid, t.at, NOT EXISTS (SELECT 1 FROM undone WHERE merge_id = t.detail->>'mergeId') FROM transfer t
      WHERE t.member_id = member AND t.unit = 'growth' AND t.reason = 'merged_in' AND t.detail ? 'from'
    UNION
    SELECT (t.detail->>'from')::uuid, b.at, b.stayed AND NOT EXISTS (SELECT 1 FROM merge_undo u WHERE u.member_id = b.earner
        AND u.merge_id::text = t.detail->>'mergeId') FROM brought b JOIN transfer t ON t.member_id = b.earner
      WHERE t.unit = 'growth' AND t.reason = 'merged_in' AND t.detail ? 'from')
  SELECT t.at, CASE to_account WHEN 'member:growth' THEN t.amount - tier_given_back(t) ELSE -t.amount END FROM transfer t
    WHERE t.member_id = member AND unit = 'growth' AND reason <> 'purchase_returned'
      AND NOT (reason IN ('merged_in', 'separated_out') AND EXISTS (SELECT 1 FROM undone WHERE merge_id = t.detail->>'mergeId'))
      AND NOT EXISTS (SELECT 1 FROM effect e WHERE e.kind = t.effect_kind AND e.source_id = t.effect_source AND e.part = 'take_back')
  UNION ALL
  SELECT b.at, -back.amount FROM brought b
    JOIN transfer earned ON earned.member_id = b.earner AND earned.unit = 'growth' AND earned.to_account = 'member:growth'
    JOIN LATERAL (SELECT DISTINCT kind, source_id, member_id FROM effect e WHERE e.kind = earned.effect_kind
      AND e.source_id = earned.effect_source AND e.part LIKE 'take\_back%') e ON true
    JOIN transfer back ON back.member_id = e.member_id AND back.unit = 'growth' AND back.reason = 'purchase_returned'
      AND back.to_account = 'programme:issued' AND back.effect_kind = e.kind AND back.effect_source = e.source_id AND back.at >= b.at
    WHERE b.stayed AND e.member_id NOT IN (SELECT earner FROM brought)
  UNION ALL
  SELECT (SELECT min(m.at) FROM transfer m WHERE m.member_id = member AND m.unit = 'growth' AND m.reason = 'merged_in' AND m.at >= e.at), -t.amount
    FROM transfer t JOIN effect e ON e.kind = t.effect_kind AND e.source_id = t.effect_source AND e.part = 'award'
    WHERE t.member_id = member AND t.unit = 'growth' AND t.reason = 'purchase_returned' AND e.member_id <> member
      AND e.member_id NOT IN (SELECT earner FROM brought)
$$;

-- Where everybody starts. {memberId, at, validUntil}
CREATE OR REPLACE FUNCTION tier_open(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  INSERT INTO standing (member_id, tier, since, valid_until, review_at)
    VALUES ((call->>'memberId')::uuid, 1, (call->>'at')::timestamptz, (call->>'validUntil')::timestamptz, tier_never())
    ON CONFLICT DO NOTHING;
  SELECT '{}'::jsonb
$$;

-- Protects I-S1: the handle's newest spent step only grows, so a code opens one visit anywhere and an older
-- photograph opens none. Locks in one order: till, member, handle, audit chain; a merge takes the member first, too.

-- Holds the till, so that tries at one till are judged one after the other and none slips past the limit.
CREATE OR REPLACE FUNCTION visit_hold_till(call jsonb) RETURNS staff
LANGUAGE plpgsql AS $$
DECLARE
  own staff := staff_at_till((call->>'staffId')::uuid, call->>'tillId');
  here till;
BEGIN
  SELECT * INTO here FROM till WHERE store_id = own.store_id AND till_id = call->>'tillId' FOR UPDATE;
  IF here.failures >= (call->>'tillLimit')::int AND here.failures_from > (call->>'at')::timestamptz - interval '1 hour' THEN
    PERFORM refuse('TILL_LOCKED', jsonb_build_object('until', iso_text(here.failures_from + interval '1 hour')));
  END IF;
  RETURN own;
END $$;

-- Holds the member against a merge. False when there is none to visit; BUSY when a merge has just moved it.
CREATE OR REPLACE FUNCTION visit_hold_member(owner uuid) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  state text;
BEGIN
  SELECT status INTO state FROM member m WHERE m.member_id = owner FOR NO KEY UPDATE;
  IF state = 'merged' THEN PERFORM refuse('BUSY'); END IF;
  RETURN coalesce(state = 'active', false);
END $$;

-- Counts a try that found nobody. Within an hour of the first the count grows; the one that reaches the limit
-- starts an hour of lock.
CREATE OR REPLACE FUNCTION visit_till_failure(call jsonb, own staff) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  UPDATE till SET
      failures = CASE WHEN failures_from > now_at - interval '1 hour' THEN failures + 1 ELSE 1 END,
      failures_from = CASE WHEN failures_from > now_at - interval '1 hour' AND failures + 1 < (call->>'tillLimit')::int
                           THEN failures_from ELSE now_at END
    WHERE store_id = own.store_id AND till_id = call->>'tillId';
  PERFORM audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'verb', 'visit.miss', 'subject', call->>'tillId', 'bodyHash', call->'request'->>'bodyHash'));
END $$;

-- Spends a scanned code and opens the visit. {step} is the step whose tag matched, or null when none did.
-- {request, staffId, tillId, handle, step, at, expiresAt, visitId, handleLimit, tillLimit}
-- → {visit} | {fault: {code, detail}} (a wrong code must stay counted, so it is answered, not raised)
CREATE OR REPLACE FUNCTION visit_scan(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  owner uuid;
  phone device_handle;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := visit_hold_till(call);
  SELECT member_id INTO owner FROM device_handle WHERE handle = call->>'handle';
  IF visit_hold_member(owner) THEN
    SELECT * INTO phone FROM device_handle WHERE handle = call->>'handle' AND revoked_at IS NULL FOR UPDATE;
    IF phone.member_id <> owner THEN PERFORM refuse('BUSY'); END IF;
  END IF;
  IF phone.failures >= (call->>'handleLimit')::int AND phone.failures_from > now_at - interval '1 hour' THEN
    PERFORM refuse('CODE_LOCKED', jsonb_build_object('until', iso_text(phone.failures_from + interval '1 hour')));
  END IF;
  IF phone.handle IS NULL OR (call->>'step') IS NULL THEN RETURN visit_wrong_code(call, own, phone); END IF;
  IF (call->>'step')::bigint <= phone.last_step THEN PERFORM refuse('CODE_USED'); END IF;
  UPDATE device_handle SET last_step = (call->>'step')::bigint WHERE handle = phone.handle;
  UPDATE device SET last_used_at = now_at WHERE member_id = owner AND device_id = phone.device_id;
  RETURN visit_write(call, own, owner, phone.handle);
END $$;

-- A success does not forgive earlier failures: the hour does.
CREATE OR REPLACE FUNCTION visit_wrong_code(call jsonb, own staff, phone device_handle) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  max_tries int := (call->>'handleLimit')::int;
  n int := 1;
BEGIN
  IF phone.handle IS NOT NULL THEN
    UPDATE device_handle SET
        failures = CASE WHEN failures_from > now_at - interval '1 hour' THEN failures + 1 ELSE 1 END,
        failures_from = CASE WHEN failures_from > now_at - interval '1 hour' AND failures + 1 < max_tries
                             THEN failures_from ELSE now_at END
      WHERE handle = phone.handle RETURNING failures INTO n;
  END IF;
  PERFORM visit_till_failure(call, own);
  RETURN request_end(call->'request', jsonb_build_object('fault', jsonb_build_object('code', 'CODE_WRONG',
    'detail', jsonb_build_object('triesLeft', greatest(0, max_tries - n)))));
END $$;

-- Writes the visit, its audit entry and the command's answer. A spoken phone is no sign of life of its holder:
-- the number may have been handed on, and silence is what protects the old record then.
CREATE OR REPLACE FUNCTION visit_write(call jsonb, own staff, owner uuid, by_handle text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  method text := coalesce(call->>'method', 'code');
BEGIN
  INSERT INTO visit (member_id, visit_id, store_id, till_id, staff_id, method, handle, step, opened_at, expires_at)
    VALUES (owner, (call->>'visitId')::uuid, own.store_id, call->>'tillId', own.member_id, method, by_handle,
            (call->>'step')::bigint, (call->>'at')::timestamptz, (call->>'expiresAt')::timestamptz);
  IF method <> 'phone' THEN
    UPDATE member SET last_active_at = greatest(last_active_at, (call->>'at')::timestamptz) WHERE member_id = owner;
  END IF;
  PERFORM audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'verb', 'visit.' || method, 'subject', call->>'visitId', 'bodyHash', call->'request'->>'bodyHash'));
  RETURN request_end(call->'request', jsonb_build_object('visit', jsonb_build_object('memberId', owner,
    'visitId', call->>'visitId', 'method', method, 'openedAt', call->>'at', 'expiresAt', call->>'expiresAt')));
END $$;

-- Opens an earn-only visit for a member found by number or phone; {memberId} is null when nobody was found.
-- {request, staffId, tillId, memberId, method, at, expiresAt, visitId, tillLimit} → {visit} | {fault}
CREATE OR REPLACE FUNCTION visit_find(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  own staff;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := visit_hold_till(call);
  IF visit_hold_member((call->>'memberId')::uuid) THEN
    RETURN visit_write(call, own, (call->>'memberId')::uuid, NULL);
  END IF;
  PERFORM visit_till_failure(call, own);
  RETURN request_end(call->'request', '{"fault": {"code": "MEMBER_UNKNOWN", "detail": {}}}');
END $$;

-- The visit of a member in a store. The member is held, so a merge cannot take it along meanwhile.
CREATE OR REPLACE FUNCTION visit_in_store(member uuid, wanted uuid, at_store text) RETURNS visit
LANGUAGE plpgsql STABLE AS $$
DECLARE
  stay visit;
BEGIN
  SELECT * INTO stay FROM visit WHERE member_id = member AND visit_id = wanted AND store_id = at_store;
  IF NOT FOUND THEN PERFORM refuse('VISIT_UNKNOWN'); END IF;
  RETURN stay;
END $$;

-- The same, where the customer stands here now and has shown a live code.
CREATE OR REPLACE FUNCTION visit_by_code(member uuid, wanted uuid, at_store text, now_at timestamptz) RETURNS visit
LANGUAGE plpgsql STABLE AS $$
DECLARE
  stay visit := visit_in_store(member, wanted, at_store);
BEGIN
  IF stay.expires_at <= now_at THEN PERFORM refuse('VISIT_OVER'); END IF;
  IF stay.method <> 'code' THEN PERFORM refuse('CODE_NEEDED'); END IF;
  RETURN stay;
END $$;

CREATE OR REPLACE FUNCTION visit_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  went jsonb;
BEGIN
  WITH moving AS (UPDATE visit SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid RETURNING visit_id)
  SELECT jsonb_agg(visit_id) INTO went FROM moving;
  RETURN CASE WHEN went IS NULL THEN '{}' ELSE jsonb_build_object('moved', jsonb_build_object('visits', went),
    'came', jsonb_build_object('visits', jsonb_array_length(went))) END;
END $$;

-- Visits of before go back; so does one that a phone of the separated record has just opened: it is that person who stands
-- at the till. {mergeId, from, to, at, moved}
CREATE OR REPLACE FUNCTION visit_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  phones uuid[] := uuid_list((SELECT moved->'devices' FROM merge_step
    WHERE member_id = src AND merge_id = (call->>'mergeId')::uuid AND step = 'code_merge'));
  went int;
BEGIN
  UPDATE visit v SET member_id = (call->>'to')::uuid WHERE v.member_id = src AND (
    v.visit_id = ANY (uuid_list(call->'moved'->'visits'))
    OR (v.expires_at > (call->>'at')::timestamptz AND v.handle IN (SELECT d.handle FROM device d WHERE d.device_id = ANY (phones)
      AND d.member_id IN (src, (call->>'to')::uuid))));
  GET DIAGNOSTICS went = ROW_COUNT;
  RETURN CASE WHEN went > 0 THEN jsonb_build_object('back', jsonb_build_object('visits', went)) ELSE '{}' END;
END $$;
