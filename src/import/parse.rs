//! From the text of a name to a [`TestName`]. It must not judge whether its numbers fit.

use super::cursor::{Cursor, problem};
use super::head::head;
use super::name::{Layout, Suite, Switch, SwitchSize, TestName};
use super::virtual_side::virtual_side;
use super::words::{Forwarding, Learning, TestType, Wire, numbered};
use crate::model::Problem;
use std::ops::Range;

/// A name that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// What it says.
    pub name: TestName,
    /// Where it says so.
    pub places: Places,
}

/// Bytes of the text where parts stand; empty where they do not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "each is the part of the same name")]
pub struct Places {
    pub testbed: Range<usize>,
    pub cores: Range<usize>,
    pub wire: Range<usize>,
    pub switch: Range<usize>,
    pub memifs: Range<usize>,
    pub chains: Range<usize>,
    pub layout: Range<usize>,
    pub nfs: Range<usize>,
}

/// Reads a name: of a suite with or without `.robot` and its folder, of a test case, or a tag.
///
/// # Errors
/// The first word that is unknown, missing or too many, with the nearest known one.
pub fn parse(text: &str) -> Result<Parsed, Problem> {
    let mut words = Cursor::new(text);
    let mut places = Places::default();
    if words.text(0).is_empty() && words.text(1).is_empty() {
        let hint = "e.g. eth-l2xcbase-eth-2memif-1dcr".to_owned();
        return Err(problem(words.place(), "the name is empty", "a name of a test", Some(hint)));
    }
    let head = head(&mut words, &mut places)?;
    let before = layout_before(&mut words, &mut places);
    places.wire = words.place();
    let wire = wire(&mut words)?;
    places.switch = words.place();
    let known = ["l2xcbase", "l2bdbase", "l2bdbasemaclrn", "l2bd", "ip4base", "ip6base"];
    let (pods, switch) = words.expect("the forwarding of the vswitch", &known, switch)?;
    let virtual_side = virtual_side(&mut words, &mut places, pods, before)?;
    let test_type = words.take(TestType::parse);
    if let Some(word) = words.peek() {
        if test_type.is_some() {
            let message = format!("`{}` stands behind the test type", word.text);
            return Err(problem(words.place(), message, "the name has ended before", None));
        }
        let known: Vec<&str> = TestType::WORDS.iter().map(|(word, _)| *word).collect();
        return Err(words.unknown("a test type", &known));
    }
    let suite = Suite { wire, switch, virtual_side };
    Ok(Parsed { name: TestName { head, suite, test_type }, places })
}

/// `pa-`, `ho-`, `ch-`.
fn layout_before(words: &mut Cursor, places: &mut Places) -> Option<Layout> {
    let place = words.place();
    let layout = words.take(|word| {
        Layout::WORDS.iter().find(|(before, ..)| *before == word).map(|(.., layout)| *layout)
    })?;
    places.layout = place;
    Some(layout)
}

fn wire(words: &mut Cursor) -> Result<Wire, Problem> {
    if let Some(wire) = words.take(Wire::parse) {
        return Ok(wire);
    }
    let text = words.text(0);
    if text.starts_with("eth") || text.starts_with("dot1") {
        let message = format!("nothing is known of the encapsulation `{text}`");
        let help = format!(
            "known: {}, `ethip4ipsecNtnlsw`",
            Wire::WORDS.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
        );
        return Err(problem(words.place(), message, "on the wire", Some(help)));
    }
    let known: Vec<&str> = Wire::WORDS.iter().copied().chain(["ethip4ipsec#tnlsw"]).collect();
    Err(words.unknown("the encapsulation on the wire", &known))
}

/// `l2bdbasemaclrn`, `1drcl2xcbase`: the pods, if any, and the switch.
fn switch(word: &str) -> Option<(Option<u32>, Switch)> {
    let (pods, word) = match numbered(word) {
        Some((pods, rest)) => (Some(pods), rest.strip_prefix("drc")?),
        None => (None, word),
    };
    let (forwarding, rest) = Forwarding::WORDS
        .iter()
        .find_map(|(known, forwarding)| Some((*forwarding, word.strip_prefix(known)?)))?;
    let (size, rest) = if let Some(rest) = rest.strip_prefix("base") {
        (SwitchSize::Base, rest)
    } else if let Some(rest) = rest.strip_prefix("scale") {
        scale(rest)?
    } else {
        (SwitchSize::Unsaid, rest)
    };
    let learning = if rest.is_empty() { None } else { Some(Learning::parse(rest)?) };
    if learning.is_some() && forwarding != Forwarding::L2bd {
        return None;
    }
    Some((pods, Switch { forwarding, size, learning }))
}

/// `20k` of `scale20k`.
fn scale(text: &str) -> Option<(SwitchSize, &str)> {
    let (number, rest) = numbered(text)?;
    let (factor, rest) = match rest.chars().next() {
        Some('k') => (1_000, &rest[1..]),
        // `maclrn` begins with an `m` as well.
        Some('m') if !rest.starts_with("mac") => (1_000_000, &rest[1..]),
        _ => (1, rest),
    };
    Some((SwitchSize::Scale(number.checked_mul(factor)?), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches() {
        let read = |word: &str| switch(word).map(|(pods, switch)| (pods, switch.to_string()));
        for word in ["l2xcbase", "l2bdbasemaclrn", "l2bd", "ip4scale20k", "l2bdscale1mmaclrn"] {
            assert_eq!(read(word), Some((None, word.to_owned())));
        }
        assert_eq!(read("1drcl2xcbase"), Some((Some(1), "l2xcbase".to_owned())));
        assert_eq!(read("ip4scale16384"), Some((None, "ip4scale16384".to_owned())));
        for word in ["l2", "l2xcbasemaclrn", "1dcrl2xcbase", "l2bdscale", "ip4scale9999m"] {
            assert_eq!(read(word), None, "{word}");
        }
    }
}
