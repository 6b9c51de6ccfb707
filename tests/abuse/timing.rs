//! How long a login takes for a name that exists and for one that does not. Measured and printed, never asserted:
//! what makes the times equal is proven by `hashing.rs` and `states.rs`.

use std::time::{Duration, Instant};

use journeys::TestPortal;
use journeys::local::Options;

const PAIRS: usize = 2_000;

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Mean and variance.
fn moments(times: &[f64]) -> (f64, f64) {
    let n = times.len() as f64;
    let mean = times.iter().sum::<f64>() / n;
    (mean, times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (n - 1.0))
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

#[tokio::test]
#[ignore = "four minutes of measuring: infra/proofs.md has the command"]
async fn inv_i05_times_of_a_login_for_a_name_that_exists_and_one_that_does_not() {
    let Some(portal) = TestPortal::alone_with(Options { limits: false, demo: false, ..Options::default() })
    else {
        return;
    };
    let known = portal.known_citizen().await.elsewhere();
    let unknown = portal.citizen();
    let mut times = [Vec::with_capacity(PAIRS), Vec::with_capacity(PAIRS)];
    for pair in 0..PAIRS + 20 {
        // Turn about, so that what drifts drifts for both.
        for which in [pair % 2, 1 - pair % 2] {
            let who = if which == 0 { &known } else { &unknown };
            let before = Instant::now();
            let answer = who.logs_in_with("not the password at all").await;
            let took = before.elapsed();
            assert_eq!(answer.status, 401);
            // The first ones warm up.
            if pair >= 20 {
                times[which].push(millis(took));
            }
        }
    }
    let [(mean, variance), (other_mean, other_variance)] = [moments(&times[0]), moments(&times[1])];
    let t = (mean - other_mean) / ((variance + other_variance) / PAIRS as f64).sqrt();
    let [a, b] = &mut times;
    println!(
        "{PAIRS} pairs: median {:.3} ms for a name that exists, {:.3} ms for one that does not; Welch's t = {t:.2} \
         (distinguishable beyond 4.5)",
        median(a),
        median(b)
    );
}
