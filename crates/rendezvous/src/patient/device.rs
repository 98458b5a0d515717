//! `--device FILE`: what tells this device from strangers, kept from one log-in to the next.

use std::path::Path;

use domain::DeviceCookie;

use crate::input::BadInput;
use crate::keys::private_file;

/// The cookie in `file`; `None` when there is no such file yet.
///
/// # Errors
/// When the file cannot be read, others have a right to it, or it holds something else.
pub(super) fn read(file: &Path) -> Result<Option<DeviceCookie>, BadInput> {
    let content = match private_file::read(file, "what a center gave this device") {
        Ok(content) => content,
        Err(missing) if missing.is_missing() => return Ok(None),
        Err(error) => return Err(error),
    };
    let text = std::str::from_utf8(content.expose()).unwrap_or_default().trim();
    let cookie = DeviceCookie::try_from(text.to_owned());
    cookie.map(Some).map_err(|why| BadInput::of_file(file, why.to_string()))
}

/// Keeps a cookie for the next time.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn keep(file: &Path, cookie: &DeviceCookie) -> Result<(), BadInput> {
    private_file::replace(file, format!("{}\n", cookie.expose()).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_kept_in_a_private_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("device");
        assert!(read(&file).unwrap().is_none());
        let cookie = DeviceCookie::try_from("v1.abc-DEF_0".to_owned()).unwrap();
        keep(&file, &cookie).unwrap();
        assert!(read(&file).unwrap() == Some(cookie));
        std::fs::write(&file, "two words").unwrap();
        let expected = "is not a device cookie, expected up to 256 letters, digits, - _ .";
        let error = read(&file).unwrap_err().to_string();
        assert_eq!(error, format!("{}: {expected}", file.display()));
    }
}
