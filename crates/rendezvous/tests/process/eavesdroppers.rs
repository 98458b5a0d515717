//! Somebody who hears, and somebody who meddles: nothing is learnt, no wrong price is shown, and the
//! doctor answers nothing that is forged.

use std::io::Read as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

use crate::hospital::{Hospital, PATIENTS, secret_words, write_files_with};
use crate::relay::Way;
use crate::running::{rendezvous, told};

/// The size of every sealed datagram.
const SEALED_BYTES: usize = 1_200;

/// Places in a sealed datagram: first byte, ephemeral key, sealed text from end to end, check.
const PLACES: [usize; 9] = [0, 1, 16, 32, 33, 600, 1_183, 1_184, 1_199];

/// What is in front of the words of the simulation that is heard on the wire: other tests, which
/// speak in the clear meanwhile, never say it.
const ONLY_HERE: &str = "quartz-";

/// How long what waits in the system's buffer may take to be heard.
const HEARD_BY: Duration = Duration::from_secs(5);

/// Every protocol of the link layer (`ETH_P_ALL` of linux/if_ether.h), in network byte order.
const EVERY_PROTOCOL: i32 = 0x0003_u16.to_be() as i32;

#[test]
fn who_hears_a_visit_learns_no_name_password_or_plan() {
    let hospital = Hospital::open();
    let price = format!("Patient 1 receives {}$ estimation cost", PATIENTS[0].3);
    hospital.check(&["patient1", "--select", "1"], 0, &price);
    hospital.check(&["patient1", "--appointments"], 0, "booked 1 ");
    hospital.check(&["patient2"], 0, "reserved to Patient 2");
    let (tcp, udp) = (&hospital.counter.recording, &hospital.desk.recording);
    assert!(tcp.len() > 4_000, "it was all heard: {}", tcp.len());
    let sizes: Vec<usize> = [Way::Out, Way::Back]
        .into_iter()
        .flat_map(|way| udp.pieces(way))
        .map(|d| d.len())
        .collect();
    assert!(sizes.len() >= 4 && sizes.iter().all(|&size| size == SEALED_BYTES), "{sizes:?}");
    for word in secret_words() {
        assert!(!tcp.holds(word) && !udp.holds(word), "{word}");
    }
    // The same visit in the classic words is an open book: so the recording would show them.
    hospital.check(&["patient1", "--dialect", "spec", "--select", "3"], 0, "reserved");
    let (user, password, plan, _) = PATIENTS[0];
    assert!(tcp.holds(user) && tcp.holds(password), "the recording hears");
    assert!(udp.holds(plan), "and at the doctor's too");
}

/// All that crosses this machine's network interfaces meanwhile; `None` when the system does not let
/// us listen (it takes CAP_NET_RAW).
fn heard_on_the_wire(meanwhile: impl FnOnce()) -> Option<Vec<u8>> {
    let wire = Socket::new(Domain::PACKET, Type::DGRAM, Some(Protocol::from(EVERY_PROTOCOL)));
    let mut wire = wire.ok()?;
    // As much as the system gives.
    let _ = wire.set_recv_buffer_size(64 << 20);
    wire.set_read_timeout(Some(Duration::from_millis(200))).ok()?;
    let over = Arc::new(Mutex::new(None::<Instant>));
    let is_over = Arc::clone(&over);
    let listener = std::thread::spawn(move || {
        let (mut all, mut buffer) = (Vec::new(), vec![0; 1 << 17]);
        loop {
            let over = *is_over.lock().unwrap();
            match wire.read(&mut buffer) {
                Ok(count) => all.extend_from_slice(&buffer[..count]),
                Err(_) if over.is_some() => return all,
                Err(_) => {}
            }
            // Other tests may never be silent; what was said meanwhile is heard by then.
            if over.is_some_and(|over| over.elapsed() > HEARD_BY) {
                return all;
            }
        }
    });
    meanwhile();
    *over.lock().unwrap() = Some(Instant::now());
    listener.join().ok()
}

#[test]
fn a_whole_simulation_in_its_default_mode_shows_the_wire_nothing() {
    let play = |dialect: &str| {
        let folder = tempfile::tempdir().unwrap();
        write_files_with(folder.path(), ONLY_HERE);
        let words = ["simulate", "--input", ".", "--dialect", dialect];
        heard_on_the_wire(|| {
            let (code, screen, errors) = told(&mut rendezvous(folder.path(), &words));
            assert_eq!(code, 0, "{screen}{errors}");
            for (.., price) in PATIENTS {
                assert!(screen.contains(&format!("receives {price}$ estimation cost")), "{screen}");
            }
        })
    };
    let holds = |heard: &[u8], word: &str| {
        let word = format!("{ONLY_HERE}{word}");
        heard.windows(word.len()).any(|window| window == word.as_bytes())
    };
    let Some(heard) = play("json") else {
        println!("without CAP_NET_RAW nothing is heard; the relays of the other tests do");
        return;
    };
    let read: Vec<&str> = secret_words().into_iter().filter(|word| holds(&heard, word)).collect();
    let Some(heard) = play("spec") else { return };
    let in_the_clear = secret_words().into_iter().filter(|word| holds(&heard, word)).count();
    assert_eq!(in_the_clear, secret_words().len(), "the wire is heard");
    assert_eq!(read, Vec::<&str>::new(), "of {} bytes", heard.len());
}

/// The datagram with one bit flipped at each of the places.
fn flipped(datagram: &[u8]) -> Vec<Vec<u8>> {
    let flip = |&place: &usize| {
        let mut copy = datagram.to_vec();
        copy[place] ^= 0x01;
        copy
    };
    PLACES.iter().filter(|&&place| place < datagram.len()).map(flip).collect()
}

fn truncated(datagram: &[u8]) -> Vec<Vec<u8>> {
    [0, 1, 33, datagram.len() - 1].map(|length| datagram[..length].to_vec()).to_vec()
}

#[test]
fn altered_datagrams_change_no_price_and_get_no_answer() {
    let hospital = Hospital::open();
    hospital.desk.set_mischief(|_, datagram| {
        let forged = [flipped(datagram), truncated(datagram)].concat();
        [forged, vec![datagram.to_vec()]].concat()
    });
    let price = format!("Patient 1 receives {}$ estimation cost", PATIENTS[0].3);
    hospital.check(&["patient1"], 0, &price);
    let recording = &hospital.desk.recording;
    let (asked, answered) = (recording.pieces(Way::Out), recording.pieces(Way::Back));
    assert_eq!((asked.len(), answered.len()), (1, 1), "one answer to the one true request");
    hospital.expect_silence(&[flipped(&asked[0]), truncated(&asked[0])].concat());
    // What the doctor said is no question either.
    hospital.expect_silence(&answered);
}

#[test]
fn a_replay_from_another_socket_gains_nothing() {
    let hospital = Hospital::open();
    hospital.check(&["patient1"], 0, "estimation cost");
    let asked = hospital.desk.recording.pieces(Way::Out);
    hospital.expect_silence(&asked);
    hospital.expect_silence(&[asked.clone(), asked].concat());
}

#[test]
fn an_answer_to_somebody_else_is_not_taken() {
    let hospital = Hospital::open();
    // Each patient is first handed every answer that another patient got.
    let earlier = Arc::new(Mutex::new(Vec::<Vec<u8>>::new()));
    let kept = Arc::clone(&earlier);
    hospital.desk.set_mischief(move |way, datagram| {
        let mut earlier = kept.lock().unwrap();
        if way == Way::Out {
            return vec![datagram.to_vec()];
        }
        let delivered = earlier.iter().cloned().chain([datagram.to_vec()]).collect();
        earlier.push(datagram.to_vec());
        delivered
    });
    for (n, (.., price)) in PATIENTS.iter().enumerate() {
        let (name, n) = (format!("patient{}", n + 1), n + 1);
        let expected = format!("Patient {n} receives {price}$ estimation cost");
        hospital.check(&[&name], 0, &expected);
    }
    assert_eq!(earlier.lock().unwrap().len(), 2, "somebody else's answer was handed over");
}

#[test]
fn nobody_falls_back_to_the_clear_when_the_doctor_is_not_heard() {
    let hospital = Hospital::open();
    hospital.desk.set_mischief(|_, _| Vec::new());
    let began = Instant::now();
    hospital.check(&["patient1"], 1, "did not answer");
    assert!(began.elapsed() < Duration::from_secs(60));
    let asked = hospital.desk.recording.pieces(Way::Out);
    assert!(asked.len() >= 2 && asked.iter().all(|datagram| datagram.len() == SEALED_BYTES));
}
