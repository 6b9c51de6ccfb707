//! Every mail in both languages, to the byte: `mails/it.txt` and `mails/en.txt` are what people receive.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use domain::Cents;
use domain::account::Language;
use mail::{MailedLink, Message, Paid};

const SITE: &str = "https://pagamenti.example.it";

fn messages() -> Vec<(&'static str, Message)> {
    let at = |path: &str| format!("{SITE}{path}");
    let cents = |n| Cents::new(n).unwrap();
    let paid = |reason: &str, iuv: &str, amount, paid_on: &str| Paid {
        reason: Some(reason.to_owned()),
        iuv: iuv.to_owned(),
        amount: cents(amount),
        paid_on: paid_on.parse().unwrap(),
    };
    let canteen = paid("Mensa ottobre 2026", "01000000000000144", 4_550, "2026-11-23");
    let waste =
        paid("TARI \"2026\" & conguaglio <saldo>, l'ultima", "01000000000000245", 123_456, "2026-12-01");
    let activation = MailedLink {
        url: at("/attiva#token=AbC-_9&x"),
        code: "WXYZ-6789".to_owned(),
        registered: "2026-11-23T22:59:00Z".parse().unwrap(),
    };
    let second = MailedLink {
        url: at("/attiva#token=DeF-_9&x"),
        code: "ABCD-2345".to_owned(),
        registered: "2026-11-23T23:01:00Z".parse().unwrap(),
    };
    vec![
        ("activate", Message::Activate { links: vec![activation.clone()] }),
        (
            "activate, two registrations of one username",
            Message::Activate { links: vec![second, activation] },
        ),
        ("activated", Message::Activated { login: at("/accedi") }),
        (
            "reset password",
            Message::ResetPassword {
                link: at("/reimposta-password#token=AbC-_9"),
                code: "ABCD-2345".to_owned(),
            },
        ),
        ("password changed", Message::PasswordChanged { forgot: at("/password-dimenticata") }),
        ("confirm email", Message::ConfirmEmail { link: at("/conferma-email#t=AbC-_9") }),
        ("email change asked", Message::EmailChangeAsked { help: at("/aiuto") }),
        ("identity proven", Message::IdentityProven { link: at("/contesta#t=AbC-_9") }),
        ("identity disputed", Message::IdentityDisputed { help: at("/aiuto") }),
        ("identity decided, proven", Message::IdentityDecided { proven: true, login: at("/accedi") }),
        ("identity decided, not proven", Message::IdentityDecided { proven: false, login: at("/accedi") }),
        ("account closed", Message::AccountClosed { help: at("/aiuto") }),
        (
            "new device",
            Message::NewDevice { at: "23/11/2026, 06:36".to_owned(), forgot: at("/password-dimenticata") },
        ),
        (
            "payment received, at an address that nobody verified",
            Message::PaymentReceived {
                total: cents(4_550),
                fee: Cents::ZERO,
                paid: vec![Paid { reason: None, ..canteen.clone() }],
                page: at("/pratiche/storico"),
            },
        ),
        ("account unused", Message::AccountUnused { until: "23/12/2031".to_owned(), login: at("/accedi") }),
        ("consent revoked", Message::ConsentRevoked { search: at("/cerca") }),
        (
            "payment received",
            Message::PaymentReceived {
                total: cents(4_630),
                fee: cents(80),
                paid: vec![canteen.clone()],
                page: at("/pratiche/storico"),
            },
        ),
        (
            "payment received, two debts and no fee",
            Message::PaymentReceived {
                total: cents(128_006),
                fee: Cents::ZERO,
                paid: vec![canteen, waste],
                page: at("/pratiche/storico"),
            },
        ),
        (
            "another amount",
            Message::PaymentDiffers {
                reasons: vec!["Mensa ottobre 2026".to_owned()],
                came: Some(cents(1)),
                agreed: cents(4_550),
                page: at("/pratiche"),
            },
        ),
        (
            "another amount, in no euro",
            Message::PaymentDiffers {
                reasons: vec![],
                came: None,
                agreed: cents(4_550),
                page: at("/pratiche"),
            },
        ),
        (
            "payment failed",
            Message::PaymentFailed {
                reasons: vec!["Mensa <ottobre> & \"novembre\" dell'anno".to_owned(), "TARI 2026".to_owned()],
                page: at("/pratiche"),
            },
        ),
        ("payment failed, nothing named", Message::PaymentFailed { reasons: vec![], page: at("/pratiche") }),
    ]
}

fn rendered(language: Language) -> String {
    let mut out = String::new();
    for (name, message) in messages() {
        let mail = message.written(language, "Comune dell'Aquila & <Forlì> \"Città\"").unwrap();
        out += &format!("=== {name}\nSubject: {}\n{}{}\n", mail.subject, mail.text, mail.html);
    }
    out
}

/// Written anew with `UPDATE_SNAPSHOTS`: look at it and commit it.
fn written(language: Language, file: &str) {
    let path = format!("{}/tests/mails/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, rendered(language)).unwrap();
    }
    assert_eq!(rendered(language), std::fs::read_to_string(&path).unwrap());
}

#[test]
fn every_mail_is_as_it_was_agreed_in_italian() {
    written(Language::It, "it.txt");
}

#[test]
fn every_mail_is_as_it_was_agreed_in_english() {
    written(Language::En, "en.txt");
}
