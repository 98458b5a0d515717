//! Device cookies: what tells a device that has logged in as a user before from strangers.
//!
//! `v1.<nonce>.<code>`: 16 random bytes and an HMAC-SHA-256 (RFC 2104) over the version, the nonce and
//! the user name, both in hexadecimal. The center keeps nothing; who it belongs to stands nowhere in
//! it. A cookie is no proof of anything but an earlier log-in: the password is still asked for, and a
//! changed password leaves it as it is.

use aws_lc_rs::hmac;
use domain::{DeviceCookie, Entropy, UserName, from_hexadecimal, to_hexadecimal};

/// The version, so that another form can be told from this one.
const VERSION: &str = "v1";

/// Bytes of the code, an HMAC-SHA256 (RFC 2104, FIPS 180-4).
const CODE_BYTES: usize = 32;
/// Random bytes of a cookie.
const NONCE_BYTES: usize = 16;

/// One device of one user, by the random bytes of its cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeviceId(pub(crate) [u8; NONCE_BYTES]);

/// Makes and verifies device cookies.
pub(crate) struct DeviceCookies {
    key: hmac::Key,
}

impl DeviceCookies {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    /// A cookie for a device that has just logged in as `user`.
    pub(crate) fn fresh(&self, user: &UserName, entropy: &Entropy) -> DeviceCookie {
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&entropy.0[..NONCE_BYTES]);
        let code = hmac::sign(&self.key, &signed(user, &nonce));
        let text =
            format!("{VERSION}.{}.{}", to_hexadecimal(&nonce), to_hexadecimal(code.as_ref()));
        DeviceCookie::try_from(text).expect("letters, digits and dots are a device cookie")
    }

    /// The device, if the cookie is one of ours and this user's.
    pub(crate) fn verify(&self, user: &UserName, cookie: &DeviceCookie) -> Option<DeviceId> {
        let mut parts = cookie.expose().split('.');
        let (version, nonce, code) = (parts.next()?, parts.next()?, parts.next()?);
        if version != VERSION || parts.next().is_some() {
            return None;
        }
        let nonce: [u8; NONCE_BYTES] = bytes_of(nonce)?;
        // Compared in constant time.
        hmac::verify(&self.key, &signed(user, &nonce), &bytes_of::<CODE_BYTES>(code)?).ok()?;
        Some(DeviceId(nonce))
    }
}

/// What is signed: of a fixed length but for the name at the end.
fn signed(user: &UserName, nonce: &[u8; NONCE_BYTES]) -> Vec<u8> {
    [VERSION.as_bytes(), nonce, user.as_str().as_bytes()].concat()
}

/// What lower-case hexadecimal digits stand for: a cookie has one spelling.
fn bytes_of<const N: usize>(digits: &str) -> Option<[u8; N]> {
    from_hexadecimal(digits).filter(|bytes| to_hexadecimal(bytes) == digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_good_for_its_user_and_for_nothing_else() {
        let user = |text: &str| UserName::new(text).unwrap();
        let cookies = DeviceCookies::new(&[1; 32]);
        let cookie = cookies.fresh(&user("ann"), &Entropy([7; 32]));
        assert_eq!(cookies.verify(&user("ann"), &cookie), Some(DeviceId([7; 16])));
        assert_eq!(cookies.verify(&user("bob"), &cookie), None);
        assert_eq!(DeviceCookies::new(&[2; 32]).verify(&user("ann"), &cookie), None);
        let text = cookie.expose();
        let flipped = |at: usize| {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            String::from_utf8(bytes).unwrap()
        };
        let mut wrong: Vec<String> = (0..text.len()).map(flipped).collect();
        wrong.extend(["v1".to_owned(), "v1..".to_owned(), format!("{text}.")]);
        wrong.extend([text.to_uppercase(), text.replacen("v1.", "v2.", 1)]);
        for wrong in wrong {
            let cookie = DeviceCookie::try_from(wrong.clone()).unwrap();
            assert_eq!(cookies.verify(&user("ann"), &cookie), None, "{wrong}");
        }
    }
}
