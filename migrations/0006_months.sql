-- What is derived from the facts so that a run need not read all of them. These tables say nothing
-- that the facts do not: they can be emptied and built anew, and no trigger guards them.

-- Which columns of `order_line` the rows of an import fill, a bit each; a scan leaves out the others.
CREATE TABLE filled (
    import_id INTEGER PRIMARY KEY REFERENCES import (id),
    columns   INTEGER NOT NULL
) STRICT;

-- In which months an order can lie, whatever zone its program's terms name: for each instant that
-- may govern (0 ordered, 1 paid, 2 finished), by that instant of its lines, else by all others. Months
-- count from the year 0. `digits` are order numbers that are integers, ascending, as differences in
-- base-128 bytes; `texts` are others, each behind four bytes of its length.
CREATE TABLE order_month (
    program_id  INTEGER NOT NULL REFERENCES program (id),
    governed_by INTEGER NOT NULL CHECK (governed_by BETWEEN 0 AND 2),
    month       INTEGER NOT NULL,
    chunk       INTEGER NOT NULL,
    digits      BLOB    NOT NULL,
    texts       BLOB    NOT NULL,
    PRIMARY KEY (program_id, governed_by, month, chunk)
) STRICT, WITHOUT ROWID;
