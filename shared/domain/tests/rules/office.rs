//! Who shares the money of a debt, and what the node is told beside it.

use domain::creditor::{Creditor, Iban, PostalAccount};
use domain::debt::DebtDetail;
use domain::office::{AccountingEntry, DebtTransfer, OfficeData, TransferAccount};
use domain::{Amount, Debt, FiscalCode};

use crate::samples::debt;

const BANK: &str = "IT60X0542811101000000123456";
const POST: &str = "IT69D0760102800000016302093";

fn creditor(bank: bool, post: bool) -> Creditor {
    Creditor {
        name: "Comune di Test".to_owned(),
        fiscal_code: FiscalCode::parse("12345678903").unwrap(),
        office: None,
        info: None,
        segregation_code: "01".parse().unwrap(),
        iban: bank.then(|| Iban::parse(BANK).unwrap()),
        postal: post.then(|| PostalAccount {
            iban: Iban::parse(POST).unwrap(),
            holder: "Comune di Test".to_owned(),
            authorization: None,
        }),
        cbill: None,
    }
}

fn part(cents: u64) -> DebtTransfer {
    DebtTransfer {
        fiscal_code: FiscalCode::parse("98765432103").unwrap(),
        company_name: "Unione dei Comuni".to_owned(),
        account: TransferAccount::Bank(Iban::parse(BANK).unwrap()),
        amount: Amount::new(cents).unwrap(),
        category: None,
        remittance: Some("Quota".to_owned()),
    }
}

#[test]
fn without_parts_the_creditor_gets_all_of_it_where_it_is_asked_to_be_paid() {
    for (bank, post, asked_at_post, account) in [
        (true, true, false, Some(BANK)),
        (true, true, true, Some(POST)),
        (true, false, true, Some(BANK)),
        (false, true, false, Some(POST)),
        (false, false, false, None),
    ] {
        let shares = debt().shares(&creditor(bank, post), Some("0101002IM"), asked_at_post);
        assert_eq!(shares.first().map(|share| share.account.iban().as_str()), account);
        for share in &shares {
            assert_eq!((share.amount, share.remittance.as_ref()), (debt().amount, Some(&debt().reason)));
            assert_eq!(share.category.as_deref(), Some("0101002IM"));
        }
    }
}

#[test]
fn parts_stay_as_the_office_gave_them_and_make_up_the_amount() {
    let office = OfficeData { transfers: vec![part(1), part(2)], ..OfficeData::default() };
    assert!(office.adds_up_to(Amount::new(3).unwrap()) && !office.adds_up_to(Amount::new(4).unwrap()));
    assert!(OfficeData::default().adds_up_to(Amount::new(4).unwrap()), "the creditor gets all of it");
    let shared = Debt { office, ..debt() };
    let shares = shared.shares(&creditor(true, true), Some("0101002IM"), true);
    let told: Vec<_> = shares.iter().map(|share| (share.amount.get(), share.remittance.as_deref())).collect();
    assert_eq!(told, [(1, Some("Quota")), (2, Some("Quota"))]);
}

#[test]
fn the_node_hears_of_fifteen_data_the_accountings_first() {
    let entry = |n: usize| AccountingEntry { key: format!("k{n}"), value: "v".to_owned() };
    let detail =
        |n: usize| DebtDetail { name: format!("d{n}"), label: "D".to_owned(), value: "v".to_owned() };
    let nameless = DebtDetail { name: String::new(), ..detail(0) };
    let debt = Debt {
        office: OfficeData { accounting: (0..10).map(entry).collect(), ..OfficeData::default() },
        details: std::iter::once(nameless).chain((0..10).map(detail)).collect(),
        ..debt()
    };
    let keys: Vec<&str> = debt.metadata().map(|(key, _)| key).collect();
    let expected: Vec<String> =
        (0..10).map(|n| format!("k{n}")).chain((0..5).map(|n| format!("d{n}"))).collect();
    assert_eq!(keys, expected);
}
