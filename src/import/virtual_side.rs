//! The grammar of what is behind the vswitch: NFs, how many, in what, joined how.

use super::cursor::{Cursor, problem};
use super::name::{
    App, Density, Group, Layout, NfForwarding, Pods, PodsLayout, Single, VirtualSide, Width,
};
use super::parse::Places;
use super::words::{Cipher, Technology, TestType, numbered, plural};
use crate::model::Problem;
use std::ops::Range;

/// Reads the virtual side. `pods`: `1drc` stood before the switch; `before`: `ch-` before all.
pub(super) fn virtual_side(
    words: &mut Cursor,
    places: &mut Places,
    pods: Option<u32>,
    before: Option<Layout>,
) -> Result<VirtualSide, Problem> {
    refuse_others(words)?;
    let density = words.take(|word| counted(word, &[("ch", false), ("pl", true)]));
    let side = match density {
        Some((chains, pipelines)) => self::density(words, places, chains, pipelines)?,
        None => behind_memifs(words, places, pods, before)?,
    };
    if !matches!(side, VirtualSide::Pods(_)) && (pods.is_some() || before.is_some()) {
        let (place, label) = match pods {
            Some(_) => (places.switch.clone(), "says that it does"),
            None => (places.layout.clone(), "is a layout of pods"),
        };
        let help = "e.g. eth-1drcl2xcbase-eth-2memif-1drcl2xc-1paral-k8s".to_owned();
        let message = "the vswitch runs in a pod, the NFs do not";
        return Err(problem(place, message, label, Some(help)));
    }
    Ok(side)
}

/// `eth-2memif-...`.
fn behind_memifs(
    words: &mut Cursor,
    places: &mut Places,
    pods: Option<u32>,
    before: Option<Layout>,
) -> Result<VirtualSide, Problem> {
    let what = "`eth` (before memifs) or chains (`1ch`)";
    words.expect(what, &["eth", "#ch", "#pl"], |word| (word == "eth").then_some(()))?;
    refuse_others(words)?;
    places.memifs = words.place();
    let memifs = words.expect("the number of memifs", &["#memif"], |word| match word {
        "memif" => Some(None),
        _ => counted(word, &[("memif", ())]).map(|(memifs, ())| Some(memifs)),
    })?;
    let groups = [("chain", false), ("csc", false), ("pipe", true)];
    if let Some((chains, pipelines)) = grouped(words, places, &groups) {
        return group(words, places, memifs, chains, pipelines);
    }
    let Some(memifs) = memifs else {
        let help = Some("e.g. `2memif`".to_owned());
        let message = "the name does not say how many memifs there are";
        return Err(problem(places.memifs.clone(), message, "of the vswitch", help));
    };
    if let Some(switches) = pods {
        return self::pods(words, places, switches, memifs, before);
    }
    let dma = words.take(|word| (word == "dma").then_some(())).is_some();
    let (nfs, technology) = nfs(words, places, &["#chain", "#pipe"])?;
    let huge1g = words.take(|word| (word == "huge1g").then_some(())).is_some();
    Ok(VirtualSide::Single(Single { memifs, dma, nfs, technology, huge1g }))
}

fn grouped(
    words: &mut Cursor,
    places: &mut Places,
    groups: &[(&str, bool)],
) -> Option<(u32, bool)> {
    let place = words.place();
    let found = words.take(|word| counted(word, groups))?;
    places.chains = place;
    Some(found)
}

/// `-2drcl2xc-1horiz-k8s`.
fn pods(
    words: &mut Cursor,
    places: &mut Places,
    switches: u32,
    memifs: u32,
    before: Option<Layout>,
) -> Result<VirtualSide, Problem> {
    places.nfs = words.place();
    let known = ["#drcl2xc", "#drcip4"];
    let kinds = [("drcl2xc", NfForwarding::L2xc), ("drcip4", NfForwarding::Ip4)];
    let (nfs, forwarding) =
        words.expect("the number of pods", &known, |word| counted(word, &kinds))?;
    let place = words.place();
    let layouts = Layout::WORDS.map(|(_, after, layout)| (after, layout));
    let after = words.take(|word| counted(word, &layouts));
    let layout = match (before, after) {
        (Some(_), Some(_)) => {
            let message = "the name says twice how the pods are joined";
            return Err(problem(place, message, "and before the encapsulation", None));
        }
        (None, Some((count, layout))) => {
            places.layout = place;
            PodsLayout::After { count, layout }
        }
        (Some(layout), None) => PodsLayout::Before(layout),
        (None, None) => PodsLayout::Unsaid,
    };
    let kubernetes = words.take(|word| (word == "k8s").then_some(())).is_some();
    Ok(VirtualSide::Pods(Pods { switches, memifs, nfs, forwarding, layout, kubernetes }))
}

/// `-2dcr-vppip4` after `2chain`.
fn group(
    words: &mut Cursor,
    places: &mut Places,
    memifs: Option<u32>,
    chains: u32,
    pipelines: bool,
) -> Result<VirtualSide, Problem> {
    let (nfs, technology) = nfs(words, places, &[])?;
    let app = words.take(app);
    Ok(VirtualSide::Group(Group { memifs, chains, pipelines, nfs, technology, app }))
}

/// `-4mif-2dcr1t-vppip4` after `2ch`.
fn density(
    words: &mut Cursor,
    places: &mut Places,
    chains: u32,
    pipelines: bool,
) -> Result<VirtualSide, Problem> {
    places.memifs = words.place();
    if let Some((nfs, _)) = numbered(words.text(0)).filter(|(_, end)| end.starts_with("dcr")) {
        let message = format!("nothing joins {} to a vswitch", plural(nfs, "NF"));
        let help = "NFs on NICs of their own (SR-IOV) are not memif chains; with a vswitch it \
                    says `2mif` here"
            .to_owned();
        return Err(problem(places.memifs.clone(), message, "no memifs before it", Some(help)));
    }
    places.chains = words.before();
    let (memifs, ()) = words.expect("the number of memifs", &["#mif"], |word| {
        counted(word, &[("mif", ()), ("memif", ())])
    })?;
    places.nfs = words.place();
    let known = ["#dcr#t", "#dcr#c", "#lxc#t"];
    let (nfs, technology, width) =
        words.expect("the number of NFs and of threads (`1dcr2t`)", &known, wide_nfs)?;
    let names = App::WORDS.map(|(word, _)| word);
    let app = words.expect("what runs in the NFs", &names, app)?;
    let mut ciphers = Vec::new();
    while let Some(cipher) = words.take(Cipher::parse) {
        ciphers.push(cipher);
    }
    let known: Vec<&str> = Cipher::WORDS.iter().map(|(word, _)| *word).collect();
    if words.peek().is_some() && TestType::parse(words.text(0)).is_none() && ciphers.is_empty() {
        // `unknown` finds the nearer of both lists.
        let both: Vec<&str> =
            known.into_iter().chain(TestType::WORDS.iter().map(|(word, _)| *word)).collect();
        return Err(words.unknown("an algorithm or a test type", &both));
    }
    Ok(VirtualSide::Density(Density {
        chains,
        pipelines,
        memifs,
        nfs,
        technology,
        width,
        app,
        ciphers,
    }))
}

/// `10dcr`.
fn nfs(
    words: &mut Cursor,
    places: &mut Places,
    others: &[&str],
) -> Result<(u32, Technology), Problem> {
    places.nfs = words.place();
    let shapes: Vec<String> =
        Technology::WORDS.iter().map(|(word, _)| format!("#{word}")).collect();
    let known: Vec<&str> =
        shapes.iter().map(String::as_str).chain(others.iter().copied()).collect();
    words.expect("the number of NFs", &known, |word| counted(word, Technology::WORDS))
}

/// `10dcr1t`, `8drc1c`.
fn wide_nfs(word: &str) -> Option<(u32, Technology, Width)> {
    let (nfs, rest) = numbered(word)?;
    let (technology, rest) = Technology::WORDS
        .iter()
        .find_map(|(known, technology)| Some((*technology, rest.strip_prefix(known)?)))?;
    let width = match numbered(rest)? {
        (threads, "t") => Width::Threads(threads),
        (cores, "c") => Width::Cores(cores),
        _ => return None,
    };
    Some((nfs, technology, width))
}

fn app(word: &str) -> Option<App> {
    App::WORDS.iter().find(|(known, _)| *known == word).map(|(_, app)| *app)
}

/// A number and one of these words.
fn counted<T: Copy>(word: &str, known: &[(&str, T)]) -> Option<(u32, T)> {
    let (number, rest) = numbered(word)?;
    known.iter().find(|(word, _)| *word == rest).map(|(_, meaning)| (number, *meaning))
}

/// Virtual machines, and suites without any NF.
fn refuse_others(words: &Cursor) -> Result<(), Problem> {
    let place: Range<usize> = words.place();
    let mut ahead = 0;
    while !words.text(ahead).is_empty() {
        let end = numbered(words.text(ahead)).map_or("", |(_, end)| end);
        if end == "vh" || end.starts_with("vhost") || end == "vm" || end.starts_with("vm1") {
            let message = "the name means virtual machines behind vhost-user interfaces";
            let help =
                "NFs here are containers behind memifs; its twin in containers says `memif` \
                        for `vhost`, `mif` for `vh`, and `dcr` for `vm`"
                    .to_owned();
            let span = words.place_of(ahead);
            return Err(problem(span, message, "a machine, not a container", Some(help)));
        }
        ahead += 1;
    }
    if words.peek().is_none() || TestType::parse(words.text(0)).is_some() {
        let message = "the name means no containers, only a switch";
        let help = "with an NF it goes on like `-eth-2memif-1dcr`".to_owned();
        return Err(problem(place, message, "no NF before the end", Some(help)));
    }
    Ok(())
}
