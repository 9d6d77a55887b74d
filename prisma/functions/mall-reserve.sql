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
