//! A thousand patients go for one slot: one gets it.

use std::net::SocketAddr;
use std::sync::Arc;

use protocol::limits::Deadlines;
use store::{Answer, Query, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::clinic::{Clinic, PATIENCE};

const PATIENTS: usize = 1_000;
const AT_ONCE: usize = 200;

/// Logs in, waits for the others, chooses slot 1; gives the last reply.
async fn go_for_slot_1(center: SocketAddr, patient: usize, others: Arc<Barrier>) -> String {
    let mut stream = TcpStream::connect(center).await.unwrap();
    stream.write_all(format!("authenticate p{patient} password111\0").as_bytes()).await.unwrap();
    let mut welcome = [0; 8];
    stream.read_exact(&mut welcome).await.unwrap();
    assert_eq!(&welcome, b"success\0");
    others.wait().await;
    stream.write_all(b"selection 1\0").await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    reply
}

/// All patients, so many at a time; gives how many got the slot.
async fn contend(center: SocketAddr) -> usize {
    let mut won = 0;
    for wave in 0..PATIENTS / AT_ONCE {
        let others = Arc::new(Barrier::new(AT_ONCE));
        let mut patients = JoinSet::new();
        for patient in wave * AT_ONCE..(wave + 1) * AT_ONCE {
            patients.spawn(go_for_slot_1(center, patient, Arc::clone(&others)));
        }
        let replies = timeout(PATIENCE * 3, patients.join_all()).await.expect("all are answered");
        for reply in replies {
            match reply.as_str() {
                "doc1 41000\0" => won += 1,
                "notavailable\0" => {}
                other => panic!("{other:?}"),
            }
        }
    }
    won
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_a_thousand_gets_the_slot_and_again_after_a_cancellation() {
    let clinic = Clinic::with(Deadlines::default(), PATIENTS).await;
    assert_eq!(contend(clinic.center).await, 1);
    let held = appointments(&clinic);
    assert_eq!(held.len(), 1);
    let cancel = store::Command::Cancel(store::Cancel {
        patient: None,
        actor: store::Actor::Operator,
        request: None,
        appointment: held[0].appointment.id,
        reason: None,
    });
    clinic.runtime.commit(cancel).await;
    assert_eq!(appointments(&clinic).len(), 0);
    assert_eq!(contend(clinic.center).await, 1);
    assert_eq!(appointments(&clinic).len(), 1);
}

fn appointments(clinic: &Clinic) -> Vec<store::AppointmentRecord> {
    let query = Query::Appointments { closed_too: false };
    match clinic.store.reader().unwrap().read(&query).unwrap() {
        Answer::AppointmentRecords(records) => records,
        other => panic!("{other:?}"),
    }
}
