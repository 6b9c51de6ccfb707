use std::sync::{Arc, Mutex};

use domain::Fault;
use sha2::{Digest, Sha256};

/// Randomness: the system's generator, or a seed for simulations that can be replayed.
#[derive(Clone, Default)]
pub struct Random {
    seeded: Option<Arc<Mutex<SeededRandom>>>,
}

struct SeededRandom {
    seed: u64,
    counter: u64,
}

impl Random {
    pub fn system() -> Self {
        Self::default()
    }

    /// The same bytes in the same order for the same seed. For tests only: not secret.
    pub fn seeded(seed: u64) -> Self {
        Self { seeded: Some(Arc::new(Mutex::new(SeededRandom { seed, counter: 0 }))) }
    }

    /// `N` unpredictable bytes.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], Fault> {
        let mut out = [0; N];
        match &self.seeded {
            None => fill(&mut out)?,
            Some(seeded) => {
                let mut seeded = seeded.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                for chunk in out.chunks_mut(32) {
                    seeded.counter = seeded.counter.wrapping_add(1);
                    let block = Sha256::new()
                        .chain_update(seeded.seed.to_be_bytes())
                        .chain_update(seeded.counter.to_be_bytes())
                        .finalize();
                    for (to, from) in chunk.iter_mut().zip(block) {
                        *to = from;
                    }
                }
            }
        }
        Ok(out)
    }

    /// A number below `bound`, every one as likely (rejection sampling).
    pub fn below(&self, bound: u64) -> Result<u64, Fault> {
        let fair = u64::MAX - u64::MAX % bound.max(1);
        loop {
            let number = u64::from_be_bytes(self.bytes()?);
            if number < fair {
                return Ok(number % bound.max(1));
            }
        }
    }

    /// `N` bytes in hexadecimal: an opaque id.
    pub fn hex<const N: usize>(&self) -> Result<String, Fault> {
        Ok(self.bytes::<N>()?.iter().map(|b| format!("{b:02x}")).collect())
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the system's randomness is read")]
fn fill(out: &mut [u8]) -> Result<(), Fault> {
    getrandom::fill(out).map_err(|e| Fault::new("reading the system's randomness", e))
}
