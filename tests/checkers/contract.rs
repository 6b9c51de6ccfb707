//! schemathesis over the whole contract: thousands of requests that fit it or nearly do. No 5xx, no status, header or
//! body that `infra/openapi.yaml` does not promise; `schemathesis.toml` says what is checked, `schemathesis_hooks.py`
//! who calls.

use journeys::programs::run;
use local::{Options, Stack};

use crate::python::SCHEMATHESIS;
use crate::repository;

/// Requests for each operation, beside the examples and the borders. The long run of the README takes 500.
const EXAMPLES: &str = "10";

/// What is tried is the same at every run; with another number of examples, it is new each time.
const SEED: &str = "1";

#[expect(clippy::disallowed_methods, reason = "a test is no function: it has no Env to ask")]
fn examples() -> Option<String> {
    std::env::var("SCHEMATHESIS_EXAMPLES").ok()
}

#[test]
fn inv_x04_schemathesis_finds_nothing_that_the_contract_does_not_say() {
    let stack = Stack::start(Options { limits: false, ..Options::default() }).unwrap();
    let mut command = SCHEMATHESIS.command("schemathesis");
    command
        .env("PORTAL_URL", stack.address())
        .env("SCHEMATHESIS_HOOKS", "tests/checkers/schemathesis_hooks.py");
    command.args(["--config-file", "tests/checkers/schemathesis.toml", "run", "infra/openapi.yaml"]);
    command.args(["--url", stack.address(), "--workers", "2", "--continue-on-failure", "--warnings", "off"]);
    match examples() {
        Some(many) => command.args(["--max-examples", &many]),
        None => command.args(["--max-examples", EXAMPLES, "--seed", SEED]),
    };
    // It remembers what it has seen, beside the environment and not in the repository.
    command.current_dir(repository());
    run(&mut command);
    assert!(stack.lacking_grants().is_empty(), "the template does not grant: {:?}", stack.lacking_grants());
}
