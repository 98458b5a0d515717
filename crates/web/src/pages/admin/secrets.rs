//! What is shown once: a doctor's code, a link to choose a password, an authenticator's secret.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use center::errand::{Invitation, TotpSecret};
use domain::{DoctorName, EnrolmentCode, UserName};
use qrcode::{Color, EcLevel, QrCode};
use runtime::password::one_time;

use super::{Moment, NotDone, Overseer};
use crate::Site;
use crate::page::{Frame, Section, show_with};

/// The white squares around a QR code (ISO/IEC 18004 §6.3.8 asks for four).
const QUIET: usize = 4;

/// What is shown.
pub(super) enum Secret {
    /// With what a doctor enrols.
    EnrolmentCode {
        doctor: DoctorName,
        code: EnrolmentCode,
        /// Where the center is.
        center: String,
    },
    /// With what somebody comes in.
    Account {
        user: UserName,
        /// What the authenticator is made of; `None` when it stays, or there is none.
        totp: Option<TotpSecret>,
        /// A link to choose a password, `None` when the password stays.
        link: Option<Link>,
    },
}

/// A link to choose a password, or why there is none.
pub(super) enum Link {
    There { address: String, expires: Moment },
    Not(NotDone),
}

#[derive(Template)]
#[template(path = "admin/secrets.html")]
struct SecretsPage {
    frame: Frame,
    back: &'static str,
    secret: Secret,
    authenticator: Option<Authenticator>,
}

/// What sets up an authenticator.
struct Authenticator {
    secret: String,
    address: String,
    /// The address as a picture; `None` when it is too long for one.
    picture: Option<Picture>,
}

/// A QR code: how many squares a side has, and the path of the black ones.
struct Picture {
    side: usize,
    path: String,
}

/// A page that shows a secret, and is never kept.
pub(super) fn show(overseer: &Overseer, title: &str, section: Section, secret: Secret) -> Response {
    let authenticator = match &secret {
        Secret::Account { user, totp: Some(totp), .. } => Some(Authenticator::of(totp, user)),
        _ => None,
    };
    let back = match section {
        Section::Doctors => "/admin/doctors",
        _ => "/admin/accounts",
    };
    let frame = overseer.frame(title, section);
    show_with(StatusCode::OK, &SecretsPage { frame, back, secret, authenticator })
}

impl Link {
    pub(super) fn of(site: &Site, overseer: &Overseer, invitation: &Invitation) -> Self {
        let (words, now) = (overseer.words(), overseer.visitor().now());
        Self::There {
            address: format!("{}/password/{}", site.url, invitation.code.expose()),
            expires: Moment::of(words, invitation.expires, now),
        }
    }
}

impl Authenticator {
    fn of(totp: &TotpSecret, user: &UserName) -> Self {
        let address = one_time::setup_address(totp.expose(), user);
        Self {
            secret: in_groups(&one_time::in_base32(totp.expose())),
            picture: Picture::of(&address),
            address,
        }
    }
}

impl Picture {
    fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let width = code.width();
        let mut path = String::new();
        for (at, color) in code.to_colors().into_iter().enumerate() {
            if color == Color::Dark {
                let (x, y) = (at % width + QUIET, at / width + QUIET);
                path.push_str(&format!("M{x} {y}h1v1h-1z"));
            }
        }
        Some(Self { side: width + 2 * QUIET, path })
    }
}

/// In groups of four, as people read it aloud and type it.
fn in_groups(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}
