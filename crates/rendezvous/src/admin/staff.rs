//! What an operator does about accounts: doctors' codes, staff, authenticators, sessions.

use anyhow::bail;
use domain::{AccountId, EnrolmentCode, UserName};
use jiff::Timestamp;
use runtime::password::{Workspace, one_time};
use store::{
    Actor, AddStaff, CodeHash, Command, EndSessions, OfferEnrolment, Outcome, SessionChoice,
    SetTotp, TotpSecret,
};

use super::Books;
use super::changes::{no_such_doctor, unexpected};
use crate::args::{AddStaffArgs, EndSessionsArgs, EnrolArgs, NewTotpArgs};
use crate::exit::Declined;
use crate::loading;
use crate::password;

/// Gives a doctor a code to enrol with; gives back what to tell, the code on a line of its own.
pub(super) fn enrol(books: &Books, task: &EnrolArgs) -> anyhow::Result<String> {
    let code = EnrolmentCode::fresh(&runtime::fresh_entropy());
    let expires = Timestamp::now() + task.valid.signed();
    let command = Command::OfferEnrolment(OfferEnrolment {
        doctor: task.doctor.clone(),
        code: CodeHash::of(&code),
        expires,
        actor: Actor::Operator,
    });
    let doctor = &task.doctor;
    match books.commit(command)? {
        Outcome::Done => Ok(format!(
            "{doctor} can enrol once with this code, until {} in {}:\n{}",
            loading::shown_moment(expires, &books.zone),
            loading::name_of(&books.zone),
            code.expose()
        )),
        Outcome::NoSuchDoctor => Err(no_such_doctor(doctor).into()),
        Outcome::UserExists => {
            let why =
                format!("somebody else logs in as {doctor}: that account is not the doctor's");
            Err(Declined::new(why).into())
        }
        other => bail!(unexpected(&other)),
    }
}

/// Adds an account of staff; gives back what to tell, its authenticator's secret included.
pub(super) fn add_staff(books: &Books, task: AddStaffArgs) -> anyhow::Result<String> {
    let secret = password::new(&task.user)?;
    let totp = task.role.needs_second_factor().then(fresh_totp);
    let command = Command::AddStaff(AddStaff {
        actor: store::Actor::Operator,
        account: AccountId::fresh(Timestamp::now(), &runtime::fresh_entropy()),
        user: task.user.clone(),
        password: runtime::password::hash(&secret, &mut Workspace::default()),
        role: task.role,
        name: task.name,
        totp: totp.clone(),
    });
    match books.commit(command)? {
        Outcome::Done => {
            let added = format!("added {} {}", task.role, task.user);
            Ok(match totp {
                Some(totp) => format!("{added}\n{}", set_up(&totp, &task.user)),
                None => added,
            })
        }
        Outcome::UserExists => Err(Declined::new(format!("{} exists already", task.user)).into()),
        other => bail!(unexpected(&other)),
    }
}

/// Gives an account a new authenticator's secret; gives back what to tell.
pub(super) fn new_totp(books: &Books, task: &NewTotpArgs) -> anyhow::Result<String> {
    let totp = fresh_totp();
    let command = Command::SetTotp(SetTotp {
        user: task.user.clone(),
        secret: totp.clone(),
        actor: Actor::Operator,
    });
    match books.commit(command)? {
        Outcome::Done => {
            let user = &task.user;
            let set_up = set_up(&totp, user);
            Ok(format!("{user} has a new authenticator, and all sessions are ended\n{set_up}"))
        }
        Outcome::NoSuchUser => Err(Declined::new(format!("there is no user {}", task.user)).into()),
        other => bail!(unexpected(&other)),
    }
}

/// Ends sessions; gives back what to tell.
pub(super) fn end_sessions(books: &Books, task: EndSessionsArgs) -> anyhow::Result<String> {
    let (whose, named) = match (task.user, task.session) {
        (Some(user), _) => {
            let named = format!("of {user}");
            (SessionChoice::User(user), named)
        }
        (None, Some(session)) => (SessionChoice::Session(session), format!("with id {session}")),
        (None, None) => bail!("neither a user nor a session was named"),
    };
    let one = matches!(whose, SessionChoice::Session(_));
    match books.commit(Command::EndSessions(EndSessions { whose, actor: Actor::Operator }))? {
        Outcome::SessionsEnded(0) if one => {
            Err(Declined::new(format!("there is no open session {named}")).into())
        }
        Outcome::SessionsEnded(count) => {
            let sessions = if count == 1 { "session" } else { "sessions" };
            let rest = if one { "" } else { ", and all log-ins that keep none" };
            Ok(format!("ended {count} {sessions} {named}{rest}"))
        }
        Outcome::NoSuchUser => {
            Err(Declined::new(format!("there is no user {}", &named[3..])).into())
        }
        other => bail!(unexpected(&other)),
    }
}

fn fresh_totp() -> TotpSecret {
    let mut bytes = [0; one_time::SECRET_BYTES];
    bytes.copy_from_slice(&runtime::fresh_entropy().0[..one_time::SECRET_BYTES]);
    TotpSecret::new(bytes)
}

/// How to set up an authenticator: shown once, and kept nowhere else in the clear.
fn set_up(totp: &TotpSecret, user: &UserName) -> String {
    format!(
        "set up the authenticator now, this is shown only once:\n{}\nor type in the secret {}",
        one_time::setup_address(totp.expose(), user),
        one_time::in_base32(totp.expose())
    )
}
