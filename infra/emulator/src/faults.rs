//! Trouble below the SDK, on purpose: what a network and a busy store do now and then. And the books: how many
//! calls each function made, and what capacity they consumed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What happens to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InjectedFault {
    /// It is answered, but late.
    Delay(Duration),
    /// The service says that it is asked too much.
    Throttle,
    /// The service answers 500; nothing was done.
    ServerError,
    /// The connection breaks before the service reads the request.
    LoseRequest,
    /// The service does what was asked, and the connection breaks before the answer.
    LoseAnswer,
    /// Another transaction is at the same items (DynamoDB's writes; elsewhere like `ServerError`).
    Conflict,
    /// The function dies before the call.
    CrashBefore,
    /// The function dies after the call was done, before it reads the answer.
    CrashAfter,
    /// The service does what was asked and never answers.
    Silence,
}

/// How bad the weather is.
#[derive(Clone, Copy, Debug)]
pub struct Storm {
    pub seed: u64,
    /// Calls in a hundred that meet trouble.
    pub percent: u8,
    /// Of those, how many in a hundred kill the function.
    pub crashes: u8,
    /// Every other call takes a while, so that those made at the same time overlap.
    pub latency: Duration,
}

/// The connection broke: no answer.
#[derive(Debug)]
pub struct ConnectionLost;

impl fmt::Display for ConnectionLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection broke")
    }
}

impl std::error::Error for ConnectionLost {}

/// A call of a function to AWS or a simulator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Logical id of the function.
    pub function: String,
    /// `dynamodb:PutItem`, `ses:SendEmail`, `secretsmanager:GetSecretValue`, `psp:open`,
    /// `psp:ask`, `psp:cancel`.
    pub operation: String,
}

/// Which calls a plan is about; an empty scope is about all.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    pub function: Option<String>,
    pub operation: Option<String>,
}

impl Scope {
    pub fn function(name: &str) -> Self {
        Self { function: Some(name.to_owned()), operation: None }
    }

    pub fn operation(mut self, name: &str) -> Self {
        self.operation = Some(name.to_owned());
        self
    }

    fn covers(&self, call: &Call) -> bool {
        self.function.as_ref().is_none_or(|function| *function == call.function)
            && self.operation.as_ref().is_none_or(|operation| *operation == call.operation)
    }
}

/// What a function has used since the books were opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usage {
    /// By operation.
    pub calls: BTreeMap<String, u64>,
    /// DynamoDB's capacity units, as DynamoDB itself reports them; a write that its condition refused costs too.
    pub read_units: f64,
    pub write_units: f64,
    /// Bytes of bodies to and from DynamoDB.
    pub sent: u64,
    pub received: u64,
}

/// What one answered call of DynamoDB took.
pub(crate) struct Consumed {
    pub writes: bool,
    pub units: f64,
    pub sent: usize,
    pub received: usize,
}

#[derive(Default)]
pub struct Faults {
    state: Mutex<FaultState>,
}

#[derive(Default)]
struct FaultState {
    plans: Vec<FaultPlan>,
    usage: BTreeMap<String, Usage>,
    injected: Vec<(Call, InjectedFault)>,
}

struct FaultPlan {
    scope: Scope,
    seen: u64,
    trouble: Trouble,
}

enum Trouble {
    /// By number of the call within the scope, from 1.
    Listed(BTreeMap<u64, InjectedFault>),
    Seeded {
        seed: u64,
        percent: u8,
    },
    Storm(Storm),
}

impl Faults {
    /// From now on, the n-th call within the scope meets its fault. Retries are calls too.
    pub fn plan(&self, scope: Scope, faults: impl IntoIterator<Item = (u64, InjectedFault)>) {
        self.add(scope, Trouble::Listed(faults.into_iter().collect()));
    }

    /// From now on, so many calls in a hundred within the scope meet a fault, chosen by the seed.
    pub fn seeded(&self, scope: Scope, seed: u64, percent: u8) {
        self.add(scope, Trouble::Seeded { seed, percent });
    }

    /// From now on, every call takes its time or meets trouble, as the seed decides.
    pub fn storm(&self, scope: Scope, storm: Storm) {
        self.add(scope, Trouble::Storm(storm));
    }

    fn add(&self, scope: Scope, trouble: Trouble) {
        self.state().plans.push(FaultPlan { scope, seen: 0, trouble });
    }

    /// No more faults.
    pub fn clear(&self) {
        self.state().plans.clear();
    }

    /// The faults that have happened, in order.
    pub fn injected(&self) -> Vec<(Call, InjectedFault)> {
        self.state().injected.clone()
    }

    /// What each function has used.
    pub fn usage(&self) -> BTreeMap<String, Usage> {
        self.state().usage.clone()
    }

    /// Opens the books anew.
    pub fn forget_usage(&self) {
        self.state().usage.clear();
    }

    /// Serves a call, unless its fault prevents it; `failure` is how the service says that it cannot now.
    pub async fn apply<T>(
        &self,
        call: &Call,
        failure: impl FnOnce(InjectedFault) -> T,
        serve: impl Future<Output = T>,
    ) -> Result<T, ConnectionLost> {
        match self.next(call) {
            None => Ok(serve.await),
            Some(InjectedFault::Delay(time)) => {
                tokio::time::sleep(time).await;
                Ok(serve.await)
            }
            Some(InjectedFault::LoseRequest) => Err(ConnectionLost),
            Some(InjectedFault::LoseAnswer) => {
                serve.await;
                Err(ConnectionLost)
            }
            Some(InjectedFault::Silence) => {
                serve.await;
                std::future::pending().await
            }
            Some(InjectedFault::CrashBefore) => std::panic::resume_unwind(Box::new("a crash on purpose")),
            Some(InjectedFault::CrashAfter) => {
                serve.await;
                std::panic::resume_unwind(Box::new("a crash on purpose"))
            }
            Some(
                fault @ (InjectedFault::Throttle | InjectedFault::ServerError | InjectedFault::Conflict),
            ) => Ok(failure(fault)),
        }
    }

    /// Counts a call, and says what happens to it.
    fn next(&self, call: &Call) -> Option<InjectedFault> {
        let mut state = self.state();
        let usage = state.usage.entry(call.function.clone()).or_default();
        let count = usage.calls.entry(call.operation.clone()).or_default();
        *count = count.saturating_add(1);
        let mut fault = None;
        for plan in state.plans.iter_mut().filter(|plan| plan.scope.covers(call)) {
            plan.seen = plan.seen.saturating_add(1);
            fault = fault.or(plan.trouble.at(plan.seen));
        }
        if let Some(fault) = fault {
            state.injected.push((call.clone(), fault));
        }
        fault
    }

    /// Enters what a call has consumed.
    pub(crate) fn consumed(&self, function: &str, consumed: &Consumed) {
        let mut state = self.state();
        let usage = state.usage.entry(function.to_owned()).or_default();
        match consumed.writes {
            true => usage.write_units += consumed.units,
            false => usage.read_units += consumed.units,
        }
        usage.sent = usage.sent.saturating_add(consumed.sent as u64);
        usage.received = usage.received.saturating_add(consumed.received as u64);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, FaultState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trouble {
    fn at(&self, number: u64) -> Option<InjectedFault> {
        match self {
            Trouble::Listed(faults) => faults.get(&number).copied(),
            Trouble::Seeded { seed, percent } => {
                let drawn = mixed(seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
                if drawn % 100 >= u64::from(*percent) {
                    return None;
                }
                Some(match (drawn >> 32) % 6 {
                    0 => InjectedFault::Delay(Duration::from_millis((drawn >> 40) % 100)),
                    1 => InjectedFault::Throttle,
                    2 => InjectedFault::ServerError,
                    3 => InjectedFault::LoseRequest,
                    4 => InjectedFault::LoseAnswer,
                    _ => InjectedFault::Conflict,
                })
            }
            Trouble::Storm(storm) => Some(storm.at(number)),
        }
    }
}

impl Storm {
    fn at(&self, number: u64) -> InjectedFault {
        let drawn = mixed(self.seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let kind = drawn >> 32;
        if drawn % 100 >= u64::from(self.percent) {
            let micros = u64::try_from(self.latency.as_micros()).unwrap_or(u64::MAX).max(1);
            return InjectedFault::Delay(Duration::from_micros(kind % micros));
        }
        match ((drawn >> 16) % 100 < u64::from(self.crashes), kind % 6) {
            (true, 0..3) => InjectedFault::CrashBefore,
            (true, _) => InjectedFault::CrashAfter,
            (false, 0) => InjectedFault::Throttle,
            (false, 1) => InjectedFault::ServerError,
            (false, 2) => InjectedFault::LoseRequest,
            (false, 3) => InjectedFault::LoseAnswer,
            (false, 4) => InjectedFault::Silence,
            (false, _) => InjectedFault::Conflict,
        }
    }
}

/// SplitMix64's finaliser: every bit of the input moves every bit of the output.
fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(function: &str, operation: &str) -> Call {
        Call { function: function.to_owned(), operation: operation.to_owned() }
    }

    #[test]
    fn a_plan_counts_the_calls_of_its_scope_only() {
        let faults = Faults::default();
        faults.plan(Scope::function("Login").operation("dynamodb:PutItem"), [(2, InjectedFault::Throttle)]);
        let put = call("Login", "dynamodb:PutItem");
        assert_eq!(faults.next(&put), None);
        assert_eq!(faults.next(&call("Search", "dynamodb:PutItem")), None);
        assert_eq!(faults.next(&call("Login", "dynamodb:GetItem")), None);
        assert_eq!(faults.next(&put), Some(InjectedFault::Throttle));
        assert_eq!(faults.next(&put), None);
        assert_eq!(faults.injected(), vec![(put, InjectedFault::Throttle)]);
        assert_eq!(faults.usage()["Login"].calls["dynamodb:PutItem"], 3);
    }

    #[test]
    fn a_seed_gives_the_same_faults_again_and_about_as_many_as_asked() {
        let draw = |seed| {
            let faults = Faults::default();
            faults.seeded(Scope::default(), seed, 30);
            (0..1000).map(|_| faults.next(&call("A", "b"))).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let share = draw(7).iter().flatten().count();
        assert!((250..350).contains(&share), "{share}");
    }
}
