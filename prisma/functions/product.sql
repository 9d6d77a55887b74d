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
