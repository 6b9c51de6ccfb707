//! The release binaries: built like those that are deployed, weighed like what is uploaded.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::{Failed, functions::repository};

pub struct Binaries {
    /// The functions' folders, which are their binaries' names.
    pub functions: Vec<String>,
    folder: PathBuf,
}

impl Binaries {
    /// Those beside this program.
    pub fn here() -> Result<Self, Failed> {
        let mut functions = Vec::new();
        for entry in std::fs::read_dir(repository().join("functions"))? {
            let entry = entry?;
            if entry.path().join("src/main.rs").exists() {
                functions.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        functions.sort();
        let program = std::env::current_exe()?;
        let folder = program.parent().ok_or("this program is nowhere")?.to_owned();
        Ok(Self { functions, folder })
    }

    /// Builds the functions alone, as they are deployed: built together with this program they would carry what it asks of
    /// the crates that they share. Then the floors.
    pub fn build(&self) -> Result<(), Failed> {
        for what in [&["build", "--release"][..], &["build", "--release", "--package", "bench", "--bins"]] {
            let mut cargo = Command::new("cargo");
            let status = cargo.current_dir(repository()).args(what).status();
            if !status.map_err(|e| format!("cargo does not start: {e}"))?.success() {
                return Err("the release binaries cannot be built".into());
            }
        }
        Ok(())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Where results go: `bench` in the target folder.
    pub fn results(&self) -> Result<PathBuf, Failed> {
        let folder = self.folder.parent().ok_or("there is no target folder")?.join("bench");
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

/// What the binary weighs in the zip that is uploaded.
pub fn zipped(binary: &Path) -> Result<u64, Failed> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&std::fs::read(binary)?)?;
    Ok(encoder.finish()?.len() as u64)
}
