use serde_json::json;

use crate::{SampleNotice, TestPortal, TestResponse};

/// The pagoPA node: counters, banks and apps that pay by notice number.
#[derive(Clone)]
pub struct NodeClient {
    portal: TestPortal,
}

impl NodeClient {
    pub(crate) fn new(portal: &TestPortal) -> Self {
        Self { portal: portal.clone() }
    }

    /// Looks a notice up.
    pub async fn verifies(&self, notice: &SampleNotice) -> TestResponse {
        self.does("verify", notice).await
    }

    /// Asks what is to pay, as a counter does before it takes the money.
    pub async fn activates(&self, notice: &SampleNotice) -> TestResponse {
        self.does("activate", notice).await
    }

    /// Pays, and sends the receipt.
    pub async fn pays(&self, notice: &SampleNotice) -> TestResponse {
        self.does("pay", notice).await
    }

    async fn does(&self, operation: &str, notice: &SampleNotice) -> TestResponse {
        let order = json!({"operation": operation, "noticeNumber": notice.number});
        self.portal.local_client().post("/_local/node", &order).answer().await
    }

    /// Pays. Where the tests run without a node, says so and returns false.
    pub async fn has_taken(&self, notice: &SampleNotice) -> bool {
        let paid = self.pays(notice).await;
        if paid.status == 404 && paid.code() == "not_found" {
            println!("LEFT OUT: there is no node here");
            return false;
        }
        paid.ok();
        true
    }
}
