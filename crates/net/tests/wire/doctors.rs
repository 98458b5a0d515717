//! Doctors under every kind of datagram, and patients who lose some.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use domain::{PlanName, Refusal, Service};
use net::patient::{DoctorLine, EstimateError};
use protocol::{Dialect, EstimateRequest};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::clinic::{Clinic, PATIENCE};

fn request(plan: &str) -> EstimateRequest {
    EstimateRequest {
        patient: "Patient1".to_owned(),
        service: Service::visit(),
        plan: PlanName::new(plan).unwrap(),
    }
}

async fn estimate(doctor: SocketAddr, dialect: Dialect, plan: &str) -> String {
    let line = DoctorLine::open(doctor).await.unwrap();
    line.ask(dialect, request(plan)).await.unwrap().price.to_string()
}

#[tokio::test]
async fn two_doctors_keep_answering_under_every_datagram() {
    let clinic = Clinic::open().await;
    let socket = UdpSocket::bind(("127.0.0.1", 0)).await.unwrap();
    let large = vec![b'x'; 65_507];
    let datagrams: [&[u8]; 12] = [
        b"",
        b"\0",
        b"\r\n",
        b"insurance9",
        b"insurance1\r\n extra",
        b"\xff\xfe\xfd",
        b"\x16\x03\x01\x00",
        b"{\"id\":",
        b"{\"id\":1,\"plan\":7}",
        b"{\"id\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
        &[0; 1_200],
        &large,
    ];
    for (name, price) in [("doc1", "30"), ("doc2", "40")] {
        for datagram in datagrams {
            socket.send_to(datagram, clinic.doctors[name]).await.unwrap();
            for dialect in [Dialect::Json, Dialect::Spec, Dialect::Nul, Dialect::Seed] {
                let found = estimate(clinic.doctors[name], dialect, "insurance1").await;
                assert_eq!(found, price, "{name} {dialect} after {} bytes", datagram.len());
            }
        }
    }
}

#[tokio::test]
async fn a_plan_that_is_not_covered_is_refused_where_words_allow_it() {
    let clinic = Clinic::open().await;
    for dialect in [Dialect::Json, Dialect::Seed] {
        let line = DoctorLine::open(clinic.doctors["doc1"]).await.unwrap();
        let refused = line.ask(dialect, request("gold")).await.unwrap_err();
        assert!(matches!(refused, EstimateError::Refused(Refusal::PlanNotCovered)), "{refused}");
    }
}

/// Passes datagrams on to `doctor` and back, but for the first `lost` of them.
async fn lossy_relay(doctor: SocketAddr, lost: usize) -> SocketAddr {
    let front = Arc::new(UdpSocket::bind(("127.0.0.1", 0)).await.unwrap());
    let address = front.local_addr().unwrap();
    let back = Arc::new(UdpSocket::bind(("127.0.0.1", 0)).await.unwrap());
    back.connect(doctor).await.unwrap();
    let seen = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        let mut bytes = [0; 2_048];
        let mut patient = None;
        let mut answer = [0; 2_048];
        loop {
            tokio::select! {
                Ok((count, source)) = front.recv_from(&mut bytes) => {
                    patient = Some(source);
                    if seen.fetch_add(1, Ordering::Relaxed) >= lost {
                        back.send(&bytes[..count]).await.unwrap();
                    }
                }
                Ok(count) = back.recv(&mut answer) => {
                    front.send_to(&answer[..count], patient.unwrap()).await.unwrap();
                }
            }
        }
    });
    address
}

#[tokio::test]
async fn lost_datagrams_are_sent_again() {
    let clinic = Clinic::open().await;
    for dialect in [Dialect::Json, Dialect::Seed] {
        // The seed's request is two datagrams: the plan of the second try gets through alone.
        let relay = lossy_relay(clinic.doctors["doc1"], 2).await;
        let began = Instant::now();
        let line = DoctorLine::open(relay).await.unwrap();
        let found = line.ask(dialect, request("insurance2")).await.unwrap();
        assert_eq!(found.price.to_string(), "20");
        // The seed's plan alone is a request, and it is the second try that brings it.
        let asked = line.asked();
        assert!(asked.len() >= 2 && asked.is_sorted() && asked[0] >= began, "{asked:?}");
        assert!(began.elapsed() >= Duration::from_millis(400));
    }
}

#[tokio::test]
async fn a_doctor_who_comes_late_is_still_asked() {
    // Nobody listens: ICMP "port unreachable" comes back for the first tries.
    let doctor = UdpSocket::bind(("127.0.0.1", 0)).await.unwrap();
    let address = doctor.local_addr().unwrap();
    drop(doctor);
    let asked = tokio::spawn(async move { estimate(address, Dialect::Spec, "insurance1").await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let doctor = UdpSocket::bind(address).await.unwrap();
    let mut bytes = [0; 100];
    let (_, patient) = timeout(PATIENCE, doctor.recv_from(&mut bytes)).await.unwrap().unwrap();
    doctor.send_to(b"55.50", patient).await.unwrap();
    assert_eq!(timeout(PATIENCE, asked).await.unwrap().unwrap(), "55.50");
}
