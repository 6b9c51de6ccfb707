//! The independent checker: it reads the history alone (requests, answers, mails, what the PSP collected), knows
//! the contract, and shares no code with what it checks.

use std::collections::{BTreeMap, BTreeSet};

use crate::harness::{Exchange, HistoryEvent};
use serde_json::Value;

/// How far two of our clocks may be apart, in milliseconds.
const SKEW: i64 = 61_000;
const IDLE: i64 = 20 * 60 * 1_000;
const ABSOLUTE: i64 = 8 * 60 * 60 * 1_000;
/// How long a PSP waits for a person.
const ATTEMPT: i64 = 30 * 60 * 1_000;

/// What was seen, in order.
#[derive(Default)]
struct Checker<'a> {
    exchanges: Vec<&'a Exchange>,
    /// By transaction: the cents that the PSP took.
    collected: BTreeMap<&'a str, u64>,
    /// By transaction: when a person first decided at the PSP.
    decided: BTreeMap<&'a str, u64>,
    mails: Vec<(&'a str, &'a str, &'a str)>,
    /// Mails that may have been sent twice: deliveries that a fault cut off.
    cut_off: usize,
    faults: Vec<String>,
}

/// A movement as the export shows it.
#[derive(Clone, Debug)]
struct HistoryLine {
    number: u64,
    kind: String,
    cents: u64,
    reference: String,
}

/// Money brought for one notice, as seen from outside: its reference, and its cents if the notice's share is known.
type Brought = BTreeMap<String, Option<u64>>;

/// An attempt as its beginning was answered.
struct SeenPayment<'a> {
    id: String,
    transaction: String,
    notices: Vec<String>,
    cookie: &'a str,
    at: &'a Exchange,
}

/// Everything that does not hold, one sentence each.
pub fn check(history: &[HistoryEvent], cut_off: usize) -> Vec<String> {
    let mut checker = Checker { cut_off, ..Checker::default() };
    for event in history {
        match event {
            HistoryEvent::Exchanged(exchange) => checker.exchanges.push(exchange),
            HistoryEvent::Collected { transaction, cents, .. } => {
                checker.collected.entry(transaction).or_insert(*cents);
            }
            HistoryEvent::Decided { order, transaction } => {
                checker.decided.entry(transaction).or_insert(*order);
            }
            HistoryEvent::Mailed { to, subject, text } => checker.mails.push((to, subject, text)),
        }
    }
    checker.sessions();
    checker.own_debts();
    checker.keys();
    checker.clicks();
    checker.paid_stays_paid();
    checker.accounts();
    checker.acknowledged_again();
    checker.faults
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Returns whether one exchange was over before another began.
fn before(first: &Exchange, second: &Exchange) -> bool {
    first.ended < second.began
}

fn is_session_route(exchange: &Exchange) -> bool {
    ["/api/account", "/api/debts", "/api/payments", "/api/history", "/api/logout", "/api/password/change"]
        .iter()
        .any(|route| exchange.path.starts_with(route))
}

/// The text between an element's tags.
fn element<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once("</").map(|(inner, _)| inner)
}

/// `12.34` → 1234.
fn cents(amount: &str) -> Option<u64> {
    let (euros, cents) = amount.split_once('.')?;
    Some(euros.parse::<u64>().ok()? * 100 + cents.parse::<u64>().ok()?)
}

impl<'a> Checker<'a> {
    fn fault(&mut self, sentence: String) {
        self.faults.push(sentence);
    }

    fn with(&self, method: &str, path: &str) -> Vec<&'a Exchange> {
        self.exchanges.iter().copied().filter(|e| e.method == method && e.path.starts_with(path)).collect()
    }

    /// INV-I16, I17, I18: nothing is answered for a session that was ended, idle or old; no name comes twice.
    fn sessions(&mut self) {
        let mut born: BTreeMap<&str, &Exchange> = BTreeMap::new();
        let mut faults = Vec::new();
        for exchange in &self.exchanges {
            let Some(given) = exchange.given.as_deref().filter(|given| !given.is_empty()) else { continue };
            if let Some(first) = born.insert(given, exchange) {
                faults.push(format!(
                    "INV-I18 one session was given twice: at {} and {}",
                    first.began, exchange.began
                ));
            }
        }
        let people = self.people();
        for (cookie, login) in &born {
            let others = |e: &&Exchange| {
                e.path == "/api/password/change"
                    && e.status == 204
                    && e.cookie != *cookie
                    && e.given.as_deref() != Some(cookie)
                    && login.ended < e.began
                    && people.get(cookie).is_some_and(|person| people.get(e.cookie.as_str()) == Some(person))
            };
            let ends: Vec<&Exchange> =
                self.exchanges.iter().copied().filter(|e| ends(e, cookie) || others(e)).collect();
            let used: Vec<&Exchange> = self
                .exchanges
                .iter()
                .copied()
                .filter(|e| e.cookie == *cookie && is_session_route(e))
                .collect();
            for exchange in used.iter().filter(|e| e.ok()) {
                if let Some(end) = ends.iter().find(|end| before(end, exchange)) {
                    faults.push(format!(
                        "INV-I16 {} {} was answered {} after {} {} had ended its session",
                        exchange.method, exchange.path, exchange.status, end.method, end.path
                    ));
                }
                if exchange.began_at - login.began_at > ABSOLUTE + SKEW {
                    faults.push(format!(
                        "INV-I17 {} was answered more than 8 hours after the login",
                        exchange.path
                    ));
                }
                let lately = used.iter().map(|e| e.ended_at).chain([login.ended_at]);
                let last = lately.filter(|at| *at < exchange.began_at).max().unwrap_or(exchange.began_at);
                if exchange.began_at - last > IDLE + SKEW {
                    faults.push(format!("INV-I17 {} was answered after an idle session", exchange.path));
                }
            }
        }
        self.faults.extend(faults);
    }

    /// INV-I19: one sees and pays what is one's own; anything else is not there.
    fn own_debts(&mut self) {
        let people: BTreeMap<&str, String> = self.people();
        let mut owners: BTreeMap<String, String> = BTreeMap::new();
        for put in self.with("PUT", "/creditor/debts/") {
            let sent: Value = serde_json::from_str(&put.sent).unwrap_or_default();
            let notice = put.path.trim_start_matches("/creditor/debts/").to_owned();
            owners.insert(notice, text(&sent["debtor"]["fiscalCode"]).to_owned());
        }
        for made in self.with("POST", "/api/debts").into_iter().filter(|e| e.status == 201) {
            let debt = &made.json()["debt"];
            owners.insert(
                text(&debt["noticeNumber"]).to_owned(),
                text(&debt["debtor"]["fiscalCode"]).to_owned(),
            );
        }
        let mut faults = Vec::new();
        for exchange in self.exchanges.iter().filter(|e| e.ok()) {
            let Some(person) = people.get(exchange.cookie.as_str()) else { continue };
            let named: Vec<String> = match (exchange.method.as_str(), exchange.path.as_str()) {
                ("GET", path) => path
                    .strip_prefix("/api/debts/")
                    .map(|rest| vec![rest.split('/').next().unwrap_or_default().to_owned()])
                    .unwrap_or_default(),
                ("POST", "/api/payments") => ordered(exchange),
                _ => Vec::new(),
            };
            for notice in named {
                if owners.get(&notice).is_some_and(|owner| owner != person) {
                    faults.push(format!("INV-I19 {person} got {} {}", exchange.method, exchange.path));
                }
            }
        }
        self.faults.extend(faults);
    }

    /// The fiscal code behind each session.
    fn people(&self) -> BTreeMap<&'a str, String> {
        let mut people = BTreeMap::new();
        for exchange in &self.exchanges {
            let Some(given) = exchange.given.as_deref().filter(|given| !given.is_empty()) else { continue };
            let person = match exchange.path.as_str() {
                "/api/login" => Some(text(&exchange.json()["account"]["fiscalCode"]).to_owned()),
                // A session that a change of password gives is of whoever asked for the change.
                _ => people.get(exchange.cookie.as_str()).cloned(),
            };
            people.extend(person.map(|person| (given, person)));
        }
        people
    }

    /// INV-M27: a person's key stands for one request; again the same, the same answer, another one is refused.
    fn keys(&mut self) {
        let people = self.people();
        let mut first: BTreeMap<(String, &str, &str), &Exchange> = BTreeMap::new();
        let mut faults = Vec::new();
        for exchange in self.exchanges.iter().filter(|e| !e.idempotency_key.is_empty() && e.status == 201) {
            let Some(person) = people.get(exchange.cookie.as_str()) else { continue };
            let key = (person.clone(), exchange.path.as_str(), exchange.idempotency_key.as_str());
            let earlier = *first.entry(key).or_insert(exchange);
            if earlier.sent == exchange.sent && earlier.answer != exchange.answer {
                faults.push(format!("INV-M27 key {} gave two answers", exchange.idempotency_key));
            }
            if earlier.sent != exchange.sent {
                faults.push(format!("INV-M27 key {} was taken for two requests", exchange.idempotency_key));
            }
        }
        self.faults.extend(faults);
    }

    fn attempts(&self) -> Vec<SeenPayment<'a>> {
        let clicks = self.with("POST", "/api/payments").into_iter().filter(|e| e.status == 201);
        clicks
            .map(|click| {
                let answer = click.json();
                let transaction =
                    text(&answer["redirectUrl"]).rsplit('/').next().unwrap_or_default().to_owned();
                SeenPayment {
                    id: text(&answer["paymentId"]).to_owned(),
                    transaction,
                    notices: ordered(click),
                    cookie: &click.cookie,
                    at: click,
                }
            })
            .collect()
    }

    /// INV-M18: as long as an attempt may still be paid, a click on one of its debts leads to it and to no other.
    fn clicks(&mut self) {
        let attempts = self.attempts();
        let mut faults = Vec::new();
        for (place, later) in attempts.iter().enumerate() {
            for earlier in attempts.iter().take(place) {
                let shared = earlier.notices.iter().any(|notice| later.notices.contains(notice));
                if earlier.id == later.id {
                    if earlier.transaction != later.transaction || earlier.cookie.is_empty() {
                        faults.push(format!("INV-M18 payment {} has two pages", later.id));
                    }
                    continue;
                }
                // A repeated key gives the first answer again, also when that payment has ended.
                let repeated = attempts.iter().any(|a| a.id == later.id && a.at.ended < earlier.at.ended);
                let over = later.at.ended_at - earlier.at.began_at > ATTEMPT - SKEW;
                let decided = self.decided.get(earlier.transaction.as_str());
                let ended = decided.is_some_and(|order| *order < later.at.ended);
                if shared && !repeated && !over && !ended {
                    faults.push(format!(
                        "INV-M18 payments {} and {} of one debt at once",
                        earlier.id, later.id
                    ));
                }
            }
        }
        self.faults.extend(faults);
    }

    /// INV-M10, M12, M19: who has seen a debt paid never sees it unpaid, nor pays it, nor sees another receipt.
    fn paid_stays_paid(&mut self) {
        let mut faults = Vec::new();
        let details: Vec<(String, &Exchange, Value)> = self
            .with("GET", "/api/debts/")
            .into_iter()
            .filter(|e| e.status == 200)
            .map(|e| (e.path.trim_start_matches("/api/debts/").to_owned(), e, e.json()))
            .collect();
        for (notice, seen, answer) in
            details.iter().filter(|(_, _, answer)| answer["debt"]["status"] == "paid")
        {
            for (other, later, then) in &details {
                if notice != other || !before(seen, later) {
                    continue;
                }
                if then["debt"]["status"] != "paid" {
                    faults.push(format!("INV-M10 {notice} was paid, then {}", then["debt"]["status"]));
                }
                if then["debt"]["receiptCode"] != answer["debt"]["receiptCode"] {
                    faults.push(format!("INV-M12 the receipt of {notice} has changed"));
                }
            }
            for attempt in self.attempts() {
                // One that was under way may be answered later.
                let begun = self.exchanges.iter().any(|e| {
                    e.path == "/api/payments"
                        && e.began < seen.ended
                        && (e.answer.contains(&attempt.id) || e.idempotency_key == attempt.at.idempotency_key)
                });
                if attempt.notices.contains(notice) && before(seen, attempt.at) && !begun {
                    faults.push(format!("INV-M19 payment {} of {notice}, which was paid", attempt.id));
                }
            }
        }
        self.faults.extend(faults);
    }

    /// The money brought for a notice, as far as it was acknowledged or told when asked.
    fn brought(&self, notice: &str) -> Brought {
        let mut brought = Brought::new();
        for attempt in self.attempts().iter().filter(|attempt| attempt.notices.iter().any(|n| n == notice)) {
            if self.collected.contains_key(attempt.transaction.as_str()) {
                brought.insert(attempt.transaction.clone(), None);
            }
        }
        for (id, amount) in self.receipts_of(notice) {
            brought.insert(id, Some(amount));
        }
        brought
    }

    /// Receipts of the node that were acknowledged, by id.
    fn receipts_of(&self, notice: &str) -> BTreeMap<String, u64> {
        let sent = self.with("POST", "/pagopa/node").into_iter().filter(|e| e.sent.contains("paSendRT"));
        sent.filter(|e| e.status == 200 && element(&e.sent, "noticeNumber") == Some(notice))
            .filter(|e| {
                element(&e.answer, "outcome") == Some("OK") || e.answer.contains("PAA_RECEIPT_DUPLICATA")
            })
            .filter_map(|e| {
                Some((element(&e.sent, "receiptId")?.to_owned(), cents(element(&e.sent, "paymentAmount")?)?))
            })
            .collect()
    }

    /// The final state of every debt: its movements are the money that came, each once (INV-M01 to M07, M12,
    /// M29), its payments are over (M17, M30) and its receipt was mailed once (M32).
    fn accounts(&mut self) {
        let people = self.people();
        let mut last: BTreeMap<String, &Exchange> = BTreeMap::new();
        for export in self.with("GET", "/api/account/export").into_iter().filter(|e| e.status == 200) {
            if let Some(person) = people.get(export.cookie.as_str()) {
                last.insert(person.clone(), export);
            }
        }
        let attempts = self.attempts();
        for export in last.into_values() {
            let export = export.json();
            for debt in export["debts"].as_array().cloned().unwrap_or_default() {
                self.account(&debt, &attempts);
            }
        }
        self.payments(&attempts);
        self.made_once();
    }

    fn account(&mut self, debt: &Value, attempts: &[SeenPayment<'_>]) {
        let notice = text(&debt["noticeNumber"]).to_owned();
        let lines: Vec<HistoryLine> = debt["movements"]
            .as_array()
            .map(|all| all.iter().map(HistoryLine::of).collect())
            .unwrap_or_default();
        let numbered = lines.iter().zip(1..).all(|(line, number)| line.number == number);
        if !numbered || lines.first().map(|line| line.kind.as_str()) != Some("CREATED") {
            self.fault(format!("INV-M29 {notice}: its movements have gaps: {lines:?}"));
        }
        let credits: Vec<&HistoryLine> =
            lines.iter().filter(|line| line.kind.starts_with("CREDIT")).collect();
        if credits.len() > 1 {
            self.fault(format!("INV-M01 {notice} was credited {} times: {lines:?}", credits.len()));
        }
        let receipt = &debt["receipt"];
        let fits = match credits.first() {
            None => receipt.is_null(),
            Some(credit) => {
                receipt["receiptId"] == credit.reference.as_str() && receipt["amount"] == credit.cents
            }
        };
        if !fits {
            self.fault(format!("INV-M12 {notice}: credits {credits:?}, receipt {receipt}"));
        }
        self.money(&notice, &lines, attempts);
        if let Some(credit) = credits.first() {
            let iuv = text(&debt["iuv"]).to_owned();
            self.mailed(
                &notice,
                &iuv,
                attempts.iter().any(|attempt| attempt.transaction == credit.reference),
            );
        }
    }

    /// The multiset of money that came is the multiset of movements.
    fn money(&mut self, notice: &str, lines: &[HistoryLine], attempts: &[SeenPayment<'_>]) {
        let brought = self.brought(notice);
        let mut left: Vec<&HistoryLine> = lines.iter().filter(|line| line.is_money()).collect();
        for (name, amount) in &brought {
            let taken: Vec<&HistoryLine> =
                left.iter().copied().filter(|line| line.reference == *name).collect();
            let attempt = attempts.iter().find(|attempt| attempt.transaction == *name);
            // Of another amount than agreed: kept whole, on the payment's first debt.
            let kept = lines.iter().filter(|line| line.is_kept() && line.reference == *name).count();
            let first = attempt.is_none_or(|attempt| attempt.notices.first().is_some_and(|n| n == notice));
            if taken.len() + kept != 1 && (first || taken.len() + kept > 1) {
                self.fault(format!("INV-M02 {notice}: money {name} came once, its movements are {lines:?}"));
            }
            if let (Some(amount), Some(line)) = (amount, taken.first())
                && line.cents != *amount
            {
                self.fault(format!("INV-M03 {notice}: {amount} cents came as {name}, {line:?} was written"));
            }
            left.retain(|line| line.reference != *name);
        }
        if !left.is_empty() {
            self.fault(format!("INV-M07 {notice}: movements of money that never came: {left:?}"));
        }
    }

    /// INV-M32.
    fn mailed(&mut self, notice: &str, iuv: &str, always: bool) {
        let about = |(_, subject, text): &&(&str, &str, &str)| {
            (subject.starts_with("Ricevuta") || subject.starts_with("Receipt")) && text.contains(iuv)
        };
        let mut by_address: BTreeMap<&str, usize> = BTreeMap::new();
        for (to, ..) in self.mails.iter().filter(about) {
            *by_address.entry(to).or_default() += 1;
        }
        if always && by_address.is_empty() {
            self.fault(format!("INV-M32 {notice} was paid and nobody was told"));
        }
        if let Some(mails) = by_address.into_values().find(|mails| *mails > 1 + self.cut_off) {
            self.fault(format!("INV-M32 {mails} mails of the receipt of {notice} to one person"));
        }
    }

    /// INV-M06, M17, M30: a payment has succeeded if and only if the agreed money came, and none stays open.
    fn payments(&mut self, attempts: &[SeenPayment<'_>]) {
        let mut last: BTreeMap<String, Value> = BTreeMap::new();
        for seen in self.with("GET", "/api/payments/").into_iter().filter(|e| e.status == 200) {
            last.insert(seen.path.trim_start_matches("/api/payments/").to_owned(), seen.json());
        }
        for (id, seen) in last {
            let Some(attempt) = attempts.iter().find(|attempt| attempt.id == id) else { continue };
            let status = text(&seen["status"]).to_owned();
            let came = self.collected.get(attempt.transaction.as_str()).copied();
            let agreed = seen["amount"].as_u64();
            let by_node = attempt.notices.iter().any(|notice| !self.receipts_of(notice).is_empty());
            if status == "pending" {
                self.fault(format!("INV-M30 payment {id} is still pending"));
            }
            if came.is_some() && came == agreed && status != "succeeded" {
                self.fault(format!("INV-M17 payment {id} was paid, and shown as {status}"));
            }
            if status == "succeeded" && came != agreed && !by_node {
                self.fault(format!(
                    "INV-M06 payment {id} is shown as paid: {came:?} came, {agreed:?} was agreed"
                ));
            }
        }
        let shares = self.shares(attempts);
        self.faults.extend(shares);
    }

    /// INV-M06, M07: what a transaction collected is, to the cent, what was written of it on its debts, together: credited,
    /// to be refunded, or kept as another amount.
    fn shares(&self, attempts: &[SeenPayment<'_>]) -> Vec<String> {
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        let mut exports: BTreeMap<String, Value> = BTreeMap::new();
        for export in self.with("GET", "/api/account/export").into_iter().filter(|e| e.status == 200) {
            for debt in export.json()["debts"].as_array().cloned().unwrap_or_default() {
                exports.insert(text(&debt["noticeNumber"]).to_owned(), debt);
            }
        }
        for debt in exports.values() {
            for line in debt["movements"]
                .as_array()
                .into_iter()
                .flatten()
                .map(HistoryLine::of)
                .filter(|line| line.is_money() || line.is_kept())
            {
                *sums.entry(line.reference).or_default() += line.cents;
            }
        }
        let mut seen = BTreeSet::new();
        let fresh = attempts.iter().filter(|attempt| seen.insert(attempt.transaction.as_str()));
        fresh
            .filter_map(|attempt| {
                let cents = self.collected.get(attempt.transaction.as_str())?;
                let seen = attempt.notices.iter().all(|notice| exports.contains_key(notice));
                let sum = sums.get(&attempt.transaction).copied().filter(|_| seen).or(seen.then_some(0))?;
                (sum != *cents)
                    .then(|| format!("INV-M07 {} collected {cents}, {sum} is written", attempt.transaction))
            })
            .collect()
    }

    /// INV-M27: a spontaneous debt for each wish that was answered, no two with one number.
    fn made_once(&mut self) {
        let mut by_wish: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for made in self.with("POST", "/api/debts").into_iter().filter(|e| e.path == "/api/debts") {
            let wish: Value = serde_json::from_str(&made.sent).unwrap_or_default();
            by_wish.entry(text(&wish["reason"]).to_owned()).or_default().insert(made.idempotency_key.clone());
        }
        let exports = self.with("GET", "/api/account/export").into_iter().filter(|e| e.status == 200);
        let mut faults = Vec::new();
        for export in exports {
            let export = export.json();
            let mut made: BTreeMap<&str, usize> = BTreeMap::new();
            for debt in export["debts"].as_array().into_iter().flatten() {
                *made.entry(text(&debt["reason"])).or_default() += 1;
            }
            for (reason, keys) in &by_wish {
                if made.get(reason.as_str()).is_some_and(|times| *times > keys.len()) {
                    faults.push(format!("INV-M27 {reason}: more debts than requests"));
                }
            }
        }
        self.faults.extend(faults);
    }

    /// INV-M04: what was acknowledged once is acknowledged again, unless we answer 5xx just then.
    fn acknowledged_again(&mut self) {
        let mut known: BTreeMap<&str, &Exchange> = BTreeMap::new();
        let mut faults = Vec::new();
        for exchange in &self.exchanges {
            if exchange.path != "/psp/callback" && !exchange.sent.contains("paSendRT") {
                continue;
            }
            let acknowledged = exchange.status == 200
                && (exchange.path == "/psp/callback"
                    || exchange.answer.contains("OK</outcome>")
                    || exchange.answer.contains("PAA_RECEIPT_DUPLICATA"));
            if exchange.path == "/pagopa/node" && exchange.status == 200 && !acknowledged {
                faults.push(format!("INV-M23 a receipt was refused: {}", exchange.answer));
            }
            if acknowledged {
                known.entry(&exchange.sent).or_insert(exchange);
            } else if known.get(exchange.sent.as_str()).is_some_and(|first| before(first, exchange))
                && exchange.status < 500
            {
                faults.push(format!("INV-M04 a message known before was answered {}", exchange.status));
            }
        }
        self.faults.extend(faults);
    }
}

fn ordered(click: &Exchange) -> Vec<String> {
    let order: Value = serde_json::from_str(&click.sent).unwrap_or_default();
    let notices = order["noticeNumbers"].as_array().cloned().unwrap_or_default();
    notices.iter().map(|notice| text(notice).to_owned()).collect()
}

/// Returns whether an exchange has ended a session for good.
fn ends(exchange: &Exchange, cookie: &str) -> bool {
    let ended = match exchange.path.as_str() {
        "/api/logout" => exchange.status == 204,
        // Another session begins in the place of the one presented.
        "/api/login" => exchange.status == 200,
        "/api/consent/revoke" => exchange.status == 204,
        _ => false,
    };
    ended && exchange.cookie == cookie && exchange.given.as_deref() != Some(cookie)
}

impl HistoryLine {
    fn of(value: &Value) -> Self {
        Self {
            number: value["number"].as_u64().unwrap_or_default(),
            kind: text(&value["kind"]).to_owned(),
            cents: value["cents"].as_u64().unwrap_or_default(),
            reference: text(&value["reference"]).to_owned(),
        }
    }

    /// Another amount than agreed, which no credit counts.
    fn is_kept(&self) -> bool {
        self.kind == "MISMATCH" && self.cents > 0
    }

    fn is_money(&self) -> bool {
        self.kind.starts_with("CREDIT") || self.kind == "DUPLICATE_TO_REFUND"
    }
}
