//! Locks and reservations in words.

use crate::lifecycle::{Blocked, Kept};
use crate::lock::{Reservation, Scope};
use std::time::{Duration, UNIX_EPOCH};

/// The last second that has a date of four digits; a clock beyond it is wrong anyway.
const LAST: u64 = 253_402_300_799;

/// A point in time by a node's clock, in UTC.
pub fn moment(seconds: u64) -> String {
    let time = UNIX_EPOCH + Duration::from_secs(seconds.min(LAST));
    humantime::format_rfc3339_seconds(time).to_string()
}

fn span(seconds: u64) -> String {
    humantime::format_duration(Duration::from_secs(seconds)).to_string()
}

/// Which lock another run holds: ``DUT1 is locked by `me@here` (up of `pair`, process 7) since ..``.
pub fn blocked_sentence(blocked: &Blocked) -> String {
    let what = match blocked.busy.scope {
        Scope::Node => blocked.node.clone(),
        Scope::Topology => format!("topology `{}` on {}", blocked.topology, blocked.node),
    };
    let Some(holder) = &blocked.busy.holder else {
        return format!("{what} is locked by another run");
    };
    let of = if holder.topology.is_empty() {
        String::new()
    } else {
        format!(" of `{}`", holder.topology)
    };
    format!(
        "{what} is locked by `{}` ({}{of}, process {}) since {}, {} ago",
        holder.owner,
        holder.verb,
        holder.pid,
        moment(holder.since),
        span(holder.age),
    )
}

/// Who has a node: ``DUT1 is reserved for `alice` since .. until .., in 2h: new NIC``.
pub fn kept_sentence(kept: &Kept) -> String {
    let Kept { node, reservation, now } = kept;
    let left = reservation.until.map(|until| format!(", for {}", span(until.saturating_sub(*now))));
    format!(
        "{node} is reserved for `{}` since {} until {}{}: {}",
        reservation.person,
        moment(reservation.since),
        end_words(reservation),
        left.unwrap_or_default(),
        reservation.reason,
    )
}

/// When a reservation ends.
pub fn end_words(reservation: &Reservation) -> String {
    reservation.until.map_or_else(|| "it is released".to_owned(), moment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::{Busy, Holder};

    #[test]
    fn a_lock_names_its_holder() {
        let holder = Holder {
            owner: "me@here".into(),
            pid: 7,
            verb: "up".into(),
            topology: "pair".into(),
            since: 1_700_000_000,
            age: 65,
        };
        let mut blocked = Blocked {
            node: "DUT1".into(),
            topology: "other".into(),
            busy: Busy { scope: Scope::Node, holder: Some(holder) },
        };
        assert_eq!(
            blocked_sentence(&blocked),
            "DUT1 is locked by `me@here` (up of `pair`, process 7) since 2023-11-14T22:13:20Z, \
             1m 5s ago"
        );
        blocked.busy = Busy { scope: Scope::Topology, holder: None };
        assert_eq!(blocked_sentence(&blocked), "topology `other` on DUT1 is locked by another run");
    }

    #[test]
    fn a_reservation_tells_all_of_it() {
        let mut reservation = Reservation {
            person: "alice".into(),
            reason: "new NIC".into(),
            since: 0,
            until: Some(7200),
        };
        let kept = |reservation: &Reservation| {
            kept_sentence(&Kept {
                node: "DUT1".into(),
                reservation: reservation.clone(),
                now: 3600,
            })
        };
        assert_eq!(
            kept(&reservation),
            "DUT1 is reserved for `alice` since 1970-01-01T00:00:00Z until 1970-01-01T02:00:00Z, \
             for 1h: new NIC"
        );
        reservation.until = None;
        assert!(kept(&reservation).contains("until it is released: new NIC"));
        assert_eq!(moment(u64::MAX), "9999-12-31T23:59:59Z");
    }
}
