-- The clinic's first schema.
--
-- Every key begins with the center's id, so that two centers may share a database. Instants are
-- whole milliseconds since the Unix epoch, ids that are 16 bytes long are UUIDs (RFC 9562). What
-- must always be true is a constraint or a trigger here, not a habit of the program above: a
-- program with a bug then gets an error, never a slot that is booked twice.

-- ---------------------------------------------------------------------------------------------
-- The center
-- ---------------------------------------------------------------------------------------------

CREATE TABLE center (
    center     INTEGER NOT NULL PRIMARY KEY CHECK (center BETWEEN 0 AND 4294967295),
    zone       TEXT,                         -- IANA name; NULL until the first load
    slots_made INTEGER NOT NULL DEFAULT 0    -- the last slot id given out; ids are never used twice
) STRICT;

-- ---------------------------------------------------------------------------------------------
-- Who logs in, and whom they act for
-- ---------------------------------------------------------------------------------------------

CREATE TABLE account (
    center    INTEGER NOT NULL REFERENCES center,
    account   BLOB    NOT NULL CHECK (length(account) = 16),
    user_name TEXT    NOT NULL CHECK (octet_length(user_name) BETWEEN 1 AND 64),
    added     INTEGER NOT NULL,
    PRIMARY KEY (center, account),
    UNIQUE (center, user_name)
) STRICT, WITHOUT ROWID;

-- What an account proves itself with. Nothing is overwritten: a new password is a new row, and the
-- old one keeps only the fact that it was there.
CREATE TABLE credential (
    center     INTEGER NOT NULL,
    account    BLOB    NOT NULL,
    credential INTEGER NOT NULL CHECK (credential >= 1),   -- counted within the account
    kind       TEXT    NOT NULL CHECK (kind IN ('password', 'totp', 'passkey')),
    secret     TEXT,                                       -- a PHC string; NULL once revoked
    added      INTEGER NOT NULL,
    revoked    INTEGER,                                    -- NULL while in force
    PRIMARY KEY (center, account, credential),
    FOREIGN KEY (center, account) REFERENCES account,
    CHECK ((secret IS NULL) = (revoked IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX credential_one_password_in_force
    ON credential (center, account) WHERE kind = 'password' AND revoked IS NULL;

CREATE TABLE session (
    center  INTEGER NOT NULL,
    token   BLOB    NOT NULL CHECK (length(token) = 32),   -- SHA-256; the token itself is nowhere
    account BLOB    NOT NULL,
    opened  INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    revoked INTEGER,                                       -- NULL while open
    PRIMARY KEY (center, token),
    FOREIGN KEY (center, account) REFERENCES account
) STRICT, WITHOUT ROWID;

CREATE INDEX session_of_account ON session (center, account);
CREATE INDEX session_by_expiry ON session (center, expires);

CREATE TABLE patient (
    center  INTEGER NOT NULL REFERENCES center,
    patient BLOB    NOT NULL CHECK (length(patient) = 16),
    added   INTEGER NOT NULL,
    PRIMARY KEY (center, patient)
) STRICT, WITHOUT ROWID;

-- The only table that says who a patient is: forgetting somebody is deleting one row. No row means
-- that nothing is known.
CREATE TABLE person (
    center     INTEGER NOT NULL,
    patient    BLOB    NOT NULL,
    name       TEXT,
    birth_date TEXT,                                       -- ISO 8601, e.g. 1971-02-28
    contact    TEXT,
    PRIMARY KEY (center, patient),
    FOREIGN KEY (center, patient) REFERENCES patient
) STRICT, WITHOUT ROWID;

CREATE TABLE acts_for (
    center   INTEGER NOT NULL,
    account  BLOB    NOT NULL,
    patient  BLOB    NOT NULL,
    relation TEXT    NOT NULL CHECK (relation IN ('self', 'dependant')),
    added    INTEGER NOT NULL,
    PRIMARY KEY (center, account, patient),
    FOREIGN KEY (center, account) REFERENCES account,
    FOREIGN KEY (center, patient) REFERENCES patient
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX acts_for_one_self ON acts_for (center, account) WHERE relation = 'self';
CREATE INDEX acts_for_patient ON acts_for (center, patient);

-- ---------------------------------------------------------------------------------------------
-- Doctors and their time
-- ---------------------------------------------------------------------------------------------

CREATE TABLE doctor (
    center INTEGER NOT NULL REFERENCES center,
    doctor INTEGER NOT NULL CHECK (doctor >= 1),
    name   TEXT    NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 64),
    host   TEXT,                                           -- an IP address; NULL: the center's own
    -- NULL only in the middle of a transaction in which doctors exchange their addresses.
    port   INTEGER CHECK (port BETWEEN 1 AND 65535),
    -- 0 for one who has left: the address is what it was, and another doctor may have it now.
    present INTEGER NOT NULL DEFAULT 1 CHECK (present = 0 OR present = 1),
    added  INTEGER NOT NULL,
    PRIMARY KEY (center, doctor),
    UNIQUE (center, name)
) STRICT, WITHOUT ROWID;

-- NULLs are all different to UNIQUE, and "the center's own host" must not be.
CREATE UNIQUE INDEX doctor_one_per_address ON doctor (center, coalesce(host, ''), port)
    WHERE present = 1;

CREATE TABLE slot (
    center       INTEGER NOT NULL,
    slot         INTEGER NOT NULL CHECK (slot >= 1),
    doctor       INTEGER NOT NULL,
    idx          INTEGER NOT NULL CHECK (idx BETWEEN 1 AND 4294967295),
    -- 1 while the index means this slot. It is given up when the slot is withdrawn, or when it has
    -- begun and another one wants the number.
    index_in_use INTEGER NOT NULL DEFAULT 1 CHECK (index_in_use IN (0, 1)),
    service      TEXT    NOT NULL DEFAULT 'visit' CHECK (octet_length(service) BETWEEN 1 AND 64),
    starts       INTEGER NOT NULL,
    ends         INTEGER NOT NULL,
    state        TEXT    NOT NULL DEFAULT 'published' CHECK (state IN ('published', 'withdrawn')),
    origin       TEXT    NOT NULL CHECK (origin IN ('file', 'desk')),
    added        INTEGER NOT NULL,
    withdrawn    INTEGER,                                  -- NULL while published
    PRIMARY KEY (center, slot),
    FOREIGN KEY (center, doctor) REFERENCES doctor,
    CHECK (ends > starts),
    CHECK ((state = 'withdrawn') = (withdrawn IS NOT NULL)),
    CHECK (state = 'published' OR index_in_use = 0)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX slot_by_index ON slot (center, idx) WHERE index_in_use = 1;
CREATE INDEX slot_by_start ON slot (center, starts, slot) WHERE state = 'published';
CREATE INDEX slot_of_doctor ON slot (center, doctor, starts, slot) WHERE state = 'published';

CREATE TRIGGER slot_id_is_new BEFORE INSERT ON slot
WHEN NEW.slot > (SELECT slots_made FROM center WHERE center = NEW.center)
BEGIN SELECT raise(ABORT, 'a slot id comes from the counter of its center'); END;

-- The doctor's slots did not overlap before, so the last one that begins before the new one's end
-- is also the last one to end: one look decides.
CREATE TRIGGER slot_overlaps_nothing BEFORE INSERT ON slot
WHEN NEW.state = 'published' AND NEW.starts < (
    SELECT ends FROM slot
    WHERE center = NEW.center AND doctor = NEW.doctor AND state = 'published'
      AND starts < NEW.ends
    ORDER BY starts DESC LIMIT 1)
BEGIN SELECT raise(ABORT, 'slots of one doctor never overlap'); END;

-- A stale list must never book another moment than the one it showed.
CREATE TRIGGER slot_means_one_moment
BEFORE UPDATE OF center, slot, doctor, idx, service, starts, ends, origin, added ON slot
BEGIN SELECT raise(ABORT, 'a slot is never changed, only withdrawn'); END;

CREATE TRIGGER slot_is_withdrawn_for_good BEFORE UPDATE OF state, index_in_use ON slot
WHEN (OLD.state = 'withdrawn' AND NEW.state <> 'withdrawn')
  OR (OLD.index_in_use = 0 AND NEW.index_in_use <> 0)
BEGIN SELECT raise(ABORT, 'a slot that was withdrawn, or gave up its index, stays so'); END;

CREATE TRIGGER slot_in_use_is_not_withdrawn BEFORE UPDATE OF state ON slot
WHEN NEW.state = 'withdrawn'
 AND EXISTS (SELECT 1 FROM claim WHERE center = NEW.center AND slot = NEW.slot)
BEGIN SELECT raise(ABORT, 'a claimed slot is not withdrawn'); END;

CREATE TRIGGER slot_is_kept BEFORE DELETE ON slot
BEGIN SELECT raise(ABORT, 'slots are withdrawn, never deleted'); END;

-- ---------------------------------------------------------------------------------------------
-- Who has which slot
-- ---------------------------------------------------------------------------------------------

-- The one table that decides: who has the row has the slot. Either an appointment has it for good,
-- or a patient holds it until `expires`.
CREATE TABLE claim (
    center      INTEGER NOT NULL,
    slot        INTEGER NOT NULL,
    appointment BLOB,                                      -- NULL for a hold
    held_by     BLOB,                                      -- the patient of a hold, else NULL
    expires     INTEGER,                                   -- the end of a hold; NULL: for good
    PRIMARY KEY (center, slot),
    FOREIGN KEY (center, slot) REFERENCES slot,
    FOREIGN KEY (center, held_by) REFERENCES patient,
    -- Deferred, since the claim comes first: a refusal must not have written anything.
    FOREIGN KEY (center, appointment) REFERENCES appointment DEFERRABLE INITIALLY DEFERRED,
    CHECK ((appointment IS NULL) = (expires IS NOT NULL)),
    CHECK ((appointment IS NULL) = (held_by IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- For the deferred foreign key, which looks for its claim when the appointment comes.
CREATE INDEX claim_of_appointment
    ON claim (center, appointment) WHERE appointment IS NOT NULL;

CREATE TRIGGER claim_is_on_a_published_slot BEFORE INSERT ON claim
WHEN NOT EXISTS (
    SELECT 1 FROM slot
    WHERE center = NEW.center AND slot = NEW.slot AND state = 'published')
BEGIN SELECT raise(ABORT, 'only a published slot is claimed'); END;

CREATE TRIGGER claim_is_made_and_dropped BEFORE UPDATE ON claim
BEGIN SELECT raise(ABORT, 'a claim is made and dropped, never changed'); END;

CREATE TRIGGER claim_stays_with_its_appointment BEFORE DELETE ON claim
WHEN EXISTS (
    SELECT 1 FROM appointment
    WHERE center = OLD.center AND appointment = OLD.appointment AND slot = OLD.slot
      AND status <> 'cancelled')
BEGIN SELECT raise(ABORT, 'a live appointment keeps its claim'); END;

CREATE TABLE appointment (
    center      INTEGER NOT NULL,
    appointment BLOB    NOT NULL CHECK (length(appointment) = 16),
    version     INTEGER NOT NULL CHECK (version BETWEEN 1 AND 4294967295),
    -- Not `IN`, here and below where every booking passes: SQLite would make a table of the list
    -- for each row that it checks.
    status      TEXT    NOT NULL CHECK (status = 'booked' OR status = 'arrived'
                OR status = 'done' OR status = 'no-show' OR status = 'cancelled'),
    patient     BLOB    NOT NULL,
    slot        INTEGER NOT NULL,                          -- the last one, when cancelled
    booked      INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    PRIMARY KEY (center, appointment),
    FOREIGN KEY (center, patient) REFERENCES patient,
    FOREIGN KEY (center, slot) REFERENCES slot,
    -- Its latest version is in its history; with the triggers below, all of them are.
    FOREIGN KEY (center, appointment, version) REFERENCES appointment_history
        DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE INDEX appointment_of_patient ON appointment (center, patient);

-- Said once more, where it counts: no slot has two live appointments.
CREATE UNIQUE INDEX appointment_one_per_slot
    ON appointment (center, slot) WHERE status <> 'cancelled';

CREATE TRIGGER appointment_has_its_claim AFTER INSERT ON appointment
WHEN NEW.status <> 'cancelled' AND NOT EXISTS (
    SELECT 1 FROM claim
    WHERE center = NEW.center AND slot = NEW.slot AND appointment = NEW.appointment)
BEGIN SELECT raise(ABORT, 'a live appointment has a claim to its slot'); END;

CREATE TRIGGER appointment_keeps_its_claim AFTER UPDATE OF slot, status ON appointment
WHEN NEW.status <> 'cancelled' AND NOT EXISTS (
    SELECT 1 FROM claim
    WHERE center = NEW.center AND slot = NEW.slot AND appointment = NEW.appointment)
BEGIN SELECT raise(ABORT, 'a live appointment has a claim to its slot'); END;

CREATE TRIGGER appointment_changes_by_versions BEFORE UPDATE ON appointment
WHEN NEW.version <> OLD.version + 1 OR NEW.center <> OLD.center
  OR NEW.appointment <> OLD.appointment OR NEW.patient <> OLD.patient
BEGIN SELECT raise(ABORT, 'each change of an appointment is its next version'); END;

CREATE TRIGGER appointment_is_kept BEFORE DELETE ON appointment
BEGIN SELECT raise(ABORT, 'appointments are cancelled, never deleted'); END;

CREATE TABLE appointment_history (
    center      INTEGER NOT NULL,
    appointment BLOB    NOT NULL,
    version     INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    actor       BLOB,                                      -- an account; NULL: the operator
    what        TEXT    NOT NULL CHECK (what = 'booked' OR what = 'moved' OR what = 'cancelled'
                OR what = 'arrived' OR what = 'done' OR what = 'no-show'),
    from_slot   INTEGER,                                   -- NULL when it was booked
    to_slot     INTEGER,                                   -- NULL when it was cancelled
    reason      TEXT,                                      -- NULL when nothing was said
    PRIMARY KEY (center, appointment, version),
    FOREIGN KEY (center, appointment) REFERENCES appointment,
    FOREIGN KEY (center, from_slot) REFERENCES slot,
    FOREIGN KEY (center, to_slot) REFERENCES slot
) STRICT, WITHOUT ROWID;

CREATE TRIGGER appointment_history_is_kept BEFORE DELETE ON appointment_history
BEGIN SELECT raise(ABORT, 'history is never deleted'); END;

-- ---------------------------------------------------------------------------------------------
-- What is remembered of commands
-- ---------------------------------------------------------------------------------------------

-- The answer to a command that its client named: the same id again gets the same answer.
CREATE TABLE request (
    center     INTEGER NOT NULL,
    patient    BLOB    NOT NULL,
    request    TEXT    NOT NULL CHECK (octet_length(request) BETWEEN 1 AND 64),
    digest     BLOB    NOT NULL CHECK (length(digest) = 32),   -- SHA-256 of what was asked
    outcome    TEXT    NOT NULL CHECK (json_valid(outcome)),
    keep_until INTEGER NOT NULL,
    PRIMARY KEY (center, patient, request),
    FOREIGN KEY (center, patient) REFERENCES patient
) STRICT, WITHOUT ROWID;

CREATE INDEX request_by_expiry ON request (center, keep_until);

-- What the world outside should hear of (reminders, webhooks), one row a version.
CREATE TABLE outbox (
    center      INTEGER NOT NULL,
    appointment BLOB    NOT NULL,
    version     INTEGER NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind = 'booked' OR kind = 'moved' OR kind = 'cancelled'),
    at          INTEGER NOT NULL,
    delivered   INTEGER,                                   -- NULL until it was
    PRIMARY KEY (center, appointment, version),
    FOREIGN KEY (center, appointment, version) REFERENCES appointment_history
) STRICT, WITHOUT ROWID;

-- Who did what, in the order in which it became true.
CREATE TABLE audit (
    center  INTEGER NOT NULL REFERENCES center,
    entry   INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    who     BLOB,                                          -- an account; NULL: the operator
    verb    TEXT    NOT NULL,
    subject TEXT,                                          -- an id, never a name; NULL: the center
    outcome TEXT    NOT NULL,
    PRIMARY KEY (center, entry)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'the audit is never deleted'); END;

CREATE TRIGGER audit_is_true BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit is never changed'); END;

-- ---------------------------------------------------------------------------------------------
-- How to find it
-- ---------------------------------------------------------------------------------------------

-- Every index begins with the center, and a file usually holds one center. SQLite does not know
-- that: unless told otherwise it takes the first column of any index for a good one, and may read a
-- whole table where the next column names one row. So it is told, in its own table of statistics
-- (https://sqlite.org/fileformat2.html#stat1tab): the number of rows, then how many of them share
-- the first column, the first two, and so on. What counts is "all share the center"; the other
-- numbers are guesses. An index is called by its table where it is the primary key.
ANALYZE;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('account', 'account', '100000 100000 1'),
    ('account', 'sqlite_autoindex_account_2', '100000 100000 1'),
    ('credential', 'credential', '100000 100000 2 1'),
    ('credential', 'credential_one_password_in_force', '100000 100000 1'),
    ('session', 'session', '100000 100000 1'),
    ('session', 'session_of_account', '100000 100000 5'),
    ('session', 'session_by_expiry', '100000 100000 2'),
    ('patient', 'patient', '100000 100000 1'),
    ('person', 'person', '100000 100000 1'),
    ('acts_for', 'acts_for', '100000 100000 2 1'),
    ('acts_for', 'acts_for_one_self', '100000 100000 1'),
    ('acts_for', 'acts_for_patient', '100000 100000 2'),
    ('doctor', 'doctor', '100 100 1'),
    ('doctor', 'sqlite_autoindex_doctor_2', '100 100 1'),
    ('doctor', 'doctor_one_per_address', '100 100 100 1'),
    ('slot', 'slot', '100000 100000 1'),
    ('slot', 'slot_by_index', '100000 100000 1'),
    ('slot', 'slot_by_start', '100000 100000 10 1'),
    ('slot', 'slot_of_doctor', '100000 100000 1000 1 1'),
    ('claim', 'claim', '100000 100000 1'),
    ('claim', 'claim_of_appointment', '100000 100000 1'),
    ('appointment', 'appointment', '100000 100000 1'),
    ('appointment', 'appointment_of_patient', '100000 100000 5'),
    ('appointment', 'appointment_one_per_slot', '100000 100000 1'),
    ('appointment_history', 'appointment_history', '100000 100000 2 1'),
    ('request', 'request', '100000 100000 5 1'),
    ('request', 'request_by_expiry', '100000 100000 2'),
    ('outbox', 'outbox', '100000 100000 2 1'),
    ('audit', 'audit', '100000 100000 1');

-- "RDVS": what makes the file ours, and which schema it has.
PRAGMA application_id = 0x52445653;
PRAGMA user_version = 1;
