-- Leaving takes along what somebody did for the brand.

-- What was undertaken, shown at the counter, counted and handed in; its points stand in the books.
CREATE OR REPLACE FUNCTION obligation_erase(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM obligation_submission WHERE member_id = ANY (erase_records(call));
  DELETE FROM obligation_proof WHERE member_id = ANY (erase_records(call));
  DELETE FROM obligation_instance WHERE member_id = ANY (erase_records(call));
  -- a server of the release before names no step of honours
  IF NOT call->'steps' ? 'honour_erase' THEN RETURN honour_erase(call); END IF;
  RETURN '{}';
END $$;
