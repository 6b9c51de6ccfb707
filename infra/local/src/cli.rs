//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, ValueEnum};
use local::{Options, PaymentChannel};

fn channels() -> impl TypedValueParser<Value = PaymentChannel> {
    PossibleValuesParser::new(["psp", "checkout"]).try_map(|text| text.parse::<PaymentChannel>())
}

/// Runs the whole product on this machine.
#[derive(Debug, Parser)]
#[command(name = "local")]
pub struct Cli {
    /// Port to listen on
    #[arg(long, value_name = "N", default_value_t = 3000)]
    port: u16,
    /// Keep the data in a folder [default: in memory]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where citizens pay: at a PSP, or on pagoPA Checkout
    #[arg(long, default_value = "psp", value_parser = channels())]
    channel: PaymentChannel,
    /// Limits on attempts; off for load tests
    #[arg(long, value_enum, default_value_t)]
    limits: LimitsSwitch,
    /// Refuse what the template does not grant, or allow it and list it at the end
    #[arg(long, value_enum, default_value_t)]
    grants: Grants,
    /// Each function in a process of its own, by cargo-lambda, or in a container of its own, by sam and Docker
    #[arg(long, value_enum)]
    pub functions: Option<Runner>,
    /// Run the functions elsewhere: address of Lambda's Invoke API
    #[arg(long, value_name = "URL", value_parser = address)]
    invoke: Option<String>,
    /// Only DynamoDB, mail, secrets and PSP, for functions that are reached in some other way
    #[arg(long)]
    neighbours_only: bool,
    /// Where citizens reach the portal then
    #[arg(long, value_name = "URL", value_parser = address)]
    public_url: Option<String>,
    /// Where functions elsewhere reach this machine (an address is listened to as well)
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Another template than infra/template.yaml
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// A parameter of the template that differs from the demonstration creditor's; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
    set: Vec<(String, String)>,
    /// The functions' own log, too
    #[arg(long)]
    pub verbose: bool,
    /// Run this against the stack (PORTAL_URL, LOCAL_URL), then stop
    #[arg(last = true, value_name = "COMMAND")]
    pub client: Vec<OsString>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum LimitsSwitch {
    #[default]
    On,
    Off,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Grants {
    #[default]
    Enforce,
    Report,
}

/// Who runs the functions, when they are not in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Runner {
    /// `cargo lambda watch`, behind our own front door
    Watch,
    /// `sam local`, with its own front door, over what `make -C infra functions` built
    Sam,
}

impl Cli {
    /// How to start the stack.
    pub fn options(&self) -> Options {
        Options {
            port: self.port,
            data: self.data.clone(),
            limits: self.limits == LimitsSwitch::On,
            neighbours_only: self.neighbours_only,
            invoke: self.invoke.clone(),
            channel: self.channel,
            host: self.host.clone(),
            public_url: self.public_url.clone(),
            template: self.template.clone(),
            parameters: self.set.iter().cloned().collect(),
            enforce_grants: self.grants == Grants::Enforce,
            log: self.client.is_empty(),
            ..Options::default()
        }
    }
}

fn address(text: &str) -> Result<String, String> {
    match text.starts_with("http://") {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => Err("an address begins with http://".to_owned()),
    }
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a parameter is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
