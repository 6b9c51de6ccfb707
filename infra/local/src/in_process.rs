//! The functions in this process: each in an environment whose clients lead to the emulator and the simulators.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use emulator::aws::Aws;
use emulator::environment;
use emulator::invoke::Invoker;
use emulator::start_error::StartError;
use emulator::template::{REGION, Template, TemplateFunction};
use jiff::SignedDuration;
use lambda::InProcess;
use runtime::{Clock, Env, EnvParts, Random};
use sha2::{Digest, Sha256};
use simulators::Simulators;

use crate::functions::Connect;
use crate::options::{Options, Simulation};

/// What the functions' worlds are made of.
pub struct Surroundings {
    pub clock: Clock,
    pub random: Random,
    pub aws: Arc<Aws>,
    pub simulators: Arc<Simulators>,
}

impl Surroundings {
    pub fn env(&self, variables: BTreeMap<String, String>, function: &str) -> Env {
        self.world_at(self.clock.clone(), variables, function)
    }

    fn world_at(&self, clock: Clock, variables: BTreeMap<String, String>, function: &str) -> Env {
        let (aws, outside) = (self.aws.wire(), self.simulators.wire(function));
        Env::new(variables, EnvParts { clock, random: self.random.clone(), aws, outside })
    }

    /// Connects every function of the template.
    ///
    /// # Errors
    /// A function of the template that is not in `options.functions`, or that does not start.
    pub fn connect(&self, template: &Template, options: &Options) -> Result<Invoker, StartError> {
        let mut connected = BTreeMap::new();
        for function in template.functions.values() {
            let (name, folder) = (&function.name, &function.folder);
            let entry = options.functions.iter().find(|entry| entry.name == name).ok_or_else(|| {
                StartError::new(format!(
                    "function {name} of the template has no folder functions/{folder} (when it is new, `cargo test \
                     -p local` takes it in)"
                ))
            })?;
            let run = match options.simulation {
                None => (entry.connect)(&self.env(environment::of(function), name))
                    .map_err(|e| StartError::new(format!("function {name} does not start: {e}")))?,
                Some(simulation) => at_first_call(entry.connect, self.simulated(simulation, function)),
            };
            connected.insert(name.clone(), run);
        }
        Ok(Invoker::InProcess(connected))
    }

    /// A function's environment in a simulation: its clock a little wrong, its passwords hashed at next to no cost.
    fn simulated(&self, simulation: Simulation, function: &TemplateFunction) -> Env {
        let mut variables = environment::of(function);
        // The SDK keeps one budget of retries for a region in the whole process: what the runs before have used up
        // of it must not decide how this one goes.
        variables.insert("AWS_REGION".to_owned(), format!("{REGION}-{}", simulation.seed));
        let clock = self.clock.skewed(skew_of(simulation, &function.name));
        self.world_at(clock, variables, &function.name).with_hash_cost(8, 1)
    }
}

/// A function that starts when it is first called: a simulated run needs few of them.
fn at_first_call(connect: Connect, env: Env) -> InProcess {
    let started: OnceLock<Result<InProcess, String>> = OnceLock::new();
    Arc::new(move |event| match started.get_or_init(|| connect(&env).map_err(|e| e.to_string())) {
        Ok(run) => run(event),
        Err(why) => Box::pin(std::future::ready(Err(why.clone()))),
    })
}

fn skew_of(simulation: Simulation, function: &str) -> SignedDuration {
    let drawn = Sha256::new().chain_update(simulation.seed.to_be_bytes()).chain_update(function).finalize();
    let drawn = drawn.iter().take(8).fold(0_i64, |drawn, byte| (drawn << 7) | i64::from(*byte & 0x7f));
    let most = i64::try_from(simulation.skew.as_millis()).unwrap_or(0);
    let width = most.saturating_mul(2).saturating_add(1);
    SignedDuration::from_millis(drawn.rem_euclid(width).saturating_sub(most))
}
