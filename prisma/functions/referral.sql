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

CREATE OR REPLACE FUNCTION referral_code_of(who uuid) RETURNS text
LANGUAGE sql STABLE AS $$ SELECT code FROM referral_link WHERE member_id = who ORDER BY created_at, code LIMIT 1 $$;
