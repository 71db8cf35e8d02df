//! How an image is packed for its way between two nodes. Pure.

/// The packer of a transfer: what both nodes have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Packing {
    /// As it is.
    #[default]
    None,
    /// gzip, its fastest level.
    Gzip,
    /// zstd, its fastest level.
    Zstd,
}

impl Packing {
    /// The program; `None` = none.
    pub fn program(self) -> Option<&'static str> {
        self.packer().split(' ').next().filter(|program| !program.is_empty())
    }

    /// Program and options that pack; empty = none.
    pub(super) fn packer(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => "gzip -1c",
            Self::Zstd => "zstd -1qc",
        }
    }

    /// Program and options that unpack; empty = none.
    pub(super) fn unpacker(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => "gzip -dc",
            Self::Zstd => "zstd -dqc",
        }
    }
}
