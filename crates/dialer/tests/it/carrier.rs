//! A Twilio of a few lines: it takes calls the way a test says, keeps them, and sends signed webhooks when told to.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use dialer::twilio::signature::{self, Body};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

pub(crate) const ACCOUNT_SID: &str = "AC00000000000000000000000000000001";
pub(crate) const AUTH_TOKEN: &str = "the account's token";

/// The status of a call that is answered with 404 from now on.
const FORGOTTEN: &str = "forgotten";

/// What `POST /Calls` does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Creates {
    /// Answers 201.
    Call,
    /// Places the call and answers 500.
    HiddenCall,
    /// Answers 500 and places nothing.
    Nothing,
    /// Answers 400 with this code.
    Refusal(u32),
    /// Answers 429.
    RateLimit,
}

#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) sid: String,
    pub(crate) status: String,
    date_created: Option<&'static str>,
    form: Vec<(String, String)>,
}

impl Call {
    pub(crate) fn param(&self, name: &str) -> &str {
        &self.form.iter().find(|(found, _)| found == name).unwrap().1
    }

    fn body(&self) -> Value {
        json!({"sid": self.sid, "status": self.status, "date_created": self.date_created})
    }
}

#[derive(Default)]
struct Account {
    calls: Vec<Call>,
    next: VecDeque<Creates>,
    requests: usize,
}

/// A handle on the stand-in.
#[derive(Clone)]
pub(crate) struct Carrier {
    account: Arc<Mutex<Account>>,
    pub(crate) base_url: Url,
    http: reqwest::Client,
}

impl Carrier {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let account = Arc::new(Mutex::new(Account::default()));
        let calls = "/2010-04-01/Accounts/{account}/Calls.json";
        let router = Router::new()
            .route(calls, post(create).get(list))
            .route(
                "/2010-04-01/Accounts/{account}/Calls/{call}",
                get(fetch).post(update),
            )
            .with_state(account.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let http = reqwest::Client::builder().build().unwrap();
        Self {
            account,
            base_url,
            http,
        }
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap()
    }

    pub(crate) fn next_creates(&self, creates: &[Creates]) {
        self.account().next.extend(creates);
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.account().calls.clone()
    }

    /// How often `POST /Calls` came in.
    pub(crate) fn create_requests(&self) -> usize {
        self.account().requests
    }

    /// A call from before, placed by somebody else.
    pub(crate) fn add_old_call(&self) {
        let mut account = self.account();
        let sid = format!("CA{:032x}", account.calls.len() + 1);
        let date_created = Some("Tue, 06 Oct 2026 12:00:00 +0000");
        account.calls.push(Call {
            sid,
            status: "completed".to_owned(),
            date_created,
            form: Vec::new(),
        });
    }

    pub(crate) fn set_status(&self, index: usize, status: &str) {
        status.clone_into(&mut self.account().calls[index].status);
    }

    /// The call is no longer in the account's records.
    pub(crate) fn forget(&self, index: usize) {
        FORGOTTEN.clone_into(&mut self.account().calls[index].status);
    }

    /// Sends a status callback of the call; the reply's status.
    pub(crate) async fn report(&self, index: usize, status: &str) -> StatusCode {
        self.set_status(index, status);
        let call = self.calls()[index].clone();
        self.webhook(call.param("StatusCallback"), &call_form(&call, status))
            .await
            .status()
    }

    /// The called party answers; the TwiML that comes back.
    pub(crate) async fn answer(&self, index: usize) -> String {
        self.set_status(index, "in-progress");
        let call = self.calls()[index].clone();
        let reply = self
            .webhook(call.param("Url"), &call_form(&call, "in-progress"))
            .await;
        assert_eq!(reply.status(), StatusCode::OK);
        reply.text().await.unwrap()
    }

    /// Sends a form, signed as Twilio signs it.
    pub(crate) async fn webhook(&self, url: &str, form: &[(String, String)]) -> reqwest::Response {
        let address = url.split('#').next().unwrap();
        let signature = signature::sign(&SecretString::from(AUTH_TOKEN), address, Body::Form(form));
        self.webhook_signed(address, form, &signature).await
    }

    pub(crate) async fn webhook_signed(
        &self,
        address: &str,
        form: &[(String, String)],
        signature: &str,
    ) -> reqwest::Response {
        let request = self
            .http
            .post(address)
            .header("X-Twilio-Signature", signature)
            .form(form);
        request.send().await.unwrap()
    }
}

pub(crate) fn call_form(call: &Call, status: &str) -> Vec<(String, String)> {
    let to = call.param("To").to_owned();
    let pairs = [
        ("CallSid", call.sid.clone()),
        ("CallStatus", status.to_owned()),
        ("To", to),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
}

async fn create(State(account): State<Arc<Mutex<Account>>>, body: String) -> Response {
    let mut account = account.lock().unwrap();
    account.requests += 1;
    let creates = account.next.pop_front().unwrap_or(Creates::Call);
    let refusal = |status: StatusCode, code: u32| (status, Json(json!({"code": code}))).into_response();
    match creates {
        Creates::Refusal(code) => return refusal(StatusCode::BAD_REQUEST, code),
        Creates::RateLimit => return refusal(StatusCode::TOO_MANY_REQUESTS, 20_429),
        Creates::Nothing => return refusal(StatusCode::INTERNAL_SERVER_ERROR, 20_500),
        Creates::Call | Creates::HiddenCall => {}
    }
    let form = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    let sid = format!("CA{:032x}", account.calls.len() + 1);
    let call = Call {
        sid,
        status: "queued".to_owned(),
        date_created: None,
        form,
    };
    account.calls.push(call.clone());
    if creates == Creates::HiddenCall {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, 20_500);
    }
    (StatusCode::CREATED, Json(call.body())).into_response()
}

async fn list(State(account): State<Arc<Mutex<Account>>>) -> Json<Value> {
    let calls: Vec<Value> = account
        .lock()
        .unwrap()
        .calls
        .iter()
        .rev()
        .map(Call::body)
        .collect();
    Json(json!({"calls": calls}))
}

async fn fetch(
    State(account): State<Arc<Mutex<Account>>>,
    Path((_, file)): Path<(String, String)>,
) -> Response {
    let account = account.lock().unwrap();
    match account
        .calls
        .iter()
        .find(|call| file == format!("{}.json", call.sid))
    {
        Some(call) if call.status == FORGOTTEN => StatusCode::NOT_FOUND.into_response(),
        Some(call) => Json(call.body()).into_response(),
        // The agents' own legs are not calls of ours: they live until somebody ends them.
        None => Json(json!({"sid": file.trim_end_matches(".json"), "status": "in-progress"})).into_response(),
    }
}

async fn update(
    State(account): State<Arc<Mutex<Account>>>,
    Path((_, file)): Path<(String, String)>,
    body: String,
) -> Response {
    let mut account = account.lock().unwrap();
    let status = body.strip_prefix("Status=").unwrap().to_owned();
    let Some(call) = account
        .calls
        .iter_mut()
        .find(|call| file == format!("{}.json", call.sid))
    else {
        return Json(json!({"sid": file.trim_end_matches(".json"), "status": status})).into_response();
    };
    if status == "completed" || call.status != "in-progress" {
        call.status = status;
    }
    Json(call.body()).into_response()
}
