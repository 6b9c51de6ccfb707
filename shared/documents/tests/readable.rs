//! Both codes of a printed notice, painted from the page and read by a decoder that is not ours, over generated
//! debts: accents, apostrophes, long names, smallest and largest amounts, all aux digits, both fiscal codes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use documents::Printer;
use documents::codes::MAX_PRINTABLE;
use domain::account::Language;
use domain::creditor::{Creditor, Iban};
use domain::{Amount, Debt, FiscalCode, NoticeNumber};
use support::pdf::Pdf;
use support::reader::{self, Qr, read_qr, read_slip};
use support::{creditor, debt, today};

const DEBTS: u64 = 520;

/// SplitMix64: the same debts in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.roll(choices.len() as u64) as usize]
    }

    fn digits(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(b'0' + self.roll(10) as u8)).collect()
    }

    fn words(&mut self, choices: &[&str], at_most: u64) -> String {
        let n = 1 + self.roll(at_most);
        (0..n).map(|_| self.pick(choices)).collect::<Vec<_>>().join(" ")
    }
}

const NAMES: &[&str] = &[
    "Rossi",
    "D'Angelo",
    "Dell’Orso",
    "Müller-Lüdenscheidt",
    "Šćepanović",
    "Łukaszewski",
    "Ångström",
    "Nuñez",
    "Ó Briain",
    "Caffè",
    "Società",
    "S.p.A.",
    "Niccolò",
    "François",
    "Zoë",
    "Ðorđević",
    "Ţepeş",
    "Ștefănescu",
    "İnönü",
    "Kowalczyk",
    "Γεώργιος",
    "Владимир",
    "李小龙",
    "e\u{301}lan",
    "O'Neill & Figli",
    "\u{202e}odraciF",
    "(Eredi)",
    "Strauß",
    "Nguyễn",
];

const REASONS: &[&str] = &[
    "TARI 2026",
    "rata unica",
    "Canone unico patrimoniale –",
    "anno 2026",
    "(rif. n° 12/A)",
    "l’occupazione",
    "mensa",
    "perché",
    "«urgente»",
    "50 %",
    "€ 10,00",
    "via Garibaldi, 10",
    "C.O.S.A.P.",
    "\\endstream\\",
    "/JS (x)",
    "|",
    "~",
];

const PERSONS: &[&str] =
    &["RSSMRA80A01H501U", "RSSMRA80A01H50MM", "RSSMRAULALMHRLMD", "00743110157", "12345678903"];

fn any_notice(dice: &mut Dice) -> NoticeNumber {
    let number = match dice.roll(4) {
        3 => NoticeNumber::issue("47".parse().unwrap(), dice.roll(u64::MAX)),
        aux => NoticeNumber::parse(&format!("{aux}{}", dice.digits(17))).unwrap(),
    };
    assert!(!number.is_stand_in_probe());
    number
}

fn any_amount(dice: &mut Dice) -> Amount {
    let scale = 10_u64.pow(1 + dice.roll(10) as u32);
    let cents = match dice.roll(8) {
        0 => 1,
        1 => MAX_PRINTABLE,
        2 => dice.roll(9) + 1,
        _ => dice.roll(scale.min(MAX_PRINTABLE)) + 1,
    };
    Amount::new(cents).unwrap()
}

fn any_debt(dice: &mut Dice) -> Debt {
    let mut debt = debt();
    debt.notice = any_notice(dice);
    debt.amount = any_amount(dice);
    debt.debtor.fiscal_code = FiscalCode::parse(dice.pick(PERSONS)).unwrap();
    debt.debtor.name = dice.words(NAMES, 9);
    debt.reason = dice.words(REASONS, 16);
    if dice.roll(5) == 0 {
        debt.days.due = None;
    }
    debt
}

fn any_creditor(dice: &mut Dice) -> Creditor {
    let mut creditor = creditor();
    let iban = dice.pick(&["IT69D0760102800000016302093", "IT49H0760102800000001234567"]);
    creditor.postal.as_mut().unwrap().iban = Iban::parse(iban).unwrap();
    creditor.fiscal_code =
        FiscalCode::parse(dice.pick(&["12345678903", "01199250158", "00085240950"])).unwrap();
    creditor
}

fn check(printer: &Printer, seed: u64) {
    let mut dice = Dice(seed);
    let (creditor, debt) = (any_creditor(&mut dice), any_debt(&mut dice));
    let language = if dice.roll(2) == 0 { Language::It } else { Language::En };
    let bytes = printer.notice(&creditor, &debt, language, today()).unwrap();
    assert!(bytes.len() < 150_000, "seed {seed}: {} bytes", bytes.len());
    let pdf = Pdf::read(&bytes);

    let expected = Qr {
        notice: debt.notice.to_string(),
        creditor: creditor.fiscal_code.to_string(),
        cents: debt.amount.get(),
    };
    assert_eq!(read_qr(&reader::qr(&pdf)), Some(expected), "seed {seed}");

    let text = reader::datamatrix(&pdf);
    assert!(text.is_ascii() && text.len() == 256, "seed {seed}: {text}");
    let slip = read_slip(&text);
    assert_eq!(slip.notice, debt.notice.as_str(), "seed {seed}");
    assert_eq!(Some(slip.account.as_str()), creditor.postal.unwrap().iban.postal_account(), "seed {seed}");
    assert_eq!(slip.cents, debt.amount.get(), "seed {seed}");
    assert_eq!(slip.creditor, creditor.fiscal_code.as_str(), "seed {seed}");
    assert_eq!(slip.debtor, debt.debtor.fiscal_code.as_str(), "seed {seed}");
    assert!(same_letters(&slip.name, &debt.debtor.name), "seed {seed}: {slip:?}");
    assert!(same_letters(&slip.reason, &debt.reason), "seed {seed}: {slip:?}");
}

/// Whether the plain Latin letters and digits that lead the text lead the field too, up to the first other one.
fn same_letters(field: &str, text: &str) -> bool {
    let plain: String = text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == ' ').collect();
    field.starts_with(
        plain.to_ascii_uppercase().trim_end().get(..field.len().min(plain.trim_end().len())).unwrap(),
    )
}

#[test]
fn both_codes_are_read_from_every_page() {
    let printer = support::printer();
    std::thread::scope(|scope| {
        for half in 0..2 {
            scope.spawn(move || {
                (0..DEBTS).filter(|seed| seed % 2 == half).for_each(|seed| check(printer, seed))
            });
        }
    });
}
