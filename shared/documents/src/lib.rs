//! The printed notice and the printed receipt: pure functions from stored data to the bytes of a PDF.
//!
//! Tagged as follows. printpdf writes marked content but no structure tree; the tree, the language, the title and
//! the metadata are added through the `lopdf` document that it hands out ([`structure`], [`document`]). Every word
//! is in the tree in reading order under headings, paragraphs and (receipt) a table with row headers; English is
//! marked as such; codes, mark and logo are figures with alternative text; everything else is decoration. All fonts
//! are embedded and map to Unicode. Hence the PDF/UA identifier.

pub mod codes;
mod document;
mod emblem;
mod fonts;
mod header;
mod labels;
mod notice;
mod page;
mod receipt;
mod structure;
mod symbol;
mod text;

use domain::account::Language;
use domain::creditor::Creditor;
use domain::receipt::Receipt;
use domain::{Date, Debt, Error, Fault};

use document::About;
use fonts::{Face, Fonts};
use notice::Notice;
use page::PageCanvas;
use receipt::ReceiptProof;
use symbol::Symbol;

/// Prints documents. Its fonts are read once, in the start phase.
pub struct Printer {
    fonts: Fonts,
}

impl Printer {
    pub fn new() -> Result<Self, Fault> {
        Ok(Self { fonts: Fonts::load()? })
    }

    /// The notice of a debt. `today` only says whether its due date has passed.
    ///
    /// An amount above 99.999.999,99 € does not fit the codes and is refused as not payable.
    pub fn notice(
        &self,
        creditor: &Creditor,
        debt: &Debt,
        language: Language,
        today: Date,
    ) -> Result<Vec<u8>, Error> {
        let mut page = PageCanvas::new(&self.fonts);
        notice::draw(&mut page, &Notice { creditor, debt, language, today })?;
        let about = About {
            title: format!("{} {}", title(labels::NOTICE, language), debt.notice.grouped()),
            author: page.printable(Face::Text, &creditor.name),
            subject: page.printable(Face::Text, &debt.reason),
            made_at: debt.created_at,
        };
        Ok(document::write(&self.fonts, page, &about)?)
    }

    /// The receipt of a payment; `verify_page` is the address where its code can be checked.
    pub fn receipt(
        &self,
        creditor: &Creditor,
        debt: &Debt,
        receipt: &Receipt,
        verify_page: &str,
        language: Language,
    ) -> Result<Vec<u8>, Error> {
        let mut page = PageCanvas::new(&self.fonts);
        // The code stands behind the mark that no browser sends: it leaves no trace on the way.
        let check = Symbol::address(&format!("{verify_page}#{}", receipt.code))?;
        receipt::draw(
            &mut page,
            &ReceiptProof { creditor, debt, receipt, verify_page, check: &check, language },
        );
        let about = About {
            title: format!("{} {}", title(labels::RECEIPT, language), debt.notice.grouped()),
            author: page.printable(Face::Text, &creditor.name),
            subject: page.printable(Face::Text, &debt.reason),
            made_at: receipt.recorded_at,
        };
        Ok(document::write(&self.fonts, page, &about)?)
    }
}

fn title(label: labels::Label, language: Language) -> String {
    match labels::translated(label, language) {
        None => label.it.to_owned(),
        Some(english) => format!("{} / {english}", label.it),
    }
}
