//! Rules of the house that no compiler knows: which way imports point, and that the documents name
//! only what is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::running::{rendezvous, told};

/// What each crate may import of ours, as drawn in ARCHITECTURE.md.
const ARROWS: [(&str, &[&str]); 9] = [
    ("domain", &[]),
    ("protocol", &["domain"]),
    ("store", &["domain"]),
    ("center", &["domain", "protocol", "store"]),
    ("runtime", &["center", "domain", "protocol", "store"]),
    ("net", &["center", "domain", "protocol", "runtime"]),
    ("web", &["center", "domain", "runtime"]),
    ("simulator", &["center", "domain", "net", "protocol", "runtime", "store"]),
    (
        "rendezvous",
        &["center", "domain", "net", "protocol", "runtime", "simulator", "store", "web"],
    ),
];

const DOCUMENTS: [&str; 7] = [
    "README.md",
    "ARCHITECTURE.md",
    "PROTOCOL.md",
    "SECURITY.md",
    "PERFORMANCE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
];

fn root() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", ".."].iter().collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn imports_point_one_way() {
    let folders = fs::read_dir(root().join("crates")).unwrap();
    let found: BTreeSet<String> =
        folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let known: BTreeSet<String> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(found, known, "a new crate is drawn in ARCHITECTURE.md and here");
    for (name, allowed) in ARROWS {
        let manifest = read(&root().join("crates").join(name).join("Cargo.toml"));
        let manifest: toml::Table = manifest.parse().unwrap();
        let imports: Vec<&str> = manifest["dependencies"]
            .as_table()
            .unwrap()
            .keys()
            .map(String::as_str)
            .filter(|import| known.contains(*import))
            .collect();
        let stray: Vec<_> = imports.iter().filter(|import| !allowed.contains(import)).collect();
        assert!(stray.is_empty(), "{name} imports {stray:?}");
    }
}

#[test]
fn no_file_of_the_pure_crates_does_io() {
    for name in ["domain", "protocol", "center"] {
        for path in sources(&root().join("crates").join(name).join("src")) {
            let text = read(&path);
            let product = text.split("#[cfg(test)]").next().unwrap();
            for forbidden in
                ["std::fs", "std::thread", "std::process", "Instant::now", "Timestamp::now"]
            {
                let in_tests = path.ends_with("tests.rs")
                    || path.parent().is_some_and(|folder| folder.ends_with("tests"));
                assert!(
                    in_tests || !product.contains(forbidden),
                    "{}: {forbidden}",
                    path.display()
                );
            }
        }
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// What stands between single back quotes on one line.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.starts_with("```"))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
}

#[test]
fn the_paths_that_the_documents_name_exist() {
    for document in DOCUMENTS {
        let text = read(&root().join(document));
        let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        let paths =
            quoted(&text).filter(|word| word.starts_with("crates/") || word.starts_with(".ci/"));
        for path in links.chain(paths) {
            let elsewhere = path.is_empty() || path.starts_with("https://");
            assert!(elsewhere || root().join(path).exists(), "{document} names {path}");
        }
    }
}

#[test]
fn the_tests_that_security_names_exist() {
    let crates = sources(&root().join("crates"));
    let code: Vec<String> = crates.iter().map(|path| read(path)).collect();
    let text = read(&root().join("SECURITY.md"));
    let rows: Vec<&str> = text.lines().filter(|line| abuse_case(line)).collect();
    assert!(rows.len() >= 30, "{} abuse cases", rows.len());
    for row in rows {
        let shown = row.trim_end_matches('|').rsplit('|').next().unwrap();
        let names: Vec<&str> = quoted(shown).collect();
        assert!(!names.is_empty(), "nothing shows {row}");
        for name in names.iter().filter(|name| !name.starts_with('.')) {
            let declared = format!("fn {name}(");
            // Conformance sentences are made tests by a macro.
            assert!(code.iter().any(|text| text.contains(&declared)), "{name} of {row}");
        }
    }
}

/// A row of a table that begins with a number.
fn abuse_case(line: &str) -> bool {
    let number = line.strip_prefix("| ").and_then(|rest| rest.split(' ').next());
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}

#[test]
fn the_limits_that_the_documents_name_exist() {
    for word in quoted(&read(&root().join("ARCHITECTURE.md"))) {
        let Some((path, name)) = word.rsplit_once("::") else { continue };
        let Some((name_of_crate, _)) = word.split_once("::") else { continue };
        if !path.ends_with("::limits") && path != "runtime" || name.contains(['(', ' ']) {
            continue;
        }
        let folder = root().join("crates").join(name_of_crate).join("src");
        let declared = [format!("pub const {name}:"), format!("pub struct {name} ")];
        let is_there = |path: &PathBuf| {
            let text = read(path);
            declared.iter().any(|declared| text.contains(declared))
        };
        assert!(sources(&folder).iter().any(is_there), "{word} is not there");
    }
}

#[test]
fn every_limit_that_a_center_can_be_set_to_is_in_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let (code, help, _) = told(&mut rendezvous(folder.path(), &["center", "--help"]));
    assert_eq!(code, 0);
    let (_, limits) = help.split_once("\nLimits:\n").unwrap();
    let (limits, _) = limits.split_once("\nEverywhere:\n").unwrap();
    let text = read(&root().join("ARCHITECTURE.md"));
    let named: BTreeSet<&str> = quoted(&text).filter(|word| word.starts_with("--")).collect();
    let flags: Vec<&str> =
        limits.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2).collect();
    assert!(flags.len() > 20, "{help}");
    for flag in flags {
        assert!(named.contains(flag), "ARCHITECTURE.md does not name {flag}");
    }
}

#[test]
fn the_commands_that_the_documents_name_exist() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for document in DOCUMENTS {
        let text = read(&root().join(document));
        let blocks = text
            .split("```sh\n")
            .skip(1)
            .flat_map(|block| block.split("```").next().unwrap().lines());
        let lines = blocks.filter_map(|line| line.strip_prefix("rendezvous "));
        for line in lines.chain(quoted(&text).filter_map(|word| word.strip_prefix("rendezvous "))) {
            let line = line.split('#').next().unwrap();
            let words: Vec<&str> = line.split_whitespace().collect();
            let deep = if words[0] == "admin" { 2 } else { 1 };
            let role = |word: &&&str| word.starts_with(|c: char| c.is_ascii_lowercase());
            let roles = words.iter().take(deep).take_while(role);
            let mut asked: Vec<&str> = roles.copied().collect();
            asked.push("--help");
            let (code, help, errors) = told(&mut rendezvous(folder.path(), &asked));
            assert_eq!(code, 0, "{document} names `rendezvous {line}`: {errors}");
            for flag in words.iter().filter(|word| word.starts_with("--")) {
                assert!(help.contains(flag), "{document}: `rendezvous {line}` has no {flag}");
            }
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen}");
}

#[test]
fn nothing_of_one_machine_stands_in_the_tree() {
    let mut files: Vec<PathBuf> = sources(&root().join("crates"));
    files.extend(DOCUMENTS.map(|name| root().join(name)));
    files.push(root().join(".ci").join("run"));
    for path in files {
        let text = read(&path);
        for place in [["/wo", "rk/"], ["/ro", "ot/"], ["../sh", "ared"]] {
            assert!(!text.contains(&place.concat()), "{} names {}", path.display(), place.concat());
        }
    }
}
