//! An [`Image`] as one line of text: a query carries it to the node and back. Pure.

use super::Present;
use crate::model::{Image, ImageFile};

/// One line without newlines, whatever the names hold: a JSON list `[name, where, path, recipe]`.
pub(super) fn image_token(image: &Image) -> String {
    let (place, path) = match &image.file {
        None => (None, None),
        Some(ImageFile::Here(path)) => (Some("here"), Some(path.to_string_lossy().into_owned())),
        Some(ImageFile::Node(path)) => (Some("node"), Some(path.clone())),
    };
    serde_json::json!([image.name, place, path, image.recipe]).to_string()
}

/// The image of a line made by [`image_token`].
fn image_from_token(token: &str) -> Option<Image> {
    let (name, place, path, recipe): (_, Option<String>, Option<String>, _) =
        serde_json::from_str(token).ok()?;
    let file = match (place.as_deref(), path) {
        (None, None) => None,
        (Some("here"), Some(path)) => Some(ImageFile::Here(path.into())),
        (Some("node"), Some(path)) => Some(ImageFile::Node(path)),
        _ => return None,
    };
    Some(Image { name, file, recipe })
}

/// What a query prints of an image that is present, behind `image `: digest, bytes (`-` = nobody
/// knows), token.
pub(super) fn present(line: &str) -> Option<(Image, Present)> {
    let (digest, rest) = line.split_once(' ')?;
    let (bytes, token) = rest.split_once(' ')?;
    let known = |word: &str| (word != "-").then(|| word.trim_start_matches("sha256:").to_owned());
    let bytes = known(bytes).map(|bytes| bytes.parse()).transpose().ok()?;
    Some((image_from_token(token)?, Present { digest: known(digest), bytes }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_image_survives_the_way_there_and_back(
            name in proptest::option::of(".{0,20}"),
            path in ".{1,20}",
            place in 0..3,
            recipe in proptest::option::of(".{0,20}"),
        ) {
            let file = match place {
                0 => None,
                1 => Some(ImageFile::Here(path.into())),
                _ => Some(ImageFile::Node(path)),
            };
            let image = Image { name, file, recipe };
            let token = image_token(&image);
            prop_assert!(!token.contains('\n'));
            prop_assert_eq!(image_from_token(&token), Some(image));
        }
    }

    #[test]
    fn anything_else_is_no_image() {
        assert_eq!(image_from_token("[null,\"moon\",\"/a\"]"), None);
        assert_eq!(image_from_token("busybox"), None);
    }

    #[test]
    fn a_line_tells_what_is_known_of_it() {
        let of = |line: &str| present(line).map(|(image, present)| (image.name, present));
        let token = r#"["b 1",null,null,null]"#;
        let name = Some("b 1".to_owned());
        let known = Present { digest: Some("ab".into()), bytes: Some(7) };
        assert_eq!(of(&format!("sha256:ab 7 {token}")), Some((name.clone(), known)));
        assert_eq!(of(&format!("- - {token}")), Some((name, Present::default())));
        assert_eq!(of(&format!("ab x {token}")), None);
        assert_eq!(of(token), None);
    }
}
