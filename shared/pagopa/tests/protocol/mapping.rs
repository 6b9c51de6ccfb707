use domain::creditor::Creditor;
use domain::debt::{Debt, DebtDates};
use domain::movement::MovementSource;
use domain::payment::PaymentId;
use domain::person::{Email, Person, PersonType};
use domain::receipt::{Payer, PspIdentity};
use domain::{Amount, Cents, FiscalCode, MoneyTold, NoticeNumber};
use pagopa::answers::NodeAnswer;
use pagopa::mapping::{Misconfigured, NO_DUE_DATE};
use pagopa::operations::{Get, TransferType};
use pagopa::parts::{Destination, EntityType, MessageVersion};
use pagopa::values::{BoundedText, Digits, Moment};
use pagopa::{
    NodeRequest, ReceiptMeaning, ReceivedReceipt, SendRt, Taxonomy, get_ok, node, render, verify_ok,
};

use crate::faults::vectors;
use crate::samples::{
    BANK, PAYMENT, POSTAL, at, creditor, day, debt, get, mario, postal_creditor, receipt, text,
};

fn taxonomy() -> Taxonomy {
    Taxonomy::parse("0101002IM").unwrap()
}

#[test]
fn taxonomy_codes() {
    for row in vectors("transferCategory") {
        let code = row["value"].as_str().unwrap();
        assert_eq!(Taxonomy::parse(code).is_some(), row["valid"].as_bool().unwrap(), "{code}");
    }
    assert_eq!(Taxonomy::parse("9/0101002IM/").unwrap().as_str(), "9/0101002IM/");
    assert_eq!(Taxonomy::parse("9/0101002IM"), None);
}

#[test]
fn verify_and_get_agree_on_what_is_owed() {
    for notice in vectors("noticeNumbers") {
        let notice = NoticeNumber::parse(notice["noticeNumber"].as_str().unwrap()).unwrap();
        for cents in [1, 15_000, 99_999_999_999] {
            let debt = Debt { notice: notice.clone(), amount: Amount::new(cents).unwrap(), ..debt() };
            let verified = verify_ok(&debt, &creditor()).unwrap();
            for version in [MessageVersion::V1, MessageVersion::V2] {
                let got = get_ok(&debt, &creditor(), &taxonomy(), &get(version)).unwrap();
                assert_eq!((got.amount, Some(got.due)), (verified.amount, verified.due));
                assert_eq!(got.iuv.as_str(), notice.iuv().as_str());
                assert!(got.adds_up());
                assert!(got.transfers.as_slice()[0].remittance.as_str().contains(notice.iuv().as_str()));
            }
        }
    }
}

#[test]
fn the_iuv_is_that_of_the_notice() {
    for row in vectors("noticeNumbers") {
        let debt =
            Debt { notice: NoticeNumber::parse(row["noticeNumber"].as_str().unwrap()).unwrap(), ..debt() };
        let got = get_ok(&debt, &creditor(), &taxonomy(), &get(MessageVersion::V2)).unwrap();
        assert_eq!(got.iuv.as_str(), row["iuv"].as_str().unwrap());
    }
}

#[test]
fn the_answer_to_a_get_in_full() {
    let asked = Get { transfer_type: None, ..get(MessageVersion::V2) };
    let got = get_ok(&debt(), &creditor(), &taxonomy(), &asked).unwrap();
    let answer = String::from_utf8(render(&NodeAnswer::GetOk(MessageVersion::V2, Box::new(got)))).unwrap();
    let data = answer.split_once("<data>").unwrap().1.split_once("</data>").unwrap().0;
    assert_eq!(
        data,
        "<creditorReferenceId>01000000000000144</creditorReferenceId><paymentAmount>150.00</paymentAmount>\
         <dueDate>2031-01-31</dueDate><description>TARI 2030 rata unica</description>\
         <companyName>Comune di Esempio</companyName><officeName>Ufficio Tributi</officeName><debtor>\
         <uniqueIdentifier><entityUniqueIdentifierType>F</entityUniqueIdentifierType>\
         <entityUniqueIdentifierValue>RSSMRA80A01H501U</entityUniqueIdentifierValue></uniqueIdentifier>\
         <fullName>Mario Rossi</fullName><streetName>Via Garibaldi 12</streetName><postalCode>00184</postalCode>\
         <city>Roma</city><stateProvinceRegion>RM</stateProvinceRegion><country>IT</country>\
         <e-mail>mario.rossi@example.it</e-mail></debtor><transferList><transfer><idTransfer>1</idTransfer>\
         <transferAmount>150.00</transferAmount><fiscalCodePA>12345678903</fiscalCodePA>\
         <companyName>Comune di Esempio</companyName><IBAN>IT60X0542811101000000123456</IBAN>\
         <remittanceInformation>/RFB/01000000000000144/150.00/TXT/TARI 2030 rata unica</remittanceInformation>\
         <transferCategory>0101002IM</transferCategory></transfer></transferList>"
    );
}

#[test]
fn the_day_is_the_printed_one_then_the_last_one_then_a_far_one() {
    let (due, expires) = (Some(day("2031-01-31")), Some(day("2031-06-30")));
    for (days, in_verify, in_get) in [
        (DebtDates { due, expires, ..DebtDates::default() }, due, day("2031-01-31")),
        (DebtDates { expires, ..DebtDates::default() }, expires, day("2031-06-30")),
        (DebtDates::default(), None, NO_DUE_DATE),
    ] {
        let debt = Debt { days, ..debt() };
        assert_eq!(verify_ok(&debt, &creditor()).unwrap().due, in_verify);
        assert_eq!(get_ok(&debt, &creditor(), &taxonomy(), &get(MessageVersion::V1)).unwrap().due, in_get);
    }
}

#[test]
fn the_money_goes_where_the_node_wants_it_if_we_have_an_account_there() {
    let only_postal = Creditor { iban: None, ..postal_creditor() };
    let nothing = Creditor { iban: None, ..creditor() };
    let ours = Some(text(PAYMENT));
    let theirs = Some(text("CART-7f3c2a10"));
    let postal = Some(TransferType::Postal);
    let table = [
        // Creditor, asked for, note, account, whether the postal one is named beside it.
        (creditor(), None, None, BANK, false),
        (creditor(), postal, ours.clone(), BANK, false),
        (postal_creditor(), None, ours.clone(), BANK, false),
        (postal_creditor(), Some(TransferType::PagoPa), ours.clone(), BANK, false),
        (postal_creditor(), postal, None, POSTAL, false),
        (postal_creditor(), postal, theirs, POSTAL, false),
        (postal_creditor(), postal, ours.clone(), POSTAL, true),
        (only_postal.clone(), None, None, POSTAL, false),
        (only_postal, postal, ours, POSTAL, true),
    ];
    for (creditor, transfer_type, note, account, beside) in table {
        let asked = Get { transfer_type, note, ..get(MessageVersion::V2) };
        let got = get_ok(&debt(), &creditor, &taxonomy(), &asked).unwrap();
        let transfer = got.transfers.as_slice()[0].clone();
        assert_eq!(transfer.to, Destination::Iban(text(account)));
        let named = transfer.metadata.as_ref().and_then(|metadata| metadata.get("IBANAPPOGGIO"));
        assert_eq!(named, beside.then_some(POSTAL));
        assert_eq!(verify_ok(&debt(), &creditor).unwrap().all_ccp, creditor.postal.is_some());
    }
    let refused = get_ok(&debt(), &nothing, &taxonomy(), &get(MessageVersion::V2));
    assert_eq!(refused, Err(Misconfigured::Iban));
}

#[test]
fn a_creditor_that_the_node_cannot_name_is_our_mistake() {
    let odd = Creditor { fiscal_code: FiscalCode::parse("RSSMRA80A01H501U").unwrap(), ..creditor() };
    assert_eq!(verify_ok(&debt(), &odd), Err(Misconfigured::FiscalCode));
}

#[test]
fn what_does_not_fit_is_cut_between_characters_or_left_out() {
    let person = Person {
        name: format!("  Niccolò\u{0} {}", "e\u{301}".repeat(80)),
        person_type: PersonType::Legal,
        fiscal_code: FiscalCode::parse("12345678903").unwrap(),
        address: Some("Calle de l’Aseo ".repeat(10)),
        postal_code: Some(String::new()),
        city: Some("\u{1}\u{2}".to_owned()),
        province: Some("EE".to_owned()),
        country: Some("Italia".to_owned()),
        email: Some(Email::parse("o'brien@example.it").unwrap()),
    };
    let debt = Debt { debtor: person, reason: "à".repeat(200), ..debt() };
    let got = get_ok(&debt, &creditor(), &taxonomy(), &get(MessageVersion::V2)).unwrap();
    let who = got.debtor;
    assert_eq!(who.entity, EntityType::G);
    // 8 characters of the name and a blank leave 62: thirty-one letters with their accents.
    assert_eq!(who.name.as_str(), format!("Niccolò {}", "e\u{301}".repeat(31)));
    // The seventieth character would have been a blank.
    assert_eq!(who.street.unwrap().as_str().chars().count(), 69);
    assert_eq!((who.postal_code, who.city, who.country, who.email), (None, None, None, None));
    assert_eq!(got.description.as_str(), "à".repeat(140));
    let remittance = got.transfers.as_slice()[0].remittance.as_str().to_owned();
    assert_eq!(remittance.chars().count(), 140);
    assert!(remittance.starts_with("/RFB/01000000000000144/150.00/TXT/àà"), "{remittance}");
}

#[test]
fn a_debt_without_words_still_has_some() {
    let mut mute = Debt { reason: "\u{0}".to_owned(), ..debt() };
    assert_eq!(verify_ok(&mute, &creditor()).unwrap().description.as_str(), "Tassa rifiuti");
    mute.service.name.clear();
    mute.debtor.name = "\u{7f}".to_owned();
    let got = get_ok(&mute, &creditor(), &taxonomy(), &get(MessageVersion::V2)).unwrap();
    assert_eq!(got.description.as_str(), "-");
    assert_eq!(got.debtor.name.as_str(), "RSSMRA80A01H501U");
}

/// A receipt as it arrives.
fn received(sent: SendRt) -> ReceivedReceipt {
    ReceivedReceipt::read(&node::ask(&NodeRequest::Receipt(Box::new(sent)))).unwrap()
}

#[test]
fn a_receipt_in_the_domains_words() {
    let sent = received(receipt(MessageVersion::V2));
    let confirmation = sent.confirmation();
    assert_eq!(confirmation.source, MovementSource::Node);
    assert_eq!(confirmation.receipt_id, "c110729d258c4ab1b765fe902aae41d6");
    assert_eq!(confirmation.payment_id, PaymentId::parse(PAYMENT));
    let psp = PspIdentity {
        id: "ABI99999".to_owned(),
        name: "Banca Esempio S.p.A.".to_owned(),
        fiscal_code: Some("15376371009".to_owned()),
    };
    assert_eq!(confirmation.psp, psp);
    assert_eq!(confirmation.method.as_deref(), Some("CP"));
    assert_eq!(confirmation.channel.as_deref(), Some("WISP"));
    assert_eq!(confirmation.fee, Cents::new(150).ok());
    // No zone: Rome, in winter an hour ahead.
    assert_eq!(confirmation.paid_at, Some(at("2030-12-20T09:15:30Z")));
    assert_eq!(confirmation.applied_on, Some(day("2030-12-20")));
    let payer = Payer { name: "Luigia Verdi".to_owned(), fiscal_code: "VRDLGI68T65L219G".to_owned() };
    assert_eq!(confirmation.payer, Some(payer));
    assert!(!sent.stand_in);
}

#[test]
fn a_bare_receipt_says_little_and_nothing_is_made_up() {
    let mut sent = receipt(MessageVersion::V1);
    let bare = &mut sent.receipt;
    (bare.psp_fiscal_code, bare.payer, bare.method, bare.fee) = (None, None, None, None);
    (bare.paid_at, bare.applied_on, bare.stand_in) = (None, None, Some(true));
    bare.psp_company = text("\u{202e}");
    let sent = received(sent);
    let confirmation = sent.confirmation();
    assert_eq!(confirmation.payment_id, None);
    // The other number of the PSP, and its identifier where its name holds nothing that can be seen.
    assert_eq!(confirmation.psp.fiscal_code.as_deref(), Some("15376371008"));
    assert_eq!(confirmation.psp.name, "ABI99999");
    assert_eq!((confirmation.method, confirmation.fee, confirmation.paid_at), (None, None, None));
    assert_eq!((confirmation.applied_on, confirmation.payer), (None, None));
    assert!(sent.stand_in);
}

#[test]
fn what_a_receipt_means_to_us() {
    let ours = creditor();
    let with = |change: &dyn Fn(&mut pagopa::operations::ReceiptMessage)| {
        let mut sent = receipt(MessageVersion::V2);
        change(&mut sent.receipt);
        received(sent).meaning(&ours)
    };
    let paid = ReceiptMeaning::Paid { notice: debt().notice, amount: Amount::new(15_000).unwrap() };
    assert_eq!(with(&|_| {}), paid);
    assert_eq!(with(&|receipt| receipt.succeeded = false), ReceiptMeaning::Failed);
    let unmatched = |cents| ReceiptMeaning::Unmatched(MoneyTold::euro(cents));
    assert_eq!(with(&|receipt| receipt.amount = Cents::ZERO), unmatched(Cents::ZERO));
    // No aux digit of ours: valid by the schema, but never issued.
    assert_eq!(
        with(&|receipt| receipt.notice = Digits::parse("901000000000000144").unwrap()),
        unmatched(Cents::new(15_000).unwrap())
    );
    let other = |receipt: &mut pagopa::operations::ReceiptMessage| {
        receipt.fiscal_code = Digits::parse("11112222333").unwrap();
        receipt.succeeded = false;
    };
    assert_eq!(with(&other), ReceiptMeaning::AnotherBody);
}

#[test]
fn an_answer_made_of_any_debt_can_be_heard() {
    let debt = Debt { reason: "<&>\"'\u{fffe}\r\n]]>".to_owned(), debtor: mario(), ..debt() };
    for version in [MessageVersion::V1, MessageVersion::V2] {
        let got = get_ok(&debt, &postal_creditor(), &taxonomy(), &get(version)).unwrap();
        let Ok(NodeAnswer::GetOk(_, heard)) =
            node::hear(&render(&NodeAnswer::GetOk(version, Box::new(got.clone()))))
        else {
            panic!("not heard")
        };
        assert_eq!(heard.description.as_str(), "<&>\"' ]]>");
        assert_eq!(heard.debtor, got.debtor);
    }
    assert_eq!(Moment::in_rome(at("2030-07-01T10:00:00Z")).to_string(), "2030-07-01T12:00:00");
    assert_eq!(BoundedText::<5>::cut("   "), None);
}
