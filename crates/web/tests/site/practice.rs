//! A doctor's practice on a socket of its own, which answers, or does not.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use center::Settled;
use domain::{
    AccountId, Currency, DoctorAddress, DoctorName, EnrolmentCode, Money, PlanName, Service,
    Tariff, UserName,
};
use jiff::SignedDuration;
use protocol::ticket::SigningKey;
use protocol::{Arrival, DoctorIdentity, News, Plaintext, Practice, SealingSecret};
use store::{
    AccountRecord, Actor, Answer, ChoosePlan, CodeHash, Command, Enrol, OfferEnrolment, Outcome,
    PasswordHash, Query, RegisterDoctor, Standing, Store as _,
};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use crate::clinic::Clinic;

/// How a doctor treats questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Answers,
    Silent,
}

/// A doctor who has enrolled: a visit is 30.50 USD under "gold", and nothing else is covered.
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
        register(clinic, &name, &identity, port).await;
        let mut tariff = Tariff::default();
        let price = Money::parse("30.50", Currency::USD).unwrap();
        tariff.set(&Service::visit(), PlanName::new("gold").unwrap(), price);
        let mut practice = Practice::new(name, tariff);
        practice.enrol(identity);
        // The key with which `Clinic::open` has its tickets signed.
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

/// What the center decides of a command.
pub(crate) async fn decided(clinic: &Clinic, command: Command) -> Outcome {
    match clinic.runtime.commit(command).await {
        Settled::Decided(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

/// Somebody chooses a plan, which is offered.
pub(crate) async fn choose_plan(clinic: &Clinic, user: &str, plan: &str) {
    let plan = PlanName::new(plan).unwrap();
    let offer = Command::OfferPlans(vec![plan.clone()], Actor::Operator);
    assert_eq!(decided(clinic, offer).await, Outcome::Done);
    let query = Query::Account(UserName::new(user).unwrap());
    let answer = clinic.store.reader().unwrap().read(&query).unwrap();
    let Answer::Account(Some(account)) = answer else { panic!("{answer:?}") };
    let (patient, actor) = (account.patient.unwrap(), Actor::Account(standing(&account)));
    let choose = Command::ChoosePlan(ChoosePlan { patient, plan: Some(plan), actor });
    assert_eq!(decided(clinic, choose).await, Outcome::Done);
}

fn standing(account: &AccountRecord) -> Standing {
    let AccountRecord { account, credential, ended, .. } = *account;
    Standing { account, credential, ended, session: None, source: None }
}

async fn register(clinic: &Clinic, doctor: &DoctorName, identity: &DoctorIdentity, port: u16) {
    let code = CodeHash::of(&EnrolmentCode::fresh(&runtime::fresh_entropy()));
    let offer = OfferEnrolment {
        doctor: doctor.clone(),
        code,
        expires: runtime::now() + SignedDuration::from_hours(1),
        actor: Actor::Operator,
    };
    assert_eq!(decided(clinic, Command::OfferEnrolment(offer)).await, Outcome::Done);
    let enrol = Enrol {
        doctor: doctor.clone(),
        code,
        account: AccountId::fresh(runtime::now(), &runtime::fresh_entropy()),
        password: password(),
        source: None,
    };
    let Outcome::Enrolled(account) = decided(clinic, Command::Enrol(enrol)).await else {
        panic!("the code is the right one");
    };
    let register = RegisterDoctor {
        actor: Actor::Account(standing(&account)),
        address: DoctorAddress { host: None, port },
        keys: identity.keys(),
    };
    let registered = decided(clinic, Command::RegisterDoctor(register)).await;
    assert!(matches!(registered, Outcome::Registered(_)), "{registered:?}");
}

fn password() -> PasswordHash {
    let password = domain::Password::new(crate::clinic::PASSWORD).unwrap();
    runtime::password::hash_cheaply(&password, &mut runtime::password::Workspace::default())
}

async fn answer(socket: UdpSocket, mut practice: Practice, manner: Manner) {
    let mut buffer = vec![0; 65_535];
    loop {
        let (length, source) = socket.recv_from(&mut buffer).await.unwrap();
        let answer = answer_to(&mut practice, source, &buffer[..length]);
        if let (Some(answer), Manner::Answers) = (answer, manner) {
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
