//! Captures, as Wireshark reads them.

use std::path::Path;
use std::process::Command;

use protocol::Dialect;
use simulator::capture::Capture;
use simulator::crowd::{CrowdPlan, Network};
use tokio::time::timeout;

use crate::clinic::{Outcome, PATIENCE, plan, play};

/// The lines that tshark prints about `file`; `None` where there is no tshark.
fn tshark(file: &Path, more: &[&str]) -> Option<Vec<String>> {
    let checked = ["ip", "tcp", "udp"].map(|protocol| format!("{protocol}.check_checksum:TRUE"));
    let mut command = Command::new("tshark");
    command.arg("-r").arg(file).args(checked.iter().flat_map(|option| ["-o", option])).args(more);
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("skipped: there is no tshark on this machine");
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

/// What came of a crowd of that dialect, its capture, and how many packets are in it.
async fn captured(dialect: Dialect, file: &Path) -> (Outcome, u64) {
    let out = std::io::BufWriter::new(std::fs::File::create(file).unwrap());
    let capture = Capture::begin(Box::new(out)).unwrap();
    let network = Network { loss: 0.2, ..Network::default() };
    let plan = CrowdPlan { dialect, patients: 30, slots: 60, network, ..plan() };
    let outcome = timeout(PATIENCE, play(&plan, Some(capture.clone()))).await.unwrap();
    outcome.assert_sound();
    (outcome, capture.finish().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_in_json_is_sealed_on_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crowd.pcapng");
    captured(Dialect::Json, &file).await;
    let Some(datagrams) = tshark(&file, &["-Y", "udp"]) else { return };
    assert!(datagrams.len() >= 60, "{}", datagrams.len());
    // A sealed datagram has 1,200 bytes, whatever is in it; UDP's header has 8.
    let other = tshark(&file, &["-Y", "udp.length != 1208"]).unwrap();
    assert!(other.is_empty(), "{other:#?}");
    let secret = tshark(&file, &["-Y", "frame contains \"password\""]).unwrap();
    assert!(secret.is_empty(), "{secret:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wireshark_finds_whole_streams_right_sums_and_what_was_lost() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crowd.pcapng");
    let (outcome, packets) = captured(Dialect::Spec, &file).await;
    let Some(all) = tshark(&file, &["-T", "fields", "-e", "frame.number"]) else { return };
    assert_eq!(all.len() as u64, packets);
    // The exercise's datagrams are words, not what other protocols at these ports might say.
    let wrong = "_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 \
                 || udp.checksum.status == 0 || tcp.analysis.flags";
    let found = tshark(&file, &["-Y", wrong]).unwrap();
    assert!(found.is_empty(), "{found:#?}");
    let streams = |filter: &str| {
        let mut found = tshark(&file, &["-Y", filter, "-T", "fields", "-e", "tcp.stream"]).unwrap();
        found.sort();
        found.dedup();
        found.len()
    };
    let connections: u32 = outcome.visits.iter().map(|visit| visit.connections).sum();
    assert_eq!(streams("tcp.flags.syn == 1 && tcp.flags.ack == 0"), connections as usize);
    assert_eq!(streams("tcp.flags.fin == 1"), connections as usize);
    let lost = tshark(&file, &["-Y", "frame.interface_name == \"lost\""]).unwrap().len();
    let said = tshark(&file, &["-Y", "frame.comment == \"lost by the relay\""]).unwrap().len();
    assert!(lost > 0 && lost == said, "{lost}, {said}");
    let followed = tshark(&file, &["-q", "-z", "follow,tcp,ascii,0"]).unwrap().join("\n");
    assert!(followed.contains("authenticate p") && followed.contains("success"), "{followed}");
}
