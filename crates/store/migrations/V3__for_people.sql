-- What people at screens need: slots that wait while somebody decides, persons without accounts and
-- links to choose a password, plans to choose from, doctors as people call them, and time that is
-- blocked.

-- ---------------------------------------------------------------------------------------------
-- Which slots are free
-- ---------------------------------------------------------------------------------------------

-- Whether an appointment has the slot. `claim` decides and the triggers below follow it; the column
-- is there so that a list of free slots never passes over those that are booked.
ALTER TABLE slot ADD COLUMN booked INTEGER NOT NULL DEFAULT 0 CHECK (booked = 0 OR booked = 1);

UPDATE slot SET booked = 1 WHERE (center, slot) IN (
    SELECT center, slot FROM claim WHERE appointment IS NOT NULL);

CREATE TRIGGER slot_is_published_unbooked BEFORE INSERT ON slot
WHEN NEW.booked <> 0
BEGIN SELECT raise(ABORT, 'a slot is booked by its claim'); END;

CREATE TRIGGER slot_is_booked_by_its_claim BEFORE UPDATE OF booked ON slot
WHEN NEW.booked <> EXISTS (
    SELECT 1 FROM claim
    WHERE center = NEW.center AND slot = NEW.slot AND appointment IS NOT NULL)
BEGIN SELECT raise(ABORT, 'a slot is booked by its claim'); END;

CREATE TRIGGER claim_books_its_slot AFTER INSERT ON claim
WHEN NEW.appointment IS NOT NULL
BEGIN UPDATE slot SET booked = 1 WHERE center = NEW.center AND slot = NEW.slot; END;

CREATE TRIGGER claim_frees_its_slot AFTER DELETE ON claim
WHEN OLD.appointment IS NOT NULL
BEGIN UPDATE slot SET booked = 0 WHERE center = OLD.center AND slot = OLD.slot; END;

CREATE INDEX slot_free_by_start ON slot (center, starts, slot)
    WHERE state = 'published' AND booked = 0;
CREATE INDEX slot_free_of_doctor ON slot (center, doctor, starts, slot)
    WHERE state = 'published' AND booked = 0;

-- Which kinds of visit there are slots for.
CREATE INDEX slot_of_service ON slot (center, service, starts) WHERE state = 'published';

-- What a patient holds, and which holds are over.
CREATE INDEX claim_of_holder ON claim (center, held_by, expires) WHERE held_by IS NOT NULL;
CREATE INDEX claim_by_expiry ON claim (center, expires) WHERE expires IS NOT NULL;

-- ---------------------------------------------------------------------------------------------
-- People
-- ---------------------------------------------------------------------------------------------

-- The insurance plan that estimates are asked for; NULL when none was chosen.
ALTER TABLE person ADD COLUMN plan TEXT
    CHECK (plan IS NULL OR octet_length(plan) BETWEEN 1 AND 64);

-- The plans that are offered for choosing.
CREATE TABLE plan_offered (
    center INTEGER NOT NULL REFERENCES center,
    plan   TEXT    NOT NULL CHECK (octet_length(plan) BETWEEN 1 AND 64),
    PRIMARY KEY (center, plan)
) STRICT, WITHOUT ROWID;

-- With what somebody may choose the password of an account, once: the row goes when the code is used.
CREATE TABLE invitation (
    center  INTEGER NOT NULL,
    account BLOB    NOT NULL,
    code    BLOB    NOT NULL CHECK (length(code) = 32),    -- SHA-256; the code itself is nowhere
    offered INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (center, account),
    UNIQUE (center, code),
    FOREIGN KEY (center, account) REFERENCES account
) STRICT, WITHOUT ROWID;

-- ---------------------------------------------------------------------------------------------
-- Doctors and their time
-- ---------------------------------------------------------------------------------------------

-- What people call the doctor; NULL for the name of the files.
ALTER TABLE doctor ADD COLUMN shown_name TEXT
    CHECK (shown_name IS NULL OR octet_length(shown_name) BETWEEN 1 AND 256);
ALTER TABLE doctor ADD COLUMN specialty TEXT
    CHECK (specialty IS NULL OR octet_length(specialty) BETWEEN 1 AND 64);

-- A stretch of a doctor's time that is off the calendar until it is opened again.
CREATE TABLE blocked (
    center  INTEGER NOT NULL,
    block   INTEGER NOT NULL CHECK (block >= 1),           -- counted within the center
    doctor  INTEGER NOT NULL,
    starts  INTEGER NOT NULL,
    ends    INTEGER NOT NULL,
    reason  TEXT,                                          -- NULL when nothing was said
    added   INTEGER NOT NULL,
    account BLOB,                                          -- who did it; NULL: the operator
    lifted  INTEGER,                                       -- NULL while in force
    PRIMARY KEY (center, block),
    FOREIGN KEY (center, doctor) REFERENCES doctor,
    FOREIGN KEY (center, account) REFERENCES account,
    CHECK (ends > starts)
) STRICT, WITHOUT ROWID;

CREATE INDEX blocked_of_doctor ON blocked (center, doctor, ends) WHERE lifted IS NULL;
CREATE INDEX blocked_by_end ON blocked (center, ends) WHERE lifted IS NULL;

CREATE TRIGGER blocked_means_one_time
BEFORE UPDATE OF center, block, doctor, starts, ends, reason, added, account ON blocked
BEGIN SELECT raise(ABORT, 'a block is never changed, only lifted'); END;

CREATE TRIGGER blocked_is_lifted_for_good BEFORE UPDATE OF lifted ON blocked
WHEN OLD.lifted IS NOT NULL
BEGIN SELECT raise(ABORT, 'a block that was lifted stays so'); END;

CREATE TRIGGER blocked_is_kept BEFORE DELETE ON blocked
BEGIN SELECT raise(ABORT, 'blocks are lifted, never deleted'); END;

-- For which block a slot was withdrawn; NULL for any other reason, and while it is published.
ALTER TABLE slot ADD COLUMN withdrawn_for INTEGER
    CHECK (withdrawn_for IS NULL OR state = 'withdrawn');

CREATE INDEX slot_of_block ON slot (center, withdrawn_for) WHERE withdrawn_for IS NOT NULL;

CREATE TRIGGER slot_is_withdrawn_for_a_block_in_force BEFORE UPDATE OF withdrawn_for ON slot
WHEN NEW.withdrawn_for IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM blocked
    WHERE center = NEW.center AND block = NEW.withdrawn_for AND doctor = NEW.doctor
      AND lifted IS NULL AND starts < NEW.ends AND ends > NEW.starts)
BEGIN SELECT raise(ABORT, 'a slot is withdrawn for a block of its own time'); END;

CREATE TRIGGER slot_is_not_in_blocked_time BEFORE INSERT ON slot
WHEN NEW.state = 'published' AND EXISTS (
    SELECT 1 FROM blocked
    WHERE center = NEW.center AND doctor = NEW.doctor AND lifted IS NULL
      AND ends > NEW.starts AND starts < NEW.ends)
BEGIN SELECT raise(ABORT, 'no slot is published in blocked time'); END;

-- After, since a claim that is in conflict with another one is no error.
CREATE TRIGGER claim_is_not_in_blocked_time AFTER INSERT ON claim
WHEN EXISTS (
    SELECT 1 FROM slot s CROSS JOIN blocked b
      ON b.center = s.center AND b.doctor = s.doctor AND b.lifted IS NULL
     AND b.ends > s.starts AND b.starts < s.ends
    WHERE s.center = NEW.center AND s.slot = NEW.slot)
BEGIN SELECT raise(ABORT, 'no slot is claimed in blocked time'); END;

-- ---------------------------------------------------------------------------------------------
-- How to find it
-- ---------------------------------------------------------------------------------------------

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('slot', 'slot_free_by_start', '50000 50000 10 1'),
    ('slot', 'slot_free_of_doctor', '50000 50000 500 1 1'),
    ('slot', 'slot_of_service', '100000 100000 50000 10'),
    ('slot', 'slot_of_block', '1000 1000 20'),
    ('claim', 'claim_of_holder', '1000 1000 2 1'),
    ('claim', 'claim_by_expiry', '1000 1000 2'),
    ('plan_offered', 'plan_offered', '10 10 1'),
    ('invitation', 'invitation', '100 100 1'),
    ('invitation', 'sqlite_autoindex_invitation_2', '100 100 1'),
    ('blocked', 'blocked', '1000 1000 1'),
    ('blocked', 'blocked_of_doctor', '100 100 10 1'),
    ('blocked', 'blocked_by_end', '100 100 1');

PRAGMA user_version = 3;
