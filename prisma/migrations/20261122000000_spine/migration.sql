
-- CreateTable
CREATE TABLE "audit_entry" (
    "store_id" VARCHAR(32) NOT NULL,
    "seq" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor_id" UUID NOT NULL,
    "verb" VARCHAR(40) NOT NULL,
    "subject" VARCHAR(96) NOT NULL,
    "body_hash" CHAR(64) NOT NULL,
    "prev_hash" CHAR(64) NOT NULL,
    "hash" CHAR(64) NOT NULL,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("store_id","seq")
);

-- CreateTable
CREATE TABLE "audit_head" (
    "store_id" VARCHAR(32) NOT NULL,
    "seq" INTEGER NOT NULL,
    "hash" CHAR(64) NOT NULL,

    CONSTRAINT "audit_head_pkey" PRIMARY KEY ("store_id")
);

-- CreateTable
CREATE TABLE "device" (
    "member_id" UUID NOT NULL,
    "device_id" UUID NOT NULL,
    "handle" CHAR(10) NOT NULL,
    "label" VARCHAR(60) NOT NULL,
    "platform" VARCHAR(10) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "device_pkey" PRIMARY KEY ("member_id","device_id")
);

-- CreateTable
CREATE TABLE "device_handle" (
    "handle" CHAR(10) NOT NULL,
    "member_id" UUID NOT NULL,
    "device_id" UUID NOT NULL,
    "secret_sealed" BYTEA NOT NULL,
    "last_step" BIGINT NOT NULL DEFAULT 0,
    "failures" SMALLINT NOT NULL DEFAULT 0,
    "failures_from" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "device_handle_pkey" PRIMARY KEY ("handle")
);

-- CreateTable
CREATE TABLE "account" (
    "member_id" UUID NOT NULL,
    "available_points" INTEGER NOT NULL DEFAULT 0,
    "pending_points" INTEGER NOT NULL DEFAULT 0,
    "debt_points" INTEGER NOT NULL DEFAULT 0,
    "growth" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "account_pkey" PRIMARY KEY ("member_id")
);

-- CreateTable
CREATE TABLE "transfer" (
    "member_id" UUID NOT NULL,
    "transfer_id" UUID NOT NULL,
    "unit" VARCHAR(8) NOT NULL,
    "from_account" VARCHAR(24) NOT NULL,
    "to_account" VARCHAR(24) NOT NULL,
    "amount" INTEGER NOT NULL,
    "reason" VARCHAR(24) NOT NULL,
    "detail" JSONB NOT NULL,
    "lot_id" UUID,
    "effect_kind" VARCHAR(32),
    "effect_source" VARCHAR(96),
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "transfer_pkey" PRIMARY KEY ("member_id","transfer_id")
);

-- CreateTable
CREATE TABLE "lot" (
    "member_id" UUID NOT NULL,
    "lot_id" UUID NOT NULL,
    "origin_lot_id" UUID NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "earned" INTEGER NOT NULL,
    "remaining" INTEGER NOT NULL,
    "active_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "effect_kind" VARCHAR(32) NOT NULL,
    "effect_source" VARCHAR(96) NOT NULL,

    CONSTRAINT "lot_pkey" PRIMARY KEY ("member_id","lot_id")
);

-- CreateTable
CREATE TABLE "effect" (
    "kind" VARCHAR(32) NOT NULL,
    "source_id" VARCHAR(96) NOT NULL,
    "part" VARCHAR(24) NOT NULL,
    "member_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "effect_pkey" PRIMARY KEY ("kind","source_id","part")
);

-- CreateTable
CREATE TABLE "request" (
    "actor" VARCHAR(80) NOT NULL,
    "verb" VARCHAR(40) NOT NULL,
    "request_id" UUID NOT NULL,
    "body_hash" CHAR(64) NOT NULL,
    "answer" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "request_pkey" PRIMARY KEY ("actor","verb","request_id")
);

-- CreateTable
CREATE TABLE "member" (
    "member_id" UUID NOT NULL,
    "member_no" CHAR(16) NOT NULL,
    "status" VARCHAR(12) NOT NULL DEFAULT 'active',
    "merged_into" UUID,
    "name_sealed" BYTEA,
    "joined_at" TIMESTAMPTZ(3) NOT NULL,
    "last_active_at" TIMESTAMPTZ(3) NOT NULL,
    "join_channel" VARCHAR(40) NOT NULL,
    "join_link" VARCHAR(32),
    "join_store_id" VARCHAR(32),
    "join_scene" INTEGER,
    "join_risk" SMALLINT,

    CONSTRAINT "member_pkey" PRIMARY KEY ("member_id")
);

-- CreateTable
CREATE TABLE "member_no" (
    "member_no" CHAR(16) NOT NULL,
    "member_id" UUID NOT NULL,

    CONSTRAINT "member_no_pkey" PRIMARY KEY ("member_no")
);

-- CreateTable
CREATE TABLE "identity" (
    "kind" VARCHAR(20) NOT NULL,
    "issuer" VARCHAR(64) NOT NULL,
    "subject" VARCHAR(128) NOT NULL,
    "member_id" UUID NOT NULL,
    "subject_sealed" BYTEA,
    "proven_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "identity_pkey" PRIMARY KEY ("kind","issuer","subject")
);

-- CreateTable
CREATE TABLE "claim" (
    "member_id" UUID NOT NULL,
    "claim_id" UUID NOT NULL,
    "holder_id" UUID NOT NULL,
    "tries_left" SMALLINT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "claim_pkey" PRIMARY KEY ("member_id","claim_id")
);

-- CreateTable
CREATE TABLE "consent" (
    "member_id" UUID NOT NULL,
    "document" VARCHAR(40) NOT NULL,
    "version" VARCHAR(20) NOT NULL,
    "granted_at" TIMESTAMPTZ(3) NOT NULL,
    "withdrawn_at" TIMESTAMPTZ(3),

    CONSTRAINT "consent_pkey" PRIMARY KEY ("member_id","document","version")
);

-- CreateTable
CREATE TABLE "purchase" (
    "member_id" UUID NOT NULL,
    "order_id" UUID NOT NULL,
    "order_no" VARCHAR(24) NOT NULL,
    "visit_id" UUID NOT NULL,
    "store_id" VARCHAR(32) NOT NULL,
    "till_id" VARCHAR(32) NOT NULL,
    "staff_id" UUID NOT NULL,
    "channel" VARCHAR(12) NOT NULL,
    "amount_fen" INTEGER NOT NULL,
    "points" INTEGER NOT NULL,
    "growth" INTEGER NOT NULL,
    "settled_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "purchase_pkey" PRIMARY KEY ("member_id","order_id")
);

-- CreateTable
CREATE TABLE "outbox_message" (
    "member_id" UUID NOT NULL,
    "message_id" UUID NOT NULL,
    "template" VARCHAR(32) NOT NULL,
    "payload" JSONB NOT NULL,
    "state" VARCHAR(10) NOT NULL DEFAULT 'waiting',
    "attempts" SMALLINT NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),
    "outcome" VARCHAR(60),

    CONSTRAINT "outbox_message_pkey" PRIMARY KEY ("member_id","message_id")
);

-- CreateTable
CREATE TABLE "message_consent" (
    "member_id" UUID NOT NULL,
    "template" VARCHAR(32) NOT NULL,
    "remaining" SMALLINT NOT NULL DEFAULT 0,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "message_consent_pkey" PRIMARY KEY ("member_id","template")
);

-- CreateTable
CREATE TABLE "session" (
    "member_id" UUID NOT NULL,
    "session_id" UUID NOT NULL,
    "device_label" VARCHAR(60) NOT NULL,
    "platform" VARCHAR(10) NOT NULL,
    "generation" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "rotated_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),
    "revoked_reason" VARCHAR(20),

    CONSTRAINT "session_pkey" PRIMARY KEY ("member_id","session_id")
);

-- CreateTable
CREATE TABLE "sms_code" (
    "phone_hash" CHAR(64) NOT NULL,
    "code_hash" CHAR(64) NOT NULL,
    "sent_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "tries_left" SMALLINT NOT NULL,
    "sent_today" SMALLINT NOT NULL,
    "day_start" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sms_code_pkey" PRIMARY KEY ("phone_hash")
);

-- CreateTable
CREATE TABLE "store" (
    "store_id" VARCHAR(32) NOT NULL,
    "name" VARCHAR(40) NOT NULL,
    "city" VARCHAR(20) NOT NULL,
    "address" VARCHAR(120) NOT NULL,
    "phone" VARCHAR(20) NOT NULL,
    "opens_at" CHAR(5) NOT NULL,
    "closes_at" CHAR(5) NOT NULL,
    "latitude" DOUBLE PRECISION NOT NULL,
    "longitude" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "store_pkey" PRIMARY KEY ("store_id")
);

-- CreateTable
CREATE TABLE "till" (
    "store_id" VARCHAR(32) NOT NULL,
    "till_id" VARCHAR(32) NOT NULL,
    "name" VARCHAR(40) NOT NULL,
    "failures" SMALLINT NOT NULL DEFAULT 0,
    "failures_from" TIMESTAMPTZ(3),

    CONSTRAINT "till_pkey" PRIMARY KEY ("store_id","till_id")
);

-- CreateTable
CREATE TABLE "staff" (
    "member_id" UUID NOT NULL,
    "role" VARCHAR(10) NOT NULL,
    "store_id" VARCHAR(32) NOT NULL,
    "staff_no" VARCHAR(12) NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "staff_pkey" PRIMARY KEY ("member_id")
);

-- CreateTable
CREATE TABLE "standing" (
    "member_id" UUID NOT NULL,
    "tier" SMALLINT NOT NULL DEFAULT 1,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "valid_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "standing_pkey" PRIMARY KEY ("member_id")
);

-- CreateTable
CREATE TABLE "visit" (
    "member_id" UUID NOT NULL,
    "visit_id" UUID NOT NULL,
    "store_id" VARCHAR(32) NOT NULL,
    "till_id" VARCHAR(32) NOT NULL,
    "staff_id" UUID NOT NULL,
    "method" VARCHAR(10) NOT NULL,
    "handle" CHAR(10),
    "step" BIGINT,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "visit_pkey" PRIMARY KEY ("member_id","visit_id")
);

-- CreateTable
CREATE TABLE "wechat_token" (
    "appid" VARCHAR(64) NOT NULL,
    "token_sealed" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "wechat_token_pkey" PRIMARY KEY ("appid")
);

-- CreateTable
CREATE TABLE "wechat_notice" (
    "notice_key" VARCHAR(128) NOT NULL,
    "event" VARCHAR(60) NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "wechat_notice_pkey" PRIMARY KEY ("notice_key")
);

-- CreateIndex
CREATE INDEX "request_at_idx" ON "request"("at");

-- CreateIndex
CREATE INDEX "member_no_member_id_idx" ON "member_no"("member_id");

-- CreateIndex
CREATE INDEX "identity_member_id_idx" ON "identity"("member_id");

-- CreateIndex
CREATE INDEX "claim_holder_id_idx" ON "claim"("holder_id");

-- CreateIndex
CREATE INDEX "purchase_store_id_settled_at_order_id_idx" ON "purchase"("store_id", "settled_at", "order_id");

-- CreateIndex
CREATE INDEX "visit_store_id_opened_at_idx" ON "visit"("store_id", "opened_at");

-- CreateIndex
CREATE INDEX "wechat_notice_at_idx" ON "wechat_notice"("at");



-- What Prisma's schema language cannot say: the rules about money-like numbers, as the last line of defence.
ALTER TABLE "member" ADD CONSTRAINT member_no_form CHECK (member_no ~ '^8[0-9]{15}$');
ALTER TABLE "member" ADD CONSTRAINT member_status CHECK (status IN ('active', 'merged', 'cancelled'));
ALTER TABLE "member" ADD CONSTRAINT member_signpost CHECK ((status = 'merged') = (merged_into IS NOT NULL) AND merged_into IS DISTINCT FROM member_id);
ALTER TABLE "member" ADD CONSTRAINT member_join_risk CHECK (join_risk BETWEEN 0 AND 4);
ALTER TABLE "identity" ADD CONSTRAINT identity_kind CHECK (kind IN ('wechat_openid', 'wechat_unionid', 'phone', 'store_card', 'external'));
ALTER TABLE "claim" ADD CONSTRAINT claim_tries CHECK (tries_left >= 0);
ALTER TABLE "claim" ADD CONSTRAINT claim_two_people CHECK (member_id <> holder_id OR settled_at IS NOT NULL);
ALTER TABLE "sms_code" ADD CONSTRAINT sms_code_tries CHECK (tries_left >= 0 AND sent_today >= 0);
ALTER TABLE "session" ADD CONSTRAINT session_generation CHECK (generation >= 1);

ALTER TABLE "account" ADD CONSTRAINT account_never_below_zero
  CHECK (available_points >= 0 AND pending_points >= 0 AND debt_points >= 0 AND growth >= 0);
ALTER TABLE "account" ADD CONSTRAINT account_in_range
  CHECK (available_points <= 2000000000 AND pending_points <= 2000000000 AND debt_points <= 2000000000 AND growth <= 2000000000);
ALTER TABLE "transfer" ADD CONSTRAINT transfer_amount CHECK (amount > 0);
ALTER TABLE "transfer" ADD CONSTRAINT transfer_unit CHECK (unit IN ('points', 'growth'));
ALTER TABLE "transfer" ADD CONSTRAINT transfer_accounts CHECK (
  from_account <> to_account
  AND from_account IN ('member:available', 'member:pending', 'member:debt', 'member:growth',
                       'programme:issued', 'programme:spent', 'programme:expired', 'programme:adjusted', 'programme:forfeited', 'programme:moved')
  AND to_account IN ('member:available', 'member:pending', 'member:debt', 'member:growth',
                     'programme:issued', 'programme:spent', 'programme:expired', 'programme:adjusted', 'programme:forfeited', 'programme:moved')
  AND (unit = 'growth') = ('member:growth' IN (from_account, to_account)));
ALTER TABLE "lot" ADD CONSTRAINT lot_remaining CHECK (earned > 0 AND remaining BETWEEN 0 AND earned);
ALTER TABLE "lot" ADD CONSTRAINT lot_state CHECK (state IN ('pending', 'active'));
ALTER TABLE "lot" ADD CONSTRAINT lot_life CHECK (active_at < expires_at);
ALTER TABLE "standing" ADD CONSTRAINT standing_tier CHECK (tier BETWEEN 1 AND 6);
ALTER TABLE "staff" ADD CONSTRAINT staff_role CHECK (role IN ('clerk', 'manager', 'operator'));
ALTER TABLE "till" ADD CONSTRAINT till_failures CHECK (failures >= 0);
ALTER TABLE "device" ADD CONSTRAINT device_handle_form CHECK (handle ~ '^[0-9]{10}$');
ALTER TABLE "device_handle" ADD CONSTRAINT device_handle_steps CHECK (last_step >= 0 AND failures >= 0);
ALTER TABLE "visit" ADD CONSTRAINT visit_method CHECK (method IN ('code', 'member_no', 'phone'));
ALTER TABLE "visit" ADD CONSTRAINT visit_code CHECK ((method = 'code') = (handle IS NOT NULL AND step IS NOT NULL));
ALTER TABLE "visit" ADD CONSTRAINT visit_life CHECK (opened_at < expires_at);
-- one code, one visit: the second line behind the growing last_step
CREATE UNIQUE INDEX visit_code_once ON "visit" (handle, step) WHERE handle IS NOT NULL;
ALTER TABLE "purchase" ADD CONSTRAINT purchase_amount CHECK (amount_fen BETWEEN 1 AND 10000000 AND points >= 0 AND growth >= 0);
ALTER TABLE "audit_entry" ADD CONSTRAINT audit_entry_hashes CHECK (hash ~ '^[0-9a-f]{64}$' AND prev_hash ~ '^[0-9a-f]{64}$' AND seq > 0);
ALTER TABLE "outbox_message" ADD CONSTRAINT outbox_state CHECK (state IN ('waiting', 'taken', 'sending', 'sent', 'refused', 'dropped', 'unknown'));
ALTER TABLE "message_consent" ADD CONSTRAINT message_consent_remaining CHECK (remaining BETWEEN 0 AND 100);

CREATE INDEX lot_maturing ON "lot" (active_at) WHERE state = 'pending' AND remaining > 0;
CREATE INDEX lot_ending ON "lot" (expires_at) WHERE remaining > 0;
CREATE INDEX lot_live ON "lot" (member_id, expires_at, lot_id) WHERE remaining > 0;
CREATE INDEX outbox_due ON "outbox_message" (due_at) WHERE state IN ('waiting', 'taken', 'sending');
ALTER TABLE "account" SET (fillfactor = 70);
ALTER TABLE "audit_head" SET (fillfactor = 50);
ALTER TABLE "device_handle" SET (fillfactor = 80);

-- Devices are counted here; the number becomes a handle by a keyed permutation, so it tells nothing.
CREATE SEQUENCE device_no MINVALUE 0 MAXVALUE 9999999999;

SET LOCAL check_function_bodies = off;

-- prisma/functions/audit.sql
-- Appends to a store's chain. The head row is the lock: take it last. The hash covers the entry and the hash before
-- it, fields joined by '|', time in milliseconds. {storeId, at, actorId, verb, subject, bodyHash}
CREATE OR REPLACE FUNCTION audit_append(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  store text := call->>'storeId';
  at timestamptz := (call->>'at')::timestamptz;
  prev text;
  n int;
  next_hash text;
BEGIN
  SELECT seq + 1, hash INTO n, prev FROM audit_head WHERE store_id = store FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO audit_head (store_id, seq, hash) VALUES (store, 0, repeat('0', 64)) ON CONFLICT DO NOTHING;
    SELECT seq + 1, hash INTO n, prev FROM audit_head WHERE store_id = store FOR UPDATE;
  END IF;
  next_hash := encode(sha256(convert_to(concat_ws('|', prev, store, n, (extract(epoch FROM at) * 1000)::bigint,
    call->>'actorId', call->>'verb', call->>'subject', call->>'bodyHash'), 'UTF8')), 'hex');
  WITH entry AS (
    INSERT INTO audit_entry (store_id, seq, at, actor_id, verb, subject, body_hash, prev_hash, hash)
      VALUES (store, n, at, (call->>'actorId')::uuid, call->>'verb', call->>'subject', call->>'bodyHash', prev, next_hash)
  )
  UPDATE audit_head SET seq = n, hash = next_hash WHERE store_id = store;
  RETURN jsonb_build_object('seq', n);
END $$;

-- An entry is written once. Whoever owns the tables can still switch this off; then the chain tells (audit.verify).
CREATE OR REPLACE FUNCTION audit_keep() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit entries are never changed or removed';
END $$;

CREATE OR REPLACE TRIGGER audit_entry_keep BEFORE UPDATE OR DELETE ON audit_entry
  FOR EACH ROW EXECUTE FUNCTION audit_keep();

-- prisma/functions/code.sql
-- A phone that can show the member's code, and the directory row that a scan finds it by. Locks the member first,
-- like a scan and a merge do.

CREATE OR REPLACE FUNCTION code_next_number(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$ SELECT to_jsonb(nextval('device_no')) $$;

-- Above {limit} live phones the one that was used longest ago leaves.
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
  INSERT INTO device (member_id, device_id, handle, label, platform, created_at)
    VALUES (owner, phone, call->>'handle', call->>'label', call->>'platform', now_at);
  INSERT INTO device_handle (handle, member_id, device_id, secret_sealed)
    VALUES (call->>'handle', owner, phone, decode(call->>'secretSealed', 'base64'));
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

-- Devices go with their owner; the handle keeps its secret and its spent steps.
CREATE OR REPLACE FUNCTION code_merge(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE device SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  UPDATE device_handle SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  SELECT '{}'::jsonb
$$;

-- prisma/functions/home.sql
-- All that the home screen reads, in one round trip; nothing is decided here. {memberId, at}
-- → {member, account, standing, lots, claim, phones, devices}; no member for one that was merged away.
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
    'standing', (SELECT json_build_object('tier', s.tier, 'validUntil', s.valid_until) FROM standing s WHERE s.member_id = me),
    'lots', (SELECT coalesce(json_agg(live), '[]') FROM (
      SELECT l.state, l.remaining, l.active_at AS "activeAt", l.expires_at AS "expiresAt" FROM lot l
        WHERE l.member_id = me AND l.remaining > 0 ORDER BY l.expires_at, l.lot_id LIMIT 100) live),
    'claim', (SELECT json_build_object('claimId', c.claim_id, 'points', h.available_points + h.pending_points)
      FROM claim c JOIN account h ON h.member_id = c.holder_id
      WHERE c.member_id = me AND c.settled_at IS NULL AND c.tries_left > 0 AND c.expires_at > now_at
      ORDER BY c.claim_id DESC LIMIT 1),
    'phones', (SELECT count(*) FROM identity i WHERE i.member_id = me AND i.kind = 'phone'),
    'devices', (SELECT count(*) FROM device d WHERE d.member_id = me));
END $$;

-- prisma/functions/ledger.sql
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

-- Growth counts for a window; what was earned before {from} leaves the account, in one line per run. → {expired}
CREATE OR REPLACE FUNCTION ledger_settle_growth(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  gone int;
BEGIN
  PERFORM 1 FROM account WHERE member_id = member FOR UPDATE;
  SELECT coalesce(sum(amount) FILTER (WHERE to_account = 'member:growth' AND at < (call->>'from')::timestamptz), 0)
       - coalesce(sum(amount) FILTER (WHERE from_account = 'member:growth'), 0)
    INTO gone FROM transfer WHERE member_id = member AND unit = 'growth';
  IF gone <= 0 THEN RETURN jsonb_build_object('expired', 0); END IF;
  UPDATE account SET growth = growth - gone WHERE member_id = member;
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, at)
    VALUES (member, uuid_v7((call->>'at')::timestamptz), 'growth', 'member:growth', 'programme:expired', gone,
            'growth_expired', '{}', (call->>'at')::timestamptz);
  RETURN jsonb_build_object('expired', gone);
END $$;

-- Opens an empty account. {memberId}
CREATE OR REPLACE FUNCTION ledger_open(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  INSERT INTO account (member_id) VALUES ((call->>'memberId')::uuid) ON CONFLICT DO NOTHING;
  SELECT '{}'::jsonb
$$;

-- Moves everything of {from} to {to}, lot by lot with expiry and origin, growth too, as pairs of transfers through
-- programme:moved. → {points, growth}
CREATE OR REPLACE FUNCTION ledger_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  at timestamptz := (call->>'at')::timestamptz;
  moving lot;
  side text;
  new_lot uuid;
  own account;
BEGIN
  PERFORM 1 FROM account WHERE member_id IN (src, dst) ORDER BY member_id FOR UPDATE;
  SELECT * INTO own FROM account WHERE member_id = src;
  FOR moving IN SELECT * FROM lot WHERE member_id = src AND remaining > 0 ORDER BY expires_at, lot_id LOOP
    side := CASE moving.state WHEN 'pending' THEN 'member:pending' ELSE 'member:available' END;
    new_lot := uuid_v7(at);
    UPDATE lot SET remaining = 0 WHERE member_id = src AND lot_id = moving.lot_id;
    INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
      VALUES (dst, new_lot, moving.origin_lot_id, moving.state, moving.remaining, moving.remaining, moving.active_at,
              moving.expires_at, moving.effect_kind, moving.effect_source);
    PERFORM ledger_move_pair(src, dst, 'points', side, moving.remaining, moving.lot_id, new_lot, at);
  END LOOP;
  IF own.growth > 0 THEN PERFORM ledger_move_pair(src, dst, 'growth', 'member:growth', own.growth, NULL, NULL, at); END IF;
  IF own.debt_points > 0 THEN PERFORM ledger_move_debt(src, dst, own.debt_points, at); END IF;
  UPDATE account SET available_points = 0, pending_points = 0, debt_points = 0, growth = 0 WHERE member_id = src;
  UPDATE account SET available_points = available_points + own.available_points,
      pending_points = pending_points + own.pending_points, debt_points = debt_points + own.debt_points,
      growth = growth + own.growth WHERE member_id = dst;
  PERFORM ledger_pay_debt(dst, lot_id, at) FROM lot
    WHERE member_id = dst AND state = 'active' AND remaining > 0 ORDER BY expires_at, lot_id;
  RETURN jsonb_build_object('points', own.available_points + own.pending_points, 'growth', own.growth);
END $$;

CREATE OR REPLACE FUNCTION ledger_move_pair(src uuid, dst uuid, what text, side text, amount int, old_lot uuid, new_lot uuid, at timestamptz)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, at) VALUES
    (src, uuid_v7(at), what, side, 'programme:moved', amount, 'merged_out', '{}', old_lot, at),
    (dst, uuid_v7(at), what, 'programme:moved', side, amount, 'merged_in', '{}', new_lot, at)
$$;

-- Debt is the negative side of a member, so it travels the other way round.
CREATE OR REPLACE FUNCTION ledger_move_debt(src uuid, dst uuid, amount int, at timestamptz)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, at) VALUES
    (src, uuid_v7(at), 'points', 'programme:moved', 'member:debt', amount, 'merged_out', '{}', at),
    (dst, uuid_v7(at), 'points', 'member:debt', 'programme:moved', amount, 'merged_in', '{}', at)
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

-- prisma/functions/member.sql
-- The other record becomes a signpost: its identities, numbers, consents and open claims go to the survivor.
-- Printed numbers keep scanning for ever (I-ID5). Locks both members in id order first. {from, to, at}
CREATE OR REPLACE FUNCTION member_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
BEGIN
  PERFORM 1 FROM member WHERE member_id IN (src, dst) ORDER BY member_id FOR UPDATE;
  -- merged by somebody else meanwhile: the caller looks again who is who
  IF EXISTS (SELECT 1 FROM member WHERE member_id IN (src, dst) AND status = 'merged') THEN PERFORM refuse('BUSY'); END IF;
  IF (SELECT count(*) FROM member WHERE member_id IN (src, dst) AND status = 'active') <> 2 THEN
    PERFORM refuse('MERGE_BLOCKED', '{"blocker": "not_active"}');
  END IF;
  UPDATE identity SET member_id = dst WHERE member_id = src;
  -- a person has one phone here: the newest
  DELETE FROM identity old USING identity new
    WHERE old.member_id = dst AND new.member_id = dst AND old.kind = 'phone' AND new.kind = 'phone'
      AND (old.proven_at, old.subject) < (new.proven_at, new.subject);
  UPDATE member_no SET member_id = dst WHERE member_id = src;
  INSERT INTO consent (member_id, document, version, granted_at, withdrawn_at)
    SELECT dst, document, version, granted_at, withdrawn_at FROM consent WHERE member_id = src ON CONFLICT DO NOTHING;
  DELETE FROM consent WHERE member_id = src;
  UPDATE claim SET settled_at = (call->>'at')::timestamptz
    WHERE settled_at IS NULL AND ((member_id = dst AND holder_id = src) OR (member_id = src AND holder_id = dst));
  UPDATE claim SET member_id = dst WHERE member_id = src;
  UPDATE claim SET holder_id = dst WHERE holder_id = src;
  UPDATE member SET merged_into = dst WHERE merged_into = src;
  UPDATE member SET last_active_at = greatest(last_active_at, (call->>'at')::timestamptz),
      name_sealed = coalesce(name_sealed, (SELECT o.name_sealed FROM member o WHERE o.member_id = src)) WHERE member_id = dst;
  UPDATE member SET status = 'merged', merged_into = dst, name_sealed = NULL WHERE member_id = src;
  RETURN '{}';
END $$;

-- Serialises everybody who holds one of these proofs just now, in one order for all. {keys: [text]}
CREATE OR REPLACE FUNCTION member_lock_proofs(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  proof text;
BEGIN
  FOR proof IN SELECT value FROM jsonb_array_elements_text(call->'keys') ORDER BY value COLLATE "C" LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended(proof, 1));
  END LOOP;
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
    INSERT INTO identity (kind, issuer, subject, member_id, subject_sealed, proven_at)
      VALUES (proof->>'kind', proof->>'issuer', proof->>'subject', who, decode(proof->>'sealed', 'base64'), now_at)
      ON CONFLICT (kind, issuer, subject) DO UPDATE SET proven_at = excluded.proven_at, member_id = excluded.member_id
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

-- prisma/functions/order.sql
-- Takes a paid amount into account: the order, its points and growth, the tier, the handlers of other nouns and the
-- audit entry, in one statement. Protects I-L5 (request, effect) and I-L1…I-L3 through ledger_award.
-- {request, staffId, memberId, visitId, orderId, orderNo, amountFen, points, growth, at, activeAt, expiresAt,
--  validUntil, ladder, along}
CREATE OR REPLACE FUNCTION order_settle(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  here record;
  earned jsonb;
  raised jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  SELECT own.member_id AS staff_id, own.store_id, shop.name AS store_name, stay.visit_id, stay.till_id, stay.expires_at INTO here
    FROM staff own JOIN store shop USING (store_id) LEFT JOIN visit stay
      ON stay.member_id = member AND stay.visit_id = (call->>'visitId')::uuid AND stay.store_id = own.store_id
    WHERE own.member_id = (call->>'staffId')::uuid AND own.ended_at IS NULL;
  IF NOT FOUND THEN PERFORM refuse('STAFF_NEEDED'); END IF;
  IF here.visit_id IS NULL THEN
    -- a merge has taken the visit along: the caller asks again for the survivor
    IF EXISTS (SELECT 1 FROM member m WHERE m.member_id = member AND m.status = 'merged') THEN PERFORM refuse('BUSY'); END IF;
    PERFORM refuse('VISIT_UNKNOWN');
  END IF;
  IF here.expires_at <= now_at THEN PERFORM refuse('VISIT_OVER'); END IF;

  INSERT INTO purchase (member_id, order_id, order_no, visit_id, store_id, till_id, staff_id, channel, amount_fen, points, growth, settled_at)
    VALUES (member, (call->>'orderId')::uuid, call->>'orderNo', here.visit_id, here.store_id, here.till_id, here.staff_id,
            'counter', (call->>'amountFen')::int, (call->>'points')::int, (call->>'growth')::int, now_at);
  earned := ledger_award(call || jsonb_build_object('kind', 'order', 'sourceId', call->>'orderId', 'reason', 'purchase',
    'detail', jsonb_build_object('storeName', here.store_name, 'amountFen', call->'amountFen', 'activeAt', call->'activeAt',
                                 'expiresAt', call->'expiresAt')));
  raised := tier_raise(call || jsonb_build_object('growth', earned->'growth'));
  PERFORM run_along(call->'along');
  PERFORM audit_append(jsonb_build_object('storeId', here.store_id, 'at', call->'at', 'actorId', here.staff_id,
    'verb', 'order.settle', 'subject', call->>'orderId', 'bodyHash', call->'request'->>'bodyHash'));
  RETURN request_end(call->'request', jsonb_build_object(
    'orderId', call->'orderId', 'orderNo', call->'orderNo', 'amountFen', call->'amountFen', 'points', call->'points',
    'growth', call->'growth', 'activeAt', call->'activeAt', 'settledAt', call->'at',
    'pointsAfter', jsonb_build_object('available', earned->'available', 'pending', earned->'pending'),
    'tierBefore', raised->'before', 'tierAfter', raised->'after'));
END $$;

-- What a store took between two instants. {storeId, from, to} → {count, amountFen, points, members}
CREATE OR REPLACE FUNCTION order_shift_totals(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('count', count(*), 'amountFen', coalesce(sum(amount_fen), 0),
      'points', coalesce(sum(points), 0), 'members', count(DISTINCT member_id))
    FROM purchase WHERE store_id = call->>'storeId'
      AND settled_at >= (call->>'from')::timestamptz AND settled_at <= (call->>'to')::timestamptz
$$;

CREATE OR REPLACE FUNCTION order_merge(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE purchase SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  SELECT '{}'::jsonb
$$;

-- prisma/functions/outbox.sql
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
-- given meanwhile, and wherever a merge has moved it.
-- {memberId, messageId, template, state: sent|refused|unknown|waiting, outcome, at, dueAt, consent: spent|back|none}
CREATE OR REPLACE FUNCTION outbox_finish(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  owner uuid := (call->>'memberId')::uuid;
BEGIN
  IF NOT outbox_end(owner, call) THEN
    SELECT merged_into INTO owner FROM member WHERE member_id = owner;
    IF owner IS NULL OR NOT outbox_end(owner, call) THEN RETURN '{}'; END IF;
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

CREATE OR REPLACE FUNCTION outbox_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
BEGIN
  UPDATE outbox_message SET member_id = dst WHERE member_id = src;
  INSERT INTO message_consent (member_id, template, remaining, updated_at)
    SELECT dst, template, remaining, updated_at FROM message_consent WHERE member_id = src
    ON CONFLICT (member_id, template) DO UPDATE SET remaining = least(100, message_consent.remaining + excluded.remaining);
  DELETE FROM message_consent WHERE member_id = src;
  RETURN '{}';
END $$;

-- prisma/functions/request.sql
-- A command's replay. The advisory lock makes a re-sent command wait for the first one's answer; the primary
-- key of "request" stands behind it. A key used for another body is refused, never answered.

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
  PERFORM pg_advisory_xact_lock(hashtextextended(
    (call->>'actor') || '|' || (call->>'verb') || '|' || (call->>'requestId'), 0));
  SELECT body_hash, answer INTO found_hash, found_answer FROM request
    WHERE actor = call->>'actor' AND verb = call->>'verb' AND request_id = (call->>'requestId')::uuid;
  IF found_hash IS NOT NULL AND found_hash <> call->>'bodyHash' THEN
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

-- Event handlers of other nouns, run in the writing transaction. The list comes from the server's registry.
CREATE OR REPLACE FUNCTION run_along(along jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  step jsonb;
BEGIN
  FOR step IN SELECT value FROM jsonb_array_elements(coalesce(along, '[]')) LOOP
    EXECUTE format('SELECT %I($1)', step->>'fn') USING step->'args';
  END LOOP;
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

-- prisma/functions/session.sql
CREATE OR REPLACE FUNCTION session_merge(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE session SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  SELECT '{}'::jsonb
$$;

-- prisma/functions/sms.sql
-- Codes sent by text message. Each call is one conditional write, so that any number of them at once equals some order.

-- Keeps a new code for a phone, if it is not too soon and not too many today.
-- {phoneHash, codeHash, at, expiresAt, dayStart, tries, gapSeconds, perDay} → {retryAfterSeconds}, 0 when it is kept
CREATE OR REPLACE FUNCTION sms_keep(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  today timestamptz := (call->>'dayStart')::timestamptz;
  gap interval := make_interval(secs => (call->>'gapSeconds')::int);
  per_day int := (call->>'perDay')::int;
  next_at timestamptz;
BEGIN
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

-- Looks at a code once: the right one is spent, a wrong one costs a try. {phoneHash, codeHash, at}
-- → {right, triesLeft}, or NULL when there is nothing to look at any more
CREATE OR REPLACE FUNCTION sms_spend(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE sms_code SET tries_left = CASE WHEN code_hash = call->>'codeHash' THEN 0 ELSE tries_left - 1 END
    WHERE phone_hash = call->>'phoneHash' AND expires_at > (call->>'at')::timestamptz AND tries_left > 0
    RETURNING jsonb_build_object('right', code_hash = call->>'codeHash', 'triesLeft', tries_left)
$$;

-- prisma/functions/staff.sql
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

-- A job goes with the person; two present jobs cannot become one by themselves, a former one makes room.
CREATE OR REPLACE FUNCTION staff_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
BEGIN
  IF (SELECT count(*) FROM staff WHERE member_id IN (src, dst) AND ended_at IS NULL) = 2 THEN
    PERFORM refuse('MERGE_BLOCKED', '{"blocker": "two_jobs"}');
  END IF;
  DELETE FROM staff former USING staff kept
    WHERE former.member_id IN (src, dst) AND kept.member_id IN (src, dst)
      AND (former.ended_at, former.member_id) < (coalesce(kept.ended_at, 'infinity'), kept.member_id);
  UPDATE staff SET member_id = dst WHERE member_id = src;
  RETURN '{}';
END $$;

-- prisma/functions/tier.sql
-- Up at once, never down here. {memberId, growth, at, validUntil, ladder: [{tier, atGrowth}]} → {before, after}
CREATE OR REPLACE FUNCTION tier_raise(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  held int;
  reached int;
BEGIN
  SELECT tier, (SELECT max((rung->>'tier')::int) FROM jsonb_array_elements(call->'ladder') rung
                  WHERE (rung->>'atGrowth')::int <= (call->>'growth')::int)
    INTO held, reached FROM standing WHERE member_id = member;
  IF reached > held THEN
    UPDATE standing SET tier = reached, since = (call->>'at')::timestamptz, valid_until = (call->>'validUntil')::timestamptz
      WHERE member_id = member AND tier < reached;
  END IF;
  RETURN jsonb_build_object('before', held, 'after', greatest(held, reached));
END $$;

-- The higher of the two, until the next review; of two equal ones the one that is safe for longer.
CREATE OR REPLACE FUNCTION tier_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE standing SET tier = other.tier, since = other.since, valid_until = other.valid_until
    FROM standing other
    WHERE standing.member_id = (call->>'to')::uuid AND other.member_id = (call->>'from')::uuid
      AND (other.tier, other.valid_until) > (standing.tier, standing.valid_until);
  RETURN '{}';
END $$;

-- Where everybody starts. {memberId, at, validUntil}
CREATE OR REPLACE FUNCTION tier_open(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  INSERT INTO standing (member_id, tier, since, valid_until)
    VALUES ((call->>'memberId')::uuid, 1, (call->>'at')::timestamptz, (call->>'validUntil')::timestamptz) ON CONFLICT DO NOTHING;
  SELECT '{}'::jsonb
$$;

-- prisma/functions/visit.sql
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

CREATE OR REPLACE FUNCTION visit_merge(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE visit SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  SELECT '{}'::jsonb
$$;
