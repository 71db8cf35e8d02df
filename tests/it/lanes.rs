//! Lanes: one table of cases, over a shell of this machine and over ssh.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests of processes, files and time; a failed unwrap is a failed test"
)]

mod cases;
mod relay;
mod ssh;
mod sshd;
mod trust;

use vnfctl::model::Become;
use vnfctl::transport::{Stop, Transport, local_lane};

/// Whatever opens lanes to the peer under test.
trait Place {
    fn lane(&self) -> Box<dyn Transport>;
}

struct Here;

impl Place for Here {
    fn lane(&self) -> Box<dyn Transport> {
        local_lane("here", Become::Sudo, &Stop::new()).unwrap()
    }
}

macro_rules! everywhere {
    ($($case:ident,)*) => {
        mod local {
            $(#[test] fn $case() { super::cases::$case(&super::Here); })*
        }

        mod over_ssh_with_busybox {
            $(#[test] fn $case() { super::cases::$case(&super::sshd::Bare::busybox()); })*
        }

        mod over_ssh {
            $(#[test] fn $case() { super::cases::$case(&super::sshd::Sshd::start()); })*
        }
    };
}

everywhere! {
    a_background_child_that_holds_the_streams_does_not_hold_the_frame,
    a_bulk_command_is_stopped_and_timed_like_any_other,
    a_deadline_ends_the_command_and_the_lane_goes_on,
    a_dropped_lane_leaves_nothing_running,
    a_file_is_delivered_and_keeps_its_place_in_the_order,
    a_missing_file_is_an_error_that_names_it,
    a_stop_ends_the_command_and_its_descendants,
    a_stop_ends_what_waits_behind,
    a_text_is_delivered_byte_for_byte,
    an_early_end_of_a_reader_is_no_error,
    commands_cannot_harm_or_read_the_lane,
    commands_in_flight_run_in_order,
    environment_of_any_name_arrives,
    exit_codes_and_signals_are_told_apart,
    large_outputs_and_inputs_pass_both_ways_at_once,
    output_is_binary_and_streams_are_separate,
    output_is_seen_as_it_comes,
    words_arrive_as_they_are,
}
