//! The two symbols as grids of modules, and their dark areas as few rectangles.

use datamatrix::{DataMatrixBuilder, EncodationType, SymbolList, SymbolSize};
use domain::Fault;
use qrcode::types::Color;
use qrcode::{EcLevel, QrCode, Version};

/// The version that the technical guide prescribes: 33 modules, even where a smaller one would do.
const QR_VERSION: i16 = 4;

/// A square grid of modules, row by row from the top.
pub struct Symbol {
    side: usize,
    dark: Vec<bool>,
}

/// A dark rectangle, in modules from the top left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
}

impl Symbol {
    /// QR version 4, error correction M.
    pub fn qr(text: &str) -> Result<Self, Fault> {
        let code = QrCode::with_version(text, Version::Normal(QR_VERSION), EcLevel::M)
            .map_err(|e| Fault::new("draw the QR code", e))?;
        let dark = code.to_colors().into_iter().map(|module| module == Color::Dark).collect();
        Ok(Self { side: code.width(), dark })
    }

    /// A QR code of an address, as large as it must be, error correction M.
    pub fn address(address: &str) -> Result<Self, Fault> {
        let code = QrCode::with_error_correction_level(address, EcLevel::M)
            .map_err(|e| Fault::new("draw the QR code", e))?;
        let dark = code.to_colors().into_iter().map(|module| module == Color::Dark).collect();
        Ok(Self { side: code.width(), dark })
    }

    /// The smallest square DataMatrix from 52 modules, the size of the slips in circulation.
    pub fn datamatrix(text: &str) -> Result<Self, Fault> {
        let sizes = [SymbolSize::Square52, SymbolSize::Square64, SymbolSize::Square72];
        let code = DataMatrixBuilder::new()
            // Digits and capitals need no others, and the search for the shortest mixture takes a third of the time.
            .with_encodation_types(EncodationType::Ascii | EncodationType::C40)
            .with_symbol_list(SymbolList::with_whitelist(sizes))
            .encode(text.as_bytes())
            .map_err(|e| Fault::new("draw the DataMatrix", format!("{e:?}")))?;
        let bitmap = code.bitmap();
        let side = bitmap.width();
        let mut dark = vec![false; side * bitmap.height()];
        for (x, y) in bitmap.pixels() {
            if let Some(module) = dark.get_mut(y * side + x) {
                *module = true;
            }
        }
        Ok(Self { side, dark })
    }

    pub fn side(&self) -> usize {
        self.side
    }

    /// Runs of dark modules in a row, joined with equal runs of the rows below.
    pub fn bars(&self) -> Vec<Bar> {
        let mut done: Vec<Bar> = Vec::new();
        let mut growing: Vec<Bar> = Vec::new();
        for (y, row) in self.dark.chunks(self.side.max(1)).enumerate() {
            let mut next = Vec::new();
            for run in runs(row, y) {
                match growing.iter().position(|bar| bar.x == run.x && bar.width == run.width) {
                    Some(at) => {
                        let bar = growing.swap_remove(at);
                        next.push(Bar { height: bar.height + 1, ..bar });
                    }
                    None => next.push(run),
                }
            }
            done.append(&mut growing);
            growing = next;
        }
        done.append(&mut growing);
        done.sort_unstable_by_key(|bar| (bar.y, bar.x));
        done
    }
}

fn runs(row: &[bool], y: usize) -> Vec<Bar> {
    let mut found: Vec<Bar> = Vec::new();
    for (x, _) in row.iter().enumerate().filter(|(_, dark)| **dark) {
        match found.last_mut().filter(|bar| bar.x + bar.width == x) {
            Some(bar) => bar.width += 1,
            None => found.push(Bar { x, y, width: 1, height: 1 }),
        }
    }
    found
}
