-- What keeps a ledger trustworthy: rows that could not be read, files kept whole, and seals over
-- everything that was appended.

-- How rows of an import stand in their file, so that some of them can be written out as such a file
-- again: what comes before the first, between two, and after the last. Only of imports with bad rows;
-- several where an archive has files of several headers. `by_advertiser`: the rows say whose they are.
CREATE TABLE quarantine_shape (
    id            INTEGER PRIMARY KEY,
    import_id     INTEGER NOT NULL REFERENCES import (id),
    head          BLOB    NOT NULL,
    separator     BLOB    NOT NULL,
    tail          BLOB    NOT NULL,
    by_advertiser INTEGER NOT NULL CHECK (by_advertiser IN (0, 1))
) STRICT;

CREATE INDEX quarantine_shape_by_import ON quarantine_shape (import_id);

-- A row of a report that is not imported, as it stood in the file; cut where `raw_length` is greater
-- than the length of `raw`.
CREATE TABLE quarantine (
    id         INTEGER PRIMARY KEY,
    import_id  INTEGER NOT NULL REFERENCES import (id),
    shape_id   INTEGER NOT NULL REFERENCES quarantine_shape (id),
    raw        BLOB    NOT NULL,
    raw_length INTEGER NOT NULL CHECK (raw_length >= length(raw))
) STRICT;

CREATE INDEX quarantine_by_import ON quarantine (import_id);

-- What is wrong with it: all that was found.
CREATE TABLE quarantine_problem (
    quarantine_id INTEGER NOT NULL REFERENCES quarantine (id),
    problem_no    INTEGER NOT NULL,
    line_no       INTEGER NOT NULL,
    column_no     INTEGER NOT NULL,
    code          TEXT    NOT NULL CHECK (code <> ''),
    message       TEXT    NOT NULL CHECK (message <> ''),
    PRIMARY KEY (quarantine_id, problem_no)
) STRICT, WITHOUT ROWID;

-- A row that no longer waits: an import took it in after all (until that import is taken back), or a
-- person said why it need not be.
CREATE TABLE quarantine_closing (
    id            INTEGER PRIMARY KEY,
    quarantine_id INTEGER NOT NULL REFERENCES quarantine (id),
    import_id     INTEGER REFERENCES import (id),
    reason        TEXT CHECK (reason <> ''),
    who           TEXT,
    closed_at     INTEGER NOT NULL,
    CHECK ((import_id IS NULL) <> (reason IS NULL))
) STRICT;

CREATE INDEX quarantine_closing_by_row ON quarantine_closing (quarantine_id);

-- An import that was made of the quarantined rows of another.
CREATE TABLE retry (
    import_id   INTEGER PRIMARY KEY REFERENCES import (id),
    of_import   INTEGER NOT NULL REFERENCES import (id)
) STRICT;

-- An imported file, byte for byte, packed by gzip and cut into parts.
CREATE TABLE archive (
    id          INTEGER PRIMARY KEY,
    file_digest BLOB    NOT NULL UNIQUE CHECK (length(file_digest) = 32),
    bytes       INTEGER NOT NULL CHECK (bytes >= 0),
    parts       INTEGER NOT NULL CHECK (parts >= 0),
    archived_at INTEGER NOT NULL
) STRICT;

CREATE TABLE archive_part (
    id         INTEGER PRIMARY KEY,
    archive_id INTEGER NOT NULL REFERENCES archive (id) DEFERRABLE INITIALLY DEFERRED, -- it comes last
    part       INTEGER NOT NULL,
    packed     BLOB    NOT NULL,
    UNIQUE (archive_id, part)
) STRICT;

-- What one transaction appended to a table: how many rows, and the sum over the digests of their values,
-- so that their order does not matter. `upto` is the greatest of the table's counting column that was
-- there by then; 0 where it has none.
CREATE TABLE seal (
    id           INTEGER PRIMARY KEY,
    sealed_table TEXT    NOT NULL CHECK (sealed_table <> ''),
    upto         INTEGER NOT NULL,
    row_count    INTEGER NOT NULL CHECK (row_count > 0),
    digest       BLOB    NOT NULL CHECK (length(digest) = 16)
) STRICT;

-- Nothing that was written is changed or taken away; a correction is another row.
CREATE TRIGGER quarantine_shape_refuses_update BEFORE UPDATE ON quarantine_shape BEGIN
    SELECT RAISE(ABORT, 'quarantine_shape is append-only');
END;
CREATE TRIGGER quarantine_shape_refuses_delete BEFORE DELETE ON quarantine_shape BEGIN
    SELECT RAISE(ABORT, 'quarantine_shape is append-only');
END;
CREATE TRIGGER quarantine_refuses_update BEFORE UPDATE ON quarantine BEGIN
    SELECT RAISE(ABORT, 'quarantine is append-only');
END;
CREATE TRIGGER quarantine_refuses_delete BEFORE DELETE ON quarantine BEGIN
    SELECT RAISE(ABORT, 'quarantine is append-only');
END;
CREATE TRIGGER quarantine_problem_refuses_update BEFORE UPDATE ON quarantine_problem BEGIN
    SELECT RAISE(ABORT, 'quarantine_problem is append-only');
END;
CREATE TRIGGER quarantine_problem_refuses_delete BEFORE DELETE ON quarantine_problem BEGIN
    SELECT RAISE(ABORT, 'quarantine_problem is append-only');
END;
CREATE TRIGGER quarantine_closing_refuses_update BEFORE UPDATE ON quarantine_closing BEGIN
    SELECT RAISE(ABORT, 'quarantine_closing is append-only');
END;
CREATE TRIGGER quarantine_closing_refuses_delete BEFORE DELETE ON quarantine_closing BEGIN
    SELECT RAISE(ABORT, 'quarantine_closing is append-only');
END;
CREATE TRIGGER retry_refuses_update BEFORE UPDATE ON retry BEGIN
    SELECT RAISE(ABORT, 'retry is append-only');
END;
CREATE TRIGGER retry_refuses_delete BEFORE DELETE ON retry BEGIN
    SELECT RAISE(ABORT, 'retry is append-only');
END;
CREATE TRIGGER archive_refuses_update BEFORE UPDATE ON archive BEGIN
    SELECT RAISE(ABORT, 'archive is append-only');
END;
CREATE TRIGGER archive_refuses_delete BEFORE DELETE ON archive BEGIN
    SELECT RAISE(ABORT, 'archive is append-only');
END;
CREATE TRIGGER archive_part_refuses_update BEFORE UPDATE ON archive_part BEGIN
    SELECT RAISE(ABORT, 'archive_part is append-only');
END;
CREATE TRIGGER archive_part_refuses_delete BEFORE DELETE ON archive_part BEGIN
    SELECT RAISE(ABORT, 'archive_part is append-only');
END;
CREATE TRIGGER seal_refuses_update BEFORE UPDATE ON seal BEGIN
    SELECT RAISE(ABORT, 'seal is append-only');
END;
CREATE TRIGGER seal_refuses_delete BEFORE DELETE ON seal BEGIN
    SELECT RAISE(ABORT, 'seal is append-only');
END;
