use crate::client::{ClientRequest, TestClient};
use crate::{DebtPosition, SampleNotice, SamplePerson, TestPortal, TestResponse};

/// The creditor's back office.
#[derive(Clone)]
pub struct CreditorClient {
    portal: TestPortal,
    client: TestClient,
}

impl CreditorClient {
    pub(crate) fn new(portal: &TestPortal) -> Self {
        Self { portal: portal.clone(), client: portal.machine_client() }
    }

    /// A request with the creditor's key.
    pub fn request(&self, method: impl AsRef<str>, path: &str) -> ClientRequest {
        self.client.request(method, path).header("authorization", "Bearer local-creditor-key")
    }

    pub async fn sends(&self, position: &DebtPosition) -> TestResponse {
        let path = format!("/creditor/debts/{}", position.number);
        self.request("PUT", &path).json(&position.body).answer().await
    }

    /// A debt under a number that the product issues.
    pub async fn issues_numberless(&self, body: &serde_json::Value, key: &str) -> TestResponse {
        self.request("POST", "/creditor/debts").json(body).idempotency_key(key).answer().await
    }

    pub async fn gets(&self, path: &str) -> TestResponse {
        self.request("GET", path).answer().await
    }

    /// Says what became of a difference.
    pub async fn resolves(&self, id: &str, how: &serde_json::Value, key: &str) -> TestResponse {
        let path = format!("/creditor/differences/{id}/resolve");
        self.request("POST", &path).json(how).idempotency_key(key).answer().await
    }

    /// The differences that speak of a debt, in the order of the list.
    pub async fn differences_of(&self, number: &str) -> Vec<serde_json::Value> {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.gets(&format!("/creditor/differences?limit=50{cursor}")).await.ok();
            let items = page["items"].as_array().cloned().unwrap_or_default();
            found.extend(items.into_iter().filter(|kept| kept["noticeNumber"] == number));
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    }

    /// A new position of somebody.
    pub async fn issues(&self, person: &SamplePerson) -> SampleNotice {
        self.issues_as(DebtPosition::of(person, self.portal.rng())).await
    }

    pub async fn issues_as(&self, position: DebtPosition) -> SampleNotice {
        self.sends(&position).await.expect(201);
        position.notice()
    }

    pub async fn tries_to_cancel(&self, notice: &SampleNotice) -> TestResponse {
        self.request("DELETE", &format!("/creditor/debts/{}", notice.number)).answer().await
    }

    pub async fn cancels(&self, notice: &SampleNotice) {
        self.tries_to_cancel(notice).await.expect(204);
    }

    /// Many positions in one call.
    pub async fn imports(&self, content_type: &str, rows: &str, dry_run: bool) -> TestResponse {
        let query = if dry_run { "?dryRun=true" } else { "" };
        let path = format!("/creditor/debts/import{query}");
        self.request("POST", &path).body(content_type, rows).answer().await
    }
}
