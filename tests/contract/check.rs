//! What a deployer looks with after a deployment, against the stack.

use admin::check::{CheckOptions, run};
use domain::notice::SegregationCode;

use crate::stack::{CREDITOR_KEY, stack};

#[tokio::test]
async fn a_deployers_check_sees_a_debt_through_and_leaves_none_to_pay() {
    let options = |key: &str| CheckOptions {
        portal: stack().address().to_owned(),
        key: key.to_owned(),
        creditor: "12345678903".to_owned(),
        segregation: "01".parse::<SegregationCode>().unwrap(),
    };
    let mut said = Vec::new();
    let now = stack().clock().now();
    let key = CREDITOR_KEY.trim_start_matches("Bearer ");
    assert!(run(&options(key), now, &mut said).await.unwrap(), "{}", String::from_utf8_lossy(&said));
    let said = String::from_utf8(said).unwrap();
    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), 5, "{said}");
    assert!(!said.contains("FAULT") && !said.contains(key), "{said}");
    // With a wrong key nothing is loaded, and it says so.
    let mut said = Vec::new();
    assert!(!run(&options("guess"), now, &mut said).await.unwrap());
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("FAULT   a debt of one cent") && said.contains("not_authenticated"), "{said}");
}
