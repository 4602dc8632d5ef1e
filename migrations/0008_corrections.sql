-- Rows that correct another: what they hold is added to a line of their order, or, where their state is
-- reversed, taken from it. `corrects` is the number of that line, or empty where the row does not name it;
-- a row that is a line has none.
ALTER TABLE order_line ADD COLUMN corrects ANY
    CHECK (corrects IS NULL OR typeof(corrects) IN ('integer', 'blob'));

-- What the last run over all orders of a program came to, once more, now with the program's statement by
-- month. The table is derived: what it had is made again by the next run over all orders.
DROP TABLE whole_run;
CREATE TABLE whole_run (
    program_id INTEGER PRIMARY KEY REFERENCES program (id),
    seq        INTEGER NOT NULL,
    basis      BLOB    NOT NULL CHECK (length(basis) = 16),
    orders     INTEGER NOT NULL CHECK (orders >= 0),
    lines      INTEGER NOT NULL CHECK (lines >= 0),
    verdicts   BLOB    NOT NULL,
    -- Totals by month and currency, as JSON; none where they were not added up.
    months     TEXT,
    digest     BLOB    NOT NULL CHECK (length(digest) = 16)
) STRICT;
