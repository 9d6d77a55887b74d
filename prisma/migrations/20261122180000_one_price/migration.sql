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
ADD COLUMN     "right_uses" JSONB;

-- AlterTable
ALTER TABLE "purchase" ADD COLUMN     "points_off_fen" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "points_used" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "right_uses" JSONB;

-- AlterTable
ALTER TABLE "purchase_return" ADD COLUMN     "lines" JSONB,
ADD COLUMN     "points_back" INTEGER NOT NULL DEFAULT 0;

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
ALTER TABLE "right_reserve" ADD CONSTRAINT right_reserve_left CHECK (pieces_left >= 0);
ALTER TABLE "gift" DROP CONSTRAINT gift_kind;
ALTER TABLE "gift" ADD CONSTRAINT gift_kind CHECK (kind IN ('new_member', 'birthday', 'trial_pack')
  AND (kind = 'birthday') = (days_before IS NOT NULL AND days_after IS NOT NULL) AND (kind = 'new_member') = (right_id IS NULL)
  AND (kind = 'trial_pack' OR follow_up_template IS NULL));
CREATE UNIQUE INDEX gift_given_birthday ON "gift_given" (member_id, kind, occasion) WHERE state = 'given' AND kind = 'birthday';
CREATE UNIQUE INDEX gift_given_trial ON "gift_given" (member_id, gift_id) WHERE state = 'given' AND kind = 'trial_pack';
ALTER TABLE "gift_given" ADD CONSTRAINT gift_given_conversion
  CHECK ((converted_at IS NULL) = (converted_order_id IS NULL) AND (converted_at IS NULL OR followed_at IS NOT NULL));
ALTER TABLE "product" ADD CONSTRAINT product_price CHECK (price_fen BETWEEN 1 AND 1000000 AND early_hours > 0);
CREATE UNIQUE INDEX tablet_of_till ON "tablet" (store_id, till_id) WHERE revoked_at IS NULL;
ALTER TABLE "tablet" ADD CONSTRAINT tablet_sequence CHECK (first_sequence > 0);
ALTER TABLE "offline_order" ADD CONSTRAINT offline_order_form CHECK (sequence > 0 AND state IN ('settled', 'clash', 'dismissed')
  AND (state = 'settled') = (order_id IS NOT NULL) AND (state <> 'clash' OR clash IS NOT NULL)
  AND (handle IS NULL) = (step IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL));
ALTER TABLE "webhook_delivery" ADD CONSTRAINT webhook_delivery_state CHECK (state IN ('waiting', 'sent', 'given_up') AND attempts >= 0);
CREATE INDEX webhook_delivery_due ON "webhook_delivery" (next_at) WHERE state = 'waiting';


-- Functions, word for word as in prisma/functions.

DROP FUNCTION right_held;

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
  FOR second IN SELECT * FROM gift_given WHERE member_id IN (src, dst) AND given_id = ANY (seconds) LOOP
    PERFORM right_grant_void(jsonb_build_object('memberId', second.member_id, 'kind', 'gift', 'sourceId', second.given_id, 'at', call->'at'));
  END LOOP;
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

CREATE OR REPLACE FUNCTION gift_json(own gift) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN jsonb_build_object('giftId', own.gift_id, 'kind', own.kind, 'title', own.title, 'joinWithinDays', own.join_within_days,
    'rightId', own.right_id, 'daysBefore', own.days_before, 'daysAfter', own.days_after, 'startsAt', iso_text(own.starts_at), 'endsAt', iso_text(own.ends_at), 'points', own.points, 'contents', gift_contents(own),
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
        ORDER BY g.kind <> 'new_member', r.position DESC, g.gift_id), '[]')
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
  RETURN (call->>'held')::boolean IS NOT DISTINCT FROM EXISTS (SELECT 1
      FROM right_held(member, CASE own.kind WHEN 'birthday' THEN 'birthday_gift' ELSE own.kind END, (call->>'at')::timestamptz) r
      WHERE r.right_id = own.right_id)
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
  wish record;
  ends timestamptz;
  held jsonb := '[]';
BEGIN
  FOR wish IN SELECT r.right_id, r.title, (one->>'days')::int AS days FROM jsonb_array_elements(own.rights) one
      JOIN member_right r ON r.right_id = one->>'rightId' ORDER BY r.right_id LOOP
    ends := CASE WHEN wish.days IS NOT NULL THEN coupon_end(wish.days, NULL, (call->>'at')::timestamptz) END;
    PERFORM right_grant(jsonb_build_object('memberId', call->'memberId', 'rightId', wish.right_id, 'at', call->'at',
      'expiresAt', iso_text(ends), 'kind', 'gift', 'sourceId', call->>'givenId'));
    held := held || jsonb_build_array(jsonb_build_object('kind', 'right', 'rightId', wish.right_id, 'title', wish.title,
      'expiresAt', iso_text(ends)));
  END LOOP;
  RETURN held;
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
      OR ledger_lot_left(member, sample.lot_id);
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

-- Whether a lot had come with a record that was separated again since: what it paid was settled then.
CREATE OR REPLACE FUNCTION ledger_lot_left(member uuid, which uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM merge_undo u JOIN merge_step s USING (member_id, merge_id), jsonb_array_elements(s.moved->'lots') one
    WHERE u.member_id = member AND s.step = 'ledger_merge' AND one->>1 = which::text)
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
      AND e.member_id = ANY (ARRAY(SELECT unnest(uuid_list(call->'records'))));
END $$;

-- The exchange of the points mall. Protects: I-M1 (a slot, a piece or a code is taken by the write that decides, CHECKs and
-- keys behind it), I-M2 (points and redemption in one statement), I-R1 (who comes early uses a right), I-L5 (request, effect).
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
  IF NOT mall_any_left(item) THEN PERFORM refuse('REWARD_GONE'); END IF;
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
  IF item.kind = 'partner_code' THEN PERFORM mall_take_code(item.reward_id, member, id, gone);
  ELSIF item.numbered THEN piece := mall_take_piece(item.reward_id, member, id, gone);
  ELSIF item.stock_total IS NOT NULL THEN slot := mall_take_slot(item.reward_id, gone);
  END IF;
  INSERT INTO redemption (member_id, redemption_id, reward_id, origin, given_id, title, points, state, piece_no, slot, coupon_id,
      right_id, right_period, placed_at, ready_at, pickup_by, finished_at)
    VALUES (member, id, item.reward_id, call->>'origin', (call->>'givenId')::uuid, item.title, (call->>'points')::int,
      CASE WHEN at_once THEN 'done' WHEN item.prepare_hours = 0 THEN 'ready' ELSE 'placed' END, piece, slot,
      (coupon->>'couponId')::uuid, call->>'rightId', call->>'rightPeriod', now_at, ready_at, pickup_by, CASE WHEN at_once THEN now_at END) RETURNING * INTO placed;
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
  own := at_till(call, NULL);
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
  own := at_till(call, NULL);
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
  own := at_till(call, NULL);
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
      SELECT right_id, limited, used_up, opens INTO way FROM right_held((call->>'memberId')::uuid, 'early_access', now_at) held,
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
