//! The four faces of the model, embedded: Titillium Web for words, Roboto Mono for codes and amounts.
//!
//! `fonts/` holds subsets made once: Titillium Web with Latin, Latin Extended and punctuation, Roboto Mono with
//! what codes and amounts need, both without hints and layout tables, both under the SIL Open Font License kept
//! beside them. Titillium Web has no U+FFFD, so the subset adds an empty box for it.

use std::collections::BTreeMap;

use domain::Fault;
use lopdf::{Dictionary, Object, Stream, dictionary};
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
}

/// The faces, parsed and compressed once.
pub struct Fonts {
    /// What printpdf needs to write text. In place of each program stands a stub, so that no print copies or
    /// compresses fonts: the real programs are put in afterwards.
    resources: PdfFontMap,
    programs: BTreeMap<&'static str, Object>,
    widths: BTreeMap<Face, Widths>,
}

/// The advance of each character in thousandths of the size, as the document declares it.
type Widths = BTreeMap<char, u16>;

/// The first bytes of any TrueType program.
const STUB: [u8; 4] = [0, 1, 0, 0];

impl Fonts {
    pub fn load() -> Result<Self, Fault> {
        let mut fonts = Self {
            resources: PdfFontMap::default(),
            programs: BTreeMap::new(),
            widths: BTreeMap::new(),
        };
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
        self.programs.insert(face.name(), program(face.file())?);
        parsed.original_bytes = STUB.to_vec();
        parsed.font_name = Some(face.name().to_owned());
        self.resources
            .map
            .insert(FontId(face.id().to_owned()), PdfFont::new(parsed));
        Ok(())
    }

    pub fn resources(&self) -> PdfFontMap {
        self.resources.clone()
    }

    /// The compressed program of the face with this name in the document.
    pub fn program(&self, name: &str) -> Option<&Object> {
        self.programs.get(name)
    }

    pub fn has(&self, face: Face, c: char) -> bool {
        self.widths
            .get(&face)
            .is_some_and(|widths| widths.contains_key(&c))
    }

    /// How wide the text is, in the unit of `size`.
    pub fn width(&self, face: Face, size: f32, text: &str) -> f32 {
        let Some(widths) = self.widths.get(&face) else {
            return 0.0;
        };
        let thousandths: u32 = text
            .chars()
            .map(|c| widths.get(&c).copied().map_or(0, u32::from))
            .sum();
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

fn program(file: &[u8]) -> Result<Object, Fault> {
    let length = i64::try_from(file.len()).unwrap_or(i64::MAX);
    let dict: Dictionary = dictionary! { "Length1" => length };
    let mut stream = Stream::new(dict, file.to_vec());
    stream.compress().map_err(|e| Fault::new("compress a font", e))?;
    Ok(Object::Stream(stream))
}
