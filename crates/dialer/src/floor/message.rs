//! What people hear from the dialer itself, and how they ask not to be called again.

use protocol::{AttemptId, TenantId};
use sqlx::Row;

use crate::{
    store::{StoreError, Tx, attempts, parse},
    twilio::twiml::Twiml,
};

/// The key that asks for the do-not-call list.
pub(super) const OPT_OUT_KEY: &str = "9";

/// For a person who answered while nobody was free: name and number of the seller, the purpose of the call, and a key
/// to be called no more (47 CFR 64.1200(a)(7)(i)). The number is spelt out digit by digit.
pub(super) async fn identification(tx: &mut Tx, attempt_id: AttemptId) -> Result<String, StoreError> {
    let row = attempts::by_id(tx, attempt_id)
        .await?
        .ok_or(StoreError::Corrupt("an attempt"))?;
    let tenant_name: String = sqlx::query_scalar("SELECT name FROM tenants WHERE tenant_id = $1")
        .bind(row.tenant_id.to_string())
        .fetch_one(&mut **tx)
        .await?;
    let number = row.from.formatted();
    let digits: Vec<String> = number
        .chars()
        .filter(char::is_ascii_digit)
        .map(|digit| digit.to_string())
        .collect();
    Ok(format!(
        "This is {tenant_name}. We called for telemarketing purposes and nobody is free to talk to you. \
         Our number is {}. To be called no more, press {OPT_OUT_KEY}. Goodbye.",
        digits.join(" ")
    ))
}

/// For somebody who calls one of our numbers; none if it is not ours.
pub(super) async fn greeting(tx: &mut Tx, called: &str) -> Result<Option<String>, StoreError> {
    let row = sqlx::query("SELECT name FROM tenants JOIN numbers USING (tenant_id) WHERE phone_number = $1")
        .bind(called)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.map(|row| {
        let name: String = row.get("name");
        format!(
            "This is {name}. Nobody can take your call at the moment. \
             To be called no more, press {OPT_OUT_KEY}. Goodbye."
        )
    }))
}

/// Whose number was called.
pub(super) async fn tenant_of(tx: &mut Tx, called: &str) -> Result<Option<TenantId>, StoreError> {
    let text: Option<String> = sqlx::query_scalar("SELECT tenant_id FROM numbers WHERE phone_number = $1")
        .bind(called)
        .fetch_optional(&mut **tx)
        .await?;
    text.map(|text| parse(&text, "a tenant id")).transpose()
}

/// For somebody who pressed a key.
pub(super) fn opted_out(asked: bool) -> Twiml {
    if asked {
        Twiml::say("You will not be called again. Goodbye.")
    } else {
        Twiml::hang_up()
    }
}
