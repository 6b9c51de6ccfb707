//! Turns `assets/` and `i18n/` into Rust: every asset in its three encodings under one version, every
//! catalogue as a sorted table. A language that lacks a key of another stops the build here.
//!
//! The one thing done to a script: the parts that `core.js` lists are joined, because each file is a
//! request, and lose their comments, because each byte is fetched.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

const LANGUAGES: [&str; 2] = ["it", "en"];
/// The sentences of the API's answers.
const ANSWERS: &str = "../../shared/web/messages";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=assets");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=templates");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::write(out.join("assets.rs"), assets(&out)?)?;
    fs::write(out.join("catalogues.rs"), catalogues()?)?;
    Ok(())
}

fn assets(out: &Path) -> Result<String, Box<dyn Error>> {
    let root = fs::canonicalize("assets")?;
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();

    let mut version = Sha256::new();
    let mut table = String::new();
    for file in &files {
        let name = file.strip_prefix(&root)?.to_string_lossy().replace('\\', "/");
        if name.starts_with("js/core/") {
            continue;
        }
        let plain = if name == "js/core.js" { joined(file)?.into_bytes() } else { fs::read(file)? };
        version.update(name.as_bytes());
        version.update(&plain);
        // A copy beside its encodings: all of them are of the same moment, whatever is edited while this compiles.
        let served = out.join(name.replace('/', "_"));
        fs::write(&served, &plain)?;
        let encoded = if name.ends_with(".woff2") {
            "brotli: None, gzip: None".to_owned()
        } else {
            let (brotli, gzip) = (served.with_added_extension("br"), served.with_added_extension("gz"));
            fs::write(&brotli, brotli_of(&plain)?)?;
            fs::write(&gzip, gzip_of(&plain)?)?;
            format!("brotli: Some(include_bytes!({brotli:?})), gzip: Some(include_bytes!({gzip:?}))")
        };
        let content_type = content_type(&name)?;
        writeln!(
            table,
            "    Asset {{ name: {name:?}, content_type: {content_type:?}, plain: include_bytes!({served:?}), {encoded} }},"
        )?;
    }
    let version: String = version.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("pub const VERSION: &str = {version:?};\npub static ASSETS: &[Asset] = &[\n{table}];\n"))
}

/// The module that a list of `export * from "…";` lines stands for: the listed parts one after the other, without
/// what they import, since they import nothing but each other.
fn joined(list: &Path) -> Result<String, Box<dyn Error>> {
    let folder = list.parent().ok_or("a module lies in a folder")?;
    let mut module = String::new();
    for line in fs::read_to_string(list)?.lines() {
        let part = line.strip_prefix("export * from \"").and_then(|rest| rest.strip_suffix("\";"));
        let Some(part) = part else {
            module.push_str(line);
            module.push('\n');
            continue;
        };
        for line in fs::read_to_string(folder.join(part))?.lines().filter(|line| !is_comment(line)) {
            if !line.starts_with("import ") {
                module.push_str(line);
                module.push('\n');
            } else if !(line.contains(" from \"./") && line.ends_with("\";")) {
                return Err(
                    format!("{part} imports something else than a part, or in more than a line").into()
                );
            }
        }
    }
    Ok(module)
}

/// Returns whether nothing but a comment is on a line: a quarter of the module, which browsers need not fetch.
fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    let opens = line.starts_with("/**") && line.find("*/").is_none_or(|end| end + 2 == line.len());
    opens || line.starts_with("//") || line.starts_with("* ") || line == "*" || line == "*/"
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

fn content_type(name: &str) -> Result<&'static str, Box<dyn Error>> {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    match extension {
        Some("css") => Ok("text/css; charset=utf-8"),
        Some("js") => Ok("text/javascript; charset=utf-8"),
        Some("svg") => Ok("image/svg+xml"),
        Some("woff2") => Ok("font/woff2"),
        Some("txt") => Ok("text/plain; charset=utf-8"),
        _ => Err(format!("no content type for the asset {name}").into()),
    }
}

fn brotli_of(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoded = Vec::new();
    brotli::CompressorWriter::new(&mut encoded, 4096, 11, 22).write_all(plain)?;
    Ok(encoded)
}

fn gzip_of(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain)?;
    encoder.finish()
}

/// Each language's sentences, sorted by key: the pages' own and those of the API's answers, which pages say too.
fn catalogues() -> Result<String, Box<dyn Error>> {
    let mut languages: Vec<(&str, BTreeMap<String, String>)> = Vec::new();
    for language in LANGUAGES {
        let mut messages = sentences(&format!("{ANSWERS}/{language}.json"))?;
        let own = sentences(&format!("i18n/{language}.json"))?;
        if let Some((key, _)) = own.iter().find(|(key, own)| messages.get(*key) == Some(own)) {
            return Err(format!("i18n/{language}.json says again what {ANSWERS} says: {key}").into());
        }
        messages.extend(own);
        languages.push((language, messages));
    }
    let mut source = String::new();
    for (language, messages) in &languages {
        for (other, others) in &languages {
            let missing: Vec<&String> = others.keys().filter(|key| !messages.contains_key(*key)).collect();
            if !missing.is_empty() {
                return Err(format!("{language} lacks messages of {other}: {missing:?}").into());
            }
        }
        writeln!(source, "pub static {}: &[(&str, &str)] = &[", language.to_uppercase())?;
        for (key, message) in messages {
            writeln!(source, "    ({key:?}, {message:?}),")?;
        }
        writeln!(source, "];")?;
    }
    Ok(source)
}

fn sentences(file: &str) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={file}");
    serde_json::from_str(&fs::read_to_string(file)?).map_err(|why| format!("{file}: {why}").into())
}
