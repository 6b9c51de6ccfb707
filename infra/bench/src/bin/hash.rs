//! How long one password hash takes at today's parameters, and which code runs it.

use argon2::{Algorithm, Argon2, Block, Params, Version};

const ROUNDS: usize = 60;

fn main() {
    let Ok(params) = Params::new(19_456, 2, 1, Some(32)) else { return };
    let Ok(argon2) = Argon2::new_with_secret(b"pepper", Algorithm::Argon2id, Version::V0x13, params.clone())
    else {
        return;
    };
    let mut memory = vec![Block::default(); params.block_count()];
    let mut took: Vec<u64> = (0..ROUNDS)
        .filter_map(|_| {
            let (began, mut output) = (processor_time(), [0; 32]);
            let salt = b"sixteen bytes at";
            let hashed = argon2.hash_password_into_with_memory(b"password", salt, &mut output, &mut memory);
            hashed.ok().map(|()| processor_time().saturating_sub(began))
        })
        .collect();
    took.sort_unstable();
    let half = took.get(took.len() / 2).copied().unwrap_or_default();
    println!(r#"{{"microseconds": {half}, "path": "{}"}}"#, path());
}

/// This thread's processor time in microseconds, as Linux counts it.
fn processor_time() -> u64 {
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    counted.split(' ').next().and_then(|nanos| nanos.parse::<u64>().ok()).unwrap_or(0) / 1_000
}

/// The code that `argon2` chooses on this processor.
fn path() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return "AVX2";
    }
    if cfg!(target_arch = "aarch64") { "NEON" } else { "scalar" }
}
