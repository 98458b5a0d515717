//! Histories that hold because they were made by slots that behave: each operation is done at a
//! moment between its begin and its end.

use std::collections::HashMap;

use super::super::{Entry, EntryKind, Op};

/// What is to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) operations: usize,
    pub(super) processes: u64,
    pub(super) slots: u64,
    /// Of 1,000 changes, how many are of unknown outcome.
    pub(super) unknown: u64,
    /// Of 1,000 operations, how many are lists.
    pub(super) lists: u64,
}

/// Numbers that follow from a seed (SplitMix64).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (word ^ (word >> 31)) % end
    }
}

enum Stage {
    Idle,
    Asked(Entry),
    Done(Entry),
}

/// A valid history. A process is a patient of its own; one whose outcome is unknown comes back under
/// the same name.
pub(super) fn history(size: Size, seed: u64) -> Vec<Entry> {
    let mut dice = Dice(seed);
    let mut holders: HashMap<u64, u64> = HashMap::new();
    let mut stages: Vec<Stage> = (0..size.processes).map(|_| Stage::Idle).collect();
    let mut late: Vec<Entry> = Vec::new();
    let mut lines = Vec::new();
    let (mut begun, mut time) = (0, 0);
    while begun < size.operations || stages.iter().any(|stage| !matches!(stage, Stage::Idle)) {
        time += 1 + dice.below(50);
        let process = dice.below(size.processes);
        if !late.is_empty() && dice.below(4) == 0 {
            let at = usize::try_from(dice.below(late.len() as u64)).unwrap();
            let mut one = late.swap_remove(at);
            carry_out(&mut one, &mut holders, size.slots);
        }
        let stage = &mut stages[usize::try_from(process).unwrap()];
        *stage = match std::mem::replace(stage, Stage::Idle) {
            Stage::Idle if begun == size.operations => Stage::Idle,
            Stage::Idle => {
                begun += 1;
                let entry = asked(&mut dice, size, process, time);
                lines.push(entry.clone());
                Stage::Asked(entry)
            }
            Stage::Asked(mut entry) if entry.op != Op::List && dice.below(1_000) < size.unknown => {
                entry.kind = EntryKind::Info;
                entry.time = time;
                lines.push(entry.clone());
                match dice.below(3) {
                    0 => carry_out(&mut entry, &mut holders, size.slots),
                    1 => late.push(entry),
                    _ => {}
                }
                Stage::Idle
            }
            Stage::Asked(mut entry) => {
                carry_out(&mut entry, &mut holders, size.slots);
                Stage::Done(entry)
            }
            Stage::Done(mut entry) => {
                entry.time = time;
                lines.push(entry);
                Stage::Idle
            }
        };
    }
    lines
}

fn asked(dice: &mut Dice, size: Size, process: u64, time: u64) -> Entry {
    let op = match dice.below(1_000) {
        roll if roll < size.lists => Op::List,
        roll if roll % 3 == 0 => Op::Cancel,
        _ => Op::Book,
    };
    let slot = (op != Op::List).then(|| dice.below(size.slots).to_string());
    let (kind, patient) = (EntryKind::Invoke, format!("patient{process}"));
    let partial = op == Op::List && dice.below(2) == 0;
    Entry { process, kind, op, slot, patient, time, free: None, partial }
}

/// What the slots say at this moment.
fn carry_out(entry: &mut Entry, holders: &mut HashMap<u64, u64>, slots: u64) {
    let Some(slot) = entry.slot.as_ref().map(|slot| slot.parse::<u64>().unwrap()) else {
        let free = (0..slots).filter(|slot| !holders.contains_key(slot));
        entry.free = Some(free.map(|slot| slot.to_string()).collect());
        entry.kind = EntryKind::Ok;
        return;
    };
    let holder = holders.get(&slot).copied();
    let own = holder == Some(entry.process);
    entry.kind = match entry.op {
        Op::Book if own || holder.is_none() => {
            holders.insert(slot, entry.process);
            EntryKind::Ok
        }
        Op::Cancel if own => {
            holders.remove(&slot);
            EntryKind::Ok
        }
        _ => EntryKind::Fail,
    };
}
