//! What `configure` does inside a container, with the shells and tools that containers have.

use crate::support::inside::{First, Inside, Tools, list};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::{Child, Output, Stdio};
use std::time::Duration;
use vnfctl::app::{Deployment, FOLDER, File, Instance, deploy};
use vnfctl::model::{
    App, AppFile, AppKind, Content, Custom, Install, Supervise, TEMPLATE_VARIABLES,
};
use vnfctl::wiring::ContainerWiring;

/// An app that runs `start` and has these files; paths are in the container.
fn app(inside: &Inside, start: &[&str], files: &[(&str, &str, u32)]) -> App {
    let file = |(path, text, mode): &(&str, &str, u32)| AppFile {
        path: inside.at(path).display().to_string(),
        content: Content::Text {
            text: format!("{{% raw %}}{text}{{% endraw %}}"),
            origin: ("lab.toml".to_owned(), 1),
        },
        mode: *mode,
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    App {
        kind: AppKind::Custom(Custom { start: words(start), ..Custom::default() }),
        supervise: Supervise::Engine,
        install: Install::default(),
        files: files.iter().map(file).collect(),
        ready_timeout: Duration::from_secs(2),
    }
}

fn deployed(app: &App) -> Deployment {
    deploy(&instance(app, &ContainerWiring::default())).unwrap()
}

fn instance<'a>(app: &'a App, wiring: &'a ContainerWiring) -> Instance<'a> {
    let (name, node, group, ordinal) = ("DUT1_NF1", "DUT1", "NF", 1);
    Instance { name, node, group, ordinal, cpus: &[2, 3], mems: &[0], wiring, app }
}

/// Begins to run the script, its input still open.
fn begin(inside: &Inside, deployment: &Deployment) -> Child {
    let mut command = inside.sh(&deployment.script_in(&inside.folder()));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn configure(inside: &Inside, deployment: &Deployment) -> Output {
    let mut child = begin(inside, deployment);
    // It may end without reading it.
    let _ = child.stdin.take().unwrap().write_all(deployment.archive().as_bytes());
    child.wait_with_output().unwrap()
}

fn configured(inside: &Inside, deployment: &Deployment) {
    let output = configure(inside, deployment);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.is_empty(), "{told} {}", inside.read("log"));
    assert_eq!(inside.read("vnfctl/configured"), format!("{}\n", deployment.digest));
}

fn refused(inside: &Inside, deployment: &Deployment) -> String {
    let output = configure(inside, deployment);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(inside.read("vnfctl/configured"), "");
    String::from_utf8(output.stderr).unwrap().replace(&inside.at("").display().to_string(), "/")
}

/// Runs what a driver gives to be run inside.
fn run(inside: &Inside, script: &str) -> (Option<i32>, String) {
    let output = inside.run(&script.replace(FOLDER, &inside.folder()));
    let told = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(told).unwrap())
}

fn each(test: impl Fn(&Inside, &mut First)) {
    for tools in Tools::ALL {
        let inside = Inside::new(tools);
        let mut first = inside.launch(2, 20);
        test(&inside, &mut first);
    }
}

const FOREVER: &[&str] = &["sleep", "1000"];

#[test]
fn files_arrive_as_they_are_and_twice_changes_nothing() {
    each(|inside, _| {
        let long = "line with 'quotes' and $(dollars) \\n\n".repeat(5000);
        let files = [
            ("etc/a.conf", "a='1'\n\"$HOME\" `id` \\t\n", 0o644),
            ("etc/deep/er/no-newline", "last line", 0o600),
            ("etc/empty", "", 0o755),
            ("etc/über späces/$x's", "-n ümläut\r\n\n\n", 0o4750),
            ("etc/long", long.as_str(), 0o640),
        ];
        let app = app(inside, FOREVER, &files);
        let deployment = deployed(&app);
        configured(inside, &deployment);
        let state = || -> BTreeMap<&str, (u64, i64)> {
            let of = |path| std::fs::metadata(inside.at(path)).unwrap();
            let paths = files.iter().map(|file| file.0).chain(["vnfctl/start", "vnfctl/running"]);
            paths.map(|path| (path, (of(path).ino(), of(path).mtime_nsec()))).collect()
        };
        let before = state();
        for (path, text, mode) in files {
            assert_eq!(inside.read(path), text, "{path}");
            let found = std::fs::metadata(inside.at(path)).unwrap().permissions().mode();
            assert_eq!(found & 0o7777, mode, "{path}");
        }
        configured(inside, &deployment);
        assert_eq!(state(), before);
        assert_eq!(list(&inside.at("vnfctl")), ["configured", "launcher", "running", "start"]);
        assert_eq!(list(&inside.at("etc/deep/er")), ["no-newline"]);
        let folder = std::fs::metadata(inside.at("etc/deep")).unwrap();
        assert_eq!(folder.permissions().mode() & 0o777, 0o755);
    });
}

#[test]
fn another_configuration_starts_the_app_anew() {
    each(|inside, first| {
        let start = ["sh", "-c", "cat \"$1\"; exec sleep 1000", "x", "etc/word"];
        let with = |word: &str| deployed(&app(inside, &start, &[("etc/word", word, 0o644)]));
        for word in ["one\n", "two\n", "one\n"] {
            configured(inside, &with(word));
            // It runs with what is there now when `configure` ends.
            let running = inside.read("vnfctl/running");
            assert!(running.starts_with(&with(word).digest), "{running}");
        }
        inside.until("all are told", || inside.read("log") == "one\ntwo\none\n");
        // Started again, the container has what it had.
        first.signal(rustix::process::Signal::TERM);
        assert_eq!(first.code(Duration::from_secs(5)), Some(143));
        let _again = inside.launch(2, 20);
        inside.until("it is told again", || inside.read("log") == "one\ntwo\none\none\n");
    });
}

#[test]
fn an_app_that_ends_at_once_can_be_configured_again() {
    each(|inside, _| {
        let bad = deployed(&app(inside, &["/nonexistent"], &[]));
        configured(inside, &bad);
        let (code, told) = run(inside, bad.ready.as_deref().unwrap());
        assert_eq!(
            (code, told.as_str()),
            (Some(1), "the app is not ready: it ended with code 127\n")
        );
        assert_eq!(run(inside, &bad.probe), (Some(0), "app it ended with code 127\n".to_owned()));
        let good = deployed(&app(inside, FOREVER, &[]));
        configured(inside, &good);
        assert_eq!(run(inside, good.ready.as_deref().unwrap()), (Some(0), String::new()));
        assert_eq!(run(inside, &good.probe), (Some(0), "app ready\n".to_owned()));
    });
}

#[test]
fn ready_is_what_the_user_says() {
    each(|inside, _| {
        let mut app = app(inside, &["sh", "-c", "sleep 0.7; : >up; exec sleep 1000"], &[]);
        let with = |app: &mut App, words: &[&str]| {
            let ready = words.iter().map(|word| (*word).to_owned()).collect();
            if let AppKind::Custom(custom) = &mut app.kind {
                custom.ready = ready;
            }
            let deployment = deployed(app);
            (deployment.ready.clone().unwrap(), deployment)
        };
        let (ready, deployment) = with(&mut app, &["test", "-e", "up"]);
        let told = |script: &str| run(inside, script);
        let (_, unready) = told(&ready.replace("seconds=2", "seconds=1"));
        assert_eq!(unready, "the app is not ready after 1 s: it does not run yet\n");
        configured(inside, &deployment);
        assert!(told(&deployment.probe).1.contains("`test -e up` ends with code 1"));
        assert_eq!(told(&ready), (Some(0), String::new()));
        assert_eq!(told(&deployment.probe).1, "app ready\n");
        let (ready, _) = with(&mut app, &["test", "-e", "it's"]);
        let late = "the app is not ready after 2 s: `test -e it's` ends with code 1\n";
        assert_eq!(told(&ready), (Some(1), late.to_owned()));
        let (ready, deployment) = with(&mut app, &["sleep", "1000"]);
        let hangs = "the app is not ready after 2 s: `sleep 1000` does not end\n";
        assert_eq!(told(&ready), (Some(1), hangs.to_owned()));
        let look = deployment.probe.replace("look=5", "look=1");
        assert_eq!(told(&look), (Some(0), "app `sleep 1000` does not end\n".to_owned()));
    });
}

#[test]
fn what_cannot_be_written_is_named() {
    each(|inside, _| {
        let one = |path: &str| deployed(&app(inside, FOREVER, &[(path, "x", 0o644)]));
        std::fs::create_dir_all(inside.at("etc/folder")).unwrap();
        std::fs::write(inside.at("etc/file"), "kept").unwrap();
        insta::allow_duplicates! {
            insta::assert_snapshot!(refused(inside, &one("etc/folder")), @"cannot write /etc/folder: it is a directory");
        }
        assert!(
            refused(inside, &one("etc/file/x")).contains("cannot make the directory /etc/file")
        );
        assert!(!inside.at("vnfctl/start").exists(), "nothing starts");
        // Cut short on its way.
        let whole = one("etc/file");
        let mut child = begin(inside, &whole);
        child.stdin.take().unwrap().write_all(b"x").unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            "the files did not arrive as a whole\n"
        );
        assert_eq!(inside.read("etc/file"), "kept");
        // Killed on its way: nothing is left that is in the way of the next.
        let mut child = begin(inside, &whole);
        inside.until("it reads", || inside.at("vnfctl/lock").is_symlink());
        child.kill().unwrap();
        child.wait().unwrap();
        configured(inside, &whole);
        assert_eq!(inside.read("etc/file"), "x");
    });
}

#[test]
fn a_container_of_another_kind_is_named() {
    let inside = Inside::new(Tools::Debian);
    let told = refused(&inside, &deployed(&app(&inside, FOREVER, &[])));
    assert!(told.contains("it was made without an app, recreate it"), "{told}");
}

#[test]
fn two_at_once_do_not_mix() {
    each(|inside, _| {
        let of = |word: &str| {
            let names: Vec<String> = (0..8).map(|number| format!("etc/{number}")).collect();
            let files: Vec<_> = names.iter().map(|name| (name.as_str(), word, 0o644)).collect();
            deployed(&app(inside, FOREVER, &files))
        };
        let pair = [of("one"), of("two")];
        for _ in 0..3 {
            std::thread::scope(|scope| {
                for deployment in [&pair[0], &pair[1], &pair[0]] {
                    scope.spawn(|| assert!(configure(inside, deployment).status.success()));
                }
            });
            let digest = inside.read("vnfctl/configured");
            let last = if digest.trim() == pair[0].digest { "one" } else { "two" };
            for number in 0..8 {
                assert_eq!(inside.read(&format!("etc/{number}")), last);
            }
            assert!(inside.read("vnfctl/running").starts_with(digest.trim()));
        }
    });
}

#[test]
fn a_mounted_file_is_filled() {
    // As the engines' /etc/hosts: rename(2) over a mount is refused.
    let inside = Inside::new(Tools::Debian);
    let _first = inside.launch(2, 20);
    std::fs::create_dir(inside.at("etc")).unwrap();
    for name in ["etc/hosts", "below"] {
        std::fs::write(inside.at(name), "old\n").unwrap();
    }
    let deployment = deployed(&app(&inside, FOREVER, &[("etc/hosts", "new\n", 0o644)]));
    let script = format!("mount --bind below etc/hosts && {}", "exec sh -c \"$1\"");
    let mut command = inside.sh("exec unshare --mount sh -c \"$1\" x \"$2\"");
    command.args([script.as_str(), &deployment.script_in(&inside.folder())]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(deployment.archive().as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(inside.read("below"), "new\n");
    assert_eq!(list(&inside.at("etc")), ["hosts"]);
}

#[test]
fn the_digest_is_of_everything_that_is_written() {
    let inside = Inside::new(Tools::Debian);
    let base = app(&inside, FOREVER, &[("etc/a", "b", 0o644), ("etc/c", "d", 0o644)]);
    let mut digests = vec![deployed(&base).digest];
    let mut differs = |app: &App| {
        let digest = deployed(app).digest;
        assert_eq!(digest.len(), 16);
        assert!(!digests.contains(&digest));
        digests.push(digest);
    };
    differs(&app(&inside, FOREVER, &[("etc/a", "b", 0o600), ("etc/c", "d", 0o644)]));
    differs(&app(&inside, FOREVER, &[("etc/a", "bd", 0o644), ("etc/c", "", 0o644)]));
    differs(&app(&inside, FOREVER, &[("etc/c", "d", 0o644), ("etc/a", "b", 0o644)]));
    differs(&app(&inside, &["sleep", "1001"], &[("etc/a", "b", 0o644), ("etc/c", "d", 0o644)]));
    differs(&App { supervise: Supervise::Supervisord, ..base.clone() });
    let same = App { ready_timeout: Duration::from_secs(9), ..base.clone() };
    assert_eq!(deployed(&same).digest, deployed(&base).digest);
}

#[test]
fn templates_are_rendered_and_their_mistakes_have_a_line() {
    let text =
        |text: &str| Content::Text { text: text.to_owned(), origin: ("own.tmpl".to_owned(), 1) };
    let inside = Inside::new(Tools::Debian);
    let mut app = app(&inside, &["own", "--cpu={{ cpus.main }}", "it's"], &[]);
    app.files =
        vec![AppFile { path: "/etc/x".into(), content: text("{{ cpus.list }}\n"), mode: 0o600 }];
    let wiring = ContainerWiring::default();
    let deployment = deploy(&instance(&app, &wiring)).unwrap();
    assert_eq!(deployment.start, "exec own --cpu=2 'it'\\''s'\n");
    let wanted = File { path: "/etc/x".into(), content: "2,3\n".into(), mode: 0o600 };
    assert_eq!(deployment.files, [wanted]);
    app.files[0].content = text("\n{{ links[0].socket }}\n");
    let error = deploy(&instance(&app, &wiring)).unwrap_err();
    assert_eq!(error.to_string(), "own.tmpl:2: unknown variable `links[0].socket`");
    assert!(TEMPLATE_VARIABLES.contains(&"links"));
}

#[test]
fn supervisord_starts_the_app_again() {
    let inside = Inside::new(Tools::Debian);
    let mut first = inside.launch(2, 0);
    let mut app = app(&inside, &["sh", "-c", "echo up; echo err >&2; exec sleep 1000"], &[]);
    app.supervise = Supervise::Supervisord;
    let mut deployment = deployed(&app);
    for file in &mut deployment.files {
        file.path = file.path.replace(FOLDER, &inside.folder());
        file.content = file.content.replace(FOLDER, &inside.folder());
    }
    deployment.start = deployment.start.replace(FOLDER, &inside.folder());
    configured(&inside, &deployment);
    let ups = |count| {
        let log = inside.read("log");
        log.matches("up\n").count() == count && log.matches("err\n").count() == count
    };
    let ctl = |verb: &str| {
        let conf = format!("{}/supervisord.conf", inside.folder());
        let output = inside.run(&format!("supervisorctl -c {conf} {verb} app"));
        String::from_utf8(output.stdout).unwrap()
    };
    inside.until("the app is up", || ups(1));
    inside.until("supervisord trusts it", || ctl("status").contains("RUNNING"));
    assert_eq!(ctl("signal KILL"), "app: signalled\n");
    inside.until("the app is up again", || ups(2));
    // A new configuration, and the end of the container.
    let (code, told) = run(&inside, deployment.ready.as_deref().unwrap());
    assert_eq!((code, told.as_str()), (Some(0), ""));
    first.signal(rustix::process::Signal::HUP);
    inside.until("the app is up anew", || ups(3));
    inside.until("supervisord trusts it", || ctl("status").contains("RUNNING"));
    first.signal(rustix::process::Signal::TERM);
    assert_eq!(first.code(Duration::from_secs(9)), Some(0), "{}", inside.read("log"));
}

#[test]
fn supervisord_is_missed_where_it_is_not() {
    each(|inside, _| {
        let mut app = app(inside, &["own"], &[]);
        app.supervise = Supervise::Supervisord;
        let mut deployment = deployed(&app);
        let paths: Vec<&str> = deployment.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, [format!("{FOLDER}/app"), format!("{FOLDER}/supervisord.conf")]);
        assert_eq!(deployment.files[0].content, "exec own\n");
        assert!(deployment.files[1].content.contains("command=/bin/sh /var/lib/vnfctl/app\n"));
        deployment.files.clear();
        // A container without supervisord: nothing but the shell's own words.
        deployment.start = format!("PATH=/nonexistent\n{}", deployment.start);
        configured(inside, &deployment);
        let (code, told) = run(inside, deployment.ready.as_deref().unwrap());
        assert_eq!(
            (code, told.as_str()),
            (Some(1), "the app is not ready: it ended with code 127\n")
        );
        let log = inside.read("log");
        assert!(log.starts_with("supervisord is not in this container: add its package"), "{log}");
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn any_text_arrives(texts in proptest::collection::vec("[^\0]{0,60}", 1..5)) {
        let inside = Inside::new(Tools::Busybox);
        let _first = inside.launch(2, 20);
        let path = |number: usize| inside.at(&format!("etc/{number}")).display().to_string();
        let files = texts.iter().enumerate().map(|(number, text)| File {
            path: path(number),
            content: text.clone(),
            mode: 0o644,
        });
        let digest = "0123456789abcdef".to_owned();
        let start = "exec sleep 1000\n".to_owned();
        let deployment = Deployment { digest, files: files.collect(), start, ..Deployment::default() };
        configured(&inside, &deployment);
        for (number, text) in texts.iter().enumerate() {
            prop_assert_eq!(&inside.read(&format!("etc/{number}")), text);
        }
    }
}
