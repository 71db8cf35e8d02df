//! The words of the grammar that stand for themselves, each with what it means.

use crate::model::nearest;
use std::fmt;

/// An enum of words: variants, `WORDS`, `parse` and `Display`. The first word of a variant is the
/// one that is printed; later ones are older spellings.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal $(| $older:literal)*,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$each])* $variant,)*
        }

        impl $name {
            /// Every spelling with its meaning, the current one of each first.
            pub const WORDS: &[(&'static str, Self)] =
                &[$(($word, Self::$variant), $(($older, Self::$variant),)*)*];

            /// What a word of lower case means.
            pub fn parse(word: &str) -> Option<Self> {
                Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let found = Self::WORDS.iter().find(|(_, meaning)| meaning == self);
                f.write_str(found.map_or("", |(word, _)| word))
            }
        }
    };
}

words! {
    /// What is measured.
    TestType {
        /// Throughput without and with little loss.
        NdrPdr = "ndrpdr",
        /// Maximum receive rate.
        Mrr = "mrr",
        /// Throughput over a long time.
        Soak = "soak",
        /// Loss while the configuration changes.
        Reconf = "reconf",
        /// Host stack.
        HostStack = "hoststack",
        /// Packet by packet, by Scapy.
        Scapy = "scapy",
        /// Before 2018-06.
        NdrPdrDisc = "ndrpdrdisc",
        /// Before 2018-06.
        NdrDisc = "ndrdisc",
        /// Before 2018-06.
        PdrDisc = "pdrdisc",
        /// Before 2018-06.
        NdrChk = "ndrchk",
        /// Before 2018-06.
        PdrChk = "pdrchk",
        /// Device test, before 2020.
        Dev = "dev",
        /// Functional test, before 2019.
        Func = "func",
    }
}

impl TestType {
    /// Whether a few packets are looked at one by one, by NFs that wait for interrupts.
    pub fn is_functional(self) -> bool {
        matches!(self, Self::Scapy | Self::Dev | Self::Func)
    }

    /// Whether the word went before vswitch and NFs changed their memif roles (2018-05).
    pub fn is_early(self) -> bool {
        use TestType::{NdrChk, NdrDisc, NdrPdrDisc, PdrChk, PdrDisc};
        matches!(self, NdrPdrDisc | NdrDisc | PdrDisc | NdrChk | PdrChk)
    }
}

words! {
    /// Driver of the NIC where it is not the usual `vfio-pci`.
    Driver {
        /// VPP's own AVF driver.
        Avf = "avf",
        /// VPP's own RDMA driver.
        Rdma = "rdma",
        /// DPDK's mlx5 driver.
        Mlx5 = "mlx5",
        /// `AF_XDP`.
        AfXdp = "af-xdp",
        /// DPDK over vfio-pci, said aloud.
        VfioPci = "vfio-pci",
    }
}

words! {
    /// What an NF runs in.
    Technology {
        /// A Docker container.
        Dcr = "dcr",
        /// A Docker container, 2017 and 2018; a pod in names of the Kubernetes suites.
        Drc = "drc",
        /// A Docker container, 2017.
        Docker = "docker",
        /// An LXC container.
        Lxc = "lxc",
        /// A VNF of the first Kubernetes suites.
        Vnf = "vnf",
    }
}

words! {
    /// How a switch forwards.
    Forwarding {
        /// Cross-connects.
        L2xc = "l2xc",
        /// Bridge domains.
        L2bd = "l2bd",
        /// IPv4 routing.
        Ip4 = "ip4",
        /// IPv6 routing.
        Ip6 = "ip6",
    }
}

words! {
    /// Where a bridge domain has its MAC addresses from.
    Learning {
        /// It learns them.
        Learnt = "maclrn",
        /// They are configured.
        Static = "macstc",
    }
}

words! {
    /// An algorithm of the `IPsec` suites.
    Cipher {
        /// AES-128-GCM.
        Aes128Gcm = "aes128gcm",
        /// AES-256-GCM.
        Aes256Gcm = "aes256gcm",
        /// AES-128-CBC.
        Aes128Cbc = "aes128cbc",
        /// HMAC-SHA-256.
        Hmac256Sha = "hmac256sha",
        /// HMAC-SHA-512.
        Hmac512Sha = "hmac512sha",
    }
}

/// A frame as the generator sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// All of this many bytes.
    Bytes(u32),
    /// A mix.
    Imix,
}

impl Frame {
    /// `64b`, `imix`, of lower case.
    pub fn parse(word: &str) -> Option<Self> {
        match numbered(word) {
            None if word == "imix" => Some(Self::Imix),
            Some((bytes, "b")) => Some(Self::Bytes(bytes)),
            _ => None,
        }
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{bytes}B"),
            Self::Imix => f.write_str("IMIX"),
        }
    }
}

/// What is on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// One of [`Wire::WORDS`].
    Word(&'static str),
    /// `ethip4ipsec<tunnels>tnlsw`.
    Ipsec {
        /// Number of tunnels.
        tunnels: u32,
    },
}

impl Wire {
    /// Encapsulations of one word each; `ethipv4` and `ethipv6` are older spellings.
    pub const WORDS: &[&str] = &[
        "eth",
        "dot1q",
        "dot1ad",
        "ethip4",
        "ethip6",
        "ethicmpv4",
        "ethicmpv6",
        "dot1qip4",
        "dot1qip6",
        "ethip4vxlan",
        "ethip6vxlan",
        "dot1qip4vxlan",
    ];

    /// What a word of lower case means.
    pub fn parse(word: &str) -> Option<Self> {
        let word = match word {
            "ethipv4" => "ethip4",
            "ethipv6" => "ethip6",
            other => other,
        };
        if let Some(known) = Self::WORDS.iter().find(|known| **known == word) {
            return Some(Self::Word(known));
        }
        let (tunnels, end) = numbered(word.strip_prefix("ethip4ipsec")?)?;
        (end == "tnlsw").then_some(Self::Ipsec { tunnels })
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Ipsec { tunnels } => write!(f, "ethip4ipsec{tunnels}tnlsw"),
        }
    }
}

/// `1 NF`, `2 NFs`.
pub(super) fn plural(number: u32, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// Splits `20memif` into 20 and `memif`. Numbers are 1 to 999999.
pub(super) fn numbered(word: &str) -> Option<(u32, &str)> {
    let end = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let number = word[..end].parse().ok().filter(|number| (1..1_000_000).contains(number))?;
    Some((number, &word[end..]))
}

/// The known word nearest to one that is not, numbers as they were: `2memfi` was `2memif`. In
/// `known` a `#` stands for a number.
pub(super) fn nearest_word<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let mut numbers = Vec::new();
    let mut shape = String::new();
    for c in word.chars() {
        match (c.is_ascii_digit(), shape.ends_with('#')) {
            (false, _) => shape.push(c),
            (true, true) => numbers.last_mut().map_or((), |number: &mut String| number.push(c)),
            (true, false) => {
                shape.push('#');
                numbers.push(c.to_string());
            }
        }
    }
    // A fixed number (`aes256gcm`) is compared as it is, a free one as `#`.
    let mut found = None;
    for candidate in known {
        let written = if candidate.contains('#') { &shape } else { word };
        if let Some(near) = nearest(written, [candidate]) {
            let distance = strsim::damerau_levenshtein(written, near);
            if found.is_none_or(|(least, _)| distance < least) {
                found = Some((distance, near));
            }
        }
    }
    let (_, near) = found?;
    let mut numbers = numbers.into_iter();
    let mut text = String::new();
    for c in near.chars() {
        if c == '#' {
            text.push_str(&numbers.next().unwrap_or_else(|| "1".to_owned()));
        } else {
            text.push(c);
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_spellings_mean_the_same() {
        assert_eq!(Wire::parse("ethipv4"), Wire::parse("ethip4"));
        assert_eq!(Wire::parse("ethip4ipsec40tnlsw"), Some(Wire::Ipsec { tunnels: 40 }));
        assert_eq!(Wire::parse("ethip4ipsectnlsw"), None);
        assert_eq!(Frame::parse("64b"), Some(Frame::Bytes(64)));
        assert_eq!(Frame::parse("0b"), None);
    }

    #[test]
    fn numbers_are_kept_when_a_word_is_mended() {
        let known = ["#memif", "#mif", "#lxc", "aes256gcm"];
        assert_eq!(nearest_word("12memfi", known).as_deref(), Some("12memif"));
        assert_eq!(nearest_word("memif", known).as_deref(), Some("1memif"));
        assert_eq!(nearest_word("aes265gcm", known).as_deref(), Some("aes256gcm"));
        assert_eq!(nearest_word("kubernetes", known), None);
    }
}
