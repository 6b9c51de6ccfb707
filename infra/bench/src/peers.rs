//! What others take for the same work, in the same run: the documents of pdfkit (Node) and reportlab (Python), the hash of
//! @node-rs/argon2. Installed beside the results, only when asked for.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::Failed;
use crate::binaries::Binaries;
use crate::figures::{Figures, Hash, Peer};
use crate::functions::repository;

#[derive(Deserialize)]
struct Took {
    what: String,
    milliseconds: f64,
}

/// One of our hashes, as its own program measures it.
pub fn hash(binaries: &Binaries) -> Result<Hash, Failed> {
    let output =
        Command::new(binaries.path("examples/hash")).output().map_err(|e| format!("the hash: {e}"))?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

pub fn all(binaries: &Binaries, folder: &Path, figures: &Figures) -> Result<Vec<Peer>, Failed> {
    let scripts = repository().join("infra/bench/peers");
    let folder = folder.join("peers");
    std::fs::create_dir_all(&folder)?;
    run(Command::new("npm").current_dir(&folder).args([
        "install",
        "--no-audit",
        "--no-fund",
        "--prefix",
        ".",
        "pdfkit@0.17",
        "qrcode@1.5",
        "@node-rs/argon2@2",
    ]))?;
    let packages = folder.join("python");
    run(Command::new("pip")
        .args(["install", "--quiet", "--upgrade", "--target"])
        .arg(&packages)
        .args(["reportlab==4.*"]))?;
    let fonts = repository().join("shared/documents/fonts");
    let mut took: Vec<Took> = Vec::new();
    let node = run(Command::new("node")
        .env("NODE_PATH", folder.join("node_modules"))
        .arg(scripts.join("peers.cjs"))
        .arg(&fonts))?;
    took.extend(serde_json::from_slice::<Vec<Took>>(&node)?);
    let python =
        run(Command::new("python3").env("PYTHONPATH", &packages).arg(scripts.join("notice.py")).arg(&fonts))?;
    took.extend(serde_json::from_slice::<Vec<Took>>(&python)?);
    let ours = |what: &str| -> Result<f64, Failed> {
        if what.starts_with("hash") {
            return Ok(hash(binaries)?.microseconds as f64 / 1_000.0);
        }
        let notice = figures.action("notice-pdf", "a notice").ok_or("measure the functions first")?;
        Ok(notice.warm.p50 as f64 / 1_000.0)
    };
    let peer = |Took { what, milliseconds }| Ok::<_, Failed>(Peer { ours: ours(&what)?, what, milliseconds });
    took.into_iter().map(peer).collect()
}

/// Runs a program to its end; what it prints.
fn run(command: &mut Command) -> Result<Vec<u8>, Failed> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|e| format!("{name} does not start ({e}): install it"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into())
}
