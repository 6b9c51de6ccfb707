//! The codes with which a creditor refuses, and which of them comes first.
//!
//! Order: schema, then creditor, broker, station, then the code within the request, then what is looked up and
//! its state. The first is [`crate::parse`]'s, the next three [`check_ids`]'s, the last two [`fault_for`]'s.

use domain::creditor::Creditor;
use domain::debt::DebtState;
use domain::{Debt, FiscalCode, Timestamp};

use crate::operations::{NodeOperation, NodeRequest};

/// Every code that a creditor may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultCode {
    SintassiExtraXsd,
    SintassiXsd,
    IdDominioErrato,
    IdIntermediarioErrato,
    StazioneIntErrata,
    PagamentoSconosciuto,
    PagamentoDuplicato,
    PagamentoInCorso,
    PagamentoScaduto,
    PagamentoAnnullato,
    Semantica,
    ReceiptDuplicata,
    SystemError,
}

impl FaultCode {
    pub const ALL: [FaultCode; 13] = [
        FaultCode::SintassiExtraXsd,
        FaultCode::SintassiXsd,
        FaultCode::IdDominioErrato,
        FaultCode::IdIntermediarioErrato,
        FaultCode::StazioneIntErrata,
        FaultCode::PagamentoSconosciuto,
        FaultCode::PagamentoDuplicato,
        FaultCode::PagamentoInCorso,
        FaultCode::PagamentoScaduto,
        FaultCode::PagamentoAnnullato,
        FaultCode::Semantica,
        FaultCode::ReceiptDuplicata,
        FaultCode::SystemError,
    ];

    pub fn code(self) -> &'static str {
        match self {
            FaultCode::SintassiExtraXsd => "PAA_SINTASSI_EXTRAXSD",
            FaultCode::SintassiXsd => "PAA_SINTASSI_XSD",
            FaultCode::IdDominioErrato => "PAA_ID_DOMINIO_ERRATO",
            FaultCode::IdIntermediarioErrato => "PAA_ID_INTERMEDIARIO_ERRATO",
            FaultCode::StazioneIntErrata => "PAA_STAZIONE_INT_ERRATA",
            FaultCode::PagamentoSconosciuto => "PAA_PAGAMENTO_SCONOSCIUTO",
            FaultCode::PagamentoDuplicato => "PAA_PAGAMENTO_DUPLICATO",
            FaultCode::PagamentoInCorso => "PAA_PAGAMENTO_IN_CORSO",
            FaultCode::PagamentoScaduto => "PAA_PAGAMENTO_SCADUTO",
            FaultCode::PagamentoAnnullato => "PAA_PAGAMENTO_ANNULLATO",
            FaultCode::Semantica => "PAA_SEMANTICA",
            FaultCode::ReceiptDuplicata => "PAA_RECEIPT_DUPLICATA",
            FaultCode::SystemError => "PAA_SYSTEM_ERROR",
        }
    }

    /// The sentence that goes with it. For a repeated receipt none is prescribed.
    pub fn sentence(self) -> &'static str {
        match self {
            FaultCode::SintassiExtraXsd => "Errore di sintassi extra XSD",
            FaultCode::SintassiXsd => "Errore di sintassi XSD",
            FaultCode::IdDominioErrato => "La PAA non corrisponde al Dominio indicato",
            FaultCode::IdIntermediarioErrato => "Identificativo intermediario non corrispondente",
            FaultCode::StazioneIntErrata => "Stazione intermediario non corrispondente",
            FaultCode::PagamentoSconosciuto => "Pagamento in attesa risulta sconosciuto all’Ente Creditore",
            FaultCode::PagamentoDuplicato => "Pagamento in attesa risulta concluso all’Ente Creditore",
            FaultCode::PagamentoInCorso => "Pagamento in attesa risulta in corso all’Ente Creditore",
            FaultCode::PagamentoScaduto => "Pagamento in attesa risulta scaduto all’Ente Creditore",
            FaultCode::PagamentoAnnullato => "Pagamento in attesa risulta annullato all’Ente Creditore",
            FaultCode::Semantica => "Errore semantico",
            FaultCode::ReceiptDuplicata => "La ricevuta è già stata accettata",
            FaultCode::SystemError => "Errore generico",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// Returns whether the circuit's table has this code for an operation.
    pub fn belongs_to(self, operation: NodeOperation) -> bool {
        let (receipt, demand) = match operation {
            NodeOperation::SendRt(_) => (true, false),
            NodeOperation::Demand => (false, true),
            NodeOperation::Verify | NodeOperation::Get(_) => (false, false),
        };
        match self {
            FaultCode::SintassiExtraXsd
            | FaultCode::IdDominioErrato
            | FaultCode::IdIntermediarioErrato
            | FaultCode::StazioneIntErrata
            | FaultCode::Semantica
            | FaultCode::SystemError => true,
            FaultCode::SintassiXsd => demand,
            FaultCode::ReceiptDuplicata => receipt,
            FaultCode::PagamentoSconosciuto
            | FaultCode::PagamentoDuplicato
            | FaultCode::PagamentoInCorso
            | FaultCode::PagamentoScaduto
            | FaultCode::PagamentoAnnullato => !receipt,
        }
    }
}

/// The first fault of a request's ids, if it is not for us or contradicts itself: creditor, broker, station, in this order.
///
/// A receipt may speak of a notice of another creditor: we may have a share in it.
pub fn check_ids(
    creditor: &Creditor,
    broker: &str,
    station: &str,
    request: &NodeRequest,
) -> Option<FaultCode> {
    let to = request.address();
    let ours = creditor.fiscal_code.as_str();
    if to.body.as_str() != ours {
        return Some(FaultCode::IdDominioErrato);
    }
    if to.broker.as_str() != broker {
        return Some(FaultCode::IdIntermediarioErrato);
    }
    if to.station.as_str() != station {
        return Some(FaultCode::StazioneIntErrata);
    }
    match request {
        NodeRequest::Verify(verify) => {
            (verify.qr_code.fiscal_code.as_str() != ours).then_some(FaultCode::IdDominioErrato)
        }
        NodeRequest::Get(get) => {
            (get.qr_code.fiscal_code.as_str() != ours).then_some(FaultCode::IdDominioErrato)
        }
        NodeRequest::Receipt(_) | NodeRequest::Demand(_) => None,
    }
}

/// Why a debt cannot be paid now, if it cannot: none, not published, paid, cancelled, expired.
///
/// An attempt under way is no reason: a debt stays open until its receipt arrives.
pub fn fault_for(debt: Option<&Debt>, now: Timestamp) -> Option<FaultCode> {
    let Some(debt) = debt.filter(|debt| debt.is_published(now)) else {
        return Some(FaultCode::PagamentoSconosciuto);
    };
    match debt.effective_state(now) {
        DebtState::Open => None,
        DebtState::Paid => Some(FaultCode::PagamentoDuplicato),
        DebtState::Cancelled => Some(FaultCode::PagamentoAnnullato),
        DebtState::Expired => Some(FaultCode::PagamentoScaduto),
    }
}

/// The creditor as faults name it.
pub(crate) fn id(creditor: &FiscalCode) -> String {
    creditor.as_str().to_owned()
}
