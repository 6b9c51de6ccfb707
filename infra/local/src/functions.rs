//! Every function of `functions/`, by logical id. Kept by `cargo test -p local`, as is the list of dependencies in
//! `Cargo.toml`: when a folder comes or goes, the test rewrites both and fails once.

use lambda::InProcess;
use world::{NotConfigured, World};

/// Connects a function to its world.
pub type Connect = fn(&World) -> Result<InProcess, NotConfigured>;

/// A function that can run in this process.
pub struct Entry {
    /// The logical id.
    pub name: &'static str,
    pub connect: Connect,
}

#[rustfmt::skip]
pub(crate) const FUNCTIONS: &[Entry] = &[
    // functions: kept
    Entry { name: "Account", connect: lambda::in_process::<account::Account> },
    Entry { name: "Activate", connect: lambda::in_process::<activate::Activate> },
    Entry { name: "Associate", connect: lambda::in_process::<associate::Associate> },
    Entry { name: "Audit", connect: lambda::worker_in_process::<audit::Audit> },
    Entry { name: "CreateSpontaneous", connect: lambda::in_process::<create_spontaneous::CreateSpontaneous> },
    Entry { name: "DeliverMail", connect: lambda::worker_in_process::<deliver_mail::DeliverMail> },
    Entry { name: "History", connect: lambda::in_process::<history::History> },
    Entry { name: "ImportDebts", connect: lambda::in_process::<import_debts::ImportDebts> },
    Entry { name: "InitiatePayment", connect: lambda::in_process::<initiate_payment::InitiatePayment> },
    Entry { name: "List", connect: lambda::in_process::<list::List> },
    Entry { name: "Login", connect: lambda::in_process::<login::Login> },
    Entry { name: "Logout", connect: lambda::in_process::<logout::Logout> },
    Entry { name: "NoticePdf", connect: lambda::in_process::<notice_pdf::NoticePdf> },
    Entry { name: "PagopaNode", connect: lambda::in_process::<pagopa_node::PagopaNode> },
    Entry { name: "Password", connect: lambda::in_process::<password::Password> },
    Entry { name: "PaymentMethods", connect: lambda::in_process::<payment_methods::PaymentMethods> },
    Entry { name: "Portal", connect: lambda::in_process::<portal::Portal> },
    Entry { name: "PspCallback", connect: lambda::in_process::<psp_callback::PspCallback> },
    Entry { name: "ReceiptPdf", connect: lambda::in_process::<receipt_pdf::ReceiptPdf> },
    Entry { name: "Register", connect: lambda::in_process::<register::Register> },
    Entry { name: "RevokeConsent", connect: lambda::in_process::<revoke_consent::RevokeConsent> },
    Entry { name: "Search", connect: lambda::in_process::<search::Search> },
    Entry { name: "Services", connect: lambda::in_process::<services::Services> },
    Entry { name: "Sweep", connect: lambda::worker_in_process::<sweep::Sweep> },
    Entry { name: "VerifyReceipt", connect: lambda::in_process::<verify_receipt::VerifyReceipt> },
    // functions: end
];

#[cfg(test)]
mod tests;
