//! Waiting for what is bound to happen.

use std::{future, time::Duration};

/// The longest anything in these stories takes: a search at Twilio, a ring that may not be cut off.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(30);

/// Looks until there is an answer.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        let mut pace = tokio::time::interval(LOOK_EVERY);
        loop {
            pace.tick().await;
            if let Some(answer) = look().await {
                return answer;
            }
        }
    };
    let Ok(answer) = tokio::time::timeout(PATIENCE, looking).await else {
        panic!("it never came to be that {what}");
    };
    answer
}

/// Before something is tried again.
pub(crate) async fn pause(duration: Duration) {
    let _ = tokio::time::timeout(duration, future::pending::<()>()).await;
}
