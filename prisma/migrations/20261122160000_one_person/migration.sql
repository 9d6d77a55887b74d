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
-- whose it was before an older merge is not known; such a merge has no journal and is not taken back
UPDATE "identity" SET home_id = member_id;
ALTER TABLE "member" ADD CONSTRAINT member_birthday CHECK ((birth_month IS NULL) = (birth_day IS NULL)
  AND birth_month BETWEEN 1 AND 12 AND birth_day BETWEEN 1 AND 31);
ALTER TABLE "claim" ADD CONSTRAINT claim_because CHECK (because IN ('silent', 'wechat_unknown'));
ALTER TABLE "former_identity" ADD CONSTRAINT former_identity_because
  CHECK (because IN ('newer_phone', 'moved', 'revoked', 'closed', 'unlinked'));
ALTER TABLE "merge_record" ADD CONSTRAINT merge_record_form CHECK (member_id <> other_id
  AND because IN ('unionid', 'phone_active', 'phone_fresh', 'card_digits', 'card_shown', 'cards', 'operator', 'import'));
ALTER TABLE "merge_undo" ADD CONSTRAINT merge_undo_charge CHECK (charge IN ('survivor', 'programme'));
ALTER TABLE "kept_apart" ADD CONSTRAINT kept_apart_two CHECK (member_id <> other_id);
ALTER TABLE "cancellation" ADD CONSTRAINT cancellation_form CHECK (state IN ('asked', 'withdrawn', 'done')
  AND because IN ('member', 'wechat') AND (state = 'asked') = (ended_at IS NULL) AND due_at >= asked_at);
CREATE UNIQUE INDEX cancellation_open ON "cancellation" (member_id) WHERE state = 'asked';
CREATE INDEX cancellation_due ON "cancellation" (due_at) WHERE state = 'asked';
ALTER TABLE "import_run" ADD CONSTRAINT import_run_progress CHECK (lines >= 0 AND bytes >= 0);
ALTER TABLE "tier_change" DROP CONSTRAINT tier_change_form, ADD CONSTRAINT tier_change_form CHECK (before BETWEEN 1 AND 6
  AND after BETWEEN 1 AND 6 AND reason IN ('raised', 'kept', 'landed', 'returned', 'merged', 'separated', 'imported'));

ALTER TABLE "house_key" ADD CONSTRAINT house_key_form CHECK (number BETWEEN 1 AND 255 AND (ended_at IS NULL OR used_from <= ended_at));
-- a house that has members has sealed their names and phones with the one key that there was
INSERT INTO "house_key" (number, used_from) SELECT 1, now() WHERE EXISTS (SELECT 1 FROM member);

-- Functions, word for word as in prisma/functions.

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

-- Moves everything of {from} to {to}, lot by lot with expiry and origin, growth too, as pairs of transfers through
-- programme:moved. What is due has its day first: a lot that came later cannot have matured or ended before. → {points, growth}
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
  PERFORM ledger_settle_lots(call || jsonb_build_object('memberId', id)) FROM unnest(ARRAY[src, dst]) id;
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
  IF own.growth > 0 THEN PERFORM ledger_move_growth(src, dst, own.growth, at); END IF;
  IF own.debt_points > 0 THEN PERFORM ledger_move_debt(src, dst, own.debt_points, at); END IF;
  UPDATE lot_use SET member_id = dst WHERE member_id = src;
  PERFORM adjustment_merge(src, dst);
  UPDATE account SET available_points = 0, pending_points = 0, debt_points = 0, growth = 0 WHERE member_id = src;
  UPDATE account SET available_points = available_points + own.available_points,
      pending_points = pending_points + own.pending_points, debt_points = debt_points + own.debt_points,
      growth = growth + own.growth WHERE member_id = dst;
  PERFORM ledger_pay_debt(dst, lot_id, at) FROM lot
    WHERE member_id = dst AND state = 'active' AND remaining > 0 ORDER BY expires_at, lot_id;
  RETURN jsonb_build_object('came', jsonb_build_object('points', own.available_points + own.pending_points, 'growth', own.growth));
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

-- The other record becomes a signpost: its identities, numbers, consents and open claims go to the survivor. Its name, its tags and
-- what it once was called by stay with it, so that it can stand by itself again; printed numbers keep scanning for ever (I-ID5).

-- Locks both members in id order first. {mergeId, from, to, at, newAfterDays}
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
  moved jsonb;
BEGIN
  -- an older server beside this one knows nothing of coupons, exchanges and friends: it would leave them behind
  IF NOT call ? 'newAfterDays' THEN PERFORM refuse('BUSY'); END IF;
  PERFORM 1 FROM member WHERE member_id IN (src, dst) ORDER BY member_id FOR UPDATE;
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
  UPDATE identity SET member_id = dst WHERE member_id = src;
  GET DIAGNOSTICS came = ROW_COUNT;
  dropped := member_drop_older_phone(src, dst, (call->>'mergeId')::uuid, now_at);
  UPDATE member_no SET member_id = dst WHERE member_id = src;
  moved := jsonb_build_object(
    'signposts', (SELECT coalesce(jsonb_agg(member_id), '[]') FROM member WHERE merged_into = src),
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
        kind, issuer, subject, now_at, subject_sealed, proven_at, first_at, 'newer_phone', merge FROM gone;
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
  homes := ARRAY(SELECT value::uuid FROM jsonb_array_elements_text(moved->'signposts')) || dst;
  UPDATE identity SET member_id = dst WHERE member_id = src AND home_id = ANY (homes);
  GET DIAGNOSTICS went = ROW_COUNT;
  UPDATE member SET status = 'active', merged_into = NULL WHERE member_id = dst;
  UPDATE member SET merged_into = dst WHERE member_id = ANY (homes) AND member_id <> dst;
  UPDATE member_no n SET member_id = dst FROM member m WHERE m.member_id = ANY (homes) AND n.member_no = m.member_no;
  phones := member_bring_back_phones(src, dst, (call->>'mergeId')::uuid);
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
CREATE OR REPLACE FUNCTION member_bring_back_phones(src uuid, dst uuid, merge uuid) RETURNS jsonb
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
      INSERT INTO identity (kind, issuer, subject, member_id, subject_sealed, proven_at, first_at)
        VALUES (phone.kind, phone.issuer, phone.subject, phone.member_id, phone.subject_sealed, phone.proven_at, phone.first_at);
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

-- Two records become one person, and two again. Each noun moves its own rows with <noun>_merge and brings them back with
-- <noun>_unmerge; what runs here only walks the lists that the server gives, keeps the journal and adds up what was said.
-- Protects I-ID2, I-ID4, I-ID5: one transaction, both records locked in id order, a preview that is the deed itself, rolled back.

-- What stands in the way of a merge, each with a name. {from, to} → [{blocker}]
CREATE OR REPLACE FUNCTION merge_blockers(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  WITH pair AS (SELECT * FROM member WHERE member_id IN ((call->>'from')::uuid, (call->>'to')::uuid))
  SELECT coalesce(jsonb_agg(jsonb_build_object('blocker', blocker)), '[]') FROM (
    SELECT 'same_record' AS blocker WHERE call->>'from' = call->>'to'
    UNION ALL SELECT 'already_merged' WHERE EXISTS (SELECT 1 FROM pair WHERE status = 'merged')
    UNION ALL SELECT 'not_active' WHERE EXISTS (SELECT 1 FROM pair WHERE status NOT IN ('active', 'merged')) OR NOT EXISTS (SELECT 1 FROM pair)
    UNION ALL SELECT 'leaving' WHERE EXISTS (SELECT 1 FROM cancellation c JOIN pair USING (member_id) WHERE c.state = 'asked')
    UNION ALL SELECT 'two_jobs' WHERE (SELECT count(*) FROM staff s JOIN pair USING (member_id) WHERE s.ended_at IS NULL) > 1) named
$$;

-- What somebody who decides should know, though it stops nothing. {from, to} → [{warning}]
CREATE OR REPLACE FUNCTION merge_warnings(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('warning', warning)), '[]') FROM (
    SELECT 'kept_apart' AS warning WHERE EXISTS (SELECT 1 FROM kept_apart
      WHERE member_id = (call->>'from')::uuid AND other_id = (call->>'to')::uuid)
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
  INSERT INTO merge_record (member_id, merge_id, other_id, because, staff_id, store_id, note, summary, at)
    VALUES ((call->>'to')::uuid, (call->>'mergeId')::uuid, (call->>'from')::uuid, call->>'because', (call->>'staffId')::uuid,
            call->>'storeId', call->>'note', jsonb_build_object('came', came, 'reversed', reversed), (call->>'at')::timestamptz);
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

-- An operator's merge: what was previewed, or nothing. {command, seal, and as merge_run} → as merge_run
CREATE OR REPLACE FUNCTION merge_decide(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  answer jsonb;
  seen jsonb;
  blockers jsonb;
BEGIN
  answer := request_begin(call->'command');
  IF answer IS NOT NULL THEN RETURN answer; END IF;
  PERFORM 1 FROM member WHERE member_id IN ((call->>'from')::uuid, (call->>'to')::uuid) ORDER BY member_id FOR UPDATE;
  blockers := merge_blockers(call);
  IF blockers <> '[]' THEN PERFORM refuse('MERGE_BLOCKED', blockers->0); END IF;
  seen := merge_run(call);
  IF md5(seen::text) <> call->>'seal' THEN PERFORM refuse('PREVIEW_CHANGED'); END IF;
  RETURN request_end(call->'command', seen || jsonb_build_object('mergeId', call->'mergeId'));
END $$;

-- What stands in the way of taking a merge back. → [{blocker, mergeId?}]
CREATE OR REPLACE FUNCTION merge_undo_blockers(done merge_record, now_at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  WITH later AS (
    SELECT m.merge_id FROM merge_record m WHERE (m.member_id = done.member_id OR m.other_id = done.member_id)
      AND (m.at, m.merge_id) > (done.at, done.merge_id)
      AND NOT EXISTS (SELECT 1 FROM merge_undo u WHERE u.member_id = m.member_id AND u.merge_id = m.merge_id)
      ORDER BY m.at DESC, m.merge_id DESC LIMIT 1)
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
  step text;
  answer jsonb;
  back jsonb := '{}';
  restored jsonb := '[]';
  lost jsonb := '[]';
BEGIN
  SELECT * INTO done FROM merge_record WHERE merge_id = (call->>'mergeId')::uuid;
  FOR step IN SELECT value FROM jsonb_array_elements_text(call->'undoSteps') LOOP
    EXECUTE format('SELECT %I($1)', step) INTO answer USING call || jsonb_build_object(
      'from', done.member_id, 'to', done.other_id, 'mergedAt', iso_text(done.at),
      'moved', (SELECT moved FROM merge_step s WHERE s.member_id = done.member_id AND s.merge_id = done.merge_id
        AND s.step = regexp_replace(merge_undo_run.step, '_unmerge$', '_merge')));
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

-- Locks the two records of a merge and says what stands in the way of taking it back. {mergeId, at}
CREATE OR REPLACE FUNCTION merge_undo_look(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  done merge_record;
BEGIN
  SELECT * INTO done FROM merge_record WHERE merge_id = (call->>'mergeId')::uuid;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "merge"}'); END IF;
  PERFORM 1 FROM member WHERE member_id IN (done.member_id, done.other_id) ORDER BY member_id FOR UPDATE;
  RETURN merge_undo_blockers(done, (call->>'at')::timestamptz);
END $$;

-- An operator takes a merge back: what was previewed, or nothing. {command, seal, and as merge_undo_run} → as merge_undo_run
CREATE OR REPLACE FUNCTION merge_undo_decide(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  answer jsonb;
  seen jsonb;
  blockers jsonb;
BEGIN
  answer := request_begin(call->'command');
  IF answer IS NOT NULL THEN RETURN answer; END IF;
  blockers := merge_undo_look(call);
  IF blockers <> '[]' THEN PERFORM refuse('MERGE_BLOCKED', blockers->0); END IF;
  seen := merge_undo_run(call);
  IF md5(seen::text) <> call->>'seal' THEN PERFORM refuse('PREVIEW_CHANGED'); END IF;
  RETURN request_end(call->'command', seen);
END $$;

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
-- a step further where only what was given back had kept it. A record that was merged brings what it deserved itself.
CREATE OR REPLACE FUNCTION tier_deserved(member uuid, call jsonb) RETURNS int
LANGUAGE plpgsql STABLE AS $$
DECLARE
  one record;
  stood bigint := 0;
  deserved int := tier_of(call, 0);
BEGIN
  FOR one IN
    SELECT k.at, 0 AS nth, sum(k.amount) AS amount, '' AS reason, 0 AS after FROM tier_kept_growth(member) k GROUP BY k.at
    UNION ALL SELECT c.at, 1, 0, c.reason, c.after FROM tier_change c WHERE c.member_id = member
    ORDER BY 1, 2 LOOP
    stood := stood + one.amount;
    IF one.reason = 'kept' AND stood < tier_takes(call, deserved) THEN
      deserved := tier_below(call, deserved);
    ELSIF one.reason = 'landed' THEN
      deserved := least(deserved, one.after);
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
    AND back.effect_kind = earned.effect_kind AND back.effect_source = earned.effect_source AND back.member_id IN (
      SELECT e.member_id FROM effect e WHERE e.kind = earned.effect_kind AND e.source_id = earned.effect_source AND e.part LIKE 'take\_back:%')
$$;

-- Every change of a member's growth but what was given back, as if it had never come. What other records had earned and this one
-- or whoever it became gave back left with the merge that brought it; an older merge does not say from whom it brought what.
CREATE OR REPLACE FUNCTION tier_kept_growth(member uuid) RETURNS TABLE (at timestamptz, amount int)
LANGUAGE sql STABLE AS $$
  WITH RECURSIVE brought (earner, at) AS (
    SELECT (t.detail->>'from')::uuid, t.at FROM transfer t
      WHERE t.member_id = member AND t.unit = 'growth' AND t.reason = 'merged_in' AND t.detail ? 'from'
    UNION
    SELECT (t.detail->>'from')::uuid, b.at FROM brought b JOIN transfer t ON t.member_id = b.earner
      WHERE t.unit = 'growth' AND t.reason = 'merged_in' AND t.detail ? 'from')
  SELECT t.at, CASE to_account WHEN 'member:growth' THEN t.amount - tier_given_back(t) ELSE -t.amount END FROM transfer t
    WHERE t.member_id = member AND unit = 'growth' AND reason <> 'purchase_returned'
      AND NOT EXISTS (SELECT 1 FROM effect e WHERE e.kind = t.effect_kind AND e.source_id = t.effect_source AND e.part = 'take_back')
  UNION ALL
  SELECT b.at, -back.amount FROM brought b
    JOIN transfer earned ON earned.member_id = b.earner AND earned.unit = 'growth' AND earned.to_account = 'member:growth'
    JOIN LATERAL (SELECT DISTINCT kind, source_id, member_id FROM effect e WHERE e.kind = earned.effect_kind
      AND e.source_id = earned.effect_source AND e.part LIKE 'take\_back%') e ON true
    JOIN transfer back ON back.member_id = e.member_id AND back.unit = 'growth' AND back.reason = 'purchase_returned'
      AND back.effect_kind = e.kind AND back.effect_source = e.source_id
    WHERE e.member_id NOT IN (SELECT earner FROM brought)
  UNION ALL
  SELECT (SELECT min(m.at) FROM transfer m WHERE m.member_id = member AND m.unit = 'growth' AND m.reason = 'merged_in' AND m.at >= e.at), -t.amount
    FROM transfer t JOIN effect e ON e.kind = t.effect_kind AND e.source_id = t.effect_source AND e.part = 'award'
    WHERE t.member_id = member AND t.unit = 'growth' AND t.reason = 'purchase_returned' AND e.member_id <> member
      AND e.member_id NOT IN (SELECT earner FROM brought)
$$;

-- The higher of the two, until the next review; of two equal ones the one that is safe for longer. The survivor is due at the
-- sooner of both; the other one never again.
CREATE OR REPLACE FUNCTION tier_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src standing;
  dst standing;
BEGIN
  SELECT * INTO src FROM standing WHERE member_id = (call->>'from')::uuid FOR UPDATE;
  SELECT * INTO dst FROM standing WHERE member_id = (call->>'to')::uuid FOR UPDATE;
  IF (src.tier, src.valid_until) > (dst.tier, dst.valid_until) THEN
    UPDATE standing SET tier = src.tier, since = src.since, valid_until = src.valid_until, warned_of = src.warned_of
      WHERE member_id = dst.member_id;
  END IF;
  IF src.tier > dst.tier THEN
    PERFORM tier_note(dst.member_id, dst.tier, src.tier, 'merged', growth, (call->>'at')::timestamptz)
      FROM account WHERE member_id = dst.member_id;
  END IF;
  UPDATE standing SET review_at = least(src.review_at, dst.review_at) WHERE member_id = dst.member_id;
  UPDATE standing SET review_at = tier_never() WHERE member_id = src.member_id;
  PERFORM tier_raise(call || jsonb_build_object('memberId', dst.member_id, 'reason', 'merged',
    'growth', (SELECT growth FROM account WHERE member_id = dst.member_id)));
  RETURN '{}';
END $$;

-- Where everybody starts. {memberId, at, validUntil}
CREATE OR REPLACE FUNCTION tier_open(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  INSERT INTO standing (member_id, tier, since, valid_until, review_at)
    VALUES ((call->>'memberId')::uuid, 1, (call->>'at')::timestamptz, (call->>'validUntil')::timestamptz, tier_never())
    ON CONFLICT DO NOTHING;
  SELECT '{}'::jsonb
$$;
