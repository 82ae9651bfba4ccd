//! Several servers as one studio: one suite for every log that they may share.

pub(crate) mod apart;
pub(crate) mod logs;
pub(crate) mod orders;
pub(crate) mod studios;
pub(crate) mod workspaces;
pub(crate) mod world;

/// Runs every case of the suite with the logs that `$site` makes.
macro_rules! suite {
    ($site:expr; $($room:ident: $($case:ident)*;)*) => {
        $(mod $room {
            $(#[actix_web::test]
            async fn $case() {
                $crate::several::$room::$case($site).await;
            })*
        })*
    };
}

/// All cases.
macro_rules! all_cases {
    ($site:expr) => {
        $crate::several::suite! { $site;
            logs:
                records_come_in_their_order_and_name_the_one_before
                a_read_waits_for_the_next_record_and_no_longer
                an_emptied_log_shows_it_by_its_next_record
                what_was_dropped_is_named_by_what_comes_after
                a_base_takes_the_place_of_the_one_that_was_known
                what_is_left_for_another_is_picked_up_once
                a_workspace_has_a_log_of_its_own
                one_that_is_away_says_so_and_comes_back;
            studios:
                what_comes_in_at_any_server_is_the_same_at_all
                one_that_comes_later_knows_what_the_others_know
                one_that_comes_later_knows_journals_and_traffic
                one_that_comes_later_tells_what_was_before_it_came
                a_batch_that_is_sent_again_elsewhere_counts_once
                while_the_log_is_away_nothing_is_taken_and_nothing_is_lost
                an_emptied_log_loses_nothing_that_a_server_knows
                a_replica_that_lost_the_newest_loses_nothing_that_a_server_knows
                what_is_looked_at_at_one_server_is_asked_for_at_any
                nobody_sees_at_one_server_less_than_at_another_before
                what_cannot_be_read_is_not_replaced
                who_signed_in_at_one_server_is_known_at_all;
            orders:
                an_order_reaches_its_process_by_any_server;
            workspaces:
                no_server_tells_of_another_workspace
                a_process_of_one_gets_nothing_of_another
                each_server_goes_by_its_own_tokens
                one_that_comes_later_knows_all_workspaces
                who_signed_in_at_one_server_is_known_at_all;
        }
    };
}

pub(crate) use {all_cases, suite};
