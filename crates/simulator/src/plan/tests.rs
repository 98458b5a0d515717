//! What has to hold of every plan, wherever it comes from.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Plan, SlotPlan};

/// Panics when `plan` does not hold together.
pub(crate) fn check_plan(plan: &Plan) {
    assert!(plan.arrivals.is_sorted(), "arrivals are ascending");
    // An hour more, since clocks may be set back.
    let length = Duration::from_hours(24) * plan.days + Duration::from_hours(1);
    assert!(plan.arrivals.iter().all(|&at| at < length), "people come in the days of the plan");
    let indexes: BTreeSet<_> = plan.slots.iter().map(|slot| slot.index).collect();
    assert_eq!(indexes.len(), plan.slots.len(), "indexes are unique");
    let in_order = plan.slots.is_sorted_by_key(|slot| (slot.start, slot.doctor, slot.index));
    assert!(in_order, "slots are in order of their start, then their doctor, and so are indexes");
    assert!(plan.slots.iter().all(|slot| slot.start < slot.end), "slots last");
    assert!(plan.slots.iter().all(|slot| slot.start >= plan.begins), "slots are ahead");
    for doctor in 0..plan.doctors.len() {
        let own: Vec<&SlotPlan> = plan.slots.iter().filter(|s| s.doctor == doctor).collect();
        let apart = own.windows(2).all(|pair| pair[0].end <= pair[1].start);
        assert!(apart, "slots of a doctor do not overlap");
    }
    assert!(plan.slots.iter().all(|slot| slot.doctor < plan.doctors.len()), "doctors are known");
    assert!(!plan.habits.plans.is_empty(), "people have insurance plans");
}
