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
    /// Where they are, as deployed.
    deployed: PathBuf,
    /// Where this program and the floors are.
    folder: PathBuf,
    /// This machine, as the compiler names it.
    target: String,
}

/// What `infra/Makefile` tells the compiler.
fn as_deployed() -> Result<String, Failed> {
    let makefile = std::fs::read_to_string(repository().join("infra/Makefile"))?;
    let flags = makefile.lines().find_map(|line| line.strip_prefix("FLAGS := "));
    Ok(flags.ok_or("infra/Makefile has no line `FLAGS := …`")?.to_owned())
}

impl Binaries {
    /// Those in the target folder of this program.
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
        let rustc =
            Command::new("rustc").arg("-vV").output().map_err(|e| format!("rustc does not start: {e}"))?;
        let said = String::from_utf8_lossy(&rustc.stdout).into_owned();
        let target =
            said.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc names no host")?;
        let deployed = folder.with_file_name(target).join("release");
        Ok(Self { functions, deployed, folder, target: target.to_owned() })
    }

    /// Builds the functions as `infra/Makefile` does, then the floors, all into this program's target folder.
    pub fn build(&self) -> Result<(), Failed> {
        let (mut functions, mut floors) = (Command::new("cargo"), Command::new("cargo"));
        functions.current_dir(repository()).env("RUSTFLAGS", as_deployed()?);
        functions.args(["build", "--release", "--target", &self.target]);
        floors.current_dir(repository().join("infra/bench")).args(["build", "--release", "--bins"]);
        for mut cargo in [functions, floors] {
            cargo.arg("--target-dir").arg(self.target_folder()?);
            let status = cargo.status().map_err(|e| format!("cargo does not start: {e}"))?;
            if !status.success() {
                return Err("the release binaries cannot be built".into());
            }
        }
        Ok(())
    }

    fn target_folder(&self) -> Result<&Path, Failed> {
        Ok(self.folder.parent().ok_or("there is no target folder")?)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        match self.functions.iter().any(|function| function == name) {
            true => self.deployed.join(name),
            false => self.folder.join(name),
        }
    }

    /// Where results go: `bench` in the target folder.
    pub fn results(&self) -> Result<PathBuf, Failed> {
        let folder = self.target_folder()?.join("bench");
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
