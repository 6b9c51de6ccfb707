//! A release is one archive from which a town deploys without building anything.

use std::path::{Path, PathBuf};
use std::process::Command;

use journeys::programs::run;

use crate::python::SAM;
use crate::{entries, repository, the_template};

/// A program that is none, for each function and processor, and an `admin`: what the release's builds leave.
fn builds(target: &Path) {
    for processor in ["arm64", "x86_64"] {
        for (_, function) in entries(&the_template()["Resources"]) {
            let Some(code) = function["Properties"]["CodeUri"].as_str() else { continue };
            let name = code.trim_end_matches('/').rsplit('/').next().unwrap();
            let folder = target.join(format!("lambda-{processor}")).join(name);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("bootstrap"), format!("{name} for {processor}")).unwrap();
        }
    }
    std::fs::create_dir_all(target.join("release")).unwrap();
    std::fs::write(target.join("release/admin"), "admin").unwrap();
}

#[test]
fn the_archive_is_whole_and_its_template_finds_every_program() {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("release-test");
    let _ = std::fs::remove_dir_all(&target);
    builds(&target);
    let mut make = Command::new("make");
    make.arg("-C").arg(repository().join("infra")).arg("archive").env("CARGO_TARGET_DIR", &target);
    run(make.env_remove("MAKEFLAGS"));
    let version = env!("CARGO_PKG_VERSION");
    let (packed, unpacked) = (target.join("release-archive"), target.join("unpacked"));
    std::fs::create_dir_all(&unpacked).unwrap();
    run(Command::new("tar")
        .arg("-xzf")
        .arg(packed.join(format!("payments-{version}.tar.gz")))
        .arg("-C")
        .arg(&unpacked));
    let release = unpacked.join(format!("payments-{version}"));
    run(Command::new("sha256sum").args(["--check", "--quiet", "SHA256SUMS"]).current_dir(&release));
    let template = std::fs::read_to_string(release.join("infra/template.yaml")).unwrap();
    assert!(!template.contains("../target"), "a release knows no build folder");
    let programs = template.lines().filter_map(|line| line.trim().strip_prefix("CodeUri: "));
    let mut functions = 0;
    for program in programs {
        functions += 1;
        for processor in ["arm64", "x86_64"] {
            let folder = release.join("infra").join(program.replace("arm64", processor));
            assert!(folder.join("bootstrap").is_file(), "{}", folder.display());
        }
    }
    assert!(functions > 20, "{functions}");
    for paper in [
        "admin",
        "CHANGELOG.md",
        "LICENSE",
        "infra/third-party.md",
        "infra/samconfig.toml",
        "infra/runbooks/secrets.md",
    ] {
        assert!(release.join(paper).is_file(), "{paper}");
    }
    let arguments = ["validate", "--region", "eu-south-1", "--template", "infra/template.yaml"];
    run(SAM.command("sam").args(arguments).current_dir(&release));
}
