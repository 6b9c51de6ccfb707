//! The demonstration data: made through the front door like anybody's.

use std::net::{IpAddr, Ipv4Addr};

use emulator::exchange::Response;
use emulator::start_error::StartError;
use http::HeaderValue;
use http::header::SET_COOKIE;
use serde_json::{Value, json};
use simulators::checkout::{self, CartChoice};
use simulators::psp::PaymentChoice;

use crate::demo::{
    CANTEEN_DUE_SOON, CANTEEN_PAID, FISCAL_CODE, MANUAL_NOTICE, MARKET_DUE_LATE, OTHER_FISCAL_CODE,
    OTHER_NOTICE, PASSWORD, TRANSPORT_CANCELLED, TRANSPORT_PAST_DUE, USER,
};
use crate::secrets::CREDITOR_KEY;
use crate::stack::StackState;

/// Puts the data in, once for each folder of data.
pub async fn seed(state: &StackState) -> Result<(), StartError> {
    let mark = state.folder.as_ref().map(|folder| folder.join("seeded"));
    if mark.as_ref().is_some_and(|mark| mark.exists()) {
        return Ok(());
    }
    let mut seeder = Seeder { state, source: 0, cookie: None };
    seeder
        .all()
        .await
        .map_err(|why| StartError::new(format!("the demonstration data cannot be put in: {why}")))?;
    state.settle().await;
    state.aws.mailbox.clear();
    state.aws.faults.forget_usage();
    if let Some(mark) = mark {
        std::fs::write(&mark, "")
            .map_err(|e| StartError::new(format!("{} cannot be written: {e}", mark.display())))?;
    }
    Ok(())
}

struct Seeder<'a> {
    state: &'a StackState,
    source: u8,
    cookie: Option<String>,
}

impl Seeder<'_> {
    async fn all(&mut self) -> Result<(), String> {
        self.import().await?;
        self.register().await?;
        self.log_in().await?;
        self.call(
            "POST",
            "/api/debts/associate",
            json!({"fiscalCode": FISCAL_CODE, "noticeNumber": MANUAL_NOTICE}),
        )
        .await?;
        self.pay(CANTEEN_PAID).await?;
        self.call("POST", "/api/logout", json!({})).await.map(drop)
    }

    async fn import(&mut self) -> Result<(), String> {
        let today = domain::time::rome_date(self.state.clock.now());
        let due = |days: i64| today.checked_add(jiff::Span::new().days(days)).unwrap_or(today).to_string();
        let mario = json!({
            "fiscalCode": FISCAL_CODE, "personType": "natural", "name": "Mario Rossi", "address": "via Roma 1",
            "postalCode": "00100", "city": "Roma", "province": "RM", "country": "IT", "email": USER
        });
        let lucia = json!({
            "fiscalCode": OTHER_FISCAL_CODE, "personType": "natural", "name": "Lucia Verdi", "address": "via Dante 12",
            "postalCode": "20121", "city": "Milano", "province": "MI", "country": "IT"
        });
        let debts = [
            (MANUAL_NOTICE, &mario, "TEST1", "TEST2 AUXdigit 0", 1, None),
            (
                CANTEEN_DUE_SOON,
                &mario,
                "08.MENSA SCOLASTICA",
                "Mensa scolastica, secondo bimestre",
                4_550,
                Some(5),
            ),
            (
                TRANSPORT_PAST_DUE,
                &mario,
                "10.TRASPORTO SCOLASTICO",
                "Trasporto scolastico, prima rata",
                12_000,
                Some(-10),
            ),
            (
                MARKET_DUE_LATE,
                &mario,
                "14.TOSAP TEMPORANEA",
                "Occupazione temporanea, mercato del sabato",
                8_725,
                Some(60),
            ),
            (
                CANTEEN_PAID,
                &mario,
                "08.MENSA SCOLASTICA",
                "Mensa scolastica, primo bimestre",
                4_550,
                Some(20),
            ),
            (
                TRANSPORT_CANCELLED,
                &mario,
                "10.TRASPORTO SCOLASTICO",
                "Trasporto scolastico, linea soppressa",
                3_000,
                Some(30),
            ),
            (
                OTHER_NOTICE,
                &lucia,
                "08.MENSA SCOLASTICA",
                "Mensa scolastica, secondo bimestre",
                6_230,
                Some(15),
            ),
        ];
        for (notice, debtor, service, reason, amount, days) in debts {
            let mut body =
                json!({"debtor": debtor, "serviceCode": service, "reason": reason, "amount": amount});
            if let (Some(days), Some(body)) = (days, body.as_object_mut()) {
                body.insert("dueDate".to_owned(), json!(due(days)));
            }
            self.call("PUT", &format!("/creditor/debts/{notice}"), body).await?;
        }
        self.call("DELETE", &format!("/creditor/debts/{TRANSPORT_CANCELLED}"), Value::Null).await.map(drop)
    }

    async fn register(&mut self) -> Result<(), String> {
        let person = json!({
            "fiscalCode": FISCAL_CODE, "personType": "natural", "firstName": "Mario", "lastName": "Rossi",
            "address": "via Roma 1", "country": "IT", "city": "Roma", "province": "RM", "postalCode": "00100",
            "email": USER, "phone": "+39 333 1234567", "username": USER, "password": PASSWORD,
            "passwordConfirmation": PASSWORD, "privacyAccepted": true, "termsAccepted": true
        });
        self.call("POST", "/api/register", person).await?;
        self.state.settle().await;
        let mails = self.state.aws.mailbox.mails(Some(USER));
        let links = mails.iter().flat_map(|mail| &mail.links);
        let token = links.filter_map(|link| link.split_once("#t=")).map(|(_, token)| token).next();
        let token = token.ok_or("no activation mail came")?;
        self.call("POST", "/api/activate", json!({"token": token, "password": PASSWORD})).await.map(drop)
    }

    async fn log_in(&mut self) -> Result<(), String> {
        let answer = self.send("POST", "/api/login", json!({"username": USER, "password": PASSWORD})).await?;
        let cookie = answer.headers().get(SET_COOKIE).and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).ok_or("no session came")?;
        self.cookie = Some(cookie.to_owned());
        Ok(())
    }

    async fn pay(&mut self, notice: &str) -> Result<(), String> {
        let order = json!({"noticeNumbers": [notice]});
        let started = self.call("POST", "/api/payments", order).await?;
        let redirect = started.get("redirectUrl").and_then(Value::as_str).unwrap_or_default();
        let transaction = redirect.rsplit('/').next().unwrap_or_default();
        let simulators = &self.state.simulators;
        if redirect.contains(checkout::PAGES) {
            let paid = simulators.checkout.pay(transaction, &CartChoice::success()).await;
            paid.map_err(|e| format!("the local Checkout: {e:?}"))?;
        } else {
            let paid = simulators.psp.pay(transaction, &PaymentChoice::success()).await;
            paid.map_err(|e| format!("the local PSP: {e:?}"))?;
        }
        self.is_paid(notice).await
    }

    async fn is_paid(&mut self, notice: &str) -> Result<(), String> {
        let paid = self.call("GET", &format!("/api/debts/{notice}"), Value::Null).await?;
        match paid.pointer("/debt/status").and_then(Value::as_str) {
            Some("paid") => Ok(()),
            other => Err(format!("the paid debt is {other:?}")),
        }
    }

    async fn call(&mut self, method: &str, path: &str, body: Value) -> Result<Value, String> {
        let answer = self.send(method, path, body).await?;
        Ok(serde_json::from_slice(answer.body()).unwrap_or_default())
    }

    /// A request like anybody's, each from a source that nobody else uses: limits are counted by source.
    async fn send(&mut self, method: &str, path: &str, body: Value) -> Result<Response, String> {
        self.source = self.source.wrapping_add(1);
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.state.public_url))
            .header("user-agent", "demo")
            .header("idempotency-key", format!("demo-{}", self.source));
        if path.starts_with("/creditor/") {
            request = request.header("authorization", format!("Bearer {CREDITOR_KEY}"));
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let mut bytes = Vec::new();
        if !body.is_null() {
            request = request.header("content-type", HeaderValue::from_static("application/json"));
            bytes = body.to_string().into_bytes();
        }
        let request = request.body(bytes).map_err(|e| e.to_string())?;
        let source = IpAddr::V4(Ipv4Addr::new(127, 255, 255, self.source));
        let answer = self.state.at_the_portal(request, source).await?;
        if !answer.status().is_success() {
            let said = String::from_utf8_lossy(answer.body()).into_owned();
            return Err(format!("{method} {path} answered {} {said}", answer.status().as_u16()));
        }
        Ok(answer)
    }
}
