//! Reads the SAM template: what is deployed is what runs here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use serde_yaml_ng::{Mapping, Value as Yaml};

use crate::start_error::StartError;

/// The region and account of everything local.
pub const REGION: &str = "eu-south-1";
pub const ACCOUNT: &str = "000000000000";

/// What the template says, with every reference resolved.
#[derive(Debug)]
pub struct Template {
    pub functions: BTreeMap<String, TemplateFunction>,
    pub routes: Vec<Route>,
    pub tables: BTreeMap<String, TemplateTable>,
    pub secrets: BTreeSet<String>,
}

#[derive(Debug)]
pub struct TemplateFunction {
    /// The logical id: `InitiatePayment`.
    pub name: String,
    /// The folder, package and binary: `initiate-payment`.
    pub folder: String,
    pub variables: BTreeMap<String, String>,
    pub timeout: Duration,
    pub memory_mib: u64,
    pub grants: BTreeSet<Grant>,
    pub streams: Vec<Stream>,
    pub schedules: Vec<Duration>,
}

/// A path with a method, and the function behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub method: String,
    pub path: String,
    pub function: String,
}

/// An action on a resource that a function's policy allows, or that a call needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    pub action: String,
    pub resource: String,
    /// Rows of one kind, by what their partition begins with (`SESS#*`); none: of every kind.
    pub rows: Option<String>,
}

impl Grant {
    /// An action on all of a resource.
    pub fn on(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into(), rows: None }
    }

    /// The same for rows of one kind.
    pub fn of_rows(self, rows: impl Into<String>) -> Self {
        Self { rows: Some(rows.into()), ..self }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.action, self.resource)?;
        self.rows.iter().try_for_each(|rows| write!(f, ", rows {rows}"))
    }
}

#[derive(Debug)]
pub struct TemplateTable {
    pub name: String,
    /// The request that creates it.
    pub definition: Json,
    pub ttl: Option<String>,
    pub has_stream: bool,
    /// What the table's own policy denies to everybody.
    pub denied: BTreeSet<String>,
}

/// A function fed by a table's stream.
#[derive(Clone, Debug)]
pub struct Stream {
    pub table: String,
    pub batch: usize,
    pub retries: u32,
    /// The function names the records that failed.
    pub reports_failures: bool,
}

pub fn table_arn(table: &str) -> String {
    format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}")
}

pub fn index_arn(table: &str, index: &str) -> String {
    format!("{}/index/{index}", table_arn(table))
}

/// `InitiatePayment` → `initiate-payment`.
pub fn folder_of(logical_id: &str) -> String {
    let mut folder = String::new();
    for c in logical_id.chars() {
        if c.is_ascii_uppercase() && !folder.is_empty() {
            folder.push('-');
        }
        folder.push(c.to_ascii_lowercase());
    }
    folder
}

impl Template {
    /// Reads a file; `values` are those of its parameters.
    pub fn read(path: &Path, values: &BTreeMap<String, String>) -> Result<Self, StartError> {
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|e| StartError::new(format!("the template {shown} cannot be read: {e}")))?;
        Self::parse(&text, values)
            .map_err(|e| StartError::new(format!("the template {shown} is broken: {e}")))
    }

    /// Gives every function a variable that no deployment has.
    pub fn give_all(&mut self, variable: &str, value: &str) {
        for function in self.functions.values_mut() {
            function.variables.insert(variable.to_owned(), value.to_owned());
        }
    }

    pub fn parse(text: &str, values: &BTreeMap<String, String>) -> Result<Self, StartError> {
        let root: Yaml = serde_yaml_ng::from_str(text).map_err(|e| StartError::new(e.to_string()))?;
        let section = |name: &str| root.get(name).and_then(Yaml::as_mapping).cloned().unwrap_or_default();
        let reader = Reader { parameters: section("Parameters"), resources: section("Resources"), values };
        reader.template(&section("Globals"))
    }
}

struct Reader<'a> {
    parameters: Mapping,
    resources: Mapping,
    values: &'a BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct RawFunction {
    timeout: Option<u64>,
    memory_size: Option<u64>,
    environment: RawEnvironment,
    policies: Vec<RawPolicy>,
    events: BTreeMap<String, RawEvent>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct RawEnvironment {
    variables: BTreeMap<String, Json>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawPolicy {
    statement: Vec<RawStatement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RawStatement {
    effect: String,
    action: OneOrMany,
    resource: OneOrMany,
    #[serde(default)]
    condition: Option<RawCondition>,
    #[serde(default, rename = "Sid")]
    _sid: Option<String>,
}

/// The one condition that is known here: which rows, by their partition.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCondition {
    #[serde(rename = "ForAllValues:StringLike")]
    all_like: RawLeadingKeys,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLeadingKeys {
    #[serde(rename = "dynamodb:LeadingKeys")]
    rows: OneOrMany,
}

/// A table's own policy. It denies, and to everybody: what is allowed stands with the functions.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RawTablePolicy {
    policy_document: RawTableDocument,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawTableDocument {
    statement: Vec<RawTableStatement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RawTableStatement {
    effect: String,
    principal: String,
    action: OneOrMany,
    resource: String,
    #[serde(default, rename = "Sid")]
    _sid: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn all(self) -> Vec<String> {
        match self {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawEvent {
    r#type: String,
    #[serde(default)]
    properties: RawEventProperties,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct RawEventProperties {
    path: Option<String>,
    method: Option<String>,
    schedule: Option<String>,
    stream: Option<String>,
    batch_size: Option<usize>,
    maximum_retry_attempts: Option<u32>,
    function_response_types: Vec<String>,
}

/// The properties of a function that mean something here; the others are never resolved.
const FUNCTION_PROPERTIES: &[&str] = &["Timeout", "MemorySize", "Environment", "Policies", "Events"];

impl Reader<'_> {
    fn template(&self, globals: &Mapping) -> Result<Template, StartError> {
        let defaults = match globals.get("Function") {
            Some(function) => self.function_properties("Globals", function)?,
            None => RawFunction::default(),
        };
        let mut template = Template {
            functions: BTreeMap::new(),
            routes: Vec::new(),
            tables: BTreeMap::new(),
            secrets: BTreeSet::new(),
        };
        for (name, resource) in &self.resources {
            let name = name.as_str().unwrap_or_default();
            let properties = resource.get("Properties").unwrap_or(&Yaml::Null);
            match resource.get("Type").and_then(Yaml::as_str) {
                Some("AWS::Serverless::Function") => {
                    self.function(&mut template, &defaults, name, properties)?
                }
                Some("AWS::DynamoDB::Table") => {
                    template.tables.insert(name.to_owned(), self.table(name, properties)?);
                }
                Some("AWS::SecretsManager::Secret") => {
                    template.secrets.insert(name.to_owned());
                }
                Some(_) => {}
                None => return Err(StartError::new(format!("resource {name} has no Type"))),
            }
        }
        self.check_routes(&template)?;
        check_streams(&template)?;
        Ok(template)
    }

    fn function_properties(&self, place: &str, properties: &Yaml) -> Result<RawFunction, StartError> {
        let mut wanted = Map::new();
        for key in FUNCTION_PROPERTIES {
            if let Some(value) = properties.get(key) {
                wanted.insert((*key).to_owned(), self.resolved(value, place)?);
            }
        }
        serde_json::from_value(Json::Object(wanted)).map_err(|e| StartError::new(format!("{place}: {e}")))
    }

    fn function(
        &self,
        template: &mut Template,
        defaults: &RawFunction,
        name: &str,
        properties: &Yaml,
    ) -> Result<(), StartError> {
        let raw = self.function_properties(&format!("function {name}"), properties)?;
        let folder = folder_of(name);
        let code = properties.get("CodeUri").and_then(Yaml::as_str).unwrap_or_default();
        if code.trim_end_matches('/').rsplit('/').next() != Some(folder.as_str()) {
            return Err(StartError::new(format!(
                "function {name} has CodeUri {code}, not one that ends with {folder}"
            )));
        }
        let mut variables = BTreeMap::new();
        for (key, value) in defaults.environment.variables.iter().chain(&raw.environment.variables) {
            variables.insert(key.clone(), text(value, &format!("function {name}, variable {key}"))?);
        }
        let mut function = TemplateFunction {
            name: name.to_owned(),
            folder,
            variables,
            timeout: Duration::from_secs(raw.timeout.or(defaults.timeout).unwrap_or(3)),
            memory_mib: raw.memory_size.or(defaults.memory_size).unwrap_or(128),
            grants: grants(name, raw.policies)?,
            streams: Vec::new(),
            schedules: Vec::new(),
        };
        for (event, raw) in raw.events {
            let place = format!("function {name}, event {event}");
            let properties = raw.properties;
            match raw.r#type.as_str() {
                "HttpApi" => template.routes.push(Route {
                    method: needed(properties.method, &place, "Method")?.to_ascii_uppercase(),
                    path: needed(properties.path, &place, "Path")?,
                    function: name.to_owned(),
                }),
                "Schedule" | "ScheduleV2" => {
                    let schedule = needed(properties.schedule, &place, "Schedule")?;
                    function.schedules.push(rate(&schedule).ok_or_else(|| {
                        StartError::new(format!(
                            "{place}: Schedule {schedule} is not rate(n minutes|hours|days)"
                        ))
                    })?);
                }
                "DynamoDB" => {
                    let stream = needed(properties.stream, &place, "Stream")?;
                    let table = stream.split('/').nth(1).unwrap_or_default().to_owned();
                    function.streams.push(Stream {
                        table,
                        batch: properties.batch_size.unwrap_or(100),
                        retries: properties.maximum_retry_attempts.unwrap_or(10),
                        reports_failures: properties
                            .function_response_types
                            .iter()
                            .any(|kind| kind == "ReportBatchItemFailures"),
                    });
                }
                other => {
                    return Err(StartError::new(format!(
                        "{place} is of type {other}: the local stack knows HttpApi, Schedule and DynamoDB"
                    )));
                }
            }
        }
        template.functions.insert(name.to_owned(), function);
        Ok(())
    }

    fn table(&self, name: &str, properties: &Yaml) -> Result<TemplateTable, StartError> {
        let place = format!("table {name}");
        let mut definition = Map::new();
        definition.insert("TableName".to_owned(), Json::from(name));
        for key in [
            "BillingMode",
            "KeySchema",
            "AttributeDefinitions",
            "GlobalSecondaryIndexes",
            "LocalSecondaryIndexes",
            "StreamSpecification",
        ] {
            if let Some(value) = properties.get(key) {
                definition.insert(key.to_owned(), self.resolved(value, &place)?);
            }
        }
        if !definition.contains_key("KeySchema") {
            return Err(StartError::new(format!("{place} has no KeySchema")));
        }
        let stream = definition.get_mut("StreamSpecification").and_then(Json::as_object_mut);
        let has_stream = stream.is_some();
        if let Some(stream) = stream {
            stream.insert("StreamEnabled".to_owned(), json!(true));
        }
        let ttl = match properties.get("TimeToLiveSpecification") {
            Some(ttl) => {
                let ttl = self.resolved(ttl, &place)?;
                let enabled = ttl.get("Enabled").and_then(Json::as_bool).unwrap_or(false);
                ttl.get("AttributeName").and_then(Json::as_str).filter(|_| enabled).map(str::to_owned)
            }
            None => None,
        };
        let denied = match properties.get("ResourcePolicy") {
            Some(policy) => denied(&place, self.resolved(policy, &place)?)?,
            None => BTreeSet::new(),
        };
        Ok(TemplateTable {
            name: name.to_owned(),
            definition: Json::Object(definition),
            ttl,
            has_stream,
            denied,
        })
    }

    /// A route that is given settings must be some function's.
    fn check_routes(&self, template: &Template) -> Result<(), StartError> {
        for (api, resource) in &self.resources {
            let settings = resource.get("Properties").and_then(|p| p.get("RouteSettings"));
            let Some(settings) = settings.and_then(Yaml::as_mapping) else {
                continue;
            };
            for key in settings.keys().filter_map(Yaml::as_str) {
                if !template.routes.iter().any(|route| format!("{} {}", route.method, route.path) == key) {
                    let api = api.as_str().unwrap_or_default();
                    return Err(StartError::new(format!(
                        "{api} has settings for {key}, a route of no function"
                    )));
                }
            }
        }
        let mut seen = BTreeMap::new();
        for route in &template.routes {
            let key = (route.method.clone(), route.path.clone());
            if let Some(other) = seen.insert(key, &route.function) {
                let Route { method, path, function } = route;
                return Err(StartError::new(format!(
                    "{method} {path} is a route of both {other} and {function}"
                )));
            }
        }
        Ok(())
    }

    /// Plain JSON, without references.
    fn resolved(&self, value: &Yaml, place: &str) -> Result<Json, StartError> {
        Ok(match value {
            Yaml::Null => Json::Null,
            Yaml::Bool(value) => Json::from(*value),
            Yaml::Number(number) => serde_json::to_value(number).unwrap_or_default(),
            Yaml::String(text) => Json::from(text.as_str()),
            Yaml::Sequence(items) => {
                let items: Result<Vec<Json>, StartError> =
                    items.iter().map(|item| self.resolved(item, place)).collect();
                Json::Array(items?)
            }
            Yaml::Mapping(mapping) => {
                let mut object = Map::new();
                for (key, value) in mapping {
                    let key = key.as_str().map_or_else(|| format!("{key:?}"), str::to_owned);
                    if key == "Ref" || key.starts_with("Fn::") {
                        return Err(unknown(&key, place));
                    }
                    object.insert(key, self.resolved(value, place)?);
                }
                Json::Object(object)
            }
            Yaml::Tagged(tagged) => {
                let tag = tagged.tag.to_string();
                let argument = tagged.value.as_str().ok_or_else(|| unknown(&tag, place));
                Json::from(match tag.as_str() {
                    "!Ref" => self.reference(argument?, place)?,
                    "!GetAtt" => self.attribute(argument?, place)?,
                    "!Sub" => self.substituted(argument?, place)?,
                    _ => return Err(unknown(&tag, place)),
                })
            }
        })
    }

    fn reference(&self, name: &str, place: &str) -> Result<String, StartError> {
        match name {
            "AWS::Region" => return Ok(REGION.to_owned()),
            "AWS::AccountId" => return Ok(ACCOUNT.to_owned()),
            "AWS::Partition" => return Ok("aws".to_owned()),
            "AWS::StackName" => return Ok("local".to_owned()),
            "AWS::URLSuffix" => return Ok("amazonaws.com".to_owned()),
            _ => {}
        }
        if let Some(parameter) = self.parameters.get(name) {
            let default = parameter.get("Default").map(|value| self.resolved(value, place)).transpose()?;
            return match (self.values.get(name), default) {
                (Some(value), _) => Ok(value.clone()),
                (None, Some(default)) => text(&default, place),
                (None, None) => Err(StartError::new(format!(
                    "parameter {name} has no default and no local value (infra/local/src/demo.rs lists those)"
                ))),
            };
        }
        if self.resources.contains_key(name) {
            return Ok(name.to_owned());
        }
        Err(StartError::new(format!("{place} refers to {name}, which is no parameter and no resource")))
    }

    fn attribute(&self, dotted: &str, place: &str) -> Result<String, StartError> {
        let (name, attribute) = dotted.split_once('.').unwrap_or((dotted, ""));
        let resource = self.resources.get(name).ok_or_else(|| {
            StartError::new(format!("{place} asks for {attribute} of {name}, which is no resource"))
        })?;
        let kind = resource.get("Type").and_then(Yaml::as_str).unwrap_or_default();
        Ok(match (kind, attribute) {
            ("AWS::DynamoDB::Table", "Arn") => table_arn(name),
            ("AWS::DynamoDB::Table", "StreamArn") => format!("{}/stream/local", table_arn(name)),
            _ => format!("arn:aws:local:{REGION}:{ACCOUNT}:{name}/{attribute}"),
        })
    }

    fn substituted(&self, pattern: &str, place: &str) -> Result<String, StartError> {
        let mut out = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, tail) = after
                .split_once('}')
                .ok_or_else(|| StartError::new(format!("{place}: in !Sub {pattern} a ${{ is not closed")))?;
            out.push_str(before);
            match name.strip_prefix('!') {
                Some(literal) => out.push_str(&format!("${{{literal}}}")),
                None if name.contains('.') => out.push_str(&self.attribute(name, place)?),
                None => out.push_str(&self.reference(name, place)?),
            }
            rest = tail;
        }
        out.push_str(rest);
        Ok(out)
    }
}

fn check_streams(template: &Template) -> Result<(), StartError> {
    for function in template.functions.values() {
        for stream in &function.streams {
            if !template.tables.get(&stream.table).is_some_and(|table| table.has_stream) {
                let (name, table) = (&function.name, &stream.table);
                return Err(StartError::new(format!(
                    "function {name} is fed by {table}, which has no stream"
                )));
            }
        }
    }
    Ok(())
}

fn unknown(intrinsic: &str, place: &str) -> StartError {
    StartError::new(format!(
        "{place} uses {intrinsic}: the local stack knows !Ref, !GetAtt and !Sub of a text"
    ))
}

fn needed(value: Option<String>, place: &str, property: &str) -> Result<String, StartError> {
    value.ok_or_else(|| StartError::new(format!("{place} has no {property}")))
}

fn text(value: &Json, place: &str) -> Result<String, StartError> {
    match value {
        Json::String(text) => Ok(text.clone()),
        Json::Number(_) | Json::Bool(_) => Ok(value.to_string()),
        _ => Err(StartError::new(format!("{place} is neither a text nor a number"))),
    }
}

fn grants(function: &str, policies: Vec<RawPolicy>) -> Result<BTreeSet<Grant>, StartError> {
    let mut grants = BTreeSet::new();
    for statement in policies.into_iter().flat_map(|policy| policy.statement) {
        if statement.effect != "Allow" {
            return Err(StartError::new(format!("function {function} has a policy that does not Allow")));
        }
        let resources = statement.resource.all();
        let rows = statement.condition.map(|condition| condition.all_like.rows.all());
        if let Some(row) = rows.iter().flatten().find(|row| !is_a_kind_of_row(row)) {
            return Err(StartError::new(format!(
                "function {function} has a condition on rows {row}: the local stack knows kinds (SESS#*)"
            )));
        }
        for action in statement.action.all() {
            // A scan names no partition, and IAM finds that all of none fit.
            if rows.is_some() && action.ends_with(":Scan") {
                return Err(StartError::new(format!(
                    "function {function} scans: no condition holds it back"
                )));
            }
            for resource in &resources {
                if action.contains('*') || resource.contains('*') {
                    return Err(StartError::new(format!(
                        "function {function} has a wildcard: {action} on {resource}"
                    )));
                }
                let whole = Grant::on(&action, resource);
                match &rows {
                    Some(rows) => grants.extend(rows.iter().map(|kind| whole.clone().of_rows(kind))),
                    None => drop(grants.insert(whole)),
                }
            }
        }
    }
    Ok(grants)
}

/// `SESS#*`
fn is_a_kind_of_row(pattern: &str) -> bool {
    let kind = pattern.strip_suffix("#*").unwrap_or_default();
    !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_uppercase())
}

/// What a table's policy denies.
fn denied(place: &str, policy: Json) -> Result<BTreeSet<String>, StartError> {
    let policy: RawTablePolicy = serde_json::from_value(policy)
        .map_err(|e| StartError::new(format!("{place}, ResourcePolicy: {e}")))?;
    let mut denied = BTreeSet::new();
    for statement in policy.policy_document.statement {
        // In the policy of a table, Resource "*" is that table.
        if (statement.effect.as_str(), statement.principal.as_str(), statement.resource.as_str())
            != ("Deny", "*", "*")
        {
            return Err(StartError::new(format!("{place} has a policy that does not deny to everybody")));
        }
        denied.extend(statement.action.all());
    }
    Ok(denied)
}

/// `rate(5 minutes)` → five minutes.
fn rate(schedule: &str) -> Option<Duration> {
    let inner = schedule.strip_prefix("rate(")?.strip_suffix(')')?;
    let (number, unit) = inner.split_once(' ')?;
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    let seconds = match unit {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3_600,
        "day" | "days" => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests;
