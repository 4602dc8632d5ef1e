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
