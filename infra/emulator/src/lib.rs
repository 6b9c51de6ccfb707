//! AWS's side on one machine, as the SAM template describes it.
//!
//! | Module | In place of |
//! |---|---|
//! | [`template`] | CloudFormation: reads the SAM template |
//! | [`gateway`], [`server`] | API Gateway: HTTP requests become events of payload format 2.0 |
//! | [`invoke`], [`environment`] | Lambda: calls functions, gives them their variables |
//! | [`aws`] | the endpoint that the SDK talks to: DynamoDB ([`dynamodb`]), SES ([`mailbox`]), Secrets Manager |
//! | [`access`] | IAM: the template's grants, checked at every call |
//! | [`streams`], [`schedules`] | event sources: DynamoDB StreamReader, EventBridge |
//!
//! [`connector`] puts all this below the unchanged SDK; [`faults`] makes calls fail on purpose and counts them.

pub mod access;
pub mod agenda;
pub mod aws;
pub mod client;
pub mod connector;
pub mod dynamodb;
pub mod environment;
pub mod exchange;
pub mod faults;
pub mod gateway;
pub mod invoke;
pub mod mailbox;
pub mod pages;
pub mod persistence;
pub mod schedules;
pub mod server;
pub mod start_error;
pub mod streams;
pub mod template;
