-- Facts beside the reports: the publisher's own clicks, flags, and dated facts about products,
-- placements and the account. Appended like all facts; taken back by a row that says so.

-- A click of the publisher's own log. `sub_id` is empty where the click has none: it counts for its
-- placement and leads to no order. The key order serves the question which click came last before
-- an order.
CREATE TABLE click (
    program_id INTEGER NOT NULL REFERENCES program (id),
    sub_id     TEXT    NOT NULL,
    clicked_at INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    import_id  INTEGER NOT NULL REFERENCES import (id),
    placement  INTEGER,
    country    INTEGER,
    url        TEXT,
    referrer   TEXT,
    PRIMARY KEY (program_id, sub_id, clicked_at, seq)
) STRICT, WITHOUT ROWID;

-- A violation or a finding of fraud, as the program told it. `effect` is the program's own decision;
-- none leaves the effect to the terms. Days count from 0000-12-31, as chrono counts them.
CREATE TABLE flag (
    id          INTEGER PRIMARY KEY,
    program_id  INTEGER NOT NULL REFERENCES program (id),
    seq         INTEGER NOT NULL UNIQUE,
    about       INTEGER NOT NULL CHECK (about BETWEEN 0 AND 2), -- order sub_id placement
    subject     TEXT    NOT NULL CHECK (subject <> ''),
    from_at     INTEGER CHECK (from_at IS NULL OR about = 2),
    until_at    INTEGER CHECK (until_at IS NULL OR about = 2),  -- exclusive
    kind        TEXT    NOT NULL CHECK (kind <> ''),
    effect      INTEGER CHECK (effect BETWEEN 0 AND 2), -- disqualify hold withhold_bonus
    reason      TEXT    NOT NULL CHECK (reason <> ''),
    flagged_on  INTEGER NOT NULL,
    who         TEXT,
    recorded_at INTEGER NOT NULL
) STRICT;

CREATE TABLE flag_removal (
    flag_id    INTEGER PRIMARY KEY REFERENCES flag (id),
    seq        INTEGER NOT NULL UNIQUE,
    reason     TEXT    NOT NULL CHECK (reason <> ''),
    who        TEXT,
    removed_at INTEGER NOT NULL
) STRICT;

-- What holds from a day on, until another row of the same subject and aspect says otherwise: a mark
-- on a product (value yes or no), the kind of a placement, the account's channel. `subject` is empty
-- for the account. Of two rows of one day the later counts.
CREATE TABLE dated_fact (
    id          INTEGER PRIMARY KEY,
    program_id  INTEGER NOT NULL REFERENCES program (id),
    seq         INTEGER NOT NULL UNIQUE,
    about       INTEGER NOT NULL CHECK (about BETWEEN 0 AND 2), -- product placement account
    subject     TEXT    NOT NULL,
    aspect      TEXT    NOT NULL CHECK (aspect <> ''),
    value       TEXT    NOT NULL CHECK (value <> ''),
    from_on     INTEGER NOT NULL,
    reason      TEXT,
    who         TEXT,
    recorded_at INTEGER NOT NULL
) STRICT;

CREATE TABLE dated_fact_removal (
    dated_fact_id INTEGER PRIMARY KEY REFERENCES dated_fact (id),
    seq           INTEGER NOT NULL UNIQUE,
    reason        TEXT    NOT NULL CHECK (reason <> ''),
    who           TEXT,
    removed_at    INTEGER NOT NULL
) STRICT;

-- Nothing that was written is changed or taken away; a correction is another row.
CREATE TRIGGER click_refuses_update BEFORE UPDATE ON click BEGIN
    SELECT RAISE(ABORT, 'click is append-only');
END;
CREATE TRIGGER click_refuses_delete BEFORE DELETE ON click BEGIN
    SELECT RAISE(ABORT, 'click is append-only');
END;
CREATE TRIGGER flag_refuses_update BEFORE UPDATE ON flag BEGIN
    SELECT RAISE(ABORT, 'flag is append-only');
END;
CREATE TRIGGER flag_refuses_delete BEFORE DELETE ON flag BEGIN
    SELECT RAISE(ABORT, 'flag is append-only');
END;
CREATE TRIGGER flag_removal_refuses_update BEFORE UPDATE ON flag_removal BEGIN
    SELECT RAISE(ABORT, 'flag_removal is append-only');
END;
CREATE TRIGGER flag_removal_refuses_delete BEFORE DELETE ON flag_removal BEGIN
    SELECT RAISE(ABORT, 'flag_removal is append-only');
END;
CREATE TRIGGER dated_fact_refuses_update BEFORE UPDATE ON dated_fact BEGIN
    SELECT RAISE(ABORT, 'dated_fact is append-only');
END;
CREATE TRIGGER dated_fact_refuses_delete BEFORE DELETE ON dated_fact BEGIN
    SELECT RAISE(ABORT, 'dated_fact is append-only');
END;
CREATE TRIGGER dated_fact_removal_refuses_update BEFORE UPDATE ON dated_fact_removal BEGIN
    SELECT RAISE(ABORT, 'dated_fact_removal is append-only');
END;
CREATE TRIGGER dated_fact_removal_refuses_delete BEFORE DELETE ON dated_fact_removal BEGIN
    SELECT RAISE(ABORT, 'dated_fact_removal is append-only');
END;
