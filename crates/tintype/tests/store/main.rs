//! What a store is: every backend passes all of this.

#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

mod backends;
mod make;

mod accounts;
mod alerts;
mod attest;
mod audit;
mod changes;
mod clusters;
mod figures;
mod fleet;
mod idempotency;
mod leases;
mod migrations;
mod names;
mod operations;
mod repositories;
mod search;
mod sessions;
mod sqlite;
mod steps;
mod verifications;
mod webhooks;

/// Runs every case on every backend. A backend is a function of that name in `backends`, and one word more below.
macro_rules! on_every_backend {
    ($($backend:ident)* : $cases:tt) => {
        $(mod $backend { on_every_backend!(@cases $backend $cases); })*
    };
    (@cases $backend:ident { $($module:ident { $($case:ident)* })* }) => {
        $(mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let backend = crate::backends::$backend().await;
                crate::$module::$case(backend.store.clone()).await;
                backend.store.close().await;
            })*
        })*
    };
}

mod conformance {
    on_every_backend! { on_sqlite: {
        clusters {
            attached_clusters_read_back_whole
            an_id_is_attached_once
            an_engine_is_attached_once
            a_page_is_in_the_order_of_ids_and_knows_the_total
            a_search_looks_at_ids_and_names_without_regard_to_case
            a_change_names_the_version_it_read
            a_change_keeps_secrets_unless_new_ones_are_given
            a_repin_to_an_engine_that_is_attached_is_refused
            concurrent_changes_of_one_version_have_one_winner
            a_cluster_with_an_open_operation_is_not_detached
            a_detach_forgets_secrets_and_observation_and_keeps_the_rest
            observations_are_replaced_and_read_by_page
            what_is_not_attached_is_not_found
        }
        search {
            a_search_returns_whole_clusters_by_id
            a_page_is_in_the_order_asked_for_and_the_total_is_of_all
            a_range_of_versions_is_by_their_numbers
            a_status_is_that_of_the_last_look
        }
        fleet {
            a_fleet_is_judged_as_the_model_judges_it
            the_worst_come_first_and_pages_and_verdicts_are_chosen
            an_older_look_changes_no_standing_and_a_detach_forgets_it
        }
        repositories {
            repositories_read_back_whole_and_in_order
            a_replacement_keeps_what_it_does_not_name
            a_version_that_is_expected_must_be_there
            one_repository_is_the_default
            a_repository_that_is_referred_to_stays_unless_cleaned_up
            a_reader_is_set_and_removed
            what_is_not_there_is_not_found
        }
        operations {
            a_started_operation_is_queued_and_reads_back
            only_attached_clusters_get_operations
            a_list_is_newest_first_filtered_and_paged
            the_queue_position_counts_older_queued_ones
            counts_have_every_status
            an_id_is_used_once_and_a_failed_start_leaves_nothing
        }
        idempotency {
            the_same_key_and_body_answer_the_first_operation
            the_same_key_with_another_body_is_told
            a_key_is_looked_at_before_the_name
            a_key_counts_in_its_scope_and_until_it_expires
            concurrent_starts_with_one_key_make_one_operation
        }
        names {
            sixty_four_starts_of_one_name_have_one_winner
            a_name_is_taken_within_its_engine_and_repository
            a_freed_name_is_free
            a_burned_name_stays_burned
            an_operation_that_ends_without_a_word_burns_its_name
            names_outlive_a_detach
            names_are_listed_by_repository
        }
        leases {
            due_operations_are_leased_oldest_first
            what_is_started_is_leased_in_the_same_commit_within_the_limits
            what_is_leased_is_not_leased_again
            an_expired_lease_goes_to_another_with_a_greater_token
            no_more_than_overall_are_leased
            no_more_than_its_limit_run_on_a_cluster
            an_operation_that_waits_keeps_its_place_and_comes_first
            a_queued_operation_that_was_cancelled_needs_no_place
            sixteen_owners_never_share_an_operation
            renewal_extends_what_is_held_and_nothing_else
            a_stop_gives_leases_back
            a_take_over_frees_every_lease
            next_due_is_the_earliest_unleased
        }
        steps {
            a_step_changes_what_it_names_and_nothing_else
            the_first_answer_wins
            a_stale_token_changes_nothing
            an_expired_lease_that_nobody_took_is_still_ours
            a_wait_gives_the_lease_back
            a_terminal_step_ends_the_operation
            a_step_back_to_the_queue_gives_the_place_back
            events_are_numbered_and_paged
            a_cancel_is_marked_once_and_wakes
            a_cancel_that_its_owner_has_not_seen_is_not_made_to_wait
            what_has_ended_is_not_cancelled
        }
        accounts {
            users_read_back_whole_and_by_name
            names_are_unique_without_regard_to_case
            a_change_keeps_what_it_does_not_name
            concurrent_changes_of_different_members_both_stay
            a_built_in_user_changes_its_password_alone
            the_last_admin_stays
            admins_that_end_each_other_leave_one
            a_deleted_user_takes_its_keys_along
            users_that_are_not_there_are_not_found
            keys_belong_to_their_user
            keys_are_listed_oldest_first
            keys_are_deleted_by_name_and_by_user
        }
        audit {
            a_change_that_no_request_asks_for_leaves_no_row
            every_change_that_a_request_asks_for_leaves_its_row
            what_fails_or_changes_nothing_leaves_no_row
            what_is_said_belongs_to_the_next_change_of_its_request
            refusals_are_appended_and_rows_are_found_by_what_they_say
            old_rows_are_forgotten_and_those_of_strangers_earlier
            young_rows_stay_whatever_is_asked
        }
        sessions {
            a_session_reads_back_until_it_is_ended
            sessions_that_are_over_are_forgotten_by_the_next_sign_in
            a_user_has_a_thousand_sessions_at_most
            another_password_ends_every_session_of_its_user
            a_device_counts_once_it_is_confirmed
            a_code_elevates_once_and_gives_the_session_another_secret
            sixteen_elevations_with_one_code_have_one_winner
            a_factor_is_its_user_s_and_is_not_used_up_for_nothing
            a_removed_device_takes_codes_and_elevations_with_it
        }
        changes {
            every_write_tells_what_it_changed
            a_write_that_fails_tells_nothing
            a_filter_leaves_out_and_moves_on
            what_was_pruned_is_told_as_a_gap
            followers_miss_nothing_and_see_nothing_twice
            of_a_delivery_only_the_end_is_told
            what_goes_along_with_a_change_is_told_too
        }
        webhooks {
            webhooks_read_back_and_secrets_apart
            a_failure_is_told_to_those_who_want_to_hear_of_it
            damage_that_a_verification_finds_is_told
            deliveries_take_no_place_and_stand_in_nobody_s_way
        }
        verifications {
            checks_are_remembered_by_blob_and_level_and_only_become_younger
            a_blob_that_failed_is_vouched_for_by_nothing
            old_checks_are_forgotten
            a_report_reads_back_and_only_so_many_are_kept
            a_proof_takes_the_place_of_those_that_did_not_look_deeper
            damage_stays_until_a_look_as_deep_finds_none
            without_a_root_nothing_that_was_proved_can_be_restored
            proofs_of_snapshots_that_are_gone_are_forgotten
            verifications_are_listed_by_repository_and_the_open_one_is_found
            verifications_take_no_place_of_engines_and_have_their_own
            a_schedule_is_set_started_once_and_removed
            a_snapshot_is_to_be_verified_from_the_end_of_its_take_on_where_its_schedule_says_so
        }
        attest {
            one_key_is_in_use_and_the_others_stay
            an_attestation_is_found_by_name_and_outlives_its_cluster
        }
        alerts {
            a_cluster_that_becomes_late_and_recovers_is_told_once_each
            a_cluster_without_any_snapshot_is_late_by_its_attach
            a_cluster_may_be_failing_and_late_and_recovers_from_both
            a_limit_of_its_own_goes_before_the_default
            a_look_that_saw_nothing_new_is_no_change
        }
        figures {
            clusters_are_counted_once_each
            operations_are_counted_as_they_go
        }
    }}
}
