-- What was paid, at which rates of exchange, and which months are closed. Appended like all facts.

-- One file of exchange rates.
CREATE TABLE rate_import (
    id          INTEGER PRIMARY KEY,
    file        TEXT    NOT NULL,
    file_digest BLOB    NOT NULL UNIQUE CHECK (length(file_digest) = 32),
    format      TEXT    NOT NULL,
    imported_at INTEGER NOT NULL,
    added       INTEGER NOT NULL,
    revised     INTEGER NOT NULL,
    unchanged   INTEGER NOT NULL,
    rejected    INTEGER NOT NULL
) STRICT;

-- One unit of `base` is `rate` billionths of a unit of `quote` on a day. A rate restated is another
-- row; the one recorded last counts. Days count from 0000-12-31, as chrono counts them.
CREATE TABLE exchange_rate (
    base           TEXT    NOT NULL CHECK (length(base) = 3),
    quote          TEXT    NOT NULL CHECK (length(quote) = 3 AND quote <> base),
    rate_on        INTEGER NOT NULL,
    seq            INTEGER NOT NULL,
    rate           INTEGER NOT NULL CHECK (rate > 0),
    source         TEXT    NOT NULL,
    rate_import_id INTEGER NOT NULL REFERENCES rate_import (id),
    PRIMARY KEY (base, quote, rate_on, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX exchange_rate_by_seq ON exchange_rate (seq);

-- A transfer of money that a network made, or tried to make. `amount` is what it took from the
-- balance, in minor units of `currency`; `received` what arrived, after `fee` (in `currency`). A
-- transfer that failed has arrived nowhere and costs its fee.
CREATE TABLE payout (
    id                INTEGER PRIMARY KEY,
    program_id        INTEGER NOT NULL REFERENCES program (id),
    seq               INTEGER NOT NULL UNIQUE,
    payout_no         TEXT CHECK (payout_no <> ''),
    paid_on           INTEGER NOT NULL,
    state             INTEGER NOT NULL CHECK (state BETWEEN 0 AND 1), -- arrived failed
    amount            INTEGER NOT NULL CHECK (amount > 0),
    currency          TEXT    NOT NULL CHECK (length(currency) = 3),
    received          INTEGER CHECK (received >= 0),
    received_currency TEXT CHECK (length(received_currency) = 3),
    fee               INTEGER NOT NULL CHECK (fee >= 0),
    covers_from       INTEGER,
    covers_to         INTEGER, -- inclusive
    note              TEXT CHECK (note <> ''),
    file              TEXT CHECK (file <> ''),
    recorded_at       INTEGER NOT NULL,
    CHECK ((received IS NULL) = (received_currency IS NULL)),
    CHECK (iif(state = 1, received IS NULL, fee <= amount)),
    CHECK ((covers_from IS NULL) = (covers_to IS NULL))
) STRICT;

-- What a payout pays of a line, in minor units of the payout's currency. The key order is that of
-- every scan of orders.
CREATE TABLE payment (
    program_id  INTEGER NOT NULL REFERENCES program (id),
    order_no    ANY     NOT NULL CHECK (typeof(order_no) IN ('integer', 'blob')),
    line_no     ANY     NOT NULL CHECK (typeof(line_no) IN ('integer', 'blob')),
    payout_id   INTEGER NOT NULL REFERENCES payout (id),
    seq         INTEGER NOT NULL,
    amount      INTEGER NOT NULL CHECK (amount <> 0),
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (program_id, order_no, line_no, payout_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX payment_by_seq ON payment (seq);
CREATE INDEX payment_by_payout ON payment (payout_id);

-- A payout taken back: from `seq` on it and its payments do not count.
CREATE TABLE payout_removal (
    payout_id  INTEGER PRIMARY KEY REFERENCES payout (id),
    seq        INTEGER NOT NULL UNIQUE,
    reason     TEXT    NOT NULL CHECK (reason <> ''),
    who        TEXT,
    removed_at INTEGER NOT NULL
) STRICT;

-- A month that is closed, and with it all before it: what later runs post for these is an adjustment
-- in a month that is open, dated in the zone that the program had then. Months count from the year 0.
CREATE TABLE closing (
    program_id INTEGER NOT NULL REFERENCES program (id),
    month      INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    run_id     INTEGER REFERENCES run (id), -- the last one when it was closed
    who        TEXT,
    note       TEXT,
    closed_at  INTEGER NOT NULL,
    zone       TEXT    NOT NULL CHECK (zone <> ''),
    PRIMARY KEY (program_id, month)
) STRICT, WITHOUT ROWID;

-- The order's day in the program's zone, which dates its postings; days count from 0000-12-31. None
-- in results of before, and where an order has no instant.
ALTER TABLE result ADD COLUMN day INTEGER;

-- Nothing that was written is changed or taken away; a correction is another row.
CREATE TRIGGER rate_import_refuses_update BEFORE UPDATE ON rate_import BEGIN
    SELECT RAISE(ABORT, 'rate_import is append-only');
END;
CREATE TRIGGER rate_import_refuses_delete BEFORE DELETE ON rate_import BEGIN
    SELECT RAISE(ABORT, 'rate_import is append-only');
END;
CREATE TRIGGER exchange_rate_refuses_update BEFORE UPDATE ON exchange_rate BEGIN
    SELECT RAISE(ABORT, 'exchange_rate is append-only');
END;
CREATE TRIGGER exchange_rate_refuses_delete BEFORE DELETE ON exchange_rate BEGIN
    SELECT RAISE(ABORT, 'exchange_rate is append-only');
END;
CREATE TRIGGER payout_refuses_update BEFORE UPDATE ON payout BEGIN
    SELECT RAISE(ABORT, 'payout is append-only');
END;
CREATE TRIGGER payout_refuses_delete BEFORE DELETE ON payout BEGIN
    SELECT RAISE(ABORT, 'payout is append-only');
END;
CREATE TRIGGER payment_refuses_update BEFORE UPDATE ON payment BEGIN
    SELECT RAISE(ABORT, 'payment is append-only');
END;
CREATE TRIGGER payment_refuses_delete BEFORE DELETE ON payment BEGIN
    SELECT RAISE(ABORT, 'payment is append-only');
END;
CREATE TRIGGER payout_removal_refuses_update BEFORE UPDATE ON payout_removal BEGIN
    SELECT RAISE(ABORT, 'payout_removal is append-only');
END;
CREATE TRIGGER payout_removal_refuses_delete BEFORE DELETE ON payout_removal BEGIN
    SELECT RAISE(ABORT, 'payout_removal is append-only');
END;
CREATE TRIGGER closing_refuses_update BEFORE UPDATE ON closing BEGIN
    SELECT RAISE(ABORT, 'closing is append-only');
END;
CREATE TRIGGER closing_refuses_delete BEFORE DELETE ON closing BEGIN
    SELECT RAISE(ABORT, 'closing is append-only');
END;
