//! The receipt (*ricevuta di pagamento*): every datum that SANP asks of the printed copy, what is absent shown as
//! absent, and the code with which anyone can check it.

use domain::account::Language;
use domain::creditor::Creditor;
use domain::receipt::{Payer, Receipt};
use domain::time::{in_rome, italian_date};
use domain::{Cents, Debt, Timestamp};

use crate::fonts::Face;
use crate::header;
use crate::labels::{self, Label, above, beside, paragraph};
use crate::notice::RIGHT;
use crate::page::{Block, Ink, PageCanvas, WIDTH};
use crate::structure::{PdfElement, Role};
use crate::symbol::Symbol;
use crate::text::shortened;

const LABEL_X: f32 = 10.7;
const VALUE_X: f32 = 80.0;

/// The first row of data, where they end, and the largest distance of two rows.
const TOP: f32 = 101.6;
const END: f32 = 231.0;
const STEP: f32 = 8.6;

/// The side of the code with which a camera checks the receipt.
const CHECK_SIDE: f32 = 24.0;

pub struct ReceiptProof<'a> {
    pub creditor: &'a Creditor,
    pub debt: &'a Debt,
    pub receipt: &'a Receipt,
    pub verify_page: &'a str,
    /// The same page with the receipt's code, for a camera.
    pub check: &'a Symbol,
    pub language: Language,
}

/// Draws the whole page.
pub fn draw(page: &mut PageCanvas<'_>, proof: &ReceiptProof<'_>) {
    let ReceiptProof { creditor, debt, language, .. } = *proof;
    header::draw(page, creditor, &debt.reason, labels::RECEIPT, language);
    header::parties(page, creditor, &debt.debtor, DEBTOR, language);
    page.rectangle(0.0, 92.6, WIDTH, 6.7, Ink::Band);
    page.within(PdfElement::new(Role::Section), |page| {
        let head = Block::line(LABEL_X, 94.0, 100.0, Face::Strong, 10.0);
        beside(page, Role::Heading, head, DATA, language);
        page.within(PdfElement::new(Role::Table), |page| {
            let rows = rows(proof);
            let step = ((END - TOP) / rows.len() as f32).min(STEP);
            for (i, row) in rows.iter().enumerate() {
                draw_row(page, TOP + i as f32 * step, step, row, language);
            }
        });
    });
    verification(page, proof);
}

/// One datum: a label and its value, or nothing where the sender left it out.
struct ReceiptRow {
    label: Label,
    value: Option<String>,
    face: Face,
}

impl ReceiptRow {
    fn words(label: Label, value: impl Into<Option<String>>) -> Self {
        Self { label, value: value.into().filter(|value| !value.trim().is_empty()), face: Face::Strong }
    }

    fn code(label: Label, value: impl Into<Option<String>>) -> Self {
        Self { face: Face::MonoStrong, ..Self::words(label, value) }
    }
}

const fn label(it: &'static str, en: &'static str) -> Label {
    Label { it, en }
}

const DEBTOR: Label = label("Debitore", "Debtor");
const DATA: Label = label("Dati del pagamento pagoPA", "pagoPA payment details");
const CHECK: Label = label("Verifica della ricevuta", "Checking this receipt");
const ABSENT: Label = label("non indicato", "not stated");
const PAID: Label = label("Importo pagato", "Amount paid");
const FEE: Label = label("Commissione PSP", "PSP fee");
const PAID_AT: Label = label("Data e ora dell'operazione", "Date and time of payment");
const APPLIED_ON: Label = label("Data di applicazione", "Application date");
const RECORDED_AT: Label = label("Registrato dall'ente il", "Recorded by the payee on");
const REASON: Label = label("Causale", "Reason");
const REFERENCE: Label = label("Riferimento pratica", "File reference");
const OTHER_DATA: Label = label("Altri dati", "Other data");
const SERVICE: Label = label("Servizio", "Service");
const IUV: Label = label("IUV", "Unique payment reference (IUV)");
const PSP: Label = label("Prestatore di servizi di pagamento (PSP)", "Payment service provider (PSP)");
const PSP_CODE: Label = label("Cod. Fiscale e identificativo del PSP", "PSP tax code and identifier");
const TOKEN: Label = label("Token di pagamento", "Payment token");
const METHOD: Label = label("Metodo e canale", "Method and channel");
const PAYER: Label = label("Pagatore", "Payer");

fn rows(proof: &ReceiptProof<'_>) -> Vec<ReceiptRow> {
    let ReceiptProof { creditor, debt, receipt, language, .. } = *proof;
    let psp_codes = format!(
        "{} · {}",
        receipt.psp.fiscal_code.as_deref().unwrap_or(&absent(language)),
        shortened(&receipt.psp.id, 35)
    );
    let mut rows = vec![
        ReceiptRow::code(PAID, format!("Euro {}", receipt.amount.cents().italian())),
        ReceiptRow { face: Face::MonoStrong, ..ReceiptRow::words(FEE, fee(receipt, language)) },
        ReceiptRow::code(PAID_AT, receipt.paid_at.map(moment)),
        ReceiptRow::code(APPLIED_ON, receipt.applied_on.map(italian_date)),
        ReceiptRow::code(RECORDED_AT, moment(receipt.recorded_at)),
        ReceiptRow::words(REASON, debt.reason.clone()),
        ReceiptRow::words(SERVICE, debt.service.name.clone()),
        ReceiptRow::words(labels::CREDITOR, format!("{} · {}", creditor.fiscal_code, creditor.name)),
        ReceiptRow::code(IUV, debt.iuv().to_string()),
        ReceiptRow::code(labels::NOTICE_CODE, debt.notice.grouped()),
        ReceiptRow::words(PSP, receipt.psp.name.clone()),
        ReceiptRow::words(PSP_CODE, psp_codes),
        ReceiptRow::words(TOKEN, receipt.receipt_id.clone()),
        ReceiptRow::words(METHOD, method_and_channel(receipt, language)),
        ReceiptRow::words(PAYER, receipt.payer.as_ref().map(|payer| shown(payer, debt))),
    ];
    rows.extend(debt.office.reference.clone().map(|reference| ReceiptRow::words(REFERENCE, reference)));
    rows.extend(details(debt).map(|details| ReceiptRow::words(OTHER_DATA, details)));
    rows
}

/// What the service's form asked for, on one line: `Alunno: Giulia Neri · Scuola: Rodari`.
pub fn details(debt: &Debt) -> Option<String> {
    let parts = debt.details.iter().map(|detail| format!("{}: {}", detail.label, detail.value));
    Some(parts.collect::<Vec<_>>().join(" · ")).filter(|text| !text.is_empty())
}

fn absent(language: Language) -> String {
    match language {
        Language::It => ABSENT.it.to_owned(),
        Language::En => format!("{} / {}", ABSENT.it, ABSENT.en),
    }
}

/// The fee on a line of its own, never added to the amount. A joint payment states it once.
fn fee(receipt: &Receipt, language: Language) -> Option<String> {
    let together = receipt.paid_together.filter(|n| *n > 1);
    let stated = receipt.fee.map(|fee: Cents| format!("Euro {}", fee.italian()));
    let note = together.map(|n| match language {
        Language::It => format!("per {n} pagamenti fatti insieme"),
        Language::En => format!("per {n} pagamenti fatti insieme / for {n} payments made together"),
    });
    match (stated, note) {
        (Some(fee), Some(note)) => Some(format!("{fee} ({note})")),
        (None, Some(note)) => Some(format!("{} ({note})", absent(language))),
        (stated, None) => stated,
    }
}

/// `05/03/2026 14:32:10`, as the clocks in Rome show it.
fn moment(instant: Timestamp) -> String {
    in_rome(instant).strftime("%d/%m/%Y %H:%M:%S").to_string()
}

fn method_and_channel(receipt: &Receipt, language: Language) -> Option<String> {
    let method = receipt.method.as_deref().map(|method| method_name(method).unwrap_or(method));
    match (method, receipt.channel.as_deref()) {
        (None, None) => None,
        (method, channel) => {
            let none = absent(language);
            Some(format!("{} · {}", method.unwrap_or(&none), channel.unwrap_or(&none)))
        }
    }
}

/// The circuit's method codes in words; other texts are shown as they came.
fn method_name(code: &str) -> Option<&'static str> {
    Some(match code {
        "CP" | "creditCard" => "Carta di pagamento",
        "PPAL" => "PayPal",
        "PPAY" => "PostePay",
        "APPL" => "Apple Pay",
        "GOOG" => "Google Pay",
        "SATY" => "Satispay",
        "KLRN" => "Klarna",
        "BPAY" | "JIF" => "BANCOMAT Pay",
        "MYBK" => "MyBank",
        "PO" | "cash" => "Presso il PSP",
        "BP" => "Bollettino postale",
        "BBT" => "Bonifico di tesoreria",
        "AD" => "Addebito diretto",
        "bancomat" => "Bancomat",
        _ => return None,
    })
}

fn shown(payer: &Payer, debt: &Debt) -> String {
    let (name, fiscal_code) = payer.shown_to(&debt.debtor);
    format!("{name} · {fiscal_code}")
}

fn draw_row(page: &mut PageCanvas<'_>, y: f32, step: f32, row: &ReceiptRow, language: Language) {
    page.within(PdfElement::new(Role::Row), |page| {
        let place = Block::line(LABEL_X, y + 1.0, VALUE_X - LABEL_X - 2.0, Face::Text, 9.0);
        above(page, Role::RowHeader, place, row.label, language);
        let value =
            Block::line(VALUE_X, y + 1.0, RIGHT - VALUE_X, row.face, 9.0).height(step - 2.4).least(5.5);
        match &row.value {
            Some(text) => page.tagged(Role::Datum, value, text),
            None => page.tagged(
                Role::Datum,
                Block { face: Face::Text, ..value }.ink(Ink::Faint),
                &absent(language),
            ),
        };
    });
    page.rule((LABEL_X, y + step - 0.6), (RIGHT, y + step - 0.6), 0.5, Ink::Band, None);
}

/// The code in groups of four, which is how a person copies it.
fn grouped(code: &str) -> String {
    let characters: Vec<char> = code.chars().collect();
    let groups: Vec<String> = characters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

fn verification(page: &mut PageCanvas<'_>, proof: &ReceiptProof<'_>) {
    let ReceiptProof { receipt, verify_page, language, .. } = *proof;
    let top = 236.0;
    page.rectangle(0.0, top, WIDTH, 6.7, Ink::Band);
    page.within(PdfElement::new(Role::Section), |page| {
        let head = Block::line(LABEL_X, top + 1.4, 120.0, Face::Strong, 10.0);
        beside(page, Role::Heading, head, CHECK, language);
        let width = RIGHT - LABEL_X - CHECK_SIDE - 4.0;
        let code = Block::line(LABEL_X, top + 10.0, width, Face::MonoStrong, 14.0);
        page.tagged(Role::Paragraph, code, &grouped(&receipt.code));
        let it = format!(
            "Chiunque può controllare che questa ricevuta sia autentica scrivendo il codice qui sopra nella \
             pagina {verify_page}. La ricevuta attesta il pagamento eseguito con pagoPA e libera il debitore per \
             l'importo indicato."
        );
        let en = format!(
            "Anyone can check that this receipt is genuine by entering the code above on the page {verify_page}. \
             The receipt proves the payment made through pagoPA and frees the debtor for the amount stated."
        );
        let text = Block::line(LABEL_X, top + 18.0, width, Face::Text, 9.0).height(18.0);
        paragraph(page, text, &it, (language == Language::En).then_some(en.as_str()));
        let alt = "Codice QR della pagina che verifica questa ricevuta";
        page.symbol(proof.check, RIGHT - CHECK_SIDE, top + 10.0, CHECK_SIDE, alt);
    });
    page.rule((0.0, 288.6), (WIDTH, 288.6), 0.75, Ink::Text, None);
}
