//! Random plans on random nodes: what holds whatever happens.

use super::{Told, permit, plan, reason};
use proptest::prelude::*;
use std::collections::BTreeSet;
use vnfctl::executor::{Lanes, OnError, Options, Outcome, execute, undo};
use vnfctl::plan::StepId;
use vnfctl::transport::{Fake, Reply, Stop};

/// What a step of a random plan does: succeed, fail, or break its lane.
fn replies() -> impl Strategy<Value = u8> {
    prop_oneof![8 => Just(0_u8), 1 => Just(1), 1 => Just(2)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn every_step_ends_once_and_none_before_those_it_needs(
        steps in proptest::collection::vec((0..3_usize, any::<u32>(), replies()), 1..40),
        jobs in 1..5_usize,
        depth in 1..4_usize,
        policy in 0..4_usize,
    ) {
        let names = ["A", "B", "C"];
        // Up to three predecessors out of the 32 steps before.
        let after: Vec<Vec<StepId>> = steps.iter().enumerate().map(|(id, (_, bits, _))| {
            let all = (0..id.min(32)).filter(|bit| bits & (1 << bit) != 0);
            all.map(|bit| id - 1 - bit).take(3).collect()
        }).collect();
        let shape: Vec<(&str, &[StepId])> =
            steps.iter().zip(&after).map(|(step, after)| (names[step.0], after.as_slice())).collect();
        let plan = plan(&shape);
        let mut fake = Fake::new().with_depth(depth);
        for (id, (_, _, reply)) in steps.iter().enumerate() {
            match reply {
                1 => fake = fake.on("", &format!("<{id}>"), Reply::fail(1, "")),
                2 => fake = fake.on("", &format!("<{id}>"), Reply::Lost),
                _ => {}
            }
        }
        let on_error =
            [OnError::Stop, OnError::KeepGoing, OnError::Rollback, OnError::Regardless][policy];
        let (told, options) = (Told::default(), Options { jobs, on_error });
        let outcomes = execute(&plan, &Lanes::new(&fake), &permit(), options, &Stop::new(), &told);

        prop_assert_eq!(outcomes.len(), plan.steps.len());
        let told = told.all();
        let at = |word: String| told.iter().position(|told| *told == word);
        let mut ended = BTreeSet::new();
        for (id, outcome) in outcomes.iter().enumerate() {
            let ends = [format!("={id}"), format!("-{id}")];
            let count = told.iter().filter(|word| ends.contains(word)).count();
            prop_assert_eq!(count, 1, "step {} ended {} times: {:?}", id, count, &told);
            ended.insert(id);
            let Some(start) = at(format!("+{id}")) else { continue };
            for before in &after[id] {
                let end = at(format!("={before}"));
                let is_past = end.is_some_and(|end| end < start);
                let skipped = at(format!("-{before}")).is_some_and(|end| end < start);
                prop_assert!(is_past || (on_error == OnError::Regardless && skipped));
                let done = matches!(outcomes[*before], Outcome::Done);
                prop_assert!(done || on_error == OnError::Regardless, "{} ran after {}", id, before);
            }
            if on_error == OnError::KeepGoing && matches!(outcome, Outcome::Skipped { .. }) {
                let reason = reason(outcome);
                prop_assert!(reason.contains("needs") || reason.contains("lost"), "{}", reason);
            }
        }
        prop_assert_eq!(ended.len(), plan.steps.len());
        let all_good = steps.iter().all(|(_, _, reply)| *reply == 0);
        prop_assert_eq!(all_good, outcomes.iter().all(|o| matches!(o, Outcome::Done)));
        let undo = undo(&plan, &outcomes);
        let undone: BTreeSet<StepId> = undo.of.iter().copied().collect();
        prop_assert_eq!(undone.len(), undo.of.len());
        for (id, outcome) in outcomes.iter().enumerate() {
            prop_assert!(!matches!(outcome, Outcome::Done) || undone.contains(&id));
        }
        for (at, step) in undo.plan.steps.iter().enumerate() {
            prop_assert!(step.after.iter().all(|before| *before < at));
        }
    }
}
