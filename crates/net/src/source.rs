//! Where a connection comes from, as the rules about sources see it.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// From where a center answers in plaintext.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaintextFrom(Vec<IpNet>);

impl PlaintextFrom {
    /// From this machine only: 127.0.0.0/8 and `::1`.
    #[must_use]
    pub fn loopback() -> Self {
        let v4 = Ipv4Net::new_assert([127, 0, 0, 0].into(), 8);
        Self(vec![v4.into(), Ipv6Net::from(Ipv6Addr::LOCALHOST).into()])
    }

    /// From `networks` too, as the operator has said by name.
    #[must_use]
    pub fn and(mut self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        self.0.extend(networks);
        self
    }

    /// Whether plaintext from `source` is answered; an IPv4 address within IPv6 counts as itself.
    #[must_use]
    pub fn includes(&self, source: IpAddr) -> bool {
        is_within(&self.0, source)
    }
}

impl Default for PlaintextFrom {
    fn default() -> Self {
        Self::loopback()
    }
}

/// Whether `address` is in one of `networks`; an IPv4 address within IPv6 counts as itself.
pub(crate) fn is_within(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plaintext_is_for_loopback_and_for_what_the_operator_names() {
        let check = |from: &PlaintextFrom, expected: [(&str, bool); 6]| {
            for (address, included) in expected {
                assert_eq!(from.includes(address.parse().unwrap()), included, "{address}");
            }
        };
        let loopback = PlaintextFrom::default();
        check(
            &loopback,
            [
                ("127.0.0.1", true),
                ("127.255.255.255", true),
                ("::1", true),
                ("::ffff:127.0.0.1", true),
                ("::2", false),
                ("10.0.0.7", false),
            ],
        );
        check(
            &loopback.and(["10.0.0.0/24".parse().unwrap()]),
            [
                ("127.0.0.1", true),
                ("10.0.0.7", true),
                ("::ffff:10.0.0.7", true),
                ("10.0.1.7", false),
                ("::1", true),
                ("2001:db8::1", false),
            ],
        );
    }
}
