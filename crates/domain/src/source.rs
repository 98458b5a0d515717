//! Where a request comes from, as far as limits tell one source from another.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Leading bits of an IPv6 address that one subscriber is given (RFC 6177 §2, RFC 4291 §2.5.1): who
/// has one address of a /64 has all 2⁶⁴ of them.
const IPV6_PREFIX_BITS: u32 = 64;

/// One source: an IPv4 address (a /32: a /24 would let one person use up the tries of 255
/// neighbours), or the /64 of an IPv6 address. IPv4 inside IPv6 (RFC 4291 §2.5.5.2) is IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SourcePrefix {
    /// The address.
    V4(Ipv4Addr),
    /// The first address of the network.
    V6(Ipv6Addr),
}

impl SourcePrefix {
    /// The source that an address belongs to.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => {
                let kept = u128::MAX << (u128::BITS - IPV6_PREFIX_BITS);
                Self::V6(Ipv6Addr::from_bits(address.to_bits() & kept))
            }
        }
    }

    /// Its 16 bytes; IPv4 as an IPv4-mapped address, so that no two sources share them.
    #[must_use]
    pub fn bytes(self) -> [u8; 16] {
        match self {
            Self::V4(address) => address.to_ipv6_mapped().octets(),
            Self::V6(address) => address.octets(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_source_is_an_ipv4_address_or_a_64_of_ipv6() {
        let prefix = |text: &str| SourcePrefix::of(text.parse().unwrap());
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true),
            ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
        ] {
            assert_eq!(prefix(one) == prefix(other), same, "{one} {other}");
            assert_eq!(prefix(one).bytes() == prefix(other).bytes(), same, "{one} {other}");
        }
    }
}
