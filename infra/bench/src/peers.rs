//! What others take for the same work, in the same run: the documents of pdfkit (Node) and reportlab (Python), the hash of
//! @node-rs/argon2, and functions as the SDKs' documentation writes them, in Rust and in Node. Installed beside the
//! results, only when asked for.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::Failed;
use crate::binaries::Binaries;
use crate::figures::{Figures, Hash, Peer};
use crate::functions::repository;
use crate::lambda::Program;

#[derive(Deserialize)]
struct Took {
    what: String,
    milliseconds: f64,
}

/// One of our hashes, as its own program measures it.
pub fn hash(binaries: &Binaries) -> Result<Hash, Failed> {
    let output = Command::new(binaries.path("hash")).output().map_err(|e| format!("the hash: {e}"))?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn scripts() -> PathBuf {
    repository().join("infra/bench/peers")
}

/// Installs and builds what the others need, in a folder of their own.
pub fn install(folder: &Path) -> Result<PathBuf, Failed> {
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
        "@aws-sdk/client-dynamodb@3",
    ]))?;
    let built = Command::new("cargo")
        .current_dir(scripts().join("documented"))
        .args(["build", "--release", "--target-dir"])
        .arg(folder.join("documented"))
        .status()?;
    if built.success() {
        Ok(folder)
    } else {
        Err("the function in Rust as documented cannot be built".into())
    }
}

/// The functions as the SDKs' documentation writes them. They trust the run's certificate besides the system's.
pub fn functions(folder: &Path, certificate: &Path) -> Result<Vec<Program>, Failed> {
    let bundle = folder.join("authorities.pem");
    let system = std::fs::read_to_string("/etc/ssl/certs/ca-certificates.crt").unwrap_or_default();
    std::fs::write(&bundle, system + &std::fs::read_to_string(certificate)?)?;
    let program =
        |name: &str, binary: PathBuf, arguments: Vec<String>, variables: &[(&str, &Path)]| Program {
            name: name.to_owned(),
            binary,
            arguments,
            variables: variables
                .iter()
                .map(|(name, path)| ((*name).to_owned(), path.display().to_string()))
                .collect(),
            memory_mib: 0,
        };
    let script = scripts().join("function.cjs").display().to_string();
    let modules = folder.join("node_modules");
    let node = [("NODE_EXTRA_CA_CERTS", certificate), ("NODE_PATH", modules.as_path())];
    Ok(vec![
        program(
            "Rust as documented",
            folder.join("documented/release/documented"),
            Vec::new(),
            &[("SSL_CERT_FILE", bundle.as_path())],
        ),
        program("Node, SDK v3", found("node")?, vec![script], &node),
    ])
}

/// A program on the path: whoever starts it leaves the environment behind.
fn found(name: &str) -> Result<PathBuf, Failed> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    found.ok_or_else(|| format!("{name} is not there: install it").into())
}

pub fn all(binaries: &Binaries, folder: &Path, figures: &Figures) -> Result<Vec<Peer>, Failed> {
    let scripts = scripts();
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
