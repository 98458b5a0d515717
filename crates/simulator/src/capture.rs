//! Captures: what crossed a relay, as a pcapng file that Wireshark opens
//! (draft-ietf-opsawg-pcapng).
//!
//! A relay sees bytes and datagrams, not packets: the headers are made here, with what a TCP stream
//! needs so that Wireshark follows it. Lost datagrams stand on an interface of their own, `lost`.
//! What is deliberately not here: what is inside; under TLS nobody sees it.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use etherparse::{PacketBuilder, PacketBuilderStep, TcpHeader};
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::{DataLink, PcapError};

use crate::record::Fate;

/// The most bytes that are captured; what comes later is not in the file.
const CAPTURE_BYTES_MAX: u64 = 4 * 1_024 * 1_024 * 1_024;
/// What a header takes at most beside its packet: pcapng's block, and a comment.
const BLOCK_BYTES: u64 = 128;
/// The interface of what arrived.
const ARRIVED: u32 = 0;
/// The interface of what was lost.
const LOST: u32 = 1;
/// Timestamps count nanoseconds: ten to the minus ninth of a second.
const NANOSECONDS: u8 = 9;
/// Hops that a packet may still make; none is counted on one machine.
const TIME_TO_LIVE: u8 = 64;
/// What each end says it has room for, in bytes.
const WINDOW: u16 = u16::MAX;
/// Where the numbering of each stream's bytes begins.
const FIRST_SEQUENCE: u32 = 1_000;

/// A file being written; cheap to clone, and all clones write to the same.
#[derive(Debug, Clone)]
pub struct Capture {
    book: Arc<Mutex<Book>>,
}

/// Which end of a stream speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Who has connected.
    Client,
    /// Who was connected to.
    Server,
}

/// One TCP connection in a capture.
#[derive(Debug)]
pub struct Stream {
    capture: Capture,
    client: SocketAddr,
    server: SocketAddr,
    /// How far each end has come, the client first.
    said: Mutex<[Said; 2]>,
}

/// How far one end of a stream has come.
#[derive(Debug, Clone, Copy)]
struct Said {
    /// The number of its next byte.
    next: u32,
    closed: bool,
}

struct Book {
    /// `None` once an error has ended it.
    writer: Option<PcapNgWriter<Box<dyn Write + Send>>>,
    packets: u64,
    bytes: u64,
    /// When the last packet was written: no clock that is set back disorders the file.
    last: Duration,
    broken: Option<io::Error>,
}

impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Book").field("packets", &self.packets).finish_non_exhaustive()
    }
}

impl Capture {
    /// A capture into `out`, which may be buffered: [`Self::finish`] flushes it.
    ///
    /// # Errors
    /// When nothing can be written.
    pub fn begin(out: Box<dyn Write + Send>) -> io::Result<Self> {
        let mut writer = PcapNgWriter::new(out).map_err(of_pcap)?;
        for (name, told) in
            [("arrived", "what the relay passed on"), ("lost", "datagrams that the relay lost")]
        {
            let options = vec![
                InterfaceDescriptionOption::IfName(Cow::Borrowed(name)),
                InterfaceDescriptionOption::IfDescription(Cow::Borrowed(told)),
                InterfaceDescriptionOption::IfTsResol(NANOSECONDS),
            ];
            // IP without anything in front of it; a length of 0 means that none is cut.
            let interface =
                InterfaceDescriptionBlock { linktype: DataLink::RAW, snaplen: 0, options };
            writer.write_pcapng_block(interface).map_err(of_pcap)?;
        }
        let (packets, bytes, last) = (0, 0, Duration::ZERO);
        let book = Book { writer: Some(writer), packets, bytes, last, broken: None };
        Ok(Self { book: Arc::new(Mutex::new(book)) })
    }

    /// A datagram has crossed, or was lost.
    pub fn datagram(&self, from: SocketAddr, to: SocketAddr, payload: &[u8], fate: Fate) {
        let Some(header) = internet(from.ip(), to.ip()) else { return };
        let udp = header.udp(from.port(), to.port());
        let mut packet = Vec::with_capacity(udp.size(payload.len()));
        if udp.write(&mut packet, payload).is_ok() {
            let interface = match fate {
                Fate::Arrived => ARRIVED,
                Fate::Lost => LOST,
            };
            self.book().write(interface, packet);
        }
    }

    /// A connection was made.
    #[must_use]
    pub fn stream(&self, client: SocketAddr, server: SocketAddr) -> Stream {
        let said = Said { next: FIRST_SEQUENCE, closed: false };
        let stream = Stream { capture: self.clone(), client, server, said: Mutex::new([said; 2]) };
        stream.shake_hands();
        stream
    }

    /// How many packets were written, all of them flushed. Nothing is written after this.
    ///
    /// # Errors
    /// The first one there was in writing any packet.
    pub fn finish(&self) -> io::Result<u64> {
        let mut book = self.book();
        if let Some(error) = book.broken.take() {
            return Err(error);
        }
        if let Some(mut writer) = book.writer.take() {
            writer.get_mut().flush()?;
        }
        Ok(book.packets)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // Who panicked while writing left at worst half a packet at the end.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream {
    /// An end says `bytes`; none of them means that it has said all.
    pub fn says(&self, side: Side, bytes: &[u8]) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let (own, others) = match side {
            Side::Client => (0, 1),
            Side::Server => (1, 0),
        };
        if said[own].closed {
            return;
        }
        let (sequence, heard) = (said[own].next, said[others].next);
        let mut header = segment(sequence, heard);
        if bytes.is_empty() {
            header.fin = true;
            said[own].closed = true;
            // The end counts as a byte (RFC 9293 §3.4).
            said[own].next = sequence.wrapping_add(1);
        } else {
            header.psh = true;
            let count = u32::try_from(bytes.len()).expect("a relay reads less than 4 GiB at once");
            said[own].next = sequence.wrapping_add(count);
        }
        // Heard at once: to be captured is to have arrived.
        let answer = segment(heard, said[own].next);
        let other = match side {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        };
        let both = [(side, header, bytes), (other, answer, &[])];
        let packets: Vec<_> = both
            .into_iter()
            .filter_map(|(side, header, said)| self.packet(side, header, said))
            .collect();
        self.capture.book().write_all(packets);
    }

    /// SYN, SYN and ACK, ACK.
    fn shake_hands(&self) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let mut hello = segment(FIRST_SEQUENCE, 0);
        (hello.syn, hello.ack) = (true, false);
        let mut welcome = segment(FIRST_SEQUENCE, FIRST_SEQUENCE + 1);
        welcome.syn = true;
        let thanks = segment(FIRST_SEQUENCE + 1, FIRST_SEQUENCE + 1);
        said.iter_mut().for_each(|said| said.next += 1);
        let all = [(Side::Client, hello), (Side::Server, welcome), (Side::Client, thanks)];
        let packets: Vec<_> =
            all.into_iter().filter_map(|(side, header)| self.packet(side, header, &[])).collect();
        self.capture.book().write_all(packets);
    }

    fn packet(&self, side: Side, mut header: TcpHeader, payload: &[u8]) -> Option<Vec<u8>> {
        let (from, to) = match side {
            Side::Client => (self.client, self.server),
            Side::Server => (self.server, self.client),
        };
        (header.source_port, header.destination_port) = (from.port(), to.port());
        let tcp = internet(from.ip(), to.ip())?.tcp_header(header);
        let mut packet = Vec::with_capacity(tcp.size(payload.len()));
        tcp.write(&mut packet, payload).ok()?;
        Some(packet)
    }
}

/// A segment that acknowledges everything before `heard`.
fn segment(sequence: u32, heard: u32) -> TcpHeader {
    let mut header = TcpHeader::new(0, 0, sequence, WINDOW);
    (header.ack, header.acknowledgment_number) = (true, heard);
    header
}

/// The header of a packet between two hosts; `None` when they do not speak the same IP.
fn internet(from: IpAddr, to: IpAddr) -> Option<PacketBuilderStep<etherparse::IpHeaders>> {
    use etherparse::{IpHeaders, Ipv4Extensions, Ipv4Header, Ipv6Extensions, Ipv6Header};
    // Length, protocol and checksum are the builder's to fill in.
    let headers = match (from.to_canonical(), to.to_canonical()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let protocol = etherparse::ip_number::UDP;
            let header =
                Ipv4Header::new(0, TIME_TO_LIVE, protocol, from.octets(), to.octets()).ok()?;
            IpHeaders::Ipv4(header, Ipv4Extensions::default())
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let header = Ipv6Header {
                hop_limit: TIME_TO_LIVE,
                source: from.octets(),
                destination: to.octets(),
                ..Ipv6Header::default()
            };
            IpHeaders::Ipv6(header, Ipv6Extensions::default())
        }
        _ => return None,
    };
    Some(PacketBuilder::ip(headers))
}

impl Book {
    fn write_all(&mut self, packets: Vec<Vec<u8>>) {
        packets.into_iter().for_each(|packet| self.write(ARRIVED, packet));
    }

    fn write(&mut self, interface_id: u32, packet: Vec<u8>) {
        let Some(writer) = &mut self.writer else { return };
        self.bytes += packet.len() as u64 + BLOCK_BYTES;
        if self.bytes > CAPTURE_BYTES_MAX {
            let full = format!("more than {CAPTURE_BYTES_MAX} bytes: the capture ends there");
            self.broken = Some(io::Error::other(full));
            // What was captured until then can be read.
            let _ = writer.get_mut().flush();
            self.writer = None;
            return;
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.last = self.last.max(now);
        let original_len = u32::try_from(packet.len()).unwrap_or(u32::MAX);
        let options = match interface_id {
            LOST => vec![EnhancedPacketOption::Comment(Cow::Borrowed("lost by the relay"))],
            _ => Vec::new(),
        };
        let (timestamp, data) = (self.last, Cow::Owned(packet));
        let block = EnhancedPacketBlock { interface_id, timestamp, original_len, data, options };
        match writer.write_pcapng_block(block) {
            Ok(_) => self.packets += 1,
            Err(error) => {
                self.broken = Some(of_pcap(error));
                self.writer = None;
            }
        }
    }
}

fn of_pcap(error: PcapError) -> io::Error {
    match error {
        PcapError::IoError(error) => error,
        other => io::Error::other(other),
    }
}
