//! What every case stands on: the lab, a bed for one case, the command under test, and the truth
//! as the kernel and the engines tell it.

mod bed;
mod behind;
mod ended;
mod lab;
mod topology;
mod truth;

pub(crate) use bed::{Bed, Engine, On, Place};
pub(crate) use ended::{Ended, run};
pub(crate) use lab::{Dut, Lab, VNFCTL};
pub(crate) use topology::{Group, Topology, text};
pub(crate) use truth::Task;

/// One `#[test]` for each case, engine and place: `case::docker_ssh` calls `case(&Bed)`.
macro_rules! everywhere {
    ($($case:ident),* $(,)?) => { $(
        mod $case {
            $crate::support::tests!($case;
                native_local Native Local, native_ssh Native Ssh,
                docker_local Docker Local, docker_ssh Docker Ssh,
                podman_local Podman Local, podman_ssh Podman Ssh,
                lxc_local Lxc Local, lxc_ssh Lxc Ssh,
                nspawn_local Nspawn Local, nspawn_ssh Nspawn Ssh);
        }
    )* };
}

/// One `#[test]` for each case and engine, here or over ssh by turns.
macro_rules! each_engine {
    ($($case:ident),* $(,)?) => { $(
        mod $case {
            $crate::support::tests!($case;
                native_local Native Local, docker_ssh Docker Ssh, podman_local Podman Local,
                lxc_ssh Lxc Ssh, nspawn_ssh Nspawn Ssh);
        }
    )* };
}

/// One `#[test]` for each case and engine, over ssh.
macro_rules! over_ssh {
    ($($case:ident),* $(,)?) => { $(
        mod $case {
            $crate::support::tests!($case;
                native Native Ssh, docker Docker Ssh, podman Podman Ssh, lxc Lxc Ssh,
                nspawn Nspawn Ssh);
        }
    )* };
}

/// As `everywhere!`, each on a DUT whose CPUs nobody else has: `case::exclusive_docker_ssh`.
macro_rules! exclusively {
    ($($case:ident),* $(,)?) => { $(
        mod $case {
            $crate::support::tests!($case exclusive;
                exclusive_native_local Native Local, exclusive_native_ssh Native Ssh,
                exclusive_docker_local Docker Local, exclusive_docker_ssh Docker Ssh,
                exclusive_podman_local Podman Local, exclusive_podman_ssh Podman Ssh,
                exclusive_lxc_local Lxc Local, exclusive_lxc_ssh Lxc Ssh,
                exclusive_nspawn_local Nspawn Local, exclusive_nspawn_ssh Nspawn Ssh);
        }
    )* };
}

/// As `in_both_places!`, each on a DUT that nobody else uses meanwhile.
macro_rules! exclusively_in_both_places {
    ($($case:ident),* $(,)?) => { $(
        mod $case {
            $crate::support::tests!($case exclusive;
                exclusive_local Native Local, exclusive_ssh Native Ssh);
        }
    )* };
}

/// One `#[test]` for each case and place; the case chooses its engines.
macro_rules! in_both_places {
    ($($case:ident),* $(,)?) => { $(
        mod $case {
            $crate::support::tests!($case; local Native Local, ssh Native Ssh);
        }
    )* };
}

/// `Bed::new` or another way to a bed, then name, engine and place of each test.
macro_rules! tests {
    ($case:ident; $($rest:tt)*) => { $crate::support::tests!($case new; $($rest)*); };
    ($case:ident $bed:ident; $($name:ident $engine:ident $place:ident),*) => { $(
        #[test]
        fn $name() {
            use $crate::support::{Bed, Engine, Place};
            super::$case(&Bed::$bed(stringify!($case), Engine::$engine, Place::$place));
        }
    )* };
}

pub(crate) use {
    each_engine, everywhere, exclusively, exclusively_in_both_places, in_both_places, over_ssh,
    tests,
};
