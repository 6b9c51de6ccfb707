//! One A4 page being drawn: millimetres from the top left corner, text in points, and beside the drawing the tree
//! that a screen reader follows. What is drawn outside [`Page::within`] elements is decoration.

use printpdf::{
    Color, CurTransMat, DictItem, FontId, Line, LineDashPattern, LinePoint, Op, PaintMode, PdfFontHandle,
    Point, Polygon, Pt, Rect, Rgb, TextItem, WindingOrder,
};

use crate::emblem::{self, Drawing};
use crate::fonts::{Face, Fonts};
use crate::structure::{Kid, PdfElement, Role};
use crate::symbol::Symbol;
use crate::text::{self, Fitted, LEADING, POINTS, Room};

pub const WIDTH: f32 = 210.0;
pub const HEIGHT: f32 = 297.0;

/// How far below the top of a line its letters stand, in sizes.
const BASELINE: f32 = 0.8;

/// The colours of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Text,
    Band,
    Faint,
    White,
    Black,
    /// A colour of the creditor's logo: red, green, blue.
    Of(u8, u8, u8),
}

impl Ink {
    fn color(self) -> Color {
        let (r, g, b) = match self {
            Ink::Text => (0x1d, 0x1d, 0x1b),
            Ink::Band => (0xec, 0xec, 0xec),
            Ink::Faint => (0x6f, 0x6f, 0x6e),
            Ink::White => (0xff, 0xff, 0xff),
            Ink::Black => (0x00, 0x00, 0x00),
            Ink::Of(r, g, b) => (r, g, b),
        };
        let part = |byte: u8| rounded(f32::from(byte) / 255.0, 1000.0);
        Color::Rgb(Rgb { r: part(r), g: part(g), b: part(b), icc_profile: None })
    }
}

/// Where a text stands in its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// How a text looks, and the box it must fit: `x` and `y` are the box's top left corner.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
    pub face: Face,
    pub size: f32,
    pub least: f32,
    pub align: Align,
    pub ink: Ink,
}

impl Block {
    /// A single line of a size, which may shrink to three fifths of it.
    pub fn line(x: f32, y: f32, width: f32, face: Face, size: f32) -> Self {
        let least = (size * 0.6).max(5.0);
        Self { x, y, width, height: size / POINTS, face, size, least, align: Align::Left, ink: Ink::Text }
    }

    pub fn height(self, height: f32) -> Self {
        Self { height, ..self }
    }

    pub fn least(self, least: f32) -> Self {
        Self { least, ..self }
    }

    pub fn right(self) -> Self {
        Self { align: Align::Right, ..self }
    }

    pub fn ink(self, ink: Ink) -> Self {
        Self { ink, ..self }
    }

    fn room(&self) -> Room {
        Room { width: self.width, height: self.height, size: self.size, least: self.least }
    }
}

pub struct PageCanvas<'f> {
    fonts: &'f Fonts,
    ops: Vec<Op>,
    /// The elements begun and not ended, outermost first.
    open: Vec<PdfElement>,
    marks: i64,
}

impl<'f> PageCanvas<'f> {
    pub fn new(fonts: &'f Fonts) -> Self {
        Self { fonts, ops: Vec::new(), open: vec![PdfElement::new(Role::Document)], marks: 0 }
    }

    /// What was drawn, and the tree beside it.
    pub fn finish(mut self) -> (Vec<Op>, PdfElement) {
        let root = self.open.drain(..).next().unwrap_or(PdfElement::new(Role::Document));
        (self.ops, root)
    }

    /// Draws what belongs to one element of the tree.
    pub fn within<T>(&mut self, element: PdfElement, draw: impl FnOnce(&mut Self) -> T) -> T {
        self.open.push(element);
        let drawn = draw(self);
        // The root was opened first and is never closed here.
        if self.open.len() > 1
            && let Some(element) = self.open.pop()
            && let Some(parent) = self.open.last_mut()
        {
            parent.kids.push(Kid::Element(element));
        }
        drawn
    }

    /// The text as its block's face can show it.
    pub fn printable(&self, face: Face, text: &str) -> String {
        text::printable(self.fonts, face, text)
    }

    /// How wide a text is on one line, in millimetres.
    pub fn width(&self, face: Face, size: f32, text: &str) -> f32 {
        self.fonts.width(face, size, text) / POINTS
    }

    /// Draws a text in its block and says how it was fitted.
    pub fn text(&mut self, block: Block, text: &str) -> Fitted {
        let text = self.printable(block.face, text);
        let fitted = text::fit(self.fonts, block.face, &text, block.room());
        self.begin_content();
        self.fill(block.ink);
        let last = fitted.lines.len().saturating_sub(1);
        // On a line of its own a smaller text stands on the same line; in a taller box it begins at the top.
        let alone = block.height * POINTS < block.size * (1.0 + LEADING);
        let lowered = if alone && last == 0 { BASELINE * (block.size - fitted.size) / POINTS } else { 0.0 };
        for (i, line) in fitted.lines.iter().enumerate() {
            let top = block.y + lowered + i as f32 * fitted.size * LEADING / POINTS;
            let x = match block.align {
                Align::Left => block.x,
                Align::Right => block.x + block.width - self.width(block.face, fitted.size, line),
            };
            // The blank that the line break stands for, so that a reader does not join two words.
            let blank = if i < last { " " } else { "" };
            self.show(block.face, fitted.size, x, top, &format!("{line}{blank}"));
        }
        self.end_content();
        fitted
    }

    /// One element around one text.
    pub fn tagged(&mut self, role: Role, block: Block, text: &str) -> Fitted {
        self.within(PdfElement::new(role), |page| page.text(block, text))
    }

    fn show(&mut self, face: Face, size: f32, x: f32, top: f32, line: &str) {
        let pos = point(x, top + BASELINE * size / POINTS);
        self.ops.extend([
            Op::StartTextSection,
            Op::SetFont { font: PdfFontHandle::External(FontId(face.id().to_owned())), size: Pt(size) },
            Op::SetTextCursor { pos },
            Op::ShowText { items: vec![TextItem::Text(line.to_owned())] },
            Op::EndTextSection,
        ]);
    }

    /// A filled rectangle of the page's decoration.
    pub fn rectangle(&mut self, x: f32, y: f32, width: f32, height: f32, ink: Ink) {
        self.begin_decoration();
        self.fill(ink);
        let corner = point(x, y + height);
        let rectangle = Rect {
            x: corner.x,
            y: corner.y,
            width: Pt(rounded(width * POINTS, 100.0)),
            height: Pt(rounded(height * POINTS, 100.0)),
            mode: Some(PaintMode::Fill),
            winding_order: Some(WindingOrder::NonZero),
        };
        self.ops.push(Op::DrawRectangle { rectangle });
        self.end_content();
    }

    /// A line of the page's decoration; with a dash length, dashed.
    pub fn rule(&mut self, from: (f32, f32), to: (f32, f32), points: f32, ink: Ink, dash: Option<f32>) {
        self.begin_decoration();
        let dash = dash.map_or_else(LineDashPattern::solid, |dash| LineDashPattern::new(0.0, &[dash, dash]));
        let ends = [from, to].map(|(x, y)| LinePoint { p: point(x, y), bezier: false });
        self.ops.extend([
            Op::SetOutlineColor { col: ink.color() },
            Op::SetOutlineThickness { pt: Pt(points) },
            Op::SetLineDashPattern { dash },
            Op::DrawLine { line: Line { points: ends.to_vec(), is_closed: false } },
        ]);
        self.end_content();
    }

    /// Runs `draw` in units of `scale` millimetres, with `x` and `y` as the top left corner.
    fn scaled(&mut self, x: f32, y: f32, scale: f32, draw: impl IntoIterator<Item = Op>) {
        let scale = rounded(scale * POINTS, 10_000.0);
        let Point { x: Pt(x), y: Pt(y) } = point(x, y);
        let matrix = CurTransMat::Raw([scale, 0.0, 0.0, -scale, x, y]);
        self.ops.extend([Op::SaveGraphicsState, Op::SetTransformationMatrix { matrix }]);
        self.ops.extend(draw);
        self.ops.push(Op::RestoreGraphicsState);
    }

    /// A drawing, each of its units `scale` millimetres, its origin at the top left of its place.
    pub fn drawing(&mut self, x: f32, y: f32, scale: f32, drawing: &Drawing) {
        let shapes = drawing.shapes.iter().flat_map(|shape| {
            let winding_order = if shape.even_odd { WindingOrder::EvenOdd } else { WindingOrder::NonZero };
            let polygon = Polygon { rings: emblem::rings(shape.path), mode: PaintMode::Fill, winding_order };
            [Op::SetFillColor { col: shape.ink.color() }, Op::DrawPolygon { polygon }]
        });
        self.begin_content();
        self.scaled(x, y, scale, shapes);
        self.end_content();
    }

    /// A code drawn as one shape, `side` millimetres wide without a margin.
    pub fn symbol(&mut self, symbol: &Symbol, x: f32, y: f32, side: f32, alt: &str) {
        let bars = symbol.bars().into_iter().map(|bar| {
            let sides = [bar.x, bar.y, bar.width, bar.height];
            let value = sides.map(|side| DictItem::Int(i64::try_from(side).unwrap_or(0))).to_vec();
            Op::Unknown { key: "re".to_owned(), value }
        });
        // One shape, so that no reader of the page shows seams between its bars.
        let fill = Op::Unknown { key: "f".to_owned(), value: Vec::new() };
        let scale = side / symbol.side().max(1) as f32;
        self.within(PdfElement::new(Role::Figure).alt(alt).at(x, y, side, side), |page| {
            page.begin_content();
            page.fill(Ink::Black);
            page.scaled(x, y, scale, bars.chain([fill]));
            page.end_content();
        });
    }

    fn fill(&mut self, ink: Ink) {
        self.ops.push(Op::SetFillColor { col: ink.color() });
    }

    /// Content of the element that is open; of none, decoration.
    fn begin_content(&mut self) {
        match self.open.last_mut().filter(|element| element.role.holds_content()) {
            Some(element) => {
                element.kids.push(Kid::Content(self.marks));
                self.ops.push(crate::structure::begin(element.role, self.marks));
                self.marks += 1;
            }
            None => self.begin_decoration(),
        }
    }

    fn begin_decoration(&mut self) {
        self.ops.push(Op::BeginMarkedContent { tag: "Artifact".to_owned() });
    }

    fn end_content(&mut self) {
        self.ops.push(Op::EndMarkedContent);
    }
}

fn point(x: f32, y: f32) -> Point {
    Point { x: Pt(rounded(x * POINTS, 100.0)), y: Pt(rounded((HEIGHT - y) * POINTS, 100.0)) }
}

/// Two decimals of a point are finer than any printer, and short.
fn rounded(value: f32, parts: f32) -> f32 {
    (value * parts).round() / parts
}
