use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::Ipv4Addr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A repeatable random generator: one seed decides every number.
pub struct Rng {
    state: AtomicU64,
}

static SEED: OnceLock<u64> = OnceLock::new();

impl Rng {
    /// Seeded by the run's seed and this test's name.
    pub fn of_this_test() -> Self {
        let seed = *SEED.get_or_init(|| {
            let given = crate::portal::variable("JOURNEYS_SEED");
            let given = given.map(|text| text.parse().expect("JOURNEYS_SEED is a whole number"));
            given.unwrap_or_else(|| RandomState::new().build_hasher().finish())
        });
        println!("JOURNEYS_SEED={seed}");
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        let mixed = name.bytes().fold(seed, |mixed, b| mix(mixed ^ u64::from(b)));
        Self { state: AtomicU64::new(mixed) }
    }

    /// Seeded by one number.
    pub fn of_seed(seed: u64) -> Self {
        Self { state: AtomicU64::new(mix(seed)) }
    }

    /// Returns true so many times in a hundred.
    pub fn chance(&self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn number(&self) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        mix(self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP))
    }

    /// From 0 to one less than `end`.
    pub fn below(&self, end: u64) -> u64 {
        self.number() % end
    }

    pub fn digits(&self, n: usize) -> String {
        (0..n).map(|_| char::from(b"0123456789"[self.place(10)])).collect()
    }

    pub fn letters(&self, n: usize) -> String {
        (0..n).map(|_| char::from(b"bcdfghjklmnpqrstvz"[self.place(18)])).collect()
    }

    pub fn one_of<'a, T>(&self, all: &'a [T]) -> &'a T {
        &all[self.place(all.len())]
    }

    fn place(&self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).expect("smaller than a usize")
    }

    /// A source address that nobody else calls from. The stack's own data and PSP come from 127.255.*.
    pub fn address(&self) -> Ipv4Addr {
        let part = |from: u64, to: u64| u8::try_from(from + self.below(to - from)).expect("a byte");
        Ipv4Addr::new(127, part(1, 255), part(0, 256), part(1, 255))
    }
}

/// SplitMix64's finish.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
