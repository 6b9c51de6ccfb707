//! pagoPA's protocols, pure as far as they can be: no store, no HTTP surface.
//!
//! | What | Where |
//! |---|---|
//! | the node calls us: requests, read by the schema | [`operations`] |
//! | our answers, valid against the schema in every case | [`answers`] |
//! | with which code we refuse, and which comes first | [`faults`] |
//! | debts into answers | [`mapping`] |
//! | receipts into money, read tolerantly | [`receipts`] |
//! | the schema's types | [`parts`], [`values`] |
//! | XML and SOAP, with limits | [`soap`] |
//! | the node's own side, for the local stack | [`node`] |
//! | we call Checkout: a cart, and the page to pay it at | [`checkout`] |
//! | we tell the central archive of our notices | [`aca`] |

pub mod aca;
pub mod answers;
pub mod checkout;
pub mod faults;
pub mod mapping;
pub mod node;
pub mod operations;
pub mod parts;
pub mod receipts;
pub mod soap;
pub mod values;

pub use answers::{FaultSide, NodeAnswer, SoapFault, render};
pub use faults::{FaultCode, check_ids, fault_for};
pub use mapping::{Taxonomy, get_ok, verify_ok};
pub use operations::{NodeOperation, NodeRefusal, NodeRequest, SendRt, is_receipt, parse};
pub use parts::MessageVersion;
pub use receipts::{ReceiptMeaning, ReceivedReceipt};
pub use soap::CONTENT_TYPE;
