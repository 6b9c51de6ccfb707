//! Starts a stack that answers.

use std::sync::Arc;

use emulator::server::{accept, in_background, listen};
use emulator::start_error::StartError;

use crate::options::Options;
use crate::routes::FrontDoor;
use crate::seed::seed;
use crate::stack::StackState;

/// Starts everything; what it gives back answers already.
pub async fn start(options: Options) -> Result<Arc<StackState>, StartError> {
    let listeners = listen(options.port, options.host.as_deref()).await?;
    let port =
        listeners.first().and_then(|listener| listener.local_addr().ok()).map_or(0, |address| address.port());
    let seen_by_functions = format!("http://{}:{port}", options.host.as_deref().unwrap_or("localhost"));
    let state = StackState::open(&options, &format!("http://localhost:{port}"), &seen_by_functions)?;
    in_background(keep_time(state.clone()));
    in_background(keep_streams(state.clone()));
    if options.demo && !options.neighbours_only {
        seed(&state).await?;
    }
    // Whoever comes earlier waits, and finds everything in its place.
    let log = options.log.then(|| state.clock.clone());
    for listener in listeners {
        in_background(accept(listener, Arc::new(FrontDoor(state.clone())), log.clone()));
    }
    Ok(state)
}

async fn keep_time(state: Arc<StackState>) {
    loop {
        state.agenda.wait(&state.clock).await;
        if state.agenda.is_due(state.clock.now()) {
            state.catch_up().await;
        }
    }
}

async fn keep_streams(state: Arc<StackState>) {
    loop {
        state.aws.stream.notified().await;
        state.settle().await;
    }
}
