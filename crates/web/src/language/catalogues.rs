//! The catalogues against each other, and against what the pages say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::LANGUAGES;

/// Messages that a language may write with other variables than another: what is said about is the
/// same, but only some write half days.
const OWN_WAYS: [&str; 1] = ["time"];

/// By message: its variables.
type Catalogue = BTreeMap<String, BTreeSet<String>>;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What all files of these endings below a folder hold.
fn texts(folder: &Path, ending: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts.extend(self::texts(&path, ending));
        } else if path.extension().is_some_and(|it| it == ending) {
            texts.push(fs::read_to_string(path).unwrap());
        }
    }
    texts
}

fn catalogue(tag: &str) -> Catalogue {
    let mut catalogue = Catalogue::new();
    for text in texts(&folder("locales").join(tag), "ftl") {
        let mut current = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let named =
                line.split_once(" =").filter(|_| line.starts_with(|it: char| it.is_ascii()));
            if let Some((id, _)) = named.filter(|(id, _)| is_id(id)) {
                current = id.to_owned();
                let before = catalogue.insert(current.clone(), BTreeSet::new());
                assert!(before.is_none(), "{tag}: {id} is said twice");
            }
            let variables = line.split('$').skip(1).map(|rest| {
                rest.chars().take_while(|it| it.is_ascii_alphanumeric() || *it == '_').collect()
            });
            catalogue.entry(current.clone()).or_default().extend(variables);
        }
    }
    catalogue.remove("");
    catalogue
}

fn is_id(text: &str) -> bool {
    text.starts_with(|it: char| it.is_ascii_lowercase())
        && text.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-')
}

/// What stands between double quotes, in code and templates alike, and whether it is said there:
/// `say("…")` and its like.
fn quoted() -> Vec<(String, bool)> {
    let mut sources = texts(&folder("src"), "rs");
    sources.extend(texts(&folder("templates"), "html"));
    let mut found = Vec::new();
    for source in &sources {
        let pieces: Vec<&str> = source.split('"').collect();
        for (at, piece) in pieces.iter().enumerate().skip(1) {
            let before = pieces[at - 1].trim_end();
            let calls = [".say(", ".tell(", ".count(", "Notice("];
            found.push(((*piece).to_owned(), calls.iter().any(|call| before.ends_with(call))));
        }
    }
    found
}

/// Whether a quoted text may become a message's name: it is the name, the beginning of a family of
/// names (`audit-verb-`), or has places in it (`no-{name}-next`).
fn may_become(quoted: &str, id: &str) -> bool {
    let (first, last) = match quoted.split_once('{') {
        Some((first, rest)) => (first, rest.rsplit_once('}').map_or("", |(_, last)| last)),
        None if quoted.ends_with('-') => (quoted, ""),
        None => return quoted == id,
    };
    first.ends_with('-')
        && is_id(&first[..first.len() - 1])
        && id.len() > first.len() + last.len()
        && id.starts_with(first)
        && id.ends_with(last)
}

#[test]
fn every_language_says_the_same_things_about_the_same() {
    let first = catalogue(LANGUAGES[0].tag);
    assert!(first.len() > 100, "only {} messages", first.len());
    for language in LANGUAGES.iter() {
        let other = catalogue(language.tag);
        let missing: Vec<_> = first.keys().filter(|id| !other.contains_key(*id)).collect();
        let too_many: Vec<_> = other.keys().filter(|id| !first.contains_key(*id)).collect();
        assert!(missing.is_empty(), "{}: {missing:?} are missing", language.tag);
        assert!(too_many.is_empty(), "{}: {too_many:?} are in no other", language.tag);
        for (id, variables) in &first {
            if !OWN_WAYS.contains(&id.as_str()) {
                assert_eq!(&other[id], variables, "{}: {id}", language.tag);
            }
            assert!(language.messages.has_message(id), "{}: {id} is not read", language.tag);
        }
    }
}

#[test]
fn what_the_pages_say_is_in_the_catalogue() {
    let catalogue = catalogue("en");
    let said = quoted().into_iter().filter(|(text, said)| *said && is_id(text));
    let missing: BTreeSet<_> =
        said.map(|(text, _)| text).filter(|id| !catalogue.contains_key(id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn each_role_and_each_no_has_words() {
    let catalogue = catalogue("en");
    for role in domain::Role::ALL {
        assert!(catalogue.contains_key(&format!("role-{role}")), "{role}");
    }
    let source = fs::read_to_string(folder("src/problem.rs")).unwrap();
    let names = source.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next());
    let names: Vec<_> = names.chain(["unknown"]).collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        assert!(catalogue.contains_key(&format!("no-{name}")), "{name}");
        assert!(catalogue.contains_key(&format!("no-{name}-next")), "{name}");
    }
}

#[test]
fn the_catalogue_holds_nothing_that_no_page_says() {
    let quoted: BTreeSet<String> = quoted().into_iter().map(|(text, _)| text).collect();
    let is_said = |id: &str| quoted.iter().any(|text| may_become(text, id));
    let is_said_after = |id: &str| {
        // `{id}-next`: what is said after a message whose name is handed on.
        let first = id.strip_suffix("-next").filter(|_| quoted.contains("{id}-next"));
        first.is_some_and(is_said)
    };
    let unused: Vec<_> =
        catalogue("en").into_keys().filter(|id| !is_said(id) && !is_said_after(id)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}
