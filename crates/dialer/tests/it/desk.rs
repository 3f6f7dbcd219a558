//! A floor with one campaign on its own database file, the webhooks' real router, and a rep who sits down.

use std::time::Duration;

use dialer::{
    clock::Clock,
    config,
    floor::{Floor, Setup},
    store::{
        Store,
        agents::{self, NewAgent},
        campaigns::{self, NewCampaign},
        leads::{self, NewLead},
    },
    twilio::{self, Client},
    webhooks,
};
use dialer_core::phone_number::PhoneNumber;
use jiff::{SignedDuration, Timestamp};
use protocol::{AgentId, Attempt, CampaignId, Pii, Role, Seat, SeatState};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::carrier::{ACCOUNT_SID, AUTH_TOKEN, Carrier};

/// The longest a test waits for something that is bound to happen, in real time.
const WAIT_MAX: Duration = Duration::from_secs(20);

pub(crate) struct Desk {
    pub(crate) carrier: Carrier,
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) floor: Floor,
    pub(crate) campaign_id: CampaignId,
    pub(crate) base_url: Url,
    folder: TempDir,
    shutdown: CancellationToken,
    server: JoinHandle<()>,
}

impl Desk {
    /// A campaign of Acme's with these numbers on its list, on a Tuesday at 11:00 in New York.
    pub(crate) async fn open(numbers: &[&str]) -> Self {
        let carrier = Carrier::start().await;
        Self::open_on(numbers, carrier, Clock::manual(tuesday())).await
    }

    /// The same on another network or another clock.
    pub(crate) async fn open_on(numbers: &[&str], carrier: Carrier, clock: Clock) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&database_url(&folder)).await.unwrap();
        add_agent(&store, &clock, "owner@acme.example").await;
        let tenant_id = agents::tenant_by_name(&store, "Acme").await.unwrap().unwrap();
        let pool = vec![PhoneNumber::parse("2125550100").unwrap()];
        let new = NewCampaign {
            tenant_id,
            name: "Roofs".to_owned(),
            script: String::new(),
            pool,
        };
        let campaign_id = campaigns::add(&store, clock.now(), new).await.unwrap().unwrap();
        let new = numbers.iter().map(|number| NewLead {
            phone_number: PhoneNumber::parse(number).unwrap(),
            name: "Ada Lovelace".to_owned(),
            company: String::new(),
            fields: Vec::new(),
        });
        leads::add(&store, clock.now(), tenant_id, campaign_id, new.collect())
            .await
            .unwrap();
        let (floor, base_url, shutdown, server) = serve(&store, &clock, &carrier).await;
        Self {
            carrier,
            clock,
            store,
            floor,
            campaign_id,
            base_url,
            folder,
            shutdown,
            server,
        }
    }

    /// As after `kill -9`: the process is gone without a word, and another one opens the same file.
    pub(crate) async fn restart(self) -> Self {
        self.server.abort();
        self.shutdown.cancel();
        self.store.close().await;
        let store = Store::open(&database_url(&self.folder)).await.unwrap();
        let (floor, base_url, shutdown, server) = serve(&store, &self.clock, &self.carrier).await;
        Self {
            store,
            floor,
            base_url,
            shutdown,
            server,
            ..self
        }
    }

    /// A rep sits down, their phone joins the room, and they press start.
    pub(crate) async fn rep(&self, email: &str, leg: char) -> AgentId {
        let agent_id = add_agent(&self.store, &self.clock, email).await;
        let seat = self.floor.take_seat(agent_id, self.campaign_id).await.unwrap();
        assert_eq!(seat.state, SeatState::Joining);
        let twiml = self.join(agent_id, &seat, leg).await;
        assert!(
            twiml.contains(&format!(">{}</Conference>", seat.seat_id)),
            "{twiml}"
        );
        self.floor.start_dialing(agent_id).await.unwrap();
        agent_id
    }

    pub(crate) async fn join(&self, agent_id: AgentId, seat: &Seat, leg: char) -> String {
        let form = [
            ("CallSid", leg_sid(leg)),
            ("From", format!("client:{}", twilio::identity(agent_id))),
            ("seat", seat.seat_id.to_string()),
        ];
        let form = form.map(|(name, value)| (name.to_owned(), value));
        let url = self.base_url.join("/twilio/voice/client").unwrap();
        self.carrier
            .webhook(url.as_str(), &form)
            .await
            .text()
            .await
            .unwrap()
    }

    pub(crate) async fn state(&self, agent_id: AgentId) -> SeatState {
        self.floor
            .seat(agent_id)
            .await
            .unwrap()
            .expect("the rep has a seat")
            .state
    }

    /// Lets time pass until the carrier has taken this many calls.
    pub(crate) async fn until_calls(&self, count: usize) {
        self.until("a call is placed", async || self.carrier.calls().len() >= count)
            .await;
    }

    /// Lets time pass, a little at each look, until something is so.
    pub(crate) async fn until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        let mut looks = tokio::time::interval(Duration::from_millis(2));
        let waiting = async {
            while !is_so().await {
                if !self.clock.is_practice() {
                    self.clock.advance(SignedDuration::from_millis(100));
                }
                looks.tick().await;
            }
        };
        assert!(
            tokio::time::timeout(WAIT_MAX, waiting).await.is_ok(),
            "waited in vain until {what}"
        );
    }

    /// What the ledger says, by outcome.
    pub(crate) async fn ledger(&self) -> Vec<String> {
        let query = sqlx::query_scalar("SELECT outcome FROM ledger ORDER BY attempt_id");
        query.fetch_all(self.store.readers()).await.unwrap()
    }

    pub(crate) async fn count(&self, table: &'static str) -> i64 {
        let sql = match table {
            "call_events" => "SELECT COUNT(*) FROM call_events",
            "inbox" => "SELECT COUNT(*) FROM inbox",
            "attempts" => "SELECT COUNT(*) FROM attempts",
            "do_not_call" => "SELECT COUNT(*) FROM do_not_call",
            _ => panic!("no count for {table}"),
        };
        sqlx::query_scalar(sql)
            .fetch_one(self.store.readers())
            .await
            .unwrap()
    }
}

/// The attempt a seat is busy with.
pub(crate) fn attempt(state: SeatState) -> Attempt {
    match state {
        SeatState::Dialing { attempt } | SeatState::Talking { attempt } | SeatState::WrapUp { attempt } => {
            attempt
        }
        SeatState::Joining | SeatState::Paused | SeatState::Waiting { .. } => {
            panic!("no attempt in {state:?}")
        }
    }
}

pub(crate) fn tuesday() -> Timestamp {
    "2026-10-06T15:00:00Z".parse().unwrap()
}

pub(crate) fn leg_sid(digit: char) -> String {
    format!("CA{}", digit.to_string().repeat(32))
}

fn database_url(folder: &TempDir) -> String {
    format!("sqlite://{}", folder.path().join("offhook.db").display())
}

async fn add_agent(store: &Store, clock: &Clock, email: &str) -> AgentId {
    let new = NewAgent {
        tenant_name: "Acme".to_owned(),
        email: Pii::from(email),
        name: Pii::from("Rita Rep"),
        role: Role::Rep,
        password_hash: None,
    };
    agents::add(store, clock.now(), new).await.unwrap().unwrap()
}

async fn serve(
    store: &Store,
    clock: &Clock,
    carrier: &Carrier,
) -> (Floor, Url, CancellationToken, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url: Url = format!("http://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let twilio: config::Twilio = toml::from_str(&format!(
        "base_url = '{}'\naccount_sid = '{ACCOUNT_SID}'\nauth_token = \"{AUTH_TOKEN}\"\napi_key_sid = 'SK0'\napi_key_secret = 'x'",
        carrier.base_url
    ))
    .unwrap();
    let shutdown = CancellationToken::new();
    let setup = Setup {
        store: store.clone(),
        clock: clock.clone(),
        twilio: Client::new(&twilio).unwrap(),
        public_base_url: base_url.clone(),
        fallback_url: None,
        auth_token: SecretString::from(AUTH_TOKEN),
        calls_per_second: 1,
    };
    let floor = Floor::start(setup, shutdown.clone());
    let router = webhooks::router(&floor);
    let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (floor, base_url, shutdown, server)
}
