//! The name of the base that an image becomes on a node.

use crate::model::Image;
use sha2::{Digest, Sha256};

/// What every base begins with; no container of ours is called so.
pub(super) const PREFIX: &str = "vnfctl-base-";

/// Longest readable part, in bytes: with the prefix and LXC's own suffixes the command socket's
/// name still fits into 108 bytes.
const LONGEST: usize = 32;

/// Folder of the base of `image`; `None` for an image without a name. Equal names are one base,
/// as one reference is one image for Docker.
pub(super) fn folder(image: &Image) -> Option<String> {
    let name = image.name.as_deref()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let mut slug: String =
        name.chars().map(|c| if plain(c) { c } else { '-' }).take(LONGEST).collect();
    if slug != name {
        let digest = Sha256::digest(name.as_bytes());
        let [a, b, c, d] = [digest[0], digest[1], digest[2], digest[3]];
        slug = format!("{slug}-{a:02x}{b:02x}{c:02x}{d:02x}");
    }
    Some(format!("{PREFIX}{slug}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> String {
        folder(&Image { name: Some(name.into()), file: None, ..Image::default() })
            .expect("it has a name")
    }

    #[test]
    fn a_plain_name_stays_and_another_is_told_apart_by_its_hash() {
        assert_eq!(of("busybox"), "vnfctl-base-busybox");
        assert_eq!(
            of("download -d ubuntu -r jammy -a amd64"),
            "vnfctl-base-download--d-ubuntu--r-jammy--a-a-31a4fdb8"
        );
        assert_ne!(of("a/b"), of("a:b"));
        assert!(!of("../../etc").contains('/'));
        assert_eq!(folder(&Image::default()), None);
    }
}
