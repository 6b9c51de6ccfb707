//! One journey that uses every function once, from the first search to the withdrawal of consent: what is counted and
//! measured of a function is measured here. Most steps need what came before.

use serde_json::json;

use crate::{CallbackMessage, DebtPosition, PortalUser, SampleNotice, StartedPayment, TestPortal};

/// An observer of the steps.
pub trait JourneyObserver {
    /// A function is about to be asked; nothing else is going on.
    fn before(&self, function: &'static str, action: &'static str);
    /// It has answered, and what it left behind for others is done.
    fn after(&self, function: &'static str, action: &'static str);
}

/// More debts than a page of a list holds.
const MANY: usize = 25;

struct Journey<'a> {
    portal: &'a TestPortal,
    watch: &'a dyn JourneyObserver,
}

impl Journey<'_> {
    async fn step<T>(
        &self,
        function: &'static str,
        action: &'static str,
        work: impl Future<Output = T>,
    ) -> T {
        self.portal.stack().settle().await;
        self.watch.before(function, action);
        let done = work.await;
        self.portal.stack().settle().await;
        self.watch.after(function, action);
        done
    }

    async fn stranger(&self) -> (PortalUser, SampleNotice) {
        let mario = self.portal.citizen();
        let creditor = self.portal.creditor();
        let position = DebtPosition::of(&mario.person, self.portal.rng());
        let notice = position.notice();
        self.step("ImportDebts", "a debt, new", async { creditor.sends(&position).await.expect(201) }).await;
        self.step("ImportDebts", "a debt, as before", async { creditor.sends(&position).await.ok() }).await;
        Box::pin(self.office(&mario, &notice)).await;
        let rows: Vec<String> =
            (0..3).map(|_| DebtPosition::of(&mario.person, self.portal.rng()).line()).collect();
        let rows = rows.join("\n");
        let import = creditor.imports("application/x-ndjson", &rows, false);
        self.step("ImportDebts", "three debts in one call", async { import.await.ok() }).await;

        let found = self.step("Search", "by notice number", mario.searches(&notice)).await;
        let codes = json!({"fiscalCode": notice.fiscal_code, "iuv": notice.iuv()});
        self.step("Search", "by IUV", async { mario.posts("/api/search", &codes).await.ok() }).await;
        let nobody = mario.searches_for(&notice.fiscal_code, "301000000000000144");
        self.step("Search", "not found", async { nobody.await.expect(404) }).await;
        let again = format!("/api/search/{}", found.reference);
        self.step("Search", "what was found, again", async { mario.gets(&again).await.ok() }).await;
        let print = format!("{again}/notice.pdf");
        self.step("Search", "its notice as PDF", async { mario.gets(&print).await.pdf() }).await;
        self.step("Portal", "a page", async { mario.gets("/").await.expect(200) }).await;
        (mario, notice)
    }

    async fn account(&self, mario: &mut PortalUser) {
        let code = mario.person.fiscal_code.clone();
        self.step("Register", "the fiscal code", async { mario.checks_code(&code).await.ok() }).await;
        self.step("Register", "the account", async { mario.tries_to_register().await.expect(202) }).await;
        self.step("Activate", "another link", async { mario.asks_for_activation().await.expect(202) }).await;
        let token = mario.token("/attiva").await;
        self.step("Activate", "the account", async { mario.tries_to_activate(&token).await.ok() }).await;
        let wrong = mario.logs_in_with("not the password at all");
        self.step("Login", "wrong password", async { wrong.await.expect(401) }).await;
        self.step("Login", "log in after a wrong one", mario.logs_in()).await;
        self.step("Login", "log in", mario.logs_in()).await;
        self.step("Password", "forgotten", async { mario.asks_for_reset().await.expect(202) }).await;
        let token = mario.token("/reimposta-password").await;
        let new = "gatto nero su tetto rosso 7";
        let reset = mario.tries_to_reset_password(&token, new);
        self.step("Password", "set anew", async { reset.await.expect(204) }).await;
        mario.person.password = new.to_owned();
        mario.logs_in().await;
        let newer = "gatto bianco su tetto verde 8";
        let change = mario.tries_to_change_password(new, newer);
        self.step("Password", "changed", async { change.await.expect(204) }).await;
        mario.person.password = newer.to_owned();
        mario.logs_in().await;
        self.step("Logout", "log out", mario.logs_out()).await;
        mario.logs_in().await;
        self.step("Account", "seen", mario.account()).await;
        self.step("Account", "another language", mario.chooses_language("en")).await;
        let office = format!("ufficio.{}", mario.person.email);
        let change = mario.tries_to_change_email(&office);
        self.step("Account", "another address", async { change.await.expect(202) }).await;
        let token = self.portal.mailbox().token(&office, "/conferma-email").await.expect("a link");
        let confirm = mario.tries_to_confirm_email(&token);
        self.step("Account", "the address confirmed", async { confirm.await.expect(204) }).await;
        let elsewhere = mario.elsewhere();
        self.step("Login", "log in where one is not known", elsewhere.logs_in()).await;
        let sessions = mario.gets("/api/account/sessions");
        let sessions = self.step("Account", "where one is logged in", async { sessions.await.ok() }).await;
        let other = sessions["items"].as_array().unwrap().iter().find(|session| session["current"] == false);
        let path = format!("/api/account/sessions/{}", other.unwrap()["id"].as_str().unwrap());
        let end = mario.request("DELETE", &path).answer();
        self.step("Account", "a session ended", async { end.await.expect(204) }).await;
    }

    async fn debts(&self, mario: &PortalUser, notice: &SampleNotice) {
        self.step("Associate", "by both codes, proves who they are", mario.associates(notice)).await;
        let nobodys = mario.tries_to_contest("nobody-has-sent-this");
        self.step("Associate", "a link of nobody's", async { nobodys.await.expect(400) }).await;
        let other = self.portal.creditor().issues(&self.portal.citizen().person).await;
        let found = mario.searches(&other).await;
        self.step("Associate", "by what was found", mario.associates_found(&found)).await;
        self.step("Services", "the list", mario.services()).await;
        let wish = json!({"serviceCode": "TEST1", "reason": "Prova", "amount": 100});
        let own = self.step("CreateSpontaneous", "a debt", mario.creates(&wish)).await;
        let back = mario.tries_to_take_back(&own);
        self.step("CreateSpontaneous", "taken back", async { back.await.expect(204) }).await;
        let creditor = self.portal.creditor();
        self.step("ImportDebts", "a debt cancelled", creditor.cancels(&other)).await;
        self.step("ListDebts", "to pay, a few", mario.to_pay()).await;
        for _ in 0..MANY {
            creditor.issues(&mario.person).await;
        }
        self.step("ListDebts", "to pay, first of many pages", mario.to_pay()).await;
        self.step("ListDebts", "one debt", mario.sees(notice)).await;
        self.step("NoticePdf", "a notice", mario.notice_pdf(notice)).await;
    }

    async fn payments(&self, mario: &PortalUser, notice: &SampleNotice) {
        self.step("PaymentMethods", "the list", mario.payment_methods(notice.amount)).await;
        let order = json!({"noticeNumbers": [notice.number]});
        let key = mario.new_key();
        let start = mario.orders_as(&order, &key);
        let started = self.step("InitiatePayment", "one debt", async { start.await.expect(201) }).await;
        let paying = mario.paying(&started.json(), notice.amount);
        let twice = mario.orders_as(&order, &key);
        self.step("InitiatePayment", "the same click again", async { twice.await.expect(201) }).await;
        let later = mario.tries_to_pay(notice);
        self.step("InitiatePayment", "taken up again later", async { later.await.expect(201) }).await;
        self.step("InitiatePayment", "how it goes", paying.status()).await;
        let success = CallbackMessage::succeeded(&paying);
        let psp = paying.psp();
        self.step("PspCallback", "paid", async { psp.calls_back(&success).await.expect(200) }).await;
        self.step("PspCallback", "the same message again", async {
            psp.calls_back(&success).await.expect(200)
        })
        .await;
        let renamed = success.clone().named(&format!("evt_tour_{}", paying.transaction));
        self.step("PspCallback", "paid, told again otherwise", async {
            psp.calls_back(&renamed).await.expect(200)
        })
        .await;
        self.step("InitiatePayment", "how it went", paying.status()).await;
        self.step("ReceiptPdf", "a receipt", mario.receipt_pdf(notice)).await;
        self.step("ListDebts", "one paid debt", mario.sees(notice)).await;
        let code = mario.receipt_code(notice).await;
        self.step("VerifyReceipt", "a code", async { mario.verifies_receipt(&code).await.ok() }).await;
        Box::pin(self.joint(mario)).await;
        Box::pin(self.accounts(&paying, notice)).await;
    }

    /// What the creditor's office asks about debts.
    async fn office(&self, mario: &PortalUser, notice: &SampleNotice) {
        let creditor = self.portal.creditor();
        let numberless = DebtPosition::of(&mario.person, self.portal.rng()).with("reference", "2026/1");
        let issue = creditor.issues_numberless(&numberless.body, "tour");
        self.step("ImportDebts", "a debt, its number issued", async { issue.await.expect(201) }).await;
        let path = format!("/creditor/debts/{}", notice.number);
        self.step("CreditorDebts", "one debt", async { creditor.gets(&path).await.ok() }).await;
        let path = format!("/creditor/debts?debtor={}", mario.person.fiscal_code);
        self.step("CreditorDebts", "two debts of a debtor", async { creditor.gets(&path).await.ok() }).await;
    }

    /// What it asks about money, once some has come twice.
    async fn accounts(&self, paying: &StartedPayment, notice: &SampleNotice) {
        let creditor = self.portal.creditor();
        let second = CallbackMessage::succeeded(paying).with("transactionId", "TX-TWICE").named("evt_twice");
        paying.psp().calls_back(&second).await.expect(200);
        let of_a_year = async { creditor.gets("/creditor/payments").await.ok() };
        self.step("CreditorPayments", "of a year", of_a_year).await;
        let news = async { creditor.gets("/creditor/events?limit=10").await.ok() };
        self.step("CreditorPayments", "ten events", news).await;
        let differences = async { creditor.gets("/creditor/differences").await.ok() };
        self.step("CreditorDifferences", "what needs a person", differences).await;
        let kept = creditor.differences_of(&notice.number).await;
        let id = kept[0]["id"].as_str().expect("money came twice").to_owned();
        let how = json!({"resolution": "refunded", "by": "ragioneria", "why": "mandato 118"});
        let resolve = creditor.resolves(&id, &how, "tour");
        self.step("CreditorDifferences", "one resolved", async { resolve.await.expect(200) }).await;
    }

    /// Five debts together, and one payment that fails.
    async fn joint(&self, mario: &PortalUser) {
        let creditor = self.portal.creditor();
        let mut five = Vec::new();
        for _ in 0..5 {
            five.push(creditor.issues(&mario.person).await);
        }
        let numbers: Vec<&str> = five.iter().map(|notice| notice.number.as_str()).collect();
        let order = json!({"noticeNumbers": numbers});
        let start = mario.orders(&order);
        let started = self.step("InitiatePayment", "five debts", async { start.await.expect(201) }).await;
        let paying = mario.paying(&started.json(), five.iter().map(|notice| notice.amount).sum());
        let (psp, failure) = (paying.psp(), CallbackMessage::failed(&paying));
        self.step("PspCallback", "five, failed", async { psp.calls_back(&failure).await.expect(200) }).await;
        let started = mario.orders(&order).await.expect(201);
        let paying = mario.paying(&started.json(), paying.amount());
        let success = CallbackMessage::succeeded(&paying);
        self.step("PspCallback", "five, paid", async { psp.calls_back(&success).await.expect(200) }).await;
        let forged = psp.posts(b"{}");
        self.step("PspCallback", "forged", async { forged.answer().await.expect(401) }).await;
    }

    async fn history(&self, mario: &PortalUser) {
        self.step("History", "first page", mario.history("")).await;
        self.step("History", "filtered", mario.history("?status=paid&q=mensa")).await;
        let table = mario.request("GET", "/api/history").header("accept", "text/csv");
        self.step("History", "as a table", async { table.answer().await.expect(200) }).await;
        self.step("Account", "all data taken along", mario.exports()).await;
    }

    async fn at_the_node(&self, mario: &PortalUser) {
        let (node, creditor) = (self.portal.node(), self.portal.creditor());
        let notice = creditor.issues(&mario.person).await;
        self.step("PagopaNode", "verify", async { node.verifies(&notice).await.ok() }).await;
        self.step("PagopaNode", "what is to pay", async { node.activates(&notice).await.ok() }).await;
        self.step("PagopaNode", "what is to pay, and the receipt", async { node.pays(&notice).await.ok() })
            .await;
    }

    /// What it finds to do depends on where things lie; that it finds nothing costs the same always.
    async fn sweeping(&self) {
        let sweep = async { self.portal.stack().invoke("Sweep", &json!({})).await.expect("a sweep") };
        self.step("Sweep", "nothing to do", sweep).await;
    }
}

/// Goes through every function once. `portal` must be alone; each call makes its own users.
pub async fn journey(portal: &TestPortal, watch: &dyn JourneyObserver) {
    let journey = Journey { portal, watch };
    // One by one on the heap: together they are longer than a test's stack.
    let (mut mario, notice) = Box::pin(journey.stranger()).await;
    Box::pin(journey.account(&mut mario)).await;
    Box::pin(journey.debts(&mario, &notice)).await;
    Box::pin(journey.payments(&mario, &notice)).await;
    journey.history(&mario).await;
    journey.at_the_node(&mario).await;
    journey.sweeping().await;
    journey
        .step("RevokeConsent", "withdrawn", async {
            mario.tries_to_withdraw_consent(&mario.person.password).await.expect(204)
        })
        .await;
}
