//! Every key and every access pattern. Constructors are the only way to a [`Key`].
//!
//! | Table | pk | sk | What | Read by |
//! |---|---|---|---|---|
//! | identity | `ACC#uid` | `PROFILE` | account | sessions, login, links |
//! | identity | `ACC#uid` | `SESSION#name` | session of an account | account |
//! | identity | `CODE#h` | `CLAIM` | account that has proven a fiscal code | associate, worker |
//! | identity | `CODE#h` | `NAMED#uid` | active account that names it | worker |
//! | identity | `USER#h` | `CLAIM` | account that has a username, or the last that waits for it | login, worker |
//! | identity | `SHORT#purpose#h` | `CODES` | short codes mailed to a username | activate, reset |
//! | identity | `LINK#sha256` | `LINK` | mailed link | activate, reset |
//! | identity | `SESS#sid` | `SESSION` | session | every session route |
//! | debts | `DEBT#notice` | `STATE` | debt position | everything about one debt |
//! | debts | `DEBT#notice` | `PAID#receiptId` | money taken for it, once | settlement |
//! | debts | `DEBT#notice` | `ATT#instant#payment` | attempts of it | list-debts (detail) |
//! | debts | `IUV#iuv` | `DEBT#notice` | debts of an IUV | search by IUV |
//! | debts | `OWNER#h` | `P#due#notice`, `H#instant#notice` | debts of a fiscal code, to pay or closed | list-debts, history |
//! | debts | `SEEN#uid` | the same | debts that an account associated or created | list-debts, history |
//! | debts | `FILE#D#h`, `FILE#R#h` | `instant#notice` | debts of a debtor, and of a number of the office's | creditor-debts |
//! | debts | `OPEN#uid` | `PAY#payment` | payments under way | revoke-consent |
//! | debts | `OPEN#uid` | `MAIL#payment` | another address that its payer gave | initiate-payment, revoke-consent |
//! | debts | `PAY#payment` | `ATTEMPT` | payment attempt | initiate-payment, settlement, sweep |
//! | debts | `EVENT#id` | `EVENT` | raw callback | psp-callback, sweep |
//! | debts | `IDEM#sha256` | `IDEM` | idempotency record | create-spontaneous, initiate-payment |
//! | debts | `RECEIPT#code` | `RECEIPT` | debt of a receipt's code | verify-receipt |
//! | debts | `UNMATCHED#receiptId` | `MESSAGE` | money that matches nothing of ours | operators |
//! | debts | `DIFF#id` | `DIFFERENCE` | what was told of money and needs a person | settlement, creditor-differences, operators |
//! | debts | `RECENT#0` to `3` | `instant#version#id` | what a transaction made happen, not numbered yet | creditor-payments (events) |
//! | debts | `FEED#2026-11` | `000000000042` | an event by its number | creditor-payments (events) |
//! | debts | `FEED#END` | `END` | the number given last | creditor-payments (events) |
//! | audit | `AUDIT` | `ROUND#instant` | a round of the audit: when it began | audit, operators |
//! | audit | `ROUND#instant` | `STEP#00000001` | how far it had come, and the ends of the chains seen until then | audit |
//! | audit | `ROUND#instant` | `BROKEN#notice` | a debt that does not verify | operators |
//! | movements | `DEBT#notice` | `M#000000000001` | movements, append-only | list-debts (detail), export, operators |
//! | outbox | `OUT#id` | `LETTER` | messages: mail and other work to do | process-outbox, sweep |
//! | limits | `LIMIT#meter#h` | `WINDOW` | attempts counted | limiter |
//! | limits | `WAIT#h` | `WAIT` | failed logins of a username | login |
//!
//! `h` is a keyed hash: the tables do not list codes or addresses in clear.
//! Index `due` (identity, debts, outbox): `due_shard`, `due_at`; sparse. Each kind of waiting has parts of its own, so that
//! no crowd of one kind stands before another:
//!
//! | Part | What waits | Read by |
//! |---|---|---|
//! | `DUE#0` to `3` | debts for their last day, accounts, messages | sweep |
//! | `DUE#PAY#0` to `3` | payments for their outcome | sweep |
//! | `DUE#EVENT#0` to `3` | callbacks that are not applied yet | sweep, operators |
//! | `DONE#day` | callbacks applied that day, by when they were received | operators |
//! | `RECORDED#2026-11` | receipts recorded that month, by when and their notice | creditor-payments |
//! | `DIFF#open`, `DIFF#resolved` | differences, by when they came and their id | operators, creditor |

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::account::AccountId;
use domain::difference::DifferenceId;
use domain::notice::{Iuv, NoticeNumber};
use domain::payment::PaymentId;
use domain::plan::CallbackId;
use domain::{Date, Debt, Timestamp, digest};

use crate::table::{fine_instant, instant};

/// The primary key of an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

/// What the sort keys of addresses given for payments begin with.
pub(crate) const ADDRESS: &str = "MAIL#";

/// How many parts of the `due` index each kind of waiting is spread over, so that no part is hot.
pub(crate) const SHARDS: u8 = 4;

/// What the audit's keys begin with.
pub(crate) const ROUND: &str = "ROUND#";
pub(crate) const STEP: &str = "STEP#";
pub(crate) const BROKEN: &str = "BROKEN#";

/// The kinds that wait in parts of their own.
pub(crate) const PAYMENTS: &str = "PAY";
pub(crate) const CALLBACKS: &str = "EVENT";

/// One in so many of what waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueShard(u8);

/// Every one of them.
pub fn due_shards() -> impl Iterator<Item = DueShard> {
    (0..SHARDS).map(DueShard)
}

impl DueShard {
    /// The part in which a kind waits.
    pub(crate) fn of(self, kind: &str) -> String {
        format!("DUE#{kind}#{}", self.0)
    }

    /// The part of the kinds that have none of their own.
    pub(crate) fn plain(self) -> String {
        format!("DUE#{}", self.0)
    }
}

/// The kinds of rows.
pub(crate) const KINDS: [&str; 25] = [
    "ACC",
    "CODE",
    "USER",
    "SHORT",
    "LINK",
    "SESS",
    "DEBT",
    "IUV",
    "OWNER",
    "SEEN",
    "FILE",
    "OPEN",
    "PAY",
    "EVENT",
    "IDEM",
    "RECEIPT",
    "UNMATCHED",
    "DIFF",
    "RECENT",
    "FEED",
    "OUT",
    "LIMIT",
    "WAIT",
    "AUDIT",
    "ROUND",
];

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    pub(crate) fn attributes(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(self.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }

    pub(crate) fn of(item: &HashMap<String, AttributeValue>) -> Option<Self> {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        Some(Self { pk: text("pk")?, sk: text("sk")? })
    }

    /// The kind of row, as the table above lists them: what a partition begins with. Never who or what it is of.
    pub(crate) fn kind(&self) -> &'static str {
        Self::kind_of(&self.pk)
    }

    pub(crate) fn kind_of(partition: &str) -> &'static str {
        let kind = partition.split('#').next().unwrap_or_default();
        KINDS.iter().find(|known| **known == kind).copied().unwrap_or_default()
    }

    /// The part of the `due` index that this key waits in.
    pub(crate) fn due_part(&self) -> String {
        let sum = self.pk.bytes().fold(0_u8, u8::wrapping_add);
        let shard = DueShard(sum % SHARDS);
        match self.kind() {
            kind @ (PAYMENTS | CALLBACKS) => shard.of(kind),
            _ => shard.plain(),
        }
    }

    /// The part of the `due` index in which differences stand, those that need a person and those that are resolved.
    pub(crate) fn differences_part(open: bool) -> &'static str {
        if open { "DIFF#open" } else { "DIFF#resolved" }
    }

    /// The part of the `due` index in which receipts stand that were recorded in a month: `2026-11`, in UTC.
    pub(crate) fn recorded_part(month: &str) -> String {
        format!("RECORDED#{month}")
    }

    /// What a transaction made happen, until it has a number.
    pub(crate) fn recent(instant: &str, version: u64, id: &str) -> Self {
        let sum = id.bytes().fold(0_u8, u8::wrapping_add);
        Self::new(format!("RECENT#{}", sum % SHARDS), format!("{instant}#{version:012}#{id}"))
    }

    pub(crate) fn recent_partitions() -> impl Iterator<Item = String> {
        (0..SHARDS).map(|shard| format!("RECENT#{shard}"))
    }

    /// The event of a number, among those of the month in which it was given.
    pub(crate) fn feed(month: &str, number: u64) -> Self {
        Self::new(Self::feed_partition(month), Self::feed_number(number))
    }

    pub(crate) fn feed_partition(month: &str) -> String {
        format!("FEED#{month}")
    }

    pub(crate) fn feed_number(number: u64) -> String {
        format!("{number:012}")
    }

    pub(crate) fn feed_end() -> Self {
        Self::new("FEED#END", "END")
    }

    /// The part of the `due` index in which callbacks stand that were applied on a day.
    pub(crate) fn applied_part(day: Date) -> String {
        format!("DONE#{day}")
    }

    pub fn account(id: &AccountId) -> Self {
        Self::new(Self::account_partition(id), "PROFILE")
    }

    pub fn fiscal_code_claim(hash: &str) -> Self {
        Self::new(Self::code_partition(hash), "CLAIM")
    }

    pub fn username_claim(hash: &str) -> Self {
        Self::new(format!("USER#{hash}"), "CLAIM")
    }

    pub fn named_code(hash: &str, account: &AccountId) -> Self {
        Self::new(Self::code_partition(hash), format!("NAMED#{}", account.as_str()))
    }

    pub fn code_partition(hash: &str) -> String {
        format!("CODE#{hash}")
    }

    /// The short codes of one purpose: `activate`, `reset`.
    pub fn short_codes(purpose: &str, username_hash: &str) -> Self {
        Self::new(format!("SHORT#{purpose}#{username_hash}"), "CODES")
    }

    pub fn link(token_hash: &str) -> Self {
        Self::new(format!("LINK#{token_hash}"), "LINK")
    }

    pub fn session(id: &str) -> Self {
        Self::new(format!("SESS#{id}"), "SESSION")
    }

    /// A session in the list of its account, by the name that it has there.
    pub fn session_of(account: &AccountId, name: &str) -> Self {
        Self::new(Self::account_partition(account), format!("SESSION#{name}"))
    }

    pub fn account_partition(id: &AccountId) -> String {
        format!("ACC#{}", id.as_str())
    }

    pub fn debt(notice: &NoticeNumber) -> Self {
        Self::new(format!("DEBT#{notice}"), "STATE")
    }

    pub fn paid(notice: &NoticeNumber, receipt_id: &str) -> Self {
        // A key has room for so much.
        let name = match receipt_id.len() {
            0..=255 => receipt_id.to_owned(),
            _ => digest::sha256_hex(&[receipt_id.as_bytes()]),
        };
        Self::new(format!("DEBT#{notice}"), format!("PAID#{name}"))
    }

    pub fn attempt_of(notice: &NoticeNumber, started: Timestamp, payment: &PaymentId) -> Self {
        Self::new(format!("DEBT#{notice}"), format!("ATT#{}#{payment}", instant(started)))
    }

    pub fn iuv(iuv: &Iuv, notice: &NoticeNumber) -> Self {
        Self::new(Self::iuv_partition(iuv), format!("DEBT#{notice}"))
    }

    pub fn iuv_partition(iuv: &Iuv) -> String {
        format!("IUV#{iuv}")
    }

    pub fn owner_partition(hash: &str) -> String {
        format!("OWNER#{hash}")
    }

    pub fn seen_partition(account: &AccountId) -> String {
        format!("SEEN#{}", account.as_str())
    }

    /// A debt in a list: of a fiscal code or of an account.
    pub(crate) fn listed(partition: String, place: &str) -> Self {
        Self::new(partition, place)
    }

    pub fn given_address(account: &AccountId, payment: &PaymentId) -> Self {
        Self::new(Self::open_partition(account), format!("{ADDRESS}{payment}"))
    }

    /// Where the back office looks for a debt.
    pub(crate) fn filed(drawer: &str, debt: &Debt) -> Self {
        Self::new(drawer, format!("{}#{}", fine_instant(debt.created_at), debt.notice))
    }

    pub(crate) fn drawer_of_debtor(hash: &str) -> String {
        format!("FILE#D#{hash}")
    }

    pub(crate) fn drawer_of_reference(hash: &str) -> String {
        format!("FILE#R#{hash}")
    }

    pub fn open_payment(account: &AccountId, payment: &PaymentId) -> Self {
        Self::new(Self::open_partition(account), format!("PAY#{payment}"))
    }

    pub fn open_partition(account: &AccountId) -> String {
        format!("OPEN#{}", account.as_str())
    }

    pub fn attempt(payment: &PaymentId) -> Self {
        Self::new(format!("PAY#{payment}"), "ATTEMPT")
    }

    pub fn callback(id: &CallbackId) -> Self {
        Self::new(format!("EVENT#{}", id.as_str()), "EVENT")
    }

    pub fn idempotency(hash: &str) -> Self {
        Self::new(format!("IDEM#{hash}"), "IDEM")
    }

    pub fn receipt_code(code: &str) -> Self {
        Self::new(format!("RECEIPT#{code}"), "RECEIPT")
    }

    pub fn unmatched(receipt_id: &str) -> Self {
        Self::new(format!("UNMATCHED#{receipt_id}"), "MESSAGE")
    }

    pub fn difference(id: &DifferenceId) -> Self {
        Self::new(format!("DIFF#{}", id.as_str()), "DIFFERENCE")
    }

    pub fn movement(notice: &NoticeNumber, number: u64) -> Self {
        Self::new(Self::movements_partition(notice), format!("M#{number:012}"))
    }

    pub fn movements_partition(notice: &NoticeNumber) -> String {
        format!("DEBT#{notice}")
    }

    pub fn audit_round(began: Timestamp) -> Self {
        Self::new(Self::AUDIT, format!("{ROUND}{}", instant(began)))
    }

    pub fn audit_step(began: Timestamp, number: u64) -> Self {
        Self::new(Self::round_partition(began), format!("{STEP}{number:08}"))
    }

    pub fn audit_finding(began: Timestamp, notice: &str) -> Self {
        Self::new(Self::round_partition(began), format!("{BROKEN}{notice}"))
    }

    pub fn round_partition(began: Timestamp) -> String {
        format!("{ROUND}{}", instant(began))
    }

    /// The partition of the audit's rounds.
    pub(crate) const AUDIT: &str = "AUDIT";

    pub fn message(id: &str) -> Self {
        Self::new(format!("OUT#{id}"), "LETTER")
    }

    pub fn limit(meter: &str, subject_hash: &str) -> Self {
        Self::new(format!("LIMIT#{meter}#{subject_hash}"), "WINDOW")
    }

    pub fn wait(subject_hash: &str) -> Self {
        Self::new(format!("WAIT#{subject_hash}"), "WAIT")
    }
}

/// Where a debt to pay stands in a list: soonest due first, without due date last.
pub(crate) fn to_pay_place(due: Option<Date>, notice: &NoticeNumber) -> String {
    let due = due.map_or_else(|| "9999-99-99".to_owned(), |day| day.to_string());
    format!("P#{due}#{notice}")
}

/// Where a closed debt stands: by the instant it was closed.
pub(crate) fn closed_place(at: Timestamp, notice: &NoticeNumber) -> String {
    format!("H#{}#{notice}", fine_instant(at))
}

#[cfg(test)]
mod tests {
    use domain::difference::DifferenceKind;

    use super::*;

    /// One of each key: a changed format would lose what is stored under the old one.
    #[test]
    fn the_format_of_every_key_is_pinned() {
        let notice = NoticeNumber::parse("301000000000000144").unwrap();
        let account = AccountId::new("a1");
        let payment = PaymentId::from_random([7; 16]);
        let at: Timestamp = "2026-11-23T05:36:00.5Z".parse().unwrap();
        let id = "0707070707070707".repeat(2);
        let shown: Vec<String> = [
            Key::account(&account),
            Key::fiscal_code_claim("h"),
            Key::named_code("h", &account),
            Key::username_claim("h"),
            Key::short_codes("activate", "h"),
            Key::link("t"),
            Key::session("s"),
            Key::session_of(&account, "n"),
            Key::debt(&notice),
            Key::paid(&notice, "r1"),
            Key::attempt_of(&notice, at, &payment),
            Key::iuv(&notice.iuv(), &notice),
            Key::listed(Key::owner_partition("h"), &to_pay_place(None, &notice)),
            Key::listed(Key::seen_partition(&account), &closed_place(at, &notice)),
            Key::open_payment(&account, &payment),
            Key::given_address(&account, &payment),
            Key::attempt(&payment),
            Key::callback(&CallbackId::from_stored("e")),
            Key::idempotency("i"),
            Key::receipt_code("C"),
            Key::unmatched("r1"),
            Key::difference(&DifferenceId::of(DifferenceKind::Mismatch, &["r1"])),
            Key::recent("2026-11-23T05:36:00.500Z", 7, "e1"),
            Key::feed("2026-11", 42),
            Key::feed_end(),
            Key::movement(&notice, 7),
            Key::audit_round(at),
            Key::audit_step(at, 7),
            Key::audit_finding(at, notice.as_str()),
            Key::message("o"),
            Key::limit("search", "h"),
            Key::wait("h"),
        ]
        .iter()
        .map(|key| format!("{} | {}", key.pk, key.sk))
        .collect();
        let expected = [
            "ACC#a1 | PROFILE",
            "CODE#h | CLAIM",
            "CODE#h | NAMED#a1",
            "USER#h | CLAIM",
            "SHORT#activate#h | CODES",
            "LINK#t | LINK",
            "SESS#s | SESSION",
            "ACC#a1 | SESSION#n",
            "DEBT#301000000000000144 | STATE",
            "DEBT#301000000000000144 | PAID#r1",
            &format!("DEBT#301000000000000144 | ATT#2026-11-23T05:36:00Z#{id}"),
            "IUV#01000000000000144 | DEBT#301000000000000144",
            "OWNER#h | P#9999-99-99#301000000000000144",
            "SEEN#a1 | H#2026-11-23T05:36:00.500Z#301000000000000144",
            &format!("OPEN#a1 | PAY#{id}"),
            &format!("OPEN#a1 | MAIL#{id}"),
            &format!("PAY#{id} | ATTEMPT"),
            "EVENT#e | EVENT",
            "IDEM#i | IDEM",
            "RECEIPT#C | RECEIPT",
            "UNMATCHED#r1 | MESSAGE",
            "DIFF#11177b193bc66dd09877282f9f16f351 | DIFFERENCE",
            "RECENT#2 | 2026-11-23T05:36:00.500Z#000000000007#e1",
            "FEED#2026-11 | 000000000042",
            "FEED#END | END",
            "DEBT#301000000000000144 | M#000000000007",
            "AUDIT | ROUND#2026-11-23T05:36:00Z",
            "ROUND#2026-11-23T05:36:00Z | STEP#00000007",
            "ROUND#2026-11-23T05:36:00Z | BROKEN#301000000000000144",
            "OUT#o | LETTER",
            "LIMIT#search#h | WINDOW",
            "WAIT#h | WAIT",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn past_due_comes_before_due_and_due_before_no_date() {
        let notice = NoticeNumber::parse("301000000000000144").unwrap();
        let day = |text: &str| Some(text.parse().unwrap());
        let past = to_pay_place(day("2026-01-01"), &notice);
        let soon = to_pay_place(day("2026-12-01"), &notice);
        assert!(past < soon && soon < to_pay_place(None, &notice));
    }
}
