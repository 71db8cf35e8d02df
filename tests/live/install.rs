//! Software into containers by real package managers: the machine's own apt and dpkg, in images and
//! in native containers of the node's own root.

use crate::support::{Bed, Engine, Group, Place, text};

mod packages {
    crate::support::tests!(packages_files_and_commands;
        native_ssh Native Ssh, docker_local Docker Local, docker_ssh Docker Ssh,
        podman_ssh Podman Ssh, lxc_ssh Lxc Ssh, nspawn_ssh Nspawn Ssh);
}
mod image {
    crate::support::tests!(an_image_is_made_once;
        docker_local Docker Local, docker_ssh Docker Ssh, podman_ssh Podman Ssh);
}
mod own_root {
    crate::support::tests!(the_nodes_own_root_stays_as_it_is; native_local Native Local);
}
mod wrong {
    crate::support::tests!(what_is_wrong_is_named_and_nothing_is_installed;
        native_ssh Native Ssh, docker_ssh Docker Ssh);
}

const START: &str =
    r#"kind = "custom", start = ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]"#;

/// A group whose containers have apt and dpkg, and no network.
fn debian(bed: &Bed, keys: &str) -> Group {
    let group = Group::new("VNF", bed.engine).app(&format!("{START}, {keys}"));
    let file = text("node:/lab-images/debian.tar");
    let image = match bed.engine {
        Engine::Docker | Engine::Podman => "live-debian:1",
        Engine::Native | Engine::Lxc | Engine::Nspawn => "live-debian",
    };
    group.key("image", text(image)).key("image_file", file)
}

/// Makes a package on the DUT, in the bed's folder, and returns its path there. It holds
/// `/opt/NAME` and says in `/opt/NAME.said` whether a service could have started.
fn package(bed: &Bed, name: &str, depends: &str) -> String {
    let folder = &bed.folder;
    let depends = if depends.is_empty() { String::new() } else { format!("Depends: {depends}\\n") };
    bed.dut.must(&format!(
        "cd {folder} && mkdir -p {name}/DEBIAN {name}/opt && echo it >{name}/opt/{name} &&
         printf 'Package: {name}\\nVersion: 1\\nArchitecture: all\\nMaintainer: x <x@x>\\n{depends}Description: x\\n' \
            >{name}/DEBIAN/control &&
         printf '#!/bin/sh\\ntest -x /usr/sbin/policy-rc.d && echo quiet >/opt/{name}.said || :\\n' \
            >{name}/DEBIAN/postinst && chmod 755 {name}/DEBIAN/postinst &&
         dpkg-deb --root-owner-group --build {name} {name}.deb"
    ));
    format!("{folder}/{name}.deb")
}

/// A file of the DUT where vnfctl runs.
fn here(bed: &Bed, path: &str) -> String {
    match bed.place {
        Place::Local => path.to_owned(),
        Place::Ssh => {
            let content = bed.dut.read(path).expect("it was made");
            let copy = bed.file("package", "");
            let copy = format!("{}-{}", copy, path.rsplit('/').next().expect("a name"));
            std::fs::write(&copy, content).expect("this machine has a /tmp");
            copy
        }
    }
}

fn packages_files_and_commands(bed: &Bed) {
    let plugin = text(&here(bed, &package(bed, "vnf-plugin", "vnf-base")));
    let base = package(bed, "vnf-base", "");
    let sum = bed.dut.must(&format!("sha256sum {base} | cut -d' ' -f1"));
    let base = text(&format!("node:{base}"));
    let keys = format!(
        "packages = [\"dpkg\", \"coreutils\"], install = [[\"sh\", \"-c\", \"echo x >>/opt/ran\"]], \
         package_files = [{plugin}, {{ file = {base}, sha256 = {} }}]",
        text(&sum)
    );
    let on = bed.on(&bed.topology().group(debian(bed, &keys).count(2)));
    on.run("up").exits(0).says("install");
    let name = bed.container("VNF2");
    let script = "cat /opt/ran /opt/vnf-base.said; dpkg-query -W -f '${Package} ${Status}\n' 'vnf-*'; \
                  ls /var/lib/vnfctl /usr/sbin/policy-rc.d 2>/dev/null";
    let inside = on.args(&["exec", &name, "--", "sh", "-c", script]);
    let words = "x\nquiet\nvnf-base install ok installed\nvnf-plugin install ok installed\n";
    assert!(inside.stdout.starts_with(words), "{inside}");
    assert!(!inside.stdout.contains("policy") && !inside.stdout.contains("packages"), "{inside}");
    for verb in ["install", "up"] {
        on.run(verb).did_nothing();
    }
    assert_eq!(bed.dut.sh("dpkg -s vnf-base || ls /opt/vnf-base").code, 2, "the node is as it was");
    on.run("verify").exits(0);
    on.down();
}

fn an_image_is_made_once(bed: &Bed) {
    let path = package(bed, "vnf-base", "");
    // Other words for each bed: an image lasts.
    let command = text(&format!("echo {} >>/opt/ran", bed.name));
    let keys = format!(
        "package_files = [{}], install_as_image = true, install = [[\"sh\", \"-c\", {command}]]",
        text(&here(bed, &path))
    );
    let on = bed.on(&bed.topology().group(debian(bed, &keys)));
    let engine = bed.engine.word();
    let images = || {
        let listed = format!("{engine} image ls -q --no-trunc --filter label=vnfctl.image.base");
        let mut ids: Vec<String> = bed.dut.must(&listed).lines().map(str::to_owned).collect();
        ids.sort();
        ids
    };
    let before = images();
    let up = on.run("up").exits(0).says("acquire vnfctl-");
    assert!(!up.stderr.contains("install "), "{up}");
    let made = images();
    assert_eq!(made.len(), before.len() + 1, "{up}");
    let all = bed.dut.must(&format!("{engine} ps -a --format '{{{{.Names}}}}'"));
    assert!(!all.contains("vnfctl-"), "{all}");
    on.run("up").did_nothing();

    let on = bed.on(&bed.topology().group(debian(bed, &keys).count(2)));
    let up = on.run("up").exits(0).says("create");
    assert!(!up.stderr.contains("acquire") && !up.stderr.contains("install "), "{up}");
    let name = bed.container("VNF2");
    let ran = on.args(&["exec", &name, "--", "cat", "/opt/ran", "/opt/vnf-base"]).exits(0);
    assert_eq!(ran.stdout, format!("{}\nit\n", bed.name));
    on.run("verify").exits(0);
    on.down();
    assert_eq!(images(), made, "images stay");
    for id in made.iter().filter(|id| !before.contains(id)) {
        bed.dut.must(&format!("{engine} image rm {id}"));
    }
}

fn the_nodes_own_root_stays_as_it_is(bed: &Bed) {
    let state =
        "sha256sum /var/lib/dpkg/status /etc/passwd; ls -A /opt /var/lib/dpkg/info | sha256sum";
    let before = bed.dut.must(state);
    let path = text(&package(bed, "vnf-base", ""));
    let group = Group::new("VNF", bed.engine);
    let app = format!("{START}, packages = [\"dpkg\"], package_files = [{path}]");
    let on = bed.on(&bed.topology().group(group.app(&app))).up();
    let name = bed.container("VNF1");
    let inside = on.args(&["exec", &name, "--", "sh", "-c", "cat /opt/vnf-base; dpkg -s vnf-base"]);
    inside.exits(0).says("it\n").says("install ok installed");
    assert_eq!(bed.dut.must(state), before);
    on.run("install").did_nothing();
    on.down();
    assert_eq!(bed.dut.must(state), before);
}

fn what_is_wrong_is_named_and_nothing_is_installed(bed: &Bed) {
    let good = package(bed, "vnf-base", "");
    let needy = package(bed, "vnf-needy", "no-such-library (>= 2)");
    let fails = |keys: &str, words: &[&str]| {
        let on = bed.on(&bed.topology().group(debian(bed, keys)));
        let mut ended = on.run("up").exits(1);
        for word in words {
            ended = ended.says(word);
        }
        let name = bed.container("VNF1");
        on.args(&["exec", &name, "--", "test", "!", "-e", "/opt/vnf-base"]).exits(0);
        on.down();
    };
    let good = text(&here(bed, &good));
    let sum = "0".repeat(64);
    let wrong = format!("package_files = [{{ file = {good}, sha256 = \"{sum}\" }}]");
    fails(&wrong, &["is not the one meant", &sum, "correct its `sha256`"]);
    fails(
        "package_files = [\"node:/no/such/x.deb\"]",
        &["`/no/such/x.deb` does not exist on this node"],
    );
    let needy = format!("package_files = [{good}, {}]", text(&format!("node:{needy}")));
    fails(&needy, &["vnf-needy needs no-such-library (>= 2)", "package_files"]);
    let unknown = format!("packages = [\"no-such-package\"], package_files = [{good}]");
    fails(&unknown, &["apt-get does not know: no-such-package"]);
}
