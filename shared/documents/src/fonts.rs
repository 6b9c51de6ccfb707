//! The four faces of the model, embedded: Titillium Web for words, Roboto Mono for codes and amounts.
//!
//! `fonts/` holds subsets made once: Titillium Web with Latin, Latin Extended and punctuation, Roboto Mono with
//! what codes and amounts need, both without hints and layout tables, both under the SIL Open Font License kept
//! beside them. Titillium Web has no U+FFFD, so the subset adds an empty box for it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use domain::Fault;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use lopdf::{Object, Stream, dictionary};
use printpdf::{FontId, ParsedFont, PdfFont, PdfFontMap};

/// Shown where a character has no glyph and no other way to be written.
pub const REPLACEMENT: char = '\u{fffd}';

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Face {
    Text,
    Strong,
    Mono,
    MonoStrong,
}

impl Face {
    const ALL: [Face; 4] = [Face::Text, Face::Strong, Face::Mono, Face::MonoStrong];

    /// The face's resource name on the page.
    pub fn id(self) -> &'static str {
        match self {
            Face::Text => "Text",
            Face::Strong => "Strong",
            Face::Mono => "Mono",
            Face::MonoStrong => "MonoStrong",
        }
    }

    /// Its name in the document, with the six letters that mark a subset.
    pub fn name(self) -> &'static str {
        match self {
            Face::Text => "PAGNOT+TitilliumWeb-Regular",
            Face::Strong => "PAGNOT+TitilliumWeb-Bold",
            Face::Mono => "PAGNOT+RobotoMono-Regular",
            Face::MonoStrong => "PAGNOT+RobotoMono-Bold",
        }
    }

    fn file(self) -> &'static [u8] {
        match self {
            Face::Text => include_bytes!("../fonts/TitilliumWeb-Regular.ttf"),
            Face::Strong => include_bytes!("../fonts/TitilliumWeb-Bold.ttf"),
            Face::Mono => include_bytes!("../fonts/RobotoMono-Regular.ttf"),
            Face::MonoStrong => include_bytes!("../fonts/RobotoMono-Bold.ttf"),
        }
    }

    /// The same, deflated when this was built: that takes longer than all the rest of the start phase.
    fn deflated(self) -> &'static [u8] {
        match self {
            Face::Text => include_bytes!(concat!(env!("OUT_DIR"), "/TitilliumWeb-Regular.ttf.z")),
            Face::Strong => include_bytes!(concat!(env!("OUT_DIR"), "/TitilliumWeb-Bold.ttf.z")),
            Face::Mono => include_bytes!(concat!(env!("OUT_DIR"), "/RobotoMono-Regular.ttf.z")),
            Face::MonoStrong => include_bytes!(concat!(env!("OUT_DIR"), "/RobotoMono-Bold.ttf.z")),
        }
    }
}

/// The faces, parsed and compressed once.
pub struct Fonts {
    /// What printpdf needs to write text. In place of each program stands a stub, so that no print copies or
    /// compresses fonts: the real programs are put in afterwards.
    resources: PdfFontMap,
    streams: BTreeMap<&'static str, Streams>,
    widths: BTreeMap<Face, Widths>,
}

/// What a document embeds of a face, compressed.
pub struct Streams {
    pub program: Object,
    /// From glyphs to characters, for whoever searches, copies or hears the text.
    pub to_unicode: Object,
}

/// The advance of each character in thousandths of the size, as the document declares it.
type Widths = BTreeMap<char, u16>;

/// The first bytes of any TrueType program.
const STUB: [u8; 4] = [0, 1, 0, 0];

impl Fonts {
    pub fn load() -> Result<Self, Fault> {
        let mut fonts =
            Self { resources: PdfFontMap::default(), streams: BTreeMap::new(), widths: BTreeMap::new() };
        for face in Face::ALL {
            fonts.add(face)?;
        }
        Ok(fonts)
    }

    fn add(&mut self, face: Face) -> Result<(), Fault> {
        let mut warnings = Vec::new();
        let mut parsed = ParsedFont::from_bytes(face.file(), 0, &mut warnings)
            .ok_or_else(|| Fault::new("read a font", format!("{face:?}: {warnings:?}")))?;
        self.widths.insert(face, widths(&parsed));
        let streams = Streams { program: program(face).into(), to_unicode: to_unicode(&parsed)?.into() };
        self.streams.insert(face.name(), streams);
        parsed.original_bytes = STUB.to_vec();
        parsed.font_name = Some(face.name().to_owned());
        self.resources.map.insert(FontId(face.id().to_owned()), PdfFont::new(parsed));
        Ok(())
    }

    pub fn resources(&self) -> PdfFontMap {
        self.resources.clone()
    }

    /// What to embed of the face with this name in the document.
    pub fn streams(&self, name: &[u8]) -> Option<&Streams> {
        self.streams.get(std::str::from_utf8(name).ok()?)
    }

    pub fn has(&self, face: Face, c: char) -> bool {
        self.widths.get(&face).is_some_and(|widths| widths.contains_key(&c))
    }

    /// How wide the text is, in the unit of `size`.
    pub fn width(&self, face: Face, size: f32, text: &str) -> f32 {
        let Some(widths) = self.widths.get(&face) else {
            return 0.0;
        };
        let thousandths: u32 = text.chars().map(|c| widths.get(&c).copied().map_or(0, u32::from)).sum();
        thousandths as f32 * size / 1000.0
    }
}

fn widths(font: &ParsedFont) -> Widths {
    let per_em = u32::from(font.units_per_em.max(1));
    font.codepoint_to_glyph
        .iter()
        .filter_map(|(code, glyph)| {
            let advance = u32::from(font.get_glyph_width(*glyph)?) * 1000 / per_em;
            Some((char::from_u32(*code)?, u16::try_from(advance).ok()?))
        })
        .collect()
}

fn program(face: Face) -> Stream {
    let length = i64::try_from(face.file().len()).unwrap_or(i64::MAX);
    Stream::new(dictionary! { "Length1" => length, "Filter" => "FlateDecode" }, face.deflated().to_vec())
}

/// The map of the whole face (ISO 32000-1, 9.10.3); of two characters with one glyph, the first.
fn to_unicode(font: &ParsedFont) -> Result<Stream, Fault> {
    let mut characters = BTreeMap::new();
    for (code, glyph) in &font.codepoint_to_glyph {
        characters.entry(*glyph).or_insert(*code);
    }
    let characters: Vec<(u16, u32)> = characters.into_iter().collect();
    let mut map = MAP_HEAD.to_owned();
    // A block may hold a hundred lines. All characters are of the basic plane: four digits each.
    for block in characters.chunks(100) {
        let lines = block.iter().map(|(glyph, code)| format!("<{glyph:04X}> <{code:04X}>\n"));
        let _ = write!(map, "{} beginbfchar\n{}endbfchar\n", block.len(), lines.collect::<String>());
    }
    map.push_str(MAP_TAIL);
    compressed(Stream::new(dictionary! {}, map.into_bytes()), Compression::best())
}

const MAP_HEAD: &str = "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n\
    /CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n\
    /CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n\
    1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n";
const MAP_TAIL: &str = "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n";

/// The same stream, deflated: the same bytes for the same content, whoever runs it.
pub fn compressed(mut stream: Stream, level: Compression) -> Result<Stream, Fault> {
    let mut encoder = ZlibEncoder::new(Vec::new(), level);
    let deflated = encoder.write_all(&stream.content).and_then(|()| encoder.finish());
    stream.set_content(deflated.map_err(|e| Fault::new("compress a stream", e))?);
    stream.dict.set("Filter", "FlateDecode");
    Ok(stream)
}
