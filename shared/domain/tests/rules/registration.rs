//! The life of an account, decided: who gets a username, which links and codes open, what a new password ends.

use std::time::Duration;

use domain::account::{
    Account, AccountId, AccountStatus, Consent, HolderName, Language, LinkPurpose, Profile,
};
use domain::error::Form;
use domain::mailed_code::{self, MailedCode, SentCode};
use domain::outbox::{CloseReason, OutboxMessage};
use domain::person::Email;
use domain::registration::{
    AccountPlan, AccountWrite, Activated, Claim, MailedLink, OpenedLink, RegistrationFacts, ShownLink,
    activate, change_email, change_password, close, confirm_email, is_waiting, open_link, register,
    reset_password, unused,
};
use domain::{Error, FieldCode, FiscalCode, Timestamp, time};

use crate::samples::at;

fn now() -> Timestamp {
    at("2026-11-30T09:00:00Z")
}

fn ago(seconds: u64) -> Timestamp {
    now().checked_sub(Duration::from_secs(seconds)).unwrap()
}

pub fn profile() -> Profile {
    let email = Email::parse("mario@example.it").unwrap();
    Profile {
        username: email.clone(),
        fiscal_code: FiscalCode::parse("RSSMRA80A01H501U").unwrap(),
        name: HolderName::Natural { first: "Mario".to_owned(), last: "Rossi".to_owned() },
        address: "Via Roma 1".to_owned(),
        country: "IT".to_owned(),
        city: "Roma".to_owned(),
        province: "RM".to_owned(),
        postal_code: "00185".to_owned(),
        email,
        unconfirmed_email: None,
        phone: "+39 06 1234567".to_owned(),
        language: Language::It,
        consent: Consent::given(now()),
    }
}

pub fn account(status: AccountStatus) -> Account {
    Account {
        id: AccountId::new("a1"),
        status,
        profile: profile(),
        identity_proven: false,
        proof: None,
        epoch: 4,
        created_at: now(),
    }
}

/// A claim of another account, until so many seconds from now, or for good.
fn theirs(left: Option<i64>) -> Option<Claim> {
    let until = left.map(|seconds| Timestamp::from_second(now().as_second() + seconds).unwrap());
    Some(Claim { account: AccountId::new("b2"), pending_until: until })
}

#[test]
fn inv_i01_i02_idn_06_a_registration_takes_nothing_from_anybody() {
    let b2 = Some(AccountId::new("b2"));
    for (claim, waits, previous) in [
        (None, true, None),
        // Another waits: side by side, one second or one day later.
        (theirs(Some(1)), true, b2.clone()),
        (theirs(Some(86_399)), true, b2),
        // That one was given up.
        (theirs(Some(0)), true, None),
        (theirs(Some(-86_400)), true, None),
        // The username is an active account's: its mailbox gets the link that says so.
        (theirs(None), false, None),
    ] {
        let facts = RegistrationFacts { claim: claim.clone(), account: None };
        let plan = register(&facts, &AccountId::new("a1"), &profile(), "hash", now());
        let until = time::after(now(), LinkPurpose::Activate.life());
        let account = Account { epoch: 0, ..account(AccountStatus::Pending) };
        let (username, before, by) = (profile().username, claim, account.id.clone());
        let wait = waits.then_some(AccountWrite::AwaitUsername { username, before, by, until });
        let create = AccountWrite::Create {
            account: Box::new(account.clone()),
            password: "hash".to_owned(),
            until,
            previous,
        };
        assert_eq!(plan.writes, wait.into_iter().chain([create]).collect::<Vec<_>>());
        assert_eq!((plan.outcome, plan.messages), (account, vec![]));
    }
}

#[test]
fn idn_01_mail_goes_to_the_username_until_another_address_is_confirmed() {
    let elsewhere = Email::parse("ufficio@example.it").unwrap();
    let entered = Profile { email: elsewhere.clone(), ..profile() };
    let facts = RegistrationFacts { claim: None, account: None };
    let account = register(&facts, &AccountId::new("a1"), &entered, "hash", now()).outcome;
    assert_eq!(
        (account.profile.email, account.profile.unconfirmed_email),
        (entered.username, Some(elsewhere))
    );
    let same = register(&facts, &AccountId::new("a1"), &profile(), "hash", now()).outcome;
    assert_eq!(same.profile, profile());
}

#[test]
fn the_same_message_processed_twice_is_one_account() {
    let facts = RegistrationFacts { claim: None, account: Some(account(AccountStatus::Pending)) };
    let plan = register(&facts, &AccountId::new("a1"), &profile(), "hash", now());
    assert_eq!((plan.writes, plan.outcome), (vec![], account(AccountStatus::Pending)));
}

fn link(purpose: LinkPurpose) -> MailedLink {
    MailedLink {
        hash: "h".to_owned(),
        purpose,
        account: AccountId::new("a1"),
        epoch: 4,
        expires_at: time::after(now(), Duration::from_secs(1)),
        used_at: None,
        is_latest: true,
        proof: None,
    }
}

#[test]
fn inv_i09_a_link_opens_for_its_purpose_its_account_its_time_and_as_the_latest() {
    use AccountStatus::{Active, Closed, Pending};
    use LinkPurpose::{Activate, ResetPassword};
    let (activation, reset) = (link(Activate), link(ResetPassword));
    let used = |link: &MailedLink, seconds| MailedLink { used_at: Some(ago(seconds)), ..link.clone() };
    for (link, purpose, status, opens) in [
        (activation.clone(), Activate, Pending, true),
        (activation.clone(), Activate, Active, false),
        (activation.clone(), Activate, Closed, false),
        (activation.clone(), ResetPassword, Active, false),
        (reset.clone(), ResetPassword, Active, true),
        (reset.clone(), ResetPassword, Pending, false),
        (reset.clone(), ResetPassword, Closed, false),
        (reset.clone(), Activate, Pending, false),
        (link(LinkPurpose::ConfirmEmail), LinkPurpose::ConfirmEmail, Active, true),
        (used(&link(LinkPurpose::ConfirmEmail), 1), LinkPurpose::ConfirmEmail, Active, false),
        (link(LinkPurpose::ConfirmEmail), LinkPurpose::ConfirmEmail, Closed, false),
        (link(LinkPurpose::ContestProof), LinkPurpose::ContestProof, Active, false),
        (MailedLink { expires_at: now(), ..activation.clone() }, Activate, Pending, false),
        (MailedLink { is_latest: false, ..activation.clone() }, Activate, Pending, false),
        (MailedLink { is_latest: false, ..reset.clone() }, ResetPassword, Active, false),
        (MailedLink { epoch: 3, ..reset.clone() }, ResetPassword, Active, false),
        // IDN-08: a used activation says as long as it lives that the account is active; a reset is used once.
        (used(&activation, 1), Activate, Active, true),
        (used(&activation, 80_000), Activate, Active, true),
        (used(&activation, 1), Activate, Closed, false),
        (MailedLink { expires_at: now(), ..used(&activation, 80_000) }, Activate, Active, false),
        (used(&reset, 1), ResetPassword, Active, false),
    ] {
        let account = account(status);
        let opened = open_link(Some((&link, &account)), purpose, now());
        assert_eq!(opened.is_ok(), opens, "{link:?} {purpose:?} {status:?}");
        assert!(opens || matches!(opened, Err(Error::LinkNotValid)), "one answer for all");
    }
    assert!(matches!(open_link(None, Activate, now()), Err(Error::LinkNotValid)));
}

#[test]
fn inv_i01_an_activation_happens_once_and_takes_the_username_unless_it_is_taken() {
    let opened = |status| OpenedLink { account: account(status), hash: "h".to_owned() };
    let ours = Some(Claim { account: AccountId::new("a1"), pending_until: None });
    for claim in [None, ours, theirs(Some(3_600)), theirs(Some(-1))] {
        let plan = activate(&opened(AccountStatus::Pending), claim.as_ref(), now()).unwrap();
        let active = Activated::First(Box::new(account(AccountStatus::Active)));
        let taken = AccountWrite::TakeUsername { username: profile().username, by: AccountId::new("a1") };
        assert!(plan.writes.contains(&taken), "{claim:?}");
        assert_eq!((plan.outcome, plan.writes.len()), (active, 4));
        assert!(matches!(plan.messages[..], [OutboxMessage::AccountActivated { .. }]));
    }
    let again = activate(&opened(AccountStatus::Active), None, now()).unwrap();
    assert_eq!(again, AccountPlan::nothing(Activated::Before));
    let late = activate(&opened(AccountStatus::Pending), theirs(None).as_ref(), now());
    assert!(matches!(late, Err(Error::UsernameTaken)));
}

#[test]
fn a_registration_waits_for_a_day_and_while_it_is_pending() {
    let made = |seconds, status| Account { created_at: ago(seconds), ..account(status) };
    for (seconds, status, waits) in [
        (0, AccountStatus::Pending, true),
        (86_399, AccountStatus::Pending, true),
        (86_400, AccountStatus::Pending, false),
        (0, AccountStatus::Active, false),
        (0, AccountStatus::Closed, false),
    ] {
        assert_eq!(is_waiting(&made(seconds, status), now()), waits, "{seconds} {status:?}");
    }
}

#[test]
fn a_link_is_shown_by_its_token_or_by_username_and_code() {
    let read = |token, username, code| {
        let mut form = Form::default();
        let shown = ShownLink::read(&mut form, token, username, code);
        let shown = shown.map(|shown| match shown {
            ShownLink::Token(token) => token,
            ShownLink::Code { username, code } => format!("{} {}", username.as_str(), code.as_str()),
        });
        form.give(shown).map_err(|error| match error {
            Error::Invalid(errors) => errors.into_iter().map(|e| (e.field, e.code)).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        })
    };
    let wrong = |field: &str, code| Err(vec![(field.to_owned(), code)]);
    assert_eq!(read("t", "", ""), Ok("t".to_owned()));
    assert_eq!(read("", "A@example.it", " k7qm-2 xvd"), Ok("a@example.it K7QM2XVD".to_owned()));
    assert_eq!(read("", "", ""), wrong("token", FieldCode::Required));
    assert_eq!(read("", "a@example.it", ""), wrong("code", FieldCode::Required));
    assert_eq!(read("", "", "K7QM2XVD"), wrong("username", FieldCode::Required));
    assert_eq!(read("", "a@example.it", "K7QM2XV"), wrong("code", FieldCode::Format));
    assert_eq!(read("", "a@example.it", "K7QM2XVDD"), wrong("code", FieldCode::Format));
    assert_eq!(read("", "a@example.it", "K7QM2XV\u{e8}"), wrong("code", FieldCode::Format));
    assert_eq!(read("t", "a@example.it", "K7QM2XVD"), wrong("token", FieldCode::NotAllowed));
}

#[test]
fn idn_08_a_code_is_good_for_its_time_and_five_wrong_tries() {
    let sent = |tried, left| SentCode {
        code: "c".to_owned(),
        link: format!("{tried} {left}"),
        tried,
        until: Timestamp::from_second(now().as_second() + left).unwrap(),
    };
    for (code, tried, good) in [
        (sent(0, 1), 0, true),
        (sent(0, 1), 4, true),
        (sent(0, 1), 5, false),
        (sent(7, 1), 11, true),
        (sent(7, 1), 12, false),
        (sent(0, 0), 0, false),
    ] {
        let codes = [code.clone()];
        assert_eq!(mailed_code::offered(&codes, "c", tried, now()), good.then_some(&code));
        assert_eq!(mailed_code::offered(&codes, "d", tried, now()), None);
    }
    // One more: what does not count any more is left out, and the others stay.
    let all = vec![sent(0, 1), sent(3, 0), sent(3, 1)];
    assert_eq!(mailed_code::with(all, sent(6, 9), now()), [sent(3, 1), sent(6, 9)]);
}

#[test]
fn idn_08_a_code_is_eight_signs_that_look_like_nothing_else_in_two_groups() {
    let code = MailedCode::from_random([0, 31, 32, 255, 8, 13, 23, 24]);
    assert_eq!((code.as_str(), code.grouped().as_str()), ("A9A9JPZ2", "A9A9-JPZ2"));
    for byte in 0..=255 {
        let code = MailedCode::from_random([byte; 8]);
        assert!(!code.as_str().contains(['I', 'O', '0', '1']));
        assert!(MailedCode::parse(&code.grouped()).is_ok_and(|again| again == code));
    }
}

#[test]
fn inv_i10_a_new_password_ends_every_session_and_says_so() {
    let opened = OpenedLink { account: account(AccountStatus::Active), hash: "h".to_owned() };
    let reset = reset_password(&opened, "new", now());
    assert!(matches!(reset.writes[0], AccountWrite::UseLink { .. }), "the link with it, in one write");
    let live = account(AccountStatus::Active);
    let changed = change_password(Some(&live), 4, "new").unwrap();
    for plan in [&reset, &changed] {
        assert_eq!(plan.outcome.epoch, 5);
        let guard =
            AccountWrite::SetPassword { account: live.id.clone(), epoch: 4, password: "new".to_owned() };
        assert_eq!(plan.writes.last(), Some(&guard));
        assert!(matches!(plan.messages[..], [OutboxMessage::PasswordChanged { .. }]));
    }
    // Changed or closed meanwhile: whoever asks has no session any more.
    for stored in [None, Some(account(AccountStatus::Closed)), Some(Account { epoch: 5, ..live })] {
        assert!(matches!(change_password(stored.as_ref(), 4, "new"), Err(Error::NotAuthenticated)));
    }
}

#[test]
fn an_account_closes_once() {
    let plan = close(Some(&account(AccountStatus::Active)), CloseReason::Revoked, now());
    assert_eq!(plan.writes, [AccountWrite::Close { account: AccountId::new("a1"), at: now() }]);
    assert!(matches!(plan.messages[..], [OutboxMessage::CloseAccount { .. }]));
    for stored in [None, Some(account(AccountStatus::Closed)), Some(account(AccountStatus::Pending))] {
        assert_eq!(close(stored.as_ref(), CloseReason::Revoked, now()).writes, []);
    }
}

#[test]
fn idn_12_an_account_that_nobody_enters_is_warned_and_a_month_later_closed() {
    let active = account(AccountStatus::Active);
    let (id, entered, due) = (active.id.clone(), at("2021-11-30T09:00:00Z"), now());
    let before = at("2026-11-30T08:59:59Z");
    assert_eq!(unused(&active, entered, None, before), AccountPlan::nothing(()));
    let until = at("2026-12-30T09:00:00Z");
    let plan = unused(&active, entered, None, due);
    assert_eq!(plan.writes, [AccountWrite::Warn { account: id.clone(), at: due, until }]);
    let word = OutboxMessage::AccountUnused { account: id.clone(), until: time::rome_date(until) };
    assert_eq!(plan.messages, [word]);
    // Its holder has the whole time, however long ago the account was entered.
    assert_eq!(unused(&active, entered, Some(due), at("2026-12-30T08:59:59Z")), AccountPlan::nothing(()));
    let plan = unused(&active, entered, Some(due), until);
    assert_eq!(plan.writes, [AccountWrite::CloseUnused { account: id.clone(), at: until }]);
    assert_eq!(plan.messages, [OutboxMessage::CloseAccount { account: id, by: CloseReason::Unused }]);
    for status in [AccountStatus::Pending, AccountStatus::Closed] {
        assert_eq!(unused(&account(status), entered, None, due), AccountPlan::nothing(()));
    }
}

#[test]
fn idn_01_another_address_is_asked_for_and_confirmed_by_its_link() {
    let active = account(AccountStatus::Active);
    let office = Email::parse("ufficio@example.it").unwrap();
    let plan = change_email(&active, &office);
    assert_eq!(plan.writes, [AccountWrite::AwaitEmail { account: active.id.clone(), email: office.clone() }]);
    let old = OutboxMessage::EmailChangeAsked { email: active.profile.email.clone(), language: Language::It };
    let new = OutboxMessage::ConfirmEmail { account: active.id.clone(), email: office.clone() };
    assert_eq!(plan.messages, [new, old]);
    assert_eq!(change_email(&active, &active.profile.email), AccountPlan::nothing(()));

    let waits = Profile { unconfirmed_email: Some(office.clone()), ..profile() };
    let opened = |profile: &Profile| OpenedLink {
        account: Account { profile: profile.clone(), ..active.clone() },
        hash: "h".to_owned(),
    };
    let plan = confirm_email(&opened(&waits), now()).unwrap();
    let confirmed = AccountWrite::ConfirmEmail { account: active.id.clone(), email: office.clone() };
    assert_eq!(plan.writes, [AccountWrite::UseLink { hash: "h".to_owned(), at: now() }, confirmed]);
    assert!(matches!(confirm_email(&opened(&profile()), now()), Err(Error::LinkNotValid)));
    // The activation of a registration that named it sends the link.
    let pending = OpenedLink {
        account: Account { profile: waits, ..account(AccountStatus::Pending) },
        hash: "h".to_owned(),
    };
    let plan = activate(&pending, None, now()).unwrap();
    assert!(matches!(&plan.messages[1], OutboxMessage::ConfirmEmail { email, .. } if *email == office));
}
