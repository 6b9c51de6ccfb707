//! Turns the creditor's logo into Rust, and deflates the fonts. A file that cannot be drawn as it looks stops the build
//! here, by its name.

mod fonts;
mod logo;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

/// From this package's folder.
const FOLDER: &str = "../../infra/creditor";
const NAME: &str = "infra/creditor/logo.svg";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={FOLDER}/logo.svg");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=fonts");
    let svg = fs::read_to_string(format!("{FOLDER}/logo.svg")).map_err(|why| format!("{NAME}: {why}"))?;
    let logo = logo::read(&svg).map_err(|why| format!("{NAME}: {why}"))?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::write(out.join("logo.rs"), logo::rust(&logo))?;
    fonts::deflate("fonts", &out)?;
    Ok(())
}
