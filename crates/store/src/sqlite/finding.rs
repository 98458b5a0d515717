//! Finding people and accounts by what somebody types.
//!
//! No index helps with a part of a name: each search reads the names once. SQLite folds the case of
//! ASCII only, so the texts are compared here.

use std::collections::HashMap;

use domain::{AccountId, BirthDate, PatientId, Role, UserName};
use jiff::Timestamp;

use super::persons::{PERSON, person_record};
use super::reading::{Reading, mistyped};
use super::rows;
use super::sessions::{idle_since, is_open};
use super::statements::{all, one};
use crate::{AccountOverview, PersonRecord, StoreError};

/// The most words of a search that are looked at; more of them find nobody.
const WORDS_MAX: usize = 16;

/// A text that somebody looks for, as words in lower case.
struct Words(Vec<Word>);

struct Word {
    text: String,
    /// The day that it names, as the store keeps birth dates; `None` when it names none.
    birth_date: Option<String>,
}

impl Words {
    /// The words of `text`; `None` when there are none, or too many.
    fn of(text: &str) -> Option<Self> {
        let words: Vec<Word> = text
            .split_whitespace()
            .map(|word| Word {
                text: word.chars().flat_map(char::to_lowercase).collect(),
                birth_date: birth_date(word),
            })
            .take(WORDS_MAX + 1)
            .collect();
        (1..=WORDS_MAX).contains(&words.len()).then_some(Self(words))
    }

    /// Which words are in a [`folded`] text or name the birth date, a bit each.
    fn found_in(&self, text: &str, birth_date: Option<&str>) -> u32 {
        let is_found = |word: &Word| {
            let born = word.birth_date.is_some() && word.birth_date.as_deref() == birth_date;
            born || text.contains(&word.text)
        };
        let bits = self.0.iter().enumerate();
        bits.fold(0, |found, (bit, word)| found | (u32::from(is_found(word)) << bit))
    }

    /// All of them found.
    fn all(&self) -> u32 {
        (1 << self.0.len()) - 1
    }
}

/// The texts in lower case, one to a line: no word reaches over its end. They are put into `space`,
/// which is the same for everybody who is looked at.
fn folded<'s>(space: &'s mut String, texts: &[Option<&str>]) -> &'s str {
    space.clear();
    for text in texts.iter().flatten() {
        let begins = space.len();
        if text.is_ascii() {
            space.push_str(text);
            space[begins..].make_ascii_lowercase();
        } else {
            space.extend(text.chars().flat_map(char::to_lowercase));
        }
        space.push('\n');
    }
    space
}

/// The day that a word names: `1971-02-28`, `28.02.1971` or `28/02/1971`.
fn birth_date(word: &str) -> Option<String> {
    let parts = |mark: char| {
        let mut parts = word.split(mark);
        let day = [parts.next()?, parts.next()?, parts.next()?];
        parts.next().is_none().then_some(day)
    };
    let iso = match parts('.').or_else(|| parts('/')) {
        Some([day, month, year]) => format!("{year:0>4}-{month:0>2}-{day:0>2}"),
        None => word.to_owned(),
    };
    iso.parse::<BirthDate>().ok().map(String::from)
}

/// Somebody whose record is not read yet.
struct Candidate {
    /// The name in lower case; empty when it is not known.
    name: String,
    patient: PatientId,
}

impl Reading<'_> {
    /// Patients in whose name, contact and user name every word is found, or whose birth date it is.
    pub(super) fn find_people(
        &self,
        text: &str,
        limit: usize,
    ) -> Result<Vec<PersonRecord>, StoreError> {
        // Nobody is shown to who looks for nobody.
        let Some(words) = Words::of(text) else { return Ok(Vec::new()) };
        let by_user = self.words_in_user_names(&words)?;
        let mut candidates = self.candidates(&words, &by_user)?;
        // Those without a name come last.
        candidates.sort_by(|a, b| {
            (a.name.is_empty(), &a.name, a.patient).cmp(&(b.name.is_empty(), &b.name, b.patient))
        });
        let mut people = Vec::new();
        for candidate in candidates {
            if people.len() == limit {
                break;
            }
            let key = (self.center, candidate.patient.as_bytes());
            let found = one(self.connection, PERSON, key, |row| person_record(row, 0))?;
            // The user name that was found may be another one than the one that is shown.
            people.extend(found.filter(|person| words.found_in_record(person) == words.all()));
        }
        Ok(people)
    }

    /// Which words are in the user names of those who act for each patient; only patients of whom
    /// any is.
    fn words_in_user_names(&self, words: &Words) -> Result<HashMap<PatientId, u32>, StoreError> {
        let mut found: HashMap<PatientId, u32> = HashMap::new();
        let acts_for = "SELECT patient FROM acts_for WHERE center = ?1 AND account = ?2";
        let sql = "SELECT account, user_name FROM account WHERE center = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut accounts = statement.query([self.center])?;
        let mut space = String::new();
        while let Some(row) = accounts.next()? {
            let user = row.get_ref(1)?.as_str().map_err(rows::corrupt)?;
            let bits = words.found_in(folded(&mut space, &[Some(user)]), None);
            if bits == 0 {
                continue;
            }
            let account = rows::account(row, 0)?;
            let key = (self.center, account.as_bytes());
            for patient in all(self.connection, acts_for, key, |row| rows::patient(row, 0))? {
                *found.entry(patient).or_default() |= bits;
            }
        }
        Ok(found)
    }

    /// Everybody of whom every word may be found.
    fn candidates(
        &self,
        words: &Words,
        by_user: &HashMap<PatientId, u32>,
    ) -> Result<Vec<Candidate>, StoreError> {
        let mut candidates = Vec::new();
        // Of whom nothing is known, the user name is all there is.
        let mut unknown: HashMap<PatientId, u32> = by_user.clone();
        let sql = "SELECT patient, name, contact, birth_date FROM person WHERE center = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut persons = statement.query([self.center])?;
        let mut space = String::new();
        while let Some(row) = persons.next()? {
            let text = |column: usize| -> Result<Option<&str>, StoreError> {
                row.get_ref(column)?.as_str_or_null().map_err(rows::corrupt)
            };
            let patient = rows::patient(row, 0)?;
            let (name, contact, birth_date) = (text(1)?, text(2)?, text(3)?);
            let user = unknown.remove(&patient).unwrap_or(0);
            let texts = folded(&mut space, &[name, contact]);
            if words.found_in(texts, birth_date) | user == words.all() {
                let name = name.unwrap_or_default().to_lowercase();
                candidates.push(Candidate { name, patient });
            }
        }
        let unknown = unknown.into_iter().filter(|(_, bits)| *bits == words.all());
        let nameless = |(patient, _)| Candidate { name: String::new(), patient };
        candidates.extend(unknown.map(nameless));
        Ok(candidates)
    }

    /// Accounts in order of their user names.
    pub(super) fn accounts(
        &self,
        text: &str,
        after: Option<&UserName>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<AccountOverview>, StoreError> {
        let text = text.to_lowercase();
        let sql = "SELECT account, user_name FROM account
            WHERE center = ?1 AND user_name > ?2 ORDER BY user_name";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query((self.center, after.map_or("", UserName::as_str)))?;
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(row) = rows.next()?
        {
            let user = rows::user(row, 1)?;
            if user.as_str().to_lowercase().contains(&text) {
                found.push(self.account_overview(rows::account(row, 0)?, user, now)?);
            }
        }
        Ok(found)
    }

    fn account_overview(
        &self,
        account: AccountId,
        user: UserName,
        now: Timestamp,
    ) -> Result<AccountOverview, StoreError> {
        let now = now.as_millisecond();
        let params = (self.center, account.as_bytes(), now, idle_since(now));
        let found = one(self.connection, ACCOUNT_OVERVIEW, params, |row| {
            let role: Role = rows::role(row, 0)?.ok_or_else(mistyped)?;
            Ok(AccountOverview {
                user,
                role,
                name: rows::person_name(row, 1)?,
                added: rows::instant(row.get(2)?)?,
                has_password: row.get(3)?,
                has_totp: row.get(4)?,
                sessions: row.get(5)?,
            })
        })?;
        found.ok_or_else(mistyped)
    }
}

impl Words {
    fn found_in_record(&self, record: &PersonRecord) -> u32 {
        let name = record.person.name.as_ref().map(domain::PersonName::as_str);
        let contact = record.person.contact.as_ref().map(domain::Contact::as_str);
        let user = record.user.as_ref().map(UserName::as_str);
        let birth_date = record.person.birth_date.map(String::from);
        let mut space = String::new();
        self.found_in(folded(&mut space, &[name, contact, user]), birth_date.as_deref())
    }
}

/// What is told of the account `?2`, with its sessions that are open at `?3`, idle since `?4` or later.
pub(super) const ACCOUNT_OVERVIEW: &str = concat!(
    "SELECT a.role, a.name, a.added,",
    " EXISTS (SELECT 1 FROM credential c WHERE c.center = a.center AND c.account = a.account",
    "  AND c.kind = 'password' AND c.revoked IS NULL),",
    " EXISTS (SELECT 1 FROM credential c WHERE c.center = a.center AND c.account = a.account",
    "  AND c.kind = 'totp' AND c.revoked IS NULL),",
    " (SELECT count(*) FROM session e WHERE e.center = a.center AND e.account = a.account",
    is_open!(),
    ") FROM account a WHERE a.center = ?1 AND a.account = ?2"
);

#[cfg(test)]
mod tests {
    use super::birth_date;

    #[test]
    fn a_day_is_named_in_three_ways() {
        let day = Some("1971-02-08".to_owned());
        for word in ["1971-02-08", "08.02.1971", "8.2.1971", "08/02/1971"] {
            assert_eq!(birth_date(word), day, "{word}");
        }
        for word in ["1971", "8.2.", "8.2.71", "30.02.1971", "1.2.3.4", "anna", "1971.02.08"] {
            assert_eq!(birth_date(word), None, "{word}");
        }
    }
}
