//! Data that the tests print.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests, of which each test binary uses its part"
)]

pub mod pdf;
pub mod reader;

use std::sync::OnceLock;

use documents::Printer;
use domain::creditor::{Creditor, Iban, PostalAccount};
use domain::debt::{DebtDates, DebtOrigin, DebtService, DebtState};
use domain::person::PersonType;
use domain::receipt::{Payer, PspIdentity, Receipt};
use domain::{Amount, Cents, Date, Debt, FiscalCode, NoticeNumber, Person, Timestamp};

pub const VERIFY_PAGE: &str = "https://pagamenti.comune.example/verifica";

pub fn printer() -> &'static Printer {
    static PRINTER: OnceLock<Printer> = OnceLock::new();
    PRINTER.get_or_init(|| Printer::new().unwrap())
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn today() -> Date {
    day("2026-11-23")
}

pub fn creditor() -> Creditor {
    Creditor {
        name: "Comune di Test".into(),
        fiscal_code: FiscalCode::parse("12345678903").unwrap(),
        office: Some("Settore Entrate e Tributi".into()),
        info: Some("Piazza del Municipio 1 · tel. 0571 000000 · lun–ven 9–12".into()),
        segregation_code: "01".parse().unwrap(),
        iban: Some(Iban::parse("IT60X0542811101000000123456").unwrap()),
        postal: Some(PostalAccount {
            iban: Iban::parse("IT69D0760102800000016302093").unwrap(),
            holder: "Comune di Test – Servizio Tesoreria".into(),
            authorization: Some("AUT. DB/SISB/000 00000 DEL 01/01/2026".into()),
        }),
        cbill: Some("A1B2C".into()),
    }
}

pub fn debtor() -> Person {
    Person {
        fiscal_code: FiscalCode::parse("RSSMRA80A01H501U").unwrap(),
        person_type: PersonType::Natural,
        name: "Mario Rossi".into(),
        address: Some("Via Giuseppe Garibaldi 12".into()),
        postal_code: Some("00184".into()),
        city: Some("Roma".into()),
        province: Some("RM".into()),
        country: Some("IT".into()),
        email: None,
    }
}

pub fn debt() -> Debt {
    Debt {
        notice: NoticeNumber::parse("001000000000106683").unwrap(),
        debtor: debtor(),
        service: DebtService { code: "TEST1".into(), name: "Mensa scolastica".into() },
        reason: "TARI 2026 rata unica – via Garibaldi 12".into(),
        amount: Amount::new(22250).unwrap(),
        days: DebtDates { valid_from: None, due: Some(day("2027-01-31")), expires: Some(day("2027-06-30")) },
        office: domain::office::OfficeData::default(),
        origin: DebtOrigin::Creditor,
        created_at: at("2026-11-20T09:30:00Z"),
        changed_at: None,
        state: DebtState::Open,
        closed_at: None,
        attempt: None,
        receipt: None,
        agreed: None,
        mismatched: None,
        only_of: None,
        watchers: Vec::new(),
        details: Vec::new(),
        version: 1,
        revision: 1,
        chain: String::new(),
    }
}

pub fn receipt() -> Receipt {
    Receipt {
        code: domain::receipt::code_from([
            0x3a, 0x91, 0x5c, 0xee, 0x07, 0x42, 0xb8, 0xd1, 0x66, 0x0f, 0x9e, 0x23, 0x7b, 0xc4, 0x51, 0x8d,
        ]),
        receipt_id: "c110729d258c4ab1b765fe902aae41d6".into(),
        amount: Amount::new(22250).unwrap(),
        fee: Some(Cents::new(150).unwrap()),
        paid_at: Some(at("2026-11-22T13:32:10Z")),
        applied_on: Some(day("2026-11-22")),
        recorded_at: at("2026-11-22T13:32:14Z"),
        psp: PspIdentity {
            id: "ABI36000".into(),
            name: "Banca di Prova S.p.A.".into(),
            fiscal_code: Some("12345678903".into()),
        },
        method: Some("CP".into()),
        channel: Some("onLine".into()),
        payer: Some(Payer { name: "Mario Rossi".into(), fiscal_code: "RSSMRA80A01H501U".into() }),
        brought_by: None,
        paid_together: None,
        paid_for: None,
    }
}

pub fn bare_receipt() -> Receipt {
    Receipt {
        fee: None,
        paid_at: None,
        applied_on: None,
        psp: PspIdentity { fiscal_code: None, ..receipt().psp },
        method: None,
        channel: None,
        payer: None,
        ..receipt()
    }
}

/// The longest texts that the product stores.
pub fn long_debt() -> Debt {
    let mut debt = debt();
    debt.amount = Amount::new(documents::codes::MAX_PRINTABLE).unwrap();
    debt.debtor.name =
        "Associazione Sportiva Dilettantistica Culturale e Ricreativa Società Caffè dell’Orso \
                        Nero di Pietraperciata a responsabilità limitata"
            .into();
    debt.debtor.address = Some(
        "Località Frazione Santa Maria Maddalena degli Àngeli Piccoli, Strada Provinciale 123 \
        bis chilometro 45+600, interno 12 scala B palazzina Ìncanto"
            .into(),
    );
    debt.debtor.city = Some("San Valentino in Abruzzo Citeriore".into());
    debt.reason =
        "Canone unico patrimoniale – anno 2026 (rif. n° 12/A) dovuto per l’occupazione di suolo pubblico, \
                   piazza Garibaldi 10, Empoli (FI) oltre i limiti"
            .into();
    debt
}

pub fn long_creditor() -> Creditor {
    let mut creditor = creditor();
    creditor.name = "Unione dei Comuni Montani dell’Alta Valle del Fiume Grande e delle Terre di Mezzo – \
                     Amministrazione Straordinaria Temporanea"
        .into();
    creditor.office = Some("Settore Entrate Tributarie, Patrimoniali e Demanio Marittimo".into());
    creditor.info = Some("w".repeat(140));
    let postal = creditor.postal.as_mut().unwrap();
    postal.holder =
        "Unione dei Comuni Montani dell’Alta Valle – Servizio di Tesoreria Unica Provinciale".into();
    creditor
}
