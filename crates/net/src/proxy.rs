//! The PROXY protocol, version 2: a load balancer that we trust says who is behind a connection.
//!
//! Only the source address is believed; what else a header may carry is passed over.

use std::io;
use std::net::SocketAddr;

use ppp::v2::{Addresses, Command, Header, PROTOCOL_PREFIX, Protocol};
use thiserror::Error;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::limits::PROXY_HEADER_BYTES_MAX;

/// The fixed part of a header, in bytes: the last two are the length of the rest.
const FIXED_BYTES: usize = 16;

/// A trusted proxy did not say who is behind the connection: it is closed.
#[derive(Debug, Error)]
pub(crate) enum NoSource {
    #[error("the connection broke within the PROXY header")]
    Broken(#[from] io::Error),
    #[error("a trusted proxy sent no PROXY v2 header")]
    NotAHeader,
    #[error("the PROXY header has {0} bytes")]
    TooLong(usize),
    #[error("the PROXY header names no TCP source")]
    NoAddress,
}

/// Reads exactly the header. `None`: the proxy speaks for itself (LOCAL), and the source is its own
/// address.
pub(crate) async fn read_header(stream: &mut TcpStream) -> Result<Option<SocketAddr>, NoSource> {
    let mut bytes = vec![0; FIXED_BYTES];
    stream.read_exact(&mut bytes).await?;
    if !bytes.starts_with(PROTOCOL_PREFIX) {
        return Err(NoSource::NotAHeader);
    }
    let rest = usize::from(u16::from_be_bytes([bytes[14], bytes[15]]));
    let length = FIXED_BYTES + rest;
    if length > PROXY_HEADER_BYTES_MAX {
        return Err(NoSource::TooLong(length));
    }
    bytes.resize(length, 0);
    stream.read_exact(&mut bytes[FIXED_BYTES..]).await?;
    source(&bytes)
}

fn source(bytes: &[u8]) -> Result<Option<SocketAddr>, NoSource> {
    let header = Header::try_from(bytes).map_err(|_| NoSource::NotAHeader)?;
    match (header.command, header.protocol, header.addresses) {
        (Command::Local, ..) => Ok(None),
        (Command::Proxy, Protocol::Stream, Addresses::IPv4(pair)) => {
            Ok(Some((pair.source_address, pair.source_port).into()))
        }
        (Command::Proxy, Protocol::Stream, Addresses::IPv6(pair)) => {
            let ip = pair.source_address.to_canonical();
            Ok(Some((ip, pair.source_port).into()))
        }
        // Taking the proxy's own address instead would give a stranger the proxy's rights.
        _ => Err(NoSource::NoAddress),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header with this command, family and address block.
    fn header(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
        let length = u8::try_from(block.len()).unwrap();
        [PROTOCOL_PREFIX, &[command, family, 0, length], block].concat()
    }

    const PAIR: [u8; 12] = [192, 0, 2, 7, 127, 0, 0, 1, 0x30, 0x39, 0x52, 0x08];

    #[test]
    fn the_source_is_what_the_header_says() {
        let from = source(&header(0x21, 0x11, &PAIR)).unwrap();
        assert_eq!(from, Some("192.0.2.7:12345".parse().unwrap()));
        let mapped = [&[0; 10][..], &[0xff; 2], &PAIR[..4], &[0; 16], &PAIR[8..]].concat();
        assert_eq!(source(&header(0x21, 0x21, &mapped)).unwrap(), from);
        assert_eq!(source(&header(0x20, 0x11, &PAIR)).unwrap(), None);
        assert_eq!(source(&header(0x20, 0x00, &[])).unwrap(), None);
    }

    #[test]
    fn whatever_names_no_tcp_source_is_no_header() {
        let cases = [
            header(0x21, 0x00, &[]),
            header(0x21, 0x12, &PAIR),
            header(0x21, 0x31, &[0; 216]),
            header(0x21, 0x11, &PAIR[..11]),
            header(0x21, 0x21, &PAIR),
            header(0x11, 0x11, &PAIR),
            header(0x22, 0x11, &PAIR),
            header(0x21, 0x41, &PAIR),
        ];
        for bytes in cases {
            assert!(source(&bytes).is_err(), "{bytes:?}");
        }
    }
}
