//! The variables of functions: those that the template gives, and those that Lambda adds.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use crate::access::OPERATOR;
use crate::template::{Function, REGION, Template};

/// What Lambda adds for whoever calls AWS under this name.
fn added(caller: &str) -> [(String, String); 4] {
    [
        ("AWS_ACCESS_KEY_ID".to_owned(), caller.to_owned()),
        ("AWS_SECRET_ACCESS_KEY".to_owned(), "local".to_owned()),
        ("AWS_REGION".to_owned(), REGION.to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME".to_owned(), caller.to_owned()),
    ]
}

/// The variables of a function: it signs with its own name, so that its grants can be checked.
pub fn of(function: &Function) -> BTreeMap<String, String> {
    let mut variables = function.variables.clone();
    variables.extend(added(&function.name));
    let memory = function.memory_mib.to_string();
    variables.insert("AWS_LAMBDA_FUNCTION_MEMORY_SIZE".to_owned(), memory);
    variables
}

/// The variables of all functions together, for whoever may do everything.
pub fn of_all(template: &Template) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for function in template.functions.values() {
        variables.extend(function.variables.clone());
    }
    variables.extend(added(OPERATOR));
    variables
}

/// All of them as `NAME="value"` lines, for functions that run elsewhere without names of their own
/// (`cargo lambda watch --env-file`, which takes no blanks without quotes).
pub fn file(template: &Template, origin: &str) -> String {
    let mut variables = of_all(template);
    variables.remove("AWS_LAMBDA_FUNCTION_NAME");
    variables.insert("AWS_ENDPOINT_URL".to_owned(), format!("{origin}/_local/aws"));
    let mut text = String::new();
    for (name, value) in variables {
        let quote = if value.contains('"') { '\'' } else { '"' };
        let _ = writeln!(text, "{name}={quote}{value}{quote}");
    }
    text
}

/// One object for each function (`sam local start-lambda --env-vars`).
pub fn by_function(template: &Template, origin: &str) -> Value {
    let each = template.functions.values().map(|function| {
        let mut variables = of(function);
        variables.retain(|name, _| !name.starts_with("AWS_LAMBDA_"));
        variables.insert("AWS_ENDPOINT_URL".to_owned(), format!("{origin}/_local/aws"));
        (function.name.clone(), json!(variables))
    });
    Value::Object(each.collect())
}
