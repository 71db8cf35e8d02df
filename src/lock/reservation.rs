//! Whole nodes kept for a person.

use super::{Places, RESERVATION, one_line};
use crate::command::Command;
use std::time::Duration;

/// Who keeps a node. Times are seconds since the epoch by the node's clock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reservation {
    /// For whom.
    pub person: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: u64,
    /// Until when; `None` = until it is released.
    pub until: Option<u64>,
}

impl Reservation {
    /// Takes one line of `key value`; false = it is not about a reservation.
    pub(super) fn read(&mut self, key: &str, value: &str) -> bool {
        match key {
            "person" => value.clone_into(&mut self.person),
            "reason" => value.clone_into(&mut self.reason),
            "from" => self.since = value.parse().unwrap_or_default(),
            "until" => self.until = value.parse().ok(),
            _ => return false,
        }
        true
    }

    /// The same kept from `now` on, for `ttl` or without an end; who had it already keeps the
    /// beginning.
    pub fn anew(
        person: &str,
        reason: &str,
        ttl: Option<Duration>,
        now: u64,
        old: Option<&Self>,
    ) -> Self {
        let person = one_line(person);
        let old = old.filter(|old| old.person == person);
        Self {
            reason: one_line(reason),
            since: old.map_or(now, |old| old.since),
            until: ttl.map(|ttl| now.saturating_add(ttl.as_secs().max(1))),
            person,
        }
    }

    /// Writes it; the lock of the node is held.
    pub fn write(&self, places: &Places) -> Command {
        let until = self.until.map(|until| until.to_string()).unwrap_or_default();
        let [person, reason] = [&self.person, &self.reason].map(|text| one_line(text));
        let folder = places.reservation.clone();
        let args = [folder, person, reason, self.since.to_string(), until];
        Command::sh(include_str!("reserve.sh"), args)
    }

    /// Removes whichever a node has; the lock of the node is held.
    pub fn remove(places: &Places) -> Command {
        Command::sh(include_str!("free.sh"), [places.reservation.clone()])
    }
}

/// Asks a node for its reservation; needs no lock and no root.
pub fn query_reservation(places: &Places) -> Command {
    let script = [RESERVATION, include_str!("query.sh")].concat();
    Command::sh(script, [places.reservation.clone()])
}

/// What [`query_reservation`] printed: the node's time, and who has it.
pub fn parse_reservation(stdout: &str) -> Result<(u64, Option<Reservation>), String> {
    let mut now = None;
    let mut found = Reservation::default();
    for line in stdout.lines() {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        if key == "now" {
            now = value.parse().ok();
        } else if !found.read(key, value) {
            return Err(line.to_owned());
        }
    }
    let now = now.ok_or("it does not tell its time")?;
    Ok((now, Some(found).filter(|found| !found.person.is_empty())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_node_says_is_read() {
        let text = "now 100\nperson me@here\nreason a b\nfrom 10\nuntil 200\n";
        let (now, found) = parse_reservation(text).unwrap();
        let found = found.unwrap();
        assert_eq!((now, found.since, found.until), (100, 10, Some(200)));
        assert_eq!((found.person.as_str(), found.reason.as_str()), ("me@here", "a b"));
        assert_eq!(parse_reservation("now 5\n").unwrap(), (5, None));
        assert!(parse_reservation("sh: not found\n").is_err());
        assert!(parse_reservation("").is_err());
    }

    #[test]
    fn renewing_keeps_the_beginning() {
        let hour = Some(Duration::from_hours(1));
        let first = Reservation::anew("me", "a\nb", hour, 1000, None);
        assert_eq!((first.since, first.until, first.reason.as_str()), (1000, Some(4600), "a b"));
        let again = Reservation::anew("me", "c", None, 2000, Some(&first));
        assert_eq!((again.since, again.until), (1000, None));
        assert_eq!(Reservation::anew("you", "c", None, 2000, Some(&first)).since, 2000);
    }
}
