-- What the plugins of schedules said, so that a result can be shown again without them.

-- A build of a plugin that answered in some run.
CREATE TABLE plugin (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL CHECK (name <> ''),
    version TEXT NOT NULL CHECK (version <> ''),
    sha256  BLOB NOT NULL CHECK (length(sha256) = 32),
    UNIQUE (sha256, name, version)
) STRICT;

-- The build that answered for the order; none under terms without a plugin.
ALTER TABLE result ADD COLUMN plugin_id INTEGER REFERENCES plugin (id);

-- What it said of a line: the commission where that was its to give, what it adds (none where it could not
-- say what the line earns), and why. A line of which it said nothing has no row.
CREATE TABLE plugin_answer (
    program_id INTEGER NOT NULL,
    order_no   ANY     NOT NULL,
    run_id     INTEGER NOT NULL,
    line_no    ANY     NOT NULL CHECK (typeof(line_no) IN ('integer', 'blob')),
    commission INTEGER CHECK (commission >= 0),
    incentive  INTEGER CHECK (incentive >= 0),
    reason     TEXT CHECK (reason <> ''),
    PRIMARY KEY (program_id, order_no, run_id, line_no),
    FOREIGN KEY (program_id, order_no, run_id)
        REFERENCES result (program_id, order_no, run_id)
) STRICT, WITHOUT ROWID;

-- Nothing that was written is changed or taken away; a correction is another row.
CREATE TRIGGER plugin_refuses_update BEFORE UPDATE ON plugin BEGIN
    SELECT RAISE(ABORT, 'plugin is append-only');
END;
CREATE TRIGGER plugin_refuses_delete BEFORE DELETE ON plugin BEGIN
    SELECT RAISE(ABORT, 'plugin is append-only');
END;
CREATE TRIGGER plugin_answer_refuses_update BEFORE UPDATE ON plugin_answer BEGIN
    SELECT RAISE(ABORT, 'plugin_answer is append-only');
END;
CREATE TRIGGER plugin_answer_refuses_delete BEFORE DELETE ON plugin_answer BEGIN
    SELECT RAISE(ABORT, 'plugin_answer is append-only');
END;
