//! What is about to be deployed: a program for each function, for the processor that the functions will run on.

use std::collections::BTreeMap;
use std::path::Path;

use super::Finding;

/// Looks at every function's program in a folder as `cargo lambda build` leaves it.
pub fn examine(folder: &Path, functions: &[String], values: &BTreeMap<String, String>) -> Vec<Finding> {
    let wanted = values.get("Architecture").map_or("", String::as_str);
    let mend = format!("make -C infra functions ARCHITECTURE={wanted}, or the other value of Architecture.");
    let mut found = Vec::new();
    let mut wrong = Vec::new();
    for function in functions {
        let program = std::fs::read(folder.join(function).join("bootstrap"));
        match program.as_deref().ok().and_then(machine) {
            Some(machine) if machine == wanted => {}
            Some(machine) => wrong.push(format!("{function} ({machine})")),
            None => found.push(Finding::fault(
                &folder.display().to_string(),
                format!("there is no program of {function}"),
                &mend,
            )),
        }
    }
    if !wrong.is_empty() {
        let what = format!("is {wanted}, and these were built for another processor: {}", wrong.join(", "));
        found.push(Finding::fault("Architecture", what, mend));
    }
    found
}

/// The processor that a program is for, as the template calls it (ELF, `e_machine`).
fn machine(program: &[u8]) -> Option<&'static str> {
    let number = <[u8; 2]>::try_from(program.strip_prefix(b"\x7fELF")?.get(14..16)?).ok()?;
    match u16::from_le_bytes(number) {
        0xb7 => Some("arm64"),
        0x3e => Some("x86_64"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_another_processor_or_none_is_a_fault() {
        let folder = std::env::temp_dir().join(format!("doctor-programs-{}", std::process::id()));
        let build = |function: &str, machine: u16| {
            let mut program = b"\x7fELF".to_vec();
            program.resize(18, 0);
            program.extend(machine.to_le_bytes());
            std::fs::create_dir_all(folder.join(function)).unwrap();
            std::fs::write(folder.join(function).join("bootstrap"), program).unwrap();
        };
        build("login", 0xb7);
        build("search", 0x3e);
        std::fs::create_dir_all(folder.join("sweep")).unwrap();
        std::fs::write(folder.join("sweep/bootstrap"), "#!/bin/sh").unwrap();
        let places = |architecture: &str, functions: &[&str]| -> Vec<String> {
            let functions: Vec<String> = functions.iter().map(|name| (*name).to_owned()).collect();
            let values = BTreeMap::from([("Architecture".to_owned(), architecture.to_owned())]);
            examine(&folder, &functions, &values).into_iter().map(|finding| finding.what).collect()
        };
        assert!(places("arm64", &["login"]).is_empty() && places("x86_64", &["search"]).is_empty());
        let wrong = places("arm64", &["login", "search"]);
        assert!(wrong.len() == 1 && wrong[0].contains("search (x86_64)"), "{wrong:?}");
        assert!(places("arm64", &["sweep"])[0].contains("no program of sweep"));
        assert!(places("arm64", &["nowhere"])[0].contains("no program of nowhere"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
