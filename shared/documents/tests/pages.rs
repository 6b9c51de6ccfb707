//! The printed pages, read back by an independent reader: words, structure, what must never be there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::BTreeSet;

use domain::account::Language;
use domain::creditor::Creditor;
use domain::receipt::{Payer, Receipt};
use domain::{Amount, Cents, Debt, Error};
use lopdf::{Dictionary, Object};
use proptest::prelude::*;
use support::pdf::{Pdf, decoded, number};
use support::*;

fn notice(creditor: &Creditor, debt: &Debt, language: Language) -> Vec<u8> {
    printer().notice(creditor, debt, language, today()).unwrap()
}

fn receipt_of(creditor: &Creditor, debt: &Debt, receipt: &Receipt, language: Language) -> Vec<u8> {
    printer().receipt(creditor, debt, receipt, VERIFY_PAGE, language).unwrap()
}

/// One page of every kind.
fn all_pages() -> Vec<Vec<u8>> {
    let mut plain = creditor();
    (plain.postal, plain.office, plain.info, plain.cbill) = (None, None, None, None);
    let mut timeless = debt();
    timeless.days = Default::default();
    let mut pages = Vec::new();
    for language in [Language::It, Language::En] {
        for creditor in [creditor(), long_creditor(), plain.clone()] {
            for debt in [debt(), long_debt(), timeless.clone()] {
                pages.push(notice(&creditor, &debt, language));
                pages.push(receipt_of(&creditor, &debt, &receipt(), language));
                pages.push(receipt_of(&creditor, &debt, &bare_receipt(), language));
            }
        }
    }
    pages
}

#[track_caller]
fn shows(pdf: &Pdf, words: &[&str]) {
    let text = pdf.text();
    for word in words {
        assert!(text.contains(word), "{word:?} is not in\n{text}");
    }
}

#[track_caller]
fn hides(pdf: &Pdf, words: &[&str]) {
    let text = pdf.text();
    for word in words {
        assert!(!text.contains(word), "{word:?} is in\n{text}");
    }
}

#[test]
fn a_notice_carries_every_label_and_datum_of_the_model() {
    let pdf = Pdf::read(&notice(&creditor(), &debt(), Language::It));
    shows(
        &pdf,
        &[
            "Avviso di pagamento",
            "Ente Creditore",
            "Destinatario",
            "Cod. Fiscale",
            "Quanto e quando pagare?",
            "Importo",
            "Euro",
            "entro il",
            "Dove pagare?",
            "vai su pagopa.gov.it",
            "Paga con l'app IO",
            "oppure sul sito di Comune di Test, dal tuo Home Banking, con la tua app di pagamento o con gli altri canali \
             abilitati.",
            "Paga sul territorio",
            "presso Banche e Sportelli ATM, negli Uffici Postali e Punti Postali, nei Bar, Edicole, Ricevitorie, \
             Supermercati, Tabaccherie e altri Esercenti Convenzionati.",
            "In fase di pagamento, se previsto dall’ente, l'importo potrebbe essere aggiornato automaticamente e subire \
             variazioni in diminuzione (per sgravi, note di credito) o in aumento (per sanzioni, interessi, ecc.).",
            "Dati per il pagamento",
            "Rata unica",
            "Inquadra il codice QR con la tua app di pagamento o usa i dati accanto.",
            "Oggetto del pagamento",
            "Cod. CBILL",
            "Cod. Avviso",
            "Cod. Fiscale Ente",
            "Bollettino Postale PA",
            "sul C/C n.",
            "Intestato a",
            "Codice Avviso",
            "Tipo",
            "P1",
            "Cod. Fiscale Ente Creditore",
        ],
    );
    shows(
        &pdf,
        &[
            "TARI 2026 rata unica – via Garibaldi 12",
            "Comune di Test",
            "12345678903",
            "Settore Entrate e Tributi",
            "Piazza del Municipio 1 · tel. 0571 000000 · lun–ven 9–12",
            "Mario Rossi",
            "RSSMRA80A01H501U",
            "Via Giuseppe Garibaldi 12, 00184 Roma (RM)",
            "222,50",
            "31/01/2027",
            "0010 0000 0000 1066 83",
            "A1B2C",
            "16302093",
            "Comune di Test – Servizio Tesoreria",
            "AUT. DB/SISB/000 00000 DEL 01/01/2026",
        ],
    );
    // Bank IBANs must not appear on a notice, nor the postal one.
    hides(
        &pdf,
        &["IT60X0542811101000000123456", "IT69D0760102800000016302093", "0542811101", "000016302093"],
    );
}

#[test]
fn without_a_postal_account_there_is_no_slip() {
    let creditor = Creditor { postal: None, ..creditor() };
    let pdf = Pdf::read(&notice(&creditor, &debt(), Language::It));
    hides(&pdf, &["Bollettino", "C/C", "Poste Italiane", "P1"]);
    let lowest = pdf.shown.iter().map(|shown| shown.baseline).fold(0.0, f64::max);
    assert!(lowest < 205.0, "nothing stands where the slip would: {lowest}");
}

#[test]
fn a_bank_account_in_place_of_the_postal_one_prints_no_slip() {
    let mut creditor = creditor();
    let bank = creditor.iban.clone().unwrap();
    creditor.postal.as_mut().unwrap().iban = bank;
    hides(&Pdf::read(&notice(&creditor, &debt(), Language::It)), &["Bollettino"]);
}

#[test]
fn without_a_due_date_nothing_says_by_when() {
    let mut debt = debt();
    debt.days = Default::default();
    hides(&Pdf::read(&notice(&creditor(), &debt, Language::It)), &["entro il", "scadenza"]);
}

#[test]
fn a_due_date_that_has_passed_says_until_when_it_can_be_paid() {
    let mut debt = debt();
    debt.days.due = Some(day("2026-11-22"));
    let pdf = Pdf::read(&notice(&creditor(), &debt, Language::It));
    shows(&pdf, &["22/11/2026", "La scadenza è passata: puoi pagare ancora fino al 30/06/2027."]);
    debt.days.due = Some(today());
    hides(&Pdf::read(&notice(&creditor(), &debt, Language::It)), &["scadenza"]);
}

#[test]
fn english_stands_beside_the_italian() {
    let pdf = Pdf::read(&notice(&creditor(), &debt(), Language::En));
    shows(
        &pdf,
        &[
            "Avviso di pagamento",
            "Payment Notice",
            "Payee",
            "Recipient",
            "How much and when to pay?",
            "Amount",
            "Due Date",
            "Where to pay?",
            "Payment details",
            "Full amount",
            "Payment Description",
            "CBILL Code",
            "Notice Code",
            "Payee Tax Code",
        ],
    );
    let tree = tree(&pdf);
    let languages = tree.iter().filter(|element| element.has(b"Lang"));
    assert!(languages.clone().count() >= 14);
    languages.for_each(|element| assert_eq!(decoded(element.get(b"Lang").unwrap()), "en"));
}

#[test]
fn the_largest_amount_is_printed_and_a_larger_one_refused() {
    let mut debt = debt();
    debt.amount = Amount::new(9_999_999_999).unwrap();
    shows(&Pdf::read(&notice(&creditor(), &debt, Language::It)), &["99.999.999,99"]);
    debt.amount = Amount::new(10_000_000_000).unwrap();
    let refused = printer().notice(&creditor(), &debt, Language::It, today());
    assert!(matches!(refused, Err(Error::DebtNotPayable)));
    // Money that moved has a receipt whatever it was.
    let paid = Receipt { amount: debt.amount, ..receipt() };
    shows(&Pdf::read(&receipt_of(&creditor(), &debt, &paid, Language::It)), &["Euro 100.000.000,00"]);
}

#[test]
fn a_receipt_carries_every_datum() {
    let pdf = Pdf::read(&receipt_of(&creditor(), &debt(), &receipt(), Language::It));
    shows(
        &pdf,
        &[
            "Ricevuta di pagamento",
            "Importo pagato",
            "Euro 222,50",
            "Commissione PSP",
            "Euro 1,50",
            "Data e ora dell'operazione",
            "22/11/2026 14:32:10",
            "Data di applicazione",
            "22/11/2026",
            "TARI 2026 rata unica – via Garibaldi 12",
            "Mensa scolastica",
            "12345678903 · Comune di Test",
            "Settore Entrate e Tributi",
            "000000000106683",
            "0010 0000 0000 1066 83",
            "Banca di Prova S.p.A.",
            "12345678903 · ABI36000",
            "c110729d258c4ab1b765fe902aae41d6",
            "Carta di pagamento · onLine",
            "Mario Rossi · RSSMRA80A01H501U",
            "Via Giuseppe Garibaldi 12, 00184 Roma (RM)",
            VERIFY_PAGE,
            "pagoPA",
        ],
    );
    let code = pdf.text().lines().find_map(domain::receipt::parse_code);
    assert_eq!(code, Some(receipt().code), "the printed code reads back");
    hides(&pdf, &["224,00", "non indicato"]);
}

#[test]
fn what_a_receipt_does_not_say_is_shown_as_absent() {
    let pdf = Pdf::read(&receipt_of(&creditor(), &debt(), &bare_receipt(), Language::It));
    let absent = pdf.shown.iter().filter(|shown| shown.text.trim() == "non indicato").count();
    assert_eq!(absent, 5, "fee, time of payment, application date, method, payer");
    shows(&pdf, &["non indicato · ABI36000"]);
    let english = Pdf::read(&receipt_of(&creditor(), &debt(), &bare_receipt(), Language::En));
    shows(&english, &["non indicato / not stated"]);
}

#[test]
fn the_fee_of_a_joint_payment_is_stated_once_and_explained_on_the_others() {
    let first = Receipt { paid_together: Some(3), ..receipt() };
    let pdf = Pdf::read(&receipt_of(&creditor(), &debt(), &first, Language::It));
    shows(&pdf, &["Euro 1,50 (per 3 pagamenti fatti insieme)"]);
    let other = Receipt { fee: None, ..first };
    let pdf = Pdf::read(&receipt_of(&creditor(), &debt(), &other, Language::It));
    shows(&pdf, &["non indicato (per 3 pagamenti fatti insieme)"]);
    let free = Receipt { fee: Some(Cents::ZERO), ..receipt() };
    shows(&Pdf::read(&receipt_of(&creditor(), &debt(), &free, Language::It)), &["Euro 0,00"]);
}

#[test]
fn a_payer_who_is_not_the_debtor_is_masked() {
    let payer = Payer { name: "Lucia Bianchi".into(), fiscal_code: "BNCLCU75T60F205K".into() };
    let pdf = Pdf::read(&receipt_of(
        &creditor(),
        &debt(),
        &Receipt { payer: Some(payer), ..receipt() },
        Language::It,
    ));
    shows(&pdf, &["L**** B******", "BNCL************"]);
    hides(&pdf, &["Lucia", "Bianchi", "BNCLCU75"]);
}

#[test]
fn inv_m13_the_same_data_print_the_same_bytes() {
    let (one, other) = (printer(), &documents::Printer::new().unwrap());
    for language in [Language::It, Language::En] {
        let notice = |printer: &documents::Printer| {
            printer.notice(&creditor(), &long_debt(), language, today()).unwrap()
        };
        assert_eq!(notice(one), notice(one));
        assert_eq!(notice(one), notice(other));
        let receipt = |printer: &documents::Printer| {
            printer.receipt(&creditor(), &debt(), &receipt(), VERIFY_PAGE, language).unwrap()
        };
        assert_eq!(receipt(one), receipt(other));
        assert_eq!(receipt(one), receipt(one));
    }
    let tomorrow = one.notice(&creditor(), &debt(), Language::It, day("2026-11-24")).unwrap();
    assert_eq!(notice(&creditor(), &debt(), Language::It), tomorrow, "the day alone changes nothing");
}

#[test]
fn identifiers_follow_the_data() {
    let id = |bytes: &[u8]| {
        let ids = Pdf::read(bytes).doc.trailer.get(b"ID").unwrap().as_array().unwrap().clone();
        ids[0].as_str().unwrap().to_vec()
    };
    let mut other = debt();
    other.amount = Amount::new(22251).unwrap();
    let (a, b) = (notice(&creditor(), &debt(), Language::It), notice(&creditor(), &other, Language::It));
    assert_eq!(id(&a).len(), 16);
    assert_ne!(id(&a), id(&b));
}

#[test]
fn every_page_is_small_and_clean() {
    for bytes in all_pages() {
        assert!(bytes.len() < 150_000, "{} bytes", bytes.len());
        let pdf = Pdf::read(&bytes);
        clean(&pdf);
        tagged(&pdf);
        fits(&pdf);
    }
}

/// No scripts, actions, annotations, forms, attachments or outside references.
fn clean(pdf: &Pdf) {
    let forbidden: [&[u8]; 22] = [
        b"JS",
        b"JavaScript",
        b"A",
        b"AA",
        b"OpenAction",
        b"Annots",
        b"AcroForm",
        b"XFA",
        b"EmbeddedFiles",
        b"EmbeddedFile",
        b"FileAttachment",
        b"Filespec",
        b"F",
        b"URI",
        b"Launch",
        b"GoToR",
        b"RichMedia",
        b"Movie",
        b"Sound",
        b"Encrypt",
        b"Names",
        b"Dests",
    ];
    for dictionary in pdf.dictionaries() {
        let is_layout = dictionary.has_type(b"StructElem");
        for key in forbidden {
            // `A` of a structure element are its attributes, not an action.
            let allowed = key == b"A" && is_layout;
            assert!(allowed || !dictionary.has(key), "{}", String::from_utf8_lossy(key));
        }
        for (_, value) in dictionary.iter() {
            if let Object::Name(name) = value {
                assert!(
                    !forbidden.contains(&name.as_slice()) || name.len() == 1,
                    "{}",
                    String::from_utf8_lossy(name)
                );
            }
        }
    }
    let expected: BTreeSet<&[u8]> = BTreeSet::from([
        b"Type".as_slice(),
        b"PageLayout",
        b"PageMode",
        b"Pages",
        b"Lang",
        b"MarkInfo",
        b"StructTreeRoot",
        b"ViewerPreferences",
        b"Metadata",
    ]);
    let found: BTreeSet<&[u8]> = pdf.catalog().iter().map(|(key, _)| key.as_slice()).collect();
    assert_eq!(found, expected);
}

/// The elements of the tree, in its order.
fn tree(pdf: &Pdf) -> Vec<&Dictionary> {
    let root = pdf.catalog().get(b"StructTreeRoot").unwrap().as_reference().unwrap();
    let mut found = Vec::new();
    walk(pdf, pdf.doc.get_dictionary(root).unwrap(), &mut found);
    found.remove(0);
    found
}

fn walk<'p>(pdf: &'p Pdf, element: &'p Dictionary, found: &mut Vec<&'p Dictionary>) {
    found.push(element);
    for kid in element.get(b"K").unwrap().as_array().unwrap() {
        if let Ok(id) = kid.as_reference() {
            walk(pdf, pdf.doc.get_dictionary(id).unwrap(), found);
        }
    }
}

fn tagged(pdf: &Pdf) {
    let catalog = pdf.catalog();
    assert_eq!(decoded(catalog.get(b"Lang").unwrap()), "it-IT");
    assert!(catalog.get(b"MarkInfo").unwrap().as_dict().unwrap().get(b"Marked").unwrap().as_bool().unwrap());
    let preferences = catalog.get(b"ViewerPreferences").unwrap().as_dict().unwrap();
    assert!(preferences.get(b"DisplayDocTitle").unwrap().as_bool().unwrap());
    assert!(pdf.info("Title").contains("0010 0000 0000 1066 83"));
    assert!(!pdf.info("Author").is_empty());

    let elements = tree(pdf);
    let roles: Vec<&[u8]> = elements.iter().map(|e| e.get(b"S").unwrap().as_name().unwrap()).collect();
    assert_eq!(roles[0], b"Document");
    assert_eq!(roles.iter().filter(|role| **role == b"H1").count(), 1);
    for (element, role) in elements.iter().zip(&roles) {
        assert!(*role != b"Figure" || element.has(b"Alt"), "every figure is described");
    }
    // Every text stands in exactly one element, and the tree tells them in the order of the page.
    let told: Vec<i64> = elements
        .iter()
        .flat_map(|e| e.get(b"K").unwrap().as_array().unwrap())
        .filter_map(|k| k.as_i64().ok())
        .collect();
    let distinct: BTreeSet<i64> = told.iter().copied().collect();
    assert_eq!(told.len(), distinct.len());
    for shown in &pdf.shown {
        let mark = shown.mark.unwrap_or_else(|| panic!("decoration holds no words: {shown:?}"));
        assert!(distinct.contains(&mark), "{shown:?}");
    }
    parents(pdf, &distinct);
}

/// The table from marks to elements names an element for each mark.
fn parents(pdf: &Pdf, marks: &BTreeSet<i64>) {
    assert_eq!(pdf.page().get(b"StructParents").unwrap().as_i64().unwrap(), 0);
    let root = pdf
        .doc
        .get_dictionary(pdf.catalog().get(b"StructTreeRoot").unwrap().as_reference().unwrap())
        .unwrap();
    let numbers = pdf.doc.get_dictionary(root.get(b"ParentTree").unwrap().as_reference().unwrap()).unwrap();
    let pair = numbers.get(b"Nums").unwrap().as_array().unwrap();
    let parents = pdf.doc.get_object(pair[1].as_reference().unwrap()).unwrap().as_array().unwrap();
    assert_eq!(parents.len(), marks.len());
    for mark in marks {
        let id = parents[usize::try_from(*mark).unwrap()].as_reference().unwrap();
        let kids = pdf.doc.get_dictionary(id).unwrap().get(b"K").unwrap().as_array().unwrap();
        assert!(kids.iter().any(|kid| kid.as_i64().ok() == Some(*mark)));
    }
}

/// Text stays within the margins, and no two texts touch.
fn fits(pdf: &Pdf) {
    const RIGHT: f64 = 199.0;
    let point = 25.4 / 72.0;
    for shown in &pdf.shown {
        assert!(shown.x >= 10.0 && shown.x + shown.width - blank(shown) <= RIGHT, "{shown:?}");
        assert!(shown.baseline > 10.0 && shown.baseline < 288.0, "{shown:?}");
        assert!(shown.size >= 4.5, "too small to read: {shown:?}");
        assert!(!shown.text.contains('\u{fffd}'), "{shown:?}");
    }
    let boxes: Vec<_> = pdf
        .shown
        .iter()
        // The euro sign stands on its square.
        .filter(|shown| shown.text != "€")
        .map(|s| {
            (
                s,
                s.x,
                s.x + s.width - blank(s),
                s.baseline - 0.68 * s.size * point,
                s.baseline + 0.1 * s.size * point,
            )
        })
        .collect();
    for (i, (a, left, right, top, bottom)) in boxes.iter().enumerate() {
        for (b, left_b, right_b, top_b, bottom_b) in &boxes[i + 1..] {
            let apart = right <= left_b || right_b <= left || bottom <= top_b || bottom_b <= top;
            assert!(apart, "these touch:\n{a:?}\n{b:?}");
        }
    }
}

/// The width of the blank that stands for a line break.
fn blank(shown: &support::pdf::Shown) -> f64 {
    if shown.text.ends_with(' ') { 0.3 * shown.size * 25.4 / 72.0 } else { 0.0 }
}

#[test]
fn a_letter_the_font_lacks_is_written_another_way_or_shown_as_a_box() {
    let mut debt = debt();
    for (name, printed) in [
        ("Jose\u{301} Łukasz Ştefan Ðặng", "José Łukasz Ştefan Ðăng"),
        ("Γεώργιος Παπαδόπουλος", "Geórgios Papadópoylos"),
        ("Щукин Жора", "Shchukin Zhora"),
        ("李小龙", "\u{fffd}\u{fffd}\u{fffd}"),
        ("Ma\u{202e}rio\u{200b} Ro\u{0}ssi", "Ma\u{fffd}rio\u{fffd} Ro\u{fffd}ssi"),
        ("A\t\n  B\u{2028}C", "A B C"),
        ("ﬁore 👩‍👩‍👧 Å", "fiore \u{fffd} Å"),
    ] {
        debt.debtor.name = name.into();
        shows(&Pdf::read(&notice(&creditor(), &debt, Language::It)), &[printed]);
    }
}

#[test]
fn inv_x12_ab_50_texts_cannot_change_the_structure() {
    let plain = Pdf::read(&notice(&creditor(), &debt(), Language::It));
    for evil in [
        ") Tj ET Q endstream endobj",
        "\\) (x) <</JS (app.alert(1))>> /URI",
        "%PDF-1.7 trailer << /Root 1 0 R >>",
        "<0041> ]TJ BT /F1 [(",
        "EMC BDC MCID",
        "</rdf:li><x>&amp;\"'",
    ] {
        let mut debt = debt();
        let mut creditor = creditor();
        (debt.debtor.name, debt.reason, creditor.name) = (evil.into(), evil.into(), evil.into());
        let pdf = Pdf::read(&notice(&creditor, &debt, Language::It));
        clean(&pdf);
        shows(&pdf, &[evil]);
        assert_eq!(pdf.info("Author"), evil);
        assert_eq!(pdf.doc.objects.len(), plain.doc.objects.len());
        clean(&Pdf::read(&receipt_of(&creditor, &debt, &receipt(), Language::En)));
    }
}

#[test]
fn the_page_is_a4_upright() {
    let pdf = Pdf::read(&notice(&creditor(), &debt(), Language::It));
    let media: Vec<f64> =
        pdf.page().get(b"MediaBox").unwrap().as_array().unwrap().iter().map(number).collect();
    assert!((media[2] - 595.28).abs() < 0.1 && (media[3] - 841.89).abs() < 0.1, "{media:?}");
    assert_eq!(pdf.doc.version, "1.7");
    assert!(!pdf.operators.contains_key("Do"), "no pictures: everything is text and shapes");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any texts at all: one clean page, nothing over the edge, nothing hidden.
    #[test]
    fn inv_x12_any_texts_fit(name in ".{0,200}", reason in "\\PC{0,300}", address in ".{0,300}", payee in "[ -~À-ž]{1,150}") {
        let mut debt = debt();
        let mut creditor = creditor();
        (debt.debtor.name, debt.reason, creditor.name) = (name, reason, payee);
        debt.debtor.address = Some(address);
        for language in [Language::It, Language::En] {
            for bytes in [notice(&creditor, &debt, language), receipt_of(&creditor, &debt, &receipt(), language)] {
                let pdf = Pdf::read(&bytes);
                clean(&pdf);
                for shown in &pdf.shown {
                    prop_assert!(shown.x + shown.width - blank(shown) <= 199.0, "{:?}", shown);
                    let hidden = |c| domain::text::is_hidden(c) && c != '\u{fffd}';
                    prop_assert!(!shown.text.chars().any(hidden), "{:?}", shown);
                }
            }
        }
    }
}
