//! A reply that is lost on the way is asked for again: one booking, the same answer.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::clinic::{Clinic, PATIENCE};

/// A plain JSON client.
struct Client(TcpStream);

impl Client {
    fn log_in(center: SocketAddr) -> (Self, String) {
        let mut client = Self::connect(center);
        client.send(r#"{"id":0,"request":"log_in","user":"p0","password":"password111"}"#);
        let reply = client.line();
        let token = reply.split(r#""token":""#).nth(1).unwrap()[..64].to_owned();
        (client, token)
    }

    fn come_back(center: SocketAddr, token: &str) -> Self {
        let mut client = Self::connect(center);
        client.send(&format!(r#"{{"id":0,"request":"resume","token":"{token}"}}"#));
        assert!(client.line().contains("logged_in"));
        client
    }

    fn connect(center: SocketAddr) -> Self {
        let stream = TcpStream::connect(center).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(stream)
    }

    fn send(&mut self, line: &str) {
        self.0.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = Vec::new();
        while line.last() != Some(&b'\n') {
            let mut byte = [0];
            self.0.read_exact(&mut byte).unwrap();
            line.push(byte[0]);
        }
        String::from_utf8(line).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_cut_off_at_any_byte_is_had_again() {
    let clinic = Clinic::with(protocol::limits::Deadlines::default(), 1).await;
    let center = clinic.center;
    tokio::task::spawn_blocking(move || {
        let (_, token) = Client::log_in(center);
        let mut cut = 0;
        loop {
            let book = |request_id| {
                format!(r#"{{"id":1,"request":"book","slot":"3","request_id":"{request_id}"}}"#)
            };
            let mut lost = Client::come_back(center, &token);
            lost.send(&book(cut));
            lost.0.read_exact(&mut vec![0; cut]).unwrap();
            drop(lost);

            let mut client = Client::come_back(center, &token);
            client.send(&book(cut));
            let reply = client.line();
            assert!(reply.contains(r#""reply":"booked""#), "cut at {cut}: {reply}");
            client.send(&book(cut));
            assert_eq!(client.line(), reply);
            client.send(r#"{"id":2,"request":"appointments"}"#);
            let booked = client.line().matches(r#""status":"booked""#).count();
            assert_eq!(booked, 1, "cut at {cut}");

            let appointment = &reply.split(r#""appointment":""#).nth(1).unwrap()[..36];
            client.send(&format!(
                r#"{{"id":3,"request":"cancel","appointment":"{appointment}","request_id":"c{cut}"}}"#
            ));
            assert!(client.line().contains("cancelled"));
            cut += 1;
            if cut == reply.len() {
                break;
            }
        }
    })
    .await
    .unwrap();
}
