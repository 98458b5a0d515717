//! A crowd's run from the beginning to the end, and all that was told of it.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use net::ShutdownTrigger;
use net::patient::Security;
use net::tls::{CertificatePem, TlsClient, TlsDoor};
use protocol::Dialect;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use simulator::capture::Capture;
use simulator::crowd::{
    CrowdEvent, CrowdPlan, Network, OwnClinic, Pace, Sent, VISITS_AT_ONCE_MAX, run,
};
use simulator::history::Recorder;
use simulator::plan::Choice;
use simulator::record::{DoctorUse, VisitEnd, VisitRecord};
use store::sqlite::TestStore;
use store::{Answer, AuditKey, Query, Store as _};

/// What a test usually wants.
pub(crate) fn plan() -> CrowdPlan {
    CrowdPlan {
        patients: 200,
        doctors: 4,
        slots: 300,
        pace: Pace::Rate(400.0),
        duration: None,
        at_once_max: VISITS_AT_ONCE_MAX,
        seed: 7,
        dialect: Dialect::Json,
        choice: Choice::Any,
        network: Network::default(),
    }
}

/// What came of a run.
pub(crate) struct Outcome {
    pub(crate) sent: Sent,
    pub(crate) visits: Vec<VisitRecord>,
    /// Lines of JSON.
    pub(crate) history: String,
    /// Who holds which slot, by the store.
    pub(crate) held: HashMap<u32, String>,
    pub(crate) doctors: Vec<DoctorUse>,
}

/// What is written, for whoever looks later.
#[derive(Clone, Default)]
pub(crate) struct Pad(pub(crate) Arc<Mutex<Vec<u8>>>);

impl Write for Pad {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A center's door, and a patient who trusts it.
fn tls() -> (TlsDoor, Security) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = authority.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(authority, key);
    let own = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let chain = params.signed_by(&own, &issuer).unwrap().pem();
    let own = own.serialize_pem();
    let door = TlsDoor::open(&CertificatePem { chain: chain.as_bytes(), key: own.as_bytes() });
    (door.unwrap(), Security::Tls(TlsClient::trusting(pem.as_bytes()).unwrap()))
}

pub(crate) async fn play(plan: &CrowdPlan, capture: Option<Capture>) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let key = AuditKey::new([7; 32]);
    let store = TestStore::create(&folder.path().join("crowd.db"), &key).unwrap();
    let (door, client) = tls();
    let (door, security) = match plan.dialect {
        Dialect::Json => (Some(door), client),
        _ => (None, Security::PlaintextOnLoopback),
    };
    let clinic = OwnClinic::open(plan, store.clone(), door, capture).await.unwrap();
    let place = Arc::new(clinic.destination(security));
    let pad = Pad::default();
    let history = Recorder::new(Box::new(pad.clone()));
    let mut visits = Vec::new();
    let mut told = |event| {
        if let CrowdEvent::Over(visit) = event {
            visits.push(*visit);
        }
    };
    let (_trigger, stop) = ShutdownTrigger::new();
    let sent = run(plan, place, Some(history.clone()), &mut told, stop).await;
    let doctors = clinic.doctor_use().unwrap();
    clinic.close().await;
    history.finish().unwrap();
    let history = String::from_utf8(pad.0.lock().unwrap().clone()).unwrap();
    let Answer::SlotRecords(slots) = store.reader().unwrap().read(&Query::Slots).unwrap() else {
        panic!("no slots");
    };
    let held = slots.into_iter().filter_map(|slot| Some((slot.slot.index.number(), slot.held_by?)));
    Outcome { sent, visits, history, held: held.collect(), doctors }
}

impl Outcome {
    pub(crate) fn count(&self, ended: impl Fn(&VisitEnd) -> bool) -> usize {
        self.visits.iter().filter(|visit| ended(&visit.ended)).count()
    }

    /// Nothing broke.
    pub(crate) fn assert_sound(&self) {
        for visit in &self.visits {
            assert!(!matches!(visit.ended, VisitEnd::Failed(_)), "{visit:?}");
        }
        let acknowledged: HashMap<u32, String> = self
            .visits
            .iter()
            .filter_map(|visit| {
                Some((visit.booking.as_ref()?.slot.number(), visit.patient.clone()))
            })
            .collect();
        let booked = self.visits.iter().filter(|visit| visit.booking.is_some()).count();
        assert_eq!(acknowledged.len(), booked, "a slot was given to two");
        assert_eq!(acknowledged, self.held, "what was told is not what is in the store");
    }
}

/// Long enough for any of these runs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
