//! An [`Image`] as one line of text: a query carries it to the node and back. Pure.

use crate::model::{Image, ImageFile};

/// One line without newlines, whatever the names hold: a JSON list `[name, where, path]`.
pub(super) fn image_token(image: &Image) -> String {
    let (place, path) = match &image.file {
        None => (None, None),
        Some(ImageFile::Here(path)) => (Some("here"), Some(path.to_string_lossy().into_owned())),
        Some(ImageFile::Node(path)) => (Some("node"), Some(path.clone())),
    };
    serde_json::json!([image.name, place, path]).to_string()
}

/// The image of a line made by [`image_token`].
pub(super) fn image_from_token(token: &str) -> Option<Image> {
    let (name, place, path): (_, Option<String>, Option<String>) =
        serde_json::from_str(token).ok()?;
    let file = match (place.as_deref(), path) {
        (None, None) => None,
        (Some("here"), Some(path)) => Some(ImageFile::Here(path.into())),
        (Some("node"), Some(path)) => Some(ImageFile::Node(path)),
        _ => return None,
    };
    Some(Image { name, file, ..Image::default() })
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
        ) {
            let file = match place {
                0 => None,
                1 => Some(ImageFile::Here(path.into())),
                _ => Some(ImageFile::Node(path)),
            };
            let image = Image { name, file, ..Image::default() };
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
}
