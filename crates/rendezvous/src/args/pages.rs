//! Completions and man pages, made from the declaration.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use clap_complete::Shell;

use super::command;

/// The completions for `shell`, as a script.
pub(crate) fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "rendezvous", &mut script);
    script
}

/// The main man page, in roff.
///
/// # Errors
/// Never in practice: it is written to memory.
pub(crate) fn man_page() -> anyhow::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command()).render(&mut page)?;
    Ok(page)
}

/// Writes `rendezvous.1` and one page for each sub-command to `folder`, which is made if it is not
/// there.
///
/// # Errors
/// When the folder or a page cannot be written.
pub(crate) fn man_pages(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(command(), folder))
        .with_context(|| format!("{}: the man pages cannot be written", folder.display()))
}
