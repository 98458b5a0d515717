-- What a center needs to know on a hostile network: what an account is and may do, which keys a
-- doctor answers with, whether a session is idle, and an audit that cannot be changed unnoticed.

-- ---------------------------------------------------------------------------------------------
-- Accounts and their credentials
-- ---------------------------------------------------------------------------------------------

ALTER TABLE account ADD COLUMN role TEXT NOT NULL DEFAULT 'patient'
    CHECK (role = 'patient' OR role = 'doctor' OR role = 'front-desk' OR role = 'administrator'
        OR role = 'integrator');

-- The name of somebody who works here. What is known of a patient is in `person`, and only there.
ALTER TABLE account ADD COLUMN name TEXT CHECK (name IS NULL OR role <> 'patient');

CREATE TRIGGER account_role_is_kept BEFORE UPDATE OF role ON account
WHEN NEW.role <> OLD.role
BEGIN SELECT raise(ABORT, 'an account stays what it is'); END;

-- How often all log-ins of the account were ended. One that came in when the number was lower stands
-- no more, whether or not it keeps a session.
ALTER TABLE account ADD COLUMN ended INTEGER NOT NULL DEFAULT 0 CHECK (ended >= 0);

CREATE TRIGGER account_ended_is_for_good BEFORE UPDATE OF ended ON account
WHEN NEW.ended < OLD.ended
BEGIN SELECT raise(ABORT, 'what was ended stays ended'); END;

-- Which doctor an account speaks for.
CREATE TABLE speaks_for (
    center  INTEGER NOT NULL,
    account BLOB    NOT NULL,
    doctor  INTEGER NOT NULL,
    added   INTEGER NOT NULL,
    PRIMARY KEY (center, account),
    UNIQUE (center, doctor),
    FOREIGN KEY (center, account) REFERENCES account,
    FOREIGN KEY (center, doctor) REFERENCES doctor
) STRICT, WITHOUT ROWID;

CREATE TRIGGER speaks_for_is_a_doctors BEFORE INSERT ON speaks_for
WHEN NOT EXISTS (
    SELECT 1 FROM account
    WHERE center = NEW.center AND account = NEW.account AND role = 'doctor')
BEGIN SELECT raise(ABORT, 'only a doctor''s account speaks for a doctor'); END;

CREATE TRIGGER speaks_for_is_for_good BEFORE UPDATE ON speaks_for
BEGIN SELECT raise(ABORT, 'an account speaks for one doctor, for good'); END;

-- Of a secret for one-time passwords (kind 'totp', the secret in hexadecimal digits): the last time
-- step (RFC 6238) that was accepted. It, and those before it, are not accepted again.
ALTER TABLE credential ADD COLUMN last_step INTEGER
    CHECK (last_step IS NULL OR (kind = 'totp' AND last_step >= 0));

CREATE UNIQUE INDEX credential_one_totp_in_force
    ON credential (center, account) WHERE kind = 'totp' AND revoked IS NULL;

CREATE TRIGGER credential_step_grows BEFORE UPDATE OF last_step ON credential
WHEN OLD.last_step IS NOT NULL AND (NEW.last_step IS NULL OR NEW.last_step <= OLD.last_step)
BEGIN SELECT raise(ABORT, 'a one-time password works once'); END;

-- With what a doctor may enrol, once: the row goes when the code is used. Not a credential of an
-- account, since there may be none yet.
CREATE TABLE enrolment (
    center  INTEGER NOT NULL,
    doctor  INTEGER NOT NULL,
    code    BLOB    NOT NULL CHECK (length(code) = 32),    -- SHA-256; the code itself is nowhere
    offered INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (center, doctor),
    FOREIGN KEY (center, doctor) REFERENCES doctor
) STRICT, WITHOUT ROWID;

-- When the session was last used, to the minute. One from before this schema was last used, as far
-- as is known, when it was opened.
ALTER TABLE session ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
UPDATE session SET used = opened;

-- ---------------------------------------------------------------------------------------------
-- Doctors' keys
-- ---------------------------------------------------------------------------------------------

-- X25519 (RFC 7748): whom a datagram is sealed for. NULL, as the two below, unless the doctor has
-- registered; what was registered counts more than what a file says.
ALTER TABLE doctor ADD COLUMN sealing_key BLOB
    CHECK (sealing_key IS NULL OR length(sealing_key) = 32);
-- Ed25519 (RFC 8032): whose signature it is.
ALTER TABLE doctor ADD COLUMN verifying_key BLOB
    CHECK (verifying_key IS NULL OR length(verifying_key) = 32)
    CHECK ((verifying_key IS NULL) = (sealing_key IS NULL));
ALTER TABLE doctor ADD COLUMN registered INTEGER
    CHECK ((registered IS NULL) = (sealing_key IS NULL));

-- ---------------------------------------------------------------------------------------------
-- What happened
-- ---------------------------------------------------------------------------------------------

-- For doctors who ask which tickets are void. Bookings are not in it.
CREATE INDEX appointment_history_by_time
    ON appointment_history (center, at) WHERE from_slot IS NOT NULL;

-- Only the reason, somebody's own words, is ever taken back.
CREATE TRIGGER appointment_history_is_true
BEFORE UPDATE OF center, appointment, version, at, actor, what, from_slot, to_slot
ON appointment_history
BEGIN SELECT raise(ABORT, 'history is never changed'); END;

CREATE TRIGGER appointment_history_only_forgets BEFORE UPDATE OF reason ON appointment_history
WHEN NEW.reason IS NOT NULL
BEGIN SELECT raise(ABORT, 'a reason is taken back, never changed'); END;

-- The audit, chained: the code of each record (HMAC-SHA-256 under a key that is not in this file)
-- covers the code before it and every column of the record. A record from before this schema has no
-- code; the first code of a chain covers all of those.
ALTER TABLE audit RENAME TO audit_before;

CREATE TABLE audit (
    center  INTEGER NOT NULL REFERENCES center,
    chain   INTEGER NOT NULL DEFAULT 0,                    -- one for each process of the center
    entry   INTEGER NOT NULL CHECK (entry >= 1),
    at      INTEGER NOT NULL,
    actor   TEXT    NOT NULL
            CHECK (actor = 'account' OR actor = 'operator' OR actor = 'stranger'),
    who     BLOB,                                          -- an account; NULL for any other actor
    verb    TEXT    NOT NULL,
    subject TEXT,                                          -- an id, never a name; NULL: the center
    patient BLOB,                                          -- whose data; NULL: nobody's
    outcome TEXT    NOT NULL,
    source  TEXT,                                          -- an IP address; NULL: not known
    times   INTEGER NOT NULL CHECK (times >= 1),
    mac     BLOB    CHECK (mac IS NULL OR length(mac) = 32),
    PRIMARY KEY (center, chain, entry),
    CHECK ((who IS NULL) = (actor <> 'account'))
) STRICT, WITHOUT ROWID;

INSERT INTO audit (center, entry, at, actor, who, verb, subject, patient, outcome, times)
SELECT b.center, b.entry, b.at, CASE WHEN b.who IS NULL THEN 'operator' ELSE 'account' END, b.who,
    b.verb, b.subject,
    -- What these three are about is an appointment.
    CASE WHEN b.verb IN ('book', 'cancel', 'reschedule') THEN (
        SELECT a.patient FROM appointment a
        WHERE a.center = b.center AND a.appointment = unhex(b.subject, '-')) END,
    b.outcome, 1
FROM audit_before b;

DROP TABLE audit_before;

CREATE INDEX audit_of_patient
    ON audit (center, patient, chain, entry) WHERE patient IS NOT NULL;

CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'the audit is never deleted'); END;

CREATE TRIGGER audit_is_true BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit is never changed'); END;

CREATE TRIGGER audit_is_chained BEFORE INSERT ON audit
WHEN NEW.mac IS NULL
BEGIN SELECT raise(ABORT, 'each record of the audit bears its code'); END;

-- ---------------------------------------------------------------------------------------------
-- How to find it
-- ---------------------------------------------------------------------------------------------

DELETE FROM sqlite_stat1 WHERE tbl IN ('audit', 'audit_before');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('speaks_for', 'speaks_for', '100 100 1'),
    ('speaks_for', 'sqlite_autoindex_speaks_for_2', '100 100 1'),
    ('credential', 'credential_one_totp_in_force', '1000 1000 1'),
    ('enrolment', 'enrolment', '100 100 1'),
    ('appointment_history', 'appointment_history_by_time', '100000 100000 2'),
    ('audit', 'audit', '1000000 1000000 1000000 1'),
    ('audit', 'audit_of_patient', '1000000 1000000 20 20 1');

PRAGMA user_version = 2;
