//! What bulk commands read: a file, or members as a tar in a file without a name. It must not
//! choose what is in one.

use crate::command::{Member, MemberContent, Stdin};
use std::fs::File;
use std::io::{self, Seek};
use tar::{Builder, EntryType, Header};

/// What a bulk command reads that lies here, or why it cannot be read.
#[expect(clippy::disallowed_methods, reason = "transport reads the file it sends")]
pub(super) fn content(stdin: &Stdin) -> Result<Option<File>, String> {
    match stdin {
        Stdin::Empty | Stdin::Text(_) | Stdin::Node { .. } => Ok(None),
        Stdin::File(path) => {
            File::open(path).map(Some).map_err(|error| format!("`{}`: {error}", path.display()))
        }
        Stdin::Archive(members) => packed(members).map(Some),
    }
}

/// The archive of `members`, to be read from its start; it is gone when it is closed.
///
/// # Errors
/// Which member cannot be read, or that there is no room, as a sentence.
fn packed(members: &[Member]) -> Result<File, String> {
    let room = |error: io::Error| format!("an archive cannot be made here: {error}");
    let mut builder = Builder::new(tempfile::tempfile().map_err(room)?);
    for member in members {
        add(&mut builder, member).map_err(|error| {
            let of = match &member.content {
                MemberContent::File(path) => path.display().to_string(),
                _ => member.path.clone(),
            };
            format!("`{of}`: {error}")
        })?;
    }
    let mut file = builder.into_inner().map_err(room)?;
    file.rewind().map_err(room)?;
    Ok(file)
}

#[expect(clippy::disallowed_methods, reason = "transport reads the files it sends")]
fn add(builder: &mut Builder<File>, member: &Member) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_mode(member.mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(0);
    match &member.content {
        MemberContent::Folder => {
            header.set_entry_type(EntryType::Directory);
            builder.append_data(&mut header, format!("{}/", member.path), io::empty())
        }
        MemberContent::Text(text) => {
            header.set_size(text.len() as u64);
            builder.append_data(&mut header, &member.path, text.as_bytes())
        }
        MemberContent::File(path) => {
            let file = File::open(path)?;
            let size = file.metadata()?.len();
            header.set_size(size);
            // One that grows or shrinks meanwhile must not shift what comes behind it.
            let mut content = Exactly { file, left: size };
            builder.append_data(&mut header, &member.path, &mut content)
        }
        MemberContent::Link(to) => {
            header.set_entry_type(EntryType::Symlink);
            builder.append_link(&mut header, &member.path, to)
        }
    }
}

/// A file of a length that was told already.
struct Exactly {
    file: File,
    left: u64,
}

impl io::Read for Exactly {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.file.read(&mut buffer[..most])?;
        if count == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(io::Error::other("it became shorter while it was read"));
        }
        self.left -= count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    fn member(path: &str, content: MemberContent) -> Member {
        Member { path: path.into(), mode: 0o640, content }
    }

    #[test]
    fn members_come_as_they_are_told_whatever_the_length_of_their_names() {
        let long = format!("{}/{}", "d".repeat(150), "f".repeat(150));
        let members = [
            member(&long, MemberContent::Text("x\n".into())),
            member("folder", MemberContent::Folder),
            member("link", MemberContent::Link("/l".repeat(100))),
            member(
                "self",
                MemberContent::File(concat!(env!("CARGO_MANIFEST_DIR"), "/LICENSE").into()),
            ),
        ];
        let file = packed(&members).expect("all can be read");
        let mut archive = tar::Archive::new(file);
        let mut seen = Vec::new();
        for entry in archive.entries().expect("it is an archive") {
            let mut entry = entry.expect("it is whole");
            let path = entry.path().expect("a path").display().to_string();
            let header = entry.header();
            assert_eq!((header.uid().unwrap(), header.mtime().unwrap()), (0, 0));
            assert_eq!(header.mode().unwrap(), 0o640);
            let mut text = String::new();
            entry.read_to_string(&mut text).expect("it is text");
            seen.push((path, text.len()));
        }
        let license = include_str!("../../LICENSE").len();
        let wanted =
            [(long, 2), ("folder/".into(), 0), ("link".into(), 0), ("self".into(), license)];
        assert_eq!(seen, wanted);
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = packed(&[member("x", MemberContent::File("/no/such".into()))]).unwrap_err();
        assert!(error.starts_with("`/no/such`: "), "{error}");
    }
}
