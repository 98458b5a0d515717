//! The `Forwarded` header (RFC 7239): where a request really comes from, as a proxy that we trust
//! says. Nobody else's is looked at, and no other header says it.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use axum::http::header::FORWARDED;
use ipnet::IpNet;

use crate::limits::HOPS_MAX;

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The source that limits, throttle and audit are about.
    pub(crate) source: IpAddr,
    /// What the browser speaks to whom it is connected to.
    pub(crate) scheme: Scheme,
}

/// What a browser speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Plaintext.
    Http,
    /// TLS.
    Https,
}

/// A trusted proxy has passed on what is no `Forwarded` header: whoever wrote it could hide behind
/// the proxy's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAHeader;

/// One hop of the way, as the proxy behind it wrote it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hop {
    /// Who asked that proxy; empty when it does not say.
    from: String,
    /// What was spoken with it; empty when it does not say.
    proto: String,
}

/// Whether `address` is a proxy whose word counts; an IPv4 address within IPv6 counts as itself.
pub(crate) fn is_trusted(proxies: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    proxies.iter().any(|network| network.contains(&address))
}

/// Where a request really comes from that `peer` sent: from the last hop backwards, as long as a
/// trusted proxy says it.
pub(crate) fn origin(
    peer: Origin,
    proxies: &[IpNet],
    headers: &HeaderMap,
) -> Result<Origin, NotAHeader> {
    if !is_trusted(proxies, peer.source) {
        return Ok(peer);
    }
    let mut hops = Vec::new();
    for line in headers.get_all(FORWARDED) {
        hops.extend(read(line.to_str().map_err(|_| NotAHeader)?)?);
    }
    let mut origin = peer;
    for hop in hops.iter().rev().take(HOPS_MAX) {
        if hop.proto.eq_ignore_ascii_case("https") {
            origin.scheme = Scheme::Https;
        } else if hop.proto.eq_ignore_ascii_case("http") {
            origin.scheme = Scheme::Http;
        }
        // Who hides ("unknown", "_hidden") is known by the proxy that said so.
        let Some(from) = address(&hop.from) else { break };
        origin.source = from;
        if !is_trusted(proxies, from) {
            break;
        }
    }
    Ok(origin)
}

/// The address of a node (RFC 7239 §6), with or without a port.
fn address(node: &str) -> Option<IpAddr> {
    let bracketed = node.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let address = match bracketed {
        Some((inside, port)) if port.is_empty() || port.starts_with(':') => inside.parse().ok(),
        Some(_) => None,
        None => match node.split_once(':') {
            // A port may be hidden, too.
            Some((before, _)) if !before.is_empty() => before.parse::<std::net::Ipv4Addr>().ok(),
            _ => node.parse::<std::net::Ipv4Addr>().ok(),
        }
        .map(IpAddr::V4),
    };
    address
        .or_else(|| node.parse::<SocketAddr>().ok().map(|it| it.ip()))
        .map(|it| it.to_canonical())
}

/// The hops of one header line (RFC 7239 §4): `for=192.0.2.7;proto=https, for="[2001:db8::1]:80"`.
fn read(line: &str) -> Result<Vec<Hop>, NotAHeader> {
    let mut hops = Vec::new();
    let mut hop = Hop::default();
    // One that names nobody is a hop, too; an empty element of the list is none.
    let mut said = false;
    let mut rest = line.trim();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(',') {
            if std::mem::take(&mut said) {
                hops.push(std::mem::take(&mut hop));
            }
            rest = after.trim_start();
            continue;
        }
        let (name, after) = rest.split_once('=').ok_or(NotAHeader)?;
        let (value, after) = value(after)?;
        match name.to_ascii_lowercase().as_str() {
            "for" if hop.from.is_empty() => hop.from = value,
            "proto" if hop.proto.is_empty() => hop.proto = value,
            "by" | "host" => {}
            _ if is_token(name) && !matches!(name, "for" | "proto") => {}
            _ => return Err(NotAHeader),
        }
        said = true;
        rest = after.trim_start();
        rest = match rest.strip_prefix(';') {
            Some(after) => after.trim_start(),
            None if rest.is_empty() || rest.starts_with(',') => rest,
            None => return Err(NotAHeader),
        };
    }
    if said {
        hops.push(hop);
    }
    Ok(hops)
}

/// A token or a quoted string (RFC 9110 §5.6), and what stands behind it.
fn value(text: &str) -> Result<(String, &str), NotAHeader> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',', ' ', '\t']).unwrap_or(text.len());
        let (token, rest) = text.split_at(end);
        // An IPv4 address with a port is written without quotes by some.
        let plain = token.replace(':', "");
        return if is_token(&plain) { Ok((token.to_owned(), rest)) } else { Err(NotAHeader) };
    };
    let (mut value, mut characters) = (String::new(), quoted.char_indices());
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((value, &quoted[at + 1..])),
            '\\' => value.push(characters.next().ok_or(NotAHeader)?.1),
            other => value.push(other),
        }
    }
    Err(NotAHeader)
}

/// A token (RFC 9110 §5.6.2).
fn is_token(text: &str) -> bool {
    let of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(of_token)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const PROXY: &str = "10.0.0.1";

    /// What is made of `lines` that come from `peer`, where 10.0.0.0/8 is trusted.
    fn check(peer: &str, lines: &[&str], expected: Result<(&str, Scheme), NotAHeader>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED, HeaderValue::from_str(line).unwrap());
        }
        let peer = Origin { source: peer.parse().unwrap(), scheme: Scheme::Http };
        let found = origin(peer, &["10.0.0.0/8".parse().unwrap()], &headers);
        let expected =
            expected.map(|(source, scheme)| Origin { source: source.parse().unwrap(), scheme });
        assert_eq!(found, expected, "{lines:?}");
    }

    #[test]
    fn only_a_trusted_proxy_says_where_a_request_comes_from() {
        let said = ["for=192.0.2.7;proto=https"];
        check(PROXY, &said, Ok(("192.0.2.7", Scheme::Https)));
        check("::ffff:10.0.0.1", &said, Ok(("192.0.2.7", Scheme::Https)));
        check("198.51.100.1", &said, Ok(("198.51.100.1", Scheme::Http)));
        check("198.51.100.1", &["\"no header"], Ok(("198.51.100.1", Scheme::Http)));
        check(PROXY, &[], Ok((PROXY, Scheme::Http)));
    }

    #[test]
    fn the_forms_of_the_standard_are_read() {
        for (line, expected) in [
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=\"[2001:db8::1]\"", "2001:db8::1"),
            ("for=192.0.2.43:47011", "192.0.2.43"),
            ("for=\"192.0.2.43:_port\"", "192.0.2.43"),
            ("by=203.0.113.43 ; for=\"192.0.2.60\"; host=x", "192.0.2.60"),
            ("for=\"\\192.0.2.60\"", "192.0.2.60"),
            ("for=_hidden", PROXY),
            ("for=\"_SEVKISEK\"", PROXY),
            ("for=unknown", PROXY),
            ("for=\"[nonsense]\"", PROXY),
            ("for=\"[::ffff:192.0.2.9]\"", "192.0.2.9"),
        ] {
            check(PROXY, &[line], Ok((expected, Scheme::Http)));
        }
    }

    #[test]
    fn what_a_stranger_wrote_before_the_proxy_does_not_count() {
        let https = Scheme::Https;
        check(PROXY, &["for=127.0.0.1, for=192.0.2.7;proto=https"], Ok(("192.0.2.7", https)));
        check(PROXY, &["for=127.0.0.1", "for=192.0.2.7;proto=https"], Ok(("192.0.2.7", https)));
        // Through two trusted ones, the first of which speaks TLS.
        let through = "for=192.0.2.7;proto=https, for=10.0.0.9;proto=http";
        check(PROXY, &[through], Ok(("192.0.2.7", https)));
        check(PROXY, &["for=127.0.0.1, for=_hidden"], Ok((PROXY, Scheme::Http)));
        // A hop that names nobody is one, too: what stands before it a stranger may have written.
        check(PROXY, &["for=192.0.2.66, by=10.0.0.1"], Ok((PROXY, Scheme::Http)));
    }

    #[test]
    fn what_is_no_header_is_told_apart() {
        for line in [
            "for=\"192.0.2.7",
            "for=\"_x, for=192.0.2.7",
            "for=\"a, for=\"192.0.2.7\"",
            "nonsense",
            "for=",
            "for=192.0.2.7 proto=https",
            "for=192.0.2.7;for=127.0.0.1",
            "=192.0.2.7",
        ] {
            check(PROXY, &[line], Err(NotAHeader));
        }
    }
}
