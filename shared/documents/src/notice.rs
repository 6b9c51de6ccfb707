//! The notice (*avviso di pagamento*): modules, fields and words of the guide's 3.x model on the grid measured
//! from the 2.2 model, the only one whose geometry is public. Millimetres from the top left corner.

use domain::account::Language;
use domain::creditor::{Creditor, PostalAccount};
use domain::time::italian_date;
use domain::{Date, Debt, Error};

use crate::codes::{self, Slip};
use crate::fonts::Face;
use crate::header;
use crate::labels::{self, above, beside, paragraph, slip, translated};
use crate::page::{Block, Ink, PageCanvas, WIDTH};
use crate::structure::{PdfElement, Role};
use crate::symbol::Symbol;
use crate::text::shortened;

/// The right edge of everything but the bands.
pub const RIGHT: f32 = 198.8;

/// Where the second column begins.
const SECOND: f32 = 112.7;
const FIRST: f32 = 10.7;

/// Limits of the fields in characters (3.x; the payee's name since 3.5.1).
mod limit {
    pub const HOLDER: usize = 50;
    pub const CBILL: usize = 16;
}

pub struct Notice<'a> {
    pub creditor: &'a Creditor,
    pub debt: &'a Debt,
    pub language: Language,
    pub today: Date,
}

/// Draws the whole page.
pub fn draw(page: &mut PageCanvas<'_>, notice: &Notice<'_>) -> Result<(), Error> {
    if !codes::is_printable(notice.debt.amount) {
        return Err(Error::DebtNotPayable);
    }
    let Notice { creditor, debt, language, .. } = *notice;
    header::draw(page, creditor, &debt.reason, labels::NOTICE, language);
    header::parties(page, creditor, &debt.debtor, labels::RECIPIENT, language);
    how_much(page, notice);
    where_to_pay(page, notice);
    payment(page, notice)?;
    if let Some((postal, account)) = postal(creditor) {
        postal_slip(page, notice, postal, account)?;
    }
    Ok(())
}

/// The postal account, if the creditor has one that is postal indeed.
fn postal(creditor: &Creditor) -> Option<(&PostalAccount, &str)> {
    let postal = creditor.postal.as_ref()?;
    Some((postal, postal.iban.postal_account()?))
}

fn how_much(page: &mut PageCanvas<'_>, notice: &Notice<'_>) {
    let Notice { debt, language, .. } = *notice;
    page.rectangle(0.0, 92.6, WIDTH / 2.0 - 0.25, 6.7, Ink::Band);
    page.within(PdfElement::new(Role::Section), |page| {
        let head = Block::line(FIRST, 94.0, 92.0, Face::Strong, 10.0);
        beside(page, Role::Heading, head, labels::HOW_MUCH, language);
        beside(
            page,
            Role::Paragraph,
            Block::line(11.5, 103.6, 40.0, Face::Text, 8.0),
            labels::AMOUNT,
            language,
        );
        let amount = Block::line(11.5, 107.6, 28.9, Face::Strong, 16.0).least(9.0);
        page.within(PdfElement::new(Role::Paragraph), |page| {
            page.text(amount, &debt.amount.cents().italian());
            page.text(Block::line(41.1, 109.3, 8.0, Face::Text, 10.0), slip::EURO);
        });
        if let Some(due) = debt.days.due {
            above(
                page,
                Role::Paragraph,
                Block::line(52.0, 110.0, 12.0, Face::Text, 8.0),
                labels::BY,
                language,
            );
            let date = Block::line(64.6, 107.6, 36.0, Face::Strong, 16.0);
            page.tagged(Role::Paragraph, date, &italian_date(due));
        }
        let y = if language == Language::En { 120.0 } else { 126.9 };
        let y = past_due(page, notice).map_or(y, |end| f32::max(y, end + 1.2));
        let text = Block::line(FIRST, y, 88.0, Face::Text, 8.0).height(14.0);
        let end = paragraph(page, text, labels::MAY_CHANGE.it, translated(labels::MAY_CHANGE, language));
        office_data(page, debt, language, end + 1.2);
    });
}

/// Not a field of the model either: the office's own number and what its form asked for, where the model leaves room.
fn office_data(page: &mut PageCanvas<'_>, debt: &Debt, language: Language, y: f32) {
    let reference = debt.office.reference.as_deref().map(|reference| match language {
        Language::It => format!("Riferimento pratica: {reference}"),
        Language::En => format!("Riferimento pratica / File reference: {reference}"),
    });
    let parts: Vec<String> = reference.into_iter().chain(crate::receipt::details(debt)).collect();
    if !parts.is_empty() {
        let room = Block::line(FIRST, y, 88.0, Face::Text, 8.0).height(154.5 - y).least(5.0);
        page.tagged(Role::Paragraph, room, &parts.join(" · "));
    }
}

/// Not a field of the model: a debt whose day has passed can be paid still, and until when.
/// Returns where the sentence ends.
fn past_due(page: &mut PageCanvas<'_>, notice: &Notice<'_>) -> Option<f32> {
    let days = notice.debt.days;
    let due = days.due.filter(|due| *due < notice.today)?;
    let last = days.expires.filter(|last| *last > due);
    let it = match last {
        Some(last) => format!("La scadenza è passata: puoi pagare ancora fino al {}.", italian_date(last)),
        None => "La scadenza è passata: puoi pagare ancora.".to_owned(),
    };
    let en = match last {
        Some(last) => format!("The due date has passed: you can still pay until {}.", italian_date(last)),
        None => "The due date has passed: you can still pay.".to_owned(),
    };
    let english = (notice.language == Language::En).then_some(en.as_str());
    let room = Block::line(FIRST, 115.6, 88.0, Face::Text, 8.0);
    Some(paragraph(page, room, &it, english))
}

fn where_to_pay(page: &mut PageCanvas<'_>, notice: &Notice<'_>) {
    let Notice { creditor, language, .. } = *notice;
    let english = language == Language::En;
    page.rectangle(WIDTH / 2.0 + 0.25, 92.6, WIDTH / 2.0 - 0.25, 6.7, Ink::Band);
    page.within(PdfElement::new(Role::Section), |page| {
        let head = Block::line(SECOND, 94.0, 50.0, Face::Strong, 10.0);
        beside(page, Role::Heading, head, labels::WHERE, language);
        let list = Block::line(RIGHT - 32.0, 94.4, 32.0, Face::Text, 8.0).right();
        page.tagged(Role::Paragraph, list, labels::LIST_OF_CHANNELS);

        let (online, on_site) = if english { (102.0, 125.5) } else { (107.6, 126.0) };
        let head = |y| Block::line(SECOND, y, 86.0, Face::Strong, 10.0);
        let body = |y| Block::line(SECOND, y, 86.0, Face::Text, 8.0).height(13.4);
        let name = shortened(&creditor.name, header::limit::NAME);
        beside(page, Role::Paragraph, head(online), labels::ONLINE, language);
        let it = format!(
            "oppure sul sito di {name}, dal tuo Home Banking, con la tua app di pagamento o con gli altri canali \
             abilitati."
        );
        let en = format!(
            "or on the website of {name}, from your home banking, with your payment app or through the other \
             enabled channels."
        );
        let end = paragraph(page, body(online + 4.6), &it, english.then_some(en.as_str()));
        let on_site = f32::max(on_site, end + 1.8);
        beside(page, Role::Paragraph, head(on_site), labels::ON_SITE, language);
        paragraph(page, body(on_site + 4.6), labels::ON_SITE_HOW.it, translated(labels::ON_SITE_HOW, language));
    });
}

/// The portion for banks and other channels: the data, and the QR code that carries them.
fn payment(page: &mut PageCanvas<'_>, notice: &Notice<'_>) -> Result<(), Error> {
    let Notice { creditor, debt, language, .. } = *notice;
    let text = codes::qr_text(&debt.notice, &creditor.fiscal_code, debt.amount);
    let symbol = Symbol::qr(&text)?;
    page.rectangle(0.0, 155.5, WIDTH, 6.5, Ink::Band);
    page.within(PdfElement::new(Role::Section), |page| {
        let head = Block::line(FIRST, 156.8, 80.0, Face::Strong, 10.0);
        beside(page, Role::Heading, head, labels::DETAILS, language);
        portion(page, notice, 156.8);
        let help = Block::line(10.8, 171.4, 48.0, Face::Text, 9.0).height(16.0);
        paragraph(page, help, labels::SCAN.it, translated(labels::SCAN, language));
        // Two of the 25 millimetres on each side are the light margin that readers need.
        page.symbol(&symbol, 63.2 + 2.0, 171.1 + 2.0, 21.0, "Codice QR con i dati per il pagamento");
        payment_data(page, notice);
        payment_codes(page, creditor, debt, language);
    });
    Ok(())
}

/// Which portion this is, and by when it is due: on the bands of both payment portions.
fn portion(page: &mut PageCanvas<'_>, notice: &Notice<'_>, y: f32) {
    let Notice { debt, language, .. } = *notice;
    let full = Block::line(SECOND, y, 33.0, Face::Strong, 10.0);
    beside(page, Role::Paragraph, full, labels::IN_FULL, language);
    let Some(due) = debt.days.due else { return };
    let by = match translated(labels::BY, language) {
        Some(english) => format!("{} / {english} {}", labels::BY.it, italian_date(due)),
        None => format!("{} {}", labels::BY.it, italian_date(due)),
    };
    page.tagged(Role::Paragraph, Block::line(RIGHT - 52.0, y, 52.0, Face::Strong, 10.0).right(), &by);
}

fn payment_data(page: &mut PageCanvas<'_>, notice: &Notice<'_>) {
    let Notice { creditor, debt, language, .. } = *notice;
    let x = 93.9;
    let name = shortened(&debt.debtor.name, header::limit::NAME_OF_DEBTOR);
    let payee = shortened(&creditor.name, header::limit::NAME);
    let object = shortened(&debt.reason, header::limit::OBJECT);
    let object_height = if language == Language::En { 6.2 } else { 7.2 };
    let rows = [
        (171.3, labels::RECIPIENT, name, 160.5, 4.9),
        (176.4, labels::CREDITOR, payee, RIGHT, 4.9),
        (181.7, labels::OBJECT, object, RIGHT, object_height),
    ];
    for (y, label, value, right, height) in rows {
        page.within(PdfElement::new(Role::Section), |page| {
            let room = Block::line(x, y, 60.0, Face::Text, 8.0);
            let after = beside(page, Role::Paragraph, room, label, language);
            let from = x + after + 1.5;
            let value_room = Block::line(from, y, right - from, Face::Strong, 8.0).height(height).least(5.0);
            page.tagged(Role::Paragraph, value_room, &value);
        });
    }
    euro(page, &debt.amount.cents().italian(), 170.8, 162.5);
}

/// `Euro` and an amount that ends at the right edge, aligned on one line.
fn euro(page: &mut PageCanvas<'_>, amount: &str, y: f32, x: f32) {
    let label = 8.0;
    page.within(PdfElement::new(Role::Paragraph), |page| {
        page.text(Block::line(x, y + 0.6, label, Face::Text, 10.0), slip::EURO);
        let room = RIGHT - x - label;
        page.text(Block::line(x + label, y, room, Face::MonoStrong, 12.0).right(), amount);
    });
}

fn payment_codes(page: &mut PageCanvas<'_>, creditor: &Creditor, debt: &Debt, language: Language) {
    let (label_y, value_y) = if language == Language::En { (187.9, 193.2) } else { (189.7, 193.2) };
    let fiscal_code = creditor.fiscal_code.as_str();
    let right = RIGHT - page.width(Face::MonoStrong, 10.0, fiscal_code);
    let cbill = creditor.cbill.as_deref().map(|code| shortened(code, limit::CBILL));
    let columns = [
        (93.9, 19.6, labels::CBILL, cbill),
        (114.5, 48.0, labels::NOTICE_CODE, Some(debt.notice.grouped())),
        (right, RIGHT - right + 0.1, labels::CREDITOR_CODE, Some(fiscal_code.to_owned())),
    ];
    for (x, width, label, value) in columns {
        let Some(value) = value else { continue };
        page.within(PdfElement::new(Role::Section), |page| {
            above(page, Role::Paragraph, Block::line(x, label_y, width, Face::Text, 8.0), label, language);
            let room = Block::line(x, value_y, width, Face::MonoStrong, 10.0).least(5.0);
            page.tagged(Role::Paragraph, room, &value);
        });
    }
}

/// *Bollettino Postale PA*: only where the creditor has a postal account for these collections.
fn postal_slip(
    page: &mut PageCanvas<'_>,
    notice: &Notice<'_>,
    postal: &PostalAccount,
    account: &str,
) -> Result<(), Error> {
    let Notice { creditor, debt, .. } = *notice;
    let text = codes::datamatrix_text(&Slip {
        notice: &debt.notice,
        account,
        amount: debt.amount,
        creditor: &creditor.fiscal_code,
        debtor_code: debt.debtor.fiscal_code.as_str(),
        debtor_name: &debt.debtor.name,
        reason: &debt.reason,
    });
    let symbol = Symbol::datamatrix(&text)?;
    page.rectangle(0.0, 205.5, WIDTH, 6.5, Ink::Band);
    header::cut_line(page, 205.5);
    page.within(PdfElement::new(Role::Section), |page| {
        page.tagged(Role::Heading, Block::line(11.0, 206.8, 50.0, Face::Strong, 10.0), slip::TITLE);
        page.tagged(Role::Paragraph, Block::line(63.4, 206.8, 40.0, Face::Strong, 10.0), slip::BANK);
        portion(page, notice, 206.8);
        slip_left(page, postal);
        slip_amount(page, debt, account);
        slip_data(page, debt, postal);
        slip_codes(page, creditor, debt);
        page.symbol(&symbol, 173.3, 240.3, 25.0, "Codice DataMatrix del bollettino postale");
        header::corner_marks(page, 173.3, 240.3, 25.0);
    });
    page.rule((0.0, 288.6), (WIDTH, 288.6), 0.75, Ink::Text, None);
    Ok(())
}

fn slip_left(page: &mut PageCanvas<'_>, postal: &PostalAccount) {
    page.tagged(Role::Paragraph, Block::line(11.0, 225.0, 46.0, Face::Strong, 12.0), slip::POST);
    page.tagged(Role::Paragraph, Block::line(11.0, 238.1, 46.0, Face::Text, 8.0).height(17.0), slip::WHERE);
    if let Some(authorization) = &postal.authorization {
        let room = Block::line(10.9, 263.7, 48.0, Face::Text, 6.0).height(5.0).ink(Ink::Faint);
        page.tagged(Role::Paragraph, room, authorization);
    }
}

fn slip_amount(page: &mut PageCanvas<'_>, debt: &Debt, account: &str) {
    page.rectangle(63.4, 224.4, 7.0, 7.0, Ink::Text);
    page.within(PdfElement::new(Role::Paragraph), |page| {
        page.text(Block::line(65.2, 225.2, 6.0, Face::Strong, 15.0).ink(Ink::White), "€");
    });
    page.within(PdfElement::new(Role::Paragraph), |page| {
        page.text(Block::line(72.6, 226.6, 14.4, Face::Text, 10.0), slip::ACCOUNT);
        let room = Block::line(87.6, 226.0, 60.0, Face::MonoStrong, 12.0);
        page.text(room, codes::printed_account(account));
    });
    // The amount begins where the model puts it, earlier when it is longer.
    let amount = debt.amount.cents().italian();
    let from = (RIGHT - page.width(Face::MonoStrong, 12.0, &amount)).min(175.9);
    page.within(PdfElement::new(Role::Paragraph), |page| {
        page.text(Block::line(from - 8.6, 226.6, 8.0, Face::Text, 10.0), slip::EURO);
        page.text(Block::line(from, 226.0, RIGHT - from + 0.1, Face::MonoStrong, 12.0), &amount);
    });
}

fn slip_data(page: &mut PageCanvas<'_>, debt: &Debt, postal: &PostalAccount) {
    let (x, right) = (63.4, 168.0);
    let rows = [
        (238.1, slip::HOLDER, shortened(&postal.holder, limit::HOLDER), 5.8),
        (244.7, labels::RECIPIENT.it, shortened(&debt.debtor.name, header::limit::NAME_OF_DEBTOR), 5.4),
        (250.7, labels::OBJECT.it, shortened(&debt.reason, header::limit::OBJECT), 7.2),
    ];
    for (y, label, value, height) in rows {
        page.within(PdfElement::new(Role::Paragraph), |page| {
            page.text(Block::line(x, y, 40.0, Face::Text, 8.0), label);
            let from = x + page.width(Face::Text, 8.0, label) + 1.5;
            page.text(
                Block::line(from, y, right - from, Face::Strong, 8.0).height(height).least(5.0),
                &value,
            );
        });
    }
}

fn slip_codes(page: &mut PageCanvas<'_>, creditor: &Creditor, debt: &Debt) {
    let (label_y, value_y, right) = (258.5, 261.9, 160.8);
    let codes = [
        (63.4, slip::NOTICE_CODE, debt.notice.grouped()),
        (116.3, slip::TYPE, slip::TYPE_VALUE.to_owned()),
        (126.0, slip::CREDITOR_CODE, creditor.fiscal_code.to_string()),
    ];
    for (x, label, value) in codes {
        let at_right = label == slip::CREDITOR_CODE;
        let width = if at_right { right - x } else { 48.0 };
        let place = |block: Block| if at_right { block.right() } else { block };
        page.within(PdfElement::new(Role::Paragraph), |page| {
            page.text(place(Block::line(x, label_y, width, Face::Text, 8.0)), label);
            page.text(place(Block::line(x, value_y, width, Face::MonoStrong, 10.0)), &value);
        });
    }
}
