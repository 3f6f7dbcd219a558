//! The sign-in machine, driven in words.

use std::time::Duration;

use protocol::{AgentId, Me, Pii, Role};
use rand::{SeedableRng, rngs::StdRng};
use secrecy::{ExposeSecret, SecretString};

use super::{Input, Output, Session, Tokens, keyring::KeyringError};
use crate::{clock::Moment, snapshot::SessionView};

/// Drives the machine and writes down, in words, what it wants.
struct Driver {
    session: Session,
    now: Moment,
    rng: StdRng,
}

impl Driver {
    fn new() -> Self {
        let mut driver = Self {
            session: Session::new(),
            now: Moment::from_zero(Duration::from_secs(1_000)),
            rng: StdRng::seed_from_u64(7),
        };
        assert_eq!(driver.drain(), ["read keyring"]);
        driver
    }

    fn signed_in() -> Self {
        let mut driver = Self::new();
        driver.feed(Input::KeyringRead(Ok(None)));
        driver.feed(Input::SignIn);
        driver.feed(Input::PageReady("http://dialer/oauth".into()));
        let tokens = driver.tokens("a1", "r1");
        driver.feed(Input::Tokens(tokens));
        driver.feed(Input::KeyringWritten(Ok(())));
        driver.feed(Input::Me(ada()));
        driver
    }

    fn feed(&mut self, input: Input) -> Vec<String> {
        self.session.handle(input, self.now, &mut self.rng);
        self.drain()
    }

    fn drain(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.session.poll())
            .map(|output| in_words(&output))
            .collect()
    }

    fn tokens(&self, access: &str, refresh: &str) -> Tokens {
        Tokens {
            access: access.into(),
            refresh: refresh.into(),
            asked: self.now,
            lifetime: Duration::from_mins(10),
        }
    }

    fn wait_for_deadline(&mut self) -> Vec<String> {
        let (deadline, _) = self.session.deadline().expect("the machine waits for something");
        self.now = self.now.max(deadline);
        self.feed(Input::Tick)
    }
}

fn in_words(output: &Output) -> String {
    let with = |verb: &str, secret: &SecretString| format!("{verb} {}", secret.expose_secret());
    match output {
        Output::ReadKeyring { patient: false } => "read keyring".into(),
        Output::ReadKeyring { patient: true } => "read keyring patiently".into(),
        Output::WriteKeyring(token) => with("keep", token),
        Output::ClearKeyring => "clear keyring".into(),
        Output::OpenPage => "open page".into(),
        Output::ClosePage => "close page".into(),
        Output::Renew(token) => with("renew", token),
        Output::Revoke(token) => with("revoke", token),
        Output::Publish(Some(token)) => with("use", token),
        Output::Publish(None) => "use nothing".into(),
        Output::FetchMe => "who am I".into(),
        Output::Notify(_) => "notify".into(),
    }
}

fn ada() -> Me {
    Me {
        agent_id: AgentId::from_parts(1, 1),
        name: Pii::from("Ada"),
        email: Pii::from("ada@example.com"),
        role: Role::Rep,
        tenant_name: "Example".into(),
    }
}

fn notice(session: &Session) -> Option<String> {
    let SessionView::SignedOut { notice } = session.view() else {
        panic!("signed out was expected, not {:?}", session.view());
    };
    notice
}

#[test]
fn the_first_sign_in_keeps_the_tokens_before_it_uses_them() {
    let mut driver = Driver::new();
    assert_eq!(driver.feed(Input::KeyringRead(Ok(None))), [""; 0]);
    assert_eq!(driver.feed(Input::SignIn), ["open page"]);
    driver.feed(Input::PageReady("http://dialer/oauth".into()));
    driver.feed(Input::BrowserOpened(false));
    let page = SessionView::AwaitingBrowser {
        url: "http://dialer/oauth".into(),
        browser_opened: false,
    };
    assert_eq!(
        driver.session.view(),
        page,
        "the address can be copied when no browser opens"
    );

    let tokens = driver.tokens("a1", "r1");
    assert_eq!(driver.feed(Input::Tokens(tokens)), ["keep r1"]);
    assert_eq!(driver.feed(Input::KeyringWritten(Ok(()))), ["use a1", "who am I"]);
    driver.feed(Input::Me(ada()));
    assert_eq!(driver.session.view(), SessionView::SignedIn { me: ada() });
}

#[test]
fn a_renewed_token_is_kept_before_it_is_used() {
    let mut driver = Driver::signed_in();
    assert_eq!(driver.wait_for_deadline(), ["renew r1"]);
    let tokens = driver.tokens("a2", "r2");
    assert_eq!(driver.feed(Input::Tokens(tokens)), ["keep r2"]);
    assert_eq!(driver.feed(Input::KeyringWritten(Ok(()))), ["use a2"]);
}

#[test]
fn waking_from_a_long_sleep_renews_at_once_and_once() {
    let mut driver = Driver::signed_in();
    driver.now = driver.now.after(Duration::from_hours(9));
    assert_eq!(driver.feed(Input::Tick), ["renew r1"]);
    assert_eq!(driver.feed(Input::Tick), [""; 0]);
    assert_eq!(driver.feed(Input::AccessRefused("a1".into())), [""; 0]);
}

#[test]
fn an_access_token_that_was_replaced_meanwhile_is_no_reason_to_renew() {
    let mut driver = Driver::signed_in();
    assert_eq!(driver.feed(Input::AccessRefused("a0".into())), [""; 0]);
    assert_eq!(driver.feed(Input::AccessRefused("a1".into())), ["renew r1"]);
}

#[test]
fn an_outage_does_not_sign_out_but_a_refusal_does() {
    let mut driver = Driver::signed_in();
    driver.wait_for_deadline();
    for _ in 0..50 {
        assert_eq!(driver.feed(Input::RenewalFailed), [""; 0]);
        assert_eq!(driver.wait_for_deadline(), ["renew r1"]);
    }
    assert_eq!(
        driver.feed(Input::RenewalRefused),
        ["use nothing", "clear keyring"]
    );
    assert!(notice(&driver.session).is_some());
}

#[test]
fn an_earlier_sign_in_goes_on() {
    let mut driver = Driver::new();
    assert_eq!(
        driver.feed(Input::KeyringRead(Ok(Some("r9".into())))),
        ["renew r9"]
    );
    assert_eq!(driver.session.view(), SessionView::Starting);
    driver.feed(Input::Me(ada()));
    assert_eq!(
        driver.session.view(),
        SessionView::SignedIn { me: ada() },
        "offline, the cache knows who"
    );
}

#[test]
fn without_a_keyring_the_sign_in_lasts_until_the_end_and_says_so_once() {
    let mut driver = Driver::new();
    driver.feed(Input::KeyringRead(Err(KeyringError::Missing)));
    driver.feed(Input::SignIn);
    let tokens = driver.tokens("a1", "r1");
    driver.feed(Input::Tokens(tokens));
    let missing = || Input::KeyringWritten(Err(KeyringError::Missing));
    assert_eq!(driver.feed(missing()), ["notify", "use a1", "who am I"]);
    driver.feed(Input::Me(ada()));
    driver.wait_for_deadline();
    let tokens = driver.tokens("a2", "r2");
    driver.feed(Input::Tokens(tokens));
    assert_eq!(driver.feed(missing()), ["use a2"]);
}

#[test]
fn a_locked_keyring_can_be_unlocked_or_passed_by() {
    let locked = |driver: &Driver| matches!(driver.session.view(), SessionView::KeyringLocked { .. });
    let mut driver = Driver::new();
    driver.feed(Input::KeyringRead(Err(KeyringError::Locked)));
    assert!(locked(&driver));
    assert_eq!(driver.feed(Input::UnlockKeyring), ["read keyring patiently"]);
    driver.feed(Input::KeyringRead(Err(KeyringError::Locked)));
    assert!(locked(&driver), "the user closed the prompt");
    assert_eq!(driver.feed(Input::SignIn), ["open page"]);
    assert_eq!(
        driver.feed(Input::KeyringRead(Ok(Some("r9".into())))),
        [""; 0],
        "too late"
    );
}

#[test]
fn signing_out_revokes_the_newest_token_and_forgets_it() {
    let mut driver = Driver::signed_in();
    let epoch = driver.session.epoch();
    assert_eq!(
        driver.feed(Input::SignOut),
        ["revoke r1", "use nothing", "clear keyring"]
    );
    assert_ne!(
        driver.session.epoch(),
        epoch,
        "answers that are still under way are stale"
    );
    assert_eq!(notice(&driver.session), None);
}

#[test]
fn tokens_that_come_after_cancelling_are_revoked() {
    let mut driver = Driver::new();
    driver.feed(Input::KeyringRead(Ok(None)));
    driver.feed(Input::SignIn);
    assert_eq!(driver.feed(Input::CancelSignIn), ["close page"]);
    let tokens = driver.tokens("a1", "r1");
    assert_eq!(driver.feed(Input::Tokens(tokens)), ["revoke r1"]);
}
