//! The program itself: what it says when it cannot start, and how fast it ends.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;
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
