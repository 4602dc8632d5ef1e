-- The ledger, first shape. Facts and results are appended and never changed: the triggers at the
-- end refuse it. Money is integer minor units, rates are parts per million, instants are seconds
-- since 1970-01-01T00:00:00Z. `seq` is the ledger's own clock: each appended fact has the next one,
-- and a run stores the highest it saw, so that it can be replayed.

-- Texts that recur in facts. A number means nothing outside this file.
CREATE TABLE word (
    id   INTEGER PRIMARY KEY CHECK (id >= 0),
    text TEXT NOT NULL
) STRICT;

-- Programs that have facts; the name is the folder under schedules/.
CREATE TABLE program (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- One import is one file and one transaction.
CREATE TABLE import (
    id            INTEGER PRIMARY KEY,
    program_id    INTEGER NOT NULL REFERENCES program (id),
    file          TEXT    NOT NULL,
    file_digest   BLOB    NOT NULL CHECK (length(file_digest) = 32),
    format        TEXT    NOT NULL,
    format_digest BLOB    NOT NULL CHECK (length(format_digest) = 32),
    as_of         INTEGER,
    imported_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX import_by_file ON import (file_digest);

-- What an import came to; written last, in the same transaction. `fact_digest` is the sum over the
-- digests of the appended rows, so that their order does not matter.
CREATE TABLE import_summary (
    import_id   INTEGER PRIMARY KEY REFERENCES import (id),
    first_seq   INTEGER NOT NULL,
    last_seq    INTEGER NOT NULL,
    added       INTEGER NOT NULL,
    revised     INTEGER NOT NULL,
    unchanged   INTEGER NOT NULL,
    rejected    INTEGER NOT NULL,
    fact_digest BLOB    NOT NULL CHECK (length(fact_digest) = 16)
) STRICT;

-- An import taken back: from `seq` on its rows do not count. Rows that another import reported as
-- well were appended again under that import; `fact_digest` is the sum over those.
CREATE TABLE withdrawal (
    import_id    INTEGER PRIMARY KEY REFERENCES import (id),
    seq          INTEGER NOT NULL,
    withdrawn_at INTEGER NOT NULL,
    fact_digest  BLOB    NOT NULL CHECK (length(fact_digest) = 16)
) STRICT;

-- Rows of an import that an earlier one had reported word for word: their `seq`, ascending, as
-- differences in base-128 bytes.
CREATE TABLE sighting (
    import_id INTEGER NOT NULL REFERENCES import (id),
    chunk     INTEGER NOT NULL,
    seqs      BLOB    NOT NULL,
    PRIMARY KEY (import_id, chunk)
) STRICT, WITHOUT ROWID;

-- Order lines as reported; a restated line is another row. `order_no` and `line_no` are integers
-- where the network's number is one, else a blob: two bytes of length, then the text, so that
-- shorter sorts first. No other index: the key order is the order of every scan.
CREATE TABLE order_line (
    program_id          INTEGER NOT NULL,
    order_no            ANY     NOT NULL CHECK (typeof(order_no) IN ('integer', 'blob')),
    line_no             ANY     NOT NULL CHECK (typeof(line_no) IN ('integer', 'blob')),
    seq                 INTEGER NOT NULL,
    import_id           INTEGER NOT NULL REFERENCES import (id),
    state               INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4), -- pending approved settled declined reversed
    status_word         INTEGER,
    placement           INTEGER,
    sub_id              TEXT,
    clicked_at          INTEGER,
    ordered_at          INTEGER,
    paid_at             INTEGER,
    finished_at         INTEGER,
    settled_at          INTEGER,
    updated_at          INTEGER,
    category            INTEGER,
    product             ANY,
    store               INTEGER,
    click_country       INTEGER,
    ship_to             INTEGER,
    seller_country      INTEGER,
    host                INTEGER,
    currency            INTEGER,
    amount_currency     INTEGER,
    quantity            INTEGER NOT NULL CHECK (quantity >= 1),
    product_price       INTEGER CHECK (product_price >= 0),
    service_fee         INTEGER CHECK (service_fee >= 0),
    paid_amount         INTEGER CHECK (paid_amount >= 0),
    final_amount        INTEGER CHECK (final_amount >= 0),
    refunded            INTEGER CHECK (refunded >= 0),
    -- Pairs of bits, 0 unknown: new_buyer, hot, affiliate, coupon (1 no, 2 yes), platform (1 app,
    -- 2 web), link (1 product, 2 store, 3 other), doubtful time (1 yes).
    traits              INTEGER NOT NULL CHECK (traits >= 0),
    reported_rate       INTEGER CHECK (reported_rate BETWEEN 0 AND 1000000),
    reported_commission INTEGER,
    reported_incentive  INTEGER,
    reported_bonus      INTEGER,
    PRIMARY KEY (program_id, order_no, line_no, seq)
) STRICT, WITHOUT ROWID;

-- Files of the terms, word for word.
CREATE TABLE document (
    id     INTEGER PRIMARY KEY,
    path   TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    text   TEXT NOT NULL,
    UNIQUE (path, digest)
) STRICT;

-- The book of terms that a run went by: all its files.
CREATE TABLE book (
    id     INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32)
) STRICT;

CREATE TABLE book_document (
    book_id     INTEGER NOT NULL REFERENCES book (id),
    document_id INTEGER NOT NULL REFERENCES document (id),
    PRIMARY KEY (book_id, document_id)
) STRICT, WITHOUT ROWID;

-- One evaluation that posted something; `seq` is the highest it saw.
CREATE TABLE run (
    id      INTEGER PRIMARY KEY,
    seq     INTEGER NOT NULL,
    book_id INTEGER NOT NULL REFERENCES book (id),
    ran_at  INTEGER NOT NULL,
    scope   TEXT    NOT NULL
) STRICT;

-- What an order earns as of a run, by state and component. A later run's row replaces it for the
-- future; the difference of the two is the posting. `month` counts from the year 0; `schedule` is
-- the version's file, none where no version governs.
CREATE TABLE result (
    program_id          INTEGER NOT NULL REFERENCES program (id),
    order_no            ANY     NOT NULL,
    run_id              INTEGER NOT NULL REFERENCES run (id),
    month               INTEGER,
    schedule            INTEGER REFERENCES document (id),
    fingerprint         BLOB    NOT NULL CHECK (length(fingerprint) = 16),
    pending_commission  INTEGER NOT NULL CHECK (pending_commission >= 0),
    pending_incentive   INTEGER NOT NULL CHECK (pending_incentive >= 0),
    pending_bonus       INTEGER NOT NULL CHECK (pending_bonus >= 0),
    pending_withheld    INTEGER NOT NULL CHECK (pending_withheld >= 0),
    approved_commission INTEGER NOT NULL CHECK (approved_commission >= 0),
    approved_incentive  INTEGER NOT NULL CHECK (approved_incentive >= 0),
    approved_bonus      INTEGER NOT NULL CHECK (approved_bonus >= 0),
    approved_withheld   INTEGER NOT NULL CHECK (approved_withheld >= 0),
    settled_commission  INTEGER NOT NULL CHECK (settled_commission >= 0),
    settled_incentive   INTEGER NOT NULL CHECK (settled_incentive >= 0),
    settled_bonus       INTEGER NOT NULL CHECK (settled_bonus >= 0),
    settled_withheld    INTEGER NOT NULL CHECK (settled_withheld >= 0),
    held_commission     INTEGER NOT NULL CHECK (held_commission >= 0),
    held_incentive      INTEGER NOT NULL CHECK (held_incentive >= 0),
    held_bonus          INTEGER NOT NULL CHECK (held_bonus >= 0),
    held_withheld       INTEGER NOT NULL CHECK (held_withheld >= 0),
    PRIMARY KEY (program_id, order_no, run_id)
) STRICT, WITHOUT ROWID;

-- Nothing that was written is changed or taken away; a correction is another row.
CREATE TRIGGER word_refuses_update BEFORE UPDATE ON word BEGIN
    SELECT RAISE(ABORT, 'word is append-only');
END;
CREATE TRIGGER word_refuses_delete BEFORE DELETE ON word BEGIN
    SELECT RAISE(ABORT, 'word is append-only');
END;
CREATE TRIGGER program_refuses_update BEFORE UPDATE ON program BEGIN
    SELECT RAISE(ABORT, 'program is append-only');
END;
CREATE TRIGGER program_refuses_delete BEFORE DELETE ON program BEGIN
    SELECT RAISE(ABORT, 'program is append-only');
END;
CREATE TRIGGER import_refuses_update BEFORE UPDATE ON import BEGIN
    SELECT RAISE(ABORT, 'import is append-only');
END;
CREATE TRIGGER import_refuses_delete BEFORE DELETE ON import BEGIN
    SELECT RAISE(ABORT, 'import is append-only');
END;
CREATE TRIGGER import_summary_refuses_update BEFORE UPDATE ON import_summary BEGIN
    SELECT RAISE(ABORT, 'import_summary is append-only');
END;
CREATE TRIGGER import_summary_refuses_delete BEFORE DELETE ON import_summary BEGIN
    SELECT RAISE(ABORT, 'import_summary is append-only');
END;
CREATE TRIGGER withdrawal_refuses_update BEFORE UPDATE ON withdrawal BEGIN
    SELECT RAISE(ABORT, 'withdrawal is append-only');
END;
CREATE TRIGGER withdrawal_refuses_delete BEFORE DELETE ON withdrawal BEGIN
    SELECT RAISE(ABORT, 'withdrawal is append-only');
END;
CREATE TRIGGER sighting_refuses_update BEFORE UPDATE ON sighting BEGIN
    SELECT RAISE(ABORT, 'sighting is append-only');
END;
CREATE TRIGGER sighting_refuses_delete BEFORE DELETE ON sighting BEGIN
    SELECT RAISE(ABORT, 'sighting is append-only');
END;
CREATE TRIGGER order_line_refuses_update BEFORE UPDATE ON order_line BEGIN
    SELECT RAISE(ABORT, 'order_line is append-only');
END;
CREATE TRIGGER order_line_refuses_delete BEFORE DELETE ON order_line BEGIN
    SELECT RAISE(ABORT, 'order_line is append-only');
END;
CREATE TRIGGER document_refuses_update BEFORE UPDATE ON document BEGIN
    SELECT RAISE(ABORT, 'document is append-only');
END;
CREATE TRIGGER document_refuses_delete BEFORE DELETE ON document BEGIN
    SELECT RAISE(ABORT, 'document is append-only');
END;
CREATE TRIGGER book_refuses_update BEFORE UPDATE ON book BEGIN
    SELECT RAISE(ABORT, 'book is append-only');
END;
CREATE TRIGGER book_refuses_delete BEFORE DELETE ON book BEGIN
    SELECT RAISE(ABORT, 'book is append-only');
END;
CREATE TRIGGER book_document_refuses_update BEFORE UPDATE ON book_document BEGIN
    SELECT RAISE(ABORT, 'book_document is append-only');
END;
CREATE TRIGGER book_document_refuses_delete BEFORE DELETE ON book_document BEGIN
    SELECT RAISE(ABORT, 'book_document is append-only');
END;
CREATE TRIGGER run_refuses_update BEFORE UPDATE ON run BEGIN
    SELECT RAISE(ABORT, 'run is append-only');
END;
CREATE TRIGGER run_refuses_delete BEFORE DELETE ON run BEGIN
    SELECT RAISE(ABORT, 'run is append-only');
END;
CREATE TRIGGER result_refuses_update BEFORE UPDATE ON result BEGIN
    SELECT RAISE(ABORT, 'result is append-only');
END;
CREATE TRIGGER result_refuses_delete BEFORE DELETE ON result BEGIN
    SELECT RAISE(ABORT, 'result is append-only');
END;
