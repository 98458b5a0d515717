//! A doctor who has enrolled with the clinic, on a socket of its own.

use std::net::Ipv4Addr;
use std::time::Instant;

use domain::{
    AccountId, Currency, DoctorAddress, DoctorName, EnrolmentCode, Money, PlanName, Service, Tariff,
};
use jiff::{SignedDuration, Timestamp};
use protocol::ticket::SigningKey;
use protocol::{Arrival, DoctorIdentity, News, Plaintext, Practice, SealingSecret};
use store::{
    Actor, CodeHash, Command, Enrol, OfferEnrolment, Outcome, RegisterDoctor, Standing, Store as _,
};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use crate::clinic::{Clinic, hash};

/// Whether a doctor answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Answers,
    Silent,
}

/// A doctor for whom a visit under the plan `Gold` is 30.50 USD, and who covers nothing else.
pub(crate) struct Doctor {
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
        register(clinic, &name, &identity, port);
        let mut tariff = Tariff::default();
        let price = Money::parse("30.50", Currency::USD).unwrap();
        tariff.set(&Service::visit(), PlanName::new("Gold").unwrap(), price);
        let mut practice = Practice::new(name, tariff);
        practice.enrol(identity);
        let ticket_keys = vec![SigningKey::from_seed([1; 32]).unwrap().verifying_key()];
        practice.hear(&News { ticket_keys, over: Vec::new(), until: runtime::now() });
        Self { answering: tokio::spawn(answer(socket, practice, manner)) }
    }
}

impl Drop for Doctor {
    fn drop(&mut self) {
        self.answering.abort();
    }
}

fn register(clinic: &Clinic, doctor: &DoctorName, identity: &DoctorIdentity, port: u16) {
    let now = Timestamp::now();
    let mut writer = clinic.store.writer().unwrap();
    let mut decided = |command| writer.commit(now, &[command]).unwrap().remove(0);
    let code = CodeHash::of(&EnrolmentCode::fresh(&runtime::fresh_entropy()));
    let offer = OfferEnrolment {
        doctor: doctor.clone(),
        code,
        expires: now + SignedDuration::from_hours(1),
        actor: Actor::Operator,
    };
    assert_eq!(decided(Command::OfferEnrolment(offer)), Outcome::Done);
    let account = AccountId::fresh(now, &runtime::fresh_entropy());
    let enrol = Enrol { doctor: doctor.clone(), code, account, password: hash(), source: None };
    let Outcome::Enrolled(account) = decided(Command::Enrol(enrol)) else {
        panic!("the code is the right one");
    };
    let standing = Standing {
        account: account.account,
        credential: account.credential,
        ended: account.ended,
        session: None,
        source: None,
    };
    let register = RegisterDoctor {
        actor: Actor::Account(standing),
        address: DoctorAddress { host: None, port },
        keys: identity.keys(),
    };
    let registered = decided(Command::RegisterDoctor(register));
    assert!(matches!(registered, Outcome::Registered(_)), "{registered:?}");
}

async fn answer(socket: UdpSocket, mut practice: Practice, manner: Manner) {
    let mut buffer = vec![0; 65_535];
    loop {
        let (length, source) = socket.recv_from(&mut buffer).await.unwrap();
        let arrival = Arrival {
            now: Instant::now(),
            wall: runtime::now(),
            source,
            plaintext: Plaintext::Ignored,
            entropy: runtime::fresh_entropy(),
        };
        let answer = practice.answer(&arrival, &buffer[..length]).answer;
        if let (Some(answer), Manner::Answers) = (answer, manner) {
            socket.send_to(&answer, source).await.unwrap();
        }
    }
}
