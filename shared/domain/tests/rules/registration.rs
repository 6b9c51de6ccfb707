//! The life of an account, decided: who gets a fiscal code and a username, which links open, what a new password ends.

use std::time::Duration;

use domain::account::{Account, AccountId, Consent, Language, LinkPurpose, Name, Profile, Status};
use domain::outbox::OutboxMessage;
use domain::person::Email;
use domain::registration::{
    AccountWrite, Claim, LinkUse, MailedLink, OpenedLink, Registered, RegistrationFacts, activate,
    change_password, close, open_link, register, reset_password,
};
use domain::{Error, FiscalCode, Timestamp, time};

use crate::samples::at;

fn now() -> Timestamp {
    at("2026-11-30T09:00:00Z")
}

fn ago(seconds: u64) -> Timestamp {
    now().checked_sub(Duration::from_secs(seconds)).unwrap()
}

fn profile() -> Profile {
    let email = Email::parse("mario@example.it").unwrap();
    Profile {
        username: email.clone(),
        fiscal_code: FiscalCode::parse("RSSMRA80A01H501U").unwrap(),
        name: Name::Natural { first: "Mario".to_owned(), last: "Rossi".to_owned() },
        address: "Via Roma 1".to_owned(),
        country: "IT".to_owned(),
        city: "Roma".to_owned(),
        province: "RM".to_owned(),
        postal_code: "00185".to_owned(),
        email,
        phone: "+39 06 1234567".to_owned(),
        language: Language::It,
        consent: Consent::given(now()),
    }
}

fn account(status: Status) -> Account {
    Account {
        id: AccountId::new("a1"),
        status,
        profile: profile(),
        identity_proven: false,
        epoch: 4,
        created_at: now(),
    }
}

/// A claim of another account, made so many seconds ago, or for good.
fn theirs(made: Option<u64>) -> Option<Claim> {
    let until = made.map(|seconds| time::after(ago(seconds), LinkPurpose::Activate.life()));
    Some(Claim { account: AccountId::new("b2"), pending_until: until })
}

#[test]
fn inv_i01_i02_both_names_are_free_or_the_holder_is_told() {
    const DAY: u64 = 24 * 60 * 60;
    let ours = Some(Claim { account: AccountId::new("a1"), pending_until: Some(now()) });
    for (claims, free) in [
        ([None, None], true),
        ([theirs(None), None], false),
        ([None, theirs(None)], false),
        // Pending: within ten seconds it is a race and the first stays, later somebody corrects an address.
        ([theirs(Some(9)), None], false),
        ([theirs(Some(10)), None], false),
        ([theirs(Some(11)), None], true),
        ([None, theirs(Some(DAY + 1))], true),
        ([theirs(Some(11)), theirs(None)], false),
        ([ours.clone(), ours], true),
    ] {
        let facts = RegistrationFacts { claims: claims.clone(), account: None };
        let plan = register(&facts, &AccountId::new("a1"), &profile(), "hash", now());
        match plan.outcome {
            Registered::New(account) => {
                assert!(free, "{claims:?}");
                assert_eq!(
                    (account.status, account.epoch, account.identity_proven),
                    (Status::Pending, 0, false)
                );
                // Both claims only as they were read, and the account with them.
                let before: Vec<_> = plan
                    .writes
                    .iter()
                    .filter_map(|write| match write {
                        AccountWrite::Claim { before, .. } => Some(before.clone()),
                        _ => None,
                    })
                    .collect();
                assert_eq!((before, plan.writes.len()), (claims.to_vec(), 3));
            }
            Registered::Taken(holder) => {
                assert!(!free && plan.writes.is_empty(), "{claims:?}");
                assert_eq!(holder.as_str(), "b2");
            }
        }
    }
}

#[test]
fn the_same_message_processed_twice_is_one_account() {
    let ours = Some(Claim { account: AccountId::new("a1"), pending_until: Some(now()) });
    let facts = RegistrationFacts { claims: [ours.clone(), ours], account: Some(account(Status::Pending)) };
    let plan = register(&facts, &AccountId::new("a1"), &profile(), "hash", now());
    assert_eq!((plan.writes.len(), plan.outcome), (0, Registered::New(account(Status::Pending))));
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
    }
}

#[test]
fn inv_i09_a_link_opens_for_its_purpose_its_account_its_time_and_as_the_latest() {
    use LinkPurpose::{Activate, ResetPassword};
    use Status::{Active, Closed, Pending};
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
        (MailedLink { expires_at: now(), ..activation.clone() }, Activate, Pending, false),
        (MailedLink { is_latest: false, ..activation.clone() }, Activate, Pending, false),
        (MailedLink { is_latest: false, ..reset.clone() }, ResetPassword, Active, false),
        (MailedLink { epoch: 3, ..reset.clone() }, ResetPassword, Active, false),
        // A double click on an activation gets the first answer for ten minutes; a reset is used once.
        (used(&activation, 599), Activate, Active, true),
        (used(&activation, 600), Activate, Active, false),
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
fn an_activation_happens_once_and_not_after_the_names_went_to_somebody_else() {
    let opened = |status| OpenedLink { account: account(status), hash: "h".to_owned() };
    let plan = activate(&opened(Status::Pending), &[None, None], now()).unwrap();
    assert_eq!((plan.outcome, plan.writes.len()), (LinkUse::Done, 4));
    assert!(matches!(plan.message, Some(OutboxMessage::AccountActivated { .. })));
    let again = activate(&opened(Status::Active), &[None, None], now()).unwrap();
    assert_eq!((again.outcome, again.writes.len(), again.message), (LinkUse::Repeated, 0, None));
    let lost = activate(&opened(Status::Pending), &[theirs(Some(1)), None], now());
    assert!(matches!(lost, Err(Error::LinkNotValid)));
}

#[test]
fn inv_i10_a_new_password_ends_every_session_and_says_so() {
    let opened = OpenedLink { account: account(Status::Active), hash: "h".to_owned() };
    let reset = reset_password(&opened, "new", now());
    assert!(matches!(reset.writes[0], AccountWrite::UseLink { .. }), "the link with it, in one write");
    let live = account(Status::Active);
    let changed = change_password(Some(&live), 4, "new").unwrap();
    for plan in [&reset, &changed] {
        assert_eq!(plan.outcome.epoch, 5);
        let guard =
            AccountWrite::SetPassword { account: live.id.clone(), epoch: 4, password: "new".to_owned() };
        assert_eq!(plan.writes.last(), Some(&guard));
        assert!(matches!(plan.message, Some(OutboxMessage::PasswordChanged { .. })));
    }
    // Changed or closed meanwhile: whoever asks has no session any more.
    for stored in [None, Some(account(Status::Closed)), Some(Account { epoch: 5, ..live })] {
        assert!(matches!(change_password(stored.as_ref(), 4, "new"), Err(Error::NotAuthenticated)));
    }
}

#[test]
fn an_account_closes_once() {
    let plan = close(Some(&account(Status::Active)), now());
    assert_eq!(plan.writes, [AccountWrite::Close { account: AccountId::new("a1"), at: now() }]);
    assert!(matches!(plan.message, Some(OutboxMessage::CloseAccount { .. })));
    for stored in [None, Some(account(Status::Closed)), Some(account(Status::Pending))] {
        assert_eq!(close(stored.as_ref(), now()).writes, []);
    }
}
