use std::time::{Duration, Instant};

use tokio::task::{JoinSet, LocalSet};

/// Does all of it at the same time; the outcomes are in the order given.
pub async fn together<T: 'static>(
    all: impl IntoIterator<Item = impl Future<Output = T> + 'static>,
) -> Vec<T> {
    let mut set = JoinSet::new();
    let local = LocalSet::new();
    for (place, one) in all.into_iter().enumerate() {
        set.spawn_local_on(async move { (place, one.await) }, &local);
    }
    let mut done = local.run_until(set.join_all()).await;
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Asks until the answer is there, for ten seconds.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain until {what}");
        tokio::task::yield_now().await;
    }
}
