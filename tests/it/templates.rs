//! Templates from files beside the topology, as the director reads them.

use std::path::Path;
use vnfctl::lifecycle::{Failure, LoadRequest, load};
use vnfctl::model::{AppFile, Content, Loaded};

const TOPOLOGY: &str = r#"
name = "lab"
[nodes.DUT1]
[groups.NF]
engine = "native"
[groups.NF.app]
kind = "custom"
start = ["own"]
files = [{ path = "/etc/own", source = "parts/own.tmpl", mode = "0600" }]
"#;

fn loaded(folder: &Path) -> Result<Loaded, Failure> {
    std::fs::write(folder.join("lab.toml"), TOPOLOGY).unwrap();
    load(&LoadRequest { files: vec![folder.join("lab.toml")], ..LoadRequest::default() })
}

#[test]
fn a_source_is_read_beside_its_topology() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parts/own.tmpl");
    std::fs::create_dir(folder.path().join("parts")).unwrap();
    std::fs::write(&path, "{{ name }} ${KEPT}\n").unwrap();
    let topology = loaded(folder.path()).unwrap().topology;
    let app = topology.groups[0].app.as_ref().unwrap();
    let text = "{{ name }} ${KEPT}\n".to_owned();
    let content = Content::Text { text, origin: (path.display().to_string(), 1) };
    assert_eq!(app.files, [AppFile { path: "/etc/own".to_owned(), content, mode: 0o600 }]);
}

#[test]
fn a_source_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = loaded(folder.path()).unwrap_err();
    let Failure::Unreadable { path, reason } = error else { panic!("{error:?}") };
    assert!(path.ends_with("parts/own.tmpl"), "{path}");
    assert!(reason.contains("No such file"), "{reason}");
}
