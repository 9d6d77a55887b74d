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
      WHEN 'risk_seen' THEN answer := risk_seen(args);
      WHEN 'referral_on_order' THEN answer := referral_on_order(args);
      WHEN 'referral_on_activity' THEN answer := referral_on_activity(args);
      WHEN 'article_on_join' THEN answer := article_on_join(args);
      WHEN 'article_on_order' THEN answer := article_on_order(args);
      WHEN 'article_on_activity' THEN answer := article_on_activity(args);
      WHEN 'article_on_return' THEN answer := article_on_return(args);
      WHEN 'gift_on_order' THEN answer := gift_on_order(args);
      WHEN 'gift_on_return' THEN answer := gift_on_return(args);
      WHEN 'coupon_return' THEN answer := coupon_return(args);
      WHEN 'referral_on_return' THEN answer := referral_on_return(args);
      WHEN 'webhook_put' THEN answer := webhook_put(args);
      WHEN 'mall_place_gift' THEN answer := mall_place_gift(args);
      WHEN 'obligation_count' THEN answer := obligation_count(args);
      WHEN 'obligation_retract' THEN answer := obligation_retract(args);
      WHEN 'obligation_on_upload' THEN answer := obligation_on_upload(args);
      WHEN 'honour_on_rename' THEN answer := honour_on_rename(args);
      ELSE RAISE EXCEPTION 'no handler is called %', step->>'fn';
    END CASE;
    answers := answers || jsonb_build_object(step->>'fn', answer);
  END LOOP;
  RETURN answers;
END $$;
