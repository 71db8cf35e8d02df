//! The right to act: without it the executor cannot be called, and a dry run has none.

/// Proof that this is no dry run. [`super::execute`] takes it, and [`Permit::unless_dry_run`] is
/// the only way to get one.
#[derive(Debug)]
pub struct Permit(());

impl Permit {
    /// A permit, except in a dry run.
    pub fn unless_dry_run(dry_run: bool) -> Option<Self> {
        (!dry_run).then_some(Self(()))
    }
}
