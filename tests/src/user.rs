use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::client::{ClientRequest, TestClient};
use crate::{PspClient, PspDecision, ReceivedMail, SampleNotice, SamplePerson, TestPortal, TestResponse};

/// Somebody who uses the portal. A clone is the same person at the same browser.
#[derive(Clone)]
pub struct PortalUser {
    portal: TestPortal,
    pub person: SamplePerson,
    pub browser: TestClient,
    keys: Arc<AtomicU32>,
}

/// What the public search gives.
#[derive(Clone, Debug)]
pub struct FoundDebt {
    pub debt: Value,
    pub reference: String,
}

/// A payment that somebody has started.
#[derive(Clone)]
pub struct StartedPayment {
    pub citizen: PortalUser,
    pub id: String,
    pub redirect_url: String,
    pub transaction: String,
    amount: u64,
}

impl PortalUser {
    pub(crate) fn new(portal: &TestPortal, person: SamplePerson) -> Self {
        Self { portal: portal.clone(), person, browser: portal.browser(), keys: Arc::default() }
    }

    /// The same person elsewhere: another browser, without cookies, at another address.
    pub fn elsewhere(&self) -> Self {
        Self { browser: self.portal.browser(), ..self.clone() }
    }

    pub fn request(&self, method: impl AsRef<str>, path: &str) -> ClientRequest {
        self.browser.request(method, path)
    }

    pub async fn gets(&self, path: &str) -> TestResponse {
        self.browser.get(path).answer().await
    }

    pub async fn posts(&self, path: &str, body: &Value) -> TestResponse {
        self.browser.post(path, body).answer().await
    }

    // The account.

    /// The first step of the registration: the code alone.
    pub async fn checks_code(&self, code: &str) -> TestResponse {
        self.posts("/api/register/check", &json!({"fiscalCode": code})).await
    }

    pub async fn tries_to_register(&self) -> TestResponse {
        self.registers_with(&self.person.form()).await
    }

    pub async fn registers_with(&self, form: &Value) -> TestResponse {
        self.posts("/api/register", form).await
    }

    /// And waits for the mail.
    pub async fn registers(&self) {
        let sent = self.tries_to_register().await.expect(202).json();
        assert_eq!(sent, json!({"status": "activation-sent"}));
        let _looked = self.mails().await;
    }

    /// Opens the newest mailed link of a page and copies its token.
    pub async fn token(&self, page: &str) -> String {
        let token = self.portal.mailbox().token(&self.person.email, page).await;
        token.unwrap_or_else(|| panic!("no mail with a link to {page}"))
    }

    pub async fn tries_to_activate(&self, token: &str) -> TestResponse {
        self.tries_to_activate_with(token, &self.person.password).await
    }

    pub async fn tries_to_activate_with(&self, token: &str, password: &str) -> TestResponse {
        self.posts("/api/activate", &json!({"token": token, "password": password})).await
    }

    /// With the short code of a mail instead of its link.
    pub async fn tries_to_activate_by_code(&self, code: &str) -> TestResponse {
        let SamplePerson { username, password, .. } = &self.person;
        self.posts("/api/activate", &json!({"username": username, "code": code, "password": password})).await
    }

    /// By the newest link; is logged in.
    pub async fn activates(&self) {
        let token = self.token("/attiva").await;
        let active = self.tries_to_activate(&token).await.ok();
        assert_eq!(active["status"], "active");
    }

    pub async fn asks_for_activation(&self) -> TestResponse {
        self.posts("/api/activate/resend", &json!({"username": self.person.username})).await
    }

    pub async fn tries_to_log_in(&self) -> TestResponse {
        self.logs_in_with(&self.person.password).await
    }

    pub async fn logs_in_with(&self, password: &str) -> TestResponse {
        let credentials = json!({"username": self.person.username, "password": password});
        self.posts("/api/login", &credentials).await
    }

    /// Gives the account back.
    pub async fn logs_in(&self) -> Value {
        self.tries_to_log_in().await.ok()["account"].take()
    }

    pub async fn tries_to_log_out(&self) -> TestResponse {
        self.posts("/api/logout", &json!({})).await
    }

    pub async fn logs_out(&self) {
        self.tries_to_log_out().await.expect(204);
    }

    /// Registers and activates, which logs in.
    pub async fn becomes_known(self) -> Self {
        self.registers().await;
        self.activates().await;
        self
    }

    pub async fn account(&self) -> Value {
        self.gets("/api/account").await.ok()["account"].take()
    }

    pub async fn is_logged_in(&self) -> bool {
        let answer = self.gets("/api/account").await;
        if answer.status != 200 {
            answer.clone().refused(401, "not_authenticated");
        }
        answer.status == 200
    }

    pub async fn tries_to_change_account(&self, change: &Value) -> TestResponse {
        self.request("PATCH", "/api/account").json(change).answer().await
    }

    pub async fn chooses_language(&self, language: &str) -> Value {
        self.tries_to_change_account(&json!({"language": language})).await.ok()["account"].take()
    }

    pub async fn tries_to_change_email(&self, email: &str) -> TestResponse {
        self.posts("/api/account/email", &json!({"email": email, "password": self.person.password})).await
    }

    pub async fn tries_to_confirm_email(&self, token: &str) -> TestResponse {
        self.posts("/api/account/email/confirm", &json!({"token": token})).await
    }

    pub async fn tries_to_contest(&self, token: &str) -> TestResponse {
        self.posts("/api/identity/contest", &json!({"token": token})).await
    }

    pub async fn is_proven(&self) -> bool {
        self.account().await["identityProven"].as_bool().expect("a flag")
    }

    pub async fn exports(&self) -> Value {
        let export = self.gets("/api/account/export").await.expect(200);
        assert!(export.header("content-disposition").is_some_and(|value| value.starts_with("attachment")));
        export.json()
    }

    pub async fn tries_to_change_password(&self, current: &str, new: &str) -> TestResponse {
        let change = json!({"currentPassword": current, "password": new, "passwordConfirmation": new});
        self.posts("/api/password/change", &change).await
    }

    pub async fn changes_password(&mut self) {
        let new = SamplePerson::new_password(self.portal.rng());
        self.tries_to_change_password(&self.person.password, &new).await.expect(204);
        self.person.password = new;
    }

    pub async fn asks_for_reset(&self) -> TestResponse {
        self.posts("/api/password/forgot", &json!({"username": self.person.username})).await
    }

    /// And waits for the mail.
    pub async fn forgets_password(&self) {
        assert_eq!(self.asks_for_reset().await.expect(202).json(), json!({"status": "mail-sent"}));
        let _looked = self.mails().await;
    }

    pub async fn tries_to_reset_password(&self, token: &str, new: &str) -> TestResponse {
        let reset = json!({"token": token, "password": new, "passwordConfirmation": new});
        self.posts("/api/password/reset", &reset).await
    }

    pub async fn tries_to_reset_by_code(&self, code: &str, new: &str) -> TestResponse {
        let username = &self.person.username;
        let reset = json!({"username": username, "code": code, "password": new, "passwordConfirmation": new});
        self.posts("/api/password/reset", &reset).await
    }

    pub async fn resets_password(&mut self) {
        let new = SamplePerson::new_password(self.portal.rng());
        let token = self.token("/reimposta-password").await;
        self.tries_to_reset_password(&token, &new).await.expect(204);
        self.person.password = new;
    }

    pub async fn tries_to_withdraw_consent(&self, password: &str) -> TestResponse {
        self.posts("/api/consent/revoke", &json!({"password": password})).await
    }

    pub async fn withdraws_consent(&self) {
        self.tries_to_withdraw_consent(&self.person.password).await.expect(204);
    }

    /// The mails that came, newest first.
    pub async fn mails(&self) -> Vec<ReceivedMail> {
        self.portal.mailbox().of(&self.person.email).await
    }

    /// The subjects of the mails that came, oldest first.
    pub async fn subjects(&self) -> Vec<String> {
        let mut subjects: Vec<String> = self.mails().await.into_iter().map(|mail| mail.subject).collect();
        subjects.reverse();
        subjects
    }

    /// How many receipts were mailed.
    pub async fn receipts_mailed(&self) -> usize {
        self.subjects().await.iter().filter(|subject| subject.starts_with("Ricevuta del pagamento")).count()
    }

    /// How many mails came with this subject.
    pub async fn mails_about(&self, subject: &str) -> usize {
        self.portal.mailbox().of_subject(&self.person.email, subject).await.len()
    }

    /// The newest mail with this subject.
    pub async fn mails_about_first(&self, subject: &str) -> ReceivedMail {
        let mails = self.portal.mailbox().of_subject(&self.person.email, subject).await;
        mails.into_iter().next().unwrap_or_else(|| panic!("no mail about {subject}"))
    }

    // Debts.

    pub async fn searches_for(&self, fiscal_code: &str, notice_number: &str) -> TestResponse {
        let codes = json!({"fiscalCode": fiscal_code, "noticeNumber": notice_number});
        self.posts("/api/search", &codes).await
    }

    pub async fn searches(&self, notice: &SampleNotice) -> FoundDebt {
        let mut found = self.searches_for(&notice.fiscal_code, &notice.number).await.ok();
        let reference = found["reference"].as_str().expect("a reference").to_owned();
        FoundDebt { debt: found["debt"].take(), reference }
    }

    pub async fn tries_to_associate(&self, codes: &Value) -> TestResponse {
        self.posts("/api/debts/associate", codes).await
    }

    /// Adds a debt by the codes of its notice.
    pub async fn associates(&self, notice: &SampleNotice) -> Value {
        let codes = json!({"fiscalCode": notice.fiscal_code, "noticeNumber": notice.number});
        self.tries_to_associate(&codes).await.ok()["debt"].take()
    }

    /// Adds what was found by search.
    pub async fn associates_found(&self, found: &FoundDebt) -> Value {
        self.tries_to_associate(&json!({"reference": found.reference})).await.ok()["debt"].take()
    }

    pub async fn to_pay_answer(&self) -> TestResponse {
        self.gets("/api/debts").await
    }

    /// The whole first page of what is to pay.
    pub async fn to_pay(&self) -> Value {
        self.to_pay_answer().await.ok()
    }

    /// The numbers of what is to pay, in order.
    pub async fn numbers_to_pay(&self) -> Vec<String> {
        numbers(&self.to_pay().await)
    }

    /// Every page of a list, by its cursors.
    pub async fn walks(&self, path: &str) -> Vec<Value> {
        let mut pages = Vec::new();
        let mut cursor = None;
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let next = cursor.map(|cursor: String| format!("{path}{joint}cursor={cursor}"));
            let page = self.gets(next.as_deref().unwrap_or(path)).await.ok();
            cursor = page["nextCursor"].as_str().map(str::to_owned);
            pages.push(page);
            if cursor.is_none() {
                return pages;
            }
            assert!(pages.len() < 1_000, "a list without end: {path}");
        }
    }

    pub async fn tries_to_see(&self, notice: &SampleNotice) -> TestResponse {
        self.gets(&format!("/api/debts/{}", notice.number)).await
    }

    /// A debt with its payments and what happened to it.
    pub async fn sees(&self, notice: &SampleNotice) -> Value {
        self.tries_to_see(notice).await.ok()
    }

    pub async fn status(&self, notice: &SampleNotice) -> String {
        self.sees(notice).await["debt"]["status"].as_str().expect("a status").to_owned()
    }

    /// What happened to a debt, in the order shown.
    pub async fn timeline(&self, notice: &SampleNotice) -> Vec<String> {
        let seen = self.sees(notice).await;
        let events = seen["timeline"].as_array().expect("a timeline");
        events.iter().map(|entry| entry["event"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub async fn history(&self, query: &str) -> Value {
        self.gets(&format!("/api/history{query}")).await.ok()
    }

    pub async fn notice_pdf(&self, notice: &SampleNotice) -> TestResponse {
        self.gets(&format!("/api/debts/{}/notice.pdf", notice.number)).await
    }

    pub async fn receipt_pdf(&self, notice: &SampleNotice) -> TestResponse {
        self.gets(&format!("/api/debts/{}/receipt.pdf", notice.number)).await
    }

    /// The code printed on a receipt, out of the data that the person takes along.
    pub async fn receipt_code(&self, notice: &SampleNotice) -> String {
        let export = self.exports().await;
        let debts = export["debts"].as_array().expect("the debts").clone();
        let debt = debts.into_iter().find(|debt| debt["noticeNumber"] == notice.number.as_str());
        let debt = debt.unwrap_or_else(|| panic!("{} is not in the export", notice.number));
        debt["receipt"]["code"].as_str().expect("a receipt's code").to_owned()
    }

    pub async fn verifies_receipt(&self, code: &str) -> TestResponse {
        self.gets(&format!("/api/receipts/{code}")).await
    }

    pub async fn services(&self) -> Vec<Value> {
        self.gets("/api/services").await.ok()["items"].as_array().expect("services").clone()
    }

    pub async fn tries_to_create(&self, wish: &Value) -> TestResponse {
        self.tries_to_create_as(wish, &self.new_key()).await
    }

    pub async fn tries_to_create_as(&self, wish: &Value, key: &str) -> TestResponse {
        self.browser.post("/api/debts", wish).idempotency_key(key).answer().await
    }

    /// A debt of the person's own accord.
    pub async fn creates(&self, wish: &Value) -> SampleNotice {
        SampleNotice::of(&self.tries_to_create(wish).await.expect(201).json()["debt"])
    }

    pub async fn tries_to_take_back(&self, notice: &SampleNotice) -> TestResponse {
        self.deletes_debt(&notice.number).await
    }

    pub async fn deletes_debt(&self, number: &str) -> TestResponse {
        self.request("DELETE", &format!("/api/debts/{number}")).answer().await
    }

    // Payments.

    /// A key that this person has not used before.
    pub fn new_key(&self) -> String {
        format!("click-{}", self.keys.fetch_add(1, Ordering::Relaxed))
    }

    pub async fn payment_methods(&self, amount: u64) -> Vec<Value> {
        let path = format!("/api/payment-methods?amount={amount}");
        self.gets(&path).await.ok()["items"].as_array().expect("methods").clone()
    }

    pub async fn tries_to_pay(&self, notice: &SampleNotice) -> TestResponse {
        self.orders(&json!({"noticeNumbers": [notice.number]})).await
    }

    pub async fn orders(&self, order: &Value) -> TestResponse {
        self.orders_as(order, &self.new_key()).await
    }

    pub async fn orders_as(&self, order: &Value, key: &str) -> TestResponse {
        self.browser.post("/api/payments", order).idempotency_key(key).answer().await
    }

    pub async fn pays(&self, notice: &SampleNotice) -> StartedPayment {
        self.pays_all(&[notice]).await
    }

    pub async fn pays_all(&self, notices: &[&SampleNotice]) -> StartedPayment {
        let numbers: Vec<&str> = notices.iter().map(|notice| notice.number.as_str()).collect();
        self.pays_as(notices, &json!({"noticeNumbers": numbers})).await
    }

    /// With method, PSP or address of the person's choice.
    pub async fn pays_as(&self, notices: &[&SampleNotice], order: &Value) -> StartedPayment {
        let started = self.orders(order).await.expect(201).json();
        self.paying(&started, notices.iter().map(|notice| notice.amount).sum())
    }

    /// A payment out of the answer that began it.
    pub fn paying(&self, started: &Value, amount: u64) -> StartedPayment {
        let text = |name: &str| started[name].as_str().unwrap_or_default().to_owned();
        let redirect_url = text("redirectUrl");
        let transaction = redirect_url.rsplit('/').next().unwrap_or_default().to_owned();
        StartedPayment { citizen: self.clone(), id: text("paymentId"), redirect_url, transaction, amount }
    }

    /// Pays and is confirmed.
    pub async fn has_paid(&self, notice: &SampleNotice) -> StartedPayment {
        let paying = self.pays(notice).await;
        paying.at_psp(crate::PspOutcome::Success).await;
        assert_eq!(paying.status().await, "succeeded");
        paying
    }
}

impl StartedPayment {
    /// The sum of the debts.
    pub fn amount(&self) -> u64 {
        self.amount
    }

    pub fn psp(&self) -> PspClient {
        self.citizen.portal.psp()
    }

    /// Decides on the PSP's page; gives back where the PSP sends the browser.
    pub async fn at_psp(&self, wish: impl Into<PspDecision>) -> String {
        let decided = self.psp().decides(&self.transaction, wish).await.ok();
        decided["returnUrl"].as_str().expect("a way back").to_owned()
    }

    /// What the PSP does and tells, in the words of the local stack's route.
    pub async fn psp_does(&self, wish: &Value) {
        self.psp().decides_as(&self.transaction, wish).await.ok();
    }

    /// Gives the payment up.
    pub async fn tries_to_cancel(&self) -> TestResponse {
        self.citizen.posts(&format!("/api/payments/{}/cancel", self.id), &json!({})).await
    }

    pub async fn tries_to_see(&self) -> TestResponse {
        self.citizen.gets(&format!("/api/payments/{}", self.id)).await
    }

    /// What the portal knows of it.
    pub async fn sees(&self) -> Value {
        self.tries_to_see().await.ok()
    }

    pub async fn status(&self) -> String {
        self.sees().await["status"].as_str().expect("a status").to_owned()
    }
}

/// The numbers of a list's items, in order.
pub fn numbers(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().expect("a list");
    items.iter().map(|debt| debt["noticeNumber"].as_str().unwrap_or_default().to_owned()).collect()
}
