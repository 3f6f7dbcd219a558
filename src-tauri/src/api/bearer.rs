//! The access token that requests carry, as the session publishes it.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{mpsc, watch};

use super::ApiError;

/// How long a request waits for a token that is being renewed.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(10);

/// The request side: takes the newest token, and says when the dialer refused it.
#[derive(Debug, Clone)]
pub struct Bearer {
    current: watch::Receiver<Option<SecretString>>,
    refused: mpsc::Sender<SecretString>,
}

/// The session's side.
#[derive(Debug)]
pub struct Publisher {
    current: watch::Sender<Option<SecretString>>,
    /// Tokens that the dialer refused.
    pub refused: mpsc::Receiver<SecretString>,
}

/// Refused tokens that wait for the session; more say nothing new.
const REFUSED_LEN: usize = 16;

/// Both sides, without a token.
#[must_use]
pub fn bearer() -> (Publisher, Bearer) {
    let (sender, current) = watch::channel(None);
    let (refused, inbox) = mpsc::channel(REFUSED_LEN);
    let publisher = Publisher {
        current: sender,
        refused: inbox,
    };
    (publisher, Bearer { current, refused })
}

impl Publisher {
    /// Makes this the token, or none.
    pub fn publish(&self, token: Option<SecretString>) {
        self.current.send_replace(token);
    }
}

impl Bearer {
    /// The token; waits for one while the session renews it.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn token(&self) -> Result<SecretString, ApiError> {
        self.wait(Option::is_some).await
    }

    /// Says that `refused` was refused and waits for another one.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn instead_of(&self, refused: &SecretString) -> Result<SecretString, ApiError> {
        // A full queue already makes the session renew.
        let _ = self.refused.try_send(refused.clone());
        self.wait(|token| {
            token
                .as_ref()
                .is_some_and(|token| token.expose_secret() != refused.expose_secret())
        })
        .await
    }

    async fn wait(&self, good: impl FnMut(&Option<SecretString>) -> bool) -> Result<SecretString, ApiError> {
        let mut current = self.current.clone();
        let token = tokio::time::timeout(TOKEN_TIMEOUT, current.wait_for(good)).await;
        let token = token.map_err(|_| ApiError::offline("The dialer does not answer."))?;
        let token = token.map_err(|_| ApiError::SignedOut)?;
        token.clone().ok_or(ApiError::SignedOut)
    }
}
