//! Files: sizes, names, words that have no place in them.

use std::collections::BTreeSet;

use crate::{files, none, read, repository};

/// The longest file that a person can keep in mind, in lines. Contracts and tables of data are longer by nature.
const LONGEST: usize = 700;

/// Longer ones, with the lines they have: this list may only shrink.
const LONGER: &[(&str, usize)] = &[];

fn is_code(path: &str) -> bool {
    let code = [".rs", ".js", ".html", ".css", ".py", ".sh"].iter().any(|end| path.ends_with(end));
    code && !path.starts_with("tests/generated/") && !path.contains("/assets/vendor/")
}

/// The part of a Rust file before its own tests, without comments.
fn product_code(path: &str) -> String {
    let text = read(path);
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    let lines = text[..end].lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

fn is_product(path: &str) -> bool {
    let own = path.starts_with("functions/") || path.starts_with("shared/") || path.starts_with("infra/");
    let test = path.ends_with("/tests.rs") || path.contains("/tests/") || path.contains("/examples/");
    own && path.ends_with(".rs") && !test
}

#[test]
fn no_file_is_longer_than_a_person_can_keep_in_mind() {
    let faults = files().into_iter().filter(|path| is_code(path)).filter_map(|path| {
        let lines = read(&path).lines().count();
        let most = LONGER.iter().find(|(known, _)| *known == path).map_or(LONGEST, |(_, most)| *most);
        (lines > most).then(|| format!("{path}: {lines} lines"))
    });
    none(faults.collect(), &format!("Split what is over {LONGEST} lines where the split feels right."));
}

#[test]
fn no_module_is_a_drawer() {
    const DRAWERS: &[&str] = &["utils", "util", "common", "helpers", "helper", "models", "model", "misc"];
    let faults = files()
        .into_iter()
        .filter(|path| path.ends_with(".rs"))
        .filter(|path| path.trim_end_matches(".rs").split('/').any(|part| DRAWERS.contains(&part)));
    none(faults.collect(), "Name a module after what it is about.");
}

#[test]
fn nothing_is_left_to_do() {
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];
    let is_word = |line: &str, word: &str| {
        line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|part| part == word)
    };
    let mut faults = Vec::new();
    for path in files().into_iter().filter(|path| is_code(path) || path.ends_with(".yaml")) {
        for (number, line) in (1..).zip(read(&path).lines()) {
            if words.iter().any(|word| is_word(line, word)) {
                faults.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    none(faults, "Do it, or open an issue.");
}

#[test]
fn the_product_has_no_short_cuts() {
    const SHORT_CUTS: &[&str] =
        &[".unwrap()", ".expect(\"", "panic!(", "todo!(", "unimplemented!(", "dbg!(", "unsafe {", "#[allow("];
    let mut faults = Vec::new();
    for path in files().into_iter().filter(|path| is_product(path)) {
        let code = product_code(&path);
        for short_cut in SHORT_CUTS.iter().filter(|short_cut| code.contains(**short_cut)) {
            faults.push(format!("{path}: {short_cut}"));
        }
    }
    none(
        faults,
        "Give the error to who can do something about it; an exception is #[expect] with its reason.",
    );
}

#[test]
fn inv_m08_no_floating_point_touches_money() {
    let money =
        ["shared/domain/src/", "shared/store/src/", "shared/psp/src/", "shared/pagopa/src/", "functions/"];
    let mut faults = Vec::new();
    for path in files().into_iter().filter(|path| is_product(path)) {
        // The portal weighs encodings, and knows no amount.
        if money.iter().any(|start| path.starts_with(start)) && !path.starts_with("functions/portal/") {
            let code = product_code(&path);
            let mut words = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            if words.any(|word| matches!(word, "f32" | "f64")) {
                faults.push(path);
            }
        }
    }
    none(faults, "Money is an integer number of cents.");
}

#[test]
fn no_file_speaks_of_the_machine_it_was_written_on() {
    let words = [
        concat!("/ro", "ot/"),
        concat!("/wo", "rk/"),
        concat!("farm", "-studio"),
        concat!("farm", "-bench"),
        concat!(".lib", "rary"),
        concat!("artif", "actory"),
    ];
    let mut faults = Vec::new();
    for path in files() {
        let Ok(bytes) = std::fs::read(repository().join(&path)) else { continue };
        let Ok(text) = String::from_utf8(bytes) else { continue };
        for (number, line) in (1..).zip(text.lines()) {
            if words.iter().any(|word| line.contains(word)) {
                faults.push(format!("{path}:{number}"));
            }
        }
    }
    none(faults, "Say it without the machine.");
}

#[test]
fn embedded_fonts_and_styles_keep_their_licences() {
    let files = files();
    let fonts =
        files.iter().filter(|path| [".ttf", ".otf", ".woff", ".woff2"].iter().any(|end| path.ends_with(end)));
    let mut families = BTreeSet::new();
    for font in fonts {
        let (folder, name) = font.rsplit_once('/').unwrap();
        let family = name.split(['-', '.']).next().unwrap().to_ascii_lowercase();
        families.insert((folder.to_owned(), family));
    }
    assert!(!families.is_empty(), "the fonts have gone elsewhere: so must this test");
    let mut faults = Vec::new();
    for (folder, family) in families {
        let licence = files.iter().any(|path| {
            let name = path.strip_prefix(&format!("{folder}/")).unwrap_or_default().to_ascii_lowercase();
            let about = name.starts_with(&family) && name.ends_with(".txt");
            about
                && ["SIL OPEN FONT LICENSE", "Apache License"]
                    .iter()
                    .any(|licence| read(path).contains(licence))
        });
        if !licence {
            faults.push(format!("{folder}: {family}"));
        }
    }
    none(faults, "A font travels with the text of its licence, in the same folder.");
    let styles = "functions/portal/assets/bootstrap-italia-licence.txt";
    assert!(files.iter().any(|path| path == styles), "{styles} has gone");
}
