-- AlterTable
ALTER TABLE "coupon_template" ADD COLUMN     "budget_fen" INTEGER,
ADD COLUMN     "budget_used_fen" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "face_fen" INTEGER,
ADD COLUMN     "scope" JSONB;

-- AlterTable
ALTER TABLE "device_handle" ADD COLUMN     "public_key" BYTEA;

-- AlterTable
ALTER TABLE "gift" ADD COLUMN     "days_after" SMALLINT,
ADD COLUMN     "days_before" SMALLINT,
ADD COLUMN     "follow_up_template" VARCHAR(32),
ADD COLUMN     "right_id" VARCHAR(32),
ADD COLUMN     "rights" JSONB NOT NULL DEFAULT '[]';

-- AlterTable
ALTER TABLE "gift_given" ADD COLUMN     "converted_at" TIMESTAMPTZ(3),
ADD COLUMN     "converted_order_id" UUID,
ADD COLUMN     "followed_at" TIMESTAMPTZ(3),
ADD COLUMN     "occasion" VARCHAR(8) NOT NULL DEFAULT '';

-- AlterTable
ALTER TABLE "member" ADD COLUMN     "birth_set_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "order_hold" ADD COLUMN     "coupon_ids" UUID[] DEFAULT ARRAY[]::UUID[],
ADD COLUMN     "earn_percent" SMALLINT NOT NULL DEFAULT 100,
ADD COLUMN     "lines" JSONB,
ADD COLUMN     "points" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "points_off_fen" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "grace_until" TIMESTAMPTZ(3),
ADD COLUMN     "right_uses" JSONB;

-- What one column held becomes a list of one
UPDATE "order_hold" SET "coupon_ids" = ARRAY["coupon_id"] WHERE "coupon_id" IS NOT NULL;
ALTER TABLE "order_hold" DROP COLUMN "coupon_id";

-- AlterTable
ALTER TABLE "lot_use" ADD COLUMN     "returned" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "purchase" ADD COLUMN     "points_off_fen" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "points_used" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "right_uses" JSONB;

-- AlterTable
ALTER TABLE "purchase_return" ADD COLUMN     "lines" JSONB,
ADD COLUMN     "points_back" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "redemption" ADD COLUMN     "reserve_period" VARCHAR(10),
ADD COLUMN     "reserve_right_id" VARCHAR(32);

-- CreateTable
CREATE TABLE "tablet" (
    "tablet_id" UUID NOT NULL,
    "store_id" VARCHAR(32) NOT NULL,
    "till_id" VARCHAR(32) NOT NULL,
    "label" VARCHAR(60) NOT NULL,
    "first_sequence" BIGINT NOT NULL,
    "enrolled_by" UUID NOT NULL,
    "enrolled_at" TIMESTAMPTZ(3) NOT NULL,
    "last_sync_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "revoked_by" UUID,

    CONSTRAINT "tablet_pkey" PRIMARY KEY ("tablet_id")
);

-- CreateTable
CREATE TABLE "offline_order" (
    "store_id" VARCHAR(32) NOT NULL,
    "till_id" VARCHAR(32) NOT NULL,
    "sequence" BIGINT NOT NULL,
    "source_id" UUID NOT NULL,
    "body_hash" CHAR(64) NOT NULL,
    "handle" CHAR(10),
    "step" BIGINT,
    "amount_fen" INTEGER NOT NULL,
    "sold_at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "clash" VARCHAR(20),
    "order_id" UUID,
    "order_no" VARCHAR(24),
    "points" INTEGER,
    "decided_by" UUID,
    "decided_at" TIMESTAMPTZ(3),
    "reason" VARCHAR(120),

    CONSTRAINT "offline_order_pkey" PRIMARY KEY ("store_id","till_id","sequence")
);

-- CreateTable
CREATE TABLE "purchase_line" (
    "member_id" UUID NOT NULL,
    "order_id" UUID NOT NULL,
    "line_no" SMALLINT NOT NULL,
    "sku" VARCHAR(32),
    "title" VARCHAR(40) NOT NULL,
    "category" VARCHAR(16),
    "qty" SMALLINT NOT NULL,
    "full_fen" INTEGER NOT NULL,
    "payable_fen" INTEGER NOT NULL,
    "returned_qty" SMALLINT NOT NULL DEFAULT 0,

    CONSTRAINT "purchase_line_pkey" PRIMARY KEY ("member_id","order_id","line_no")
);

-- CreateTable
CREATE TABLE "product_category" (
    "category_id" VARCHAR(16) NOT NULL,
    "title" VARCHAR(20) NOT NULL,
    "position" SMALLINT NOT NULL DEFAULT 0,

    CONSTRAINT "product_category_pkey" PRIMARY KEY ("category_id")
);

-- CreateTable
CREATE TABLE "product" (
    "sku" VARCHAR(32) NOT NULL,
    "title" VARCHAR(40) NOT NULL,
    "subtitle" VARCHAR(60) NOT NULL DEFAULT '',
    "category" VARCHAR(16) NOT NULL,
    "price_fen" INTEGER NOT NULL,
    "barcode" VARCHAR(20),
    "star" BOOLEAN NOT NULL DEFAULT false,
    "art" VARCHAR(16) NOT NULL,
    "public_at" TIMESTAMPTZ(3) NOT NULL,
    "early_hours" SMALLINT,
    "ends_at" TIMESTAMPTZ(3),
    "position" SMALLINT NOT NULL DEFAULT 0,

    CONSTRAINT "product_pkey" PRIMARY KEY ("sku")
);

-- CreateTable
CREATE TABLE "right_grant" (
    "member_id" UUID NOT NULL,
    "grant_id" UUID NOT NULL,
    "right_id" VARCHAR(32) NOT NULL,
    "granted_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "effect_kind" VARCHAR(32) NOT NULL,
    "effect_source" VARCHAR(96) NOT NULL,
    "voided_at" TIMESTAMPTZ(3),

    CONSTRAINT "right_grant_pkey" PRIMARY KEY ("member_id","grant_id")
);

-- CreateTable
CREATE TABLE "right_service" (
    "member_id" UUID NOT NULL,
    "service_id" UUID NOT NULL,
    "right_id" VARCHAR(32) NOT NULL,
    "period_key" VARCHAR(10) NOT NULL,
    "store_id" VARCHAR(32) NOT NULL,
    "staff_id" UUID NOT NULL,
    "visit_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "right_service_pkey" PRIMARY KEY ("member_id","service_id")
);

-- CreateTable
CREATE TABLE "right_reserve" (
    "right_id" VARCHAR(32) NOT NULL,
    "reward_id" VARCHAR(32) NOT NULL,
    "pieces_left" INTEGER NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "right_reserve_pkey" PRIMARY KEY ("right_id")
);

-- CreateTable
CREATE TABLE "till_key" (
    "key_id" UUID NOT NULL,
    "store_id" VARCHAR(32) NOT NULL,
    "till_id" VARCHAR(32) NOT NULL,
    "label" VARCHAR(40) NOT NULL,
    "secret_sealed" BYTEA NOT NULL,
    "created_by" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "revoked_by" UUID,

    CONSTRAINT "till_key_pkey" PRIMARY KEY ("key_id")
);

-- CreateTable
CREATE TABLE "till_nonce" (
    "key_id" UUID NOT NULL,
    "nonce" VARCHAR(64) NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "till_nonce_pkey" PRIMARY KEY ("key_id","nonce")
);

-- CreateTable
CREATE TABLE "webhook" (
    "webhook_id" UUID NOT NULL,
    "store_id" VARCHAR(32) NOT NULL,
    "url" VARCHAR(400) NOT NULL,
    "events" VARCHAR(24)[],
    "secret_sealed" BYTEA NOT NULL,
    "created_by" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "ended_by" UUID,

    CONSTRAINT "webhook_pkey" PRIMARY KEY ("webhook_id")
);

-- CreateTable
CREATE TABLE "webhook_delivery" (
    "delivery_id" UUID NOT NULL,
    "webhook_id" UUID NOT NULL,
    "event" VARCHAR(24) NOT NULL,
    "payload" JSONB NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "attempts" SMALLINT NOT NULL DEFAULT 0,
    "next_at" TIMESTAMPTZ(3) NOT NULL,
    "last_status" SMALLINT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "sent_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_delivery_pkey" PRIMARY KEY ("delivery_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "tablet_store_id_till_id_first_sequence_key" ON "tablet"("store_id", "till_id", "first_sequence");

-- CreateIndex
CREATE INDEX "offline_order_store_id_state_received_at_idx" ON "offline_order"("store_id", "state", "received_at");

-- CreateIndex
CREATE INDEX "purchase_line_member_id_sku_idx" ON "purchase_line"("member_id", "sku");

-- CreateIndex
CREATE UNIQUE INDEX "product_barcode_key" ON "product"("barcode");

-- CreateIndex
CREATE UNIQUE INDEX "right_reserve_reward_id_key" ON "right_reserve"("reward_id");

-- CreateIndex
CREATE INDEX "till_key_store_id_idx" ON "till_key"("store_id");

-- CreateIndex
CREATE INDEX "till_nonce_at_idx" ON "till_nonce"("at");

-- CreateIndex
CREATE INDEX "webhook_store_id_idx" ON "webhook"("store_id");

-- CreateIndex
CREATE INDEX "webhook_delivery_webhook_id_created_at_idx" ON "webhook_delivery"("webhook_id", "created_at");

-- Large tables: the rows of before satisfy these by their defaults and are not read again.
ALTER TABLE "purchase" ADD CONSTRAINT purchase_points
  CHECK (points_used >= 0 AND points_off_fen >= 0 AND (points_used = 0) = (points_off_fen = 0) AND amount_fen + points_off_fen <= full_fen) NOT VALID;
ALTER TABLE "purchase_return" ADD CONSTRAINT purchase_return_points CHECK (points_back >= 0) NOT VALID;
ALTER TABLE "lot_use" ADD CONSTRAINT lot_use_returned CHECK (returned BETWEEN 0 AND points) NOT VALID;
ALTER TABLE "order_hold" ADD CONSTRAINT order_hold_points
  CHECK (points >= 0 AND points_off_fen >= 0 AND (points = 0) = (points_off_fen = 0) AND payable_fen + points_off_fen <= full_fen
    AND earn_percent BETWEEN 100 AND 1000) NOT VALID;
ALTER TABLE "visit" DROP CONSTRAINT visit_method;
ALTER TABLE "visit" ADD CONSTRAINT visit_method CHECK (method IN ('code', 'member_no', 'phone', 'offline')) NOT VALID;
ALTER TABLE "visit" DROP CONSTRAINT visit_code;
ALTER TABLE "visit" ADD CONSTRAINT visit_code
  CHECK ((handle IS NULL) = (step IS NULL) AND CASE method WHEN 'code' THEN handle IS NOT NULL WHEN 'offline' THEN true ELSE handle IS NULL END) NOT VALID;
ALTER TABLE "purchase_line" ADD CONSTRAINT purchase_line_form
  CHECK (line_no > 0 AND qty > 0 AND returned_qty BETWEEN 0 AND qty AND payable_fen BETWEEN 0 AND full_fen);
-- several coupons may pay for one order
DROP INDEX coupon_order_once;
CREATE INDEX coupon_order ON "coupon" (member_id, order_id) WHERE order_id IS NOT NULL;
CREATE INDEX coupon_held ON "coupon" (member_id, hold_id) WHERE hold_id IS NOT NULL;
UPDATE coupon_template SET face_fen = CASE kind WHEN 'amount_off' THEN amount_off_fen ELSE max_off_fen END;
ALTER TABLE "coupon_template" ADD CONSTRAINT coupon_template_budget
  CHECK (budget_used_fen >= 0 AND (budget_fen IS NULL OR (face_fen IS NOT NULL AND budget_used_fen <= budget_fen)) AND face_fen > 0);
ALTER TABLE "member_right" DROP CONSTRAINT member_right_form;
ALTER TABLE "member_right" ADD CONSTRAINT member_right_form CHECK (kind IN ('member_price', 'tier_discount', 'volume_discount',
    'repurchase_discount', 'points_multiplier', 'early_access', 'limited_edition', 'birthday_gift', 'service_manager', 'free_service', 'trial_pack')
  AND (quota IS NULL) = (period IS NULL) AND quota > 0 AND period IN ('day', 'month', 'year', 'once')
  AND (kind <> 'early_access' OR coalesce((payload->>'hours')::int > 0, false)) AND (kind <> 'points_multiplier' OR quota IS NULL));
ALTER TABLE "redemption" ADD CONSTRAINT redemption_reserve CHECK ((reserve_right_id IS NULL) = (reserve_period IS NULL)) NOT VALID;
ALTER TABLE "member_right" ADD CONSTRAINT member_right_payload CHECK (coalesce(CASE
    WHEN kind = 'member_price' THEN jsonb_typeof(payload->'prices') = 'object'
    WHEN kind = 'tier_discount' THEN (payload->>'payPercent')::numeric BETWEEN 1 AND 99
    WHEN kind = 'repurchase_discount' THEN (payload->>'payPercent')::numeric BETWEEN 1 AND 99 AND (payload->>'withinDays')::numeric >= 1
    WHEN kind = 'volume_discount' THEN payload->>'by' IN ('pieces', 'amount') AND jsonb_array_length(payload->'steps') > 0 AND payload ? 'group'
    WHEN kind = 'points_multiplier' THEN (payload->>'percent')::numeric BETWEEN 101 AND 1000
    WHEN kind = 'limited_edition' THEN payload ? 'rewardId'
    WHEN kind IN ('birthday_gift', 'trial_pack') THEN payload ? 'giftId'
    WHEN kind = 'service_manager' THEN payload ?& ARRAY['name', 'wechatId', 'phone', 'hours', 'words']
    WHEN kind = 'free_service' THEN payload ? 'words'
    ELSE true END, false));
ALTER TABLE "right_reserve" ADD CONSTRAINT right_reserve_left CHECK (pieces_left >= 0);
ALTER TABLE "gift" DROP CONSTRAINT gift_kind;
ALTER TABLE "gift" ADD CONSTRAINT gift_kind CHECK (kind IN ('new_member', 'birthday', 'trial_pack')
  AND (kind = 'birthday') = (days_before IS NOT NULL AND days_after IS NOT NULL) AND (kind = 'new_member') = (right_id IS NULL)
  AND (kind = 'trial_pack' OR follow_up_template IS NULL));
CREATE UNIQUE INDEX gift_given_birthday ON "gift_given" (member_id, kind, occasion) WHERE state = 'given' AND kind = 'birthday';
CREATE UNIQUE INDEX gift_given_trial ON "gift_given" (member_id, gift_id) WHERE state = 'given' AND kind = 'trial_pack';
-- what a used follow-up coupon and an order that came back lead to
CREATE INDEX gift_given_trials ON "gift_given" (given_id) WHERE kind = 'trial_pack';
CREATE INDEX gift_given_converted ON "gift_given" (converted_order_id) WHERE converted_order_id IS NOT NULL;
ALTER TABLE "gift_given" ADD CONSTRAINT gift_given_occasion CHECK ((kind = 'birthday') = (occasion <> ''));
ALTER TABLE "member" ADD CONSTRAINT member_birth_set CHECK (birth_set_at IS NULL OR birth_month IS NOT NULL) NOT VALID;
ALTER TABLE "gift_given" ADD CONSTRAINT gift_given_conversion
  CHECK ((converted_at IS NULL) = (converted_order_id IS NULL) AND (converted_at IS NULL OR followed_at IS NOT NULL));
ALTER TABLE "product" ADD CONSTRAINT product_price CHECK (price_fen BETWEEN 1 AND 1000000 AND early_hours > 0);
CREATE UNIQUE INDEX tablet_of_till ON "tablet" (store_id, till_id) WHERE revoked_at IS NULL;
ALTER TABLE "tablet" ADD CONSTRAINT tablet_sequence CHECK (first_sequence > 0);
ALTER TABLE "offline_order" ADD CONSTRAINT offline_order_form CHECK (sequence > 0 AND state IN ('settled', 'clash', 'dismissed')
  AND (state = 'settled') = (order_id IS NOT NULL) AND (order_id IS NULL) = (order_no IS NULL) AND (order_id IS NULL) = (points IS NULL) AND (state <> 'clash' OR clash IS NOT NULL)
  AND (handle IS NULL) = (step IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL));
ALTER TABLE "webhook_delivery" ADD CONSTRAINT webhook_delivery_state CHECK (state IN ('waiting', 'sent', 'given_up') AND attempts >= 0);
ALTER TABLE "webhook" ADD CONSTRAINT webhook_events
  CHECK (cardinality(events) > 0 AND events <@ ARRAY['order.settled', 'order.returned']::varchar[] AND (ended_by IS NULL OR ended_at IS NOT NULL));
CREATE INDEX webhook_delivery_due ON "webhook_delivery" (next_at) WHERE state = 'waiting';


-- Functions call each other in both directions.
SET LOCAL check_function_bodies = off;


-- Functions, word for word as in prisma/functions.

DROP FUNCTION coupon_release_since;

DROP FUNCTION right_held;

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

-- Keeps the public half of a phone's own key; the newest counts, earlier certificates end by themselves.
-- {memberId, deviceId, publicKey (base64)}
CREATE OR REPLACE FUNCTION code_certify(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM member m WHERE m.member_id = (call->>'memberId')::uuid AND m.status = 'active' FOR NO KEY UPDATE;
  IF NOT FOUND THEN PERFORM refuse('SESSION_OVER'); END IF;
  UPDATE device_handle h SET public_key = decode(call->>'publicKey', 'base64') FROM device d
    WHERE d.member_id = (call->>'memberId')::uuid AND d.device_id = (call->>'deviceId')::uuid AND d.revoked_at IS NULL
      AND h.handle = d.handle;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "device"}'); END IF;
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
  PERFORM order_release_since(call);
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
  DELETE FROM purchase_line WHERE member_id = who;
  DELETE FROM offline_order o USING purchase p WHERE p.member_id = who AND p.channel = 'offline' AND o.order_id = p.order_id;
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

-- What follows a trial pack: a coupon with the hand-over of its pick-up, and whether that brought somebody back to buy.

-- The part of the effect by which a follow-up is known among a gift's coupons.
CREATE OR REPLACE FUNCTION gift_follows(part text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT part LIKE 'coupon:%:follow' $$;

-- Grants the follow-up of a trial pack that has just been handed over, once. There may be none left of it: what was handed over
-- was handed over all the same. {memberId, givenId, at} → {couponId, title, expiresAt}, or NULL
CREATE OR REPLACE FUNCTION gift_follow(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  template text;
  made jsonb;
BEGIN
  SELECT g.follow_up_template INTO template FROM gift_given o JOIN gift g USING (gift_id)
    WHERE o.member_id = (call->>'memberId')::uuid AND o.given_id = (call->>'givenId')::uuid AND o.state = 'given' AND o.followed_at IS NULL;
  IF template IS NULL THEN RETURN NULL; END IF;
  made := coupon_grant(jsonb_build_object('memberId', call->'memberId', 'templateId', template, 'at', call->'at', 'kind', 'gift',
    'sourceId', call->>'givenId', 'part', 'follow'));
  IF made ? 'refused' THEN RETURN NULL; END IF;
  UPDATE gift_given SET followed_at = (call->>'at')::timestamptz
    WHERE member_id = (call->>'memberId')::uuid AND given_id = (call->>'givenId')::uuid;
  RETURN made;
END $$;

-- An order was paid with follow-ups: so often it was worth while. Whose record the pack lies with by now does not matter. {memberId, orderId, at}
CREATE OR REPLACE FUNCTION gift_on_order(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  packs uuid[] := ARRAY(SELECT effect_source::uuid FROM coupon WHERE member_id = (call->>'memberId')::uuid
    AND order_id = (call->>'orderId')::uuid AND state = 'used' AND effect_kind = 'gift' AND gift_follows(effect_part));
BEGIN
  IF cardinality(packs) > 0 THEN
    UPDATE gift_given SET converted_at = (call->>'at')::timestamptz, converted_order_id = (call->>'orderId')::uuid
      WHERE kind = 'trial_pack' AND given_id = ANY (packs);
  END IF;
  RETURN '{}';
END $$;

-- It came back, to the last of it. {orderId, leftFen?}
CREATE OR REPLACE FUNCTION gift_on_return(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce((call->>'leftFen')::int, 0) = 0 THEN
    UPDATE gift_given SET converted_at = NULL, converted_order_id = NULL WHERE converted_order_id = (call->>'orderId')::uuid;
  END IF;
  RETURN '{}';
END $$;

-- What became of the trial packs, for who runs the programme. A pack that a merge superseded is no second person's.
-- {at} → [{giftId, title, running, stock, given, pickedUp, followed, converted}]
CREATE OR REPLACE FUNCTION gift_conversions(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('giftId', g.gift_id, 'title', g.title, 'running', g.starts_at <= (call->>'at')::timestamptz
        AND (g.ends_at IS NULL OR g.ends_at >= (call->>'at')::timestamptz), 'stock', g.stock, 'given', n.given, 'pickedUp', n.picked_up,
      'followed', n.followed, 'converted', n.converted) ORDER BY g.starts_at DESC, g.gift_id), '[]')
  FROM gift g LEFT JOIN LATERAL (
    SELECT count(*) AS given, count(o.followed_at) AS followed, count(o.converted_at) AS converted,
        count(*) FILTER (WHERE EXISTS (SELECT 1 FROM redemption r WHERE r.member_id = o.member_id AND r.given_id = o.given_id AND r.state = 'done'))
          AS picked_up
      FROM gift_given o WHERE o.kind = 'trial_pack' AND o.gift_id = g.gift_id AND o.state = 'given') n ON true
  WHERE g.kind = 'trial_pack'
$$;

-- Gifts of two records that turn out to be one person: of what is given once, the later one is superseded (I-G1). Of it, unused
-- coupons, rights and unspent points go, what was used stays recorded; its pick-ups are the mall's, which comes later in a merge.

-- {from, to, at} → {moved: {gifts: [id], superseded: [{givenId, held}]}, came, reversed}
CREATE OR REPLACE FUNCTION gift_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  second gift_given;
  seconds uuid[];
  gifts jsonb;
  opened int;
  gone jsonb;
  journal jsonb := '[]';
  said jsonb := '[]';
BEGIN
  -- ids are drawn by their time, so that they put two gifts of one instant in order
  seconds := ARRAY(SELECT given_id FROM (SELECT given_id, row_number() OVER (PARTITION BY kind, occasion,
        CASE kind WHEN 'trial_pack' THEN gift_id END ORDER BY given_at, given_id) AS nth
      FROM gift_given WHERE member_id IN (src, dst) AND state = 'given') once WHERE nth > 1 ORDER BY given_id);
  UPDATE gift_given SET state = 'superseded' WHERE member_id IN (src, dst) AND given_id = ANY (seconds);
  WITH went AS (UPDATE gift_given SET member_id = dst WHERE member_id = src RETURNING given_id, state)
  SELECT jsonb_agg(given_id), count(*) FILTER (WHERE state = 'given' OR given_id = ANY (seconds)) INTO gifts, opened FROM went;
  FOR second IN SELECT * FROM gift_given WHERE member_id = dst AND given_id = ANY (seconds) ORDER BY given_id LOOP
    gone := gift_supersede(call, second);
    journal := journal || jsonb_build_array(gone->'journal');
    said := said || jsonb_build_array(gone->'said');
  END LOOP;
  IF gifts IS NULL AND said = '[]' THEN RETURN '{}'; END IF;
  RETURN jsonb_build_object('moved', jsonb_strip_nulls(jsonb_build_object('gifts', gifts, 'superseded', nullif(journal, '[]'))),
    'came', CASE WHEN opened > 0 THEN jsonb_build_object('gifts', opened) ELSE '{}' END, 'reversed', said);
END $$;

-- Takes back what a superseded gift still holds; its coupons and rights are the survivor's by now. → {journal, said}
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
  PERFORM right_grant_void(jsonb_build_object('memberId', own.member_id, 'kind', 'gift', 'sourceId', own.given_id, 'at', call->'at'));
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

-- Gifts of two records that become two people again. I-G1 is then each person's own: what was a second gift of one is a first.

-- What each had opened goes back to each; the gifts that the merge superseded stand again, with their coupons and rights, as many of
-- their points as were taken back for them, and the pick-ups that the mall, which comes before, could place again. {from, to, at,
-- mergedAt, graceDays, moved} → {back, restored, lost}
CREATE OR REPLACE FUNCTION gift_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  moved jsonb := call->'moved';
  -- a merge of before there were several kinds noted one
  seconds jsonb := CASE jsonb_typeof(moved->'superseded') WHEN 'object' THEN jsonb_build_array(moved->'superseded')
    ELSE coalesce(moved->'superseded', '[]') END;
  own record;
  again jsonb;
  back int;
  restored jsonb := '[]';
  lost jsonb := '[]';
BEGIN
  WITH went AS (UPDATE gift_given SET member_id = dst WHERE member_id = src AND given_id = ANY (uuid_list(moved->'gifts'))
      RETURNING given_id, state)
  SELECT count(*) FILTER (WHERE state = 'given' OR EXISTS (SELECT 1 FROM jsonb_array_elements(seconds) one
    WHERE one->>'givenId' = given_id::text)) INTO back FROM went;
  FOR own IN SELECT g AS given, one->'held' AS held FROM jsonb_array_elements(seconds) one
      JOIN gift_given g ON g.member_id IN (src, dst) AND g.given_id = (one->>'givenId')::uuid
      WHERE g.state = 'superseded' ORDER BY g.given_id LOOP
    again := gift_stand_again(own.given, own.held, call);
    restored := restored || jsonb_build_array(again->'restored');
    lost := lost || (again->'lost');
  END LOOP;
  RETURN jsonb_build_object('back', CASE WHEN back > 0 THEN jsonb_build_object('gifts', back) ELSE '{}' END,
    'restored', restored, 'lost', lost);
END $$;

-- Coupons, rights and points are still the survivor's here. → {restored, lost}
CREATE OR REPLACE FUNCTION gift_stand_again(own gift_given, held jsonb, call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  source jsonb := call || jsonb_build_object('memberId', call->>'from', 'kind', 'gift', 'sourceId', own.given_id);
  coupons jsonb;
BEGIN
  UPDATE gift_given SET state = 'given' WHERE member_id = own.member_id AND given_id = own.given_id;
  coupons := coupon_restore_of(source || jsonb_build_object('reason', 'gift_superseded', 'held', held));
  PERFORM right_grant_restore(source);
  RETURN jsonb_build_object(
    'restored', jsonb_build_object('kind', 'gift_superseded', 'title', (SELECT title FROM gift g WHERE g.gift_id = own.gift_id),
      'coupons', coupons->'restored', 'points', gift_give_points(own, call), 'pickups', (SELECT count(*) FROM redemption r
        WHERE r.member_id = own.member_id AND r.given_id = own.given_id AND r.state IN ('placed', 'ready'))),
    'lost', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'gift_coupon', 'why', 'expired', 'title', value)), '[]')
      FROM jsonb_array_elements(coupons->'ended')));
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

-- Gifts: for who is new, for a birthday, to try. Protects I-G1: one a person and occasion, by the unique indexes behind gift_given,
-- also when two records that each opened one become one person.

-- What a gift holds, as it is shown before it is opened.
CREATE OR REPLACE FUNCTION gift_contents(own gift) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT coalesce(jsonb_agg(pick || '{"kind": "pickup"}' ORDER BY n), '[]') FROM jsonb_array_elements(own.pickups) WITH ORDINALITY p (pick, n))
    || (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'coupon', 'templateId', t.template_id, 'title', t.title,
          'thresholdFen', t.threshold_fen, 'amountOffFen', t.amount_off_fen, 'validDays', t.valid_days) ORDER BY n), '[]')
        FROM jsonb_array_elements_text(own.coupon_templates) WITH ORDINALITY c (id, n) JOIN coupon_template t ON t.template_id = c.id)
    || (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'right', 'rightId', r.right_id, 'title', r.title, 'days', (w.wish->>'days')::int)
          ORDER BY n), '[]') FROM jsonb_array_elements(own.rights) WITH ORDINALITY w (wish, n) JOIN member_right r ON r.right_id = w.wish->>'rightId')
    || CASE WHEN own.points > 0 THEN jsonb_build_array(jsonb_build_object('kind', 'points', 'points', own.points)) ELSE '[]' END
    || (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'follow_up', 'templateId', t.template_id, 'title', t.title,
          'thresholdFen', t.threshold_fen, 'amountOffFen', t.amount_off_fen, 'validDays', t.valid_days)), '[]')
        FROM coupon_template t WHERE t.template_id = own.follow_up_template);
END $$;

-- The gift that is given to who joins now.
CREATE OR REPLACE FUNCTION gift_running(at timestamptz) RETURNS SETOF gift
LANGUAGE sql STABLE AS $$
  SELECT * FROM gift WHERE kind = 'new_member' AND starts_at <= at AND (ends_at IS NULL OR ends_at >= at)
    ORDER BY starts_at DESC, gift_id LIMIT 1
$$;

-- Whether stock or budget is used up.
CREATE OR REPLACE FUNCTION gift_gone(own gift) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(own.given >= own.stock, false) OR coalesce(own.points_given + own.points > own.points_budget, false)
$$;

CREATE OR REPLACE FUNCTION gift_json(own gift) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN jsonb_build_object('giftId', own.gift_id, 'kind', own.kind, 'title', own.title, 'joinWithinDays', own.join_within_days,
    'rightId', own.right_id, 'daysBefore', own.days_before, 'daysAfter', own.days_after, 'startsAt', iso_text(own.starts_at), 'endsAt', iso_text(own.ends_at), 'points', own.points, 'contents', gift_contents(own),
    'gone', gift_gone(own));
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

-- What decides how gifts stand for a member: the named one; else the new-member gift that they opened or that runs, and every other
-- that runs or that they opened. {memberId, at, newAfterDays, giftId?}
-- → {gifts: [gift with given], newSince, boughtBefore, birthday, years, tier, rights, rightsOwn, fromSealed, fromSomebody}
CREATE OR REPLACE FUNCTION gift_read(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  since timestamptz := member_new_since(me);
  newcomers text;
  inviter uuid;
BEGIN
  newcomers := coalesce((SELECT gift_id FROM gift_given WHERE member_id = me AND kind = 'new_member' AND state = 'given'),
    (SELECT gift_id FROM gift_running(now_at)));
  SELECT inviter_id INTO inviter FROM referral r WHERE r.member_id = me AND r.state <> 'void';
  RETURN jsonb_build_object(
    'gifts', (SELECT coalesce(jsonb_agg(gift_json(g) || jsonb_build_object('given', gift_given_to(me, g.gift_id))
        ORDER BY array_position(ARRAY['new_member', 'birthday', 'trial_pack'], g.kind::text), r.position DESC, g.gift_id), '[]')
      FROM gift g LEFT JOIN member_right r USING (right_id) WHERE CASE WHEN call ? 'giftId' THEN g.gift_id = call->>'giftId'
        WHEN g.kind = 'new_member' THEN g.gift_id = newcomers
        ELSE g.starts_at <= now_at AND (g.ends_at >= now_at OR g.ends_at IS NULL
          OR EXISTS (SELECT 1 FROM gift_given o WHERE o.member_id = me AND o.gift_id = g.gift_id AND o.state = 'given')) END),
    'newSince', iso_text(since), 'boughtBefore', coalesce(order_bought_before(me, since, (call->>'newAfterDays')::int), false),
    'birthday', (SELECT jsonb_build_object('month', birth_month, 'day', birth_day) FROM member m
      WHERE m.member_id = me AND birth_month IS NOT NULL),
    'years', gift_years(me),
    'tier', (SELECT tier FROM standing s WHERE s.member_id = me), 'rights', right_rows(now_at), 'rightsOwn', right_own(me, now_at),
    'fromSealed', (SELECT encode(name_sealed, 'base64') FROM member m WHERE m.member_id = inviter AND m.status = 'active'),
    'fromSomebody', inviter IS NOT NULL);
END $$;

-- For which years somebody has opened a birthday gift.
CREATE OR REPLACE FUNCTION gift_years(me uuid) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(occasion ORDER BY occasion), '[]') FROM gift_given WHERE member_id = me AND kind = 'birthday' AND state = 'given'
$$;

-- What somebody has of a gift, of the last time; NULL when they have not opened it. `followUp`: the coupon that came with its hand-over.
CREATE OR REPLACE FUNCTION gift_given_to(me uuid, which text) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('occasion', g.occasion, 'openedAt', iso_text(g.given_at), 'contents', g.contents, 'followUp',
      (SELECT jsonb_build_object('title', t.title, 'state', c.state, 'expiresAt', iso_text(c.expires_at)) FROM coupon c
        JOIN coupon_template t USING (template_id) WHERE c.member_id = me AND c.effect_kind = 'gift'
          AND c.effect_source = g.given_id::text AND gift_follows(c.effect_part)))
    FROM gift_given g WHERE g.member_id = me AND g.gift_id = which AND g.state = 'given' ORDER BY g.given_at DESC LIMIT 1
$$;

-- Whether somebody has had what is given once: the gift for who is new, a gift for this birthday, this trial pack.
CREATE OR REPLACE FUNCTION gift_taken(member uuid, own gift, year text) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM gift_given g WHERE g.member_id = member AND g.kind = own.kind AND g.state = 'given' AND g.occasion = year
    AND (g.kind <> 'trial_pack' OR g.gift_id = own.gift_id))
$$;

-- Whether what the rule was told is still so: who is new, the birthday, the right that brings the gift.
CREATE OR REPLACE FUNCTION gift_as_seen(member uuid, own gift, call jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
  since timestamptz;
  born text;
BEGIN
  IF own.kind = 'new_member' THEN
    since := member_new_since(member);
    RETURN since IS NOT DISTINCT FROM (call->>'newSince')::timestamptz AND (call->>'boughtBefore')::boolean
      = coalesce(order_bought_before(member, since, (call->>'newAfterDays')::int), false);
  END IF;
  SELECT birth_month || '-' || birth_day INTO born FROM member m WHERE m.member_id = member;
  RETURN (call->>'held')::boolean IS NOT DISTINCT FROM coalesce((SELECT right_until(member, r, (call->>'at')::timestamptz) IS NOT NULL
      FROM member_right r WHERE r.right_id = own.right_id), false)
    AND (own.kind <> 'birthday' OR born IS NOT DISTINCT FROM (call->'birthday'->>'month') || '-' || (call->'birthday'->>'day'));
END $$;

-- Opens the gift: points, coupons, rights and pick-ups in one statement, once a person and occasion. The rule's answer travels with the
-- facts it was given for; facts that changed meanwhile (a merge, a tier) ask again. The shared rows come last.
-- {request, memberId, giftId, givenId, at, pointsEnd, newAfterDays, newSince, boughtBefore, held, birthday, occasion, refusal, along}
-- → {openedAt, contents}
CREATE OR REPLACE FUNCTION gift_open(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  member uuid := (call->>'memberId')::uuid;
  year text := coalesce(call->>'occasion', '');
  own gift;
  earned jsonb;
  held jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  SELECT * INTO own FROM gift WHERE gift_id = call->>'giftId' AND starts_at <= (call->>'at')::timestamptz;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "gift"}'); END IF;
  IF gift_taken(member, own, year) THEN PERFORM refuse('GIFT_TAKEN'); END IF;
  IF NOT gift_as_seen(member, own, call) THEN PERFORM refuse('BUSY'); END IF;
  IF call->'refusal' ? 'code' THEN PERFORM refuse(call->'refusal'->>'code', call->'refusal'->'detail'); END IF;

  INSERT INTO gift_given (member_id, given_id, gift_id, kind, state, contents, given_at, occasion)
    VALUES (member, (call->>'givenId')::uuid, own.gift_id, own.kind, 'given', '[]', (call->>'at')::timestamptz, year);
  earned := ledger_award(jsonb_build_object('memberId', member, 'at', call->'at', 'kind', 'gift', 'sourceId', call->>'givenId',
    'points', own.points, 'growth', 0, 'activeAt', call->'at', 'expiresAt', call->'pointsEnd', 'reason', 'gift',
    'detail', jsonb_build_object('title', own.title)));
  held := gift_give_coupons(call, own) || gift_give_rights(call, own);
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

-- The rights that it holds, each to the end of a business day; they are the member's beside what tier and honours bring.
CREATE OR REPLACE FUNCTION gift_give_rights(call jsonb, own gift) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  wish jsonb;
  given jsonb;
  held jsonb := '[]';
BEGIN
  FOR wish IN SELECT value FROM jsonb_array_elements(own.rights) ORDER BY value->>'rightId' LOOP
    given := right_grant(jsonb_build_object('memberId', call->'memberId', 'rightId', wish->'rightId', 'at', call->'at', 'kind', 'gift',
      'sourceId', call->>'givenId', 'expiresAt', CASE WHEN wish->>'days' IS NOT NULL
        THEN iso_text(coupon_end((wish->>'days')::int, NULL, (call->>'at')::timestamptz)) END));
    IF given ? 'refused' THEN PERFORM refuse('GIFT_GONE'); END IF;
    held := held || jsonb_build_array(given || '{"kind": "right"}');
  END LOOP;
  RETURN held;
END $$;

-- What may be run along with a write: the calls that the handlers of bff/src/registry.ts ask for. Named one by one, so that
-- their plans are kept and nothing else can be called; a test compares both lists.

-- Runs the calls [{fn, args}] in the writing transaction, in order. → what each answered, by its function's name
CREATE OR REPLACE FUNCTION run_handlers(along jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  step jsonb;
  args jsonb;
  answer jsonb;
  answers jsonb := '{}';
BEGIN
  FOR step IN SELECT value FROM jsonb_array_elements(coalesce(along, '[]')) LOOP
    args := step->'args';
    CASE step->>'fn'
      WHEN 'referral_attribute' THEN answer := referral_attribute(args);
      WHEN 'coupon_grant' THEN answer := coupon_grant(args);
      WHEN 'outbox_put' THEN answer := outbox_put(args);
      WHEN 'referral_on_order' THEN answer := referral_on_order(args);
      WHEN 'gift_on_order' THEN answer := gift_on_order(args);
      WHEN 'gift_on_return' THEN answer := gift_on_return(args);
      WHEN 'coupon_return' THEN answer := coupon_return(args);
      WHEN 'referral_on_return' THEN answer := referral_on_return(args);
      WHEN 'webhook_put' THEN answer := webhook_put(args);
      WHEN 'mall_place_gift' THEN answer := mall_place_gift(args);
      ELSE RAISE EXCEPTION 'no handler is called %', step->>'fn';
    END CASE;
    answers := answers || jsonb_build_object(step->>'fn', answer);
  END LOOP;
  RETURN answers;
END $$;

-- All that the home screen reads, in one round trip; nothing is decided here but what is still to be had.
-- {memberId, at, newAfterDays, windowMonths, tierWarnDays} → {member, account, standing, lots, claim, phones, devices, gift, birthday, coupons, pickups,
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
    'standing', (SELECT json_build_object('tier', s.tier, 'since', s.since, 'validUntil', s.valid_until, 'countsAtEnd', CASE
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
    'birthday', home_birthday(me, now_at),
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
    'gone', gift_gone(own));
END $$;

-- What decides whether a birthday gift is open for somebody, the best one first; NULL for who has not said when that is.
CREATE OR REPLACE FUNCTION home_birthday(me uuid, now_at timestamptz) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT json_build_object('month', m.birth_month, 'day', m.birth_day, 'years', gift_years(me), 'gifts',
      (SELECT coalesce(json_agg(json_build_object('giftId', g.gift_id, 'title', g.title, 'rightId', g.right_id, 'daysBefore', g.days_before,
          'daysAfter', g.days_after, 'endsAt', iso_text(g.ends_at), 'gone', gift_gone(g)) ORDER BY r.position DESC, g.gift_id), '[]')
        FROM gift g JOIN member_right r USING (right_id) WHERE g.kind = 'birthday' AND g.starts_at <= now_at
          AND (g.ends_at IS NULL OR g.ends_at >= now_at)))
    FROM member m WHERE m.member_id = me AND m.birth_month IS NOT NULL
$$;

-- The rewards on the shelf with what is left of each; the same for everybody. {at}
CREATE OR REPLACE FUNCTION home_shelf(call jsonb) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT coalesce(json_agg(shelf), '[]') FROM (
    SELECT r.reward_id AS "rewardId", r.title, r.art, r.points, r.tier_gate AS "tierGate", r.per_person_limit AS "perPersonLimit",
        r.public_at AS "publicAt", r.early_hours AS "earlyHours", r.ends_at AS "endsAt", mall_left(r) AS left, mall_reserve(r.reward_id) AS reserve
      FROM reward r WHERE r.listed AND (r.ends_at IS NULL OR r.ends_at > (call->>'at')::timestamptz)
      ORDER BY r.position, r.reward_id LIMIT 200) shelf);
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
  ELSIF TG_TABLE_NAME IN ('import_key', 'till_key', 'webhook') THEN seal := NEW.secret_sealed;
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
CREATE OR REPLACE TRIGGER till_key_key_keep BEFORE INSERT OR UPDATE OF secret_sealed ON till_key
  FOR EACH ROW EXECUTE FUNCTION key_keep();
CREATE OR REPLACE TRIGGER webhook_key_keep BEFORE INSERT OR UPDATE OF secret_sealed ON webhook
  FOR EACH ROW EXECUTE FUNCTION key_keep();

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
    CONTINUE WHEN NOT FOUND OR sample.origin_lot_id = ANY (ARRAY(SELECT unnest(uuid_list(call->'origins'))))
      OR ledger_origin_left(member, sample.origin_lot_id);
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

-- Whether points of this first lot are somebody's who was once part of the member and is so no longer: what they paid was settled when
-- that merge was taken back.
CREATE OR REPLACE FUNCTION ledger_origin_left(member uuid, origin uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM lot first JOIN member was ON was.member_id = first.member_id
    WHERE first.member_id = ANY (ARRAY(SELECT merge_heirs(member))) AND first.lot_id = origin
      AND coalesce(was.merged_into, was.member_id) <> member)
$$;

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
      AND e.member_id = ANY (ARRAY(SELECT unnest(uuid_list(call->'records')))) AND NOT order_stays(call, own);
END $$;

-- Spending, giving back and taking back. Protects: I-L3 (short or in debt is refused before anything moves), I-L5 (each
-- claims its part of the effect), I-L6 (the account row and the lots it takes, never the history), I-M2 and I-P4 with
-- the statements that call it.

-- Holds the account, against a merge too, and brings its lots up to `at`.
CREATE OR REPLACE FUNCTION ledger_hold(member uuid, at timestamptz) RETURNS account
LANGUAGE plpgsql AS $$
DECLARE
  own account;
BEGIN
  SELECT * INTO own FROM account WHERE member_id = member FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('MEMBER_UNKNOWN'); END IF;
  IF NOT EXISTS (SELECT 1 FROM member m WHERE m.member_id = member AND m.status = 'active') THEN PERFORM refuse('BUSY'); END IF;
  IF EXISTS (SELECT 1 FROM lot WHERE member_id = member AND remaining > 0
      AND ((state = 'pending' AND active_at <= at) OR expires_at < at)) THEN
    PERFORM ledger_settle_lots(jsonb_build_object('memberId', member, 'at', at));
    SELECT * INTO own FROM account WHERE member_id = member;
  END IF;
  RETURN own;
END $$;

-- One movement of one lot between the member and the programme; growth has no lot.
CREATE OR REPLACE FUNCTION ledger_move(call jsonb, what text, source text, target text, how_many int, of_lot uuid, why text)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, effect_kind, effect_source, at)
    VALUES ((call->>'memberId')::uuid, uuid_v7((call->>'at')::timestamptz), what, source, target, how_many, why,
            coalesce(call->'detail', '{}'), of_lot, call->>'kind', call->>'sourceId', (call->>'at')::timestamptz)
$$;

-- Claims one part of a source's effect; false when it has had it.
CREATE OR REPLACE FUNCTION ledger_claim(call jsonb, which text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO effect (kind, source_id, part, member_id, at)
    VALUES (call->>'kind', call->>'sourceId', which, (call->>'memberId')::uuid, (call->>'at')::timestamptz)
    ON CONFLICT DO NOTHING;
  RETURN FOUND;
END $$;

-- Spends points, earliest end first, ties by lot id, and notes which lots paid.
-- {memberId, at, kind, sourceId, points, reason, detail} → {available}, or NULL when this source has had its effect.
-- Refuses IN_DEBT, POINTS_SHORT {shortPoints}, BUSY (merged meanwhile).
-- One plan for everybody: a plan of their own for members whose history fills much of the table reads everybody's live lots.
CREATE OR REPLACE FUNCTION ledger_spend(call jsonb) RETURNS jsonb
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  own account := ledger_hold(member, (call->>'at')::timestamptz);
  owed int := (call->>'points')::int;
  paying lot;
  part int;
BEGIN
  IF NOT ledger_claim(call, 'spend') THEN RETURN NULL; END IF;
  IF own.debt_points > 0 THEN PERFORM refuse('IN_DEBT', jsonb_build_object('debtPoints', own.debt_points)); END IF;
  IF own.available_points < owed THEN
    PERFORM refuse('POINTS_SHORT', jsonb_build_object('shortPoints', owed - own.available_points));
  END IF;
  UPDATE account SET available_points = available_points - owed WHERE member_id = member RETURNING * INTO own;
  FOR paying IN SELECT * FROM lot WHERE member_id = member AND state = 'active' AND remaining > 0
      ORDER BY expires_at, lot_id LOOP
    EXIT WHEN owed = 0;
    part := least(owed, paying.remaining);
    UPDATE lot SET remaining = remaining - part WHERE member_id = member AND lot_id = paying.lot_id;
    INSERT INTO lot_use (member_id, effect_kind, effect_source, lot_id, origin_lot_id, points, active_at, expires_at)
      VALUES (member, call->>'kind', call->>'sourceId', paying.lot_id, paying.origin_lot_id, part, paying.active_at, paying.expires_at);
    PERFORM ledger_move(call, 'points', 'member:available', 'programme:spent', part, paying.lot_id, call->>'reason');
    owed := owed - part;
  END LOOP;
  IF owed > 0 THEN RAISE EXCEPTION 'the lots of % hold less than its account', member; END IF;
  RETURN jsonb_build_object('available', own.available_points);
END $$;

-- Gives the points of a spend back to their lots with their old end. Where a lot has ended meanwhile, its points live on
-- to {graceUntil}, once per origin lot: what one spend took from several lots of one origin comes back together, what a later
-- return brings ends at once. What comes back in several parts says how many `points` and as which `part`; 'return' is the last, with
-- all that is left. {memberId, at, kind, sourceId, part?, points?, graceUntil, reason, detail} → {returned, grace, expired, available} in points, or NULL when done before.
CREATE OR REPLACE FUNCTION ledger_return_spend(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  own account := ledger_hold(member, now_at);
  used lot_use;
  back uuid;
  -- NULL for all that is left
  owed int := CASE WHEN call->>'part' <> 'return' THEN (call->>'points')::int END;
  graced uuid[] := '{}';
  returned int := 0;
  grace int := 0;
  expired int := 0;
BEGIN
  IF NOT ledger_claim(call, coalesce(call->>'part', 'return')) THEN RETURN NULL; END IF;
  FOR used IN SELECT * FROM lot_use WHERE member_id = member AND effect_kind = call->>'kind' AND effect_source = call->>'sourceId'
      AND lot_use.returned < lot_use.points ORDER BY expires_at, lot_id LOOP
    EXIT WHEN owed = 0;
    used.points := least(used.points - used.returned, owed);
    owed := owed - used.points;
    UPDATE lot_use SET returned = lot_use.returned + used.points WHERE member_id = member AND effect_kind = used.effect_kind
      AND effect_source = used.effect_source AND lot_id = used.lot_id;
    IF used.expires_at >= now_at THEN
      back := ledger_refill(call, used, used.expires_at);
      returned := returned + used.points;
    ELSIF used.origin_lot_id = ANY (graced)
        OR ledger_claim(call || jsonb_build_object('kind', 'grace', 'sourceId', used.origin_lot_id), 'lot') THEN
      graced := graced || used.origin_lot_id;
      back := ledger_refill(call, used, (call->>'graceUntil')::timestamptz);
      grace := grace + used.points;
    ELSE
      back := ledger_refill(call, used, used.expires_at);
      PERFORM ledger_end_refill(call, used.points, back);
      expired := expired + used.points;
      CONTINUE;
    END IF;
    PERFORM ledger_pay_debt(member, back, now_at);
  END LOOP;
  SELECT * INTO own FROM account WHERE member_id = member;
  RETURN jsonb_build_object('returned', returned, 'grace', grace, 'expired', expired, 'available', own.available_points);
END $$;

-- Points that come back after their end: they go at once, but not before they came.
CREATE OR REPLACE FUNCTION ledger_end_refill(call jsonb, points int, into_lot uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
BEGIN
  UPDATE lot SET remaining = remaining - points WHERE member_id = member AND lot_id = into_lot;
  UPDATE account SET available_points = available_points - points WHERE member_id = member;
  PERFORM ledger_move(call || '{"detail": {}}', 'points', 'member:available', 'programme:expired', points, into_lot, 'expired');
END $$;

-- Puts points back into the lot they came from; into a new one of the same origin where that lot ended or moved.
CREATE OR REPLACE FUNCTION ledger_refill(call jsonb, used lot_use, ends_at timestamptz) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  into_lot uuid := used.lot_id;
BEGIN
  UPDATE lot SET remaining = remaining + used.points
    WHERE member_id = used.member_id AND lot_id = into_lot AND expires_at = ends_at AND remaining + used.points <= earned;
  IF NOT FOUND THEN
    into_lot := uuid_v7(now_at);
    INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
      VALUES (used.member_id, into_lot, used.origin_lot_id, 'active', used.points, used.points,
              least(used.active_at, now_at), ends_at, call->>'kind', call->>'sourceId');
  END IF;
  UPDATE account SET available_points = available_points + used.points WHERE member_id = used.member_id;
  PERFORM ledger_move(call || jsonb_build_object('detail', coalesce(call->'detail', '{}') || jsonb_build_object('expiresAt', iso_text(ends_at))),
    'points', 'programme:spent', 'member:available', used.points, into_lot,
    CASE WHEN ends_at > used.expires_at THEN 'grace' ELSE call->>'reason' END);
  RETURN into_lot;
END $$;

-- Takes back what a source had awarded: its own lot first, pending or active, then other active lots, then visible debt.
-- Growth goes back as far as the account still holds it. What is taken back in several parts names each; 'take_back' is the last.
-- {memberId, at, kind, sourceId, part?, points, growth, earnedAt, reason, detail} → {pending, available, debt, growth, growthAfter}, or NULL when done before.
CREATE OR REPLACE FUNCTION ledger_take_back(call jsonb) RETURNS jsonb
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  own account := ledger_hold(member, (call->>'at')::timestamptz);
  owed int := (call->>'points')::int;
  grown int := least((call->>'growth')::int, own.growth);
  giving lot;
  part int;
  from_pending int := 0;
  from_available int := 0;
BEGIN
  IF NOT ledger_claim(call, coalesce(call->>'part', 'take_back')) THEN RETURN NULL; END IF;
  FOR giving IN SELECT * FROM lot WHERE member_id = member AND remaining > 0
      AND (state = 'active' OR (effect_kind = call->>'kind' AND effect_source = call->>'sourceId'))
      ORDER BY (effect_kind = call->>'kind' AND effect_source = call->>'sourceId') DESC, expires_at, lot_id LOOP
    EXIT WHEN owed = 0;
    part := least(owed, giving.remaining);
    UPDATE lot SET remaining = remaining - part WHERE member_id = member AND lot_id = giving.lot_id;
    PERFORM ledger_move(call, 'points', CASE giving.state WHEN 'pending' THEN 'member:pending' ELSE 'member:available' END,
      'programme:issued', part, giving.lot_id, call->>'reason');
    IF giving.state = 'pending' THEN from_pending := from_pending + part; ELSE from_available := from_available + part; END IF;
    owed := owed - part;
  END LOOP;
  IF owed > 0 THEN PERFORM ledger_move(call, 'points', 'member:debt', 'programme:issued', owed, NULL, call->>'reason'); END IF;
  IF grown > 0 THEN PERFORM ledger_move(call, 'growth', 'member:growth', 'programme:issued', grown, NULL, call->>'reason'); END IF;
  UPDATE account SET pending_points = pending_points - from_pending, available_points = available_points - from_available,
      debt_points = debt_points + owed, growth = growth - grown WHERE member_id = member;
  RETURN jsonb_build_object('pending', from_pending, 'available', from_available, 'debt', owed, 'growth', grown,
    'growthAfter', own.growth - grown);
END $$;

-- Takes back what one lot still holds, wherever its points have moved or come back to; never other points, never debt.
-- Run again, it finds nothing. {memberId, at, kind, sourceId, originLotId, reason, detail} → {taken}
CREATE OR REPLACE FUNCTION ledger_take_lot(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  own account := ledger_hold(member, (call->>'at')::timestamptz);
  giving lot;
  taken int := 0;
BEGIN
  FOR giving IN SELECT * FROM lot WHERE member_id = own.member_id AND origin_lot_id = (call->>'originLotId')::uuid AND state = 'active'
      AND remaining > 0 LOOP
    UPDATE lot SET remaining = 0 WHERE member_id = member AND lot_id = giving.lot_id;
    PERFORM ledger_move(call, 'points', 'member:available', 'programme:issued', giving.remaining, giving.lot_id, call->>'reason');
    taken := taken + giving.remaining;
  END LOOP;
  UPDATE account SET available_points = available_points - taken WHERE member_id = member AND taken > 0;
  RETURN jsonb_build_object('taken', taken);
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
    PERFORM mall_from_reserve(r, held.member_id, false, 'GIFT_GONE', (call->>'at')::timestamptz) FROM reward r WHERE r.reward_id = held.reward_id;
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
-- {request, staffId, memberId, visitId, pickupCode, at} → {done: {…, followUp? (a coupon that came along)}} | {fault} (a wrong code
-- stays in the audit)
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
  follow jsonb;
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
  IF given.given_id IS NOT NULL THEN
    follow := gift_follow(jsonb_build_object('memberId', member, 'givenId', given.given_id, 'at', call->'at'));
  END IF;
  PERFORM audit_append(entry || jsonb_build_object('verb', 'mall.handOver', 'subject', given.redemption_id));
  RETURN request_end(call->'request', jsonb_build_object('done', jsonb_build_object('title', given.title,
    'art', (SELECT art FROM reward WHERE reward_id = given.reward_id), 'pieceNo', given.piece_no, 'pickedUpAt', call->'at')
      || CASE WHEN follow IS NULL THEN '{}' ELSE jsonb_build_object('followUp', follow - 'couponId') END));
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

-- Cancels a redemption that is held: points to their lots, the share of the limit, rights and the piece back, a kept piece to its
-- reserve.
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
  -- before the stock, as for who takes one
  IF held.reserve_right_id IS NOT NULL THEN
    UPDATE right_reserve SET pieces_left = pieces_left + 1 WHERE right_id = held.reserve_right_id AND reward_id = held.reward_id;
    PERFORM right_give_back(held.member_id, held.reserve_right_id, held.reserve_period);
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

-- Pieces of a reward that are kept for who has the right to them. Protects I-M1: what is kept goes to nobody else before its time.

-- Whether all that is left is kept for others than this member.
CREATE OR REPLACE FUNCTION mall_only_kept(item reward, member uuid, now_at timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
  kept right_reserve;
BEGIN
  SELECT * INTO kept FROM right_reserve WHERE reward_id = item.reward_id AND until > now_at AND pieces_left > 0;
  IF NOT FOUND OR mall_left(item) > kept.pieces_left THEN RETURN false; END IF;
  RETURN NOT EXISTS (SELECT 1 FROM right_of_kind(member, 'limited_edition', now_at) own WHERE own.right_id = kept.right_id AND NOT own.used_up);
END $$;

-- Pieces that are kept for holders of a right, until they are everybody's. Whoever takes a piece of such a reward passes one by one
-- here, since how many there are besides is a sum that no single row knows. Who has the right takes a kept one while there is one,
-- and uses the right by it; everybody else may take what is not kept. → {rightId, rightPeriod} of a kept one, else NULL
-- Refuses what `gone` says. Call it before any stock is taken: whoever holds the row waits for nobody.
CREATE OR REPLACE FUNCTION mall_from_reserve(item reward, member uuid, may_use boolean, gone text, now_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  kept right_reserve;
  counted text;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM right_reserve WHERE reward_id = item.reward_id AND until > now_at) THEN RETURN NULL; END IF;
  SELECT * INTO kept FROM right_reserve WHERE reward_id = item.reward_id FOR UPDATE;
  IF may_use AND kept.pieces_left > 0 AND EXISTS (SELECT 1 FROM right_of_kind(member, 'limited_edition', now_at)
      WHERE right_id = kept.right_id) THEN
    counted := right_use(member, kept.right_id, now_at);
    IF counted IS NOT NULL THEN
      UPDATE right_reserve SET pieces_left = pieces_left - 1 WHERE right_id = kept.right_id;
      RETURN jsonb_build_object('rightId', kept.right_id, 'rightPeriod', counted);
    END IF;
  END IF;
  IF mall_left(item) <= kept.pieces_left THEN PERFORM refuse(gone); END IF;
  RETURN NULL;
END $$;

-- What there is in the points mall, for the page, the search and the home screen; nothing is decided here. Lists are bounded.

-- A text as a search compares it, the same as foldText of the rules: full-width forms plain, no spaces, A–Z small.
CREATE OR REPLACE FUNCTION mall_fold(words text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT lower(replace(normalize(words, NFKC), ' ', '') COLLATE "C") $$;

-- Whether each of the words is in one of the texts.
CREATE OR REPLACE FUNCTION mall_found(words jsonb, texts text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT NOT EXISTS (SELECT 1 FROM jsonb_array_elements_text(words) word
    WHERE NOT EXISTS (SELECT 1 FROM unnest(texts) held WHERE strpos(held, word) > 0))
$$;

-- How many are left; NULL without limit. The codes of a partner are their own stock.
CREATE OR REPLACE FUNCTION mall_left(item reward) RETURNS int
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF item.kind = 'partner_code' THEN
    RETURN (SELECT count(*) FROM reward_code WHERE reward_id = item.reward_id AND member_id IS NULL);
  END IF;
  IF item.stock_total IS NULL THEN RETURN NULL; END IF;
  IF item.numbered THEN
    RETURN (SELECT count(*) FROM reward_piece WHERE reward_id = item.reward_id AND member_id IS NULL);
  END IF;
  RETURN (SELECT coalesce(sum(remaining), 0) FROM reward_stock WHERE reward_id = item.reward_id);
END $$;

-- What is kept of a reward for holders of a right, whether or not that is over; NULL where nothing ever was.
CREATE OR REPLACE FUNCTION mall_reserve(which text) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT json_build_object('rightId', right_id, 'pieces', pieces_left, 'until', iso_text(until)) FROM right_reserve WHERE reward_id = which
$$;

-- The wanted rewards in the order given, with what one reader has to do with them.
CREATE OR REPLACE FUNCTION mall_shelf(me uuid, wanted text[]) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT coalesce(json_agg(json_build_object('rewardId', r.reward_id, 'title', r.title, 'subtitle', r.subtitle,
      'art', r.art, 'keywords', r.keywords, 'kind', r.kind, 'points', r.points, 'marketFen', r.market_fen, 'tierGate', r.tier_gate,
      'perPersonLimit', r.per_person_limit, 'stockTotal', r.stock_total, 'left', mall_left(r), 'reserve', mall_reserve(r.reward_id), 'numbered', r.numbered,
      'publicAt', iso_text(r.public_at), 'earlyHours', r.early_hours, 'endsAt', iso_text(r.ends_at),
      'prepareHours', r.prepare_hours, 'pickupDays', r.pickup_days, 'rules', r.rules, 'takenByMe', coalesce(q.taken, 0),
      'favourite', f.reward_id IS NOT NULL) ORDER BY w.place), '[]')
    FROM unnest(wanted) WITH ORDINALITY w (id, place) JOIN reward r ON r.reward_id = w.id
      LEFT JOIN reward_quota q ON q.member_id = me AND q.reward_id = r.reward_id
      LEFT JOIN reward_favourite f ON f.member_id = me AND f.reward_id = r.reward_id);
END $$;

-- All that the mall's page reads, in one round trip; without a member for guests. With words: what they find, titles first;
-- with a reward: that one while it is listed, however long it has been over.
-- {memberId, at, limit, words?, rewardId?} → {account, tier, rights, own, rewards}
CREATE OR REPLACE FUNCTION mall_list(call jsonb) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  words jsonb := call->'words';
  which text := call->>'rewardId';
  wanted text[];
BEGIN
  IF which IS NOT NULL THEN
    wanted := ARRAY(SELECT r.reward_id FROM reward r WHERE r.reward_id = which AND r.listed);
  ELSE
    wanted := ARRAY(SELECT r.reward_id FROM reward r
      WHERE r.listed AND (r.ends_at IS NULL OR r.ends_at > now_at - interval '7 days')
        AND (words IS NULL OR mall_found(words, ARRAY[mall_fold(r.title), mall_fold(r.subtitle), mall_fold(r.keywords)]))
      ORDER BY coalesce(r.ends_at <= now_at, false), words IS NOT NULL AND NOT mall_found(words, ARRAY[mall_fold(r.title)]),
        r.position, r.reward_id LIMIT (call->>'limit')::int);
  END IF;
  RETURN json_build_object(
    'account', (SELECT json_build_object('points', available_points, 'debtPoints', debt_points) FROM account WHERE member_id = me),
    'tier', (SELECT tier FROM standing WHERE member_id = me),
    'rights', right_rows(now_at),
    'own', right_own(me, now_at),
    'rewards', mall_shelf(me, wanted));
END $$;

-- Keeps an eye on a reward, or no longer. {request, memberId, rewardId, on, at} → {rewardId, favourite}; refuses NOT_FOUND, BUSY.
CREATE OR REPLACE FUNCTION mall_favour(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  which text := call->>'rewardId';
  known jsonb := request_begin(call->'request');
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  IF (call->>'on')::boolean THEN
    IF NOT EXISTS (SELECT 1 FROM reward WHERE reward_id = which AND listed) THEN
      PERFORM refuse('NOT_FOUND', '{"noun": "reward"}');
    END IF;
    INSERT INTO reward_favourite (member_id, reward_id, at) VALUES (member, which, (call->>'at')::timestamptz) ON CONFLICT DO NOTHING;
  ELSE
    DELETE FROM reward_favourite WHERE member_id = member AND reward_id = which;
  END IF;
  RETURN request_end(call->'request', jsonb_build_object('rewardId', which, 'favourite', call->'on'));
END $$;

-- The exchange of the points mall. Protects: I-M1 (a slot, a piece or a code is taken by the write that decides, CHECKs and
-- keys behind it), I-M2 (points and redemption in one statement), I-R1 (who comes early uses a right, and so does who takes what is kept), I-L5 (request, effect).
-- The rules are those of shared/src/mall.ts; a test asks both.

-- Exchanges points for a reward. {request, memberId, redemptionId, rewardId, points, at} → {redemption, pointsAfter}
-- Refuses NOT_FOUND, REWARD_CHANGED, REWARD_OVER, REWARD_NOT_OPEN, RIGHT_USED_UP, TIER_NEEDED, REWARD_LIMIT,
-- REWARD_GONE, IN_DEBT, POINTS_SHORT, BUSY.
CREATE OR REPLACE FUNCTION mall_exchange(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  known jsonb := request_begin(call->'request');
  item reward;
  used_right jsonb;
  spent jsonb;
  placed redemption;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  SELECT * INTO item FROM reward WHERE reward_id = call->>'rewardId' AND listed;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "reward"}'); END IF;
  used_right := mall_let_in(member, item, call);
  spent := ledger_spend(jsonb_build_object('memberId', member, 'at', call->'at', 'kind', 'redemption',
    'sourceId', call->'redemptionId', 'points', item.points, 'reason', 'exchange',
    'detail', jsonb_build_object('title', item.title)));
  placed := mall_place(item, jsonb_build_object('memberId', member, 'redemptionId', call->'redemptionId', 'at', call->'at',
    'origin', 'mall', 'points', item.points) || used_right);
  RETURN request_end(call->'request', jsonb_build_object(
    'redemption', mall_row(placed, item), 'pointsAfter', spent->'available'));
END $$;

-- Whether this member may have this reward now, and takes their share of the limit. The member is held.
-- → {rightId, rightPeriod} of the right that was used to come early, else {}
CREATE OR REPLACE FUNCTION mall_let_in(member uuid, item reward, call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  used_right jsonb := '{}';
BEGIN
  IF item.points <> (call->>'points')::int THEN
    PERFORM refuse('REWARD_CHANGED', jsonb_build_object('points', item.points));
  END IF;
  IF item.ends_at <= now_at THEN PERFORM refuse('REWARD_OVER'); END IF;
  IF item.public_at > now_at THEN used_right := mall_come_early(member, item, now_at); END IF;
  IF (SELECT tier FROM standing WHERE member_id = member) < item.tier_gate THEN
    PERFORM refuse('TIER_NEEDED', jsonb_build_object('tier', item.tier_gate));
  END IF;
  INSERT INTO reward_quota (member_id, reward_id, taken) VALUES (member, item.reward_id, 1)
    ON CONFLICT (member_id, reward_id) DO UPDATE SET taken = reward_quota.taken + 1
      WHERE item.per_person_limit IS NULL OR reward_quota.taken < item.per_person_limit;
  IF NOT FOUND THEN PERFORM refuse('REWARD_LIMIT', jsonb_build_object('limit', item.per_person_limit)); END IF;
  -- saves the way to the last slot when everything is gone; the slot itself decides
  IF NOT mall_any_left(item) OR mall_only_kept(item, member, now_at) THEN PERFORM refuse('REWARD_GONE'); END IF;
  RETURN used_right;
END $$;

-- Uses a right of early access once: one without limit first, then the one that reaches least far. → {rightId, rightPeriod}
-- Refuses REWARD_NOT_OPEN, or RIGHT_USED_UP when only rights that are used up would open it by now.
CREATE OR REPLACE FUNCTION mall_come_early(member uuid, item reward, now_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own record;
  counted text;
  opens_at timestamptz;
  some_left boolean;
  spent boolean;
  back_at timestamptz;
BEGIN
  IF item.early_hours IS NULL THEN
    PERFORM refuse('REWARD_NOT_OPEN', jsonb_build_object('opensAt', iso_text(item.public_at)));
  END IF;
  FOR own IN SELECT * FROM right_of_kind(member, 'early_access', now_at)
      WHERE item.public_at - make_interval(hours => least(hours, item.early_hours)) <= now_at
      ORDER BY limited, hours, place, right_id LOOP
    counted := right_use(member, own.right_id, now_at);
    IF counted IS NOT NULL THEN RETURN jsonb_build_object('rightId', own.right_id, 'rightPeriod', counted); END IF;
  END LOOP;
  SELECT min(usable) FILTER (WHERE in_time), bool_or(in_time AND NOT used_up), bool_or(used_up AND opens <= now_at),
      min(h.back_at) FILTER (WHERE used_up AND opens <= now_at)
    INTO opens_at, some_left, spent, back_at
    FROM (SELECT held.*, usable < item.public_at AND (ends_at IS NULL OR usable < ends_at) AS in_time FROM (
      SELECT r.*, public_from.opens, CASE WHEN NOT r.used_up THEN opens WHEN r.back_at IS NOT NULL THEN greatest(opens, r.back_at) END AS usable
        FROM right_of_kind(member, 'early_access', now_at) r,
          LATERAL (SELECT item.public_at - make_interval(hours => least(r.hours, item.early_hours)) AS opens) public_from) held) h;
  IF spent AND NOT some_left THEN PERFORM refuse('RIGHT_USED_UP', jsonb_build_object('backAt', iso_text(back_at))); END IF;
  PERFORM refuse('REWARD_NOT_OPEN', jsonb_build_object('opensAt', iso_text(coalesce(opens_at, item.public_at))));
END $$;

CREATE OR REPLACE FUNCTION mall_any_left(item reward) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF item.kind = 'partner_code' THEN
    RETURN EXISTS (SELECT 1 FROM reward_code WHERE reward_id = item.reward_id AND member_id IS NULL);
  END IF;
  IF item.stock_total IS NULL THEN RETURN true; END IF;
  IF item.numbered THEN
    RETURN EXISTS (SELECT 1 FROM reward_piece WHERE reward_id = item.reward_id AND member_id IS NULL);
  END IF;
  RETURN EXISTS (SELECT 1 FROM reward_stock WHERE reward_id = item.reward_id AND remaining > 0);
END $$;

-- Writes a redemption. What many want at once, coupon template and stock, is taken last and held shortest.
-- {memberId, redemptionId, at, origin, points, givenId, days, rightId, rightPeriod}
CREATE OR REPLACE FUNCTION mall_place(item reward, call jsonb) RETURNS redemption
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  id uuid := (call->>'redemptionId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  ready_at timestamptz := now_at + make_interval(hours => item.prepare_hours);
  pickup_by timestamptz := mall_pickup_by(ready_at, coalesce((call->>'days')::int, item.pickup_days));
  at_once boolean := item.kind IN ('coupon', 'partner_code');
  coupon jsonb;
  gone text := CASE call->>'origin' WHEN 'gift' THEN 'GIFT_GONE' ELSE 'REWARD_GONE' END;
  kept jsonb;
  slot int;
  piece int;
  placed redemption;
BEGIN
  IF at_once THEN
    ready_at := now_at;
    IF item.kind = 'coupon' THEN
      coupon := mall_grant(item, call);
      pickup_by := (coupon->>'expiresAt')::timestamptz;
    END IF;
  ELSIF item.prepare_hours = 0 THEN
    PERFORM mall_draw_code(member, id);
  END IF;
  kept := mall_from_reserve(item, member, call->>'origin' = 'mall', gone, now_at);
  IF item.kind = 'partner_code' THEN PERFORM mall_take_code(item.reward_id, member, id, gone);
  ELSIF item.numbered THEN piece := mall_take_piece(item.reward_id, member, id, gone);
  ELSIF item.stock_total IS NOT NULL THEN slot := mall_take_slot(item.reward_id, gone);
  END IF;
  INSERT INTO redemption (member_id, redemption_id, reward_id, origin, given_id, title, points, state, piece_no, slot, coupon_id,
      right_id, right_period, reserve_right_id, reserve_period, placed_at, ready_at, pickup_by, finished_at)
    VALUES (member, id, item.reward_id, call->>'origin', (call->>'givenId')::uuid, item.title, (call->>'points')::int,
      CASE WHEN at_once THEN 'done' WHEN item.prepare_hours = 0 THEN 'ready' ELSE 'placed' END, piece, slot,
      (coupon->>'couponId')::uuid, call->>'rightId', call->>'rightPeriod', kept->>'rightId', kept->>'rightPeriod', now_at, ready_at, pickup_by,
      CASE WHEN at_once THEN now_at END) RETURNING * INTO placed;
  RETURN placed;
END $$;

-- The coupon that a reward is. Its template's own limits are the reward's, too.
CREATE OR REPLACE FUNCTION mall_grant(item reward, call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  coupon jsonb := coupon_grant(jsonb_build_object('memberId', call->'memberId', 'templateId', item.coupon_template_id,
    'at', call->'at', 'kind', 'redemption', 'sourceId', call->'redemptionId'));
BEGIN
  CASE coupon->>'refused'
    WHEN 'COUPON_LIMIT' THEN PERFORM refuse('REWARD_LIMIT', coupon->'detail');
    WHEN 'COUPON_GONE' THEN PERFORM refuse('REWARD_GONE');
    ELSE IF coupon ? 'refused' THEN PERFORM refuse('REWARD_OVER'); END IF;
  END CASE;
  RETURN coupon;
END $$;

-- Until somebody who holds one of the last has gone on. Asking again, never waiting for a row: one that was emptied in the
-- meantime stays locked by whoever looked at it, and two who wait could each hold what the other waits for. Whoever holds it for
-- seconds may be gone without the database's knowledge: asking for ever would use up the connections. Refuses BUSY then.
CREATE OR REPLACE FUNCTION mall_pause(since timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF clock_timestamp() > since + interval '5 seconds' THEN PERFORM refuse('BUSY'); END IF;
  PERFORM pg_sleep(0.001 + random() * 0.003);
END $$;

-- Takes one of a slot that nobody holds, starting anywhere; asks again while all are held. Refuses what `gone` says.
CREATE OR REPLACE FUNCTION mall_take_slot(which text, gone text) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  start int := floor(random() * 64);
  taken int;
  since timestamptz := clock_timestamp();
BEGIN
  LOOP
    SELECT slot INTO taken FROM reward_stock WHERE reward_id = which AND remaining > 0
      ORDER BY (slot + start) % 64 LIMIT 1 FOR UPDATE SKIP LOCKED;
    EXIT WHEN FOUND;
    IF NOT EXISTS (SELECT 1 FROM reward_stock WHERE reward_id = which AND remaining > 0) THEN PERFORM refuse(gone); END IF;
    PERFORM mall_pause(since);
  END LOOP;
  UPDATE reward_stock SET remaining = remaining - 1 WHERE reward_id = which AND slot = taken;
  RETURN taken;
END $$;

-- Takes the lowest piece that nobody holds, in the same way.
CREATE OR REPLACE FUNCTION mall_take_piece(which text, member uuid, id uuid, gone text) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  taken int;
  since timestamptz := clock_timestamp();
BEGIN
  LOOP
    SELECT piece_no INTO taken FROM reward_piece WHERE reward_id = which AND member_id IS NULL
      ORDER BY piece_no LIMIT 1 FOR UPDATE SKIP LOCKED;
    EXIT WHEN FOUND;
    IF NOT EXISTS (SELECT 1 FROM reward_piece WHERE reward_id = which AND member_id IS NULL) THEN PERFORM refuse(gone); END IF;
    PERFORM mall_pause(since);
  END LOOP;
  UPDATE reward_piece SET member_id = member, redemption_id = id WHERE reward_id = which AND piece_no = taken;
  RETURN taken;
END $$;

-- Takes a code of the partner that nobody has, in the same way; sealed it stays.
CREATE OR REPLACE FUNCTION mall_take_code(which text, member uuid, id uuid, gone text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  taken int;
  since timestamptz := clock_timestamp();
BEGIN
  LOOP
    SELECT code_no INTO taken FROM reward_code WHERE reward_id = which AND member_id IS NULL
      ORDER BY code_no LIMIT 1 FOR UPDATE SKIP LOCKED;
    EXIT WHEN FOUND;
    IF NOT EXISTS (SELECT 1 FROM reward_code WHERE reward_id = which AND member_id IS NULL) THEN PERFORM refuse(gone); END IF;
    PERFORM mall_pause(since);
  END LOOP;
  UPDATE reward_code SET member_id = member, redemption_id = id WHERE reward_id = which AND code_no = taken;
END $$;

-- The last millisecond of the business day, `days` after the one it is ready on.
CREATE OR REPLACE FUNCTION mall_pickup_by(ready_at timestamptz, days int) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT (date_trunc('day', ready_at AT TIME ZONE 'Asia/Shanghai') + make_interval(days => days + 1))
    AT TIME ZONE 'Asia/Shanghai' - interval '1 millisecond'
$$;

-- A redemption as its owner sees it; the code of the counter only while it can be picked up, that of a partner sealed.
CREATE OR REPLACE FUNCTION mall_row(r redemption, item reward) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  store_name text;
  pickup_code text;
  partner_code text;
  right_title text;
BEGIN
  IF r.store_id IS NOT NULL THEN store_name := (SELECT name FROM store WHERE store_id = r.store_id); END IF;
  IF r.state = 'ready' THEN
    pickup_code := (SELECT code FROM pickup_code c WHERE c.member_id = r.member_id AND c.redemption_id = r.redemption_id);
  END IF;
  IF item.kind = 'partner_code' THEN
    partner_code := (SELECT encode(sealed, 'base64') FROM reward_code c WHERE c.redemption_id = r.redemption_id AND c.member_id = r.member_id);
  END IF;
  IF r.right_id IS NOT NULL THEN right_title := (SELECT title FROM member_right WHERE right_id = r.right_id); END IF;
  RETURN jsonb_build_object('redemptionId', r.redemption_id, 'rewardId', r.reward_id, 'title', r.title, 'art', item.art,
    'kind', item.kind, 'origin', r.origin, 'points', r.points, 'state', r.state, 'cancelReason', r.cancel_reason,
    'pieceNo', r.piece_no, 'stockTotal', item.stock_total, 'placedAt', iso_text(r.placed_at), 'readyAt', iso_text(r.ready_at),
    'pickupBy', iso_text(r.pickup_by), 'finishedAt', iso_text(r.finished_at), 'couponId', r.coupon_id,
    'storeName', store_name, 'pickupCode', pickup_code, 'partnerSealed', partner_code, 'rightTitle', right_title, 'back', r.back);
END $$;

CREATE OR REPLACE FUNCTION mall_shown(owner uuid, id uuid) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT mall_row(r, item) FROM redemption r JOIN reward item USING (reward_id) WHERE r.member_id = owner AND r.redemption_id = id
$$;

-- One redemption of a member, or NULL. {memberId, redemptionId}
CREATE OR REPLACE FUNCTION mall_redemption(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$ SELECT mall_shown((call->>'memberId')::uuid, (call->>'redemptionId')::uuid) $$;

-- A member's redemptions, newest first. {memberId, before, limit} → [redemption]
CREATE OR REPLACE FUNCTION mall_redemptions(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(mall_row(page, item) ORDER BY page.redemption_id DESC), '[]') FROM (
    SELECT * FROM redemption WHERE member_id = (call->>'memberId')::uuid
        AND (call->>'before' IS NULL OR redemption_id < (call->>'before')::uuid)
      ORDER BY redemption_id DESC LIMIT (call->>'limit')::int) page JOIN reward item USING (reward_id)
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
  UPDATE member SET name_sealed = NULL, birth_month = NULL, birth_day = NULL, birth_set_at = NULL, member_no = '8000000000000000', join_link = NULL,
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
      birth_set_at = CASE WHEN birth_month IS NULL THEN other.birth_set_at ELSE birth_set_at END,
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
        THEN NULL ELSE own.birth_day END,
      birth_set_at = CASE WHEN (moved->>'birthday')::boolean AND own.birth_month = other.birth_month AND own.birth_day = other.birth_day
        THEN NULL ELSE own.birth_set_at END
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

-- What tills took without a network. Protects I-S2: an entry is claimed by (store, till, sequence) under a lock, the primary key
-- behind it, and its first outcome is every later one's answer; and I-S1: a code that has opened a visit settles nothing more.
-- Locks in one order: entry, tablet, member, phone, audit chain; a scan at the counter and a merge take them in the same one.

-- A tablet for a till of the own store. Its numbers begin where no till system and no earlier tablet of that till counts:
-- {first} for the first one, {room} further for each after it. {request, staffId, tillId, tabletId, label, at, first, room}
CREATE OR REPLACE FUNCTION offline_enrol_tablet(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  own staff;
  from_number bigint;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := offline_manager(call);
  PERFORM 1 FROM till WHERE store_id = own.store_id AND till_id = call->>'tillId' FOR UPDATE;
  IF EXISTS (SELECT 1 FROM tablet WHERE store_id = own.store_id AND till_id = call->>'tillId' AND revoked_at IS NULL) THEN
    PERFORM refuse('TABLET_TAKEN');
  END IF;
  SELECT coalesce(max(first_sequence) + (call->>'room')::bigint, (call->>'first')::bigint) INTO from_number
    FROM tablet WHERE store_id = own.store_id AND till_id = call->>'tillId';
  INSERT INTO tablet (tablet_id, store_id, till_id, label, first_sequence, enrolled_by, enrolled_at)
    VALUES ((call->>'tabletId')::uuid, own.store_id, call->>'tillId', call->>'label', from_number, own.member_id, (call->>'at')::timestamptz);
  PERFORM offline_audit(call, own, 'tablet.enrol', call->>'tabletId');
  RETURN request_end(call->'request', jsonb_build_object('tabletId', call->'tabletId', 'firstSequence', from_number));
END $$;

CREATE OR REPLACE FUNCTION offline_manager(call jsonb) RETURNS staff
LANGUAGE plpgsql STABLE AS $$
DECLARE
  own staff := staff_at_till((call->>'staffId')::uuid, call->>'tillId');
BEGIN
  IF own.role = 'clerk' THEN PERFORM refuse('ROLE_NEEDED', '{"role": "manager"}'); END IF;
  RETURN own;
END $$;

CREATE OR REPLACE FUNCTION offline_audit(call jsonb, own staff, verb text, subject text) RETURNS void
LANGUAGE sql AS $$
  SELECT audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id, 'verb', verb,
    'subject', subject, 'bodyHash', coalesce(call->'request'->>'bodyHash', call->>'bodyHash')))
$$;

-- Ends a tablet of the own store, at once; again changes nothing. {request, staffId, tabletId, at} → {done}
CREATE OR REPLACE FUNCTION offline_revoke_tablet(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  own staff;
  gone tablet;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := offline_manager(call);
  SELECT * INTO gone FROM tablet WHERE tablet_id = (call->>'tabletId')::uuid AND store_id = own.store_id FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "tablet"}'); END IF;
  IF gone.revoked_at IS NULL THEN
    UPDATE tablet SET revoked_at = (call->>'at')::timestamptz, revoked_by = own.member_id WHERE tablet_id = gone.tablet_id;
    PERFORM offline_audit(call, own, 'tablet.revoke', call->>'tabletId');
  END IF;
  RETURN request_end(call->'request', '{"done": true}');
END $$;

-- One entry, once. {clash} is what the rules have against it already; the rest is judged under the locks. What is settled is so at
-- {at}, for whoever holds the phone by now; {along} are the handlers of other nouns. BUSY when the member has just been merged.
-- {staffId | keyId, tillId, tabletId?, sequence, bodyHash, memberId, handle, step, shownAt, clash, amountFen, soldAt, at, visitId, orderId,
--  orderNo, points, growth, activeAt, expiresAt, validUntil, ladder, along} → {sequence, state, clash?, orderNo?, points?}
CREATE OR REPLACE FUNCTION offline_take(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own staff := at_till(call, call->>'tillId');
  was offline_order;
  against text := call->>'clash';
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(concat_ws('|', 'offline', own.store_id, call->>'tillId', call->>'sequence'), 0));
  SELECT * INTO was FROM offline_order
    WHERE store_id = own.store_id AND till_id = call->>'tillId' AND sequence = (call->>'sequence')::bigint;
  IF FOUND THEN
    IF was.body_hash = call->>'bodyHash' THEN RETURN offline_outcome(was); END IF;
    RETURN jsonb_build_object('sequence', was.sequence, 'state', 'clash', 'clash', 'sequence_reused');
  END IF;
  IF EXISTS (SELECT 1 FROM tablet WHERE tablet_id = (call->>'tabletId')::uuid
      AND revoked_at < greatest((call->>'soldAt')::timestamptz, (call->>'shownAt')::timestamptz) FOR SHARE) THEN
    against := coalesce(against, 'tablet_revoked');
  END IF;
  against := coalesce(offline_phone_clash(call || jsonb_build_object('clash', against)), against);
  IF against IS NULL THEN PERFORM offline_settle(call, own, true); ELSE
    -- spent by the clash, too: digits that were tried here never open a visit
    UPDATE device_handle SET last_step = greatest(last_step, (call->>'step')::bigint) WHERE handle = call->>'handle';
  END IF;
  INSERT INTO offline_order (store_id, till_id, sequence, source_id, body_hash, handle, step, amount_fen, sold_at, received_at, state, clash,
                             order_id, order_no, points)
    SELECT own.store_id, call->>'tillId', (call->>'sequence')::bigint, coalesce((call->>'tabletId')::uuid, own.member_id), call->>'bodyHash',
        call->>'handle', (call->>'step')::bigint, (call->>'amountFen')::int, (call->>'soldAt')::timestamptz, (call->>'at')::timestamptz,
        CASE WHEN against IS NULL THEN 'settled' ELSE 'clash' END, against,
        CASE WHEN against IS NULL THEN (call->>'orderId')::uuid END, CASE WHEN against IS NULL THEN call->>'orderNo' END,
        CASE WHEN against IS NULL THEN (call->>'points')::int END
    RETURNING * INTO was;
  PERFORM offline_audit(call, own, CASE WHEN against IS NULL THEN 'offline.settle' ELSE 'offline.clash' END,
    coalesce(was.order_id::text, was.till_id || ':' || was.sequence));
  RETURN offline_outcome(was);
END $$;

-- Holds the member and the phone that showed the code. What stands against it comes before every other clash only where there is
-- nobody any more: that one cannot be settled by a decision either.
CREATE OR REPLACE FUNCTION offline_phone_clash(call jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  phone device_handle;
BEGIN
  IF call->>'handle' IS NULL THEN RETURN call->>'clash'; END IF;
  IF NOT visit_hold_member((call->>'memberId')::uuid) THEN RETURN 'member_unknown'; END IF;
  SELECT * INTO phone FROM device_handle WHERE handle = call->>'handle' FOR UPDATE;
  IF NOT FOUND THEN RETURN 'member_unknown'; END IF;
  IF phone.member_id <> (call->>'memberId')::uuid THEN PERFORM refuse('BUSY'); END IF;
  IF call->>'clash' IS NOT NULL THEN RETURN NULL; END IF;
  IF phone.revoked_at < (call->>'shownAt')::timestamptz THEN RETURN 'phone_removed'; END IF;
  RETURN CASE WHEN EXISTS (SELECT 1 FROM visit WHERE handle = phone.handle AND step = (call->>'step')::bigint) THEN 'code_used' END;
END $$;

-- Writes the visit that was and its order; the member and the phone are held. The phone's newest step never moves back, so a late
-- entry forbids nothing and a code that was taken offline opens nothing at a counter. {by_code}: the code counts as spent by it.
CREATE OR REPLACE FUNCTION offline_settle(call jsonb, own staff, by_code boolean) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  stood_at timestamptz := least((call->>'soldAt')::timestamptz, now_at);
  phone device_handle;
  earned jsonb;
  raised jsonb;
BEGIN
  UPDATE device_handle SET last_step = CASE WHEN by_code THEN greatest(last_step, (call->>'step')::bigint) ELSE last_step END
    WHERE handle = call->>'handle' RETURNING * INTO phone;
  UPDATE device SET last_used_at = greatest(last_used_at, stood_at) WHERE member_id = member AND device_id = phone.device_id;
  UPDATE member m SET last_active_at = greatest(m.last_active_at, stood_at) WHERE m.member_id = member;
  INSERT INTO visit (member_id, visit_id, store_id, till_id, staff_id, method, handle, step, opened_at, expires_at)
    VALUES (member, (call->>'visitId')::uuid, own.store_id, call->>'tillId', own.member_id, 'offline',
            CASE WHEN by_code THEN phone.handle END, CASE WHEN by_code THEN (call->>'step')::bigint END, stood_at, stood_at + interval '1 second');
  INSERT INTO purchase (member_id, order_id, order_no, visit_id, store_id, till_id, staff_id, channel, full_fen, amount_fen, points, growth, settled_at)
    VALUES (member, (call->>'orderId')::uuid, call->>'orderNo', (call->>'visitId')::uuid, own.store_id, call->>'tillId', own.member_id, 'offline',
            (call->>'amountFen')::int, (call->>'amountFen')::int, (call->>'points')::int, (call->>'growth')::int, now_at);
  earned := ledger_award(call || jsonb_build_object('kind', 'order', 'sourceId', call->>'orderId', 'reason', 'purchase',
    'detail', jsonb_build_object('storeName', (SELECT name FROM store WHERE store_id = own.store_id), 'amountFen', call->'amountFen',
                                 'activeAt', call->'activeAt', 'expiresAt', call->'expiresAt', 'soldAt', call->'soldAt')));
  raised := tier_raise(call || jsonb_build_object('growth', earned->'growth'));
  PERFORM run_handlers(call->'along');
  RETURN raised;
END $$;

CREATE OR REPLACE FUNCTION offline_outcome(entry offline_order) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object('sequence', entry.sequence, 'state', entry.state,
    'clash', CASE WHEN entry.state <> 'settled' THEN entry.clash END, 'orderNo', entry.order_no, 'points', entry.points))
$$;

-- When a tablet was last heard of. {tabletId, at}
CREATE OR REPLACE FUNCTION offline_heard(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE tablet SET last_sync_at = greatest(last_sync_at, (call->>'at')::timestamptz) WHERE tablet_id = (call->>'tabletId')::uuid;
  SELECT '{}'::jsonb
$$;

-- A manager's word on a clash: dismissed, or awarded all the same to whose phone it was. A code that was used before stays used by
-- that visit. {request, staffId, tillId, sequence, how, reason, memberId?, handle?, step?, and for an award what offline_take wants}
CREATE OR REPLACE FUNCTION offline_decide(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  own staff;
  entry offline_order;
  award boolean := call->>'how' = 'award';
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := offline_manager(call);
  SELECT * INTO entry FROM offline_order
    WHERE store_id = own.store_id AND till_id = call->>'tillId' AND sequence = (call->>'sequence')::bigint FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "offline_order"}'); END IF;
  IF entry.state <> 'clash' THEN PERFORM refuse('CLASH_DONE'); END IF;
  IF award THEN
    IF offline_phone_clash(call || '{"clash": "decided"}') IS NOT NULL OR entry.handle IS NULL THEN PERFORM refuse('MEMBER_UNKNOWN'); END IF;
    PERFORM offline_settle(call, own, NOT EXISTS (SELECT 1 FROM visit WHERE handle = entry.handle AND step = entry.step));
  END IF;
  UPDATE offline_order SET state = CASE WHEN award THEN 'settled' ELSE 'dismissed' END, decided_by = own.member_id,
      decided_at = (call->>'at')::timestamptz, reason = call->>'reason', order_id = CASE WHEN award THEN (call->>'orderId')::uuid END,
      order_no = CASE WHEN award THEN call->>'orderNo' END, points = CASE WHEN award THEN (call->>'points')::int END
    WHERE store_id = entry.store_id AND till_id = entry.till_id AND sequence = entry.sequence RETURNING * INTO entry;
  PERFORM offline_audit(call, own, 'offline.' || (call->>'how'), coalesce(entry.order_id::text, entry.till_id || ':' || entry.sequence));
  RETURN request_end(call->'request', offline_outcome(entry) || jsonb_build_object('tillId', entry.till_id));
END $$;

-- Prices that are held: what a price is made of, coupons, points and rights kept aside for it, and all of them given back.
-- Protects I-C1, I-L3 and I-R1 at the till: coupon_hold, ledger_spend and right_hold decide, each by its conditional write.

-- What decides which prices a member has, as one text: tier, honours that are worn, rights of gifts.
CREATE OR REPLACE FUNCTION order_standing(member uuid, now_at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT concat_ws(' ', (SELECT tier FROM standing WHERE member_id = member),
    (SELECT string_agg(honour_id, ',' ORDER BY honour_id) FROM honour_held WHERE member_id = member AND (expires_at IS NULL OR expires_at > now_at)),
    (SELECT string_agg(grant_id::text, ',' ORDER BY grant_id) FROM right_grant
      WHERE member_id = member AND voided_at IS NULL AND (expires_at IS NULL OR expires_at > now_at)))
$$;

-- All that a price is made of, in one round trip. Without `lines` what was bought is told of every article; points that are due by
-- now are counted as a spend would find them. {memberId, at, lines?, everything?: true, packet?: templateId}
-- → {account: {available, debt, growth}, tier, rights, own, seen, coupons, bought: [{sku, at}], cart, packet, over}, or NULL for nobody.
-- `over`: a hold's time is over, and what it had is still to be given up; the caller does so and reads again.
CREATE OR REPLACE FUNCTION order_facts(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  cart jsonb := CASE WHEN jsonb_typeof(call->'lines') = 'array' THEN product_lines(call) END;
  own account;
BEGIN
  SELECT * INTO own FROM account WHERE member_id = me;
  IF NOT FOUND THEN RETURN NULL; END IF;
  RETURN jsonb_build_object('tier', (SELECT tier FROM standing WHERE member_id = me), 'seen', order_standing(me, now_at), 'cart', cart,
    'account', jsonb_build_object('debt', own.debt_points, 'growth', own.growth, 'available', CASE WHEN own.debt_points > 0 THEN own.available_points
      ELSE (SELECT coalesce(sum(remaining), 0) FROM lot WHERE member_id = me AND remaining > 0 AND expires_at >= now_at
        AND (state = 'active' OR active_at <= now_at)) END),
    'rights', right_rows(now_at), 'own', right_own(me, now_at), 'coupons', coupon_open(call),
    'bought', CASE WHEN cart IS NULL AND NOT coalesce((call->>'everything')::boolean, false) THEN '[]' ELSE order_bought(me, now_at,
      CASE WHEN cart IS NOT NULL THEN ARRAY(SELECT value->>'sku' FROM jsonb_array_elements(call->'lines')) END) END,
    'packet', (SELECT title FROM coupon_template WHERE template_id = call->>'packet'),
    'over', EXISTS (SELECT 1 FROM order_hold WHERE member_id = me AND state = 'live' AND expires_at <= now_at));
END $$;

-- Which of these articles (NULL: of all) were bought and kept within the longest time that a right of buying again looks back, and
-- when last. → [{sku, at}]
CREATE OR REPLACE FUNCTION order_bought(me uuid, now_at timestamptz, skus text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  days int := (SELECT max((payload->>'withinDays')::int) FROM member_right
    WHERE kind = 'repurchase_discount' AND starts_at <= now_at AND (ends_at IS NULL OR ends_at > now_at));
BEGIN
  IF days IS NULL THEN RETURN '[]'; END IF;
  RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('sku', sku, 'at', iso_text(latest)) ORDER BY sku), '[]') FROM (
    SELECT l.sku, max(p.settled_at) AS latest FROM purchase p JOIN purchase_line l USING (member_id, order_id)
      WHERE p.member_id = me AND p.state = 'settled' AND p.settled_at >= now_at - make_interval(days => days)
        AND l.sku IS NOT NULL AND l.returned_qty < l.qty AND (skus IS NULL OR l.sku = ANY (skus)) GROUP BY l.sku) bought);
END $$;

-- Fixes a quoted price: its rights are used, its coupons kept aside, its points spent; each decides for itself between two tills.
-- {request, staffId, keyId?, memberId, visitId, holdId, fullFen, payableFen, couponIds, points, pointsOffFen, rightIds, lines,
--  earnPercent, seen, receipt, fault, at, expiresAt, graceUntil}
-- `fault` is what the rule has against it; `seen` is who the rule saw. BUSY when that is no longer so: the caller asks again.
CREATE OR REPLACE FUNCTION order_hold(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  stay visit;
  uses jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := at_till(call, NULL);
  PERFORM member_hold(member);
  stay := visit_in_store(member, (call->>'visitId')::uuid, own.store_id);
  IF stay.expires_at <= now_at THEN PERFORM refuse('VISIT_OVER'); END IF;
  call := order_hold_call(call);
  IF stay.method <> 'code' AND (call->'couponIds' <> '[]' OR call->'rightIds' <> '[]' OR (call->>'points')::int > 0) THEN
    PERFORM refuse('CODE_NEEDED');
  END IF;
  PERFORM order_release_over(member, now_at);
  uses := order_keep_aside(call, own);
  IF jsonb_typeof(call->'fault') = 'object' THEN PERFORM refuse(call->'fault'->>'code', call->'fault'->'detail'); END IF;
  IF order_standing(member, now_at) IS DISTINCT FROM coalesce(call->>'seen', order_standing(member, now_at))
      OR call ? 'tier' AND NOT EXISTS (SELECT 1 FROM standing WHERE member_id = member AND tier = (call->>'tier')::int) THEN
    PERFORM refuse('BUSY');
  END IF;
  INSERT INTO order_hold (member_id, hold_id, visit_id, store_id, till_id, staff_id, full_fen, payable_fen, receipt, coupon_ids, lines, points,
      points_off_fen, right_uses, earn_percent, grace_until, state, held_at, expires_at)
    VALUES (member, (call->>'holdId')::uuid, stay.visit_id, own.store_id, stay.till_id, own.member_id, (call->>'fullFen')::int,
      (call->>'payableFen')::int, call->'receipt', uuid_list(call->'couponIds'), CASE jsonb_typeof(call->'lines') WHEN 'array' THEN call->'lines' END,
      (call->>'points')::int, (call->>'pointsOffFen')::int, uses, (call->>'earnPercent')::int, (call->>'graceUntil')::timestamptz, 'live',
      now_at, (call->>'expiresAt')::timestamptz);
  PERFORM order_audit(call, own, 'order.hold', call->>'holdId');
  RETURN request_end(call->'request', jsonb_build_object('holdId', call->'holdId', 'fullFen', call->'fullFen', 'payableFen', call->'payableFen',
    'couponIds', call->'couponIds', 'pointsUsed', call->'points', 'pointsOffFen', call->'pointsOffFen',
    'lines', coalesce(order_told_lines(call->'lines'), '[]'), 'receipt', call->'receipt', 'expiresAt', call->'expiresAt'));
END $$;

-- The call with everything that it may leave out. An older server beside this one knows one coupon, and neither points nor rights.
CREATE OR REPLACE FUNCTION order_hold_call(call jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('couponIds', CASE WHEN call->>'couponId' IS NULL THEN '[]' ELSE jsonb_build_array(call->'couponId') END,
    'rightIds', '[]'::jsonb, 'points', 0, 'pointsOffFen', 0, 'earnPercent', 100, 'graceUntil', call->'expiresAt') || call
$$;

-- Uses the rights, keeps the coupons and spends the points of a price. → [{rightId, periodKey}], or NULL without rights
CREATE OR REPLACE FUNCTION order_keep_aside(call jsonb, own staff) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  uses jsonb;
  which uuid;
BEGIN
  IF call->'rightIds' <> '[]' THEN
    uses := right_hold(member, ARRAY(SELECT jsonb_array_elements_text(call->'rightIds')), (call->>'at')::timestamptz);
  END IF;
  FOREACH which IN ARRAY uuid_list(call->'couponIds') LOOP
    PERFORM coupon_hold(jsonb_build_object('memberId', member, 'couponId', which, 'holdId', call->'holdId', 'at', call->'at',
      'heldUntil', call->'expiresAt'));
  END LOOP;
  IF (call->>'points')::int > 0 THEN
    PERFORM ledger_spend(jsonb_build_object('memberId', member, 'at', call->'at', 'kind', 'order_hold', 'sourceId', call->>'holdId',
      'points', call->'points', 'reason', 'points_paid', 'detail', jsonb_build_object('amountFen', call->'pointsOffFen',
        'storeName', (SELECT name FROM store WHERE store_id = own.store_id))));
  END IF;
  RETURN nullif(uses, '[]');
END $$;

-- Gives a hold up, whether or not its visit is over. {request, staffId, keyId?, memberId, visitId, holdId, at} → {released}
CREATE OR REPLACE FUNCTION order_release(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  known jsonb := request_begin(call->'request');
  own staff;
  kept order_hold;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := at_till(call, NULL);
  PERFORM member_hold(member);
  PERFORM visit_in_store(member, (call->>'visitId')::uuid, own.store_id);
  SELECT * INTO kept FROM order_hold WHERE member_id = member AND hold_id = (call->>'holdId')::uuid
    AND visit_id = (call->>'visitId')::uuid FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('HOLD_OVER'); END IF;
  IF kept.state = 'live' THEN
    PERFORM order_give_up(kept, (call->>'at')::timestamptz);
    PERFORM order_audit(call, own, 'order.release', call->>'holdId');
  END IF;
  RETURN request_end(call->'request', jsonb_build_object('released', kept.state <> 'settled'));
END $$;

-- A live hold is given up: coupons, points and rights come back. The member is held.
CREATE OR REPLACE FUNCTION order_give_up(kept order_hold, now_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE order_hold SET state = 'released' WHERE member_id = kept.member_id AND hold_id = kept.hold_id;
  IF kept.coupon_ids <> '{}' THEN
    PERFORM coupon_release(jsonb_build_object('memberId', kept.member_id, 'holdId', kept.hold_id, 'at', now_at));
  END IF;
  IF kept.right_uses IS NOT NULL THEN PERFORM right_release(kept.member_id, kept.right_uses); END IF;
  IF kept.points > 0 THEN
    PERFORM order_points_back(kept.member_id, kept.hold_id, now_at, jsonb_build_object('graceUntil', kept.grace_until, 'reason', 'points_released',
      'detail', jsonb_build_object('storeName', (SELECT name FROM store WHERE store_id = kept.store_id), 'amountFen', kept.points_off_fen)));
  END IF;
END $$;

-- Points that had paid come back to their lots; `more` says how many, as which part, and why. → as ledger_return_spend
CREATE OR REPLACE FUNCTION order_points_back(member uuid, hold uuid, now_at timestamptz, more jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  back jsonb := ledger_return_spend(more || jsonb_build_object('memberId', member, 'at', now_at, 'kind', 'order_hold', 'sourceId', hold));
BEGIN
  -- points of a gift or a reward that a merge took back stay with the programme
  PERFORM gift_take_back(jsonb_build_object('memberId', member, 'at', now_at));
  PERFORM referral_take_back(jsonb_build_object('memberId', member, 'at', now_at));
  RETURN back;
END $$;

-- Gives up what a member's holds keep aside beyond their time. → how many
CREATE OR REPLACE FUNCTION order_release_over(member uuid, now_at timestamptz) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  over order_hold;
  released int := 0;
BEGIN
  FOR over IN SELECT * FROM order_hold WHERE member_id = member AND state = 'live' AND expires_at <= now_at ORDER BY hold_id LOOP
    PERFORM order_give_up(over, now_at);
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

-- Purchases, their lines and returns and what was kept aside for them go with their record, and back with it.

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
  IF orders IS NOT NULL THEN
    UPDATE purchase_return SET member_id = dst WHERE member_id = src;
    UPDATE purchase_line SET member_id = dst WHERE member_id = src;
  END IF;
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
  UPDATE purchase_line SET member_id = dst WHERE member_id = src AND order_id = ANY (orders);
  UPDATE order_hold h SET member_id = dst WHERE h.member_id = src AND h.hold_id = ANY (uuid_list(call->'moved'->'holds'))
    AND NOT EXISTS (SELECT 1 FROM purchase p WHERE p.member_id = src AND p.hold_id = h.hold_id);
  RETURN CASE WHEN went > 0 THEN jsonb_build_object('back', jsonb_build_object('orders', went)) ELSE '{}' END;
END $$;

-- Holds that were laid since the merge, or on a record's coupons since, and ran out: they are given up, as the next verb at a till
-- would do. Called for the coupons' step, with its journal.
CREATE OR REPLACE FUNCTION order_release_since(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  over order_hold;
  brought uuid[] := (SELECT uuid_list(moved->'holds') FROM merge_step
    WHERE member_id = (call->>'from')::uuid AND merge_id = (call->>'mergeId')::uuid AND step = 'order_merge');
BEGIN
  FOR over IN SELECT * FROM order_hold WHERE member_id = (call->>'from')::uuid AND state = 'live'
      AND hold_id <> ALL (coalesce(brought, '{}')) AND (held_at > (call->>'mergedAt')::timestamptz
        OR EXISTS (SELECT 1 FROM unnest(coupon_ids) own WHERE call->'moved'->'coupons' ? own::text
          AND call->'moved'->'bound'->>own::text IS DISTINCT FROM hold_id::text)) ORDER BY hold_id LOOP
    PERFORM order_give_up(over, (call->>'at')::timestamptz);
  END LOOP;
END $$;

-- A hold of the separated record that was paid since the merge: the purchase stays with the survivor, and what its points come back to.
CREATE OR REPLACE FUNCTION order_stays(call jsonb, use lot_use) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT use.effect_kind = 'order_hold' AND EXISTS (SELECT 1 FROM order_hold h
    WHERE h.member_id = (call->>'from')::uuid AND h.hold_id::text = use.effect_source AND h.state = 'settled')
$$;

-- Takes a purchase back, whole, {refundFen} of it or {lines} of it: state, points, growth, tier, rights, the handlers of other
-- nouns (its coupons and packet among them) and the audit entry, in one statement. Protects I-P4; the purchase's row decides between two returns.
-- {request, staffId, memberId, orderId, visitId, refundFen?, lines?: [{lineNo, qty}], until, at, graceUntil, windowMonths, warnDays, ladder, along}
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
  back_points jsonb;
  taken jsonb;
  lowered jsonb;
  answers jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  -- an older server beside this one names the window otherwise and knows of no warning
  call := jsonb_build_object('windowMonths', call->'growthMonths', 'warnDays', 30) || call;
  own := at_till(call, NULL);
  PERFORM member_hold(member);
  SELECT * INTO back FROM purchase WHERE member_id = member AND order_id = (call->>'orderId')::uuid FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "order"}'); END IF;
  IF back.store_id <> own.store_id THEN PERFORM visit_by_code(member, (call->>'visitId')::uuid, own.store_id, now_at); END IF;
  IF back.state = 'returned' THEN PERFORM refuse('RETURN_DONE'); END IF;
  IF own.role = 'clerk' AND (call->>'until')::timestamptz < now_at THEN
    PERFORM refuse('RETURN_OVER', jsonb_build_object('until', call->'until'));
  END IF;
  refund := CASE WHEN jsonb_typeof(call->'lines') = 'array' THEN order_return_lines(back, call->'lines')
    ELSE coalesce((call->>'refundFen')::int, back.amount_fen - back.refunded_fen) END;
  IF refund > back.amount_fen - back.refunded_fen THEN
    PERFORM refuse('RETURN_TOO_MUCH', jsonb_build_object('leftFen', back.amount_fen - back.refunded_fen));
  END IF;
  UPDATE purchase SET refunded_fen = refunded_fen + refund,
      state = CASE WHEN refunded_fen + refund = amount_fen THEN 'returned' ELSE 'settled' END,
      returned_at = CASE WHEN refunded_fen + refund = amount_fen THEN now_at END,
      returned_by = CASE WHEN refunded_fen + refund = amount_fen THEN own.member_id END
    WHERE member_id = member AND order_id = back.order_id AND state = 'settled' RETURNING * INTO back;
  IF back.state = 'returned' THEN
    UPDATE purchase_line SET returned_qty = qty WHERE member_id = member AND order_id = back.order_id AND returned_qty < qty;
    IF back.right_uses IS NOT NULL THEN PERFORM right_release(member, back.right_uses); END IF;
  END IF;
  -- what time alone does comes first: an end that has passed is not the return's doing
  PERFORM tier_review(call);
  back_points := order_give_points(call, back, refund);
  taken := order_take_back(call || jsonb_build_object('pointsBack', back_points->'share'), back, refund, own.member_id);
  lowered := tier_lower(call || jsonb_build_object('growth', taken->'growthAfter'));
  answers := run_handlers((SELECT jsonb_agg(jsonb_set(step, '{args,leftFen}', to_jsonb(back.amount_fen - back.refunded_fen)) ORDER BY nth)
    FROM jsonb_array_elements(call->'along') WITH ORDINALITY one (step, nth)));
  PERFORM order_audit(call, own, 'order.return', call->>'orderId');
  RETURN request_end(call->'request', jsonb_build_object('orderNo', back.order_no, 'refundedFen', refund,
    'refundedTotalFen', back.refunded_fen, 'leftFen', back.amount_fen - back.refunded_fen,
    'points', jsonb_build_object('pending', taken->'pending', 'available', taken->'available', 'debt', taken->'debt'),
    'growth', taken->'growth', 'pointsBack', back_points->'back', 'pointsEnded', back_points->'expired',
    'coupons', answers->'coupon_return'->'coupons', 'packet', answers->'coupon_return'->'packet',
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
  INSERT INTO purchase_return (member_id, order_id, nth, amount_fen, points, growth, staff_id, at, points_back, lines)
    VALUES (back.member_id, back.order_id, times + 1, refund, points, (taken->>'growth')::int, by_staff, now_at, (call->>'pointsBack')::int,
      CASE jsonb_typeof(call->'lines') WHEN 'array' THEN call->'lines' END);
  RETURN taken;
END $$;

-- Notes which articles come back. → what was paid for them, by each line's share: rounded down, all of it with the last of the line.
-- What nothing was paid for comes back along with the last that was: else a coupon would come back beside what it had paid for.
CREATE OR REPLACE FUNCTION order_return_lines(back purchase, wished jsonb) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  one record;
  line purchase_line;
  refund bigint := 0;
BEGIN
  FOR one IN SELECT (value->>'lineNo')::int AS line_no, sum((value->>'qty')::int)::int AS qty FROM jsonb_array_elements(wished) GROUP BY 1 ORDER BY 1 LOOP
    SELECT * INTO line FROM purchase_line WHERE member_id = back.member_id AND order_id = back.order_id AND line_no = one.line_no;
    IF NOT FOUND OR one.qty > line.qty - line.returned_qty THEN
      PERFORM refuse('RETURN_LINE', jsonb_build_object('lineNo', one.line_no, 'leftQty', coalesce(line.qty - line.returned_qty, 0)));
    END IF;
    UPDATE purchase_line SET returned_qty = returned_qty + one.qty
      WHERE member_id = back.member_id AND order_id = back.order_id AND line_no = one.line_no;
    refund := refund + line.payable_fen::bigint * (line.returned_qty + one.qty) / line.qty - line.payable_fen::bigint * line.returned_qty / line.qty;
  END LOOP;
  SELECT * INTO line FROM purchase_line WHERE member_id = back.member_id AND order_id = back.order_id AND payable_fen = 0 AND returned_qty < qty
    ORDER BY line_no LIMIT 1;
  IF FOUND AND refund = back.amount_fen - back.refunded_fen THEN
    PERFORM refuse('RETURN_LINE', jsonb_build_object('lineNo', line.line_no, 'leftQty', line.qty - line.returned_qty));
  END IF;
  RETURN refund;
END $$;

-- Points that paid come back by the share of what was returned so far, less what came back before; the rest with the last.
-- → {share, back (in lots again), expired (their end had passed)}
CREATE OR REPLACE FUNCTION order_give_points(call jsonb, back purchase, refund int) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  whole boolean := back.refunded_fen = back.amount_fen;
  times int;
  share int;
  came jsonb;
BEGIN
  IF back.points_used = 0 THEN RETURN '{"share": 0, "back": 0, "expired": 0}'; END IF;
  SELECT count(*), order_share(back.points_used, back) - coalesce(sum(points_back), 0) INTO times, share
    FROM purchase_return WHERE member_id = back.member_id AND order_id = back.order_id;
  IF share > 0 THEN
    came := order_points_back(back.member_id, back.hold_id, (call->>'at')::timestamptz, jsonb_build_object('points', share,
      'part', CASE WHEN whole THEN 'return' ELSE 'return:' || times + 1 END, 'graceUntil', call->'graceUntil', 'reason', 'points_returned',
      'detail', jsonb_build_object('storeName', (SELECT name FROM store WHERE store_id = back.store_id), 'amountFen', refund)));
  END IF;
  RETURN jsonb_build_object('share', share, 'back', coalesce((came->>'returned')::int + (came->>'grace')::int, 0),
    'expired', coalesce((came->>'expired')::int, 0));
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

-- Takes a paid amount into account: the order with its lines, its points and growth, the tier, the coupons of its hold, the
-- handlers of other nouns and the audit entry, in one statement. Protects I-L5 (request, effect, the hold's state) and I-L1…I-L3 through
-- ledger_award. What has been paid does not fail for its coupons, rights and points: a live hold has them.
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
  own := at_till(call, NULL);
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
                        settled_at, receipt, hold_id, points_used, points_off_fen, right_uses)
    VALUES (member, (call->>'orderId')::uuid, call->>'orderNo', stay.visit_id, own.store_id, stay.till_id, own.member_id,
            'counter', coalesce(kept.full_fen, (call->>'amountFen')::int), (call->>'amountFen')::int, (call->>'points')::int,
            (call->>'growth')::int, now_at, kept.receipt, kept.hold_id, coalesce(kept.points, 0), coalesce(kept.points_off_fen, 0),
            kept.right_uses) RETURNING * INTO made;
  IF kept.lines IS NOT NULL THEN PERFORM order_write_lines(made, kept.lines); END IF;
  SELECT name INTO store_name FROM store WHERE store_id = own.store_id;
  earned := ledger_award(call || jsonb_build_object('kind', 'order', 'sourceId', call->>'orderId', 'reason', 'purchase',
    'detail', jsonb_build_object('storeName', store_name, 'amountFen', call->'amountFen', 'activeAt', call->'activeAt',
                                 'expiresAt', call->'expiresAt')));
  raised := tier_raise(call || jsonb_build_object('growth', earned->'growth'));
  IF kept.coupon_ids <> '{}' THEN
    PERFORM coupon_use(jsonb_build_object('memberId', member, 'holdId', kept.hold_id, 'orderId', made.order_id, 'at', call->'at'));
  END IF;
  packet := run_handlers(call->'along')->'coupon_grant';
  PERFORM order_audit(call, own, 'order.settle', call->>'orderId');
  RETURN request_end(call->'request', jsonb_build_object(
    'orderId', call->'orderId', 'orderNo', call->'orderNo', 'fullFen', made.full_fen, 'amountFen', call->'amountFen',
    'points', call->'points', 'pointsUsed', made.points_used, 'lines', CASE WHEN kept.lines IS NULL THEN '[]' ELSE order_told_lines(kept.lines) END, 'growth', call->'growth', 'activeAt', call->'activeAt', 'settledAt', call->'at',
    'pointsAfter', jsonb_build_object('available', earned->'available', 'pending', earned->'pending'),
    'tierBefore', raised->'before', 'tierAfter', raised->'after',
    'packet', CASE WHEN packet ? 'couponId' THEN jsonb_build_object('title', packet->'title', 'expiresAt', packet->'expiresAt') END));
END $$;

CREATE OR REPLACE FUNCTION order_write_lines(made purchase, lines jsonb) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO purchase_line (member_id, order_id, line_no, sku, title, category, qty, full_fen, payable_fen)
    SELECT made.member_id, made.order_id, "lineNo", sku, title, category, qty, "fullFen", "payableFen"
      FROM jsonb_to_recordset(lines) one ("lineNo" int, sku text, title text, category text, qty int, "fullFen" int, "payableFen" int)
$$;

-- The lines of a hold as a till is told of them.
CREATE OR REPLACE FUNCTION order_told_lines(lines jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_agg(one - 'category' ORDER BY nth) FROM jsonb_array_elements(CASE jsonb_typeof(lines) WHEN 'array' THEN lines ELSE '[]' END) WITH ORDINALITY listed (one, nth)
$$;

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

-- The menu, and what a cart of it is. Nothing is decided here that a price depends on: a hold prices afresh.

-- What the menu's page reads in one round trip; without a member for guests. What is no longer sold is left out.
-- {memberId, at} → {tier, rights, own, categories, products}
CREATE OR REPLACE FUNCTION product_list(call jsonb) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  RETURN json_build_object('tier', (SELECT tier FROM standing WHERE member_id = me), 'rights', right_rows(now_at), 'own', right_own(me, now_at),
    'categories', (SELECT coalesce(json_agg(json_build_object('categoryId', c.category_id, 'title', c.title) ORDER BY c.position, c.category_id), '[]')
      FROM product_category c),
    'products', (SELECT coalesce(json_agg(json_build_object('sku', p.sku, 'title', p.title, 'subtitle', p.subtitle, 'category', p.category,
        'priceFen', p.price_fen, 'barcode', p.barcode, 'star', p.star, 'art', p.art, 'publicAt', iso_text(p.public_at),
        'earlyHours', p.early_hours, 'endsAt', iso_text(p.ends_at)) ORDER BY p.position, p.sku), '[]')
      FROM product p WHERE p.ends_at IS NULL OR p.ends_at > now_at));
END $$;

-- The lines of a cart with what the menu says of them, in the cart's order. What a member may not buy yet is let in by a right of
-- early access, one without limit first; those with a limit are named, so that a hold uses them.
-- {memberId, at, lines: [{sku, qty}]} → {lines: [{sku, title, category, unitFen, qty}], earlyRights: [rightId], fault: {code, detail} | null}
CREATE OR REPLACE FUNCTION product_lines(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  wished record;
  item product;
  way record;
  lines jsonb := '[]';
  early jsonb := '[]';
BEGIN
  FOR wished IN SELECT value->>'sku' AS sku, (value->>'qty')::int AS qty FROM jsonb_array_elements(call->'lines') WITH ORDINALITY one (value, nth) ORDER BY nth LOOP
    SELECT * INTO item FROM product WHERE sku = wished.sku;
    IF NOT FOUND THEN RETURN product_refused('PRODUCT_UNKNOWN', wished.sku); END IF;
    IF item.ends_at <= now_at THEN RETURN product_refused('PRODUCT_OVER', wished.sku); END IF;
    IF item.public_at > now_at THEN
      SELECT right_id, limited, used_up, opens INTO way FROM right_of_kind((call->>'memberId')::uuid, 'early_access', now_at) held,
          LATERAL (SELECT item.public_at - make_interval(hours => least(held.hours, item.early_hours::int)) AS opens) let_in
        WHERE item.early_hours IS NOT NULL AND NOT used_up AND (held.ends_at IS NULL OR opens < held.ends_at)
        ORDER BY opens > now_at, CASE WHEN opens > now_at THEN opens END, limited, held.hours, place, right_id LIMIT 1;
      IF way.opens IS NULL OR way.opens > now_at THEN
        RETURN product_refused('PRODUCT_NOT_OPEN', wished.sku) || jsonb_build_object('fault', jsonb_build_object('code', 'PRODUCT_NOT_OPEN',
          'detail', jsonb_build_object('sku', wished.sku, 'opensAt', iso_text(coalesce(way.opens, item.public_at)))));
      END IF;
      IF way.limited AND NOT early ? way.right_id THEN early := early || to_jsonb(way.right_id); END IF;
    END IF;
    lines := lines || jsonb_build_object('sku', item.sku, 'title', item.title, 'category', item.category, 'unitFen', item.price_fen, 'qty', wished.qty);
  END LOOP;
  RETURN jsonb_build_object('lines', lines, 'earlyRights', early, 'fault', NULL);
END $$;

CREATE OR REPLACE FUNCTION product_refused(code text, sku text) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('lines', '[]'::jsonb, 'earlyRights', '[]'::jsonb, 'fault', jsonb_build_object('code', code, 'detail', jsonb_build_object('sku', sku)))
$$;

-- Rights when two records become one person, and two again. Protects I-R1 and I-ID4: what each had used stays used, in the same period.

-- Uses add up; an excess stays recorded and leaves nothing to use. Rights of gifts and services at the counter go along. The journal
-- also says which holds were live and which purchases had come back, both with rights: of all others the uses are still counted.
-- {from, to, at} → {moved: {uses: [{right_id, period_key, theirs, ours}], grants: [id], services: [id], live: [id], returned: [id]},
-- came, reversed}
CREATE OR REPLACE FUNCTION right_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  uses jsonb;
  brought int;
  excess jsonb;
  grants jsonb;
  services jsonb;
  moved jsonb;
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
  WITH went AS (UPDATE right_grant SET member_id = dst WHERE member_id = src RETURNING grant_id)
    SELECT jsonb_agg(grant_id) INTO grants FROM went;
  WITH went AS (UPDATE right_service SET member_id = dst WHERE member_id = src RETURNING service_id)
    SELECT jsonb_agg(service_id) INTO services FROM went;
  moved := jsonb_strip_nulls(jsonb_build_object('uses', uses, 'grants', grants, 'services', services));
  IF uses IS NOT NULL THEN
    moved := moved || jsonb_strip_nulls(jsonb_build_object(
      'live', (SELECT jsonb_agg(hold_id) FROM order_hold WHERE member_id = dst AND state = 'live' AND right_uses IS NOT NULL),
      'returned', (SELECT jsonb_agg(order_id) FROM purchase WHERE member_id = dst AND state = 'returned' AND right_uses IS NOT NULL)));
  END IF;
  IF moved = '{}' THEN RETURN '{}'; END IF;
  RETURN jsonb_build_object('moved', moved, 'reversed', coalesce(excess, '[]'),
    'came', CASE WHEN brought > 0 THEN jsonb_build_object('rights', brought) ELSE '{}' END);
END $$;

-- What was given back since the merge, or stays with the survivor, of what a record had used: of its exchanges those that were
-- cancelled, of its purchases those that came back, of its holds those that ended, whichever way. The mall has been separated by
-- then, orders have not.
CREATE OR REPLACE FUNCTION right_gone_since(call jsonb) RETURNS TABLE (right_id text, period_key text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  moved jsonb := call->'moved';
  mall jsonb;
  trade jsonb;
BEGIN
  SELECT jsonb_object_agg(step, s.moved)->'mall_merge', jsonb_object_agg(step, s.moved)->'order_merge' INTO mall, trade
    FROM merge_step s WHERE s.member_id = src AND s.merge_id = (call->>'mergeId')::uuid AND step IN ('mall_merge', 'order_merge');
  RETURN QUERY SELECT used.id::text, used.key::text
    FROM mall_given_back(dst, mall) r, LATERAL (VALUES (r.right_id, r.right_period), (r.reserve_right_id, r.reserve_period)) used (id, key)
    WHERE used.id IS NOT NULL;
  RETURN QUERY SELECT used.* FROM purchase p, right_held_uses(p.right_uses) used
    WHERE p.member_id = src AND p.state = 'returned' AND p.order_id = ANY (uuid_list(trade->'orders'))
      AND p.order_id <> ALL (uuid_list(moved->'returned'));
  RETURN QUERY SELECT used.* FROM order_hold h, right_held_uses(h.right_uses) used
    -- one that was paid while the survivor was part of another stayed there
    WHERE h.member_id IN (SELECT merge_former(src)) AND h.state <> 'live' AND h.hold_id = ANY (uuid_list(trade->'holds'))
      AND h.hold_id = ANY (uuid_list(moved->'live'));
END $$;

-- A record's uses go back, less those that are gone since; its rights of gifts and its services too. {mergeId, from, to, moved} → {back}
CREATE OR REPLACE FUNCTION right_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  uses jsonb := call->'moved'->'uses';
  back int;
BEGIN
  UPDATE right_grant SET member_id = dst WHERE member_id = src AND grant_id = ANY (uuid_list(call->'moved'->'grants'));
  UPDATE right_service SET member_id = dst WHERE member_id = src AND service_id = ANY (uuid_list(call->'moved'->'services'));
  IF uses IS NULL THEN RETURN '{}'; END IF;
  WITH gone AS (SELECT g.right_id, g.period_key, count(*) AS n FROM right_gone_since(call) g GROUP BY 1, 2),
    went AS (INSERT INTO right_use (member_id, right_id, period_key, used)
      SELECT dst, own.right_id, own.period_key, greatest(theirs - coalesce(gone.n, 0), 0)
        FROM jsonb_to_recordset(uses) own (right_id text, period_key text, theirs int)
          LEFT JOIN gone ON (gone.right_id, gone.period_key) = (own.right_id, own.period_key) RETURNING used)
  SELECT sum(used) INTO back FROM went;
  UPDATE right_use held SET used = greatest(held.used - own.used, 0)
    FROM right_use own JOIN jsonb_to_recordset(uses) one (right_id text, period_key text) USING (right_id, period_key)
    WHERE held.member_id = src AND own.member_id = dst AND (held.right_id, held.period_key) = (own.right_id, own.period_key);
  DELETE FROM right_use held USING jsonb_to_recordset(uses) one (right_id text, period_key text, ours int)
    WHERE held.member_id = src AND (held.right_id, held.period_key) = (one.right_id, one.period_key) AND held.used = 0 AND one.ours IS NULL;
  RETURN jsonb_build_object('back', CASE WHEN back > 0 THEN jsonb_build_object('rights', back) ELSE '{}' END);
END $$;

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
      'payload', r.payload, 'startsAt', iso_text(r.starts_at), 'endsAt', iso_text(r.ends_at))
    ORDER BY r.position, r.right_id), '[]')
  FROM member_right r LEFT JOIN honour h USING (honour_id)
  WHERE r.starts_at <= now_at AND (r.ends_at IS NULL OR r.ends_at > now_at)
$$;

-- What decides the state of rights for one member: honours that are worn, rights of gifts, and uses of the periods that run.
-- → {honours: [id], grants: [{rightId, expiresAt}], uses: [{rightId, periodKey, used}]}
CREATE OR REPLACE FUNCTION right_own(me uuid, now_at timestamptz) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT json_build_object(
    'honours', (SELECT coalesce(json_agg(honour_id), '[]') FROM honour_held
      WHERE member_id = me AND (expires_at IS NULL OR expires_at > now_at)),
    'grants', (SELECT coalesce(json_agg(json_build_object('rightId', right_id, 'expiresAt', iso_text(expires_at)) ORDER BY grant_id), '[]')
      FROM right_grant WHERE member_id = me AND voided_at IS NULL AND (expires_at IS NULL OR expires_at > now_at)),
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

-- Until when a member has a right by what brings it now, by tier, an honour that is worn or a gift; 'infinity' without an end, NULL
-- for who does not have it, used up or not.
CREATE OR REPLACE FUNCTION right_until(member uuid, own member_right, now_at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
  ends timestamptz := coalesce(own.ends_at, 'infinity');
BEGIN
  IF own.starts_at > now_at OR ends <= now_at THEN RETURN NULL; END IF;
  IF own.tier_from <= (SELECT tier FROM standing s WHERE s.member_id = member) THEN RETURN ends; END IF;
  IF own.honour_id IS NOT NULL AND EXISTS (SELECT 1 FROM honour_held h WHERE h.member_id = member AND h.honour_id = own.honour_id
      AND (h.expires_at IS NULL OR h.expires_at > now_at)) THEN RETURN ends; END IF;
  RETURN (SELECT least(ends, max(coalesce(g.expires_at, 'infinity'))) FROM right_grant g WHERE g.member_id = member
    AND g.right_id = own.right_id AND g.voided_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > now_at) HAVING count(*) > 0);
END $$;

-- The rights of a kind that a member has now, used up or not. ends_at is when it is gone for them; what would be back only after
-- that never is.
CREATE OR REPLACE FUNCTION right_of_kind(member uuid, which text, now_at timestamptz)
RETURNS TABLE (right_id text, payload jsonb, hours int, limited boolean, used_up boolean, back_at timestamptz, ends_at timestamptz, place smallint)
LANGUAGE sql STABLE AS $$
  SELECT r.right_id, r.payload, (r.payload->>'hours')::int, r.quota IS NOT NULL, coalesce(u.used >= r.quota, false),
      CASE WHEN right_back_at(r.period, now_at) < own.until THEN right_back_at(r.period, now_at) END,
      nullif(own.until, 'infinity'), r.position
    FROM member_right r CROSS JOIN LATERAL right_until(member, r, now_at) own (until) LEFT JOIN right_use u
      ON u.member_id = member AND u.right_id = r.right_id AND u.period_key = right_period_key(r.period, now_at)
    WHERE r.kind = which AND own.until IS NOT NULL
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

-- What a price is made of: each right once, in the statement that holds the price. What has no quota is not counted.
-- → [{rightId, periodKey}] to be released with what they were held for. Refuses RIGHT_USED_UP {backAt}; BUSY when the member does
-- not have one of them any more, so that the price is asked again.
CREATE OR REPLACE FUNCTION right_hold(member uuid, right_ids text[], now_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own member_right;
  until timestamptz;
  counted text;
  uses jsonb := '[]';
  n int := 0;
BEGIN
  FOR own IN SELECT * FROM member_right WHERE right_id = ANY (right_ids) ORDER BY right_id LOOP
    n := n + 1;
    until := right_until(member, own, now_at);
    IF until IS NULL THEN PERFORM refuse('BUSY'); END IF;
    CONTINUE WHEN own.quota IS NULL;
    counted := right_use(member, own.right_id, now_at);
    IF counted IS NULL THEN PERFORM right_refuse_used_up(own, until, now_at); END IF;
    uses := uses || jsonb_build_array(jsonb_build_object('rightId', own.right_id, 'periodKey', counted));
  END LOOP;
  IF n < (SELECT count(DISTINCT id) FROM unnest(right_ids) id) THEN PERFORM refuse('BUSY'); END IF;
  RETURN uses;
END $$;

CREATE OR REPLACE FUNCTION right_refuse_used_up(own member_right, until timestamptz, now_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refuse('RIGHT_USED_UP', jsonb_build_object('backAt',
    CASE WHEN right_back_at(own.period, now_at) < until THEN iso_text(right_back_at(own.period, now_at)) END));
END $$;

-- Held uses, row by row; none for NULL.
CREATE OR REPLACE FUNCTION right_held_uses(uses jsonb) RETURNS TABLE (right_id text, period_key text)
LANGUAGE sql IMMUTABLE AS $$
  SELECT value->>'rightId', value->>'periodKey' FROM jsonb_array_elements(CASE jsonb_typeof(uses) WHEN 'array' THEN uses ELSE '[]' END)
$$;

-- Gives held uses back, each in the period in which it counted. {[rightId, periodKey]}, or NULL
CREATE OR REPLACE FUNCTION right_release(member uuid, uses jsonb) RETURNS void
LANGUAGE sql AS $$
  UPDATE right_use held SET used = greatest(0, used - 1)
    FROM right_held_uses(uses) one
    WHERE held.member_id = member AND (held.right_id, held.period_key) = (one.right_id, one.period_key)
$$;

-- Gives a right to one member for one source, once; asked again it answers the same. Never longer than the right itself runs.
-- {memberId, rightId, at, expiresAt?, kind, sourceId} → {rightId, title, expiresAt} | {refused, detail}
CREATE OR REPLACE FUNCTION right_grant(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own member_right;
  given right_grant;
BEGIN
  SELECT * INTO own FROM member_right WHERE right_id = call->>'rightId';
  IF NOT FOUND THEN RETURN '{"refused": "NOT_FOUND", "detail": {"noun": "right"}}'; END IF;
  IF ledger_claim(call, 'right:' || own.right_id) THEN
    INSERT INTO right_grant (member_id, grant_id, right_id, granted_at, expires_at, effect_kind, effect_source)
      VALUES ((call->>'memberId')::uuid, uuid_v7((call->>'at')::timestamptz), own.right_id, (call->>'at')::timestamptz,
        least((call->>'expiresAt')::timestamptz, own.ends_at), call->>'kind', call->>'sourceId') RETURNING * INTO given;
  ELSE
    SELECT * INTO given FROM right_grant WHERE member_id = (call->>'memberId')::uuid AND right_id = own.right_id
      AND effect_kind = call->>'kind' AND effect_source = call->>'sourceId';
  END IF;
  RETURN jsonb_build_object('rightId', own.right_id, 'title', own.title, 'expiresAt', iso_text(given.expires_at));
END $$;

-- Takes back what a source gave; uses that were made of it stay. {memberId, kind, sourceId, at} → {voided}
CREATE OR REPLACE FUNCTION right_grant_void(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  WITH gone AS (UPDATE right_grant SET voided_at = (call->>'at')::timestamptz WHERE member_id = (call->>'memberId')::uuid
      AND effect_kind = call->>'kind' AND effect_source = call->>'sourceId' AND voided_at IS NULL RETURNING 1)
  SELECT jsonb_build_object('voided', count(*)) FROM gone
$$;

-- What was taken back for a reason that is gone stands again. {memberId, kind, sourceId} → {restored}
CREATE OR REPLACE FUNCTION right_grant_restore(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  WITH again AS (UPDATE right_grant SET voided_at = NULL WHERE member_id = (call->>'memberId')::uuid
      AND effect_kind = call->>'kind' AND effect_source = call->>'sourceId' AND voided_at IS NOT NULL RETURNING 1)
  SELECT jsonb_build_object('restored', count(*)) FROM again
$$;

-- A free service at the counter, once for a visit's customer who shows a live code; the conditional write decides (I-R1).
-- {request, staffId | keyId, visitId, memberId, rightId, serviceId, at} → {title, left, backAt}
-- Refuses NOT_FOUND, RIGHT_LOCKED, RIGHT_USED_UP, CODE_NEEDED, VISIT_UNKNOWN, VISIT_OVER, STAFF_NEEDED, BUSY.
CREATE OR REPLACE FUNCTION right_serve(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  clerk staff;
  here visit;
  own member_right;
  until timestamptz;
  counted text;
  room int;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  clerk := at_till(call, NULL);
  PERFORM member_hold(member);
  here := visit_by_code(member, (call->>'visitId')::uuid, clerk.store_id, now_at);
  SELECT * INTO own FROM member_right WHERE right_id = call->>'rightId' AND kind = 'free_service'
    AND starts_at <= now_at AND (ends_at IS NULL OR ends_at > now_at);
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "right"}'); END IF;
  until := right_until(member, own, now_at);
  IF until IS NULL THEN PERFORM refuse('RIGHT_LOCKED', jsonb_build_object('tier', own.tier_from)); END IF;
  counted := right_use(member, own.right_id, now_at);
  IF counted IS NULL THEN PERFORM right_refuse_used_up(own, until, now_at); END IF;
  INSERT INTO right_service (member_id, service_id, right_id, period_key, store_id, staff_id, visit_id, at)
    VALUES (member, (call->>'serviceId')::uuid, own.right_id, counted, clerk.store_id, clerk.member_id, here.visit_id, now_at);
  SELECT own.quota - used INTO room FROM right_use WHERE member_id = member AND right_id = own.right_id AND period_key = counted;
  PERFORM audit_append(jsonb_build_object('storeId', clerk.store_id, 'at', call->'at', 'actorId', clerk.member_id,
    'bodyHash', call->'request'->>'bodyHash', 'verb', 'right.use', 'subject', call->>'serviceId'));
  RETURN request_end(call->'request', jsonb_build_object('title', own.title, 'left', room, 'backAt',
    CASE WHEN room = 0 AND right_back_at(own.period, now_at) < until THEN iso_text(right_back_at(own.period, now_at)) END));
END $$;

-- Who acts at a counter: a person at work, or a till system by its key. A key is bound to one till of one store and may do what
-- a clerk there may; the signature of its call has been judged before. Asked again in each statement, so that a key which has
-- just been revoked writes nothing more. {keyId} or {staffId}
CREATE OR REPLACE FUNCTION at_till(call jsonb, till text) RETURNS staff
LANGUAGE plpgsql STABLE AS $$
DECLARE
  own staff;
  till_key till_key;
BEGIN
  IF call->>'keyId' IS NULL THEN RETURN staff_at_till((call->>'staffId')::uuid, till); END IF;
  SELECT * INTO till_key FROM till_key k WHERE k.key_id = (call->>'keyId')::uuid AND k.revoked_at IS NULL;
  IF NOT FOUND THEN PERFORM refuse('KEY_UNKNOWN'); END IF;
  IF till IS NOT NULL AND till <> till_key.till_id THEN PERFORM refuse('TILL_UNKNOWN'); END IF;
  own.member_id := till_key.key_id;
  own.role := 'clerk';
  own.store_id := till_key.store_id;
  own.since := till_key.created_at;
  RETURN own;
END $$;

-- Whoever runs the store of a till: keys, webhooks and tablets are a manager's. {staffId}
CREATE OR REPLACE FUNCTION manages_till(call jsonb, till text) RETURNS staff
LANGUAGE plpgsql STABLE AS $$
DECLARE
  own staff := staff_at_till((call->>'staffId')::uuid, till);
BEGIN
  IF own.role = 'clerk' THEN PERFORM refuse('ROLE_NEEDED', '{"role": "manager"}'); END IF;
  RETURN own;
END $$;

-- Lets a signed call in, once: the key stands and the nonce is new. {keyId, nonce, at} → {storeId, tillId}
CREATE OR REPLACE FUNCTION till_admit(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  own till_key;
BEGIN
  SELECT * INTO own FROM till_key WHERE key_id = (call->>'keyId')::uuid AND revoked_at IS NULL;
  IF NOT FOUND THEN PERFORM refuse('KEY_UNKNOWN'); END IF;
  INSERT INTO till_nonce (key_id, nonce, at) VALUES (own.key_id, call->>'nonce', now_at) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN PERFORM refuse('SIGNATURE_REPLAYED'); END IF;
  -- to the minute: no call waits for another one's
  IF own.last_used_at IS NULL OR own.last_used_at < now_at - interval '1 minute' THEN
    UPDATE till_key SET last_used_at = now_at WHERE key_id = (SELECT key_id FROM till_key
      WHERE key_id = own.key_id FOR UPDATE SKIP LOCKED);
  END IF;
  RETURN jsonb_build_object('storeId', own.store_id, 'tillId', own.till_id);
END $$;

-- A key for a till of the own store. The secret lies in the row alone, not in the answer that is kept for repetitions.
-- {request, staffId, keyId, tillId, label, secretSealed (base64), at} → {keyId}
CREATE OR REPLACE FUNCTION till_create_key(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  own staff;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := manages_till(call, call->>'tillId');
  INSERT INTO till_key (key_id, store_id, till_id, label, secret_sealed, created_by, created_at)
    VALUES ((call->>'keyId')::uuid, own.store_id, call->>'tillId', call->>'label', decode(call->>'secretSealed', 'base64'),
            own.member_id, (call->>'at')::timestamptz);
  PERFORM audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'verb', 'till.key', 'subject', call->>'keyId', 'bodyHash', call->'request'->>'bodyHash'));
  RETURN request_end(call->'request', jsonb_build_object('keyId', call->'keyId'));
END $$;

-- From now on the key opens nothing. {request, staffId, keyId, at} → {revokedAt}
CREATE OR REPLACE FUNCTION till_revoke_key(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  own staff;
  ended till_key;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := manages_till(call, NULL);
  SELECT * INTO ended FROM till_key WHERE key_id = (call->>'keyId')::uuid AND store_id = own.store_id FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "till_key"}'); END IF;
  IF ended.revoked_at IS NULL THEN
    UPDATE till_key SET revoked_at = (call->>'at')::timestamptz, revoked_by = own.member_id WHERE key_id = ended.key_id
      RETURNING * INTO ended;
    PERFORM audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
      'verb', 'till.revoke', 'subject', call->>'keyId', 'bodyHash', call->'request'->>'bodyHash'));
  END IF;
  RETURN request_end(call->'request', jsonb_build_object('revokedAt', iso_text(ended.revoked_at)));
END $$;

-- Protects I-S1: the handle's newest spent step only grows, so a code opens one visit anywhere and an older
-- photograph opens none. Locks in one order: till, member, handle, audit chain; a merge takes the member first, too.

-- Holds the till, so that tries at one till are judged one after the other and none slips past the limit.
CREATE OR REPLACE FUNCTION visit_hold_till(call jsonb) RETURNS staff
LANGUAGE plpgsql AS $$
DECLARE
  own staff := at_till(call, call->>'tillId');
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

-- Spends a scanned code and opens the visit. {step} is the step whose tag matched, or null when none did; {secondsOff} says how
-- far off a code is that was made by this phone, but not now.
-- {request, staffId, tillId, handle, step, secondsOff, at, expiresAt, visitId, handleLimit, tillLimit}
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
  RETURN request_end(call->'request', jsonb_build_object('fault', CASE
    WHEN phone.handle IS NOT NULL AND call->>'secondsOff' IS NOT NULL
      THEN jsonb_build_object('code', 'CODE_OLD', 'detail', jsonb_build_object('secondsOff', call->'secondsOff'))
    ELSE jsonb_build_object('code', 'CODE_WRONG', 'detail', jsonb_build_object('triesLeft', greatest(0, max_tries - n))) END));
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

-- What happened to orders, told to the systems of a store. What is to be told is written with what it tells of, once for each
-- webhook that wants to hear it; a worker posts it later, again and again for a day.

CREATE OR REPLACE FUNCTION webhook_audit(call jsonb, own staff, verb text, subject text) RETURNS void
LANGUAGE sql AS $$
  SELECT audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'verb', verb, 'subject', subject, 'bodyHash', call->'request'->>'bodyHash'))
$$;

-- {request, staffId, webhookId, url, events, secretSealed (base64), at} → {webhookId}
CREATE OR REPLACE FUNCTION webhook_create(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  own staff;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := manages_till(call, NULL);
  INSERT INTO webhook (webhook_id, store_id, url, events, secret_sealed, created_by, created_at)
    VALUES ((call->>'webhookId')::uuid, own.store_id, call->>'url', ARRAY(SELECT jsonb_array_elements_text(call->'events')),
            decode(call->>'secretSealed', 'base64'), own.member_id, (call->>'at')::timestamptz);
  PERFORM webhook_audit(call, own, 'webhook.create', call->>'webhookId');
  RETURN request_end(call->'request', jsonb_build_object('webhookId', call->'webhookId'));
END $$;

-- What still waits for it is given up. {request, staffId, webhookId, at} → {endedAt}
CREATE OR REPLACE FUNCTION webhook_end(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  own staff;
  ended webhook;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := manages_till(call, NULL);
  SELECT * INTO ended FROM webhook WHERE webhook_id = (call->>'webhookId')::uuid AND store_id = own.store_id FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "webhook"}'); END IF;
  IF ended.ended_at IS NULL THEN
    UPDATE webhook SET ended_at = (call->>'at')::timestamptz, ended_by = own.member_id WHERE webhook_id = ended.webhook_id
      RETURNING * INTO ended;
    UPDATE webhook_delivery SET state = 'given_up' WHERE webhook_id = ended.webhook_id AND state = 'waiting';
    PERFORM webhook_audit(call, own, 'webhook.end', call->>'webhookId');
  END IF;
  RETURN request_end(call->'request', jsonb_build_object('endedAt', iso_text(ended.ended_at)));
END $$;

-- One more time, now, whatever has become of it. {request, staffId, deliveryId, at} → {deliveryId}
CREATE OR REPLACE FUNCTION webhook_resend(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  own staff;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := manages_till(call, NULL);
  -- held, so that it does not end meanwhile
  PERFORM 1 FROM webhook w JOIN webhook_delivery d USING (webhook_id) WHERE d.delivery_id = (call->>'deliveryId')::uuid FOR SHARE OF w;
  UPDATE webhook_delivery d SET state = 'waiting', next_at = (call->>'at')::timestamptz FROM webhook w
    WHERE d.delivery_id = (call->>'deliveryId')::uuid AND w.webhook_id = d.webhook_id AND w.store_id = own.store_id AND w.ended_at IS NULL;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "delivery"}'); END IF;
  PERFORM webhook_audit(call, own, 'webhook.resend', call->>'deliveryId');
  RETURN request_end(call->'request', jsonb_build_object('deliveryId', call->'deliveryId'));
END $$;

-- Run along with a settled or returned order: one delivery for each webhook of the order's store that wants the event.
-- Numbers of the order alone. {event, memberId, orderId, leftFen?, at}
CREATE OR REPLACE FUNCTION webhook_put(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  told purchase;
  back purchase_return;
  facts jsonb;
BEGIN
  SELECT * INTO told FROM purchase WHERE member_id = (call->>'memberId')::uuid AND order_id = (call->>'orderId')::uuid;
  facts := jsonb_build_object('orderNo', told.order_no, 'storeId', told.store_id, 'tillId', told.till_id);
  IF call->>'event' = 'order.returned' THEN
    SELECT * INTO back FROM purchase_return WHERE member_id = told.member_id AND order_id = told.order_id ORDER BY nth DESC LIMIT 1;
    facts := facts || jsonb_build_object('nth', back.nth, 'refundedFen', back.amount_fen, 'refundedTotalFen', told.refunded_fen,
      'leftFen', told.amount_fen - told.refunded_fen, 'returnedAt', call->'at');
  ELSE
    facts := facts || jsonb_build_object('channel', told.channel, 'fullFen', told.full_fen, 'amountFen', told.amount_fen,
      'points', told.points, 'settledAt', call->'at');
  END IF;
  INSERT INTO webhook_delivery (delivery_id, webhook_id, event, payload, state, next_at, created_at)
    SELECT uuid_v7(now_at), webhook_id, call->>'event', facts, 'waiting', now_at, now_at FROM webhook
      -- held, so that nothing is put behind an end of this very moment
      WHERE store_id = told.store_id AND ended_at IS NULL AND call->>'event' = ANY (events) FOR SHARE;
  RETURN '{}';
END $$;

-- Takes up to {limit} that are due for this worker until {leaseUntil}, {each} of one webhook at most, so that one that does not
-- answer keeps nobody else waiting. → [{deliveryId, webhookId, url, secretSealed, event, payload, attempt, createdAt}]
CREATE OR REPLACE FUNCTION webhook_take(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  taken jsonb;
BEGIN
  WITH ahead AS (
    SELECT delivery_id, webhook_id, next_at FROM webhook_delivery WHERE state = 'waiting' AND next_at <= now_at
      ORDER BY next_at LIMIT (call->>'limit')::int * 20
  ), fair AS (
    SELECT delivery_id FROM (SELECT *, row_number() OVER (PARTITION BY webhook_id ORDER BY next_at) AS nth FROM ahead) ranked
      WHERE nth <= (call->>'each')::int ORDER BY next_at LIMIT (call->>'limit')::int
  ), due AS (
    SELECT delivery_id FROM webhook_delivery WHERE delivery_id IN (SELECT delivery_id FROM fair)
      AND state = 'waiting' AND next_at <= now_at FOR UPDATE SKIP LOCKED
  ), mine AS (
    UPDATE webhook_delivery d SET attempts = attempts + 1, next_at = (call->>'leaseUntil')::timestamptz
      FROM due WHERE d.delivery_id = due.delivery_id RETURNING d.*
  )
  SELECT coalesce(jsonb_agg(jsonb_build_object('deliveryId', mine.delivery_id, 'webhookId', webhook_id, 'url', url,
      'secretSealed', encode(secret_sealed, 'base64'), 'event', event, 'payload', payload, 'attempt', attempts,
      'createdAt', iso_text(mine.created_at)) ORDER BY mine.delivery_id), '[]')
    INTO taken FROM mine JOIN webhook USING (webhook_id);
  RETURN taken;
END $$;

-- What came of one attempt; of an attempt that another one has followed nothing is written. A webhook that has heard nothing
-- for {endAfterDays} days of given-up deliveries is ended. {deliveryId, attempt, state, status, nextAt, endAfterDays, at} → {ended}
CREATE OR REPLACE FUNCTION webhook_finish(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  told webhook_delivery;
  silent_since timestamptz;
BEGIN
  -- the webhook before its deliveries, as in webhook_end
  IF call->>'state' = 'given_up' THEN
    PERFORM 1 FROM webhook w JOIN webhook_delivery d USING (webhook_id) WHERE d.delivery_id = (call->>'deliveryId')::uuid FOR UPDATE OF w;
  END IF;
  UPDATE webhook_delivery SET state = call->>'state', last_status = (call->>'status')::int,
      next_at = coalesce((call->>'nextAt')::timestamptz, next_at),
      sent_at = CASE WHEN call->>'state' = 'sent' THEN now_at ELSE sent_at END
    WHERE delivery_id = (call->>'deliveryId')::uuid AND attempts = (call->>'attempt')::int AND state = 'waiting' RETURNING * INTO told;
  IF NOT FOUND OR told.state <> 'given_up' THEN RETURN '{"ended": false}'; END IF;
  SELECT min(d.created_at) INTO silent_since FROM webhook_delivery d WHERE d.webhook_id = told.webhook_id AND d.state = 'given_up'
    AND d.created_at > coalesce((SELECT max(sent_at) FROM webhook_delivery s WHERE s.webhook_id = told.webhook_id), '-infinity');
  -- NULL where younger ones were heard: it is this one that is not wanted
  IF silent_since IS NULL OR silent_since > now_at - make_interval(days => (call->>'endAfterDays')::int) THEN
    RETURN '{"ended": false}';
  END IF;
  UPDATE webhook SET ended_at = now_at WHERE webhook_id = told.webhook_id AND ended_at IS NULL;
  UPDATE webhook_delivery SET state = 'given_up' WHERE webhook_id = told.webhook_id AND state = 'waiting';
  RETURN '{"ended": true}';
END $$;

-- Forgets what was told, or could not be, before an instant; found webhook by webhook. {before} → {forgotten}
CREATE OR REPLACE FUNCTION webhook_forget(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  forgotten int;
BEGIN
  DELETE FROM webhook_delivery d USING webhook w
    WHERE d.webhook_id = w.webhook_id AND d.created_at < (call->>'before')::timestamptz AND d.state <> 'waiting';
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN jsonb_build_object('forgotten', forgotten);
END $$;
