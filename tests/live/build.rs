//! Images that recipes build, by real engines and mmdebstrap, without a registry and without a
//! mirror: packages come from a folder of the DUT.

use crate::support::{Bed, Engine, Group, Place, text};

crate::support::everywhere!(a_root_file_system_serves_every_engine);
mod dockerfile {
    crate::support::tests!(a_dockerfile_and_its_context_become_an_image;
        docker_local Docker Local, docker_ssh Docker Ssh,
        podman_local Podman Local, podman_ssh Podman Ssh);
}
mod template {
    crate::support::tests!(a_template_becomes_a_base; lxc_local Lxc Local, lxc_ssh Lxc Ssh);
}
mod failing {
    crate::support::tests!(a_build_that_fails_leaves_nothing alone;
        native_local Native Local, native_ssh Native Ssh, lxc_ssh Lxc Ssh);
}
mod failing_dockerfile {
    crate::support::tests!(a_dockerfile_that_fails_leaves_nothing alone;
        docker_ssh Docker Ssh, podman_ssh Podman Ssh);
}
mod interrupted {
    crate::support::tests!(an_interrupted_build_leaves_nothing alone;
        native_local Native Local, native_ssh Native Ssh);
}

/// Where native roots and tarballs lie.
const STORE: &str = "ls -A /var/lib/vnfctl/images 2>/dev/null | sort";

/// Makes a repository of one package on the DUT, `tiny`: busybox, and names for it. Returns the
/// line of a `sources.list` that leads to it.
fn repository(bed: &Bed) -> String {
    let folder = &bed.folder;
    bed.dut.must(&format!(
        "cd {folder} && mkdir -p tiny/DEBIAN tiny/bin tiny/etc repository &&
         cp /bin/busybox tiny/bin/busybox &&
         for name in sh cat echo sleep ls false; do ln -sf busybox tiny/bin/$name; done &&
         echo root:x:0:0:root:/root:/bin/sh >tiny/etc/passwd && echo root:x:0: >tiny/etc/group &&
         printf 'Package: tiny\\nVersion: 1\\nArchitecture: %s\\nMaintainer: x <x@x>\\nDescription: x\\n' \
            \"$(dpkg --print-architecture)\" >tiny/DEBIAN/control &&
         dpkg-deb --root-owner-group --build tiny repository/tiny.deb && cd repository &&
         {{ dpkg-deb -f tiny.deb && echo Filename: ./tiny.deb && echo Size: $(stat -c %s tiny.deb) &&
            echo SHA256: $(sha256sum tiny.deb | cut -d' ' -f1); }} >Packages"
    ));
    format!("deb [trusted=yes] copy://{folder}/repository ./")
}

/// A recipe whose image no other bed has; `more` are keys of it.
fn rootfs(bed: &Bed, mirror: &str, more: &str) -> String {
    format!(
        "[images.{}]\nkind = \"rootfs\"\nsuite = \"bookworm\"\nvariant = \"extract\"\n\
         packages = [\"tiny\"]\nmirror = {}\n{more}\n",
        recipe(bed),
        text(mirror)
    )
}

fn recipe(bed: &Bed) -> String {
    let place = if bed.place == Place::Ssh { "s" } else { "l" };
    format!("live-{}-{place}", bed.engine.word())
}

fn group(bed: &Bed) -> Group {
    Group::new("VNF", bed.engine).without("image_file").key("image", text(&recipe(bed)))
}

/// The images of this bed's recipe that the engine has, or its bases and folders.
fn images(bed: &Bed) -> Vec<String> {
    let name = recipe(bed);
    let list = match bed.engine {
        Engine::Docker | Engine::Podman => {
            format!("{} image ls --format '{{{{.Repository}}}}:{{{{.Tag}}}}'", bed.engine.word())
        }
        Engine::Lxc => "ls -A $(lxc-config lxc.lxcpath)".to_owned(),
        Engine::Native | Engine::Nspawn => "ls -d /var/lib/vnfctl/images/*/".to_owned(),
    };
    let listed = bed.dut.sh(&list).stdout;
    listed.lines().filter(|line| line.contains(&name)).map(str::to_owned).collect()
}

/// Removes what the recipe of this bed built.
fn forget(bed: &Bed) {
    let name = recipe(bed);
    bed.dut.must(&format!(
        "rm -rf /var/lib/vnfctl/images/{name}-* \"$(lxc-config lxc.lxcpath)\"/vnfctl-base-{name}-*"
    ));
    if matches!(bed.engine, Engine::Docker | Engine::Podman) {
        for image in images(bed) {
            bed.dut.must(&format!("{} image rm {image}", bed.engine.word()));
        }
    }
}

fn a_root_file_system_serves_every_engine(bed: &Bed) {
    let mirror = repository(bed);
    let source = text(&bed.file("tool", "#!/bin/sh\necho tool says $1\n"));
    let keys = |word: &str| {
        format!(
            "files = [{{ path = \"/etc/vnf\", text = \"{word}\\n\" }}, \
             {{ path = \"/opt/tool\", source = {source}, mode = \"0755\" }}]\n\
             run = [[\"/opt/tool\", \"it's\"], [\"sh\", \"-c\", \"cat /etc/vnf >/opt/ran; \
             ls /usr/sbin /proc/1/status /dev/null >>/opt/ran\"]]"
        )
    };
    let topology = |word| bed.topology().group(group(bed)).and(&rootfs(bed, &mirror, &keys(word)));
    forget(bed);
    let on = bed.on(&topology("first"));
    on.run("build --dry-run").exits(0).says("(rootfs)");
    assert_eq!(images(bed).len(), 0, "a rehearsal builds nothing");
    on.run("build").exits(0).says("(rootfs)");
    assert_eq!(images(bed).len(), 1);
    on.run("build").did_nothing();
    let up = on.run("up").exits(0);
    assert!(!up.stderr.contains("build "), "{up}");
    on.run("up").did_nothing();
    let name = bed.container("VNF1");
    let script = "cat /opt/ran; /opt/tool too; ls /usr/sbin/policy-rc.d 2>/dev/null; true";
    let inside = on.args(&["exec", &name, "--", "sh", "-c", script]).exits(0);
    let ran = "first\n/dev/null\n/proc/1/status\n\n/usr/sbin:\npolicy-rc.d\ntool says too\n";
    assert_eq!(inside.stdout, ran, "{inside}");
    on.run("verify").exits(0);

    let after = bed.on(&topology("second"));
    after.run("up").exits(1).says("it was made from another specification: image = ");
    after.run("up --recreate").exits(0).says("build ");
    assert_eq!(images(bed).len(), 2);
    let inside = after.args(&["exec", &name, "--", "cat", "/etc/vnf"]).exits(0);
    assert_eq!(inside.stdout, "second\n");
    after.down();
    assert_eq!(images(bed).len(), 2, "images stay");
    forget(bed);
}

/// A Dockerfile from nothing, with busybox as its context; `last` is its last line.
fn dockerfile(bed: &Bed, last: &str) -> String {
    let file = bed.file(
        "Dockerfile",
        &format!(
            "FROM scratch\nADD busybox bin/sh* /bin/\nARG WORD=none\n\
             RUN [\"/bin/busybox\", \"sh\", \"-c\", \"/bin/busybox --install -s /bin; echo $WORD >/word\"]\n\
             {last}\n"
        ),
    );
    let context = format!("{file}-context");
    let busybox = std::fs::read("/bin/busybox").expect("busybox-static is installed");
    let here = match bed.place {
        Place::Local => bed.dut.path(&context),
        Place::Ssh => context.clone().into(),
    };
    std::fs::create_dir_all(here.join("bin")).expect("a folder");
    std::fs::write(here.join("busybox"), busybox).expect("a file");
    std::fs::write(here.join("bin/shown"), "shown\n").expect("a file");
    std::fs::write(here.join("hidden"), "hidden\n").expect("a file");
    std::fs::write(here.join(".dockerignore"), "hidden\n").expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(here.join("busybox"), mode).expect("it is ours");
    format!(
        "[images.{}]\nkind = \"dockerfile\"\ndockerfile = {}\ncontext = {}\n\
         args = {{ WORD = \"two words\" }}\n",
        recipe(bed),
        text(&file),
        text(&context)
    )
}

fn a_dockerfile_and_its_context_become_an_image(bed: &Bed) {
    forget(bed);
    let toml = dockerfile(bed, "CMD [\"sh\", \"-c\", \"trap 'exit 0' TERM; sleep 1000 & wait\"]");
    let on = bed.on(&bed.topology().group(group(bed).without("command")).and(&toml));
    on.run("up").exits(0).says("build ");
    on.run("up").did_nothing();
    on.run("build").did_nothing();
    let name = bed.container("VNF1");
    let script = "cat /word /bin/shown; ls / | grep -c hidden";
    let inside = on.args(&["exec", &name, "--", "sh", "-c", script]);
    assert_eq!(inside.stdout, "two words\nshown\n0\n", "{inside}");
    on.down();
    forget(bed);
}

fn a_dockerfile_that_fails_leaves_nothing(bed: &Bed) {
    forget(bed);
    let engine = bed.engine.word();
    let all = format!(
        "{engine} image ls -aq --no-trunc | sort; {engine} ps -aq --no-trunc | sort; \
                       ls -d /var/tmp/vnfctl-build.* 2>/dev/null; true"
    );
    let toml = dockerfile(bed, "RUN [\"/bin/sh\", \"-c\", \"echo reason; exit 3\"]");
    let on = bed.on(&bed.topology().group(group(bed)).and(&toml));
    let before = bed.dut.must(&all);
    on.run("up").exits(1).says("reason");
    assert_eq!(bed.dut.must(&all), before);
}

fn a_template_becomes_a_base(bed: &Bed) {
    forget(bed);
    let toml = format!("[images.{}]\nkind = \"template\"\ntemplate = \"busybox\"\n", recipe(bed));
    let on = bed.on(&bed.topology().group(group(bed)).and(&toml));
    on.run("up").exits(0).says("build ");
    assert_eq!(images(bed).len(), 1);
    on.run("build").did_nothing();
    on.run("verify").exits(0);
    on.down();
    forget(bed);
}

fn a_build_that_fails_leaves_nothing(bed: &Bed) {
    let mirror = repository(bed);
    forget(bed);
    let before = bed.dut.must(STORE);
    let mounts = bed.dut.must("wc -l </proc/self/mountinfo");
    let run = "run = [[\"sh\", \"-c\", \"echo the reason; false\"]]";
    let on = bed.on(&bed.topology().group(group(bed)).and(&rootfs(bed, &mirror, run)));
    on.run("up").exits(1).says("the reason").says("command failed with exit code 1");
    let nowhere = mirror.replace("repository", "nowhere");
    let on = bed.on(&bed.topology().group(group(bed)).and(&rootfs(bed, &nowhere, "")));
    on.run("build").exits(1).says("nowhere");
    assert_eq!(bed.dut.must(STORE), before);
    assert_eq!(bed.dut.must("wc -l </proc/self/mountinfo"), mounts);
    assert_eq!(images(bed).len(), 0);
}

fn an_interrupted_build_leaves_nothing(bed: &Bed) {
    let mirror = repository(bed);
    forget(bed);
    let before = bed.dut.must(STORE);
    let marker = format!("{}7", std::process::id());
    let run = format!("run = [[\"sleep\", {}]]", text(&marker));
    let on = bed.on(&bed.topology().group(group(bed)).and(&rootfs(bed, &mirror, &run)));
    let mut command = on.command();
    let child = command.arg("build").spawn().expect("vnfctl runs");
    let sleeps = format!(
        "for d in /proc/[0-9]*; do tr '\\0' ' ' <$d/cmdline; echo; done 2>/dev/null | grep -c '^sleep {marker}'"
    );
    let waited = std::time::Instant::now();
    while bed.dut.sh(&sleeps).stdout.trim() == "0" {
        assert!(waited.elapsed().as_secs() < 60, "it never came to the command");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    match bed.place {
        Place::Ssh => {
            let pid = rustix::process::Pid::from_child(&child);
            rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it runs");
        }
        Place::Local => {
            bed.dut.must(&format!("kill -INT $(pgrep -f '^/lab-share/vnfctl -t {}')", on.file));
        }
    }
    let status = { child }.wait().expect("it ends");
    assert!(!status.success());
    assert_eq!(bed.dut.sh(&sleeps).stdout.trim(), "0", "the command ended with it");
    assert_eq!(bed.dut.must(STORE), before);
}
