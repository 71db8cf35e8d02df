//! What a name says of the vswitch and of tunnels, as far as a topology can say it.

use super::name::{Suite, VirtualSide};
use super::numbers::{Found, Shape};
use super::words::{Cipher, Forwarding, Wire};
use crate::model::{ChainKind, Crypto, Integrity, SwitchForwarding};

/// Tunnels per NF, and how they are encrypted.
type Tunnels = (u32, Crypto, Option<Integrity>);

impl Found<'_> {
    /// How the vswitch forwards.
    pub(super) fn forwarding(
        &mut self,
        forwarding: Forwarding,
        kind: ChainKind,
    ) -> SwitchForwarding {
        let place = self.places.switch.clone();
        let fits = match kind {
            ChainKind::Ipsec => forwarding == Forwarding::L2bd,
            ChainKind::CrossHoriz => matches!(forwarding, Forwarding::L2bd | Forwarding::L2xc),
            _ => true,
        };
        if !fits {
            let message = format!("a vswitch of kind `{}` only bridges", kind.word());
            self.warn(&place, &message, "bridge domains are taken", None);
            return SwitchForwarding::L2bd;
        }
        match forwarding {
            Forwarding::L2xc => SwitchForwarding::L2xc,
            Forwarding::L2bd => SwitchForwarding::L2bd,
            Forwarding::Ip4 => SwitchForwarding::Ip4,
            Forwarding::Ip6 => {
                let message = "vnfctl's vswitch does not route IPv6";
                let label = "bridge domains are taken";
                let help = "routes can be added by `exec` of its app".to_owned();
                self.warn(&place, message, label, Some(help));
                SwitchForwarding::L2bd
            }
        }
    }

    /// What only VPP has.
    pub(super) fn without_vpp(&mut self, shape: &mut Shape) {
        let message = match shape.kind {
            ChainKind::Dma => "testpmd's memifs make their copies themselves",
            ChainKind::Functional => "testpmd's memifs do not wait for interrupts",
            _ => return,
        };
        let place = self.places.memifs.clone();
        self.warn(&place, message, "kind `l2xc` is taken", None);
        shape.kind = ChainKind::L2xc;
    }

    /// The tunnels that end in the NFs.
    pub(super) fn ipsec(&mut self, suite: &Suite, shape: &mut Shape) -> Option<Tunnels> {
        let side = &suite.virtual_side;
        let ciphers = match side {
            VirtualSide::Density(density) => density.ciphers.as_slice(),
            _ => &[],
        };
        let place = self.places.wire.clone();
        let Wire::Ipsec { tunnels } = suite.wire else {
            if !ciphers.is_empty() {
                let message = "the name has an algorithm and no tunnels";
                self.warn(&place, message, "no tunnels are taken", None);
            }
            return None;
        };
        if !matches!(side, VirtualSide::Density(_)) {
            let message = "tunnels end in the vswitch here, and its tunnels are not written";
            let help = "they can be added by `exec` of its app".to_owned();
            self.warn(&place, message, "left out", Some(help));
            return None;
        }
        if matches!(shape.kind, ChainKind::PipelineIp4 | ChainKind::PipelineL2xc) {
            let message = "NFs with tunnels stand side by side, not in pipelines";
            self.warn(&self.places.chains.clone(), message, "chains are taken", None);
        }
        shape.kind = ChainKind::Ipsec;
        shape.nodes *= shape.chains;
        shape.chains = 1;
        let crypto = ciphers.iter().find_map(|cipher| match cipher {
            Cipher::Aes128Gcm => Some(Crypto::AesGcm128),
            Cipher::Aes256Gcm => Some(Crypto::AesGcm256),
            Cipher::Aes128Cbc => Some(Crypto::AesCbc128),
            Cipher::Hmac256Sha | Cipher::Hmac512Sha => None,
        });
        let integrity = ciphers.iter().find_map(|cipher| match cipher {
            Cipher::Hmac256Sha => Some(Integrity::Sha256),
            Cipher::Hmac512Sha => Some(Integrity::Sha512),
            _ => None,
        });
        let crypto = crypto.unwrap_or_else(|| {
            let message = "the name has tunnels and no algorithm of encryption";
            self.warn(&place, message, "aes256gcm is taken", None);
            Crypto::AesGcm256
        });
        let integrity = match (crypto.is_aead(), integrity) {
            (true, Some(_)) => {
                let message = "AES-GCM proves integrity itself";
                self.warn(&place, message, "the second algorithm is left out", None);
                None
            }
            (false, None) => {
                let message = "AES-CBC needs a second algorithm for integrity";
                self.warn(&place, message, "hmac256sha is taken", None);
                Some(Integrity::Sha256)
            }
            (_, integrity) => integrity,
        };
        // CSIT deals the tunnels out to the NFs in turn.
        if !tunnels.is_multiple_of(shape.nodes) {
            let message =
                format!("{tunnels} tunnels cannot be dealt out evenly to {} NFs", shape.nodes);
            let label = format!("{} for each are taken", tunnels.div_ceil(shape.nodes));
            self.warn(&place, &message, &label, None);
        }
        Some((tunnels.div_ceil(shape.nodes), crypto, integrity))
    }
}
