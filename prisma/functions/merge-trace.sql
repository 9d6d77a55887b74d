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
