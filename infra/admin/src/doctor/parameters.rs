//! The template's parameters, and the values given for them.

use std::collections::BTreeMap;

use regex::Regex;
use serde_yaml_ng::Value as Yaml;

use super::Finding;

/// What the template has.
pub struct Known {
    parameters: BTreeMap<String, Parameter>,
    /// The folders of the functions.
    functions: Vec<String>,
}

struct Parameter {
    default: Option<String>,
    is_number: bool,
    pattern: Option<Regex>,
    values: Vec<String>,
    least: Option<f64>,
    most: Option<f64>,
    /// What is allowed, in words.
    words: String,
}

/// What a deployer gives.
#[derive(Debug, Default)]
pub struct Given {
    pub values: BTreeMap<String, String>,
    pub region: Option<String>,
    /// The stack's name; empty if it is not known.
    pub stack: String,
}

impl Known {
    pub fn parse(template: &str) -> Result<Self, String> {
        let root: Yaml = serde_yaml_ng::from_str(template).map_err(|e| e.to_string())?;
        let parameters = root.get("Parameters").and_then(Yaml::as_mapping).ok_or("it has no Parameters")?;
        let each = parameters.iter().map(|(name, parameter)| {
            let name = name.as_str().unwrap_or_default().to_owned();
            let text = |part: &str| parameter.get(part).map(plain);
            let pattern =
                text("AllowedPattern").map(|pattern| Regex::new(&format!("^(?:{pattern})$"))).transpose();
            let words = text("ConstraintDescription").or_else(|| text("Description")).unwrap_or_default();
            let values = parameter.get("AllowedValues").and_then(Yaml::as_sequence);
            Ok((
                name.clone(),
                Parameter {
                    default: text("Default"),
                    is_number: text("Type").as_deref() == Some("Number"),
                    pattern: pattern.map_err(|e| format!("{name}: {e}"))?,
                    values: values.into_iter().flatten().map(plain).collect(),
                    least: parameter.get("MinValue").and_then(Yaml::as_f64),
                    most: parameter.get("MaxValue").and_then(Yaml::as_f64),
                    words,
                },
            ))
        });
        let resources = root.get("Resources").and_then(Yaml::as_mapping).into_iter().flatten();
        let code = resources.filter_map(|(_, it)| it.get("Properties")?.get("CodeUri")?.as_str());
        let folder =
            |code: &str| code.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
        let functions = code.map(folder).collect();
        Ok(Self { parameters: each.collect::<Result<_, String>>()?, functions })
    }

    /// The folder of each function, in which its program is.
    pub fn functions(&self) -> &[String] {
        &self.functions
    }

    /// What the template works with: what is given, and the defaults of the others.
    pub fn completed(&self, given: &Given) -> BTreeMap<String, String> {
        let defaults =
            self.parameters.iter().filter_map(|(name, known)| Some((name.clone(), known.default.clone()?)));
        defaults.chain(given.values.clone()).collect()
    }
}

fn plain(value: &Yaml) -> String {
    match value {
        Yaml::String(text) => text.clone(),
        Yaml::Bool(value) => value.to_string(),
        Yaml::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

impl Given {
    /// The parameters of a profile, as `sam deploy --config-env` reads them.
    pub fn of_samconfig(text: &str, env: &str) -> Result<Self, String> {
        let root: toml::Table = toml::from_str(text).map_err(|e| e.message().to_owned())?;
        let part = |command: &str| root.get(env)?.get(command)?.get("parameters");
        let of_deploy = part("deploy").ok_or_else(|| format!("it has no table [{env}.deploy.parameters]"))?;
        let region = [Some(of_deploy), part("global")];
        let region = region.into_iter().flatten().find_map(|part| part.get("region")?.as_str());
        let overrides = match of_deploy.get("parameter_overrides") {
            Some(toml::Value::Array(items)) => {
                items.iter().map(|item| item.as_str().unwrap_or_default().to_owned()).collect()
            }
            Some(toml::Value::String(text)) => split(text),
            _ => Vec::new(),
        };
        let stack = [part("global"), Some(of_deploy)].into_iter().flatten();
        let stack = stack.filter_map(|part| part.get("stack_name")?.as_str()).next().unwrap_or_default();
        let mut given =
            Self { region: region.map(str::to_owned), stack: stack.to_owned(), ..Self::default() };
        overrides.iter().try_for_each(|pair| given.take(pair))?;
        Ok(given)
    }

    /// Every profile that can be deployed, by its name.
    pub fn of_every_profile(text: &str) -> Result<Vec<(String, Self)>, String> {
        let root: toml::Table = toml::from_str(text).map_err(|e| e.message().to_owned())?;
        let deployed = root.iter().filter(|(_, profile)| profile.get("deploy").is_some());
        deployed.map(|(name, _)| Ok((name.clone(), Self::of_samconfig(text, name)?))).collect()
    }

    /// `NAME=value`, one a line; empty lines and those that begin with # say nothing.
    pub fn of_lines(text: &str) -> Result<Self, String> {
        let mut given = Self::default();
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.into_iter().try_for_each(|line| given.take(line))?;
        Ok(given)
    }

    fn take(&mut self, pair: &str) -> Result<(), String> {
        let (name, value) = pair.split_once('=').ok_or_else(|| format!("{pair} is not NAME=value"))?;
        let value = value.trim();
        let quoted = ['\'', '"'].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        let before = self.values.insert(name.trim().to_owned(), quoted.unwrap_or(value).to_owned());
        if before.is_some() { Err(format!("{name} is given twice")) } else { Ok(()) }
    }
}

/// The pairs of one text, as a shell would take them apart: at blanks outside quotes.
fn split(text: &str) -> Vec<String> {
    let (mut pairs, mut pair, mut inside) = (Vec::new(), String::new(), None);
    for c in text.chars() {
        match inside {
            None if c.is_whitespace() => pairs.push(std::mem::take(&mut pair)),
            None if matches!(c, '\'' | '"') => inside = Some(c),
            Some(quote) if c == quote => inside = None,
            _ => pair.push(c),
        }
    }
    pairs.push(pair);
    pairs.retain(|pair| !pair.is_empty());
    pairs
}

/// Whether the template would take what is given.
pub fn fit(known: &Known, given: &Given) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in given.values.keys().filter(|name| !known.parameters.contains_key(*name)) {
        let near = known.parameters.keys().find(|known| known.eq_ignore_ascii_case(name));
        let mend = match near {
            Some(near) => format!("It is called {near}."),
            None => "infra/template.yaml lists those there are, under Parameters.".to_owned(),
        };
        findings.push(Finding::fault(name, "is no parameter", mend));
    }
    for (name, parameter) in &known.parameters {
        let Some(value) = given.values.get(name) else {
            if parameter.default.is_none() {
                findings.push(Finding::fault(name, "is missing", format!("Give it: {}", parameter.words)));
            }
            continue;
        };
        if !parameter.takes(value) {
            let allowed = match parameter.values.is_empty() {
                true => parameter.words.clone(),
                false => format!("one of {}.", parameter.values.join(", ")),
            };
            findings.push(Finding::fault(
                name,
                format!("{value:?} is not allowed"),
                format!("Allowed: {allowed}"),
            ));
        }
    }
    findings
}

impl Parameter {
    fn takes(&self, value: &str) -> bool {
        let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
        let in_range = number.is_none_or(|number| {
            self.least.is_none_or(|least| number >= least) && self.most.is_none_or(|most| number <= most)
        });
        (!self.is_number || number.is_some() && in_range)
            && self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(value))
            && (self.values.is_empty() || self.values.iter().any(|allowed| allowed == value))
    }
}
