//! Which encoding a browser accepts, and pages put into it.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    Brotli,
    Gzip,
    Plain,
}

impl Encoding {
    /// The best encoding that an `Accept-Encoding` header allows (`q=0` forbids).
    pub fn accepted(header: &str) -> Self {
        let accepts = |name: &str| {
            header.split(',').any(|item| {
                let mut parts = item.split(';').map(str::trim);
                let named = parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case(name));
                let forbidden = parts.any(|weight| {
                    weight.strip_prefix("q=").is_some_and(|q| q.parse().is_ok_and(|q: f32| q <= 0.0))
                });
                named && !forbidden
            })
        };
        if accepts("br") {
            Self::Brotli
        } else if accepts("gzip") {
            Self::Gzip
        } else {
            Self::Plain
        }
    }

    /// The header's value, if the encoding has one.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Plain => None,
        }
    }
}

/// Pages by their tag and encoding.
type Kept = BTreeMap<(String, Encoding), Vec<u8>>;

/// Pages compressed before: the same page is not compressed twice.
#[derive(Clone, Debug, Default)]
pub struct Compressed {
    kept: Arc<Mutex<Kept>>,
}

/// How many pages are kept, some kilobytes each: all screens in all languages, and then some.
const KEPT: usize = 120;

impl Compressed {
    /// The page in the encoding asked for. `tag` is the page's own, and no other's.
    pub fn page(&self, tag: &str, page: Vec<u8>, wanted: Encoding) -> (Encoding, Vec<u8>) {
        let name = (tag.to_owned(), wanted);
        let lock = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = lock().get(&name) {
            return (wanted, bytes.clone());
        }
        let (encoding, bytes) = compress(page, wanted);
        if encoding != Encoding::Plain {
            let mut kept = lock();
            // Pages that differ by what somebody put into the address must not fill the memory.
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(name, bytes.clone());
        }
        (encoding, bytes)
    }
}

/// A page in the encoding asked for; if the encoder fails, the page as it is.
fn compress(page: Vec<u8>, wanted: Encoding) -> (Encoding, Vec<u8>) {
    let encoded = match wanted {
        Encoding::Brotli => brotli_of(&page),
        Encoding::Gzip => gzip_of(&page),
        Encoding::Plain => return (Encoding::Plain, page),
    };
    match encoded {
        Ok(bytes) => (wanted, bytes),
        Err(_) => (Encoding::Plain, page),
    }
}

fn brotli_of(page: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoded = Vec::new();
    // Quality 9: a page is compressed once, in about two milliseconds, and loses 1 % to the best quality.
    brotli::CompressorWriter::new(&mut encoded, 4096, 9, 18).write_all(page)?;
    Ok(encoded)
}

fn gzip_of(page: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(page)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_accepted_encoding_is_chosen() {
        assert_eq!(Encoding::accepted("gzip, deflate, br, zstd"), Encoding::Brotli);
        assert_eq!(Encoding::accepted("gzip;q=1.0, br;q=0"), Encoding::Gzip);
        assert_eq!(Encoding::accepted(""), Encoding::Plain);
        assert_eq!(Encoding::accepted("broken"), Encoding::Plain);
    }

    #[test]
    fn a_page_is_compressed_once_and_other_pages_do_not_take_its_place() {
        let compressed = Compressed::default();
        let page = |text: &str| text.repeat(100).into_bytes();
        let (_, first) = compressed.page("a", page("Importo "), Encoding::Brotli);
        // Told that it is the same page, it does not look again.
        assert_eq!(compressed.page("a", Vec::new(), Encoding::Brotli).1, first);
        assert_ne!(compressed.page("b", page("Scadenza "), Encoding::Brotli).1, first);
        assert_ne!(compressed.page("a", page("Importo "), Encoding::Gzip).1, first);
        for number in 0..2 * KEPT {
            compressed.page(&number.to_string(), page("Causale "), Encoding::Gzip);
        }
        assert!(compressed.kept.lock().unwrap().len() <= KEPT);
        assert_eq!(compressed.page("a", page("Importo "), Encoding::Brotli).1, first);
    }

    #[test]
    fn a_compressed_page_is_the_page() {
        let page = "Importo da pagare ".repeat(100).into_bytes();
        let (_, encoded) = compress(page.clone(), Encoding::Brotli);
        let mut decoded = Vec::new();
        brotli::BrotliDecompress(&mut encoded.as_slice(), &mut decoded).unwrap();
        assert_eq!(decoded, page);
        assert!(encoded.len() < page.len());
    }
}
