//! One company on one phone network: a dialer, a campaign with a list, and two reps.

use std::{
    net::TcpListener,
    path::PathBuf,
    process,
    sync::atomic::{AtomicU16, Ordering},
};

use dialer::{
    password,
    store::{
        Store,
        agents::{self, NewAgent},
        campaigns::{self, NewCampaign},
        leads::{self, NewLead},
    },
};
use dialer_core::phone_number::PhoneNumber;
use protocol::{CampaignId, Pii, Role};
use secrecy::SecretString;
use tempfile::TempDir;

use crate::{
    alarm,
    browser::Credentials,
    desktop::Desktop,
    network::{Network, OWN_NUMBER},
    phone::Headset,
    rows::Rows,
    service::Service,
};

/// Two reps of the company.
pub(crate) const RITA: &str = "rita@acme.example";
pub(crate) const ROB: &str = "rob@acme.example";
const PASSWORD: &str = "correct horse battery";

/// People in New York who may be called at this hour.
pub(crate) const ADA: &str = "2125550142";
pub(crate) const BOB: &str = "2125550143";
pub(crate) const CAM: &str = "2125550144";

/// Everything a story needs.
pub(crate) struct World {
    pub(crate) network: Network,
    pub(crate) dialer: Service,
    pub(crate) rows: Rows,
    pub(crate) campaign_id: CampaignId,
    folder: TempDir,
}

impl World {
    /// A floor with these numbers on its list, in this order. Nobody hears anything.
    pub(crate) async fn open(list: &[&str]) -> Self {
        Self::open_with(Network::start(false).await, OWN_NUMBER, list).await
    }

    /// The same, with sound.
    pub(crate) async fn open_with_sound(list: &[&str]) -> Self {
        Self::open_with(Network::start(true).await, OWN_NUMBER, list).await
    }

    /// The same on this network, with calls that show this number.
    pub(crate) async fn open_with(network: Network, caller_id: &str, list: &[&str]) -> Self {
        alarm::listen();
        let folder = tempfile::tempdir().unwrap();
        let database_url = format!("sqlite://{}", folder.path().join("offhook.db").display());
        let mut dialer = Service::new(database_url.clone(), free_port(), &network.url());
        let store = Store::open(&database_url).await.unwrap();
        let campaign_id = prepare(&store, &dialer, caller_id, list).await;
        store.close().await;
        dialer.start().await;
        Self {
            rows: Rows::open(&database_url).await,
            network,
            dialer,
            campaign_id,
            folder,
        }
    }

    /// Everything ends, and nothing went wrong that nobody noticed.
    pub(crate) async fn close(mut self) {
        self.rows.close().await;
        self.dialer.stop().await;
        self.network.shutdown().await;
        alarm::check();
    }

    /// A desktop that was just installed.
    pub(crate) async fn desktop(&self, email: &str) -> Desktop {
        self.desktop_with(email, None).await
    }

    /// The same with a headset.
    pub(crate) async fn desktop_with(&self, email: &str, headset: Option<Headset>) -> Desktop {
        Desktop::start(&self.folder_of(email), &self.dialer.url(), headset).await
    }

    /// Where this person's desktop keeps its data.
    pub(crate) fn folder_of(&self, email: &str) -> PathBuf {
        self.folder.path().join(email)
    }

    /// A rep who is signed in.
    pub(crate) async fn signed_in(&self, email: &str) -> Desktop {
        let desktop = self.desktop(email).await;
        desktop.sign_in(credentials(email)).await;
        desktop
    }

    /// A rep who sits, with their phone in the room.
    pub(crate) async fn seated(&self, email: &str) -> Desktop {
        let desktop = self.signed_in(email).await;
        desktop.sit_down(self.campaign_id).await;
        desktop
    }

    /// A rep who pressed start.
    pub(crate) async fn dialing(&self, email: &str) -> Desktop {
        let desktop = self.seated(email).await;
        desktop
            .ask(offhook::controller::Request::StartDialing)
            .await
            .unwrap();
        desktop
    }
}

/// What this person types into the sign-in page.
pub(crate) fn credentials(email: &str) -> Credentials {
    Credentials {
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
    }
}

async fn prepare(store: &Store, dialer: &Service, caller_id: &str, list: &[&str]) -> CampaignId {
    let (now, rule_now) = (dialer.clock().now(), dialer.clock().rule_now());
    for email in [RITA, ROB] {
        let new = NewAgent {
            tenant_name: "Acme".to_owned(),
            email: Pii::from(email),
            name: Pii::from("Rita Reyes"),
            role: Role::Rep,
            password_hash: Some(password::hash(&SecretString::from(PASSWORD))),
        };
        agents::add(store, now, new).await.unwrap().unwrap();
    }
    let tenant_id = agents::tenant_by_name(store, "Acme").await.unwrap().unwrap();
    let campaign = NewCampaign {
        tenant_id,
        name: "Roofs".to_owned(),
        script: "Hello!".to_owned(),
        pool: vec![PhoneNumber::parse(caller_id).unwrap()],
    };
    let campaign_id = campaigns::add(store, now, campaign).await.unwrap().unwrap();
    let people = list.iter().map(|number| NewLead {
        phone_number: PhoneNumber::parse(number).unwrap(),
        name: "Ada Lovelace".to_owned(),
        company: String::new(),
        fields: Vec::new(),
    });
    leads::add(store, rule_now, tenant_id, campaign_id, people.collect())
        .await
        .unwrap();
    campaign_id
}

/// A port that stays this dialer's while it is down: below those that the system hands out for outgoing connections.
fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 10_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(process::id() % u32::from(COUNT)).unwrap();
    (0..COUNT)
        .map(|_| FIRST + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .unwrap()
}
