//! The fixed words of the model, Italian with the guide's English (technical guide of the notices, 3.x).

use domain::account::Language;

use crate::fonts::Face;
use crate::page::{Block, PageCanvas};
use crate::structure::{PdfElement, Role};
use crate::text::POINTS;

/// Words of the model in both languages.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    pub it: &'static str,
    pub en: &'static str,
}

const fn label(it: &'static str, en: &'static str) -> Label {
    Label { it, en }
}

pub const NOTICE: Label = label("Avviso di pagamento", "Payment Notice");
pub const RECEIPT: Label = label("Ricevuta di pagamento", "Payment Receipt");
pub const CREDITOR: Label = label("Ente Creditore", "Payee");
pub const RECIPIENT: Label = label("Destinatario", "Recipient");
pub const FISCAL_CODE: Label = label("Cod. Fiscale", "Tax Code");
pub const HOW_MUCH: Label = label("Quanto e quando pagare?", "How much and when to pay?");
pub const AMOUNT: Label = label("Importo", "Amount");
pub const BY: Label = label("entro il", "Due Date");
pub const WHERE: Label = label("Dove pagare?", "Where to pay?");
pub const DETAILS: Label = label("Dati per il pagamento", "Payment details");
pub const IN_FULL: Label = label("Rata unica", "Full amount");
pub const OBJECT: Label = label("Oggetto del pagamento", "Payment Description");
pub const CBILL: Label = label("Cod. CBILL", "CBILL Code");
pub const NOTICE_CODE: Label = label("Cod. Avviso", "Notice Code");
pub const CREDITOR_CODE: Label = label("Cod. Fiscale Ente", "Payee Tax Code");

pub const MAY_CHANGE: Label = label(
    "In fase di pagamento, se previsto dall’ente, l'importo potrebbe essere aggiornato automaticamente e subire \
     variazioni in diminuzione (per sgravi, note di credito) o in aumento (per sanzioni, interessi, ecc.).",
    "When you pay, if the payee so provides, the amount may be updated automatically and change: it may decrease \
     (relief, credit notes) or increase (penalties, interest, etc.).",
);
pub const LIST_OF_CHANNELS: &str = "vai su pagopa.gov.it";
pub const ONLINE: Label = label("Paga con l'app IO", "Pay with the IO app");
pub const ON_SITE: Label = label("Paga sul territorio", "Pay in person");
pub const ON_SITE_HOW: Label = label(
    "presso Banche e Sportelli ATM, negli Uffici Postali e Punti Postali, nei Bar, Edicole, Ricevitorie, \
     Supermercati, Tabaccherie e altri Esercenti Convenzionati.",
    "at banks and ATMs, post offices and postal points, bars, newsagents, betting shops, supermarkets, \
     tobacconists and other partner shops.",
);
pub const SCAN: Label = label(
    "Inquadra il codice QR con la tua app di pagamento o usa i dati accanto.",
    "Scan the QR code with your payment app or use the data beside it.",
);

/// The postal slip is Poste Italiane's own form: it stays in Italian.
pub mod slip {
    pub const TITLE: &str = "Bollettino Postale PA";
    pub const BANK: &str = "BancoPosta";
    pub const POST: &str = "Poste Italiane";
    pub const ACCOUNT: &str = "sul C/C n.";
    pub const EURO: &str = "Euro";
    pub const HOLDER: &str = "Intestato a";
    pub const NOTICE_CODE: &str = "Codice Avviso";
    pub const TYPE: &str = "Tipo";
    pub const TYPE_VALUE: &str = "P1";
    pub const CREDITOR_CODE: &str = "Cod. Fiscale Ente Creditore";
    pub const WHERE: &str = "Bollettino Postale pagabile in tutti gli Uffici Postali e sui canali fisici o digitali \
                             abilitati di Poste Italiane e dell’Ente Creditore";
}

/// How much smaller the English beside a label is.
const BESIDE: f32 = 0.8;
const BELOW: f32 = 0.75;

/// A label, with its English after it on the same line; both shrink alike when they are too wide.
/// Returns how wide they are, in millimetres.
pub fn beside(page: &mut PageCanvas<'_>, role: Role, block: Block, label: Label, language: Language) -> f32 {
    let Some(english) = translated(label, language) else {
        let fitted = page.tagged(role, block, label.it);
        return page.width(block.face, fitted.size, label.it);
    };
    let english = format!("/ {english}");
    let gap = 1.0;
    let (large, small) = (block.size, block.size * BESIDE);
    let italian = page.width(block.face, large, label.it);
    let wide = italian + gap + page.width(Face::Text, small, &english);
    let scale = (block.width / wide).min(1.0);
    page.within(PdfElement::new(role), |page| {
        page.text(Block { size: large * scale, width: italian * scale + 0.1, ..block }, label.it);
        let x = block.x + (italian + gap) * scale;
        let y = block.y + (large - small) * scale * 0.8 / POINTS;
        let rest = Block { x, y, width: block.x + block.width - x + 0.1, ..block };
        page.within(PdfElement::new(Role::Span).english(), |page| {
            page.text(Block { face: Face::Text, size: small * scale, ..rest }, &english);
        });
    });
    wide * scale
}

/// A label, with its English under it in small.
pub fn above(page: &mut PageCanvas<'_>, role: Role, block: Block, label: Label, language: Language) {
    let english = translated(label, language);
    page.within(PdfElement::new(role), |page| {
        page.text(block, label.it);
        if let Some(english) = english {
            let y = block.y + block.size * 0.98 / POINTS;
            let small = Block { y, face: Face::Text, size: block.size * BELOW, ..block };
            page.within(PdfElement::new(Role::Span).english(), |page| page.text(small, english));
        }
    });
}

/// A paragraph, with its English under it. Returns where the paragraph ends, in millimetres.
pub fn paragraph(page: &mut PageCanvas<'_>, block: Block, it: &str, en: Option<&str>) -> f32 {
    let end = |block: Block, fitted: &crate::text::Fitted| {
        block.y + fitted.lines.len() as f32 * fitted.size * crate::text::LEADING / POINTS
    };
    let fitted = page.tagged(Role::Paragraph, block, it);
    let bottom = end(block, &fitted);
    let Some(en) = en else { return bottom };
    let small = Block { y: bottom + 0.4, size: (fitted.size * 0.85).max(block.least), ..block };
    let english = PdfElement::new(Role::Paragraph).english();
    let fitted = page.within(english, |page| page.text(small, en));
    end(small, &fitted)
}

/// The English of a label, where the document carries it.
pub fn translated(label: Label, language: Language) -> Option<&'static str> {
    match language {
        Language::It => None,
        Language::En => Some(label.en),
    }
}
