//! What notice and receipt share: the head of the page, the two parties, cut line and corner marks.

use domain::Person;
use domain::account::Language;
use domain::creditor::Creditor;

use crate::emblem;
use crate::fonts::Face;
use crate::labels::{self, Label, above, beside};
use crate::notice::RIGHT;
use crate::page::{Block, Ink, PageCanvas, WIDTH};
use crate::structure::{PdfElement, Role};
use crate::text::shortened;

/// Limits of the fields in characters (3.x; the payee's name since 3.5.1).
pub mod limit {
    pub const OBJECT: usize = 90;
    pub const NAME: usize = 100;
    pub const OFFICE: usize = 50;
    pub const INFO: usize = 100;
    pub const NAME_OF_DEBTOR: usize = 70;
    pub const ADDRESS: usize = 140;
}

/// pagoPA's mark, the title, the object of the payment, the creditor's logo.
pub fn draw(page: &mut PageCanvas<'_>, creditor: &Creditor, object: &str, title: Label, language: Language) {
    let (x, y, width) = (11.0, 12.0, 12.0);
    let mark = emblem::PAGOPA;
    let scale = width / mark.width;
    page.within(PdfElement::new(Role::Figure).alt("pagoPA").at(x, y, width, mark.height * scale), |page| {
        page.drawing(x, y, scale, &mark);
    });
    beside(page, Role::Title, Block::line(24.7, 12.7, 120.0, Face::Strong, 10.0), title, language);
    let object = shortened(object, limit::OBJECT);
    let room = Block::line(10.6, 26.3, 150.0, Face::Strong, 16.0).height(13.4).least(9.0);
    page.tagged(Role::Paragraph, room, &object);

    // In the top right corner of its square, whatever its shape.
    let logo = emblem::LOGO;
    let (x, y) = (RIGHT - logo.width, 10.8);
    let name = page.printable(Face::Text, &creditor.name);
    let alt = format!("Logo: {name}");
    page.within(PdfElement::new(Role::Figure).alt(&alt).at(x, y, logo.width, logo.height), |page| {
        page.drawing(x, y, 1.0, &logo);
    });
}

/// The two parties, each with its band: the creditor at the left, the debtor at the right.
pub fn parties(
    page: &mut PageCanvas<'_>,
    creditor: &Creditor,
    debtor: &Person,
    debtor_label: Label,
    language: Language,
) {
    let half = WIDTH / 2.0;
    page.rectangle(0.0, 44.2, half - 0.25, 6.5, Ink::Band);
    page.rectangle(half + 0.25, 44.2, half - 0.25, 6.5, Ink::Band);
    page.within(PdfElement::new(Role::Section), |page| {
        band_head(page, 10.7, labels::CREDITOR, creditor.fiscal_code.as_str(), language);
        let name = shortened(&creditor.name, limit::NAME);
        let room = |y, size, height| Block::line(10.7, y, 89.0, Face::Text, size).height(height);
        let strong = Block { face: Face::Strong, ..room(57.7, 12.0, 10.0) };
        page.tagged(Role::Paragraph, strong, &name);
        if let Some(office) = &creditor.office {
            page.tagged(Role::Paragraph, room(68.6, 12.0, 10.0), &shortened(office, limit::OFFICE));
        }
        if let Some(info) = &creditor.info {
            page.tagged(Role::Paragraph, room(79.3, 8.0, 10.5), &shortened(info, limit::INFO));
        }
    });
    page.within(PdfElement::new(Role::Section), |page| {
        band_head(page, 112.7, debtor_label, debtor.fiscal_code.as_str(), language);
        let name = shortened(&debtor.name, limit::NAME_OF_DEBTOR);
        let room = Block::line(112.7, 57.7, 86.0, Face::Strong, 12.0).height(10.0);
        page.tagged(Role::Paragraph, room, &name);
        if let Some(address) = debtor.address_line() {
            let room = Block::line(112.7, 68.6, 86.0, Face::Text, 12.0).height(20.0);
            page.tagged(Role::Paragraph, room, &shortened(&address, limit::ADDRESS));
        }
    });
}

fn band_head(page: &mut PageCanvas<'_>, x: f32, label: Label, code: &str, language: Language) {
    let (code_label, code_value) = (x + 31.7, x + 48.7);
    beside(page, Role::Heading, Block::line(x, 45.6, 29.5, Face::Strong, 10.0), label, language);
    let y = if language == Language::En { 44.9 } else { 46.0 };
    above(
        page,
        Role::Paragraph,
        Block::line(code_label, y, 16.0, Face::Text, 8.0),
        labels::FISCAL_CODE,
        language,
    );
    page.tagged(Role::Paragraph, Block::line(code_value, 46.0, 36.0, Face::Mono, 8.0), code);
}

/// Where the slip is cut off, with scissors at the left.
pub fn cut_line(page: &mut PageCanvas<'_>, y: f32) {
    page.rule((0.0, y), (WIDTH, y), 0.75, Ink::Text, Some(2.0));
    page.drawing(3.5, y - 1.3, 0.65, &emblem::SCISSORS);
}

/// The corners around the DataMatrix, clear of its light margin.
pub fn corner_marks(page: &mut PageCanvas<'_>, x: f32, y: f32, side: f32) {
    let (gap, arm) = (1.6, 3.0);
    let (left, top, right, bottom) = (x - gap, y - gap, x + side + gap, y + side + gap);
    for (corner_x, inward_x) in [(left, arm), (right, -arm)] {
        for (corner_y, inward_y) in [(top, arm), (bottom, -arm)] {
            page.rule((corner_x, corner_y), (corner_x + inward_x, corner_y), 0.5, Ink::Text, None);
            page.rule((corner_x, corner_y), (corner_x, corner_y + inward_y), 0.5, Ink::Text, None);
        }
    }
}
