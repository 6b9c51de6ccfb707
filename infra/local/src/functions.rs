//! Every function of `functions/`, by logical id. Kept by `cargo test -p local`, as is the list of dependencies in
//! `Cargo.toml`: when a folder comes or goes, the test rewrites both and fails once.

use lambda::InProcess;
use runtime::{ConfigError, Env};

/// Connects a function to its environment.
pub type Connect = fn(&Env) -> Result<InProcess, ConfigError>;

/// A function that can run in this process.
pub struct FunctionEntry {
    /// The logical id.
    pub name: &'static str,
    pub connect: Connect,
}

#[rustfmt::skip]
pub(crate) const FUNCTIONS: &[FunctionEntry] = &[
    // functions: kept
    FunctionEntry { name: "Account", connect: lambda::in_process::<account::Account> },
    FunctionEntry { name: "Activate", connect: lambda::in_process::<activate::Activate> },
    FunctionEntry { name: "Associate", connect: lambda::in_process::<associate::Associate> },
    FunctionEntry { name: "Audit", connect: lambda::worker_in_process::<audit::Audit> },
    FunctionEntry { name: "CreateSpontaneous", connect: lambda::in_process::<create_spontaneous::CreateSpontaneous> },
    FunctionEntry { name: "CreditorDebts", connect: lambda::in_process::<creditor_debts::CreditorDebts> },
    FunctionEntry { name: "CreditorDifferences", connect: lambda::in_process::<creditor_differences::CreditorDifferences> },
    FunctionEntry { name: "CreditorPayments", connect: lambda::in_process::<creditor_payments::CreditorPayments> },
    FunctionEntry { name: "History", connect: lambda::in_process::<history::History> },
    FunctionEntry { name: "ImportDebts", connect: lambda::in_process::<import_debts::ImportDebts> },
    FunctionEntry { name: "InitiatePayment", connect: lambda::in_process::<initiate_payment::InitiatePayment> },
    FunctionEntry { name: "ListDebts", connect: lambda::in_process::<list_debts::ListDebts> },
    FunctionEntry { name: "Login", connect: lambda::in_process::<login::Login> },
    FunctionEntry { name: "Logout", connect: lambda::in_process::<logout::Logout> },
    FunctionEntry { name: "NoticePdf", connect: lambda::in_process::<notice_pdf::NoticePdf> },
    FunctionEntry { name: "PagopaNode", connect: lambda::in_process::<pagopa_node::PagopaNode> },
    FunctionEntry { name: "Password", connect: lambda::in_process::<password::Password> },
    FunctionEntry { name: "PaymentMethods", connect: lambda::in_process::<payment_methods::PaymentMethods> },
    FunctionEntry { name: "Portal", connect: lambda::in_process::<portal::Portal> },
    FunctionEntry { name: "ProcessOutbox", connect: lambda::worker_in_process::<process_outbox::ProcessOutbox> },
    FunctionEntry { name: "PspCallback", connect: lambda::in_process::<psp_callback::PspCallback> },
    FunctionEntry { name: "ReceiptPdf", connect: lambda::in_process::<receipt_pdf::ReceiptPdf> },
    FunctionEntry { name: "Register", connect: lambda::in_process::<register::Register> },
    FunctionEntry { name: "RevokeConsent", connect: lambda::in_process::<revoke_consent::RevokeConsent> },
    FunctionEntry { name: "Search", connect: lambda::in_process::<search::Search> },
    FunctionEntry { name: "Services", connect: lambda::in_process::<services::Services> },
    FunctionEntry { name: "Sweep", connect: lambda::worker_in_process::<sweep::Sweep> },
    FunctionEntry { name: "VerifyReceipt", connect: lambda::in_process::<verify_receipt::VerifyReceipt> },
    // functions: end
];

#[cfg(test)]
mod tests;
