use super::*;

fn made(request: http::request::Builder, body: &[u8]) -> Value {
    let request = request.body(body.to_vec()).unwrap();
    let route = Route { method: "POST".to_owned(), path: "/my/{name}".to_owned(), function: "My".to_owned() };
    let parameters = BTreeMap::from([("name".to_owned(), "path".to_owned())]);
    let origin = Origin {
        source: "127.0.0.2".parse().unwrap(),
        request_id: "id",
        now: "2020-03-12T19:03:58.390Z".parse().unwrap(),
    };
    event(&request, &route, &parameters, &origin)
}

/// The sample of "Create AWS Lambda proxy integrations for HTTP APIs", payload format 2.0, as far as this request
/// has its parts: no client certificate, no authoriser, no stage variables; a route of its own.
#[test]
fn the_event_has_the_shape_that_aws_documents() {
    let request = http::Request::post("/my/path?parameter1=value1&parameter1=value2&parameter2=value")
        .header("Host", "id.execute-api.localhost:3000")
        .header("Header1", "value1")
        .header("Header2", "value1")
        .header("Header2", "value2")
        .header("Cookie", "cookie1; cookie2")
        .header("User-Agent", "agent")
        .header("Content-Type", "text/plain");
    assert_eq!(
        made(request, b"Hello from Lambda"),
        json!({
            "version": "2.0",
            "routeKey": "POST /my/{name}",
            "rawPath": "/my/path",
            "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
            "cookies": ["cookie1", "cookie2"],
            "headers": {
                "content-type": "text/plain",
                "header1": "value1",
                "header2": "value1,value2",
                "host": "id.execute-api.localhost:3000",
                "user-agent": "agent",
                "x-forwarded-for": "127.0.0.2",
                "x-forwarded-port": "3000",
                "x-forwarded-proto": "http"
            },
            "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "local",
                "domainName": "id.execute-api.localhost",
                "domainPrefix": "id",
                "http": {
                    "method": "POST",
                    "path": "/my/path",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.2",
                    "userAgent": "agent"
                },
                "requestId": "id",
                "routeKey": "POST /my/{name}",
                "stage": "$default",
                "time": "12/Mar/2020:19:03:58 +0000",
                "timeEpoch": 1_584_039_838_390_i64
            },
            "body": "Hello from Lambda",
            "pathParameters": {"name": "path"},
            "isBase64Encoded": false
        })
    );
}

#[test]
fn a_body_that_is_no_text_goes_as_base64() {
    for (content_type, text) in [
        ("application/json; charset=utf-8", true),
        ("text/csv", true),
        ("application/x-www-form-urlencoded", false),
        ("application/octet-stream", false),
        ("", false),
    ] {
        let made = made(http::Request::post("/my/path").header("content-type", content_type), b"{}");
        assert_eq!(made["isBase64Encoded"], !text, "{content_type}");
        assert_eq!(made["body"], if text { "{}" } else { "e30=" });
    }
    let broken = made(http::Request::post("/my/path").header("content-type", "text/plain"), b"\xff");
    assert_eq!((&broken["isBase64Encoded"], &broken["body"]), (&json!(true), &json!("/w==")));
}

#[test]
fn paths_are_handed_over_decoded_and_queries_as_they_came() {
    let made = made(http::Request::get("/my/a%20b?q=a%20b&q=c+d"), b"");
    assert_eq!(made["rawPath"], "/my/a b");
    assert_eq!(made["rawQueryString"], "q=a%20b&q=c+d");
    assert_eq!(made["queryStringParameters"]["q"], "a b,c d");
    assert!(made.get("body").is_none() && made.get("cookies").is_none());
}

#[test]
fn an_answer_becomes_http_with_its_cookies_and_bytes() {
    let answer = json!({
        "statusCode": 201, "headers": {"content-type": "application/pdf", "x-number": 1}, "cookies": ["a=1", "b=2"],
        "body": "JVBERg==", "isBase64Encoded": true
    });
    let response = reply(answer.to_string().as_bytes()).unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.body(), b"%PDF");
    assert_eq!(response.headers()["x-number"], "1");
    assert_eq!(response.headers().get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
    for broken in ["{}", "null", r#"{"statusCode": 99}"#, r#"{"statusCode": 200, "headers": {"a b": "c"}}"#] {
        assert!(reply(broken.as_bytes()).is_err(), "{broken}");
    }
}
