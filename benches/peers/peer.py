"""Peers that are Python packages. Each call does one job and prints what the harness checks."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TYPED = """CREATE TABLE o (order_id BIGINT NOT NULL, sub_order_id BIGINT NOT NULL, click_id VARCHAR,
 paid_at TIMESTAMP, completed_at TIMESTAMP, status VARCHAR, category_id INTEGER, ship_to_country VARCHAR,
 buyer_is_new BOOLEAN, seller_country VARCHAR, storefront_host VARCHAR, currency VARCHAR,
 product_price DECIMAL(12,2), service_fee DECIMAL(12,2), quantity INTEGER, tracking_id VARCHAR,
 PRIMARY KEY (order_id, sub_order_id))"""


def duckdb_job(job, database, report, terms):
    import duckdb
    con = duckdb.connect(database)
    if job == "ctas":
        con.execute("CREATE TABLE o AS SELECT * FROM read_csv(?, header = true)", [report])
        print(con.execute("SELECT count(*) FROM o").fetchone()[0])
    elif job == "typed":
        con.execute(TYPED)
        con.execute("INSERT OR IGNORE INTO o SELECT * FROM read_csv(?, header = true)", [report])
        print(con.execute("SELECT count(*) FROM o").fetchone()[0])
    else:
        sql = open(os.path.join(HERE, "recompute.sql")).read()
        sql = sql.replace("IDIV", "//").replace("INSTANT'", "TIMESTAMP '").replace(
            "PRICE", "CAST(product_price * 100 AS BIGINT)")
        con.execute("DROP TABLE IF EXISTS t; DROP TABLE IF EXISTS r")
        con.execute("CREATE TABLE t AS SELECT * FROM read_csv(?, header = true)", [terms])
        con.execute(sql)
        print(*con.execute("SELECT count(*), sum(total) FROM r").fetchone())


def polars_job(job, parquet, report, terms):
    import polars as pl
    if job == "read":
        frame = pl.read_csv(report, try_parse_dates=True)
        print(frame.height)
    elif job == "parquet":
        pl.read_csv(report, try_parse_dates=True).write_parquet(parquet)
    else:
        print(*polars_recompute(pl, parquet, terms))


def polars_recompute(pl, parquet, terms):
    from datetime import datetime
    c, lit = pl.col, pl.lit
    nordic = ["DK", "FI", "IS", "NO", "SE"]
    eu = ("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK").split()
    t = pl.read_csv(terms, infer_schema_length=None).lazy()
    columns = ["order_id", "paid_at", "status", "category_id", "ship_to_country", "buyer_is_new",
               "seller_country", "storefront_host", "currency", "product_price", "quantity"]
    l = pl.scan_parquet(parquet).select(columns).with_columns(
        version=pl.when(c.paid_at < datetime(2023, 9, 30, 22)).then(1)
        .when(c.paid_at < datetime(2024, 6, 30, 22)).then(2).otherwise(3).cast(pl.Int64),
        p=(c.product_price * 100).round().cast(pl.Int64))
    m = l.join(t, left_on=["version", "category_id"], right_on=["version", "category"])
    camp = c.camp.is_not_null() & (c.paid_at >= datetime(2023, 11, 23, 23)) & (
        c.paid_at < datetime(2023, 11, 27, 23))
    cn, s = c.seller_country == "CN", c.ship_to_country
    m = m.with_columns(
        earns=c.status.is_in(["completed", "paid"]) & (c.currency == "USD") & (c.excluded == 0)
        & ~c.storefront_host.is_in(["tmall.aliexpress.com", "plaza.aliexpress.com"])
        & (cn | ((c.version == 3) & c.seller_country.is_in(["ES", "TR"])))
        & ~(cn & c.flat.is_null() & c.base.is_null()),
        ppm=pl.when(~cn).then(50000).when(camp).then(c.camp)
        .when(c.dear.is_not_null() & (c.p >= 20000)).then(c.dear)
        .when(c.flat.is_not_null()).then(lit(None))
        .when(c.nordic.is_not_null() & s.is_in(nordic)).then(c.nordic)
        .when(c.eu.is_not_null() & s.is_in(eu)).then(c.eu).otherwise(c.base))
    m = m.with_columns(x=c.p * c.quantity * c.ppm)
    whole, rest = c.x // 1000000, c.x % 1000000
    m = m.with_columns(
        c=pl.when(~c.earns).then(0).when(c.ppm.is_null()).then(c.flat)
        .when(c.version == 1).then(whole).when(c.version == 2).then((c.x + 500000) // 1000000)
        .otherwise(whole + ((rest > 500000) | ((rest == 500000) & (whole % 2 == 1))).cast(pl.Int64)))
    g = m.group_by("order_id").agg(c.version.first(), c.c.sum(), s.first(), c.buyer_is_new.max(),
                                   c.earns.any())
    third = c.version == 3
    bonus = pl.when(s == "RU").then(200).when(s.is_in(["PL", "SA", "AE", "TR"])).then(300).when(
        s.is_in(["ES", "FR", "NL", "BE"])).then(pl.when(third).then(350).otherwise(400)).when(
        s.is_in(["BR", "KR"]) & third).then(250).otherwise(0)
    g = g.with_columns(bonus=pl.when((c.buyer_is_new == 1) & c.earns).then(bonus).otherwise(0))
    g = g.select("order_id", total=pl.when(c.version == 1).then(
        pl.min_horizontal(c.c, lit(5000)) + c.bonus).otherwise(pl.min_horizontal(
            c.c + c.bonus, pl.when(third).then(3800).otherwise(5000))))
    r = g.collect()
    r.write_parquet(parquet + ".result")
    return r.height, r["total"].sum()


if __name__ == "__main__":
    engine, job, store, report, terms = sys.argv[1:6]
    {"duckdb": duckdb_job, "polars": polars_job}[engine](job, store, report, terms)
