//! Texts of strangers on a page: they are printed or replaced, never more than text (INV-X12).

use std::sync::OnceLock;

use ::documents::Printer;
use ::documents::codes::{Slip, datamatrix_text};
use domain::account::Language;
use domain::creditor::{Creditor, Iban, PostalAccount};
use domain::debt::{DebtDates, DebtOrigin, DebtService, DebtState};
use domain::person::PersonType;
use domain::receipt::{Payer, PspIdentity, Receipt};
use domain::{Amount, Date, Debt, FiscalCode, NoticeNumber, Person, Timestamp};
use lopdf::{Document, Object};

/// What would make a document do something: none of these keys stands in any dictionary of ours.
const ACTIVE: &[&[u8]] = &[
    b"AA",
    b"AcroForm",
    b"Annots",
    b"EmbeddedFiles",
    b"JS",
    b"JavaScript",
    b"Launch",
    b"OpenAction",
    b"URI",
    b"XFA",
];

/// A notice and a receipt whose texts are the lines of the input, in turn.
pub fn pdf_text(bytes: &[u8]) {
    static PRINTER: OnceLock<Printer> = OnceLock::new();
    let printer = PRINTER.get_or_init(|| Printer::new().unwrap());
    let all = String::from_utf8_lossy(bytes);
    let texts: Vec<&str> = all.split('\n').collect();
    let text = |n: usize| texts[n % texts.len()].to_owned();
    let (creditor, debt, receipt) = (creditor(&text), debt(&text), receipt(&text));
    let today: Date = "2026-11-23".parse().unwrap();
    let language = if bytes.len().is_multiple_of(2) { Language::It } else { Language::En };
    inert(&printer.notice(&creditor, &debt, language, today).unwrap());
    inert(&printer.receipt(&creditor, &debt, &receipt, "https://example.it/verifica", language).unwrap());
    let slip = datamatrix_text(&Slip {
        notice: &debt.notice,
        account: "000016302093",
        amount: debt.amount,
        creditor: &creditor.fiscal_code,
        debtor_code: debt.debtor.fiscal_code.as_str(),
        debtor_name: &debt.debtor.name,
        reason: &debt.reason,
    });
    assert!(slip.len() == 256 && slip.is_ascii(), "{slip:?}");
}

/// One page, small, readable to another reader, and without anything that acts.
fn inert(pdf: &[u8]) {
    assert!(pdf.len() < 150_000, "{} bytes", pdf.len());
    let document = Document::load_mem(pdf).unwrap();
    assert_eq!(document.get_pages().len(), 1);
    for object in document.objects.values() {
        let dictionary = object.as_dict().ok().or_else(|| object.as_stream().ok().map(|stream| &stream.dict));
        for (key, value) in dictionary.into_iter().flatten() {
            assert!(!ACTIVE.contains(&key.as_slice()), "{}: {value:?}", String::from_utf8_lossy(key));
            assert!(!matches!(value, Object::Dictionary(inner) if inner.has(b"JS")));
        }
    }
}

fn creditor(text: &dyn Fn(usize) -> String) -> Creditor {
    Creditor {
        name: text(0),
        fiscal_code: FiscalCode::parse("12345678903").unwrap(),
        office: Some(text(1)),
        info: Some(text(2)),
        segregation_code: "01".parse().unwrap(),
        iban: None,
        postal: Some(PostalAccount {
            iban: Iban::parse("IT69D0760102800000016302093").unwrap(),
            holder: text(3),
            authorization: Some(text(4)),
        }),
        cbill: Some(text(5)),
    }
}

fn debt(text: &dyn Fn(usize) -> String) -> Debt {
    Debt {
        notice: NoticeNumber::parse("301000000000000144").unwrap(),
        debtor: Person {
            fiscal_code: FiscalCode::parse("RSSMRA80A01H501U").unwrap(),
            person_type: PersonType::Natural,
            name: text(1),
            address: Some(text(2)),
            postal_code: Some(text(3)),
            city: Some(text(4)),
            province: Some(text(5)),
            country: Some(text(6)),
            email: None,
        },
        service: DebtService { code: text(3), name: text(4) },
        reason: text(0),
        amount: Amount::new(22_250).unwrap(),
        days: DebtDates {
            valid_from: None,
            due: "2026-01-31".parse().ok(),
            expires: "2027-06-30".parse().ok(),
        },
        office: domain::office::OfficeData::default(),
        origin: DebtOrigin::Creditor,
        created_at: Timestamp::UNIX_EPOCH,
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

fn receipt(text: &dyn Fn(usize) -> String) -> Receipt {
    Receipt {
        code: domain::receipt::code_from([7; 16]),
        receipt_id: text(0),
        amount: Amount::new(22_250).unwrap(),
        fee: None,
        paid_at: None,
        applied_on: None,
        recorded_at: Timestamp::UNIX_EPOCH,
        psp: PspIdentity { id: text(1), name: text(2), fiscal_code: Some(text(3)) },
        method: Some(text(4)),
        channel: Some(text(5)),
        payer: Some(Payer { name: text(6), fiscal_code: text(7) }),
        brought_by: None,
        paid_together: Some(2),
        paid_for: None,
    }
}
