//! What a function that was taken over could write: the rows of its own work, and no other.

use std::collections::BTreeSet;

use journeys::local::{Options, Template};
use journeys::{TestPortal, Value, json};

/// A write of a row of a kind. It is refused before it is looked at, or it changes nothing that is there.
fn write(action: &str, table: &str, kind: &str) -> Value {
    let key = json!({"pk": {"S": format!("{kind}of-nobody")}, "sk": {"S": "nothing"}});
    match action {
        "PutItem" => json!({"TableName": table, "Item": key}),
        _ => json!({"TableName": table, "Key": key}),
    }
}

/// The kinds of rows of a table, by what anybody may do there, and one that is none.
fn kinds_of<'t>(template: &'t Template, table: &str) -> BTreeSet<&'t str> {
    let grants = template.functions.values().flat_map(|function| &function.grants);
    let of_the_table = grants.filter(|it| it.resource.ends_with(&format!("/{table}")));
    of_the_table.filter_map(|it| it.rows.as_deref()).chain(["OTHER#*"]).collect()
}

/// Every function tries every write of every kind of row that its role does not name.
#[tokio::test]
async fn mon_16_each_write_that_no_grant_allows_is_refused() {
    let Some(portal) = TestPortal::alone() else { return };
    let template = portal.stack().template();
    let mut tried = 0;
    for function in template.functions.values() {
        for table in template.tables.keys() {
            let kinds = kinds_of(template, table);
            for action in ["PutItem", "UpdateItem", "DeleteItem"] {
                let granted: Vec<Option<&str>> = function
                    .grants
                    .iter()
                    .filter(|it| {
                        it.action == format!("dynamodb:{action}")
                            && it.resource.ends_with(&format!("/{table}"))
                    })
                    .map(|it| it.rows.as_deref())
                    .collect();
                assert!(!granted.contains(&None), "{}: {action} on {table}, whatever the row", function.name);
                for kind in kinds.iter().filter(|kind| !granted.contains(&Some(kind))) {
                    let request = write(action, table, kind.trim_end_matches('*'));
                    let answer = portal.dynamodb_as(&function.name, action, &request).await.expect(400);
                    let said = answer.json()["__type"].to_string();
                    assert!(
                        said.contains("AccessDenied"),
                        "{} {action} {table} {kind}: {said}",
                        function.name
                    );
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 1_000, "{tried}");
}

/// What the finding was about, by name.
#[tokio::test]
async fn mon_16_who_only_looks_a_session_up_writes_sessions_alone_and_nobody_changes_a_movement() {
    let Some(portal) = TestPortal::alone_with(Options { demo: false, ..Options::default() }) else { return };
    let template = portal.stack().template();
    for name in ["Services", "PaymentMethods", "ReceiptPdf", "NoticePdf", "History", "ListDebts", "Logout"] {
        let writes = template.functions[name].grants.iter().filter(|it| {
            it.resource.ends_with("/IdentityTable")
                && !it.action.ends_with("GetItem")
                && !it.action.ends_with("Query")
        });
        let kinds: BTreeSet<Option<&str>> = writes.map(|it| it.rows.as_deref()).collect();
        assert_eq!(kinds, BTreeSet::from([Some("SESS#*")]), "{name}");
    }
    let denied = &template.tables["MovementsTable"].denied;
    for action in ["UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLUpdate", "PartiQLDelete"] {
        assert!(denied.contains(&format!("dynamodb:{action}")), "{action}: {denied:?}");
    }
}

/// One secret for each purpose, and each read by those alone who have that purpose.
#[tokio::test]
async fn mon_16_a_secret_is_read_by_those_who_have_its_purpose() {
    let Some(portal) = TestPortal::alone() else { return };
    let template = portal.stack().template();
    let readers = |secret: &str| -> BTreeSet<&str> {
        let reads = |grants: &BTreeSet<journeys::local::Grant>| {
            grants.iter().any(|it| it.action == "secretsmanager:GetSecretValue" && it.resource == secret)
        };
        template.functions.values().filter(|it| reads(&it.grants)).map(|it| it.name.as_str()).collect()
    };
    assert_eq!(readers("WebhookSecret"), BTreeSet::from(["PspCallback"]));
    assert_eq!(readers("PepperSecret"), BTreeSet::from(["Login", "Password", "Register", "RevokeConsent"]));
    assert_eq!(readers("LinkSecret"), BTreeSet::from(["ProcessOutbox", "Sweep"]));
    assert_eq!(readers("AcaSecret"), BTreeSet::from(["ProcessOutbox", "Sweep"]));
    assert_eq!(readers("PspSecret"), BTreeSet::from(["InitiatePayment", "Sweep"]));
    for outside in ["PspCallback", "PagopaNode", "ImportDebts", "Search", "VerifyReceipt", "ProcessOutbox"] {
        assert!(!readers("SessionSecret").contains(outside), "{outside} could make sessions");
    }
}
