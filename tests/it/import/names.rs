//! Any name that the grammar can say.

use proptest::prelude::*;
use vnfctl::import::{
    App, Cipher, Cpus, Density, Driver, Forwarding, Frame, Group, Head, Layout, Learning,
    NfForwarding, Nic, Pods, PodsLayout, Single, Suite, Switch, SwitchSize, Technology, TestName,
    TestType, Testbed, VirtualSide, Width, Wire,
};

fn count() -> impl Strategy<Value = u32> {
    prop_oneof![1..=8_u32, 1..=300_u32]
}

fn of<T: Copy + std::fmt::Debug>(words: &'static [(&'static str, T)]) -> BoxedStrategy<T> {
    (0..words.len()).prop_map(move |index| words[index].1).boxed()
}

fn head() -> impl Strategy<Value = Head> {
    let frame = prop_oneof![(64..9001_u32).prop_map(Frame::Bytes), Just(Frame::Imix)];
    let cores =
        (prop::option::of(1..9_u32), 1..9_u32).prop_map(|(threads, cores)| Cpus { threads, cores });
    let testbed =
        (1..=3_u32, prop::option::of(1..3_u32)).prop_map(|(nodes, links)| Testbed { nodes, links });
    let card = (1..400_u32, 1..9_u32, 1..9_u32, "[a-z0-9]{1,8}")
        .prop_map(|(speed, ports, cards, model)| Nic::Card { speed, ports, cards, model });
    let nic = prop_oneof![card, (1..9_u32).prop_map(|ports| Nic::Virtual { ports })];
    (
        prop::option::of(1..100_u32),
        prop::option::of(frame),
        prop::option::of(cores),
        prop::option::of(testbed),
        prop::option::of(nic),
        prop::option::of(of(Driver::WORDS)),
    )
        .prop_map(|(case, frame, cores, testbed, nic, driver)| Head {
            case,
            frame,
            cores,
            testbed,
            nic,
            driver,
        })
}

fn switch() -> impl Strategy<Value = Switch> {
    let size = prop_oneof![
        Just(SwitchSize::Unsaid),
        Just(SwitchSize::Base),
        count().prop_map(SwitchSize::Scale),
        (1..100_u32).prop_map(|thousands| SwitchSize::Scale(thousands * 1_000)),
        (1..5_u32).prop_map(|millions| SwitchSize::Scale(millions * 1_000_000)),
    ];
    (of(Forwarding::WORDS), size, prop::option::of(of(Learning::WORDS))).prop_map(
        |(forwarding, size, learning)| {
            let learning = learning.filter(|_| forwarding == Forwarding::L2bd);
            Switch { forwarding, size, learning }
        },
    )
}

fn app() -> BoxedStrategy<App> {
    of(&App::WORDS)
}

fn layout() -> impl Strategy<Value = Layout> {
    prop_oneof![Just(Layout::Parallel), Just(Layout::Horizontal), Just(Layout::Chain)]
}

fn virtual_side() -> impl Strategy<Value = VirtualSide> {
    let technology = || of(Technology::WORDS);
    let single = (count(), any::<bool>(), count(), technology(), any::<bool>()).prop_map(
        |(memifs, dma, nfs, technology, huge1g)| {
            VirtualSide::Single(Single { memifs, dma, nfs, technology, huge1g })
        },
    );
    let pods_layout = prop_oneof![
        Just(PodsLayout::Unsaid),
        layout().prop_map(PodsLayout::Before),
        (count(), layout()).prop_map(|(count, layout)| PodsLayout::After { count, layout }),
    ];
    let forwarding = prop_oneof![Just(NfForwarding::L2xc), Just(NfForwarding::Ip4)];
    let pods = (1..3_u32, count(), count(), forwarding, pods_layout, any::<bool>()).prop_map(
        |(switches, memifs, nfs, forwarding, layout, kubernetes)| {
            VirtualSide::Pods(Pods { switches, memifs, nfs, forwarding, layout, kubernetes })
        },
    );
    let group = (
        prop::option::of(count()),
        count(),
        any::<bool>(),
        count(),
        technology(),
        prop::option::of(app()),
    )
        .prop_map(|(memifs, chains, pipelines, nfs, technology, app)| {
            VirtualSide::Group(Group { memifs, chains, pipelines, nfs, technology, app })
        });
    let width = prop_oneof![(1..9_u32).prop_map(Width::Threads), (1..9_u32).prop_map(Width::Cores)];
    let density = (
        (count(), any::<bool>(), count(), count(), technology()),
        (width, app(), prop::collection::vec(of(Cipher::WORDS), 0..3)),
    )
        .prop_map(|((chains, pipelines, memifs, nfs, technology), (width, app, ciphers))| {
            VirtualSide::Density(Density {
                chains,
                pipelines,
                memifs,
                nfs,
                technology,
                width,
                app,
                ciphers,
            })
        });
    prop_oneof![single, pods, group, density]
}

/// A name, sense or nonsense.
pub(crate) fn test_name() -> impl Strategy<Value = TestName> {
    let wire = prop_oneof![
        (0..Wire::WORDS.len()).prop_map(|index| Wire::Word(Wire::WORDS[index])),
        count().prop_map(|tunnels| Wire::Ipsec { tunnels }),
    ];
    let suite = (wire, switch(), virtual_side()).prop_map(|(wire, switch, virtual_side)| Suite {
        wire,
        switch,
        virtual_side,
    });
    (head(), suite, prop::option::of(of(TestType::WORDS)))
        .prop_map(|(head, suite, test_type)| TestName { head, suite, test_type })
}
