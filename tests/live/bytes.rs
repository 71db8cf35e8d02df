//! Values arrive byte for byte: environment, arguments, mounts.

use crate::support::{Bed, Engine, Group, each_engine};

each_engine!(values_arrive_byte_for_byte, mounts_of_any_name);

/// One of everything a shell, a config file, a command line or a terminal may trip over.
const VALUES: [&str; 24] = [
    "two words",
    "  blanks around  ",
    "it's",
    "\"double\"",
    "'\"'\"'",
    "$HOME ${PATH} $$ $(id) $",
    "`id`",
    "back\\slash \\n \\",
    "line one\nline two",
    "\n leading and trailing \n",
    "tab\tand \u{1b}[31mred\u{7f}",
    "Grüße, 世界 🦀",
    "-n",
    "--help",
    "*",
    "~/x ? [a-z] {a,b} !history #comment",
    "a=b=c",
    "semi;colon & pipe | > out < in",
    "%s %d %%",
    "\r\n",
    "{{json .}}",
    "a,b:c",
    "x\u{1}y",
    "\u{a0}\u{2028}",
];

fn values_arrive_byte_for_byte(bed: &Bed) {
    let out = format!("{}/out", bed.folder);
    let script = "printf '%s\\0' \"$@\" >/out/args; cat /proc/self/environ >/out/env; : >/out/done; exec sleep 1000";
    let names: Vec<String> = (0..VALUES.len()).map(|number| format!("VALUE_{number}")).collect();
    let env: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(VALUES).collect();
    let mut command = vec!["sh", "-c", script, "sh", ""];
    command.extend(VALUES);
    let group = Group::new("VNF", bed.engine).command(&command).env(&env);
    let group = group.mounts(&[&format!("{out}/:/out")]);
    let on = bed.on(&bed.topology().group(group)).up();
    bed.dut.must(&format!(
        "for i in $(seq 100); do [ ! -e {out}/done ] || exit 0; sleep 0.05; done; exit 1"
    ));

    let read = |name: &str| bed.dut.read(&format!("{out}/{name}")).expect("the container wrote it");
    let wanted: Vec<u8> =
        [""].into_iter().chain(VALUES).flat_map(|v| [v.as_bytes(), b"\0"].concat()).collect();
    assert_eq!(escaped(&read("args")), escaped(&wanted));
    let environment = read("env");
    let found: Vec<String> = environment.split(|&byte| byte == 0).map(escaped).collect();
    for (name, value) in &env {
        let wanted = escaped(format!("{name}={value}").as_bytes());
        assert!(found.contains(&wanted), "{wanted} is not in {found:#?}");
    }
    // An exec sees the same, and the values make no difference to the next look.
    let ended = on.args(&["exec", "--", "cat", "/proc/self/environ"]).exits(0);
    let found: Vec<String> = ended.bytes.split(|&byte| byte == 0).map(escaped).collect();
    for (name, value) in &env {
        let wanted = escaped(format!("{name}={value}").as_bytes());
        assert!(found.contains(&wanted), "exec: {wanted} is not in {found:#?}");
    }
    on.run("up").did_nothing();
    on.run("restart --grace 0s").exits(0);
    on.run("status").exits(0);
    on.down();
}

fn escaped(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn mounts_of_any_name(bed: &Bed) {
    let mut names = vec![
        "two words",
        "it's \"so\"",
        "$HOME `id`",
        "Grüße 世界",
        "-rf",
        "back\\slash",
        "a#b;c&d*?[e]",
    ];
    // Docker's and podman's own grammar of a mount has no place for some.
    match bed.engine {
        Engine::Native | Engine::Lxc | Engine::Nspawn => {
            names.extend(["tab\there", "new\nline", "com,ma"]);
        }
        Engine::Docker | Engine::Podman => names.push("com,ma"),
    }
    let host = format!("{}/mounts", bed.folder);
    let mut mounts = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let folder = bed.dut.path(&format!("{host}/{name}"));
        std::fs::create_dir_all(&folder).expect("the DUT has a /tmp");
        std::fs::write(folder.join("number"), number.to_string()).expect("it is writable");
        mounts.push(format!("{host}/{name}:/mnt/{name}"));
        mounts.push(format!("{host}/{name}:/mnt/ro {name}:ro"));
    }
    let mounts: Vec<&str> = mounts.iter().map(String::as_str).collect();
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine).mounts(&mounts))).up();
    for (number, name) in names.iter().enumerate() {
        let script = "cat \"$1/number\" && echo back >\"$1/back\" && cat \"$2/number\" && ! (: >\"$2/no\") 2>/dev/null";
        let at = [format!("/mnt/{name}"), format!("/mnt/ro {name}")];
        let ended = on.args(&["exec", "--", "sh", "-c", script, "sh", &at[0], &at[1]]).exits(0);
        assert_eq!(ended.stdout, format!("{number}{number}"), "{name:?}");
        let back = bed.dut.read(&format!("{host}/{name}/back"));
        assert_eq!(back.as_deref(), Some(&b"back\n"[..]), "{name:?}");
        assert!(!bed.dut.path(&format!("{host}/{name}/no")).exists(), "{name:?} is writable");
    }
    on.run("up").did_nothing();
    on.down();
}
