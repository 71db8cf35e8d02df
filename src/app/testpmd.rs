//! DPDK's testpmd: its arguments out of the model and the wiring, and the scripts around it. It must
//! not accept what testpmd cannot do: bridges of more than two ports, IP memifs, interrupts, `IPsec`.
//!
//! `run.sh` is the foreground process. It gives testpmd its commands from a fifo, so that
//! `testpmd-ctl` (`ctl.sh`) can ask it things, and connects memif clients again when their servers
//! come back, which DPDK's driver does not. Measured with DPDK 22.11 of Debian 12.
//!
//! A memif's secret is an argument of testpmd, which takes it in no other way: who can list the
//! node's processes can read it.

mod arguments;
mod forward;

use super::{AppDriver, FOLDER, File, Instance, RenderError};
use crate::command::quote;
use crate::model::{self, AppKind, Role};
use crate::wiring::{Memif, Port, PortKind};

/// The driver of `kind = "testpmd"`.
#[derive(Debug, Clone, Copy)]
pub struct Testpmd;

impl AppDriver for Testpmd {
    fn files(&self, instance: &Instance<'_>) -> Result<Vec<File>, RenderError> {
        arguments::arguments(instance, settings(instance)?)?;
        let file = |path: &str, content: &str, mode| {
            let path = format!("{FOLDER}/{path}");
            File { path, content: content.to_owned(), mode }
        };
        Ok(vec![
            file("testpmd/run", include_str!("testpmd/run.sh"), 0o644),
            file("testpmd-ctl", include_str!("testpmd/ctl.sh"), 0o755),
        ])
    }

    fn start(&self, instance: &Instance<'_>) -> Result<String, RenderError> {
        let testpmd = settings(instance)?;
        let mut words = vec!["exec".to_owned(), "sh".to_owned(), format!("{FOLDER}/testpmd/run")];
        words.push(if testpmd.auto_start { "start" } else { "wait" }.to_owned());
        words.extend(memifs(instance).map(|(number, _, memif)| match memif.role {
            Role::Master => format!("{number}={}", memif.socket),
            Role::Slave => format!("-{number}={}", memif.socket),
        }));
        words.push("--".to_owned());
        words.push("dpdk-testpmd".to_owned());
        words.extend(arguments::arguments(instance, testpmd)?);
        let words: Vec<String> = words.iter().map(|word| quote(word)).collect();
        Ok(format!("{}\n", words.join(" ")))
    }

    fn ready(&self, instance: &Instance<'_>) -> Result<Option<String>, RenderError> {
        let words = [seconds(instance), instance.wiring.ports.len().to_string()];
        Ok(Some(script(words, include_str!("testpmd/ready.sh"))))
    }

    fn linked(&self, instance: &Instance<'_>) -> Option<String> {
        let ports = ports(instance);
        if ports.is_empty() {
            return None;
        }
        let words = std::iter::once(seconds(instance)).chain(ports);
        Some(script(words, include_str!("testpmd/linked.sh")))
    }

    fn probe(&self, instance: &Instance<'_>) -> Result<String, RenderError> {
        let count = instance.wiring.ports.len().to_string();
        let words = std::iter::once(count).chain(ports(instance));
        Ok(script(words, include_str!("testpmd/probe.sh")))
    }

    fn stop(&self, _instance: &Instance<'_>) -> Result<Vec<String>, RenderError> {
        // SIGTERM ends it cleanly in 60 ms, sockets included.
        Ok(Vec::new())
    }
}

fn settings<'a>(instance: &Instance<'a>) -> Result<&'a model::Testpmd, RenderError> {
    match &instance.app.kind {
        AppKind::Testpmd(testpmd) => Ok(testpmd),
        other => Err(refusal("kind", format!("`{}` is not testpmd", other.word()))),
    }
}

/// testpmd's numbers of the ports: NICs first, which it finds by their PCI addresses, then what it
/// is given as arguments, in that order.
fn numbers(ports: &[Port]) -> Vec<usize> {
    let nic = |index: &usize| match &ports[*index].kind {
        PortKind::Nic { pci } => Some(pci),
        PortKind::Memif(_) | PortKind::Existing { .. } => None,
    };
    let mut order: Vec<usize> = (0..ports.len()).collect();
    order.sort_by_key(|index| (nic(index).is_none(), nic(index)));
    let mut numbers = vec![0; ports.len()];
    for (number, index) in order.into_iter().enumerate() {
        numbers[index] = number;
    }
    numbers
}

/// Number in testpmd, port and memif of all that are memifs.
fn memifs<'a>(instance: &Instance<'a>) -> impl Iterator<Item = (usize, &'a Port, &'a Memif)> {
    let wiring = instance.wiring;
    let numbered = numbers(&wiring.ports).into_iter().zip(&wiring.ports);
    numbered.filter_map(|(number, port)| match &port.kind {
        PortKind::Memif(memif) => Some((number, port, memif)),
        PortKind::Nic { .. } | PortKind::Existing { .. } => None,
    })
}

/// For each memif: its name, its number, its role, its socket, its peer.
fn ports(instance: &Instance<'_>) -> Vec<String> {
    let words = |(number, port, memif): (usize, &Port, &Memif)| {
        let number = number.to_string();
        let words = [port.name.as_str(), &number, role(memif), &memif.socket, &memif.peer];
        words.map(str::to_owned)
    };
    memifs(instance).flat_map(words).collect()
}

/// The driver's word for a role.
fn role(memif: &Memif) -> &'static str {
    match memif.role {
        Role::Master => "server",
        Role::Slave => "client",
    }
}

fn seconds(instance: &Instance<'_>) -> String {
    instance.app.ready_timeout.as_secs().max(1).to_string()
}

/// A script with its arguments; they stand inside, as nobody else passes any.
fn script(words: impl IntoIterator<Item = String>, script: &str) -> String {
    let words: Vec<String> = words.into_iter().map(|word| quote(&word)).collect();
    format!("set -- {}\n{}{script}", words.join(" "), include_str!("testpmd/ask.sh"))
}

fn refusal(place: &str, message: String) -> RenderError {
    RenderError { place: format!("app.{place}"), message }
}
