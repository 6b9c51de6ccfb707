use std::fmt::Write;
use std::path::Path;

use crate::options::repository;

/// The folders of functions that have something to run, with what their `main` says they are.
fn functions() -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(repository().join("functions")).unwrap() {
        let folder = entry.unwrap().path();
        let main = std::fs::read_to_string(folder.join("src/main.rs"));
        if let (Ok(main), true) = (main, folder.join("src/lib.rs").exists()) {
            found.push((
                folder.file_name().unwrap().to_str().unwrap().to_owned(),
                main.contains("run_worker"),
            ));
        }
    }
    found.sort();
    found
}

fn logical_id(folder: &str) -> String {
    let capital = |part: &str| part[..1].to_uppercase() + &part[1..];
    folder.split('-').map(capital).collect()
}

/// The text with what stands between the two marks replaced.
fn between(text: &str, start: &str, end: &str, new: &str) -> String {
    let after = text.find(start).map(|at| at + text[at..].find('\n').unwrap() + 1).expect(start);
    let until = after + text[after..].find(end).expect(end);
    let indent = text[..until].rfind('\n').map(|newline| newline + 1).unwrap();
    format!("{}{new}{}", &text[..after], &text[indent..])
}

fn kept(path: &Path, start: &str, end: &str, new: &str) -> bool {
    let before = std::fs::read_to_string(path).unwrap();
    let after = between(&before, start, end, new);
    if before != after {
        std::fs::write(path, &after).unwrap();
    }
    before == after
}

#[test]
fn every_function_is_in_the_list_and_among_the_dependencies() {
    let (mut entries, mut dependencies) = (String::new(), String::new());
    for (folder, worker) in functions() {
        let (name, module) = (logical_id(&folder), folder.replace('-', "_"));
        let adapter = if worker { "worker_in_process" } else { "in_process" };
        writeln!(
            entries,
            "    FunctionEntry {{ name: \"{name}\", connect: lambda::{adapter}::<{module}::{name}> }},"
        )
        .unwrap();
        writeln!(dependencies, "{folder} = {{ path = \"../../functions/{folder}\" }}").unwrap();
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fresh = [
        kept(&here.join("src/functions.rs"), "// functions: kept", "// functions: end", &entries),
        kept(&here.join("Cargo.toml"), "# functions: kept", "# functions: end", &dependencies),
    ];
    assert!(fresh == [true, true], "the list of functions was renewed: run this again");
}
