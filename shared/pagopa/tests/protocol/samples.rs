//! What the other modules share: a creditor, a debt, requests and answers that use everything.

use domain::creditor::{Creditor, Iban, PostalAccount};
use domain::debt::{Debt, DebtDates, DebtOrigin, DebtService, DebtState};
use domain::payment::{Attempt, AttemptStatus, MethodChoice, PaymentId, PaymentItem};
use domain::person::{Email, Person, PersonType};
use domain::{Amount, Cents, Date, FiscalCode, NoticeNumber, Timestamp};
use pagopa::answers::{FaultSide, GetOk, NodeAnswer, SoapFault, VerifyOk};
use pagopa::operations::{Demand, Get, ReceiptMessage, SendRt, TransferType, Verify};
use pagopa::parts::{
    Destination, EntityType, MessageAddress, MessageVersion, Metadata, QrCode, Subject, Transfer, Transfers,
};
use pagopa::values::{Base64, BoundedText, Country, Digits, EMail, Moment, TransferId};
use pagopa::{FaultCode, NodeOperation, NodeRequest};
use proptest::test_runner::Config;

pub const BROKER: &str = "98765432103";
pub const STATION: &str = "98765432103_01";
pub const BANK: &str = "IT60X0542811101000000123456";
pub const POSTAL: &str = "IT69D0760102800000016302093";
pub const PAYMENT: &str = "0123456789abcdef0123456789abcdef";

/// How many cases a property runs; a failing one is printed, not kept in a file.
pub fn cases(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

pub fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

pub fn day(date: &str) -> Date {
    date.parse().unwrap()
}

pub fn text<const MAX: usize, const MIN: usize>(text: &str) -> BoundedText<MAX, MIN> {
    BoundedText::parse(text).unwrap()
}

pub fn creditor() -> Creditor {
    Creditor {
        name: "Comune di Esempio".to_owned(),
        fiscal_code: FiscalCode::parse("12345678903").unwrap(),
        office: Some("Ufficio Tributi".to_owned()),
        info: None,
        segregation_code: "01".parse().unwrap(),
        iban: Some(Iban::parse(BANK).unwrap()),
        postal: None,
        cbill: None,
    }
}

pub fn postal_creditor() -> Creditor {
    let account = PostalAccount {
        iban: Iban::parse(POSTAL).unwrap(),
        holder: "Comune".to_owned(),
        authorization: None,
    };
    Creditor { postal: Some(account), ..creditor() }
}

pub fn mario() -> Person {
    Person {
        fiscal_code: FiscalCode::parse("RSSMRA80A01H501U").unwrap(),
        person_type: PersonType::Natural,
        name: "Mario Rossi".to_owned(),
        address: Some("Via Garibaldi 12".to_owned()),
        postal_code: Some("00184".to_owned()),
        city: Some("Roma".to_owned()),
        province: Some("RM".to_owned()),
        country: Some("IT".to_owned()),
        email: Some(Email::parse("mario.rossi@example.it").unwrap()),
    }
}

pub fn debt() -> Debt {
    Debt {
        notice: NoticeNumber::parse("301000000000000144").unwrap(),
        debtor: mario(),
        service: DebtService { code: "TARI".to_owned(), name: "Tassa rifiuti".to_owned() },
        reason: "TARI 2030 rata unica".to_owned(),
        amount: Amount::new(15_000).unwrap(),
        days: DebtDates { due: Some(day("2031-01-31")), ..DebtDates::default() },
        office: domain::office::OfficeData::default(),
        origin: DebtOrigin::Creditor,
        created_at: at("2030-01-01T00:00:00Z"),
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

pub fn attempt(notices: usize) -> Attempt {
    let item = |n| PaymentItem {
        notice: NoticeNumber::parse(&format!("3010000000000001{n:02}")).unwrap(),
        amount: Amount::new(1_000).unwrap(),
        reason: "TARI 2030".to_owned(),
    };
    Attempt {
        id: PaymentId::parse(PAYMENT).unwrap(),
        account: serde_json::from_value(serde_json::json!("00000000000000000000000000000001")).unwrap(),
        items: (0..notices).map(item).collect(),
        choice: MethodChoice::default(),
        email: Some(Email::parse("mario.rossi@example.it").unwrap()),
        language: serde_json::from_value(serde_json::json!("it")).unwrap(),
        status: AttemptStatus::Pending,
        started_at: at("2030-01-01T00:00:00Z"),
        expires_at: at("2030-01-01T00:30:00Z"),
        mailed_elsewhere: false,
        checkout: None,
        page_asked_at: None,
        received: Vec::new(),
        inquiries: 0,
        failure: None,
        revision: 1,
    }
}

pub fn address() -> MessageAddress {
    MessageAddress { body: text("12345678903"), broker: text(BROKER), station: text(STATION) }
}

pub fn qr_code() -> QrCode {
    QrCode {
        fiscal_code: Digits::parse("12345678903").unwrap(),
        notice: Digits::parse("301000000000000144").unwrap(),
    }
}

pub fn verify() -> NodeRequest {
    NodeRequest::Verify(Verify { to: address(), qr_code: qr_code() })
}

pub fn get(version: MessageVersion) -> Get {
    Get {
        version,
        to: address(),
        qr_code: qr_code(),
        amount: Some(Cents::new(15_000).unwrap()),
        note: Some(text(PAYMENT)),
        transfer_type: Some(TransferType::Postal),
        due: Some(day("2031-01-31")),
    }
}

pub fn subject() -> Subject {
    Subject {
        entity: EntityType::F,
        code: text("RSSMRA80A01H501U"),
        name: text("Mario Rossi"),
        street: Some(text("Via Garibaldi")),
        civic_number: Some(text("12")),
        postal_code: Some(text("00184")),
        city: Some(text("Roma")),
        province: Some(text("RM")),
        country: Country::parse("IT"),
        email: EMail::parse("mario.rossi@example.it"),
    }
}

pub fn metadata() -> Metadata {
    Metadata::new(vec![(text("pratica"), text("2030-000123")), (text("a"), text("b"))]).unwrap()
}

pub fn transfer(id: u8, to: Destination, second: bool) -> Transfer {
    Transfer {
        id: TransferId::parse(&id.to_string()).unwrap(),
        amount: Amount::new(7_500).unwrap(),
        fiscal_code: Digits::parse("12345678903").unwrap(),
        company: second.then(|| text("Comune di Esempio")),
        to,
        remittance: text("/RFB/01000000000000144/75.00/TXT/TARI 2030"),
        category: text("0101002IM"),
        metadata: Some(metadata()),
    }
}

pub fn bank() -> Destination {
    Destination::Iban(text(BANK))
}

/// A receipt with everything that its version knows.
pub fn receipt(version: MessageVersion) -> SendRt {
    let v2 = version == MessageVersion::V2;
    let stamp = Destination::StampBought(Base64::parse("PG1hcmNhRGFCb2xsby8+").unwrap());
    let second = transfer(2, if v2 { stamp } else { bank() }, v2);
    let receipt = ReceiptMessage {
        id: "c110729d258c4ab1b765fe902aae41d6".to_owned(),
        notice: qr_code().notice,
        fiscal_code: qr_code().fiscal_code,
        succeeded: true,
        iuv: text("01000000000000144"),
        amount: Cents::new(15_000).unwrap(),
        description: text("TARI 2030 rata unica"),
        company: text("Comune di Esempio"),
        office: Some(text("Ufficio Tributi")),
        debtor: subject(),
        transfers: Transfers::new(vec![transfer(1, bank(), v2), second]).unwrap(),
        psp_id: text("ABI99999"),
        psp_fiscal_code: Some(text("15376371009")),
        psp_vat_number: Some(text("15376371008")),
        psp_company: text("Banca Esempio S.p.A."),
        channel_id: text("15376371009_01"),
        channel: text("WISP"),
        payer: Some(Subject { name: text("Luigia Verdi"), code: text("VRDLGI68T65L219G"), ..subject() }),
        method: Some(text("CP")),
        note: v2.then(|| text(PAYMENT)),
        fee: Cents::new(150).ok(),
        our_fee: v2.then(|| Cents::new(0).unwrap()),
        bundle: v2.then(|| text("bundle-1")),
        our_bundle: v2.then(|| text("ci-bundle-1")),
        paid_at: Moment::parse("2030-12-20T10:15:30"),
        applied_on: Some(day("2030-12-20")),
        transferred_on: Some(day("2030-12-21")),
        metadata: Some(metadata()),
        stand_in: Some(false),
    };
    SendRt { version, to: address(), receipt }
}

/// One request of every operation, with everything in it.
pub fn requests() -> Vec<NodeRequest> {
    vec![
        verify(),
        NodeRequest::Get(get(MessageVersion::V1)),
        NodeRequest::Get(get(MessageVersion::V2)),
        NodeRequest::Receipt(Box::new(receipt(MessageVersion::V1))),
        NodeRequest::Receipt(Box::new(receipt(MessageVersion::V2))),
        NodeRequest::Demand(Demand {
            to: address(),
            service: text("00042"),
            subject: text("00007"),
            data: Base64::parse("PHg+").unwrap_or_else(|| Base64::parse("AAAA").unwrap()),
        }),
    ]
}

pub fn verify_ok() -> VerifyOk {
    VerifyOk {
        amount: Amount::new(15_000).unwrap(),
        due: Some(day("2031-01-31")),
        detail: Some(text("TARI 2030 rata unica")),
        all_ccp: true,
        description: text("TARI 2030 rata unica"),
        fiscal_code: qr_code().fiscal_code,
        company: text("Comune di Esempio"),
        office: Some(text("Ufficio Tributi")),
    }
}

pub fn get_ok(version: MessageVersion) -> GetOk {
    let v2 = version == MessageVersion::V2;
    let stamp = Destination::StampWanted {
        digest: Base64::parse("n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=").unwrap(),
        province: Country::parse("RM").unwrap(),
    };
    let second = transfer(2, if v2 { stamp } else { bank() }, v2);
    GetOk {
        iuv: text("01000000000000144"),
        amount: Amount::new(15_000).unwrap(),
        due: day("2031-01-31"),
        retention: Moment::parse("2031-12-31T23:59:59+01:00"),
        last_payment: Some(true),
        description: text("TARI 2030 rata unica"),
        company: Some(text("Comune di Esempio")),
        office: Some(text("Ufficio Tributi")),
        debtor: subject(),
        transfers: Transfers::new(vec![transfer(1, bank(), v2), second]).unwrap(),
        metadata: Some(metadata()),
    }
}

/// Every kind of answer: each OK, every code on every operation, both SOAP faults.
pub fn answers() -> Vec<NodeAnswer> {
    let mut all = vec![
        NodeAnswer::VerifyOk(verify_ok()),
        NodeAnswer::GetOk(MessageVersion::V1, Box::new(get_ok(MessageVersion::V1))),
        NodeAnswer::GetOk(MessageVersion::V2, Box::new(get_ok(MessageVersion::V2))),
        NodeAnswer::ReceiptOk(MessageVersion::V1),
        NodeAnswer::ReceiptOk(MessageVersion::V2),
        NodeAnswer::Fault(FaultSide::Client),
        NodeAnswer::Fault(FaultSide::Server),
    ];
    for operation in NodeOperation::ALL {
        for code in FaultCode::ALL {
            let fault = SoapFault {
                code,
                id: "12345678903".to_owned(),
                description: Some("Numero avviso".to_owned()),
            };
            all.push(NodeAnswer::Ko { operation, fault });
            all.push(NodeAnswer::ko(operation, code, &creditor().fiscal_code));
        }
    }
    all
}
