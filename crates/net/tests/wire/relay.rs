//! Somebody between a patient and the center, who passes bytes on as it likes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    ToCenter,
    ToPatient,
}

/// What is done to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tampering {
    Nothing,
    /// One segment for each byte.
    ByteByByte,
    /// The lowest bit of the byte at this place is flipped.
    Flip(Way, usize),
    /// What follows this place is kept back, and the connection closed.
    Cut(Way, usize),
}

/// A relay for any number of connections; what patients say is recorded.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    pub(crate) heard: Arc<Mutex<Vec<u8>>>,
}

impl Relay {
    pub(crate) async fn before(center: SocketAddr, tampering: Tampering) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((patient, _)) = listener.accept().await {
                let record = Arc::clone(&record);
                tokio::spawn(async move {
                    let center = TcpStream::connect(center).await.unwrap();
                    center.set_nodelay(true).unwrap();
                    let (patient_in, patient_out) = patient.into_split();
                    let (center_in, center_out) = center.into_split();
                    let there = pass_on(Way::ToCenter, tampering, patient_in, center_out, record);
                    let back = Arc::default();
                    let back = pass_on(Way::ToPatient, tampering, center_in, patient_out, back);
                    // Cut or closed, it ends both ways.
                    tokio::select! { () = there => {}, () = back => {} }
                });
            }
        });
        Self { address, heard }
    }
}

async fn pass_on(
    way: Way,
    tampering: Tampering,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    record: Arc<Mutex<Vec<u8>>>,
) {
    let mut passed = 0;
    let mut buffer = [0; 4_096];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let bytes = &mut buffer[..count];
        record.lock().unwrap().extend_from_slice(bytes);
        let here = |place: usize| place.checked_sub(passed).filter(|at| *at < count);
        let sent = match tampering {
            Tampering::Flip(that_way, place) if that_way == way => {
                if let Some(at) = here(place) {
                    bytes[at] ^= 1;
                }
                to.write_all(bytes).await
            }
            Tampering::Cut(that_way, place) if that_way == way => match here(place) {
                Some(at) => {
                    let _ = to.write_all(&bytes[..at]).await;
                    return;
                }
                None => to.write_all(bytes).await,
            },
            Tampering::ByteByByte => {
                let mut sent = Ok(());
                for byte in &*bytes {
                    sent = sent.and(to.write_all(&[*byte]).await);
                }
                sent
            }
            _ => to.write_all(bytes).await,
        };
        if sent.is_err() {
            return;
        }
        passed += count;
    }
}
