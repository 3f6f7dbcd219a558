//! What is in the dialer's database file, read past the dialer.

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

/// Everything that a webhook could change.
const EVERYTHING: [&str; 7] = [
    "SELECT json_array(attempt_id, seat_id, call_sid, answered_at_ms, ended_at_ms, open, result, hung_up_at_ms,
            disposition, note, saved_at_ms) FROM attempts ORDER BY 1",
    "SELECT json_array(seat_id, epoch, leg, dialing, line, attempt_id, left_at_ms) FROM seats ORDER BY 1",
    "SELECT json_array(attempt_id, body) FROM call_events ORDER BY 1",
    "SELECT json_array(attempt_id, outcome) FROM ledger ORDER BY 1",
    "SELECT json_array(lead_id, last_note, done_at_ms, not_before_ms) FROM leads ORDER BY 1",
    "SELECT json_array(tenant_id, phone_number) FROM do_not_call ORDER BY 1",
    "SELECT request_key FROM inbox ORDER BY 1",
];

/// The file.
pub(crate) struct Rows(SqlitePool);

impl Rows {
    pub(crate) async fn open(database_url: &str) -> Self {
        let options: SqliteConnectOptions = database_url.parse().unwrap();
        let pool = SqlitePoolOptions::new().max_connections(1);
        Self(pool.connect_with(options).await.unwrap())
    }

    /// The first column of every row.
    pub(crate) async fn texts(&self, query: &'static str) -> Vec<String> {
        sqlx::query_scalar(query).fetch_all(&self.0).await.unwrap()
    }

    /// The one number that a query answers.
    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.0).await.unwrap()
    }

    /// Changes something behind the dialer's back, as an operator would.
    pub(crate) async fn change(&self, statement: &'static str) {
        sqlx::query(statement).execute(&self.0).await.unwrap();
    }

    /// How answered calls are booked, oldest first.
    pub(crate) async fn ledger(&self) -> Vec<String> {
        self.texts("SELECT outcome FROM ledger ORDER BY answered_at_ms")
            .await
    }

    /// All that a webhook could change, to be compared.
    pub(crate) async fn everything(&self) -> Vec<Vec<String>> {
        let mut tables = Vec::new();
        for query in EVERYTHING {
            tables.push(self.texts(query).await);
        }
        tables
    }

    pub(crate) async fn close(&self) {
        self.0.close().await;
    }
}
