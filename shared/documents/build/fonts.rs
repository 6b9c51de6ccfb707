//! Deflates the fonts once, so that no start phase does.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// Writes each font of the folder deflated, as a document embeds it: `<name>.ttf.z`.
pub fn deflate(folder: &str, out: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "ttf") {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(&fs::read(&path)?)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            fs::write(out.join(format!("{name}.z")), encoder.finish()?)?;
        }
    }
    Ok(())
}
