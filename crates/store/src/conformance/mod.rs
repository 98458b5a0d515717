//! What every store must do, as sentences: written against `&dyn Store`, run for each back end.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod accounts;
mod audit;
mod blocking;
mod booking;
pub(crate) mod clinic;
mod desk;
mod enrolment;
mod erasure;
mod holding;
mod model;
mod moving;
mod offering;
mod people;
mod publishing;
mod reading;
mod requests;
mod sessions;
mod tickets;

pub(crate) use clinic::{Clinic, at, audit_key};

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
                    let store = crate::sqlite::Sqlite::open(&path, &crate::conformance::audit_key()).unwrap();
                    crate::conformance::$file::$sentence(&store);
                    drop(store);
                    let violations = crate::sqlite::upkeep::check(&path).unwrap();
                    assert_eq!(violations, Vec::<String>::new());
                    let key = crate::conformance::audit_key();
                    let report = crate::sqlite::upkeep::verify_audit(&path, &key, None);
                    assert_eq!(report.unwrap().faults, Vec::<String>::new());
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
        a_patient_holds_as_many_appointments_as_the_center_allows
        a_patient_may_hold_several_slots
        a_batch_gives_one_outcome_per_command_in_order
        nothing_is_booked_or_changed_for_a_patient_who_does_not_exist
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
    publishing {
        a_first_import_creates_everything
        a_zone_is_settled_once_and_touches_nothing_else
        an_import_again_changes_nothing
        a_conflict_takes_nothing_over_and_leaves_the_batch_alone
        an_account_is_never_changed
        another_zone_is_a_conflict
        a_free_row_that_left_the_file_is_withdrawn
        a_booked_row_that_left_the_file_stays
        a_free_index_given_to_another_time_is_published_anew
        a_booked_index_given_to_another_time_is_a_conflict
        a_booked_row_that_is_unchanged_stays_booked
        two_free_rows_exchange_their_indices
        an_index_added_by_hand_is_a_conflict
        slots_added_by_hand_are_left_alone
        an_overlap_is_a_conflict_with_its_line
        an_index_is_used_again_in_a_later_week
        two_doctors_exchange_their_addresses
        an_address_of_another_doctor_is_a_conflict
        a_moved_doctor_is_seen_by_everybody
        added_slots_get_the_lowest_free_indices
        added_slots_leave_the_indices_of_the_file_to_the_file
        a_doctor_who_has_left_leaves_the_address_to_another
        added_slots_are_all_or_none
        slots_of_no_doctor_are_not_added
        a_contradictory_slot_is_a_bad_command
    }
    accounts {
        an_added_patient_can_log_in
        a_user_name_is_given_once
        a_new_password_replaces_the_old_one_and_ends_the_sessions
        who_has_lost_the_standing_changes_and_sees_nothing
        nobodys_password_is_not_set
        a_session_is_open_until_it_expires
        a_closed_session_is_closed
        known_users_are_told_from_unknown_ones
    }
    sessions {
        a_session_that_lies_idle_is_over
        a_session_in_use_stays_open_until_it_expires
        a_session_lasts_twelve_hours_at_most
        open_sessions_are_listed
        sessions_are_ended_before_their_time
        a_one_time_password_works_once
        staff_log_in_with_their_role
        a_new_secret_for_one_time_passwords_ends_the_sessions
        a_patient_or_a_doctor_is_not_added_as_staff
        who_has_lost_the_standing_oversees_nothing
        ending_a_users_sessions_ends_the_log_ins_without_one
        a_new_secret_and_being_forgotten_end_the_log_ins_without_a_session
        a_log_out_is_recorded_with_where_it_came_from
    }
    enrolment {
        a_doctor_enrols_once_with_a_code
        a_code_works_until_it_expires_and_for_its_doctor
        a_later_code_replaces_an_earlier_one
        a_doctor_who_enrols_again_gets_a_new_password
        a_patients_user_name_is_no_doctors
        a_registered_doctor_answers_at_the_new_address
        an_address_in_use_is_refused
        only_a_doctors_account_registers
        an_import_leaves_a_registered_doctor_alone
        a_doctor_who_left_and_comes_back_registers_again
    }
    tickets {
        a_ticket_is_issued_for_a_visit_and_for_a_quote
        a_ticket_is_for_ones_own_open_appointment
        a_doctor_who_has_not_enrolled_gets_no_visitors_with_tickets
        changed_appointments_are_told_to_their_doctor
        a_page_of_changes_never_ends_within_a_moment
        a_look_is_recorded_before_it_is_taken
        a_patient_sees_who_looked
    }
    audit {
        every_change_and_every_refusal_is_recorded
        what_the_operator_could_not_do_is_recorded_too
        a_record_says_who_what_whose_and_from_where
        an_answer_given_again_is_recorded_as_such
        a_note_is_recorded_as_it_is
        the_trail_is_read_by_time_patient_and_place
        the_trail_is_read_backwards_in_a_stretch_of_time
        the_head_grows_with_each_record
        a_conflict_in_a_batch_does_not_break_the_chain
        what_the_operator_did_beside_the_store_is_recorded
    }
    erasure {
        an_erased_patient_is_nobody
        what_an_erased_patient_had_booked_is_free
        a_user_name_is_free_after_its_owner_was_erased
        who_is_not_there_is_not_erased
        everything_that_is_held_about_a_patient_is_told
    }
    holding {
        a_held_slot_is_nobody_elses_until_it_expires
        a_hold_gives_way_to_its_own_patient
        a_patient_holds_so_many_slots_at_once
        a_hold_is_released_by_its_patient_only
        what_cannot_be_held_is_refused_and_recorded
        a_patient_sees_what_is_held
        holds_that_are_over_are_tidied_away
    }
    desk {
        each_mark_is_the_next_version
        what_cannot_be_marked_is_refused
        a_mark_makes_no_ticket_void
        a_waiver_overrides_what_holds_for_patients_and_nothing_else
        a_visit_that_has_begun_is_moved_with_a_waiver
        a_sheet_shows_who_has_which_slot
        the_same_look_is_recorded_once
    }
    people {
        a_person_without_an_account_is_added_and_changed
        a_person_who_is_not_there_is_not_changed
        an_account_acts_for_its_household
        people_are_found_by_every_word
        a_patient_without_an_account_chooses_a_password_once
        an_invitation_works_until_it_expires_or_is_replaced
        a_link_is_over_with_any_new_password
        a_doctors_name_is_kept_for_the_doctor
        only_a_patients_own_account_is_invited_for_the_patient
        who_is_forgotten_has_no_plan_and_no_invitation
        accounts_are_listed_by_user_name
    }
    blocking {
        free_slots_in_blocked_time_are_withdrawn_and_published_anew
        a_hold_does_not_protect_a_slot_and_an_appointment_does
        what_is_cancelled_in_blocked_time_is_not_free
        what_has_begun_is_not_published_anew
        nothing_is_published_in_blocked_time
        an_import_passes_blocked_rows_over
        time_blocked_twice_is_opened_twice
        what_overlaps_a_slot_by_now_stays_withdrawn
        what_cannot_be_blocked_is_refused
        a_sheet_shows_what_is_blocked
        a_slot_of_the_desk_comes_back_as_one
    }
    offering {
        free_slots_are_found_by_doctor_window_and_kind
        free_slots_are_paged_over_windows
        what_is_booked_or_held_is_not_free
        the_clinic_tells_what_there_is_to_choose_from
        a_doctor_who_has_left_is_shown_while_there_are_slots
        a_doctor_is_shown_as_described
        an_account_oversees_in_the_operators_place
        one_appointment_is_read_by_its_patient
    }
    reading {
        an_empty_store_answers_with_nothing
        free_slots_are_listed_by_index
        free_slots_are_listed_by_time_page_by_page
        free_slots_of_one_doctor_are_listed
        a_published_slot_is_found_whoever_has_it_until_it_begins
        a_patients_appointments_come_booked_ones_first
        the_operator_sees_everything
    }
}
