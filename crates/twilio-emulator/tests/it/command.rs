//! The program itself: what it says when it cannot start, and how fast it ends.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const ACCOUNT: [&str; 8] = [
    "--account-sid",
    "AC00000000000000000000000000000001",
    "--auth-token",
    "secret",
    "--api-key-sid",
    "SK00000000000000000000000000000001",
    "--api-key-secret",
    "secret",
];

fn emulator(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twilio-emulator"));
    command.args(ACCOUNT).args(flags).env("RUST_LOG", "warn");
    command
}

/// Starts it and gives where it listens.
fn start(flags: &[&str]) -> (Child, String) {
    let mut child = emulator(flags).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines.map(Result::unwrap).find_map(|line| {
        line.strip_prefix("twilio-emulator ready http://")
            .map(str::to_owned)
    });
    (child, ready.unwrap())
}

fn terminate(child: &mut Child) -> Option<i32> {
    let killed = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    child.wait().unwrap().code()
}

#[test]
fn what_cannot_be_is_said_in_one_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let world = folder.path().join("world.toml");
    std::fs::write(&world, "absent = \"nobody\"").unwrap();
    let (folder, world) = (folder.path().to_str().unwrap(), world.to_str().unwrap());
    for (flags, words) in [
        (
            vec!["--listen", "nowhere"],
            "invalid value 'nowhere' for '--listen",
        ),
        (vec!["--listen", &taken], "port 0 picks a free one"),
        (vec!["--listen", "192.0.2.1:0"], "cannot listen on 192.0.2.1:0"),
        (vec!["--tls-listen", &taken], "cannot listen encrypted"),
        (vec!["--tls-ca", "x"], "--tls-listen"),
        (
            vec!["--tls-listen", "127.0.0.1:0", "--tls-ca", folder],
            "--tls-ca: cannot write",
        ),
        (
            vec!["--world", "/nonexistent"],
            "--world /nonexistent: No such file",
        ),
        (vec!["--world", world], "there is no persona nobody"),
        (vec!["--clock", "virtual"], "--no-media"),
        (vec!["--cps=-1"], "--cps"),
        (vec!["--seed", "x"], "--seed"),
    ] {
        let output = emulator(&flags).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {error}");
        assert!(error.contains(words), "{flags:?}: {error}");
        assert!(!error.contains("panicked"), "{error}");
        let clap = error.contains("Usage") || error.contains("--help");
        assert!(clap || error.lines().count() == 1, "{error}");
    }
}

#[tokio::test]
async fn it_ends_at_once_in_the_middle_of_calls_and_its_port_is_free() {
    let (mut child, addr) = start(&["--cps", "10"]);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let signed_in = |request: reqwest::RequestBuilder| request.basic_auth(ACCOUNT[1], Some("secret"));
    let persona = json!({ "name": "x", "answer": { "after": { "ring_ms": 1 } } });
    let put = client.put(format!("http://{addr}/emulator/personas/+13125550142"));
    assert_eq!(signed_in(put.json(&persona)).send().await.unwrap().status(), 204);
    for _ in 0..3 {
        let post = client.post(format!(
            "http://{addr}/2010-04-01/Accounts/{}/Calls.json",
            ACCOUNT[1]
        ));
        let form = [
            ("To", "+13125550142"),
            ("From", "+12025550100"),
            ("Twiml", "<Response><Say>Hi</Say></Response>"),
        ];
        assert_eq!(signed_in(post.form(&form)).send().await.unwrap().status(), 201);
    }
    // Somebody never finishes a request, somebody holds a socket.
    let mut slow = tokio::net::TcpStream::connect(&addr).await.unwrap();
    slow.write_all(b"POST /v1/AuthTokens/Secondary HTTP/1.1\r\nContent-Length: 9\r\n")
        .await
        .unwrap();
    let (_socket, _) = tokio_tungstenite::connect_async(format!("ws://{addr}/signal"))
        .await
        .unwrap();

    let ended = tokio::task::spawn_blocking(move || terminate(&mut child));
    let ended = tokio::time::timeout(Duration::from_secs(20), ended).await;
    assert_eq!(
        ended.expect("it ends although somebody is slow").unwrap(),
        Some(0)
    );
    let _ = slow.read(&mut [0; 1]).await;
    let (mut again, same) = start(&["--listen", &addr]);
    assert_eq!(same, addr);
    assert_eq!(terminate(&mut again), Some(0));
}

/// A client of the program: status and body, empty if there is none.
async fn ask(addr: &str, method: Method, path: &str, body: Value, password: &str) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.request(method.clone(), format!("http://{addr}{path}"));
    let request = if method == Method::GET {
        request
    } else {
        request.json(&body)
    };
    let response = request
        .basic_auth(ACCOUNT[1], Some(password))
        .send()
        .await
        .unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or_default())
}

/// Two hundred calls into the world of the example, and an hour; gives the log and what REST says of them.
async fn an_hour() -> (Vec<Value>, Vec<Value>) {
    let world = concat!(env!("CARGO_MANIFEST_DIR"), "/worlds/us-floor.toml");
    let flags = ["--clock", "virtual", "--no-media", "--cps", "5", "--world", world];
    let (mut child, addr) = start(&flags);
    let calls = format!("/2010-04-01/Accounts/{}/Calls.json", ACCOUNT[1]);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for n in 0..200 {
        let to = format!("+1312555{n:04}");
        let form = [
            ("To", to.as_str()),
            ("From", "+12025550100"),
            (
                "Twiml",
                "<Response><Say>Good morning</Say><Pause length=\"20\"/></Response>",
            ),
        ];
        let post = client.post(format!("http://{addr}{calls}")).form(&form);
        let placed = post.basic_auth(ACCOUNT[1], Some("secret")).send().await.unwrap();
        assert_eq!(placed.status(), 201);
    }
    let hour = json!({ "advance_ms": 3_600_000 });
    let (status, clock) = ask(&addr, Method::POST, "/emulator/clock", hour, "secret").await;
    assert_eq!((status, &clock["now"]), (200, &json!("2026-01-05T16:00:00Z")));
    let (_, log) = ask(&addr, Method::GET, "/emulator/events", Value::Null, "secret").await;
    let list = format!("{calls}?PageSize=1000");
    let (_, list) = ask(&addr, Method::GET, &list, Value::Null, "secret").await;
    assert_eq!(terminate(&mut child), Some(0));
    let rows = |value: &Value| value.as_array().unwrap().clone();
    (rows(&log["events"]), rows(&list["calls"]))
}

#[tokio::test]
async fn an_hour_of_a_floor_is_over_at_once_and_the_same_again() {
    let (log, calls) = an_hour().await;
    assert_eq!(calls.len(), 200);
    let with = |status: &str| calls.iter().filter(|call| call["status"] == status).count();
    assert_eq!(
        with("completed") + with("busy") + with("no-answer") + with("failed"),
        200
    );
    assert!(
        with("completed") > 80 && with("no-answer") > 20,
        "{}",
        with("completed")
    );
    assert_eq!(an_hour().await.0, log);
}

#[tokio::test]
async fn the_control_api_wants_the_account_and_says_what_it_does_not_take() {
    let (mut child, addr) = start(&[]);
    let ada = json!({ "name": "Ada", "answer": { "after": { "ring_ms": 50 } }, "script": "listen" });
    for (method, path, body, status) in [
        (Method::PUT, "personas/+13125550142", ada, 204),
        (
            Method::PUT,
            "personas/13125550142",
            json!({ "persona": "busy" }),
            400,
        ),
        (Method::PUT, "faults", json!({ "creates": [] }), 204),
        (Method::PUT, "faults", json!({ "create": [] }), 400),
        (Method::POST, "clock", json!({ "advance_ms": 1 }), 409),
        (Method::POST, "clock", json!({}), 400),
        (Method::GET, "clock", Value::Null, 200),
        (Method::GET, "events?kind=persona.set", Value::Null, 200),
        (Method::GET, "events?after=yesterday", Value::Null, 400),
        (Method::GET, "legs", Value::Null, 200),
        (Method::GET, "legs/CA0/heard.wav", Value::Null, 404),
        (Method::PUT, "legs", Value::Null, 405),
        (Method::POST, "reset", Value::Null, 204),
        (Method::GET, "nothing", Value::Null, 404),
    ] {
        let whole = format!("/emulator/{path}");
        let (answered, told) = ask(&addr, method.clone(), &whole, body.clone(), "secret").await;
        assert_eq!(answered, status, "{method} {path}: {told}");
        assert!(
            status < 400 || told["message"].is_string(),
            "{method} {path}: {told}"
        );
        if status < 400 {
            let (refused, told) = ask(&addr, method.clone(), &whole, body, "wrong").await;
            assert_eq!((refused, &told["code"]), (401, &json!(20003)), "{method} {path}");
        }
    }
    assert_eq!(terminate(&mut child), Some(0));
}
