//! A doctor's practice on a socket of its own, which does what a test wants.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use domain::{
    AccountId, Currency, DoctorAddress, DoctorName, EnrolmentCode, Money, PlanName, Service, Tariff,
};
use jiff::SignedDuration;
use protocol::ticket::SigningKey;
use protocol::{Arrival, DoctorIdentity, News, Plaintext, Practice, SealingSecret};
use store::{Actor, CodeHash, Command, Enrol, OfferEnrolment, Outcome, RegisterDoctor};
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::clinic::{Clinic, right_hash, standing};

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What signs the center's tickets.
pub(crate) fn ticket_key() -> SigningKey {
    SigningKey::from_seed([1; 32]).unwrap()
}

/// How a doctor treats questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Answers,
    Silent,
    /// Much comes before the answer that is none.
    Forged,
}

/// A doctor who has enrolled: a visit is 30.50 USD under "gold", and nothing else is covered but
/// `visit0`, `visit1` ….
pub(crate) struct Doctor {
    pub(crate) name: DoctorName,
    manner: watch::Sender<Manner>,
    /// The questions by their bytes, each with how often it came.
    questions: watch::Receiver<HashMap<Vec<u8>, u32>>,
    answering: JoinHandle<()>,
}

impl Doctor {
    pub(crate) async fn enrol(clinic: &Clinic, name: &str, manner: Manner) -> Self {
        let name = DoctorName::new(name).unwrap();
        let signing = SigningKey::from_seed(runtime::fresh_entropy().0).unwrap();
        let sealing = SealingSecret::from_seed(runtime::fresh_entropy().0).unwrap();
        let identity = DoctorIdentity { sealing, signing };
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = socket.local_addr().unwrap().port();
        register(clinic, &name, &identity, port).await;
        let mut practice = Practice::new(name.clone(), tariff());
        practice.enrol(identity);
        let ticket_keys = vec![ticket_key().verifying_key()];
        practice.hear(&News { ticket_keys, over: Vec::new(), until: runtime::now() });
        let (manner, how) = watch::channel(manner);
        let (seen, questions) = watch::channel(HashMap::new());
        let answering = tokio::spawn(answer(socket, practice, how, seen));
        Self { name, manner, questions, answering }
    }

    pub(crate) fn becomes(&self, manner: Manner) {
        self.manner.send_replace(manner);
    }

    /// How many questions have come, each counted once.
    pub(crate) fn questions(&self) -> usize {
        self.questions.borrow().len()
    }

    /// Waits until `count` questions have come `times` times each.
    pub(crate) async fn hears(&mut self, count: usize, times: u32) {
        let heard = |questions: &HashMap<Vec<u8>, u32>| {
            questions.values().filter(|came| **came >= times).count() >= count
        };
        timeout(PATIENCE, self.questions.wait_for(heard)).await.expect("in time").unwrap();
    }
}

impl Drop for Doctor {
    fn drop(&mut self) {
        self.answering.abort();
    }
}

pub(crate) fn gold_price() -> Money {
    Money::parse("30.50", Currency::USD).unwrap()
}

fn tariff() -> Tariff {
    let gold = || PlanName::new("gold").unwrap();
    let mut tariff = Tariff::default();
    tariff.set(&Service::visit(), gold(), gold_price());
    for number in 0..100 {
        tariff.set(&Service::new(&format!("visit{number}")).unwrap(), gold(), gold_price());
    }
    tariff
}

async fn register(clinic: &Clinic, doctor: &DoctorName, identity: &DoctorIdentity, port: u16) {
    let code = EnrolmentCode::fresh(&runtime::fresh_entropy());
    let code = CodeHash::of(&code);
    let offer = OfferEnrolment {
        doctor: doctor.clone(),
        code,
        expires: runtime::now() + SignedDuration::from_hours(1),
        actor: Actor::Operator,
    };
    assert_eq!(clinic.decided(Command::OfferEnrolment(offer)).await, Outcome::Done);
    let enrol = Enrol {
        doctor: doctor.clone(),
        code,
        account: AccountId::fresh(runtime::now(), &runtime::fresh_entropy()),
        password: right_hash(),
        source: None,
    };
    let Outcome::Enrolled(account) = clinic.decided(Command::Enrol(enrol)).await else {
        panic!("the code is the right one");
    };
    let register = RegisterDoctor {
        actor: Actor::Account(standing(&account)),
        address: DoctorAddress { host: None, port },
        keys: identity.keys(),
    };
    let registered = clinic.decided(Command::RegisterDoctor(register)).await;
    assert!(matches!(registered, Outcome::Registered(_)), "{registered:?}");
}

async fn answer(
    socket: UdpSocket,
    mut practice: Practice,
    manner: watch::Receiver<Manner>,
    seen: watch::Sender<HashMap<Vec<u8>, u32>>,
) {
    let mut buffer = vec![0; 65_535];
    loop {
        let (length, source) = socket.recv_from(&mut buffer).await.unwrap();
        let question = &buffer[..length];
        seen.send_modify(|seen| *seen.entry(question.to_vec()).or_default() += 1);
        let manner = *manner.borrow();
        let Some(answer) = answer_to(&mut practice, source, question) else { continue };
        if manner == Manner::Forged {
            for forged in forgeries(question, &answer) {
                socket.send_to(&forged, source).await.unwrap();
            }
        }
        if manner != Manner::Silent {
            socket.send_to(&answer, source).await.unwrap();
        }
    }
}

fn answer_to(practice: &mut Practice, source: SocketAddr, question: &[u8]) -> Option<Vec<u8>> {
    let arrival = Arrival {
        now: Instant::now(),
        wall: runtime::now(),
        source,
        plaintext: Plaintext::Ignored,
        entropy: runtime::fresh_entropy(),
    };
    practice.answer(&arrival, question).answer
}

/// Words in the clear, the question itself, nothing, and the answer with one bit changed.
fn forgeries(question: &[u8], answer: &[u8]) -> Vec<Vec<u8>> {
    let mut changed = answer.to_vec();
    changed[answer.len() / 2] ^= 1;
    let refusal = br#"{"version":1,"id":1,"refusal":"plan_not_covered"}"#.to_vec();
    vec![b"1.00".to_vec(), refusal, question.to_vec(), Vec::new(), changed]
}
