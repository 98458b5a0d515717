//! The schema refuses by itself what the program above must never do.

use super::{place, raw};

/// Runs `sql` on a clinic in which patient 1 has booked slot 2 and patient 2 has cancelled slot 3,
/// as one transaction; `expected` is what SQLite says to it.
fn check(sql: &str, expected: &str) {
    let mut place = place();
    place.clinic.booked(1, 2);
    let other = place.clinic.booked(2, 3);
    place.clinic.cancel(2, other.id);
    let connection = raw(&place.path);
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    let said = connection.execute_batch(&format!("BEGIN; {sql}; COMMIT;")).unwrap_err();
    assert_eq!(said.to_string(), expected, "{sql}");
}

#[test]
fn a_slot_is_claimed_once_and_only_while_it_is_published() {
    let patient = "(SELECT patient FROM patient LIMIT 1)";
    check(
        &format!("INSERT INTO claim (center, slot, held_by, expires) VALUES (1, 2, {patient}, 9)"),
        "UNIQUE constraint failed: claim.center, claim.slot",
    );
    check(
        &format!(
            "UPDATE slot SET state = 'withdrawn', index_in_use = 0, withdrawn = 1 WHERE slot = 4;
             INSERT INTO claim (center, slot, held_by, expires) VALUES (1, 4, {patient}, 9)"
        ),
        "only a published slot is claimed",
    );
    check(
        "INSERT INTO claim (center, slot) VALUES (1, 4)",
        "CHECK constraint failed: (appointment IS NULL) = (expires IS NOT NULL)",
    );
    check("UPDATE claim SET slot = 4", "a claim is made and dropped, never changed");
}

#[test]
fn an_appointment_and_its_claim_go_together() {
    check("DELETE FROM claim", "a live appointment keeps its claim");
    check(
        "UPDATE appointment SET slot = 4, version = 2 WHERE slot = 2",
        "a live appointment has a claim to its slot",
    );
    check(
        "UPDATE appointment SET status = 'booked', version = version + 1 WHERE slot = 3",
        "a live appointment has a claim to its slot",
    );
    check(
        "INSERT INTO claim (center, slot, appointment) VALUES (1, 4, zeroblob(16))",
        "FOREIGN KEY constraint failed",
    );
}

#[test]
fn a_change_is_a_version_and_a_version_is_history() {
    check(
        "UPDATE appointment SET status = 'cancelled' WHERE slot = 2",
        "each change of an appointment is its next version",
    );
    check(
        "UPDATE appointment SET status = 'arrived', version = version + 1 WHERE slot = 2",
        "FOREIGN KEY constraint failed",
    );
    check(
        "UPDATE appointment SET patient = zeroblob(16), version = version + 1 WHERE slot = 2",
        "each change of an appointment is its next version",
    );
}

#[test]
fn a_slot_is_never_changed_only_withdrawn() {
    check("UPDATE slot SET starts = 0", "a slot is never changed, only withdrawn");
    check(
        "UPDATE slot SET state = 'withdrawn', index_in_use = 0, withdrawn = 1 WHERE slot = 2",
        "a claimed slot is not withdrawn",
    );
    check(
        "UPDATE slot SET state = 'withdrawn', withdrawn = 1 WHERE slot = 1",
        "CHECK constraint failed: state = 'published' OR index_in_use = 0",
    );
    check(
        "UPDATE slot SET state = 'withdrawn', index_in_use = 0, withdrawn = 1 WHERE slot = 1;
         UPDATE slot SET state = 'published', withdrawn = NULL WHERE slot = 1",
        "a slot that was withdrawn, or gave up its index, stays so",
    );
}

#[test]
fn a_slot_overlaps_nothing_and_has_an_index_of_its_own() {
    let insert = |index: u32, shift: i64, slot: &str| {
        format!(
            "UPDATE center SET slots_made = slots_made + 1;
             INSERT INTO slot (center, slot, doctor, idx, starts, ends, origin, added)
             SELECT 1, {slot}, doctor, {index}, starts + {shift}, ends + {shift}, 'desk', 0
             FROM slot WHERE slot = 1"
        )
    };
    let overlap = "slots of one doctor never overlap";
    check(&insert(7, 0, "7"), overlap);
    check(&insert(7, -3_599_999, "7"), overlap);
    check(&insert(7, 3_599_999, "7"), overlap);
    let index = "UNIQUE constraint failed: slot.center, slot.idx";
    check(&insert(6, 3_600_000, "7"), index);
    let id = "UNIQUE constraint failed: slot.center, slot.slot";
    check(&insert(7, 3_600_000, "6"), id);
    check(&insert(7, 3_600_000, "8"), "a slot id comes from the counter of its center");
}

#[test]
fn what_must_be_kept_is_kept() {
    check("DELETE FROM slot", "slots are withdrawn, never deleted");
    check("DELETE FROM appointment", "appointments are cancelled, never deleted");
    check("DELETE FROM appointment_history", "history is never deleted");
    check("DELETE FROM audit", "the audit is never deleted");
    check("UPDATE audit SET verb = 'nothing'", "the audit is never changed");
    check("UPDATE appointment_history SET at = 0", "history is never changed");
    let reason = "a reason is taken back, never changed";
    check("UPDATE appointment_history SET reason = 'another'", reason);
}

#[test]
fn an_account_has_one_password_in_force() {
    check(
        "INSERT INTO credential (center, account, credential, kind, secret, added)
         SELECT 1, account, 2, 'password', '$again', 0 FROM account",
        "UNIQUE constraint failed: credential.center, credential.account",
    );
}

#[test]
fn every_record_of_the_audit_is_chained_and_whole() {
    let insert = |values: &str| {
        format!(
            "INSERT INTO audit (center, chain, entry, at, actor, who, verb, outcome, times, mac)
             VALUES (1, 0, 99, 0, {values})"
        )
    };
    let code = "zeroblob(32)";
    check(
        &insert("'operator', NULL, 'x', 'y', 1, NULL"),
        "each record of the audit bears its code",
    );
    check(
        &insert("'operator', NULL, 'x', 'y', 1, zeroblob(31)"),
        "CHECK constraint failed: mac IS NULL OR length(mac) = 32",
    );
    check(
        &insert(&format!("'operator', NULL, 'x', 'y', 0, {code}")),
        "CHECK constraint failed: times >= 1",
    );
    let who = "CHECK constraint failed: (who IS NULL) = (actor <> 'account')";
    check(&insert(&format!("'account', NULL, 'x', 'y', 1, {code}")), who);
    check(&insert(&format!("'stranger', zeroblob(16), 'x', 'y', 1, {code}")), who);
    let actor = "CHECK constraint failed: actor = 'account' OR actor = 'operator' \
        OR actor = 'stranger'";
    check(&insert(&format!("'nobody', NULL, 'x', 'y', 1, {code}")), actor);
}

#[test]
fn an_account_stays_what_it_is() {
    check("UPDATE account SET role = 'administrator'", "an account stays what it is");
    check(
        "INSERT INTO account (center, account, user_name, added, role)
         VALUES (1, zeroblob(16), 'x', 0, 'king')",
        "CHECK constraint failed: role = 'patient' OR role = 'doctor' OR role = 'front-desk' \
         OR role = 'administrator'\n        OR role = 'integrator'",
    );
    check(
        "UPDATE account SET name = 'Jan'",
        "CHECK constraint failed: name IS NULL OR role <> 'patient'",
    );
}

#[test]
fn only_a_doctors_account_speaks_for_a_doctor_and_for_good() {
    check(
        "INSERT INTO speaks_for (center, account, doctor, added)
         SELECT 1, account, 1, 0 FROM account LIMIT 1",
        "only a doctor's account speaks for a doctor",
    );
    check(
        "INSERT INTO account (center, account, user_name, added, role)
         VALUES (1, zeroblob(16), 'x', 0, 'doctor');
         INSERT INTO speaks_for VALUES (1, zeroblob(16), 1, 0);
         UPDATE speaks_for SET doctor = 2",
        "an account speaks for one doctor, for good",
    );
    check(
        "INSERT INTO account (center, account, user_name, added, role)
         VALUES (1, zeroblob(16), 'x', 0, 'doctor'),
             (1, unhex('ffffffffffffffffffffffffffffffff'), 'y', 0, 'doctor');
         INSERT INTO speaks_for SELECT 1, account, 1, 0 FROM account WHERE role = 'doctor'",
        "UNIQUE constraint failed: speaks_for.center, speaks_for.doctor",
    );
}

#[test]
fn a_one_time_password_is_a_credential_that_moves_on() {
    let totp =
        "INSERT INTO credential (center, account, credential, kind, secret, added, last_step)
        SELECT 1, account, 2, 'totp', '00', 0, 7 FROM account WHERE user_name = 'patient1'";
    let step = |step: &str| {
        format!("{totp}; UPDATE credential SET last_step = {step} WHERE kind = 'totp'")
    };
    for back in ["7", "6", "NULL"] {
        check(&step(back), "a one-time password works once");
    }
    check(
        "UPDATE credential SET last_step = 1",
        "CHECK constraint failed: last_step IS NULL OR (kind = 'totp' AND last_step >= 0)",
    );
    check(
        &format!("{totp}; {}", totp.replace("account, 2", "account, 3")),
        "UNIQUE constraint failed: credential.center, credential.account",
    );
}

#[test]
fn a_doctor_has_both_keys_or_none() {
    let both = "CHECK constraint failed: (verifying_key IS NULL) = (sealing_key IS NULL)";
    check("UPDATE doctor SET sealing_key = zeroblob(32), registered = 1", both);
    let when = "CHECK constraint failed: (registered IS NULL) = (sealing_key IS NULL)";
    check("UPDATE doctor SET registered = 1", when);
    check(
        "UPDATE doctor SET sealing_key = zeroblob(31), verifying_key = zeroblob(32), registered = 1",
        "CHECK constraint failed: sealing_key IS NULL OR length(sealing_key) = 32",
    );
}

#[test]
fn a_slot_is_booked_by_its_claim_and_by_nothing_else() {
    let said = "a slot is booked by its claim";
    check("UPDATE slot SET booked = 0 WHERE slot = 2", said);
    check("UPDATE slot SET booked = 1 WHERE slot = 3", said);
    check(
        "UPDATE center SET slots_made = 7;
         INSERT INTO slot (center, slot, doctor, idx, starts, ends, origin, added, booked)
         SELECT 1, 7, doctor, 7, starts + 3600000, ends + 3600000, 'desk', 0, 1
         FROM slot WHERE slot = 1",
        said,
    );
}

#[test]
fn in_blocked_time_nothing_is_published_or_claimed() {
    // From an hour before slot 1 to an hour after it.
    let block = "INSERT INTO blocked (center, block, doctor, starts, ends, added)
        SELECT 1, 1, doctor, starts - 3600000, ends + 3600000, 0 FROM slot WHERE slot = 1;";
    let then = |sql: &str, expected: &str| check(&format!("{block} {sql}"), expected);
    then(
        "UPDATE center SET slots_made = 7;
         INSERT INTO slot (center, slot, doctor, idx, starts, ends, origin, added)
         SELECT 1, 7, doctor, 7, starts + 3600000, ends + 3600000, 'desk', 0
         FROM slot WHERE slot = 1",
        "no slot is published in blocked time",
    );
    then(
        "INSERT INTO claim (center, slot, held_by, expires)
         SELECT 1, 1, patient, 9 FROM patient LIMIT 1",
        "no slot is claimed in blocked time",
    );
    let other = "a slot is withdrawn for a block of its own time";
    let withdraw = "UPDATE slot SET state = 'withdrawn', index_in_use = 0, withdrawn = 1";
    then(&format!("{withdraw}, withdrawn_for = 1 WHERE slot = 3"), other);
    then(&format!("{withdraw}, withdrawn_for = 2 WHERE slot = 1"), other);
    then(
        &format!("UPDATE blocked SET lifted = 1; {withdraw}, withdrawn_for = 1 WHERE slot = 1"),
        other,
    );
    then("UPDATE blocked SET ends = ends + 1", "a block is never changed, only lifted");
    then("DELETE FROM blocked", "blocks are lifted, never deleted");
    then(
        "UPDATE blocked SET lifted = 1; UPDATE blocked SET lifted = NULL",
        "a block that was lifted stays so",
    );
    then(
        "UPDATE slot SET withdrawn_for = 1 WHERE slot = 1",
        "CHECK constraint failed: withdrawn_for IS NULL OR state = 'withdrawn'",
    );
}
