//! Names of CSIT tests: real ones of ten years become topologies that load and can be placed, and
//! any name that can be said is read as it was meant.

mod names;

use crate::cli::Sandbox;
use crate::support::saved::{compare, finish};
use crate::support::world;
use names::test_name;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use vnfctl::import::{Import, Wishes, interpret, parse, write};
use vnfctl::model::{self, EngineKind, Loaded, Problem, Problems, Source};
use vnfctl::ui::diagnostic;

const REAL: &str = include_str!("../fixtures/names/real.txt");

fn real_names() -> impl Iterator<Item = &'static str> {
    REAL.lines().filter(|line| !line.starts_with('#'))
}

/// The topology of a name, and its warnings.
fn written(name: &str, wishes: Wishes) -> Result<(String, Vec<Problem>), Problem> {
    let parsed = parse(name)?;
    let (meaning, warnings) = interpret(&parsed, wishes)?;
    Ok((write(&meaning, &format!("--name {}", parsed.name), &warnings), warnings))
}

/// Loads a written topology; keys have the length that the file asks for.
fn load(text: &str) -> Result<Loaded, Problems> {
    let bytes = |variable: &str| {
        let line = text.lines().find(|line| line.contains(variable) && line.contains("rand"))?;
        line.rsplit(' ').next()?.parse::<usize>().ok()
    };
    let variable = |name: &str| match name {
        "CRYPTO_KEY" | "INTEG_KEY" => Some("ab".repeat(bytes(name)?)),
        _ => None,
    };
    let source = Source { name: "written.toml".to_owned(), text: text.to_owned() };
    model::load(&[source], &variable)
}

#[track_caller]
fn loaded(name: &str, wishes: Wishes) -> Loaded {
    let (text, _) = written(name, wishes).unwrap_or_else(|wrong| panic!("{name}: {wrong:?}"));
    load(&text).unwrap_or_else(|problems| {
        panic!("{name}: {}\n{text}", diagnostic::render(&problems, false))
    })
}

fn testpmd() -> Wishes {
    Wishes { app: Some(Import::Testpmd), ..Wishes::default() }
}

/// What the first lines of its file say, or why there is none.
#[test]
fn real_names_mean_what_they_say() {
    let mut told = String::new();
    for line in REAL.lines() {
        let _ = writeln!(told, "{line}");
        if line.starts_with('#') {
            continue;
        }
        let (text, warnings) = written(line, Wishes::default()).unwrap();
        let sentence = text.lines().take_while(|line| *line != "#").map(|line| &line[2..]);
        let _ = writeln!(told, "    {}", sentence.collect::<Vec<_>>().join(" "));
        for warning in warnings {
            let word = &line[warning.span.clone()];
            let _ = writeln!(told, "    {word}: {}: {}", warning.message, warning.label);
        }
    }
    let mut failures = Vec::new();
    compare(&world::path("tests/fixtures/names/real.meaning"), &told, &mut failures);
    finish(&failures);
}

#[test]
fn real_names_become_topologies_that_load_without_a_warning() {
    for name in real_names() {
        let wishes = [Wishes::default(), testpmd()];
        for wishes in wishes {
            if name.contains("ipsec") && wishes.app.is_some() {
                let wrong = written(name, wishes).unwrap_err();
                assert_eq!(wrong.message, "testpmd has no IPsec");
                continue;
            }
            let loaded = loaded(name, wishes);
            assert_eq!(loaded.warnings, [], "{name}");
            assert!(!loaded.topology.wiring.links.is_empty(), "{name}");
        }
    }
}

#[test]
fn real_names_can_be_placed() {
    let sandbox = Sandbox::with("", "two-sockets-smt");
    let mut seen = BTreeSet::new();
    for name in real_names() {
        let (text, _) = written(name, Wishes::default()).unwrap();
        // What comes before has nothing to do with cores.
        if !seen.insert(text[text.find("[groups").unwrap()..].to_owned()) {
            continue;
        }
        sandbox.write("lab.toml", &text);
        let mut check = sandbox.command("check -t lab.toml --machine DUT*=dut.lscpu -q");
        let keys = [("aes128", 16), ("aes256", 32)];
        let key = keys.iter().find(|(word, _)| name.contains(word)).map_or(0, |(_, bytes)| *bytes);
        let integ = if name.contains("hmac512") { 64 } else { 32 };
        check.env("CRYPTO_KEY", "ab".repeat(key)).env("INTEG_KEY", "cd".repeat(integ));
        let output = check.output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn whole_files_are_readable() {
    let native = Wishes { app: Some(Import::Testpmd), engine: Some(EngineKind::Native) };
    for (file, name, wishes) in [
        ("lxc", "eth-l2xcbase-eth-2memif-1lxc", Wishes::default()),
        ("dma", "2n1l-10ge2p1x710-eth-l2xcbase-eth-2memif-dma-1dcr-ndrpdr", Wishes::default()),
        ("chain", "2n-10ge2p1x710-eth-l2bd-10ch-20mif-10dcr1t-vppip4-ndrpdr", Wishes::default()),
        ("pods", "eth-1drcl2xcbase-eth-2memif-4drcl2xc-1horiz", Wishes::default()),
        ("cross", "2n-10ge2p1x710-eth-l2xcbase-eth-1memif-1dcr-mrr", Wishes::default()),
        (
            "tunnels",
            "64B-2c-ethip4ipsec1000tnlsw-l2bd-1ch-4mif-2dcr1c-vppip4-aes128cbc-hmac512sha-ndrpdr",
            Wishes::default(),
        ),
        ("device", "tc01-64B-eth2p-ethip6-ip6base-eth-2memif-1dcr-dev", Wishes::default()),
        ("testpmd", "eth-l2bd-2pl-8mif-4dcr2t-vppip4", native),
    ] {
        let (text, _) = written(name, wishes).unwrap();
        insta::assert_snapshot!(format!("import-{file}"), text);
    }
}

/// What a person is told of names that mean no topology.
#[test]
fn mistakes_are_named_with_their_place_and_the_nearest_word() {
    let mut told = String::new();
    for name in [
        "",
        "eth-l2xcbase-eth-2memfi-1lxc",
        "2n-10ge2p1x710-eth-l2bd-eth-4memif-2chian-2dcr-vppip4-mrr",
        "eth-l2xcbase-eth-2memif-1dcx-ndrpdr",
        "eth-l3xcbase-eth-2memif-1dcr",
        "ethip4lispgpe-ip4base-eth-2memif-1dcr",
        "10ge2p1x710-memif-ethip4ipsec1tnlsw-ip4base-int-aes256gcm-ndrpdr",
        "10ge2p1x710-eth-l2xcbase-eth-2vhostvr1024-1vm-ndrpdr",
        "2n-10ge2p1x710-eth-l2bd-1ch-2vh-1vm1t-vppip4-ndrpdr",
        "2n-10ge2p1x710-eth-l2bd-1ch-1dcr1t-vppip4-ndrpdr",
        "2n-10ge2p1x710-eth-l2bd-1ch-2mif-1dcr-vppip4-ndrpdr",
        "10ge2p1x710-eth-l2bdbasemaclrn-ndrpdr",
        "64B-1c-eth-l2xcbase",
        "64B-78B-eth-l2xcbase-eth-2memif-1dcr",
        "eth-l2xcbase-eth-2memif-1dcr-ndrpdr-mrr",
        "eth-l2xcbase-eth-2memif-1dcr-ndrpdx",
        "ch-eth-1drcl2xcbase-eth-4memif-2drcl2xc-1horiz",
        "eth-1drcl2xcbase-eth-2memif-1dcr",
        "eth-l2bd-0ch-2mif-1dcr1t-vppip4",
        "eth-l2bd-200ch-400mif-200dcr1t-vppip4",
        "4n-eth-l2xcbase-eth-2memif-1dcr",
        "eth-l2xcbase--eth-2memif-1dcr",
        "eth-l2bd-1ch-2mif-1dcr2000t-vppip4",
    ] {
        let problem = written(name, Wishes::default()).expect_err(name);
        let sources = vec![Source { name: "--name".to_owned(), text: name.to_owned() }];
        told += &diagnostic::render_mistakes(&Problems { sources, list: vec![problem] }, false);
    }
    insta::assert_snapshot!("import-mistakes", told);
}

#[test]
fn a_contradiction_is_told_with_what_is_taken() {
    let told = |name: &str| {
        let (_, warnings) = written(name, Wishes::default()).unwrap();
        let one = |one: Problem| format!("{}: {}", one.message, one.label);
        warnings.into_iter().map(one).collect::<Vec<_>>()
    };
    for (name, warnings) in [
        ("eth-l2bd-2ch-8mif-4dcr1t-vppip4", &[][..]),
        ("eth-l2bd-2pl-4mif-4dcr1t-vppip4", &[]),
        (
            "eth-l2bd-2pl-8mif-4dcr1t-vppip4",
            &[
                "2 pipelines have 4 memifs, not 8: 4 pipelines of 1 NF are taken, as this suite has \
               it inside",
            ],
        ),
        (
            "eth-l2bd-2ch-4mif-4dcr1t-vppip4",
            &["the name says 4, and its NFs have 8 memifs: the NFs are taken"],
        ),
        (
            "eth-l2bd-3pl-8mif-8dcr1t-vppip4",
            &[
                "8 NFs cannot fill 3 pipelines evenly: 4 pipelines of 2 are taken, as the number of \
               memifs has it",
            ],
        ),
        (
            "eth-l2bd-3ch-12mif-5dcr1t-vppip4",
            &[
                "5 NFs cannot fill 3 chains evenly: 3 chains of 2 are taken, as the number of memifs \
               has it",
            ],
        ),
        (
            "eth-l2bd-3ch-10mif-5dcr1t-vppip4",
            &[
                "5 NFs cannot fill 3 chains evenly: 3 chains of 1 are taken, as many as all can have",
            ],
        ),
        (
            "eth-l2bd-1ch-2mif-1dcr3t-vppip4",
            &["3 threads are not whole cores of two threads: 2 cores are taken"],
        ),
        (
            "eth-l2xcbase-eth-4memif-1dcr",
            &["the name says 4, and its NFs have 2 memifs: the NFs are taken"],
        ),
        (
            "ethip4-l2bd-1ch-2mif-1dcr1t-vppip4-aes256gcm",
            &["the name has an algorithm and no tunnels: no tunnels are taken"],
        ),
        (
            "ethip4ipsec5tnlsw-l2bd-1ch-8mif-4dcr1c-vppip4-aes256gcm",
            &["5 tunnels cannot be dealt out evenly to 4 NFs: 2 for each are taken"],
        ),
    ] {
        assert_eq!(told(name), warnings, "{name}");
    }
}

#[test]
fn pods_side_by_side_in_line_and_through_the_vswitch_are_joined_so() {
    let links = |name: &str| {
        let loaded = loaded(name, Wishes::default());
        let links = loaded.topology.wiring.links.into_iter().filter(|link| link.node == "DUT1");
        let ends = links.map(|link| {
            let end = |(container, _): &(Option<(String, u32)>, String)| {
                let (group, ordinal) = container.clone().expect("a container");
                format!("{group}{ordinal}")
            };
            link.ends.iter().map(end).collect::<Vec<_>>().join("-")
        });
        ends.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        links("eth-1drcl2xcbase-eth-2memif-2drcl2xc-1horiz"),
        "VSWITCH1-CNF1 CNF1-CNF2 CNF2-VSWITCH1"
    );
    assert_eq!(
        links("eth-1drcl2xcbase-eth-4memif-2drcl2xc-1chain"),
        "VSWITCH1-CNF1 CNF1-VSWITCH1 VSWITCH1-CNF2 CNF2-VSWITCH1"
    );
    assert_eq!(links("eth-1drcl2xcbase-eth-2memif-1drcl2xc-1paral"), "VSWITCH1-CNF1 CNF1-VSWITCH1");
}

#[test]
fn the_verb_writes_once_and_over_only_when_asked() {
    let sandbox = Sandbox::new();
    let name = "eth-l2bd-2pl-8mif-4dcr1t-vppip4";
    let shown = sandbox.run(&format!("import --name {name}")).with(0);
    assert!(shown.stdout.starts_with("# 4 pipelines of 1 NF"), "{}", shown.stdout);
    assert!(shown.stderr.contains("--name:1:10"), "{}", shown.stderr);
    let line = format!("import --name {name} --to a.toml");
    let told = sandbox.run(&line).with(0);
    assert!(told.stdout.is_empty() && told.stderr.contains("written: a.toml"), "{}", told.stderr);
    let refused = sandbox.run(&line).with(2);
    let wanted = "error: `a.toml` exists\n\nhint: `--force` writes over it\n";
    assert!(refused.stderr.ends_with(wanted), "{}", refused.stderr);
    let other = "import --name eth-l2xcbase-eth-2memif-1dcr --to a.toml --force -q";
    assert_eq!(sandbox.run(other).with(0).stderr, "");
    let second = std::fs::read_to_string(sandbox.path().join("a.toml")).unwrap();
    assert_eq!(second, sandbox.run("import --name eth-l2xcbase-eth-2memif-1dcr").stdout);
    sandbox.run("import --name eth-l2xcbase-eth-2memif-1dcr --force").with(2);
    sandbox.run("import --name eth-l2xcbase-eth-2memif-1dcr --to none/a.toml").with(1);
    let wrong = sandbox.run("import --name eth-l2xcbase-eth-2memfi-1dcr").with(2);
    assert!(wrong.stdout.is_empty() && wrong.stderr.contains("did you mean `2memif`?"));
    let json = sandbox.run(&format!("import --name {name} -o json")).with(0).json();
    assert_eq!(json["toml"], shown.stdout);
    assert_eq!(json["warnings"][0]["word"], "2pl");
}

proptest! {
    /// What is printed is read as it was.
    #[test]
    fn names_are_read_as_they_were_meant(name in test_name()) {
        let text = name.to_string();
        let parsed = parse(&text).map_err(|wrong| format!("{text}: {wrong:?}"));
        prop_assert_eq!(parsed.map(|parsed| parsed.name), Ok(name), "{}", text);
    }

    /// A name means a topology that loads, or is refused with a place in it.
    #[test]
    fn every_topology_that_is_written_loads(
        name in test_name(),
        app in prop::option::of(prop_oneof![Just(Import::Vpp), Just(Import::Testpmd)]),
        engine in prop::option::of(prop_oneof![
            Just(EngineKind::Native), Just(EngineKind::Podman), Just(EngineKind::Lxc)
        ]),
    ) {
        let text = name.to_string();
        match written(&text, Wishes { app, engine }) {
            Ok((toml, _)) => {
                let loaded = load(&toml);
                let told = loaded.as_ref().err().map(|wrong| diagnostic::render(wrong, false));
                prop_assert!(loaded.is_ok(), "{text}: {}\n{toml}", told.unwrap_or_default());
            }
            Err(problem) => prop_assert!(!text[problem.span].is_empty(), "{text}"),
        }
    }

    /// Whatever is written: a name or a problem with a place inside, never a panic.
    #[test]
    fn anything_may_be_said(text in "[a-z0-9é-]{0,40}|(eth|2n|[0-9]{1,12}(memif|dcr|ch|mif|c|t)|l2bd|-){1,12}") {
        if let Err(problem) = written(&text, Wishes::default()) {
            prop_assert!(text.get(problem.span.clone()).is_some(), "{problem:?}");
        }
    }
}
