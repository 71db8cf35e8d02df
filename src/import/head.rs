//! What stands before the suite: test case, frame, cores, testbed, NIC, driver. File names, test
//! cases and reports order them differently, so any order is taken, each at most once.

use super::cursor::{Cursor, problem};
use super::name::{Cpus, Head, Nic, Testbed};
use super::parse::Places;
use super::words::{Driver, Frame, numbered};
use crate::model::Problem;

/// Reads everything before the suite.
pub(super) fn head(words: &mut Cursor, places: &mut Places) -> Result<Head, Problem> {
    let mut head = Head::default();
    while let Some(word) = words.peek() {
        let (text, span) = (word.text.clone(), word.span.clone());
        let twice = if let Some(case) = case(&text) {
            head.case.replace(case).is_some()
        } else if let Some(frame) = Frame::parse(&text) {
            head.frame.replace(frame).is_some()
        } else if let Some(cores) = cores(&text) {
            places.cores = span.clone();
            head.cores.replace(cores).is_some()
        } else if let Some(testbed) = testbed(&text) {
            places.testbed = span.clone();
            if testbed.nodes > 3 {
                let label = "1, 2 or 3 nodes, the traffic generator among them";
                let message = format!("no testbed has {} nodes", testbed.nodes);
                return Err(problem(span, message, label, None));
            }
            head.testbed.replace(testbed).is_some()
        } else if let Some(nic) = nic(&text) {
            head.nic.replace(nic).is_some()
        } else if let Some((driver, more)) = driver(&text, words.text(1)) {
            if more {
                words.skip();
            }
            head.driver.replace(driver).is_some()
        } else {
            break;
        };
        if twice {
            let message = format!("`{text}` says again what the name has said");
            return Err(problem(span, message, "the second of its kind", None));
        }
        words.skip();
    }
    Ok(head)
}

fn case(word: &str) -> Option<u32> {
    numbered(word.strip_prefix("tc")?).filter(|(_, end)| end.is_empty()).map(|(case, _)| case)
}

/// `1c`, `2t1c`.
fn cores(word: &str) -> Option<Cpus> {
    match numbered(word)? {
        (cores, "c") => Some(Cpus { threads: None, cores }),
        (threads, rest) => {
            let (cores, end) = numbered(rest.strip_prefix('t')?)?;
            (end == "c").then_some(Cpus { threads: Some(threads), cores })
        }
    }
}

/// `2n`, `2n1l`.
fn testbed(word: &str) -> Option<Testbed> {
    let (nodes, rest) = numbered(word)?;
    let rest = rest.strip_prefix('n')?;
    if rest.is_empty() {
        return Some(Testbed { nodes, links: None });
    }
    let (links, end) = numbered(rest)?;
    (end == "l").then_some(Testbed { nodes, links: Some(links) })
}

/// `10ge2p1x710`, `eth2p`.
fn nic(word: &str) -> Option<Nic> {
    if let Some((ports, "p")) = word.strip_prefix("eth").and_then(numbered) {
        return Some(Nic::Virtual { ports });
    }
    let (speed, rest) = numbered(word)?;
    let (ports, rest) = numbered(rest.strip_prefix("ge")?)?;
    // A model may begin with a digit (82599), cards are one digit.
    let rest = rest.strip_prefix('p')?;
    let (cards, model) = rest.split_at_checked(1)?;
    let cards = cards.parse().ok().filter(|cards| *cards > 0)?;
    let is_model = !model.is_empty() && model.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_model.then(|| Nic::Card { speed, ports, cards, model: model.to_owned() })
}

/// A driver, and whether it is two words.
fn driver(word: &str, next: &str) -> Option<(Driver, bool)> {
    let two = Driver::parse(&format!("{word}-{next}")).map(|driver| (driver, true));
    two.or_else(|| Driver::parse(word).map(|driver| (driver, false)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(String, Head), String> {
        let mut words = Cursor::new(text);
        let head = head(&mut words, &mut Places::default()).map_err(|wrong| wrong.message)?;
        Ok((words.text(0).to_owned(), head))
    }

    #[test]
    fn parts_come_in_any_order_and_print_in_one() {
        for (text, printed) in [
            ("2n1l-100ge2p1e810cq-avf-eth", "2n1l-100ge2p1e810cq-avf-"),
            ("tc01-64B-1t1c-eth", "tc01-64B-1t1c-"),
            ("2n-100GE2P1CX556A-64b-2t1c-rdma-eth", "64B-2t1c-2n-100ge2p1cx556a-rdma-"),
            ("10ge2p1x82599es-af-xdp-eth", "10ge2p1x82599es-af-xdp-"),
            ("200ge6p3cx7veat-eth", "200ge6p3cx7veat-"),
            ("IMIX-4c-eth", "IMIX-4c-"),
            ("tc01-64B-eth2p-eth", "tc01-64B-eth2p-"),
            ("eth", ""),
        ] {
            let (rest, head) = read(text).unwrap();
            assert_eq!((rest.as_str(), head.to_string().as_str()), ("eth", printed), "{text}");
        }
    }

    #[test]
    fn nothing_is_said_twice_and_testbeds_are_small() {
        assert_eq!(read("64B-1c-78B-eth").unwrap_err(), "`78b` says again what the name has said");
        assert_eq!(read("4n-eth").unwrap_err(), "no testbed has 4 nodes");
    }
}
