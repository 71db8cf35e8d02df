//! Numbers, MAC addresses and IP addresses of NFs and of what they are joined to. CSIT's, but per
//! node: `n` is the number of an NF on its node, from 1; a side is 0 (left) or 1 (right).

/// The largest `n` that the third byte of `1.1.S.1` holds with S = 2n.
pub(super) const BY_ADDRESS: u32 = 127;

/// The largest `n` that one byte of a MAC address holds.
pub(super) const BY_MAC: u32 = 255;

/// NFs of one chain that an IPv4 vswitch has networks for: 31.31.31.0/30 to 126.126.126.0/30.
pub(super) const BY_NETWORK: usize = 48;

/// Number of the socket of a side: S1 = 2n-1, S2 = 2n.
pub(super) fn socket(n: u32, side: usize) -> u32 {
    if side == 0 { 2 * n - 1 } else { 2 * n }
}

/// MAC address of an NF's side: `52:54:00:00:nn:01` and `:02`.
pub(super) fn nf_mac(n: u32, side: usize) -> String {
    format!("52:54:00:00:{n:02x}:{:02x}", side + 1)
}

/// MAC address of the vswitch's memif to that side of an NF.
pub(super) fn switch_mac(n: u32, side: usize) -> String {
    format!("52:54:00:01:{n:02x}:{:02x}", side + 1)
}

/// MAC address of the memif of an `ends` container; `chain` is its number on the node, from 1.
pub(super) fn end_mac(chain: u32, side: usize) -> String {
    format!("52:54:00:02:{chain:02x}:{:02x}", side + 1)
}

/// MAC address of an `ipsec` NF's side: `02:02:00:00:xx:(n-1)`, xx = 11 and 12 on the first node,
/// 01 and 02 on the second. Side 0 is the tunnels'.
pub(super) fn tunnel_mac(position: usize, n: u32, side: usize) -> String {
    let first = if position == 0 { 0x11 } else { 0x01 };
    format!("02:02:00:00:{:02x}:{:02x}", first + side, n - 1)
}

/// Address of an NF's side.
pub(super) fn address(n: u32, side: usize) -> String {
    format!("1.1.{}.1", socket(n, side))
}

/// Address of what is on the other side of it.
pub(super) fn next_hop(n: u32, side: usize) -> String {
    format!("1.1.{}.2", socket(n, side))
}

/// What is behind the left and the right side of NFs that route.
pub(super) const NETWORKS: [&str; 2] = ["10.0.0.0/8", "20.0.0.0/8"];
