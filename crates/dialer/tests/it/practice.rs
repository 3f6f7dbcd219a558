//! The practice floor as the desktop starts it: a child process that ends with its parent.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use protocol::{Campaign, TokenReply, VoiceToken};
use reqwest::{Client, StatusCode, header, redirect};

use crate::site::{REDIRECT, VERIFIER, answer, challenge};

#[tokio::test]
async fn a_trainee_signs_in_with_one_click_and_finds_a_list_to_call() {
    let folder = tempfile::tempdir().unwrap();
    let mut floor = Floor::start(folder.path(), &[]);
    let token = floor.sign_in().await.access_token;

    let campaigns: Vec<Campaign> = floor
        .http
        .get(floor.url("/api/v1/campaigns"))
        .bearer_auth(&token)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let campaign = &campaigns[0];
    assert!(campaign.lead_count >= 240, "{}", campaign.lead_count);
    assert!(
        (150..campaign.lead_count).contains(&campaign.callable_count),
        "{}",
        campaign.callable_count
    );

    let voice: VoiceToken = floor
        .http
        .post(floor.url("/api/v1/voice-token"))
        .bearer_auth(&token)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(voice.signalling_host.is_some());
    floor.end();

    // The same floor the next time, and it is still signed in by the same rep.
    let mut floor = Floor::start(folder.path(), &[]);
    let me = floor
        .http
        .get(floor.url("/api/v1/me"))
        .bearer_auth(&token)
        .send()
        .await
        .unwrap();
    assert_eq!(me.status(), StatusCode::OK);
    floor.end();

    let mut floor = Floor::start(folder.path(), &["--reset"]);
    let me = floor
        .http
        .get(floor.url("/api/v1/me"))
        .bearer_auth(&token)
        .send()
        .await
        .unwrap();
    assert_eq!(me.status(), StatusCode::UNAUTHORIZED);
    floor.end();
}

#[tokio::test]
async fn a_web_page_cannot_borrow_the_practice_floor() {
    let folder = tempfile::tempdir().unwrap();
    let mut floor = Floor::start(folder.path(), &[]);
    let rebound = floor
        .http
        .get(floor.url("/healthz"))
        .header(header::HOST, "evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(rebound.status(), StatusCode::MISDIRECTED_REQUEST);
    floor.end();
}

struct Floor {
    process: Child,
    stdin: Option<ChildStdin>,
    // Kept open: a floor that cannot print would end.
    _stdout: BufReader<ChildStdout>,
    base_url: String,
    http: Client,
}

impl Floor {
    fn start(folder: &Path, options: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_offhook-dialer"))
            .args(["practice", "--exit-with-stdin", "--data-dir"])
            .arg(folder)
            .args(options)
            .env_remove("OFFHOOK_PRACTICE_NOW")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = process.stdin.take();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let base_url = line
            .trim()
            .strip_prefix("offhook-dialer ready ")
            .expect("the ready line")
            .to_owned();
        let http = Client::builder()
            .redirect(redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            process,
            stdin,
            _stdout: stdout,
            base_url,
            http,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    async fn sign_in(&self) -> TokenReply {
        let challenge = challenge(VERIFIER);
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", "offhook-desktop"),
            ("redirect_uri", REDIRECT),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        let url = self.url("/oauth/authorize");
        let page = self.http.get(&url).query(&parameters).send().await.unwrap();
        let cookie = page.headers()[header::SET_COOKIE]
            .to_str()
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        assert!(
            page.text()
                .await
                .unwrap()
                .contains("Sign in as Riley Reyes (practice rep)")
        );
        parameters.push(("csrf", cookie.split_once('=').unwrap().1));
        let form = self
            .http
            .post(&url)
            .header(header::COOKIE, &cookie)
            .form(&parameters);
        let code = answer(&form.send().await.unwrap(), "code").unwrap();
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "offhook-desktop"),
            ("code", &code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        self.http
            .post(self.url("/oauth/token"))
            .form(&form)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// Goes away as a desktop does: its end of the pipe closes.
    fn end(&mut self) {
        self.stdin.take();
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        // Only after a failed assertion is there anything left to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
