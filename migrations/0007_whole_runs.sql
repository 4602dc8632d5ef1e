-- What the last run over all orders of a program came to, so that one that would see the same need not
-- read them again. Derived like the tables of the migration before, and gone as soon as a run of part of
-- the program's orders posts something. `seq` is the highest that it saw; `basis` stands for the terms and
-- the calculation; `verdicts` are the lines by verdict, eight bytes each, in order of precedence; `digest`
-- is over all that.
CREATE TABLE whole_run (
    program_id INTEGER PRIMARY KEY REFERENCES program (id),
    seq        INTEGER NOT NULL,
    basis      BLOB    NOT NULL CHECK (length(basis) = 16),
    orders     INTEGER NOT NULL CHECK (orders >= 0),
    lines      INTEGER NOT NULL CHECK (lines >= 0),
    verdicts   BLOB    NOT NULL,
    digest     BLOB    NOT NULL CHECK (length(digest) = 16)
) STRICT;
