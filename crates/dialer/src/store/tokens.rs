//! Codes and tokens: what was issued to whom, and whether it is still good.
//!
//! Only hashes are stored. All tokens that descend from one sign-in are a *family*. Each refresh gives out a refresh
//! token of the next generation; the one that was traded in stays good until its successor is used for the first
//! time, because the desktop may crash, or the reply get lost, before the successor is in its keyring. So a family
//! remembers the newest generation that was used, and which token of it. A refresh token is good if it is newer than
//! that, or is that very token. Anything else was replaced by its owner long ago: somebody else has it, and the
//! whole family is revoked.

use jiff::{SignedDuration, Timestamp};
use protocol::AgentId;
use sha2::{Digest, Sha256};
use sqlx::Row;
use subtle::ConstantTimeEq;
use ulid::Ulid;

use super::{Store, StoreError, Tx, agents, agents::Agent, to_ms};
use crate::entropy;

/// A code must be redeemed within this.
const CODE_LIFE: SignedDuration = SignedDuration::from_secs(60);
/// How long an access token is good.
pub const ACCESS_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// How long a refresh token is good if it is not used.
pub const REFRESH_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What the client proved or promised when it asked for a code.
#[derive(Debug, Clone)]
pub struct CodeRequest {
    /// Who signed in.
    pub agent_id: AgentId,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// Base64url of the SHA-256 of the verifier.
    pub code_challenge: String,
}

/// A pair of tokens, in clear text for the only time.
pub struct TokenPair {
    /// Good for [`ACCESS_LIFE`].
    pub access_token: String,
    /// Good for [`REFRESH_LIFE`].
    pub refresh_token: String,
}

/// Who holds an access token, and the sign-in it came from.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The person.
    pub agent: Agent,
    /// The sign-in.
    pub family_id: String,
}

/// Issues a code.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn add_code(store: &Store, now: Timestamp, request: CodeRequest) -> Result<String, StoreError> {
    let code = entropy::secret();
    let code_hash = hash(&code);
    store
        .write(move |tx| {
            Box::pin(async move {
                sqlx::query("INSERT INTO authorization_codes VALUES ($1, $2, $3, $4, $5, NULL)")
                    .bind(code_hash)
                    .bind(request.agent_id.to_string())
                    .bind(request.redirect_uri)
                    .bind(request.code_challenge)
                    .bind(to_ms(now + CODE_LIFE))
                    .execute(&mut **tx)
                    .await?;
                Ok(())
            })
        })
        .await?;
    Ok(code)
}

/// Trades a code for tokens. `None` if the code is not good; one that was redeemed before takes the tokens it gave
/// out with it, for one of the two who redeemed it stole it.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn redeem_code(
    store: &Store,
    now: Timestamp,
    code: &str,
    redirect_uri: &str,
    code_challenge: &str,
) -> Result<Option<TokenPair>, StoreError> {
    let code_hash = hash(code);
    let (redirect_uri, code_challenge) = (redirect_uri.to_owned(), code_challenge.to_owned());
    store
        .write(move |tx| {
            Box::pin(async move {
                let Some(row) = sqlx::query("SELECT * FROM authorization_codes WHERE code_hash = $1")
                    .bind(&code_hash)
                    .fetch_optional(&mut **tx)
                    .await?
                else {
                    return Ok(None);
                };
                if let Some(family_id) = row.get::<Option<String>, _>("family_id") {
                    revoke_family(tx, now, &family_id).await?;
                    return Ok(None);
                }
                let right = row.get::<i64, _>("expires_at_ms") > to_ms(now)
                    && row.get::<&str, _>("redirect_uri") == redirect_uri
                    && bool::from(
                        row.get::<&str, _>("code_challenge")
                            .as_bytes()
                            .ct_eq(code_challenge.as_bytes()),
                    );
                if !right {
                    // One try: nobody gets to guess verifiers.
                    sqlx::query("DELETE FROM authorization_codes WHERE code_hash = $1")
                        .bind(&code_hash)
                        .execute(&mut **tx)
                        .await?;
                    return Ok(None);
                }
                let family_id = add_family(tx, now, row.get("agent_id")).await?;
                sqlx::query("UPDATE authorization_codes SET family_id = $1 WHERE code_hash = $2")
                    .bind(&family_id)
                    .bind(&code_hash)
                    .execute(&mut **tx)
                    .await?;
                Ok(Some(add_pair(tx, now, &family_id, 1).await?))
            })
        })
        .await
}

/// Trades a refresh token for new ones, by the rule at the top. `None` if it is not good.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn refresh(
    store: &Store,
    now: Timestamp,
    refresh_token: &str,
) -> Result<Option<TokenPair>, StoreError> {
    let token_hash = hash(refresh_token);
    store
        .write(move |tx| {
            Box::pin(async move {
                let Some(row) = sqlx::query(
                    "SELECT * FROM refresh_tokens JOIN token_families USING (family_id)
                     WHERE token_hash = $1 AND expires_at_ms > $2 AND revoked_at_ms IS NULL",
                )
                .bind(&token_hash)
                .bind(to_ms(now))
                .fetch_optional(&mut **tx)
                .await?
                else {
                    return Ok(None);
                };
                let family_id: String = row.get("family_id");
                let generation: i64 = row.get("generation");
                let is_newer = generation > row.get::<i64, _>("used_generation");
                let is_the_used_one = row.get::<&str, _>("used_hash") == token_hash;
                if !is_newer && !is_the_used_one {
                    tracing::warn!(
                        family_id,
                        "a refresh token was used again; its sign-in is revoked"
                    );
                    revoke_family(tx, now, &family_id).await?;
                    return Ok(None);
                }
                sqlx::query(
                    "UPDATE token_families SET used_generation = $1, used_hash = $2 WHERE family_id = $3",
                )
                .bind(generation)
                .bind(&token_hash)
                .bind(&family_id)
                .execute(&mut **tx)
                .await?;
                Ok(Some(add_pair(tx, now, &family_id, generation + 1).await?))
            })
        })
        .await
}

/// Ends the sign-in that a token of either kind came from. An unknown token is fine: it is not good already.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn revoke(store: &Store, now: Timestamp, token: &str) -> Result<(), StoreError> {
    let token_hash = hash(token);
    store
        .write(move |tx| {
            Box::pin(async move {
                let family_id: Option<String> = sqlx::query_scalar(
                    "SELECT family_id FROM refresh_tokens WHERE token_hash = $1
                     UNION ALL SELECT family_id FROM access_tokens WHERE token_hash = $1",
                )
                .bind(token_hash)
                .fetch_optional(&mut **tx)
                .await?;
                match family_id {
                    Some(family_id) => revoke_family(tx, now, &family_id).await,
                    None => Ok(()),
                }
            })
        })
        .await
}

/// Who holds this access token, if it is good.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn holder(store: &Store, now: Timestamp, access_token: &str) -> Result<Option<Holder>, StoreError> {
    let row = sqlx::query(
        "SELECT agents.*, tenants.name AS tenant_name, family_id FROM access_tokens
         JOIN token_families USING (family_id) JOIN agents USING (agent_id) JOIN tenants USING (tenant_id)
         WHERE token_hash = $1 AND expires_at_ms > $2 AND revoked_at_ms IS NULL",
    )
    .bind(hash(access_token))
    .bind(to_ms(now))
    .fetch_optional(store.readers())
    .await?;
    row.map(|row| {
        Ok(Holder {
            agent: agents::agent(&row)?,
            family_id: row.get("family_id"),
        })
    })
    .transpose()
}

/// Whether the sign-in goes on.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn is_signed_in(store: &Store, family_id: &str) -> Result<bool, StoreError> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM token_families WHERE family_id = $1 AND revoked_at_ms IS NULL")
            .bind(family_id)
            .fetch_optional(store.readers())
            .await?;
    Ok(found.is_some())
}

/// Deletes what expired. A code is kept for a day, so that its second use is noticed.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn purge(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    store
        .write(move |tx| {
            Box::pin(async move {
                sqlx::query("DELETE FROM access_tokens WHERE expires_at_ms <= $1")
                    .bind(to_ms(now))
                    .execute(&mut **tx)
                    .await?;
                sqlx::query("DELETE FROM refresh_tokens WHERE expires_at_ms <= $1")
                    .bind(to_ms(now))
                    .execute(&mut **tx)
                    .await?;
                sqlx::query("DELETE FROM authorization_codes WHERE expires_at_ms <= $1")
                    .bind(to_ms(now - SignedDuration::from_hours(24)))
                    .execute(&mut **tx)
                    .await?;
                Ok(())
            })
        })
        .await
}

async fn add_family(tx: &mut Tx, now: Timestamp, agent_id: &str) -> Result<String, StoreError> {
    let (unix_ms, random) = entropy::id_parts(now);
    let family_id = Ulid::from_parts(unix_ms, random).to_string();
    sqlx::query("INSERT INTO token_families (family_id, agent_id, created_at_ms) VALUES ($1, $2, $3)")
        .bind(&family_id)
        .bind(agent_id)
        .bind(to_ms(now))
        .execute(&mut **tx)
        .await?;
    Ok(family_id)
}

async fn add_pair(
    tx: &mut Tx,
    now: Timestamp,
    family_id: &str,
    generation: i64,
) -> Result<TokenPair, StoreError> {
    let pair = TokenPair {
        access_token: entropy::secret(),
        refresh_token: entropy::secret(),
    };
    sqlx::query("INSERT INTO access_tokens VALUES ($1, $2, $3)")
        .bind(hash(&pair.access_token))
        .bind(family_id)
        .bind(to_ms(now + ACCESS_LIFE))
        .execute(&mut **tx)
        .await?;
    sqlx::query("INSERT INTO refresh_tokens VALUES ($1, $2, $3, $4)")
        .bind(hash(&pair.refresh_token))
        .bind(family_id)
        .bind(generation)
        .bind(to_ms(now + REFRESH_LIFE))
        .execute(&mut **tx)
        .await?;
    Ok(pair)
}

async fn revoke_family(tx: &mut Tx, now: Timestamp, family_id: &str) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE token_families SET revoked_at_ms = $1 WHERE family_id = $2 AND revoked_at_ms IS NULL",
    )
    .bind(to_ms(now))
    .bind(family_id)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Secrets have 256 random bits, so that a fast hash without salt is enough.
fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}
