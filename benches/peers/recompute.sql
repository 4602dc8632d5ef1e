-- What schedules/example says of the generated reports, in SQL: read by hand from its three editions, and
-- held to the same sum as feebook's own recompute. IDIV is whole division, INSTANT an instant, PRICE the unit
-- price in cents: each engine has its own words for them.
CREATE TABLE r AS
WITH l AS (
  SELECT order_id, paid_at, buyer_is_new, ship_to_country AS s, seller_country AS sc, category_id,
    status IN ('completed', 'paid') AND currency = 'USD'
      AND storefront_host NOT IN ('tmall.aliexpress.com', 'plaza.aliexpress.com') AS ok,
    PRICE AS p, PRICE * quantity AS b,
    CASE WHEN paid_at < INSTANT'2023-09-30 22:00:00' THEN 1
         WHEN paid_at < INSTANT'2024-06-30 22:00:00' THEN 2 ELSE 3 END AS version
  FROM o),
m AS (
  SELECT l.order_id, l.version, l.buyer_is_new, l.s, l.b, t.flat,
    ok AND t.excluded = 0 AND (sc = 'CN' OR (l.version = 3 AND sc IN ('ES', 'TR')))
      AND NOT (sc = 'CN' AND t.flat IS NULL AND t.base IS NULL) AS earns,
    CASE WHEN sc <> 'CN' THEN 50000
      WHEN t.camp IS NOT NULL AND paid_at >= INSTANT'2023-11-23 23:00:00'
        AND paid_at < INSTANT'2023-11-27 23:00:00' THEN t.camp
      WHEN t.dear IS NOT NULL AND p >= 20000 THEN t.dear
      WHEN t.flat IS NOT NULL THEN NULL
      WHEN t.nordic IS NOT NULL AND s IN ('DK', 'FI', 'IS', 'NO', 'SE') THEN t.nordic
      WHEN t.eu IS NOT NULL AND s IN ('AT', 'BE', 'BG', 'CY', 'CZ', 'DE', 'DK', 'EE', 'ES', 'FI',
        'FR', 'GR', 'HR', 'HU', 'IE', 'IT', 'LT', 'LU', 'LV', 'MT', 'NL', 'PL', 'PT', 'RO', 'SE',
        'SI', 'SK') THEN t.eu
      ELSE t.base END AS ppm
  FROM l JOIN t ON t.version = l.version AND t.category = l.category_id),
n AS (
  SELECT order_id, version, buyer_is_new, s, earns,
    CASE WHEN NOT earns THEN 0 WHEN ppm IS NULL THEN flat
      WHEN version = 1 THEN b * ppm IDIV 1000000
      WHEN version = 2 THEN (b * ppm + 500000) IDIV 1000000
      ELSE b * ppm IDIV 1000000 + CASE WHEN (b * ppm) % 1000000 > 500000
        OR ((b * ppm) % 1000000 = 500000 AND (b * ppm IDIV 1000000) % 2 = 1) THEN 1 ELSE 0 END
      END AS c
  FROM m),
g AS (
  SELECT order_id, max(version) AS version, sum(c) AS c,
    CASE WHEN max(CASE WHEN buyer_is_new THEN 1 ELSE 0 END) = 1
          AND max(CASE WHEN earns THEN 1 ELSE 0 END) = 1 THEN
      CASE WHEN max(s) = 'RU' THEN 200 WHEN max(s) IN ('PL', 'SA', 'AE', 'TR') THEN 300
        WHEN max(s) IN ('ES', 'FR', 'NL', 'BE') THEN CASE max(version) WHEN 3 THEN 350 ELSE 400 END
        WHEN max(s) IN ('BR', 'KR') THEN CASE max(version) WHEN 3 THEN 250 ELSE 0 END
        ELSE 0 END ELSE 0 END AS bonus
  FROM n GROUP BY order_id)
SELECT order_id, CASE version WHEN 1 THEN LEAST(c, 5000) + bonus WHEN 2 THEN LEAST(c + bonus, 5000)
  ELSE LEAST(c + bonus, 3800) END AS total
FROM g
