//! Carries out what the session machine wants.

use std::sync::Arc;

use tokio::time::timeout;

use super::{Controller, LEAVE_TIMEOUT, Outcome, Reply, Shell};
use crate::{
    api::{ApiError, client::Client, parse_server_url, retry::Backoff},
    error::{Code, Error},
    session::{
        Input, Output,
        oauth::{self, SignInError, SignInPage},
    },
    settings::Settings,
    snapshot::Server,
};

const FETCH_ME: Backoff = Backoff::new(
    std::time::Duration::from_secs(1),
    std::time::Duration::from_secs(15),
);

impl<S: Shell> Controller<S> {
    pub(super) fn sign_in(&mut self) -> Result<(), Error> {
        if self.client.is_none() {
            return Err(Error::new(Code::Invalid, "Enter your dialer's address first."));
        }
        self.feed(Input::SignIn);
        Ok(())
    }

    pub(super) fn set_server_url(&mut self, text: &str) -> Result<(), Error> {
        if self.config.server_url.is_some() {
            return Err(Error::new(
                Code::Invalid,
                "This start of Offhook is tied to its dialer.",
            ));
        }
        if !self.session.is_signed_out() {
            return Err(Error::new(Code::Invalid, "Sign out first."));
        }
        let server = parse_server_url(text)?;
        let settings = Settings {
            server_url: Some(server.to_string()),
            ..self.settings.clone()
        };
        self.shell.save_settings(&settings)?;
        self.settings = settings;
        self.client = Some(Client::new(server, self.bearer.clone()));
        self.feed(Input::ServerChanged);
        Ok(())
    }

    /// Leaves the seat, if there is one and the dialer answers in time, before `then`.
    pub(super) fn leave_first(&mut self, reply: Reply<()>, then: fn(Reply<()>) -> Outcome) {
        let client = self.signed_in_client().ok().filter(|_| self.floor.seat.is_some());
        self.tasks.spawn(async move {
            if let Some(client) = client {
                match timeout(LEAVE_TIMEOUT, client.leave_seat()).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::warn!(%error, "the seat was not left; the dialer will notice"),
                    Err(_) => tracing::warn!("the seat was not left in time; the dialer will notice"),
                }
            }
            then(reply)
        });
    }

    /// Takes in what a task of the session brought. An earlier sign-in is shown from the cache at once.
    pub(super) async fn on_session(&mut self, input: Input) {
        let resumed = matches!(input, Input::KeyringRead(Ok(Some(_))));
        if let Input::Me(me) = &input
            && let Some(account) = self.account()
            && let Err(error) = self.cache.save_me(&account, me).await
        {
            tracing::warn!(cause = ?error, "who is signed in was not kept");
        }
        if matches!(input, Input::Tokens(_)) && !self.session.is_signed_in() {
            self.shell.raise();
        }
        self.feed(input);
        if resumed
            && let Some(account) = self.account()
            && let Ok(Some(me)) = self.cache.me(&account).await
        {
            self.feed(Input::Me(me));
        }
    }

    /// Without an access token the event stream cannot even try, so it does not know why it is down.
    pub(super) fn on_unrenewed(&mut self, message: String) {
        if self.floor.server != Server::Online {
            self.floor.server = Server::Offline { message };
        }
        self.feed(Input::RenewalFailed);
    }

    pub(super) fn on_page(&mut self, page: Result<Box<SignInPage>, SignInError>) {
        let (page, client) = match (page, self.client.clone()) {
            (Ok(page), Some(client)) => (page, client),
            (Err(error), _) => return self.feed(Input::SignInFailed(error.to_string())),
            (Ok(_), None) => return,
        };
        let url = page.url.to_string();
        self.feed(Input::PageReady(url.clone()));
        let shell = Arc::clone(&self.shell);
        self.tasks.spawn_blocking(move || {
            let opened = shell.open_browser(&url);
            Outcome::Session(Input::BrowserOpened(opened))
        });
        self.tasks.spawn(async move {
            Outcome::Session(match page.finish(client.http(), client.server()).await {
                Ok(tokens) => Input::Tokens(tokens),
                Err(error) => Input::SignInFailed(error.to_string()),
            })
        });
    }

    pub(super) fn carry_out(&mut self, output: Output) {
        let Some((client, account)) = self.client.clone().zip(self.account()) else {
            return self.carry_out_without_server(&output);
        };
        match output {
            Output::ReadKeyring { patient } => {
                let read = self.keyring.read(account, patient);
                self.tasks
                    .spawn(async { Outcome::Session(Input::KeyringRead(read.await)) });
            }
            Output::WriteKeyring(token) => {
                let written = self.keyring.write(account, token);
                self.tasks
                    .spawn(async { Outcome::Session(Input::KeyringWritten(written.await)) });
            }
            Output::ClearKeyring => self.keyring.clear(account),
            Output::OpenPage => {
                self.tasks.spawn(async move {
                    Outcome::Page(
                        SignInPage::prepare(client.http(), client.server())
                            .await
                            .map(Box::new),
                    )
                });
            }
            // The listener's task ended with the epoch.
            Output::ClosePage => {}
            Output::Renew(refresh) => {
                self.tasks.spawn(async move {
                    match oauth::renew(client.http(), client.server(), &refresh).await {
                        Ok(tokens) => Outcome::Session(Input::Tokens(tokens)),
                        Err(ApiError::SignedOut) => Outcome::Session(Input::RenewalRefused),
                        Err(
                            error
                            @ (ApiError::Offline { .. } | ApiError::Refused { .. } | ApiError::BadReply),
                        ) => Outcome::Unrenewed(error.to_string()),
                    }
                });
            }
            // Goes on after the sign-in has ended.
            Output::Revoke(refresh) => drop(tokio::spawn(async move {
                if let Err(error) = oauth::revoke(client.http(), client.server(), &refresh).await {
                    tracing::warn!(%error, "the dialer was not told about the sign-out");
                }
            })),
            Output::Publish(token) => self.publisher.publish(token),
            Output::FetchMe => self.fetch_me(client),
            // On the practice floor signing in again is one click.
            Output::Notify(_) if self.config.practice => {}
            Output::Notify(message) => self.notices.add(message),
        }
    }

    /// Without a dialer's address there is nothing to ask the keyring for.
    fn carry_out_without_server(&mut self, output: &Output) {
        if matches!(output, Output::ReadKeyring { .. }) {
            self.feed(Input::KeyringRead(Ok(None)));
        }
    }

    fn fetch_me(&mut self, client: Client) {
        let mut rng = self.rng.clone();
        self.tasks.spawn(async move {
            let mut backoff = FETCH_ME;
            loop {
                match client.me().await {
                    Ok(me) => return Outcome::Session(Input::Me(me)),
                    Err(error) => {
                        tracing::warn!(%error, "the dialer does not say who is signed in");
                        let wait = backoff.failed(&mut rng);
                        let _ = timeout(wait, std::future::pending::<()>()).await;
                    }
                }
            }
        });
    }

    pub(super) async fn forget_profile(&self) {
        if let Some(account) = self.account()
            && let Err(error) = self.cache.drop_me(&account).await
        {
            tracing::warn!(cause = ?error, "who was signed in was not forgotten");
        }
    }

    fn account(&self) -> Option<String> {
        self.client
            .as_ref()
            .map(|client| self.config.account(client.server()))
    }
}
