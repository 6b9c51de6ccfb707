//! What the program says.

use local::{Granted, PASSWORD, Stack, USER};

/// Where everything is, once it runs.
pub fn welcome(address: &str, local: &str, limits: bool, neighbours_only: bool) -> String {
    let mut text = String::new();
    if !limits {
        text.push_str(
            "\n*** LIMITS ARE OFF: anybody may try as often as they like. For load tests only. ***\n",
        );
    }
    if neighbours_only {
        text.push_str(&format!(
            "\nNeighbours ready at {address}\n\
             \n  variables of the functions   curl -s {address}/_local/environment\
             \n  the same, for SAM            curl -s {address}/_local/environment.json\
             \n  demonstration data           curl -X POST {address}/_local/demo   (once the portal answers)\
             \n  mail that was sent           {address}/_local/mail\n\n"
        ));
        return text;
    }
    text.push_str(&format!(
        "\nReady at {address}   (everything else there is: {local}/_local/)\n\
         \n  user      {USER}\
         \n  password  {PASSWORD}\n\
         \nThree things to try:\n\
         \n  1. Search a debt\
         \n     curl -s {address}/api/search -H 'content-type: application/json' \\\
         \n       -d '{{\"fiscalCode\":\"RSSMRA80A01H501U\",\"noticeNumber\":\"001000000000106683\"}}'\n\
         \n  2. Log in and list what is to pay\
         \n     curl -s -c cookies.txt {address}/api/login -H 'content-type: application/json' \\\
         \n       -d '{{\"username\":\"{USER}\",\"password\":\"{PASSWORD}\"}}' && \\\
         \n     curl -s -b cookies.txt {address}/api/debts\n\
         \n  3. Start to pay: open the redirectUrl in a browser, then look at {local}/_local/mail\
         \n     curl -s -b cookies.txt {address}/api/payments -H 'content-type: application/json' \\\
         \n       -H 'idempotency-key: try-1' -d '{{\"noticeNumbers\":[\"001000000000106683\"]}}'\n\n"
    ));
    text
}

/// What the template should say otherwise, as far as was seen.
pub fn grants(stack: &Stack) -> String {
    let lines = |granted: Vec<Granted>| granted.iter().map(|one| format!("  {one}\n")).collect::<String>();
    let (lacking, unused) = (lines(stack.lacking_grants()), lines(stack.unused_grants()));
    format!("\nNeeded and not granted:\n{lacking}\nGranted and not needed so far:\n{unused}")
}
