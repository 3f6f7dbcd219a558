//! The sign-in machine: who is signed in, which tokens they hold, and what has to happen next. Pure.
//!
//! **Invariant:** a rotated refresh token is in the keyring, or known not to fit there, before anything uses
//! its access token. Until then the dialer still accepts the one before, so a crash in between loses nothing.

pub mod browser;
pub mod keyring;
pub mod oauth;
mod refresh;

use std::{collections::VecDeque, time::Duration};

use protocol::Me;
use rand::Rng;
use secrecy::{ExposeSecret, SecretString};

use crate::{api::retry::Backoff, clock::Moment, session::keyring::KeyringError, snapshot::SessionView};

const RENEW_BACKOFF: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));

const RAN_OUT: &str = "Your sign-in ran out. Sign in again.";
const LOCKED: &str =
    "Your keyring is locked. Unlock it to go on with your earlier sign-in, or sign in again.";
const UNLOCKING: &str = "Enter the keyring's password in the window that your system has opened.";
const NOT_KEPT: &str = "Your sign-in cannot be kept, because this computer's keyring cannot be used. You will have to sign in after each start.";

/// A pair of tokens, and when the access token should be renewed.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// For the `Authorization` header.
    pub access: SecretString,
    /// Good for one renewal.
    pub refresh: SecretString,
    /// When the request that brought them was sent.
    pub asked: Moment,
    /// How long the access token lives.
    pub lifetime: Duration,
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// The keyring answered with the refresh token of an earlier sign-in, or none.
    KeyringRead(Result<Option<SecretString>, KeyringError>),
    /// The keyring took the newest refresh token, or did not.
    KeyringWritten(Result<(), KeyringError>),
    /// Another dialer was chosen while signed out.
    ServerChanged,
    /// The user wants to sign in.
    SignIn,
    /// The user no longer wants to.
    CancelSignIn,
    /// The user wants to leave.
    SignOut,
    /// The user will unlock the keyring.
    UnlockKeyring,
    /// The sign-in page waits at this address.
    PageReady(String),
    /// A browser was started, or not.
    BrowserOpened(bool),
    /// Signing in failed, with a sentence to show.
    SignInFailed(String),
    /// Signing in or renewing brought tokens.
    Tokens(Tokens),
    /// The dialer no longer accepts the refresh token.
    RenewalRefused,
    /// The dialer could not be asked.
    RenewalFailed,
    /// The dialer refused this access token.
    AccessRefused(SecretString),
    /// Who is signed in.
    Me(Me),
    /// Time has passed.
    Tick,
}

/// What has to be done.
#[derive(Debug)]
pub enum Output {
    /// Ask the keyring; with patience when the user is there to unlock it.
    ReadKeyring {
        /// True when the keyring may ask the user for a password.
        patient: bool,
    },
    /// Keep this refresh token.
    WriteKeyring(SecretString),
    /// Forget what is kept.
    ClearKeyring,
    /// Start to listen for the browser and show it the sign-in page.
    OpenPage,
    /// Stop listening.
    ClosePage,
    /// Ask the dialer for new tokens.
    Renew(SecretString),
    /// Tell the dialer that this sign-in is over.
    Revoke(SecretString),
    /// This access token, or none, is what requests carry from now on.
    Publish(Option<SecretString>),
    /// Ask the dialer who is signed in.
    FetchMe,
    /// Tell the user.
    Notify(&'static str),
}

/// The machine. Feed [`handle`](Self::handle), then drain [`poll`](Self::poll).
#[derive(Debug)]
pub struct Session {
    state: State,
    epoch: u64,
    backoff: Backoff,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
enum State {
    Starting,
    SignedOut { notice: Option<String> },
    KeyringLocked { message: &'static str },
    Awaiting { url: String, browser_opened: bool },
    SignedIn(SignedIn),
}

#[derive(Debug)]
struct SignedIn {
    refresh: SecretString,
    access: Access,
    me: Option<Me>,
    told_not_kept: bool,
}

#[derive(Debug)]
enum Access {
    /// Asked for; the one that was published may still be good.
    Renewing,
    /// On its way into the keyring.
    Keeping(Tokens),
    /// In use.
    Good { token: SecretString, renew_at: Moment },
    /// The dialer could not be asked.
    Waiting { retry_at: Moment },
}

impl Session {
    /// A machine that asks the keyring first.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: State::Starting,
            epoch: 0,
            backoff: RENEW_BACKOFF,
            outputs: VecDeque::from([Output::ReadKeyring { patient: false }]),
        }
    }

    /// Takes in what happened.
    pub fn handle(&mut self, input: Input, now: Moment, rng: &mut impl Rng) {
        match input {
            Input::KeyringRead(answer) => self.on_keyring_read(answer),
            Input::KeyringWritten(answer) => self.on_keyring_written(answer.is_ok()),
            Input::ServerChanged => self.on_server_changed(),
            Input::SignIn => self.on_sign_in(),
            Input::CancelSignIn => self.on_cancel(None),
            Input::SignOut => self.on_sign_out(),
            Input::UnlockKeyring => self.on_unlock(),
            Input::PageReady(url) => self.on_page_ready(url),
            Input::BrowserOpened(opened) => self.on_browser(opened),
            Input::SignInFailed(message) => self.on_cancel(Some(message)),
            Input::Tokens(tokens) => self.on_tokens(tokens),
            Input::RenewalRefused => self.on_renewal_refused(),
            Input::RenewalFailed => self.on_renewal_failed(now, rng),
            Input::AccessRefused(token) => self.on_access_refused(&token),
            Input::Me(me) => self.on_me(me),
            Input::Tick => self.on_tick(now),
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When a tick is due, and why.
    #[must_use]
    pub const fn deadline(&self) -> Option<(Moment, &'static str)> {
        let State::SignedIn(signed_in) = &self.state else {
            return None;
        };
        match &signed_in.access {
            Access::Good { renew_at, .. } => Some((*renew_at, "renew the access token")),
            Access::Waiting { retry_at } => Some((*retry_at, "ask again for an access token")),
            Access::Renewing | Access::Keeping(_) => None,
        }
    }

    /// Changes with each sign-in and sign-out; an answer to a question of another epoch is stale.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// True from the first token to the end of the sign-in.
    #[must_use]
    pub const fn is_signed_in(&self) -> bool {
        matches!(self.state, State::SignedIn(_))
    }

    /// True while the dialer's address may be changed.
    #[must_use]
    pub const fn is_signed_out(&self) -> bool {
        matches!(self.state, State::SignedOut { .. } | State::KeyringLocked { .. })
    }

    /// Who is signed in, once that is known.
    #[must_use]
    pub const fn me(&self) -> Option<&Me> {
        match &self.state {
            State::SignedIn(signed_in) => signed_in.me.as_ref(),
            State::Starting
            | State::SignedOut { .. }
            | State::KeyringLocked { .. }
            | State::Awaiting { .. } => None,
        }
    }

    /// What the window shows.
    #[must_use]
    pub fn view(&self) -> SessionView {
        match &self.state {
            State::Starting => SessionView::Starting,
            State::SignedOut { notice } => SessionView::SignedOut {
                notice: notice.clone(),
            },
            State::KeyringLocked { message } => SessionView::KeyringLocked {
                message: (*message).to_owned(),
            },
            State::Awaiting { url, browser_opened } => SessionView::AwaitingBrowser {
                url: url.clone(),
                browser_opened: *browser_opened,
            },
            State::SignedIn(signed_in) => match &signed_in.me {
                Some(me) => SessionView::SignedIn { me: me.clone() },
                None => SessionView::Starting,
            },
        }
    }

    fn on_keyring_read(&mut self, answer: Result<Option<SecretString>, KeyringError>) {
        if !matches!(self.state, State::Starting | State::KeyringLocked { .. }) {
            return;
        }
        match answer {
            Ok(Some(refresh)) => {
                self.outputs.push_back(Output::Renew(refresh.clone()));
                self.enter(State::SignedIn(SignedIn {
                    refresh,
                    access: Access::Renewing,
                    me: None,
                    told_not_kept: false,
                }));
            }
            Ok(None) | Err(KeyringError::Missing) => self.state = State::SignedOut { notice: None },
            Err(KeyringError::Locked) => self.state = State::KeyringLocked { message: LOCKED },
        }
    }

    fn on_keyring_written(&mut self, kept: bool) {
        let State::SignedIn(signed_in) = &mut self.state else {
            return;
        };
        if !kept && !signed_in.told_not_kept {
            signed_in.told_not_kept = true;
            self.outputs.push_back(Output::Notify(NOT_KEPT));
        }
        let Access::Keeping(tokens) = &signed_in.access else {
            return;
        };
        let token = tokens.access.clone();
        let renew_at = refresh::renew_at(tokens.asked, tokens.lifetime);
        self.outputs.push_back(Output::Publish(Some(token.clone())));
        signed_in.access = Access::Good { token, renew_at };
        if signed_in.me.is_none() {
            self.outputs.push_back(Output::FetchMe);
        }
    }

    fn on_server_changed(&mut self) {
        if self.is_signed_out() {
            self.enter(State::Starting);
            self.outputs.push_back(Output::ReadKeyring { patient: false });
        }
    }

    fn on_sign_in(&mut self) {
        if self.is_signed_out() {
            self.enter(State::Awaiting {
                url: String::new(),
                browser_opened: true,
            });
            self.outputs.push_back(Output::OpenPage);
        }
    }

    fn on_cancel(&mut self, notice: Option<String>) {
        if matches!(self.state, State::Awaiting { .. }) {
            self.enter(State::SignedOut { notice });
            self.outputs.push_back(Output::ClosePage);
        }
    }

    fn on_sign_out(&mut self) {
        if let State::SignedIn(signed_in) = &self.state {
            self.outputs.push_back(Output::Revoke(signed_in.refresh.clone()));
            self.leave(None);
        }
    }

    fn on_unlock(&mut self) {
        if matches!(self.state, State::KeyringLocked { .. }) {
            self.state = State::KeyringLocked { message: UNLOCKING };
            self.outputs.push_back(Output::ReadKeyring { patient: true });
        }
    }

    fn on_page_ready(&mut self, ready: String) {
        if let State::Awaiting { url, .. } = &mut self.state {
            *url = ready;
        }
    }

    const fn on_browser(&mut self, opened: bool) {
        if let State::Awaiting { browser_opened, .. } = &mut self.state {
            *browser_opened = opened;
        }
    }

    fn on_tokens(&mut self, tokens: Tokens) {
        match &mut self.state {
            State::Awaiting { .. } => {
                self.keep(&tokens);
                self.state = State::SignedIn(SignedIn {
                    refresh: tokens.refresh.clone(),
                    access: Access::Keeping(tokens),
                    me: None,
                    told_not_kept: false,
                });
            }
            State::SignedIn(signed_in) => {
                signed_in.refresh = tokens.refresh.clone();
                signed_in.access = Access::Keeping(tokens.clone());
                self.keep(&tokens);
            }
            State::Starting | State::SignedOut { .. } | State::KeyringLocked { .. } => {
                self.outputs.push_back(Output::Revoke(tokens.refresh));
            }
        }
    }

    fn keep(&mut self, tokens: &Tokens) {
        self.backoff.succeeded();
        self.outputs
            .push_back(Output::WriteKeyring(tokens.refresh.clone()));
    }

    fn on_renewal_refused(&mut self) {
        if self.is_signed_in() {
            self.leave(Some(RAN_OUT.to_owned()));
        }
    }

    fn on_renewal_failed(&mut self, now: Moment, rng: &mut impl Rng) {
        let State::SignedIn(signed_in) = &mut self.state else {
            return;
        };
        if matches!(signed_in.access, Access::Renewing) {
            let retry_at = now.after(self.backoff.failed(rng));
            signed_in.access = Access::Waiting { retry_at };
        }
    }

    fn on_access_refused(&mut self, refused: &SecretString) {
        let State::SignedIn(SignedIn {
            access: Access::Good { token, .. },
            ..
        }) = &self.state
        else {
            return;
        };
        if token.expose_secret() == refused.expose_secret() {
            self.renew();
        }
    }

    fn on_me(&mut self, known: Me) {
        if let State::SignedIn(signed_in) = &mut self.state {
            signed_in.me = Some(known);
        }
    }

    fn on_tick(&mut self, now: Moment) {
        if self.deadline().is_some_and(|(at, _)| at <= now) {
            self.renew();
        }
    }

    fn renew(&mut self) {
        let State::SignedIn(signed_in) = &mut self.state else {
            return;
        };
        if matches!(signed_in.access, Access::Renewing | Access::Keeping(_)) {
            return;
        }
        signed_in.access = Access::Renewing;
        self.outputs.push_back(Output::Renew(signed_in.refresh.clone()));
    }

    fn leave(&mut self, notice: Option<String>) {
        self.outputs.push_back(Output::Publish(None));
        self.outputs.push_back(Output::ClearKeyring);
        self.enter(State::SignedOut { notice });
    }

    fn enter(&mut self, state: State) {
        self.epoch += 1;
        self.backoff = RENEW_BACKOFF;
        self.state = state;
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
