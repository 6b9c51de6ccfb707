//! Forged histories: each breaks one rule, and the checker must say which. The honest one it must believe.

use journeys::checker::check;
use journeys::harness::{Exchange, HistoryEvent};
use journeys::{Value, json};

const CODE: &str = "RSSMRA80A01H501U";
const ANOTHER: &str = "VRDLCU80A41H501K";
const NOTICE: &str = "301000000000000144";

/// A history in the making: every line takes a second.
#[derive(Default)]
struct ForgedHistory {
    happened: Vec<HistoryEvent>,
    seconds: i64,
}

impl ForgedHistory {
    fn waits(mut self, seconds: i64) -> Self {
        self.seconds += seconds;
        self
    }

    fn exchange(mut self, asked: &str, cookie: &str, sent: Value, status: u16, answer: Value) -> Self {
        let (method, path) = asked.split_once(' ').unwrap();
        let order = 2 * self.happened.len() as u64;
        self.seconds += 1;
        let exchange = Exchange {
            began: order,
            ended: order + 1,
            began_at: self.seconds * 1_000,
            ended_at: self.seconds * 1_000,
            method: method.to_owned(),
            path: path.to_owned(),
            cookie: cookie.to_owned(),
            sent: sent.as_str().map_or_else(|| sent.to_string(), str::to_owned),
            status,
            answer: answer.as_str().map_or_else(|| answer.to_string(), str::to_owned),
            ..Exchange::default()
        };
        self.happened.push(HistoryEvent::Exchanged(exchange));
        self
    }

    fn last(&mut self) -> &mut Exchange {
        match self.happened.last_mut() {
            Some(HistoryEvent::Exchanged(exchange)) => exchange,
            _ => panic!("the last was no exchange"),
        }
    }

    fn with_key(mut self, key: &str) -> Self {
        self.last().idempotency_key = key.to_owned();
        self
    }

    fn logs_in(self, cookie: &str) -> Self {
        self.logs_in_as(CODE, cookie)
    }

    fn logs_in_as(self, code: &str, cookie: &str) -> Self {
        let account = json!({"account": {"fiscalCode": code}});
        let mut history = self.exchange("POST /api/login", "", json!({}), 200, account);
        history.last().given = Some(cookie.to_owned());
        history
    }

    fn changes_password(self, cookie: &str, given: &str) -> Self {
        let mut history = self.exchange("POST /api/password/change", cookie, json!({}), 204, json!(""));
        history.last().given = Some(given.to_owned());
        history
    }

    fn reads(self, cookie: &str, status: u16) -> Self {
        self.exchange("GET /api/account", cookie, json!(""), status, json!({}))
    }

    fn clicks(self, payment: &str) -> Self {
        let answer = json!({"paymentId": payment, "redirectUrl": format!("http://psp/{payment}-tx")});
        self.exchange("POST /api/payments", "session=1", json!({"noticeNumbers": [NOTICE]}), 201, answer)
            .with_key(payment)
    }

    fn collects(mut self, payment: &str, cents: u64) -> Self {
        let order = 2 * self.happened.len() as u64;
        let transaction = format!("{payment}-tx");
        self.happened.push(HistoryEvent::Decided { order, transaction: transaction.clone() });
        self.happened.push(HistoryEvent::Collected {
            order,
            transaction,
            payment: payment.to_owned(),
            cents,
        });
        self
    }

    fn receipt(self, id: &str, answer: &str) -> Self {
        let sent = format!(
            "<paSendRTV2Request><receiptId>{id}</receiptId><noticeNumber>{NOTICE}</noticeNumber>\
             <paymentAmount>10.00</paymentAmount></paSendRTV2Request>"
        );
        self.exchange("POST /pagopa/node", "", json!(sent), 200, json!(answer))
    }

    fn sees_payment(self, payment: &str, status: &str) -> Self {
        let seen = json!({"status": status, "amount": 1_000});
        self.exchange(&format!("GET /api/payments/{payment}"), "session=1", json!(""), 200, seen)
    }

    fn sees_debt(self, status: &str, code: &str) -> Self {
        let seen = json!({"debt": {"status": status, "receiptCode": code}});
        self.exchange(&format!("GET /api/debts/{NOTICE}"), "session=1", json!(""), 200, seen)
    }

    fn exports(self, receipt: Option<&str>, lines: &[(&str, u64, &str)]) -> Self {
        let lines: Vec<Value> = [("CREATED", 1_000, "")]
            .iter()
            .chain(lines)
            .zip(1..)
            .map(|((kind, cents, reference), number)| {
                json!({"number": number, "kind": kind, "cents": cents, "reference": reference})
            })
            .collect();
        let receipt = receipt.map(|id| json!({"receiptId": id, "amount": 1_000}));
        let debt = json!({
            "noticeNumber": NOTICE, "iuv": "01000000000000144", "reason": "Mensa", "receipt": receipt,
            "movements": lines
        });
        self.exchange("GET /api/account/export", "session=1", json!(""), 200, json!({"debts": [debt]}))
    }

    fn mailed(mut self) -> Self {
        self.happened.push(HistoryEvent::Mailed {
            to: "mario@example.it".to_owned(),
            subject: "Ricevuta del pagamento di 10,00 €".to_owned(),
            text: "Mensa · 10,00 € · IUUV 01000000000000144".to_owned(),
        });
        self
    }

    /// The rules that the checker says are broken, each once.
    fn broken(&self) -> Vec<String> {
        let mut rules: Vec<String> = check(&self.happened, 0)
            .iter()
            .map(|sentence| sentence.split(' ').next().unwrap_or_default().to_owned())
            .collect();
        rules.dedup();
        rules
    }
}

fn begun() -> ForgedHistory {
    ForgedHistory::default().logs_in("session=1").clicks("p1").collects("p1", 1_000)
}

#[test]
fn an_honest_history_is_believed() {
    let callback = json!({"data": {"paymentId": "p1"}});
    let history = begun()
        .exchange("POST /psp/callback", "", callback.clone(), 503, json!({}))
        .exchange("POST /psp/callback", "", callback.clone(), 200, json!({}))
        .exchange("POST /psp/callback", "", callback, 200, json!({}))
        .receipt("r1", "<outcome>OK</outcome>")
        .receipt("r1", "<outcome>KO</outcome><faultCode>PAA_RECEIPT_DUPLICATA</faultCode>")
        .sees_debt("paid", "A1")
        .sees_payment("p1", "succeeded")
        .exports(Some("p1-tx"), &[("CREDIT", 1_000, "p1-tx"), ("DUPLICATE_TO_REFUND", 1_000, "r1")])
        .mailed();
    assert_eq!(check(&history.happened, 0), Vec::<String>::new());
}

#[test]
fn money_that_is_credited_twice_lost_or_invented_is_seen() {
    let credit = ("CREDIT", 1_000, "p1-tx");
    let twice = begun().exports(Some("p1-tx"), &[credit, ("CREDIT_LATE", 1_000, "p1-tx")]).mailed();
    assert!(twice.broken().contains(&"INV-M01".to_owned()), "{:?}", twice.broken());
    let lost = begun().exports(None, &[]);
    assert_eq!(lost.broken(), ["INV-M02", "INV-M07"]);
    let swallowed = begun().receipt("r1", "<outcome>OK</outcome>").exports(Some("p1-tx"), &[credit]).mailed();
    assert_eq!(swallowed.broken(), ["INV-M02"]);
    let invented = begun().exports(Some("p1-tx"), &[credit, ("DUPLICATE_TO_REFUND", 1_000, "r9")]).mailed();
    assert_eq!(invented.broken(), ["INV-M07"]);
    let shrunk = ForgedHistory::default()
        .logs_in("session=1")
        .receipt("r1", "<outcome>OK</outcome>")
        .exports(Some("p1-tx"), &[credit, ("DUPLICATE_TO_REFUND", 999, "r1")]);
    assert!(shrunk.broken().contains(&"INV-M03".to_owned()), "{:?}", shrunk.broken());
    let another = ForgedHistory::default()
        .logs_in("session=1")
        .clicks("p1")
        .collects("p1", 1)
        .exports(Some("p1-tx"), &[credit])
        .mailed();
    assert_eq!(another.broken(), ["INV-M07"]);
}

#[test]
fn a_receipt_without_a_credit_or_of_another_is_seen() {
    let none = begun().exports(None, &[("CREDIT", 1_000, "p1-tx")]).mailed();
    assert_eq!(none.broken(), ["INV-M12"]);
    let other = begun().exports(Some("r7"), &[("CREDIT", 1_000, "p1-tx")]).mailed();
    assert_eq!(other.broken(), ["INV-M12"]);
    let changed =
        ForgedHistory::default().logs_in("session=1").sees_debt("paid", "A1").sees_debt("paid", "B2");
    assert_eq!(changed.broken(), ["INV-M12"]);
    let unpaid =
        ForgedHistory::default().logs_in("session=1").sees_debt("paid", "A1").sees_debt("to-pay", "A1");
    assert_eq!(unpaid.broken(), ["INV-M10"]);
    let again = ForgedHistory::default().logs_in("session=1").sees_debt("paid", "A1").clicks("p2");
    assert_eq!(again.broken(), ["INV-M19"]);
}

#[test]
fn a_payment_shown_wrongly_is_seen() {
    let failed = begun().sees_payment("p1", "failed");
    assert_eq!(failed.broken(), ["INV-M17"]);
    let pending = ForgedHistory::default().logs_in("session=1").clicks("p1").sees_payment("p1", "pending");
    assert_eq!(pending.broken(), ["INV-M30"]);
    let unpaid = ForgedHistory::default().logs_in("session=1").clicks("p1").sees_payment("p1", "succeeded");
    assert_eq!(unpaid.broken(), ["INV-M06"]);
    let two = ForgedHistory::default().logs_in("session=1").clicks("p1").clicks("p2");
    assert_eq!(two.broken(), ["INV-M18"]);
}

#[test]
fn a_mail_that_never_came_or_came_twice_is_seen() {
    let credit = [("CREDIT", 1_000, "p1-tx")];
    assert_eq!(begun().exports(Some("p1-tx"), &credit).broken(), ["INV-M32"]);
    assert_eq!(begun().exports(Some("p1-tx"), &credit).mailed().mailed().broken(), ["INV-M32"]);
}

#[test]
fn a_message_known_and_then_refused_is_seen() {
    let history = ForgedHistory::default()
        .exchange("POST /psp/callback", "", json!({"id": 1}), 200, json!({}))
        .exchange("POST /psp/callback", "", json!({"id": 1}), 409, json!({}));
    assert_eq!(history.broken(), ["INV-M04"]);
    let refused = ForgedHistory::default()
        .receipt("r1", "<outcome>KO</outcome><faultCode>PAA_SYSTEM_ERROR</faultCode>");
    assert_eq!(refused.broken(), ["INV-M23"]);
}

#[test]
fn one_key_for_two_debts_is_seen() {
    let made = |number: &str| json!({"debt": {"noticeNumber": number, "debtor": {"fiscalCode": CODE}}});
    let wish = json!({"reason": "Pasti"});
    let history = ForgedHistory::default()
        .logs_in("session=1")
        .exchange("POST /api/debts", "session=1", wish.clone(), 201, made("1"))
        .with_key("k")
        .exchange("POST /api/debts", "session=1", wish, 201, made("2"))
        .with_key("k");
    assert_eq!(history.broken(), ["INV-M27"]);
}

#[test]
fn a_session_that_outlives_its_end_is_seen() {
    let ended = ForgedHistory::default()
        .logs_in("session=1")
        .exchange("POST /api/logout", "session=1", json!({}), 204, json!(""))
        .reads("session=1", 200);
    assert_eq!(ended.broken(), ["INV-I16"]);
    let others = ForgedHistory::default()
        .logs_in("session=1")
        .logs_in("session=2")
        .changes_password("session=2", "session=3")
        .reads("session=1", 200);
    assert_eq!(others.broken(), ["INV-I16"]);
    let renewed = ForgedHistory::default()
        .logs_in("session=1")
        .changes_password("session=1", "session=2")
        .logs_in("session=3")
        .changes_password("session=3", "session=4")
        .reads("session=2", 200);
    assert_eq!(renewed.broken(), ["INV-I16"]);
    let of_two_people = ForgedHistory::default()
        .logs_in("session=1")
        .logs_in_as(ANOTHER, "session=2")
        .changes_password("session=1", "session=3")
        .changes_password("session=2", "session=4")
        .changes_password("session=4", "session=5")
        .reads("session=3", 200);
    assert_eq!(of_two_people.broken(), Vec::<String>::new());
    let idle = ForgedHistory::default().logs_in("session=1").waits(22 * 60).reads("session=1", 200);
    assert_eq!(idle.broken(), ["INV-I17"]);
    let mut old = ForgedHistory::default().logs_in("session=1");
    for _ in 0..50 {
        old = old.waits(10 * 60).reads("session=1", 200);
    }
    assert_eq!(old.broken(), ["INV-I17"]);
    let again = ForgedHistory::default().logs_in("session=1").logs_in("session=1");
    assert_eq!(again.broken(), ["INV-I18"]);
    let honest = ForgedHistory::default()
        .logs_in("session=1")
        .waits(19 * 60)
        .reads("session=1", 200)
        .exchange("POST /api/logout", "session=1", json!({}), 204, json!(""))
        .reads("session=1", 401);
    assert_eq!(honest.broken(), Vec::<String>::new());
}

#[test]
fn a_debt_shown_to_another_is_seen() {
    let position = json!({"debtor": {"fiscalCode": ANOTHER}});
    let history = ForgedHistory::default()
        .logs_in("session=1")
        .exchange(&format!("PUT /creditor/debts/{NOTICE}"), "", position, 201, json!({}))
        .sees_debt("to-pay", "");
    assert_eq!(history.broken(), ["INV-I19"]);
}
