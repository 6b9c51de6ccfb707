//! The creditor's API, and what its changes mean to people.

use std::time::Duration;

use journeys::{DebtPosition, PspOutcome, SamplePerson, TestPortal, json, numbers};

#[tokio::test]
async fn a_debt_is_added_changed_and_cancelled_idempotently() {
    let portal = TestPortal::open();
    let creditor = portal.creditor();
    let mario = portal.known_citizen().await;
    let position = DebtPosition::of(&mario.person, portal.rng());
    let notice = position.notice();
    creditor.sends(&position).await.expect(201);
    creditor.sends(&position).await.expect(200);
    mario.associates(&notice).await;
    assert_eq!(mario.timeline(&notice).await, ["created"], "the same data again are no change");
    let changed = position.with("amount", 777).with("reason", "Mensa, conguaglio");
    assert_eq!(creditor.sends(&changed).await.ok()["debt"]["amount"], 777);
    assert_eq!(mario.timeline(&notice).await, ["created", "changed"]);
    assert_eq!(mario.sees(&notice).await["debt"]["reason"], "Mensa, conguaglio");

    creditor.cancels(&notice).await;
    creditor.cancels(&notice).await;
    assert_eq!(mario.status(&notice).await, "cancelled");
    let found = mario.searches(&notice).await.debt;
    assert_eq!(
        (&found["status"], &found["payable"], &found["notPayableReason"]),
        (&json!("cancelled"), &json!(false), &json!("cancelled"))
    );
    mario.tries_to_pay(&notice).await.refused(409, "debt_not_payable");
    // Sent again, it is to pay again.
    creditor.sends(&changed).await.expect(200);
    assert_eq!(mario.timeline(&notice).await, ["created", "changed", "cancelled", "changed"]);
    mario.has_paid(&changed.notice()).await;
    creditor.sends(&changed.with("amount", 1)).await.refused(409, "debt_already_paid");
    creditor.tries_to_cancel(&notice).await.refused(409, "debt_already_paid");
    creditor
        .tries_to_cancel(&DebtPosition::of(&mario.person, portal.rng()).notice())
        .await
        .refused(404, "debt_not_found");
}

#[tokio::test]
async fn every_wrong_field_of_a_debt_is_named() {
    let portal = TestPortal::open();
    let mut position = DebtPosition::of(&SamplePerson::natural(portal.rng()), portal.rng());
    position.body = json!({
        "debtor": {"fiscalCode": "X", "personType": "alien", "name": "", "country": "ITA", "email": "x"},
        "serviceCode": "", "reason": "", "amount": 0, "dueDate": "tomorrow"
    });
    let fields = portal.creditor().sends(&position).await.refused(400, "invalid_input").fields();
    let said: Vec<(&str, &str)> = fields.iter().map(|(f, c)| (f.as_str(), c.as_str())).collect();
    for expected in [
        ("debtor.country", "format"),
        ("debtor.email", "format"),
        ("debtor.fiscalCode", "format"),
        ("debtor.name", "required"),
        ("debtor.personType", "not_allowed"),
        ("dueDate", "format"),
        ("reason", "required"),
        ("serviceCode", "required"),
    ] {
        assert!(said.contains(&expected), "{expected:?} is not in {said:?}");
    }
    let position = DebtPosition::of(&SamplePerson::natural(portal.rng()), portal.rng());
    portal
        .creditor()
        .sends(&position.clone().with("serviceCode", "99.NULLA"))
        .await
        .refused(400, "invalid_input");
    portal.creditor().sends(&position.clone().with("paid", true)).await.refused(400, "unknown_field");
    portal.creditor().sends(&position.numbered("123")).await.refused(400, "invalid_input");
}

#[tokio::test]
async fn a_cancelled_debt_that_is_paid_all_the_same_is_paid_late() {
    let portal = TestPortal::open();
    let (mario, notice, paying) = portal.payment_under_way().await;
    portal.creditor().cancels(&notice).await;
    assert_eq!(mario.status(&notice).await, "cancelled");
    paying.at_psp(PspOutcome::Success).await;
    assert_eq!((paying.status().await.as_str(), mario.status(&notice).await.as_str()), ("succeeded", "paid"));
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "cancelled", "paid-late"]);
    mario.receipt_pdf(&notice).await.pdf();
}

#[tokio::test]
async fn a_cancelled_debt_whose_payment_fails_stays_cancelled() {
    let portal = TestPortal::open();
    let (mario, notice, paying) = portal.payment_under_way().await;
    portal.creditor().cancels(&notice).await;
    paying.at_psp(PspOutcome::Failure).await;
    assert_eq!(
        (paying.status().await.as_str(), mario.status(&notice).await.as_str()),
        ("failed", "cancelled")
    );
}

#[tokio::test]
async fn a_debt_changed_during_its_payment_is_settled_by_what_was_agreed() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let position = DebtPosition::of(&mario.person, portal.rng());
    let notice = portal.creditor().issues_as(position.clone()).await;
    mario.associates(&notice).await;
    let paying = mario.pays(&notice).await;
    portal.creditor().sends(&position.with("amount", notice.amount + 500)).await.expect(200);
    paying.at_psp(PspOutcome::Success).await;
    assert_eq!((paying.status().await.as_str(), mario.status(&notice).await.as_str()), ("succeeded", "paid"));
    assert_eq!(
        mario.timeline(&notice).await,
        ["created", "payment-started", "changed", "paid", "amount-mismatch"]
    );
    let code = mario.receipt_code(&notice).await;
    assert_eq!(mario.verifies_receipt(&code).await.ok()["amount"], notice.amount, "what was paid");
}

#[tokio::test]
async fn a_debt_of_another_debtor_leaves_the_first_ones_list() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let first = portal.creditor().issues(&mario.person).await;
    mario.associates(&first).await;
    let position = DebtPosition::of(&mario.person, portal.rng());
    let notice = portal.creditor().issues_as(position.clone()).await;
    assert!(mario.numbers_to_pay().await.contains(&notice.number));
    let lucia = portal.known_citizen().await;
    portal.creditor().sends(&position.with("debtor", lucia.person.debtor())).await.expect(200);
    assert_eq!(mario.numbers_to_pay().await, [first.number.as_str()]);
    mario.tries_to_see(&notice).await.refused(404, "debt_not_found");
    let hers = journeys::SampleNotice { fiscal_code: lucia.person.fiscal_code.clone(), ..notice };
    lucia.associates(&hers).await;
    assert_eq!(lucia.numbers_to_pay().await, [hers.number.as_str()]);
}

#[tokio::test]
async fn a_debt_given_to_another_during_its_payment_leaves_the_payment_readable() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let position = DebtPosition::of(&mario.person, portal.rng());
    let notice = portal.creditor().issues_as(position.clone()).await;
    mario.associates(&notice).await;
    let paying = mario.pays(&notice).await;
    let anna = portal.known_citizen().await;
    portal.creditor().sends(&position.with("debtor", anna.person.debtor())).await.expect(200);
    let status = paying.sees().await;
    assert_eq!((&status["status"], &status["debts"]), (&json!("pending"), &json!([])), "{status}");
}

#[tokio::test]
async fn a_debt_is_not_there_before_its_first_day() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, first) = portal.proven_citizen().await;
    let tomorrow = portal.clock().day(1).await;
    let position = DebtPosition::of(&mario.person, portal.rng()).with("validFrom", tomorrow);
    let notice = portal.creditor().issues_as(position).await;
    mario.searches_for(&notice.fiscal_code, &notice.number).await.refused(404, "debt_not_found");
    mario.tries_to_see(&notice).await.refused(404, "debt_not_found");
    mario.tries_to_pay(&notice).await.refused(404, "debt_not_found");
    assert_eq!(mario.numbers_to_pay().await, [first.number.as_str()]);
    portal.clock().moves(Duration::from_secs(25 * 60 * 60)).await;
    mario.logs_in().await;
    assert!(mario.numbers_to_pay().await.contains(&notice.number));
    mario.has_paid(&notice).await;
}

#[tokio::test]
async fn notices_of_every_aux_digit_are_found_by_number_and_by_iuv() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    for aux in 0..=3 {
        let number = format!("{aux}{}", portal.rng().digits(17));
        let position = DebtPosition::of(&mario.person, portal.rng()).numbered(&number);
        let path = format!("/creditor/debts/{number}?foreign=true");
        portal.creditor().request("PUT", &path).json(&position.body).answer().await.expect(201);
        let notice = position.notice();
        let found = mario.searches(&notice).await.debt;
        assert_eq!(found["iuv"], notice.iuv());
        let by_iuv = json!({"fiscalCode": notice.fiscal_code, "iuv": notice.iuv()});
        assert_eq!(mario.posts("/api/search", &by_iuv).await.ok()["debt"]["noticeNumber"], number.as_str());
    }
}

#[tokio::test]
async fn a_number_that_is_not_our_own_is_refused_unless_it_is_called_foreign() {
    let portal = TestPortal::open();
    let creditor = portal.creditor();
    let person = SamplePerson::natural(portal.rng());
    let own = DebtPosition::of(&person, portal.rng());
    let checked = |first: &str| {
        let rest = first.bytes().fold(0, |rest, b| (rest * 10 + u64::from(b - b'0')) % 93);
        format!("{first}{rest:02}")
    };
    let elsewhere = checked(&format!("302{}", portal.rng().digits(13)));
    let last: u64 = own.number[16..].parse().unwrap();
    let wrong = format!("{}{:02}", &own.number[..16], (last + 1) % 93);
    for (number, code) in [(wrong, "checksum"), (elsewhere, "not_allowed")] {
        let position = own.clone().numbered(&number);
        let refused = creditor.sends(&position).await.refused(400, "invalid_input");
        assert_eq!(refused.fields(), [("noticeNumber".to_owned(), code.to_owned())], "{number}");
        let report = creditor.imports("application/x-ndjson", &position.line(), false).await.ok();
        assert_eq!(report["rows"][0]["errors"], json!([{"field": "noticeNumber", "code": code}]));
        let path = format!("/creditor/debts/{number}?foreign=true");
        creditor.request("PUT", &path).json(&position.body).answer().await.expect(201);
        creditor.cancels(&position.notice()).await;
    }
    // Without check digits, and with those of older archives.
    for number in [format!("1{}", portal.rng().digits(17)), checked(&format!("2{}", portal.rng().digits(15)))]
    {
        creditor.sends(&own.clone().numbered(&number)).await.expect(201);
    }
    let path = format!("/creditor/debts/{}?foreign=perhaps", own.number);
    creditor.request("PUT", &path).json(&own.body).answer().await.refused(400, "invalid_input");
}

/// A file of offices: each row is told apart from the next by its line's end and nothing else.
struct OfficeFile {
    header: String,
    rows: Vec<String>,
}

impl OfficeFile {
    fn report(&self, portal: &TestPortal) -> impl Future<Output = journeys::Value> {
        let (creditor, rows) = (portal.creditor(), format!("{}\n{}\n", self.header, self.rows.join("\n")));
        async move {
            let dry = creditor.imports("text/csv", &rows, true).await.ok();
            let report = creditor.imports("text/csv", &rows, false).await.ok();
            assert_eq!(dry, report, "the dry run says the same");
            report
        }
    }
}

fn outcomes(report: &journeys::Value) -> Vec<(u64, &str)> {
    let rows = report["rows"].as_array().unwrap().iter();
    rows.map(|row| (row["line"].as_u64().unwrap(), row["outcome"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn a_quote_makes_no_two_lines_one_and_charges_nobody_anothers_amount() {
    let portal = TestPortal::open();
    // What stands in the name's place, and whether the line is a row.
    for (name, good) in [
        ("Mario Rossi", true),
        ("\"Mario Rossi\"", true),
        ("\"Rossi, Mario; detto \"\"il Rosso\"\"\"", true),
        ("Mario \"il Rosso\" Rossi", true),
        ("Rossi 16\"", true),
        ("\"Mario Rossi", false),
        ("\"", false),
        ("\"\"\"", false),
        ("\"Mario\" Rossi", false),
        ("\"Mario Rossi\" ", false),
        ("\"Mario\"\"", false),
        ("Mario\tRossi", false),
        ("Mario\u{0}Rossi", false),
        ("Mario\rRossi", false),
        ("Mario\u{85}Rossi", false),
        ("\"Mario\u{7f}\"", false),
    ] {
        let [before, odd, after] =
            [(); 3].map(|()| DebtPosition::of(&SamplePerson::natural(portal.rng()), portal.rng()));
        let mut of_odd = row(&odd);
        of_odd[3] = name.to_owned();
        let joint = if name.contains(", ") { ";" } else { "," };
        let file = OfficeFile {
            header: HEADER.join(joint),
            rows: vec![row(&before).join(joint), of_odd.join(joint), row(&after).join(joint)],
        };
        let report = file.report(&portal).await;
        let odd_one = if good { "created" } else { "rejected" };
        assert_eq!(outcomes(&report), [(2, "created"), (3, odd_one), (4, "created")], "{name:?}: {report}");
        for position in [&before, &after] {
            let notice = position.notice();
            let found = portal.citizen().searches(&notice).await.debt;
            assert_eq!(found["amount"], notice.amount, "{name:?}");
        }
        if !good {
            assert_eq!(report["rows"][1]["errors"], json!([{"field": "line", "code": "format"}]), "{name:?}");
            let codes = (&odd.notice().fiscal_code, &odd.number);
            portal.citizen().searches_for(codes.0, codes.1).await.refused(404, "debt_not_found");
        }
    }
}

#[tokio::test]
async fn every_line_of_a_table_is_in_its_report() {
    let portal = TestPortal::open();
    let debts: Vec<DebtPosition> =
        (0..3).map(|_| DebtPosition::of(&SamplePerson::natural(portal.rng()), portal.rng())).collect();
    let lines: Vec<String> = debts.iter().map(|position| row(position).join(";")).collect();
    let rows = vec![
        lines[0].clone(),
        String::new(),
        lines[1].clone(),
        ";;;;;;".to_owned(),
        format!("{};", lines[2]),
        lines[2].clone(),
        lines[2].clone(),
    ];
    let report = OfficeFile { header: HEADER.join(";"), rows }.report(&portal).await;
    let rejected = "rejected";
    let expected = ["created", rejected, "created", rejected, rejected, "created", rejected];
    assert_eq!(outcomes(&report), (2..).zip(expected).collect::<Vec<_>>(), "{report}");
    assert_eq!((&report["accepted"], &report["rejected"]), (&json!(3), &json!(4)));
    assert_eq!(report["rows"][6]["errors"], json!([{"field": "noticeNumber", "code": "not_allowed"}]));
}

#[tokio::test]
async fn rows_are_taken_as_real_offices_write_them() {
    let portal = TestPortal::open();
    let header = "Codice avviso;Codice fiscale;Tipo persona;Nome;Indirizzo;CAP;Comune;Provincia;Nazione;\
                  Servizio;Causale;Importo;Scadenza;Valido dal;Pagabile fino al;";
    let trader = SamplePerson::natural(portal.rng());
    let number = || DebtPosition::of(&trader, portal.rng()).number;
    let (code, texts) = (&trader.fiscal_code, "“Rata” – n. 1 — § 5 «saldo» <2026> [a|b]");
    let rows: Vec<[String; 3]> = vec![
        [
            format!("{code};Giuridica;Ditta Rossi;Via Roma 1;00185;Roma;RM"),
            "IT".to_owned(),
            "1.234,56".to_owned(),
        ],
        ["ANONIMO;fisica;ANONIMO;;;;".to_owned(), String::new(), "12,5".to_owned()],
        [format!("{code};FISICA;Rossi;Rue 1;;Y;EE"), "FR".to_owned(), "0,01".to_owned()],
        [format!("{code};fisica;Rossi;Via 2;61100;Pesaro;PS"), String::new(), "7".to_owned()],
    ];
    let lines: Vec<(String, String)> = rows
        .iter()
        .map(|[person, country, amount]| {
            let number = number();
            let (service, days) = ("TEST1", "31/12/2099;01/01/2000;31/12/2100");
            let line = format!("{number};{person};{country};{service};{texts};{amount};{days};");
            (number, line)
        })
        .collect();
    let file =
        OfficeFile { header: header.to_owned(), rows: lines.iter().map(|(_, line)| line.clone()).collect() };
    let report = file.report(&portal).await;
    assert_eq!((&report["accepted"], &report["rejected"]), (&json!(4), &json!(0)), "{report}");
    for ((number, _), cents) in
        lines.iter().zip([123_456, 1_250, 1, 700]).filter(|(_, cents)| *cents != 1_250)
    {
        let found = portal.citizen().searches_for(code, number).await.ok();
        let said = (&found["debt"]["amount"], &found["debt"]["reason"], &found["debt"]["dueDate"]);
        assert_eq!(said, (&json!(cents), &json!(texts), &json!("2099-12-31")), "{number}");
    }
    // Nobody finds the one whose code nobody knows; the node takes its money.
    let unknown = &lines[1].0;
    portal.citizen().searches_for("ANONIMO", unknown).await.refused(400, "invalid_input");
    portal.citizen().searches_for(code, unknown).await.refused(404, "debt_not_found");
    let theirs = DebtPosition::of(&trader, portal.rng()).numbered(unknown).notice();
    portal.node().has_taken(&theirs).await;
}

#[tokio::test]
async fn amounts_days_and_kinds_that_could_mean_something_else_are_refused() {
    let portal = TestPortal::open();
    let person = SamplePerson::natural(portal.rng());
    let header = "codice avviso;codice fiscale;tipo persona;nome;servizio;causale;importo;scadenza";
    let wrong = [
        ("12.50", "", "fisica", "amount"),
        ("1.23,50", "", "fisica", "amount"),
        ("1234.567,00", "", "fisica", "amount"),
        ("1,234", "", "fisica", "amount"),
        ("1,", "", "fisica", "amount"),
        (",50", "", "fisica", "amount"),
        ("-1,00", "", "fisica", "amount"),
        ("+1,00", "", "fisica", "amount"),
        ("1 000,00", "", "fisica", "amount"),
        ("0,00", "", "fisica", "amount"),
        ("1.000.000.000,00", "", "fisica", "amount"),
        ("18446744073709551616,00", "", "fisica", "amount"),
        ("1,00", "31/12/1999", "fisica", "dueDate"),
        ("1,00", "01/01/2101", "fisica", "dueDate"),
        ("1,00", "1/2/2027", "fisica", "dueDate"),
        ("1,00", "12/31/2027", "fisica", "dueDate"),
        ("1,00", "", "persona", "debtor.personType"),
    ];
    let rows = wrong.iter().map(|(amount, day, kind, _)| {
        let number = DebtPosition::of(&person, portal.rng()).number;
        format!("{number};{};{kind};Rossi;TEST1;Prova;{amount};{day}", person.fiscal_code)
    });
    let report = OfficeFile { header: header.to_owned(), rows: rows.collect() }.report(&portal).await;
    for (row, case) in report["rows"].as_array().unwrap().iter().zip(wrong) {
        assert_eq!(row["errors"][0]["field"], case.3, "{case:?}: {row}");
    }
    assert_eq!(report["accepted"], 0, "{report}");
}

#[tokio::test]
async fn a_table_may_be_in_windows_letters_when_it_says_so() {
    let portal = TestPortal::open();
    let person = SamplePerson::natural(portal.rng());
    let header = HEADER.join(";");
    let line =
        |number: &str| format!("{number};{};natural;D\u{92}Alò;TEST1;Perché – 5 €;100", person.fiscal_code);
    let bytes = |text: &str| -> Vec<u8> {
        let byte = |c: char| match c {
            '–' => 0x96,
            '€' => 0x80,
            c => u8::try_from(u32::from(c)).unwrap(),
        };
        text.chars().map(byte).collect()
    };
    let send = async |charset: &str| {
        let number = DebtPosition::of(&person, portal.rng()).number;
        let body = bytes(&format!("{header}\r\n{}\r\n", line(&number)));
        let ask = portal.creditor().request("POST", "/creditor/debts/import");
        (number, ask.body(&format!("text/csv{charset}"), body).answer().await)
    };
    for charset in ["; charset=windows-1252", ";Charset=\"Windows-1252\"", "; charset=cp1252"] {
        let (number, answer) = send(charset).await;
        let report = answer.ok();
        assert_eq!(report["accepted"], 1, "{report}");
        let found = portal.citizen().searches_for(&person.fiscal_code, &number).await.ok();
        assert_eq!(found["debt"]["reason"], "Perché – 5 €");
    }
    send("").await.1.refused(400, "malformed_body");
    send("; charset=utf-8").await.1.refused(400, "malformed_body");
    send("; charset=utf-16").await.1.refused(415, "unsupported_media_type");
    send("; charset=letters").await.1.refused(415, "unsupported_media_type");
}

const HEADER: [&str; 7] =
    ["noticeNumber", "debtorFiscalCode", "debtorPersonType", "debtorName", "serviceCode", "reason", "amount"];

fn row(position: &DebtPosition) -> [String; 7] {
    let body = &position.body;
    let text = |value: &journeys::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    [
        position.number.clone(),
        text(&body["debtor"]["fiscalCode"]),
        text(&body["debtor"]["personType"]),
        format!("\"{}\"", text(&body["debtor"]["name"])),
        text(&body["serviceCode"]),
        format!("\"{}\"", text(&body["reason"])),
        text(&body["amount"]),
    ]
}

#[tokio::test]
async fn a_table_is_imported_with_commas_or_semicolons() {
    let portal = TestPortal::open();
    for (joint, end) in [(",", "\n"), (";", "\r\n"), (",", "\r\n")] {
        let mario = portal.known_citizen().await;
        let debts: Vec<DebtPosition> =
            (0..3).map(|_| DebtPosition::of(&mario.person, portal.rng())).collect();
        let mut lines = vec![HEADER.join(joint)];
        lines.extend(debts.iter().map(|position| row(position).join(joint)));
        let mut wrong = row(&debts[0]);
        wrong[0] = "12".to_owned();
        wrong[6] = "12,50".to_owned().replace(',', ".");
        lines.push(wrong.join(joint));
        let table = lines.join(end);

        let dry = portal.creditor().imports("text/csv", &table, true).await.ok();
        assert_eq!((&dry["accepted"], &dry["rejected"]), (&json!(3), &json!(1)), "{dry}");
        mario.searches_for(&mario.person.fiscal_code, &debts[0].number).await.refused(404, "debt_not_found");

        let report = portal.creditor().imports("text/csv", &table, false).await.ok();
        assert_eq!(report["rows"], dry["rows"], "a dry run says what the run will do");
        assert_eq!(
            report["rows"][0],
            json!({"line": 2, "noticeNumber": debts[0].number, "outcome": "created"})
        );
        assert_eq!(report["rows"][3]["line"], 5);
        let codes: Vec<&str> = report["rows"][3]["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["field"].as_str().unwrap())
            .collect();
        assert!(codes.contains(&"noticeNumber") && codes.contains(&"amount"), "{report}");

        mario.associates(&debts[0].notice()).await;
        assert_eq!(mario.to_pay().await["count"], 3);
        mario.has_paid(&debts[0].notice()).await;
        let again = portal.creditor().imports("text/csv", &table, false).await.ok();
        assert_eq!(
            again["rows"][0]["errors"],
            json!([{"field": "noticeNumber", "code": "debt_already_paid"}])
        );
        let dry = portal.creditor().imports("text/csv", &table, true).await.ok();
        assert_eq!(dry["rows"][0], again["rows"][0]);
        assert_eq!(mario.timeline(&debts[1].notice()).await, ["created"]);
    }
}

#[tokio::test]
async fn lines_of_json_are_imported() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let debts: Vec<DebtPosition> = (0..3).map(|_| DebtPosition::of(&mario.person, portal.rng())).collect();
    let mut lines: Vec<String> = debts.iter().map(DebtPosition::line).collect();
    lines.insert(1, String::new());
    lines.push("{not json".to_owned());
    lines.push(debts[0].clone().with("colour", "blue").line());
    let report = portal.creditor().imports("application/x-ndjson", &lines.join("\n"), false).await.ok();
    assert_eq!((&report["accepted"], &report["rejected"]), (&json!(3), &json!(2)), "{report}");
    assert_eq!(report["rows"][4]["errors"], json!([{"field": "colour", "code": "not_allowed"}]));
    mario.associates(&debts[2].notice()).await;
    let mut shown = numbers(&mario.to_pay().await);
    shown.sort();
    let mut sent: Vec<String> = debts.iter().map(|position| position.number.clone()).collect();
    sent.sort();
    assert_eq!(shown, sent);
}

#[tokio::test]
async fn an_import_that_is_none_is_refused_whole() {
    let portal = TestPortal::open();
    let creditor = portal.creditor();
    let header = HEADER.join(",");
    creditor.imports("application/json", "[]", false).await.refused(415, "unsupported_media_type");
    creditor
        .imports("text/csv", &header.replace("amount", "price"), false)
        .await
        .refused(400, "unknown_field");
    creditor.imports("text/csv", &header.replace(",amount", ""), false).await.refused(400, "invalid_input");
    let person = SamplePerson::natural(portal.rng());
    let line = row(&DebtPosition::of(&person, portal.rng())).join(",");
    let many = format!("{header}\n{}", format!("{line}\n").repeat(1_001));
    creditor.imports("text/csv", &many, false).await.refused(413, "payload_too_large");
    portal.citizen().searches_for(&person.fiscal_code, &line[..18]).await.refused(404, "debt_not_found");
    let path = "/creditor/debts/import?dryRun=perhaps";
    creditor.request("POST", path).body("text/csv", header).answer().await.refused(400, "invalid_input");
}

#[tokio::test]
async fn a_wrong_creditor_key_opens_nothing_and_guessing_ends() {
    let portal = TestPortal::open();
    let position = DebtPosition::of(&SamplePerson::natural(portal.rng()), portal.rng());
    let path = format!("/creditor/debts/{}", position.number);
    let attacker = portal.citizen();
    let mut stopped = false;
    for guess in 0..60 {
        let ask = attacker.request("PUT", &path).json(&position.body);
        let answer = ask.header("authorization", &format!("Bearer guess-{guess}")).answer().await;
        if answer.status == 429 {
            answer.refused(429, "too_many_requests");
            stopped = true;
            break;
        }
        answer.refused(401, "not_authenticated");
    }
    assert!(stopped);
    portal.creditor().sends(&position).await.expect(201);
}
