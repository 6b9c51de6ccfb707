//! Reads a printed page back: parses the file, runs the page's content, and keeps what was shown and filled.
//!
//! It knows nothing of the printer: text comes from the fonts' own ToUnicode maps and widths, shapes from the path
//! operators under the transformations in force.

use std::collections::BTreeMap;

use lopdf::content::Content;
use lopdf::{Dictionary, Document, Object};

/// Points in a millimetre.
const POINTS: f64 = 72.0 / 25.4;

/// A piece of text on the page, in millimetres from its top left corner.
#[derive(Clone, Debug)]
pub struct Shown {
    pub text: String,
    pub x: f64,
    pub baseline: f64,
    pub width: f64,
    /// In points.
    pub size: f64,
    /// The mark of the content it stands in; nothing in decoration.
    pub mark: Option<i64>,
}

/// A filled shape: its rings of points in millimetres from the top left corner, and its colour.
#[derive(Clone, Debug)]
pub struct Fill {
    pub rings: Vec<Vec<(f64, f64)>>,
    pub color: [f64; 3],
    pub even_odd: bool,
}

pub struct Pdf {
    pub doc: Document,
    pub shown: Vec<Shown>,
    pub fills: Vec<Fill>,
    /// Operators of the page, each with how often it occurs.
    pub operators: BTreeMap<String, usize>,
}

type Matrix = [f64; 6];

impl Pdf {
    pub fn read(bytes: &[u8]) -> Self {
        let doc = Document::load_mem(bytes).unwrap();
        let pages: Vec<_> = doc.page_iter().collect();
        assert_eq!(pages.len(), 1, "one page");
        let fonts = fonts(&doc, doc.get_dictionary(pages[0]).unwrap());
        let content = Content::decode(&doc.get_page_content(pages[0])).unwrap();
        let mut run = Run::new(fonts);
        for operation in content.operations {
            run.step(&operation.operator, &operation.operands);
        }
        assert!(run.marks.is_empty(), "every mark is closed");
        Self { doc, shown: run.shown, fills: run.fills, operators: run.operators }
    }

    /// Everything shown, in the order of the content; pieces apart, lines of one paragraph joined.
    pub fn text(&self) -> String {
        let pieces: Vec<&str> = self.shown.iter().map(|shown| shown.text.as_str()).collect();
        let joined = pieces.join("\n").replace(" \n", " ");
        joined.trim_end().to_owned()
    }

    pub fn catalog(&self) -> &Dictionary {
        self.doc.catalog().unwrap()
    }

    pub fn page(&self) -> &Dictionary {
        let id = self.doc.page_iter().next().unwrap();
        self.doc.get_dictionary(id).unwrap()
    }

    pub fn info(&self, key: &str) -> String {
        let info = self.doc.trailer.get(b"Info").unwrap().as_reference().unwrap();
        let value = self.doc.get_dictionary(info).unwrap().get(key.as_bytes()).unwrap();
        decoded(value)
    }

    /// Every dictionary of the document, nested ones and those of streams included.
    pub fn dictionaries(&self) -> Vec<&Dictionary> {
        let mut found = Vec::new();
        for object in self.doc.objects.values() {
            collect(object, &mut found);
        }
        found
    }
}

/// A text string: UTF-16 with its mark, or as it is.
pub fn decoded(value: &Object) -> String {
    let bytes = value.as_str().unwrap();
    match bytes.strip_prefix(&[0xfe, 0xff]) {
        None => String::from_utf8(bytes.to_vec()).unwrap(),
        Some(pairs) => {
            let units: Vec<u16> =
                pairs.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).unwrap()
        }
    }
}

fn collect<'d>(object: &'d Object, found: &mut Vec<&'d Dictionary>) {
    let dictionary = match object {
        Object::Dictionary(dictionary) => dictionary,
        Object::Stream(stream) => &stream.dict,
        Object::Array(items) => return items.iter().for_each(|item| collect(item, found)),
        _ => return,
    };
    found.push(dictionary);
    dictionary.iter().for_each(|(_, value)| collect(value, found));
}

/// What a font's codes mean and how wide they are, in thousandths.
struct Font {
    unicode: BTreeMap<u16, String>,
    widths: BTreeMap<u16, f64>,
}

fn fonts(doc: &Document, page: &Dictionary) -> BTreeMap<String, Font> {
    let at =
        |object: &Object| -> Dictionary { doc.dereference(object).unwrap().1.as_dict().unwrap().clone() };
    let resources = at(page.get(b"Resources").unwrap());
    let fonts = at(resources.get(b"Font").unwrap());
    fonts
        .iter()
        .map(|(name, font)| (String::from_utf8(name.clone()).unwrap(), read_font(doc, &at(font))))
        .collect()
}

fn read_font(doc: &Document, font: &Dictionary) -> Font {
    assert_eq!(font.get(b"Encoding").unwrap().as_name().unwrap(), b"Identity-H");
    let map = doc.dereference(font.get(b"ToUnicode").unwrap()).unwrap().1.as_stream().unwrap();
    let map = String::from_utf8(map.decompressed_content().unwrap_or_else(|_| map.content.clone())).unwrap();
    let descendant = &font.get(b"DescendantFonts").unwrap().as_array().unwrap()[0];
    let descendant = doc.dereference(descendant).unwrap().1.as_dict().unwrap();
    let descriptor =
        doc.dereference(descendant.get(b"FontDescriptor").unwrap()).unwrap().1.as_dict().unwrap();
    let program = doc.dereference(descriptor.get(b"FontFile2").unwrap()).unwrap().1.as_stream().unwrap();
    let program = program.decompressed_content().unwrap();
    assert_eq!(&program[..4], [0, 1, 0, 0], "a whole TrueType program");
    assert!(program.len() > 10_000, "a whole TrueType program");
    Font { unicode: unicode_map(&map), widths: widths(descendant.get(b"W").unwrap().as_array().unwrap()) }
}

fn widths(array: &[Object]) -> BTreeMap<u16, f64> {
    let mut widths = BTreeMap::new();
    for pair in array.chunks(2) {
        let first = pair[0].as_i64().unwrap();
        for (i, width) in pair[1].as_array().unwrap().iter().enumerate() {
            widths.insert(u16::try_from(first + i as i64).unwrap(), number(width));
        }
    }
    widths
}

/// Reads `bfchar` and `bfrange` lines of a ToUnicode map.
fn unicode_map(map: &str) -> BTreeMap<u16, String> {
    let mut unicode = BTreeMap::new();
    let mut section = "";
    for line in map.lines() {
        let line = line.trim();
        match line.rsplit(' ').next().unwrap_or_default() {
            start @ ("beginbfchar" | "beginbfrange") => {
                section = if start.ends_with("char") { "char" } else { "range" }
            }
            "endbfchar" | "endbfrange" => section = "",
            _ if section.is_empty() => {}
            _ => {
                let parts: Vec<&str> =
                    line.split(['<', '>']).filter(|part| !part.trim().is_empty()).collect();
                let code = |hex: &str| u16::from_str_radix(hex, 16).unwrap();
                let (from, to, text) = match (section, parts.as_slice()) {
                    ("char", [code_, text]) => (code(code_), code(code_), *text),
                    (_, [from, to, text]) => (code(from), code(to), *text),
                    other => panic!("a line of the map: {other:?}"),
                };
                let units: Vec<u16> =
                    text.as_bytes().chunks(4).map(|h| code(std::str::from_utf8(h).unwrap())).collect();
                for offset in 0..=to - from {
                    let mut units = units.clone();
                    *units.last_mut().unwrap() += offset;
                    unicode.insert(from + offset, String::from_utf16(&units).unwrap());
                }
            }
        }
    }
    unicode
}

pub fn number(object: &Object) -> f64 {
    object.as_float().map(f64::from).unwrap()
}

/// The state of a page being run.
struct Run {
    fonts: BTreeMap<String, Font>,
    matrix: Matrix,
    saved: Vec<(Matrix, [f64; 3])>,
    color: [f64; 3],
    path: Vec<Vec<(f64, f64)>>,
    marks: Vec<Option<i64>>,
    font: (String, f64),
    cursor: (f64, f64),
    shown: Vec<Shown>,
    fills: Vec<Fill>,
    operators: BTreeMap<String, usize>,
}

impl Run {
    fn new(fonts: BTreeMap<String, Font>) -> Self {
        Self {
            fonts,
            matrix: [1.0, 0.0, 0.0, 1.0, 0.0, 0.0],
            saved: Vec::new(),
            color: [0.0; 3],
            path: Vec::new(),
            marks: Vec::new(),
            font: (String::new(), 0.0),
            cursor: (0.0, 0.0),
            shown: Vec::new(),
            fills: Vec::new(),
            operators: BTreeMap::new(),
        }
    }

    fn step(&mut self, operator: &str, operands: &[Object]) {
        *self.operators.entry(operator.to_owned()).or_default() += 1;
        let numbers: Vec<f64> = operands.iter().filter_map(|o| o.as_float().ok().map(f64::from)).collect();
        match operator {
            "q" => self.saved.push((self.matrix, self.color)),
            "Q" => (self.matrix, self.color) = self.saved.pop().unwrap(),
            "cm" => self.matrix = product(numbers[..].try_into().unwrap(), self.matrix),
            "rg" => self.color = numbers[..].try_into().unwrap(),
            "m" => self.path.push(vec![(numbers[0], numbers[1])]),
            "l" => self.path.last_mut().unwrap().push((numbers[0], numbers[1])),
            "c" => self.curve(numbers[..].try_into().unwrap()),
            "re" => self.rectangle(numbers[..].try_into().unwrap()),
            "f" | "f*" => self.fill(operator == "f*"),
            "S" | "n" => self.path.clear(),
            "BDC" => {
                let mark = operands[1].as_dict().unwrap().get(b"MCID").unwrap().as_i64().unwrap();
                self.marks.push(Some(mark));
            }
            "BMC" => self.marks.push(None),
            "EMC" => drop(self.marks.pop().unwrap()),
            "BT" => self.cursor = (0.0, 0.0),
            "Tf" => {
                let name = String::from_utf8(operands[0].as_name().unwrap().to_vec()).unwrap();
                self.font = (name, number(&operands[1]));
            }
            "Td" => self.cursor = (self.cursor.0 + numbers[0], self.cursor.1 + numbers[1]),
            "Tj" => self.show(operands[0].as_str().unwrap()),
            "h" | "ET" | "RG" | "w" | "d" => {}
            other => panic!("an operator that no document of ours needs: {other}"),
        }
    }

    fn curve(&mut self, c: [f64; 6]) {
        let ring = self.path.last_mut().unwrap();
        let (x0, y0) = *ring.last().unwrap();
        for i in 1..=8 {
            let t = f64::from(i) / 8.0;
            let u = 1.0 - t;
            let at = |a: f64, b: f64, c: f64, d: f64| {
                u * u * u * a + 3.0 * u * u * t * b + 3.0 * u * t * t * c + t * t * t * d
            };
            ring.push((at(x0, c[0], c[2], c[4]), at(y0, c[1], c[3], c[5])));
        }
    }

    fn rectangle(&mut self, [x, y, width, height]: [f64; 4]) {
        self.path.push(vec![(x, y), (x + width, y), (x + width, y + height), (x, y + height)]);
    }

    fn fill(&mut self, even_odd: bool) {
        let matrix = self.matrix;
        let place = |(x, y): &(f64, f64)| millimetres(apply(matrix, *x, *y));
        let rings = self.path.drain(..).map(|ring| ring.iter().map(place).collect()).collect();
        self.fills.push(Fill { rings, color: self.color, even_odd });
    }

    fn show(&mut self, codes: &[u8]) {
        let font = &self.fonts[&self.font.0];
        let mut text = String::new();
        let mut thousandths = 0.0;
        for pair in codes.chunks(2) {
            let code = u16::from_be_bytes([pair[0], pair[1]]);
            assert_ne!(code, 0, "no character without a glyph");
            text.push_str(&font.unicode[&code]);
            thousandths += font.widths[&code];
        }
        let (x, baseline) = millimetres(apply(self.matrix, self.cursor.0, self.cursor.1));
        let size = self.font.1;
        let width = thousandths * size / 1000.0 / POINTS;
        let mark = *self.marks.last().expect("text stands in marked content");
        self.shown.push(Shown { text, x, baseline, width, size, mark });
    }
}

fn product(a: Matrix, b: Matrix) -> Matrix {
    [
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4],
        a[4] * b[1] + a[5] * b[3] + b[5],
    ]
}

fn apply(m: Matrix, x: f64, y: f64) -> (f64, f64) {
    (m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5])
}

fn millimetres((x, y): (f64, f64)) -> (f64, f64) {
    (x / POINTS, 297.0 - y / POINTS)
}
