//! What every store must do, as sentences: written against `&dyn Store`, run for each back end.

mod booking;
mod clinic;
mod moving;
mod requests;

pub(crate) use clinic::{Clinic, at};

/// Makes a test of each sentence for each back end.
macro_rules! conformance {
    ($($file:ident { $($sentence:ident)+ })+) => {
        mod in_memory {
            $(mod $file {
                $(#[test]
                fn $sentence() {
                    let store = crate::sqlite::Sqlite::in_memory().unwrap();
                    crate::conformance::$file::$sentence(&store);
                })+
            })+
        }
        mod on_a_file {
            $(mod $file {
                $(#[test]
                fn $sentence() {
                    let folder = tempfile::tempdir().unwrap();
                    let path = folder.path().join("clinic.db");
                    let store = crate::sqlite::Sqlite::open(&path).unwrap();
                    crate::conformance::$file::$sentence(&store);
                    drop(store);
                    let violations = crate::sqlite::upkeep::check(&path).unwrap();
                    assert_eq!(violations, Vec::<String>::new());
                })+
            })+
        }
    };
}

conformance! {
    booking {
        a_free_slot_is_booked
        a_taken_slot_is_refused
        a_slot_is_booked_by_its_id
        a_slot_that_is_not_there_is_refused
        a_slot_that_has_begun_is_not_on_offer
        a_withdrawn_slot_is_not_on_offer
        a_slot_held_before_is_told_with_its_appointment
        a_patient_may_hold_several_slots
        a_batch_gives_one_outcome_per_command_in_order
        an_empty_batch_is_nothing
        a_batch_with_a_bad_command_changes_nothing
    }
    moving {
        a_cancelled_slot_is_free_again
        what_is_cancelled_stays_cancelled
        a_visit_that_has_begun_is_not_changed
        another_patients_appointment_does_not_exist
        the_operator_cancels_anybodys
        a_moved_appointment_keeps_its_id_and_frees_its_slot
        a_move_to_its_own_slot_changes_nothing
        a_move_to_a_taken_slot_changes_nothing
        a_move_to_the_patients_other_slot_is_refused
        a_move_to_no_slot_changes_nothing
        a_cancelled_appointment_is_not_moved
    }
    requests {
        the_same_request_gets_the_same_answer
        a_refusal_is_remembered_too
        another_command_of_the_same_id_is_refused
        another_patient_may_use_the_same_id
        a_repetition_in_one_batch_is_carried_out_once
        an_answer_is_kept_until_a_week_after_the_visit
        an_old_visits_refusal_is_kept_for_a_week_from_now
        cancelling_and_moving_are_remembered
        the_operator_has_no_requests
    }
}
