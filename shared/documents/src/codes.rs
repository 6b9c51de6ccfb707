//! What the machine-readable codes of a notice say: QR of pagoPA, DataMatrix of the postal slip
//! (SANP and technical guide of the notices; the slip's layout as PagoPA's own generator writes it).

use domain::{Amount, FiscalCode, NoticeNumber};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The largest amount that fits the ten digits of both codes: 99.999.999,99 €.
pub const MAX_PRINTABLE: u64 = 9_999_999_999;

const ACCOUNT_DIGITS: usize = 12;
const DEBTOR_CODE: usize = 16;
const DEBTOR_NAME: usize = 40;
const REASON: usize = 110;
const FILLER: usize = 12;

/// Returns whether the amount fits the codes; a notice above it cannot be printed.
pub fn is_printable(amount: Amount) -> bool {
    amount.get() <= MAX_PRINTABLE
}

/// `PAGOPA|002|<notice>|<creditor>|<cents>`; the amount in its shortest form of at least two digits.
pub fn qr_text(notice: &NoticeNumber, creditor: &FiscalCode, amount: Amount) -> String {
    format!("PAGOPA|002|{notice}|{creditor}|{:02}", amount.get())
}

/// What the DataMatrix of the *Bollettino Postale PA* is made of.
#[derive(Clone, Copy, Debug)]
pub struct Slip<'a> {
    pub notice: &'a NoticeNumber,
    /// The digits of the postal account, padded or not.
    pub account: &'a str,
    pub amount: Amount,
    pub creditor: &'a FiscalCode,
    pub debtor_code: &'a str,
    pub debtor_name: &'a str,
    pub reason: &'a str,
}

/// The slip's 256 characters, each one byte.
pub fn datamatrix_text(slip: &Slip<'_>) -> String {
    let mut text = format!("codfase=NBPA;{}1P1{}", codeline(slip), slip.creditor);
    text.push_str(&field(slip.debtor_code, DEBTOR_CODE));
    text.push_str(&field(slip.debtor_name, DEBTOR_NAME));
    text.push_str(&field(slip.reason, REASON));
    text.push_str(&" ".repeat(FILLER));
    text.push('A');
    text
}

/// The slip's 50 digits: notice, account and amount, each after its length, and document type 896.
pub fn codeline(slip: &Slip<'_>) -> String {
    let account = format!("{:0>ACCOUNT_DIGITS$}", slip.account);
    format!("18{}12{account}10{:010}3896", slip.notice, slip.amount.get())
}

/// A postal account as people read it: `000016302093` is `16302093`.
pub fn printed_account(account: &str) -> &str {
    account.trim_start_matches('0')
}

/// Upper-case ASCII of the slip's alphabet, cut and padded to the width: one byte for each character.
fn field(text: &str, width: usize) -> String {
    let cut: String = slip_text(text).chars().take(width).collect();
    format!("{cut:<width$}")
}

/// The slip's text rules, in their order: to ASCII where there is a way, accents dropped, upper case,
/// and one blank for anything else.
fn slip_text(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for c in text.chars() {
        match to_ascii(c) {
            Some(plain) => ascii.push_str(plain),
            None => ascii.push(c),
        }
    }
    ascii
        .nfd()
        .filter(|c| !is_combining_mark(*c))
        .map(|c| c.to_ascii_uppercase())
        .map(|c| if is_slip_character(c) { c } else { ' ' })
        .collect()
}

fn is_slip_character(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit() || " &'-.:_,".contains(c)
}

/// Typographic marks, ligatures and barred letters, which no decomposition reaches.
pub(crate) fn to_ascii(c: char) -> Option<&'static str> {
    Some(match c {
        '‘' | '’' | '‚' | '‛' | 'ʼ' | '´' | '`' | '′' => "'",
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => "-",
        'Æ' | 'Ǽ' => "AE",
        'æ' | 'ǽ' => "ae",
        'Œ' => "OE",
        'œ' => "oe",
        'Ĳ' => "IJ",
        'ĳ' => "ij",
        'ﬀ' => "ff",
        'ﬁ' => "fi",
        'ﬂ' => "fl",
        'ﬃ' => "ffi",
        'ﬄ' => "ffl",
        'ß' => "ss",
        'ẞ' => "SS",
        'Ø' | 'Ǿ' => "O",
        'ø' | 'ǿ' => "o",
        'Đ' | 'Ð' => "D",
        'đ' | 'ð' => "d",
        'Ħ' => "H",
        'ħ' => "h",
        'Ł' => "L",
        'ł' => "l",
        'Ŧ' => "T",
        'ŧ' => "t",
        'ı' => "i",
        'Þ' => "TH",
        'þ' => "th",
        _ => return None,
    })
}
