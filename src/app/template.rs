//! Templates rendered for one container.

use super::{Instance, RenderError};
use crate::model::{Role, nearest, template_environment};
use crate::wiring::{Port, PortKind};
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The templates of one container: what they know is computed once.
pub(super) struct Templates<'a> {
    environment: Environment<'a>,
    context: Value,
    group: &'a str,
}

/// Where a template stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin<'a> {
    /// In this file, from this line on.
    File(&'a str, usize),
    /// In this key of the app.
    Key(&'a str),
}

impl<'a> Templates<'a> {
    /// For this container.
    pub(super) fn new(instance: &Instance<'a>) -> Self {
        let (environment, context) = (template_environment(), context(instance));
        Self { environment, context, group: instance.group }
    }

    /// Renders a text.
    ///
    /// # Errors
    /// Not a template, or a name in it that nothing has.
    pub(super) fn render(&self, text: &str, origin: Origin<'_>) -> Result<String, RenderError> {
        let template = self.environment.template_from_str(text);
        let rendered = template.and_then(|template| template.render(&self.context));
        rendered.map_err(|error| RenderError {
            place: match origin {
                Origin::File(file, line) => {
                    format!("{file}:{}", line + error.line().unwrap_or(1) - 1)
                }
                Origin::Key(key) => format!("`{key}` of group `{}`", self.group),
            },
            message: self.explain(&error, text),
        })
    }

    fn explain(&self, error: &Error, text: &str) -> String {
        let range = error.range().filter(|range| text.get(range.clone()).is_some());
        if error.kind() == ErrorKind::UndefinedError
            && let Some(range) = range.clone()
        {
            // The engine's range begins at the last part of `links[0].name`.
            let part = |c: char| c.is_alphanumeric() || "_.[]".contains(c);
            let start = text[..range.start].trim_end_matches(part).len();
            return self.unknown(text[start..range.end].trim());
        }
        let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        match range.map(|range| text[range].trim()) {
            Some(found) if !found.is_empty() => format!("{what}: `{found}`"),
            _ => what,
        }
    }

    /// What is wrong with a name or `value.name`, and which there are.
    fn unknown(&self, path: &str) -> String {
        let (parent, name) = match path.rsplit_once('.') {
            Some((parent, name)) => (Some(parent), name),
            None => (None, path),
        };
        let known = self.names_in(parent);
        let near = nearest(name, known.iter().map(String::as_str)).map(|near| match parent {
            Some(parent) => format!("; did you mean `{parent}.{near}`?"),
            None => format!("; did you mean `{near}`?"),
        });
        let known =
            if known.is_empty() { String::new() } else { format!("; known: {}", known.join(", ")) };
        format!("unknown variable `{path}`{}{known}", near.unwrap_or_default())
    }

    /// Names at the top, or in a value of the context. A value that is not there is taken for the
    /// variable of a loop, and such loops are over ports.
    fn names_in(&self, parent: Option<&str>) -> Vec<String> {
        let Some(parent) = parent else { return keys(&self.context) };
        let value = self.environment.compile_expression(parent);
        let value = value.and_then(|value| value.eval(&self.context)).unwrap_or_default();
        let is_word = parent.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !value.is_undefined() || !is_word {
            return keys(&value);
        }
        let ports = self.context.get_attr("ports").unwrap_or_default();
        let names = ports.try_iter().into_iter().flatten().flat_map(|port| keys(&port));
        names.collect::<BTreeSet<String>>().into_iter().collect()
    }
}

/// Names in a map, sorted.
fn keys(value: &Value) -> Vec<String> {
    let is_map = value.kind() == ValueKind::Map;
    let names = value.try_iter().into_iter().flatten().filter(|_| is_map);
    let mut names: Vec<String> =
        names.filter_map(|name| name.as_str().map(str::to_owned)).collect();
    names.sort();
    names
}

type Map = BTreeMap<&'static str, Value>;

/// Everything a template knows; its names are [`crate::model::TEMPLATE_VARIABLES`].
fn context(instance: &Instance<'_>) -> Value {
    let list = |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let (cpus, mems) = (instance.cpus, instance.mems);
    let workers = cpus.get(1..).unwrap_or_default();
    let mut placed = Map::from([
        ("all", Value::from(cpus.to_vec())),
        ("workers", Value::from(workers.to_vec())),
        ("list", Value::from(list(cpus))),
    ]);
    placed.extend(cpus.first().map(|main| ("main", Value::from(*main))));
    let ports = &instance.wiring.ports;
    let memifs = ports.iter().filter_map(|port| match &port.kind {
        PortKind::Memif(memif) => Some(memif),
        PortKind::Nic { .. } | PortKind::Existing { .. } => None,
    });
    let links = ports.iter().filter(|port| matches!(port.kind, PortKind::Memif(_)));
    let mut peers: Vec<&str> = Vec::new();
    for memif in memifs.clone() {
        if !peers.contains(&memif.peer.as_str()) {
            peers.push(&memif.peer);
        }
    }
    Value::from(Map::from([
        ("name", Value::from(instance.name)),
        ("node", Value::from(instance.node)),
        ("group", Value::from(instance.group)),
        ("ordinal", Value::from(instance.ordinal)),
        ("cpus", Value::from(placed)),
        ("mems", Value::from(mems.to_vec())),
        ("mems_list", Value::from(list(mems))),
        ("ports", ports.iter().map(port).collect()),
        ("links", links.map(port).collect()),
        ("peers", peers.into_iter().map(Value::from).collect()),
        ("macs", memifs.filter_map(|memif| memif.mac.as_deref()).map(Value::from).collect()),
    ]))
}

fn port(port: &Port) -> Value {
    let mut map = Map::from([("name", Value::from(&port.name))]);
    match &port.kind {
        PortKind::Nic { pci } => {
            map.extend([("kind", Value::from("nic")), ("pci", Value::from(pci))]);
        }
        PortKind::Existing { interface } => {
            map.extend([("kind", Value::from("existing")), ("interface", Value::from(interface))]);
        }
        PortKind::Memif(memif) => {
            let role = match memif.role {
                Role::Master => "master",
                Role::Slave => "slave",
            };
            map.extend([
                ("kind", Value::from("memif")),
                ("socket", Value::from(&memif.socket)),
                ("socket_id", Value::from(memif.socket_id)),
                ("id", Value::from(memif.id)),
                ("role", Value::from(role)),
                ("peer", Value::from(&memif.peer)),
            ]);
            map.extend(memif.mac.as_ref().map(|mac| ("mac", Value::from(mac))));
            map.extend(memif.options.secret.as_ref().map(|it| ("secret", Value::from(it))));
        }
    }
    Value::from(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        App, AppKind, Custom, Install, MemifOptions, Supervise, TEMPLATE_CPUS, TEMPLATE_VARIABLES,
    };
    use crate::wiring::{ContainerWiring, Memif};
    use std::time::Duration;

    fn memif(number: u32) -> PortKind {
        PortKind::Memif(Memif {
            socket: format!("/mnt/memif/{number}.sock"),
            socket_id: number,
            id: 0,
            role: Role::Slave,
            mac: (number == 1).then(|| "02:00:00:00:00:01".to_owned()),
            dma: false,
            options: MemifOptions::default(),
            peer: "DUT1_GEN1".to_owned(),
        })
    }

    fn with<T>(test: impl FnOnce(&Templates<'_>) -> T) -> T {
        let kinds = [PortKind::Nic { pci: "0000:18:00.0".to_owned() }, memif(1), memif(2)];
        let ports = kinds.into_iter().zip(1..).map(|(kind, number)| Port {
            name: format!("port{number}"),
            kind,
            interrupt: false,
        });
        let wiring = ContainerWiring { ports: ports.collect(), ..ContainerWiring::default() };
        let app = App {
            kind: AppKind::Custom(Custom::default()),
            supervise: Supervise::Engine,
            install: Install::default(),
            files: Vec::new(),
            ready_timeout: Duration::from_secs(30),
        };
        test(&Templates::new(&Instance {
            name: "DUT1_NF2",
            node: "DUT1",
            group: "NF",
            ordinal: 2,
            cpus: &[3, 4, 5],
            mems: &[0],
            wiring: &wiring,
            app: &app,
        }))
    }

    fn rendered(text: &str) -> String {
        with(|templates| templates.render(text, Origin::File("lab.toml", 10)))
            .unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn a_template_sees_its_container() {
        for (text, wanted) in [
            ("{{ name }} {{ node }} {{ group }} {{ ordinal }}", "DUT1_NF2 DUT1 NF 2"),
            ("{{ cpus.main }}: {{ cpus.workers | join(' ') }}: {{ cpus.list }}", "3: 4 5: 3,4,5"),
            ("{{ cpus.all | length }} {{ mems[0] }} {{ mems_list }}", "3 0 0"),
            ("{% for port in ports %}{{ port.kind }} {% endfor %}", "nic memif memif "),
            ("{{ ports[0].pci }} {{ links[0].name }}", "0000:18:00.0 port2"),
            ("{{ links[1].socket }} {{ links[1].socket_id }}", "/mnt/memif/2.sock 2"),
            ("{{ links[1].id }} {{ links[1].role }} {{ links[1].peer }}", "0 slave DUT1_GEN1"),
            ("{{ peers | join }} {{ macs | join }}", "DUT1_GEN1 02:00:00:00:00:01"),
            ("{{ links[1].mac | default('none') }}", "none"),
            ("<{{ '&' }}>\n", "<&>\n"),
            ("a\n  {% if ordinal > 1 %}\nb\n  {% endif %}\nc\n\n", "a\nb\nc\n\n"),
            ("no newline", "no newline"),
            ("{% raw %}{{ kept }}{% endraw %}", "{{ kept }}"),
        ] {
            assert_eq!(rendered(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_mistake_names_its_line_and_what_there_is() {
        let told = [
            "\n\n{{ nam }}",
            "{{ cpus.mian }}",
            "{{ cpus\n.main.x }}",
            "x\n{% for link in links %}\n{{ link.pear }}\n{% endfor %}",
            "{{ links[7].socket }}",
            "{{ ports[0].socket }}",
            "{{ links[0].secret }}",
            "{{ cpus.workers[3] }}",
            "{{ name + 1 }}",
            "\n{{ name | nosuch }}",
            "\n{{ name }",
            "{% if name %}",
            "{{ mems | join(3, 4, 5) }}",
        ]
        .map(|text| format!("{text:?}\n    {}", rendered(text)));
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn words_name_their_key() {
        let error = with(|templates| templates.render("{{ nam }}", Origin::Key("start")));
        assert_eq!(error.unwrap_err().place, "`start` of group `NF`");
    }

    #[test]
    fn the_names_are_those_that_are_checked_before() {
        with(|templates| {
            let cpus = templates.context.get_attr("cpus").unwrap();
            for (value, names) in [(&templates.context, TEMPLATE_VARIABLES), (&cpus, TEMPLATE_CPUS)]
            {
                let mut wanted = names.to_vec();
                wanted.sort_unstable();
                assert_eq!(keys(value), wanted);
            }
        });
    }
}
