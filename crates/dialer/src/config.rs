//! What the operator sets: a TOML file, overridden by the environment.

use std::{net::SocketAddr, path::Path};

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use url::Url;

/// Environment variables that start with this set a key; `__` separates the parts of its name.
const ENV_PREFIX: &str = "OFFHOOK_";
/// Variables of that prefix which mean something else.
const OTHER_ENV: [&str; 3] = ["OFFHOOK_CONFIG", "OFFHOOK_LOG", "OFFHOOK_PRACTICE_NOW"];

/// The configuration of `offhook-dialer serve`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the dialer listens; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The database, `sqlite:///path/to/offhook.db`.
    pub database_url: String,
    /// How Twilio and the desktops reach the dialer, `https://dialer.example.com`. Signatures are computed over
    /// addresses that start with it, so it is never taken from a request. Without it, and with port 0, it is the
    /// loopback address that was bound.
    pub public_base_url: Option<Url>,
    /// The account that carries the calls.
    pub twilio: Twilio,
}

/// The Twilio account.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Twilio {
    /// The REST API; another address is a stand-in.
    #[serde(default = "twilio_base_url")]
    pub base_url: Url,
    /// `AC…`.
    pub account_sid: String,
    /// Signs webhooks and REST requests.
    pub auth_token: SecretString,
    /// `SK…`, the key that signs voice tokens.
    pub api_key_sid: String,
    /// Its secret.
    pub api_key_secret: SecretString,
    /// `AP…`, the TwiML application of the desktops; found or created by name if it is not set.
    pub application_sid: Option<String>,
    /// `host:port` of a stand-in's signalling; unset for Twilio itself.
    pub signalling_host: Option<String>,
    /// Calls that the account may start per second; a new account has 1.
    #[serde(default = "calls_per_second", deserialize_with = "number")]
    pub calls_per_second: u32,
    /// Where Twilio fetches TwiML when the dialer does not answer; must be served by somebody else.
    pub fallback_url: Option<Url>,
}

/// Why the configuration cannot be used. Each is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file cannot be read")]
    Read(#[source] std::io::Error),
    /// The file is not TOML.
    #[error("the configuration file is not valid TOML")]
    Syntax(#[source] toml::de::Error),
    /// A variable names a key inside something that is not a table.
    #[error("the variable {0} does not name a key")]
    Variable(String),
    /// A key is missing, unknown, or has a value of the wrong kind.
    #[error("the configuration is not usable")]
    Value(#[source] toml::de::Error),
}

impl Config {
    /// Reads the file, if there is one, and lays the variables over it.
    ///
    /// # Errors
    ///
    /// See [`ConfigError`].
    pub fn load(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        parse(&read(file)?, variables)
    }
}

/// The database of the configuration, which need not be complete otherwise.
///
/// # Errors
///
/// See [`ConfigError`].
pub fn database_url(
    file: Option<&Path>,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<String, ConfigError> {
    #[derive(Deserialize)]
    struct Part {
        database_url: String,
    }
    Ok(parse::<Part>(&read(file)?, variables)?.database_url)
}

fn read(file: Option<&Path>) -> Result<String, ConfigError> {
    Ok(file
        .map(std::fs::read_to_string)
        .transpose()
        .map_err(ConfigError::Read)?
        .unwrap_or_default())
}

fn parse<T: DeserializeOwned>(
    text: &str,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<T, ConfigError> {
    let mut table: toml::Table = text.parse().map_err(ConfigError::Syntax)?;
    for (name, value) in variables {
        let Some(key) = name.strip_prefix(ENV_PREFIX) else {
            continue;
        };
        if !OTHER_ENV.contains(&name.as_str()) {
            set(&mut table, &key.to_ascii_lowercase(), value).ok_or(ConfigError::Variable(name))?;
        }
    }
    table.try_into().map_err(ConfigError::Value)
}

fn set(table: &mut toml::Table, key: &str, value: String) -> Option<()> {
    match key.split_once("__") {
        None => {
            table.insert(key.to_owned(), toml::Value::String(value));
            Some(())
        }
        Some((outer, inner)) => {
            let entry = table
                .entry(outer)
                .or_insert_with(|| toml::Value::Table(toml::Table::new()));
            set(entry.as_table_mut()?, inner, value)
        }
    }
}

fn twilio_base_url() -> Url {
    Url::parse("https://api.twilio.com").expect("a constant that parses")
}

const fn calls_per_second() -> u32 {
    1
}

/// A number of the file, or the text of one from the environment.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a whole number is expected")]
    enum Number {
        Number(u32),
        Text(String),
    }
    match Number::deserialize(deserializer)? {
        Number::Number(number) => Ok(number),
        Number::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use secrecy::ExposeSecret;

    use super::{Config, parse};

    const FILE: &str = r#"
        listen = "127.0.0.1:0"
        database_url = "sqlite:///tmp/offhook.db"
        [twilio]
        account_sid = "AC0"
        auth_token = "from the file"
        api_key_sid = "SK0"
        api_key_secret = "secret"
    "#;

    #[test]
    fn the_environment_wins_over_the_file() {
        let config: Config = parse(FILE, [variable("OFFHOOK_TWILIO__AUTH_TOKEN", "from outside")]).unwrap();
        assert_eq!(config.twilio.auth_token.expose_secret(), "from outside");
        assert_eq!(config.twilio.base_url.as_str(), "https://api.twilio.com/");

        let config: Config = parse(FILE, [variable("OFFHOOK_TWILIO__CALLS_PER_SECOND", "5")]).unwrap();
        assert_eq!(config.twilio.calls_per_second, 5);
    }

    #[test]
    fn a_misspelt_key_is_named() {
        let error = parse::<Config>(FILE, [variable("OFFHOOK_TWILIO__AUTHTOKEN", "x")]).unwrap_err();
        assert!(
            error
                .source()
                .unwrap()
                .to_string()
                .contains("unknown field `authtoken`"),
            "{error:?}"
        );
    }

    #[test]
    fn a_missing_key_is_named() {
        let error = parse::<Config>("listen = '127.0.0.1:0'", []).unwrap_err();
        assert!(
            error
                .source()
                .unwrap()
                .to_string()
                .contains("missing field `database_url`"),
            "{error:?}"
        );
    }

    #[test]
    fn secrets_are_not_printed() {
        let config: Config = parse(FILE, []).unwrap();
        assert!(!format!("{config:?}").contains("from the file"));
    }

    fn variable(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }
}
