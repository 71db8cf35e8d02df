//! What a node answers to a run that asks for locks.

use super::{Reservation, Scope};

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Time on the node, seconds since the epoch.
    pub now: u64,
    /// Which machine it is, by whatever name.
    pub machine: String,
    /// Whose node it is.
    pub reservation: Option<Reservation>,
    /// The reservation is another person's: nothing more was taken.
    pub refused: bool,
    /// What was taken, or is held by this run already.
    pub taken: Vec<Scope>,
    /// What was not.
    pub busy: Option<Busy>,
}

/// A lock that another run holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Busy {
    /// Which.
    pub scope: Scope,
    /// Who; `None` = it ended just now.
    pub holder: Option<Holder>,
}

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holder {
    /// `user@host`.
    pub owner: String,
    /// Process id there.
    pub pid: u32,
    /// What it does.
    pub verb: String,
    /// For which topology; may be empty.
    pub topology: String,
    /// Since when, seconds since the epoch by the node's clock.
    pub since: u64,
    /// For how many seconds.
    pub age: u64,
}

impl Answer {
    /// Reads what the command of [`super::Claimant::take`] printed.
    pub fn parse(stdout: &str) -> Result<Self, String> {
        let mut answer = Self::default();
        let mut reservation = Reservation::default();
        let mut holder = Holder::default();
        for line in stdout.lines() {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            let odd = || format!("odd line `{line}`");
            match key {
                "now" => answer.now = value.parse().map_err(|_| odd())?,
                "machine" => value.clone_into(&mut answer.machine),
                "refused" => answer.refused = true,
                "taken" => answer.taken.push(scope(value)),
                "busy" => answer.busy = Some(Busy { scope: scope(value), holder: None }),
                "owner" => value.clone_into(&mut holder.owner),
                "pid" => holder.pid = value.parse().unwrap_or_default(),
                "verb" => value.clone_into(&mut holder.verb),
                "topology" => value.clone_into(&mut holder.topology),
                "since" => holder.since = value.parse().unwrap_or_default(),
                "run" | "keeper" => {}
                _ if reservation.read(key, value) => {}
                _ => return Err(odd()),
            }
        }
        if answer.now == 0 {
            return Err("it does not tell its time".to_owned());
        }
        holder.age = answer.now.saturating_sub(holder.since);
        if let Some(busy) = &mut answer.busy {
            busy.holder = Some(holder).filter(|holder| !holder.owner.is_empty());
        }
        answer.reservation = Some(reservation).filter(|found| !found.person.is_empty());
        Ok(answer)
    }
}

fn scope(file: &str) -> Scope {
    if file == "lock" { Scope::Node } else { Scope::Topology }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_locks_and_the_machine() {
        let answer = Answer::parse("machine 12-ab 26\nnow 9\ntaken lock.a\ntaken lock\n").unwrap();
        assert_eq!(answer.taken, [Scope::Topology, Scope::Node]);
        assert_eq!(
            (answer.machine.as_str(), answer.busy, answer.refused),
            ("12-ab 26", None, false)
        );
    }

    #[test]
    fn who_holds_it() {
        let text = "now 100\ntaken lock.b\nnow 103\nbusy lock\nrun r1\nowner u@h\npid 5\nverb up\n\
                    topology a\nsince 100\nkeeper 7 12\n";
        let busy = Answer::parse(text).unwrap().busy.unwrap();
        let holder = busy.holder.unwrap();
        assert_eq!((busy.scope, holder.pid, holder.age), (Scope::Node, 5, 3));
        assert_eq!(holder.topology, "a");
        let gone = Answer::parse("now 100\nbusy lock.a\n").unwrap().busy.unwrap();
        assert_eq!(gone, Busy { scope: Scope::Topology, holder: None });
    }

    #[test]
    fn a_reservation_refuses() {
        let answer = Answer::parse("now 9\nperson p\nreason x y\nfrom 1\nrefused\n").unwrap();
        assert!(answer.refused && answer.taken.is_empty());
        assert_eq!(answer.reservation.unwrap().reason, "x y");
        assert!(Answer::parse("").is_err() && Answer::parse("now 1\nhello\n").is_err());
    }
}
