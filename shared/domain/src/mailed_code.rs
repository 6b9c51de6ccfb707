//! The short code beside a mailed link, for whoever's mail programme breaks links.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::FieldCode;

/// The wrong tries after which the codes of a username are void.
pub const CODE_TRIES: u64 = 5;

const LENGTH: usize = 8;
/// Nothing that looks like something else: no I, O, 0, 1.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Eight letters and digits.
#[derive(Clone, PartialEq, Eq)]
pub struct MailedCode(String);

impl MailedCode {
    /// A code as typed: small letters, blanks and hyphens are no mistake.
    pub fn parse(text: &str) -> Result<Self, FieldCode> {
        let code: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        match code.len() {
            0 => Err(FieldCode::Required),
            LENGTH if code.bytes().all(|b| b.is_ascii_alphanumeric()) => Ok(Self(code.to_ascii_uppercase())),
            _ => Err(FieldCode::Format),
        }
    }

    /// The code that random bytes make: each sign is as likely as any other.
    pub fn from_random(bytes: [u8; LENGTH]) -> Self {
        let sign = |byte: u8| ALPHABET.get(usize::from(byte & 31)).copied().map(char::from);
        Self(bytes.into_iter().filter_map(sign).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As a mail shows it.
    pub fn grouped(&self) -> String {
        let (first, second) = self.0.split_at_checked(LENGTH.div_ceil(2)).unwrap_or((&self.0, ""));
        format!("{first}-{second}")
    }
}

/// A code under way, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentCode {
    /// The code's keyed hash.
    pub code: String,
    /// The hash of the token that was mailed beside it.
    pub link: String,
    /// How many wrong tries its username had had when it was sent.
    pub tried: u64,
    pub until: Timestamp,
}

impl SentCode {
    /// Returns whether it still counts when its username has had so many wrong tries.
    fn lives(&self, tried: u64, now: Timestamp) -> bool {
        self.until > now && tried.saturating_sub(self.tried) < CODE_TRIES
    }
}

/// The code that somebody offers, with so many wrong tries before this one.
pub fn offered<'a>(codes: &'a [SentCode], code: &str, tried: u64, now: Timestamp) -> Option<&'a SentCode> {
    codes.iter().find(|sent| sent.code == code && sent.lives(tried, now))
}

/// The codes under way with one more; those that do not count any more are left out.
pub fn with(codes: Vec<SentCode>, new: SentCode, now: Timestamp) -> Vec<SentCode> {
    let tried = new.tried;
    let live = codes.into_iter().filter(move |sent| sent.lives(tried, now));
    live.chain([new]).collect()
}
