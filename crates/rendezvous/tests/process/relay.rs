//! Somebody between a patient and the center, or a patient and a doctor: hears all, and does what
//! it is told with every datagram.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How often a thread looks whether its relay is gone.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Everything that was heard, in its order: who spoke, and the bytes.
#[derive(Clone, Default)]
pub(crate) struct Recording(Arc<Mutex<Vec<Piece>>>);

/// What came at once, and from where.
type Piece = (Way, Vec<u8>);

/// In which direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Way {
    /// From the patient.
    Out,
    /// To the patient.
    Back,
}

impl Recording {
    fn note(&self, way: Way, bytes: &[u8]) {
        self.0.lock().unwrap().push((way, bytes.to_vec()));
    }

    /// The pieces of one direction.
    pub(crate) fn pieces(&self, way: Way) -> Vec<Vec<u8>> {
        let all = self.0.lock().unwrap();
        all.iter().filter(|(of, _)| *of == way).map(|(_, bytes)| bytes.clone()).collect()
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().iter().map(|(_, bytes)| bytes.len()).sum()
    }

    /// Whether `word` stands anywhere in what one side said, also across pieces.
    pub(crate) fn holds(&self, word: &str) -> bool {
        [Way::Out, Way::Back].into_iter().any(|way| {
            let all = self.pieces(way).concat();
            all.windows(word.len()).any(|window| window == word.as_bytes())
        })
    }
}

/// A relay of TCP connections.
pub(crate) struct TcpRelay {
    pub(crate) address: SocketAddr,
    pub(crate) recording: Recording,
    target: Arc<Mutex<SocketAddr>>,
    over: Arc<AtomicBool>,
}

impl TcpRelay {
    /// Listens on `host` and leads to `target`.
    pub(crate) fn open(host: [u8; 4], target: SocketAddr) -> Self {
        let listener = TcpListener::bind(SocketAddr::from((host, 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let recording = Recording::default();
        let (over, target) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(target)));
        let relay = Self { address, recording, target, over };
        let (recording, target) = (relay.recording.clone(), Arc::clone(&relay.target));
        let over = Arc::clone(&relay.over);
        std::thread::spawn(move || {
            for patient in listener.incoming().map_while(Result::ok) {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(center) = TcpStream::connect(*target.lock().unwrap()) else { continue };
                let ends = [(&patient, &center, Way::Out), (&center, &patient, Way::Back)];
                for (from, to, way) in ends {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let recording = recording.clone();
                    std::thread::spawn(move || carry(from, to, way, &recording));
                }
            }
        });
        relay
    }

    /// New connections lead to another target.
    pub(crate) fn lead_to(&self, target: SocketAddr) {
        *self.target.lock().unwrap() = target;
    }
}

impl Drop for TcpRelay {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // So that it looks.
        let _ = TcpStream::connect(self.address);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, way: Way, recording: &Recording) {
    let mut buffer = [0; 4_096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        recording.note(way, &buffer[..count]);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    // The other side may be gone already.
    let _ = to.shutdown(Shutdown::Write);
}

/// What becomes of a datagram: what is delivered in its place, in this order.
pub(crate) type Mischief = Box<dyn FnMut(Way, &[u8]) -> Vec<Vec<u8>> + Send>;

/// A relay of datagrams; each patient has a socket of its own behind it.
pub(crate) struct UdpRelay {
    pub(crate) address: SocketAddr,
    /// What came in, before any mischief.
    pub(crate) recording: Recording,
    mischief: Arc<Mutex<Mischief>>,
    target: Arc<Mutex<Option<SocketAddr>>>,
    over: Arc<AtomicBool>,
}

impl UdpRelay {
    /// A port that leads nowhere yet.
    pub(crate) fn open() -> Self {
        let front = UdpSocket::bind("127.0.0.1:0").unwrap();
        let relay = Self {
            address: front.local_addr().unwrap(),
            recording: Recording::default(),
            mischief: Arc::new(Mutex::new(Box::new(|_, datagram| vec![datagram.to_vec()]))),
            target: Arc::default(),
            over: Arc::default(),
        };
        let desk = Desk {
            front: front.try_clone().unwrap(),
            recording: relay.recording.clone(),
            mischief: Arc::clone(&relay.mischief),
            over: Arc::clone(&relay.over),
        };
        let target = Arc::clone(&relay.target);
        std::thread::spawn(move || desk.serve(&target));
        relay
    }

    /// Where datagrams go.
    pub(crate) fn lead_to(&self, doctor: SocketAddr) {
        *self.target.lock().unwrap() = Some(doctor);
    }

    /// What is done with datagrams from now on.
    pub(crate) fn set_mischief(
        &self,
        mischief: impl FnMut(Way, &[u8]) -> Vec<Vec<u8>> + Send + 'static,
    ) {
        *self.mischief.lock().unwrap() = Box::new(mischief);
    }
}

impl Drop for UdpRelay {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

struct Desk {
    front: UdpSocket,
    recording: Recording,
    mischief: Arc<Mutex<Mischief>>,
    over: Arc<AtomicBool>,
}

impl Desk {
    fn serve(self, target: &Mutex<Option<SocketAddr>>) {
        self.front.set_read_timeout(Some(LOOK_EVERY)).unwrap();
        let mut patients: HashMap<SocketAddr, UdpSocket> = HashMap::new();
        let mut buffer = [0; 2_048];
        while !self.over.load(Ordering::Relaxed) {
            let Ok((count, patient)) = self.front.recv_from(&mut buffer) else { continue };
            let Some(doctor) = *target.lock().unwrap() else { continue };
            let back = patients.entry(patient).or_insert_with(|| self.new_patient(patient, doctor));
            for datagram in self.handle(Way::Out, &buffer[..count]) {
                // What cannot be delivered is lost, as on any network.
                let _ = back.send(&datagram);
            }
        }
    }

    fn handle(&self, way: Way, datagram: &[u8]) -> Vec<Vec<u8>> {
        self.recording.note(way, datagram);
        (self.mischief.lock().unwrap())(way, datagram)
    }

    /// A socket of the patient's own, whose answers go back to the patient.
    fn new_patient(&self, patient: SocketAddr, doctor: SocketAddr) -> UdpSocket {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(doctor).unwrap();
        socket.set_read_timeout(Some(LOOK_EVERY)).unwrap();
        let answers = socket.try_clone().unwrap();
        let desk = Self {
            front: self.front.try_clone().unwrap(),
            recording: self.recording.clone(),
            mischief: Arc::clone(&self.mischief),
            over: Arc::clone(&self.over),
        };
        std::thread::spawn(move || {
            let mut buffer = [0; 2_048];
            while !desk.over.load(Ordering::Relaxed) {
                let Ok(count) = answers.recv(&mut buffer) else { continue };
                for datagram in desk.handle(Way::Back, &buffer[..count]) {
                    // As above.
                    let _ = desk.front.send_to(&datagram, patient);
                }
            }
        });
        socket
    }
}
