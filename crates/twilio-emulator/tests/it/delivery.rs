//! How webhooks reach the application: time-outs, retries, challenges, cookies, and whose token signs.

use std::net::SocketAddr;

use md5::{Digest, Md5};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::application::{Answer, Application, expected_signature};
use crate::floor::{AUTH_TOKEN, Floor, OWN_NUMBER, PROSPECT, eventually, signed_in};
use crate::peer::{Manner, Peer, header};

/// Calls somebody whose TwiML cannot be had at `url`, and gives why.
async fn failure(floor: &Floor, url: &str) -> Value {
    floor.listener_at(PROSPECT).await;
    let call = floor.place(&[("Url", url)]).await;
    let failed = floor.wait_for_event("webhook.failed", "call", &call).await;
    let notes = floor.get(&format!("Calls/{call}/Notifications.json")).await;
    json!([failed["why"], notes["notifications"][0]["error_code"]])
}

#[tokio::test]
async fn a_failed_connect_is_tried_once_more_or_as_often_as_asked() {
    for (overrides, tries) in [("", 2), ("#rc=0", 1), ("#rc=3", 4), ("#rc=3&rp=5xx", 1)] {
        let floor = Floor::open().await;
        let peer = Peer::start(Manner::Closes).await;
        let url = format!("https://{}/voice{overrides}", peer.authority);
        assert_eq!(failure(&floor, &url).await, json!(["no connection", "11205"]));
        assert_eq!(peer.requests().len(), tries, "{overrides}");
        floor.close().await;
    }
}

#[tokio::test]
async fn a_certificate_of_nobody_known_is_no_connection() {
    let floor =
        Floor::open_with(|config| config.tls_listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)))).await;
    let (addr, _) = floor.tls();
    let url = format!("https://{addr}/healthz");
    assert_eq!(failure(&floor, &url).await, json!(["no connection", "11205"]));
    floor.close().await;
}

#[tokio::test]
async fn a_connection_that_breaks_later_is_not_tried_again() {
    for (overrides, tries) in [("", 1), ("#rc=2&rp=all", 3)] {
        let floor = Floor::open().await;
        let peer = Peer::start(Manner::Closes).await;
        let url = format!("http://{}/voice{overrides}", peer.authority);
        let broken = "the connection broke before the reply was whole";
        assert_eq!(failure(&floor, &url).await, json!([broken, "11206"]));
        assert_eq!(peer.requests().len(), tries, "{overrides}");
        floor.close().await;
    }
}

#[tokio::test]
async fn a_server_that_takes_no_connection_is_given_up() {
    let floor = Floor::open().await;
    let (listener, _queued) = full_listener().await;
    let url = format!("http://{}/voice#ct=150&rc=1", listener.local_addr().unwrap());
    assert_eq!(failure(&floor, &url).await, json!(["no connection", "11205"]));
    floor.close().await;
}

/// Nobody accepts; its queue is full, and further connects get no answer at all.
async fn full_listener() -> (TcpListener, TcpStream) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let queued = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (listener, queued)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_time_to_read_begins_when_the_connection_stands() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let (listener, _queued) = full_listener().await;
    let addr = listener.local_addr().unwrap();
    let url = format!("http://{addr}/voice#ct=10000&rt=900");
    let call = floor.place(&[("Url", &url)]).await;
    // Its first knock is lost then, and Linux knocks again after a second: later than the reply may take.
    eventually("the network knocks in vain", async || {
        is_knocking(addr.port()).then_some(())
    })
    .await;
    let peer = Peer::at(listener, Manner::Replies(vec![DOCUMENT.to_owned()]));
    floor.wait_for_event("twiml.fetched", "call", &call).await;
    assert_eq!(peer.requests().len(), 1);
    floor.close().await;
}

/// Whether somebody waits for an answer from this port on loopback.
#[cfg(target_os = "linux")]
fn is_knocking(port: u16) -> bool {
    const SYN_SENT: &str = "02";
    let sockets = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let to = format!("0100007F:{port:04X}");
    let mut rows = sockets
        .lines()
        .map(|row| row.split_whitespace().collect::<Vec<_>>());
    rows.any(|row| row.get(2..4) == Some(&[to.as_str(), SYN_SENT]))
}

#[tokio::test]
async fn a_late_reply_is_given_up_and_asked_for_again_only_if_told() {
    for (overrides, tries) in [
        ("rt=200", 1),
        // To be connected is enough to be in time for `ct`.
        ("rt=1500&ct=1000", 1),
        ("rt=200&rp=rt&rc=2", 3),
        ("rt=15000&rp=rt&rc=5&tt=200", 1),
    ] {
        let floor = Floor::open().await;
        let peer = Peer::start(Manner::Silent).await;
        let url = format!("http://{}/voice#{overrides}&sni=y&e=ashburn", peer.authority);
        assert_eq!(failure(&floor, &url).await, json!(["no reply in time", "11200"]));
        let requests = peer.requests();
        assert_eq!(requests.len(), tries, "{overrides}");
        let tokens = requests
            .iter()
            .map(|request| header(request, "i-twilio-idempotency-token"));
        let tokens: std::collections::BTreeSet<&str> = tokens.collect();
        assert_eq!(tokens.len(), 1, "{tokens:?}");
        assert!(!tokens.contains(""));
        floor.close().await;
    }
}

#[tokio::test]
async fn refusals_are_asked_again_only_if_told() {
    for (status, overrides, tries) in [
        (404, "", 1),
        (503, "", 1),
        (404, "#rp=5xx&rc=2", 1),
        (404, "#rp=4xx,5xx&rc=2", 3),
        (503, "#rp=all&rc=9", 6),
    ] {
        let floor = Floor::open().await;
        floor
            .application
            .answers_with("/voice", &[Answer::Status(status)]);
        let url = floor.application.url(&format!("/voice{overrides}"));
        assert_eq!(
            failure(&floor, &url).await,
            json!([format!("status {status}"), "11200"])
        );
        assert_eq!(
            floor.application.received("/voice").len(),
            tries,
            "{status} {overrides}"
        );
        floor.close().await;
    }
}

#[tokio::test]
async fn a_name_without_an_address_sends_the_call_to_its_fallback() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let url = "http://nobody.invalid/voice";
    floor.application.says("/fallback", "<Hangup/>");
    let fallback = floor.application.url("/fallback");
    let call = floor.place(&[("Url", url), ("FallbackUrl", &fallback)]).await;
    let fetch = floor
        .application
        .wait_for("/fallback", &[("CallSid", &call)])
        .await;
    assert_eq!(
        (
            fetch.params["ErrorCode"].as_str(),
            fetch.params["ErrorUrl"].as_str()
        ),
        ("11210", url)
    );
    floor.close().await;
}

#[tokio::test]
async fn redirects_are_followed_up_to_ten() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    floor
        .application
        .answers_with("/moved", &[Answer::Redirect("/voice")]);
    floor.application.says("/voice", "<Pause length=\"60\"/>");
    let url = floor.application.url("/moved");
    floor.place(&[("Url", &url)]).await;
    assert_eq!(floor.application.wait_for("/voice", &[]).await.method, "GET");
    floor
        .application
        .answers_with("/round", &[Answer::Redirect("/round")]);
    let url = floor.application.url("/round");
    assert_eq!(
        failure(&floor, &url).await,
        json!(["more than ten redirects", "11215"])
    );
    assert_eq!(floor.application.received("/round").len(), 11);
    floor.close().await;
}

fn unauthorized(challenge: &str) -> String {
    format!("HTTP/1.1 401 Unauthorized\r\nwww-authenticate: {challenge}\r\ncontent-length: 0\r\n\r\n")
}

const DOCUMENT: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: 11\r\n\r\n<Response/>";

/// The requests of a call whose URL has a user, to a server with this challenge.
async fn challenged(challenge: &str) -> (String, Vec<String>) {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let peer = Peer::start(Manner::Replies(vec![
        unauthorized(challenge),
        DOCUMENT.to_owned(),
    ]))
    .await;
    let url = format!("http://ann:p%40ss@{}/voice?lead=1", peer.authority);
    let call = floor.place(&[("Url", &format!("{url}#rc=2"))]).await;
    floor.wait_for_event("twiml.fetched", "call", &call).await;
    floor.close().await;
    (url, peer.requests())
}

#[tokio::test]
async fn a_user_in_the_url_is_told_only_to_a_server_that_asks() {
    let (url, requests) = challenged("Basic realm=\"floor\"").await;
    assert_eq!(requests.len(), 2);
    assert_eq!(header(&requests[0], "authorization"), "");
    assert_eq!(header(&requests[1], "authorization"), "Basic YW5uOnBAc3M=");
    for request in &requests {
        assert!(
            request.starts_with("POST /voice?lead=1 HTTP/1.1\r\n"),
            "{request}"
        );
        let body = request.split_once("\r\n\r\n").unwrap().1;
        let form: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes())
            .into_owned()
            .collect();
        let signature = expected_signature(AUTH_TOKEN, &url, &form);
        assert_eq!(header(request, "x-twilio-signature"), signature);
    }
}

#[tokio::test]
async fn a_digest_challenge_is_answered_too() {
    let challenge = "Digest realm=\"floor\", nonce=\"n1\", qop=\"auth\", algorithm=MD5";
    let (_, requests) = challenged(challenge).await;
    let answer = header(&requests[1], "authorization");
    let field = |name: &str| {
        let value = answer.split_once(&format!(" {name}=")).unwrap().1;
        value.split(',').next().unwrap().trim_matches('"').to_owned()
    };
    let md5 = |text: String| hex::encode(Md5::digest(text.as_bytes()));
    let who = md5("ann:floor:p@ss".to_owned());
    let what = md5("POST:/voice?lead=1".to_owned());
    let (nc, cnonce) = (field("nc"), field("cnonce"));
    assert!(answer.starts_with("Digest "), "{answer}");
    assert_eq!(
        field("response"),
        md5(format!("{who}:n1:{nc}:{cnonce}:auth:{what}"))
    );
}

#[tokio::test]
async fn cookies_come_back_during_the_call_and_no_longer() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let redirect = "<Response><Redirect>/next</Redirect></Response>".to_owned();
    floor
        .application
        .answers_with("/voice", &[Answer::Cookie("session=s1; Path=/", redirect)]);
    floor.application.says("/next", "<Hangup/>");
    let url = floor.application.url("/voice");
    for _ in 0..2 {
        let call = floor.place(&[("Url", &url)]).await;
        let first = floor.application.wait_for("/voice", &[("CallSid", &call)]).await;
        assert_eq!(first.cookie, "");
        let next = floor.application.wait_for("/next", &[("CallSid", &call)]).await;
        assert_eq!(next.cookie, "session=s1");
    }
    floor.close().await;
}

#[tokio::test]
async fn json_is_signed_by_its_hash() {
    let floor = Floor::open().await;
    let url = floor.application.url("/events?source=calls");
    let order = json!({ "url": url, "json": { "type": "test", "words": ["a", "b"] } });
    signed_in(floor.client.post(floor.url("/emulator/webhooks")).json(&order)).await;
    let received = floor.application.wait_for("/events", &[]).await;
    assert!(received.signed);
    let hash = hex::encode(Sha256::digest(received.body.as_bytes()));
    assert_eq!(received.params["bodySHA256"], hash);
    assert_eq!(
        serde_json::from_str::<Value>(&received.body).unwrap(),
        order["json"]
    );
    floor.close().await;
}

#[tokio::test]
async fn the_promoted_token_signs_from_then_on() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let v1 = async |path: &str, token: &str| -> Value {
        let request = floor.client.post(floor.url(&format!("/v1/AuthTokens/{path}")));
        let request = request.basic_auth(crate::floor::ACCOUNT_SID, Some(token));
        request.send().await.unwrap().json().await.unwrap()
    };
    let secondary = v1("Secondary", AUTH_TOKEN).await["secondary_auth_token"].clone();
    let secondary = secondary.as_str().unwrap();
    floor.place(&[("Twiml", "<Response/>")]).await;
    let before = floor
        .application
        .wait_for("/status", &[("CallStatus", "completed")])
        .await;
    assert!(before.signed, "a secondary token signs nothing yet");

    assert_eq!(v1("Promote", secondary).await["auth_token"], secondary);
    let application = Application::start(secondary).await;
    let status = application.url("/status");
    let order = [
        ("To", PROSPECT),
        ("From", OWN_NUMBER),
        ("Twiml", "<Response/>"),
        ("StatusCallback", &status),
    ];
    let place = floor.client.post(floor.rest("Calls.json")).form(&order);
    let place = place.basic_auth(crate::floor::ACCOUNT_SID, Some(secondary));
    place.send().await.unwrap().error_for_status().unwrap();
    assert!(application.wait_for("/status", &[]).await.signed);
    floor.close().await;
}

async fn subaccount(floor: &Floor) -> Value {
    let accounts = floor.client.post(floor.url("/2010-04-01/Accounts.json"));
    let made = signed_in(accounts.form(&[("FriendlyName", "tenant")])).await;
    made.json().await.unwrap()
}

#[tokio::test]
async fn a_subaccounts_webhooks_are_signed_with_its_own_token() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let sub = subaccount(&floor).await;
    let application = Application::start(sub["auth_token"].as_str().unwrap()).await;
    let root = floor.url(&format!("/2010-04-01/Accounts/{}", sub["sid"].as_str().unwrap()));
    let post = async |path: &str, form: &[(&str, &str)]| {
        let request = floor.client.post(format!("{root}/{path}")).form(form);
        signed_in(request).await.error_for_status().unwrap();
    };
    post("IncomingPhoneNumbers.json", &[("PhoneNumber", "+16465550123")]).await;
    let status = application.url("/status");
    let order = [
        ("To", PROSPECT),
        ("From", "+16465550123"),
        ("Twiml", "<Response/>"),
        ("StatusCallback", &status),
    ];
    post("Calls.json", &order).await;
    let received = application.wait_for("/status", &[]).await;
    assert!(received.signed);
    assert_eq!(received.params["AccountSid"], sub["sid"]);
    floor.close().await;
}

#[tokio::test]
async fn what_a_rooms_callback_meets_is_noted_in_the_rooms_own_account() {
    let floor = Floor::open().await;
    floor.listener_at(PROSPECT).await;
    let sub = subaccount(&floor).await;
    let root = floor.url(&format!("/2010-04-01/Accounts/{}", sub["sid"].as_str().unwrap()));
    let post = async |path: &str, form: &[(&str, &str)]| -> Value {
        let request = floor.client.post(format!("{root}/{path}")).form(form);
        signed_in(request).await.json().await.unwrap()
    };
    post("IncomingPhoneNumbers.json", &[("PhoneNumber", "+16465550123")]).await;
    floor.application.answers_with("/room", &[Answer::Status(404)]);
    let twiml = format!(
        "<Response><Dial><Conference statusCallback=\"{}\" statusCallbackEvent=\"end\">sales</Conference></Dial></Response>",
        floor.application.url("/room")
    );
    let order = [("To", PROSPECT), ("From", "+16465550123"), ("Twiml", &twiml)];
    let call = post("Calls.json", &order).await["sid"].clone();
    let call = call.as_str().unwrap();
    floor.wait_for_event("participant.join", "call", call).await;
    post(&format!("Calls/{call}.json"), &[("Status", "completed")]).await;
    eventually("the refusal is noted", async || {
        let notes = signed_in(floor.client.get(format!("{root}/Notifications.json"))).await;
        let notes: Value = notes.json().await.unwrap();
        (notes["notifications"][0]["error_code"] == "15003").then_some(())
    })
    .await;
    let main = floor.get("Notifications.json").await;
    assert_eq!(main["notifications"], json!([]));
    floor.close().await;
}
