//! What a changing verb asks for, as data: one handler serves them all.

use super::{Change, Compress, Owner, Selection, Until, Verb};
use crate::engine::Packing;
use crate::plan::{self, Stage, Transfer};
use std::time::Duration;

/// A changing verb with its options.
pub(super) struct Wish<'a> {
    pub(super) verb: plan::Verb,
    pub(super) word: &'static str,
    pub(super) selection: &'a Selection,
    pub(super) recreate: bool,
    pub(super) grace: Duration,
    pub(super) change: &'a Change,
    pub(super) owner: Option<&'a Owner>,
    pub(super) transfer: Transfer,
}

/// From the stop signal to the end by force, for verbs that only stop on the way back.
const GRACE: Duration = Duration::from_secs(10);

impl<'a> Wish<'a> {
    /// The wish a verb expresses.
    ///
    /// # Panics
    /// For verbs that change nothing.
    pub(super) fn of(verb: &'a Verb) -> Self {
        let wish = |verb, word, selection, change| Wish {
            verb,
            word,
            selection,
            recreate: false,
            grace: GRACE,
            change,
            owner: None,
            transfer: Transfer::default(),
        };
        match verb {
            Verb::Acquire(args) => {
                wish(plan::Verb::Acquire, "acquire", &args.selection, &args.change)
            }
            Verb::Build(args) => wish(plan::Verb::Build, "build", &args.selection, &args.change),
            Verb::Distribute(args) => Wish {
                transfer: Transfer {
                    from: args.from.clone(),
                    packing: packing(args.compress),
                    ..Transfer::default()
                },
                ..wish(plan::Verb::Distribute, "distribute", &args.selection, &args.change)
            },
            Verb::Create(args) => Wish {
                recreate: args.recreate.recreate,
                ..wish(plan::Verb::Create, "create", &args.selection, &args.change)
            },
            Verb::Install(args) => {
                wish(plan::Verb::Install, "install", &args.selection, &args.change)
            }
            Verb::Configure(args) => {
                wish(plan::Verb::Configure, "configure", &args.selection, &args.change)
            }
            Verb::Up(args) => Wish {
                recreate: args.recreate.recreate,
                ..wish(plan::Verb::Up(stage(args.until)), "up", &args.selection, &args.change)
            },
            Verb::Start(args) => wish(plan::Verb::Start, "start", &args.selection, &args.change),
            Verb::Stop(args) => Wish {
                grace: args.grace.grace,
                ..wish(plan::Verb::Stop, "stop", &args.selection, &args.change)
            },
            Verb::Restart(args) => Wish {
                grace: args.grace.grace,
                ..wish(plan::Verb::Restart, "restart", &args.selection, &args.change)
            },
            Verb::Destroy(args) => Wish {
                owner: Some(&args.owner),
                ..wish(plan::Verb::Destroy, "destroy", &args.selection, &args.change)
            },
            Verb::Down(args) => Wish {
                grace: args.grace.grace,
                owner: Some(&args.owner),
                ..wish(plan::Verb::Down, "down", &args.selection, &args.change)
            },
            _ => unreachable!("the caller passes changing verbs only"),
        }
    }
}

fn packing(compress: Compress) -> Packing {
    match compress {
        Compress::None => Packing::None,
        Compress::Gzip => Packing::Gzip,
        Compress::Auto | Compress::Zstd => Packing::Zstd,
    }
}

fn stage(until: Until) -> Stage {
    match until {
        Until::Acquire => Stage::Acquire,
        Until::Create => Stage::Create,
        Until::Install => Stage::Install,
        Until::Configure => Stage::Configure,
        Until::Verify => Stage::Verify,
    }
}
