//! Parameters of a request: the form of a POST, the query of a GET.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::Method as HttpMethod;
use jiff::Timestamp;

use super::ApiError;
use crate::network::{Change, Endpoint, HandlingChanges, RoutingChanges, Setting, Settings, When};
use crate::twiml::Method;

const FRIENDLY_NAME_CHARACTERS_MAX: usize = 64;

/// What applications and numbers both know.
pub(super) const HANDLING: [&str; 13] = [
    "ApiVersion",
    "FriendlyName",
    "VoiceUrl",
    "VoiceMethod",
    "VoiceFallbackUrl",
    "VoiceFallbackMethod",
    "VoiceCallerIdLookup",
    "StatusCallback",
    "StatusCallbackMethod",
    "SmsUrl",
    "SmsMethod",
    "SmsFallbackUrl",
    "SmsFallbackMethod",
];

/// Names and values in order; a list repeats its name.
#[derive(Clone, Debug, Default)]
pub(super) struct Form(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if request.method() == HttpMethod::GET {
            return Ok(Self::parse(request.uri().query().unwrap_or_default().as_bytes()));
        }
        let body = Bytes::from_request(request, state).await;
        // Nothing is left to fail: the body is whole.
        Ok(Self::parse(&body.unwrap_or_default()))
    }
}

impl Form {
    fn parse(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).into_owned().collect())
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    #[cfg(test)]
    pub(super) fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        Self(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    /// A value that is not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|value| !value.is_empty())
    }

    /// A value without which nothing can be done.
    pub(super) fn required(&self, name: &str) -> Result<String, ApiError> {
        let value = self.text(name).map(str::to_owned);
        value.ok_or_else(|| ApiError::missing(name))
    }

    /// `FriendlyName`, be it empty: up to 64 characters.
    pub(super) fn friendly_name(&self) -> Result<Option<String>, ApiError> {
        let name = self.raw("FriendlyName");
        if name.is_some_and(|name| name.chars().count() > FRIENDLY_NAME_CHARACTERS_MAX) {
            return Err(ApiError::parameter("FriendlyName has more than 64 characters"));
        }
        Ok(name.map(str::to_owned))
    }

    /// A value, be it empty.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A list, by repeated names or by spaces.
    pub(super) fn words(&self, name: &str) -> Vec<String> {
        let values = self.0.iter().filter(|(key, _)| key == name);
        values
            .flat_map(|(_, value)| value.split_whitespace().map(str::to_owned))
            .collect()
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.text(name) {
            None => Ok(None),
            Some(value) if value.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(value) if value.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(value) => Err(ApiError::parameter(format!(
                "{name} is neither true nor false: {value}"
            ))),
        }
    }

    /// A whole number.
    pub(super) fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, ApiError> {
        let parsed = self.text(name).map(str::parse).transpose();
        parsed.map_err(|_| ApiError::parameter(format!("{name} is not a number in range")))
    }

    pub(super) fn method(&self, name: &str) -> Result<Method, ApiError> {
        let Some(text) = self.text(name) else {
            return Ok(Method::default());
        };
        Method::parse(text).ok_or_else(|| ApiError::parameter(format!("{name} is not GET or POST: {text}")))
    }

    /// One of these words.
    pub(super) fn one_of(&self, name: &str, words: &[&str]) -> Result<Option<&str>, ApiError> {
        match self.text(name) {
            Some(word) if !words.contains(&word) => {
                let words = words.join(", ");
                Err(ApiError::parameter(format!(
                    "{name} must be one of {words}, not {word}"
                )))
            }
            word => Ok(word),
        }
    }

    /// A day or a span to filter by: `name`, `name<` and `name>`, each a day or a moment in ISO 8601.
    pub(super) fn when(&self, name: &str) -> Result<When, ApiError> {
        self.span(name, |text| text.parse().ok().or_else(|| utc(text)))
    }

    /// The same in whole days.
    pub(super) fn days(&self, name: &str) -> Result<When, ApiError> {
        self.span(name, midnight)
    }

    fn span(&self, name: &str, parse: impl Fn(&str) -> Option<Timestamp>) -> Result<When, ApiError> {
        let at = |suffix: &str| {
            let name = format!("{name}{suffix}");
            let text = self.text(&name);
            text.map(|text| parse(text).ok_or_else(|| ApiError::parameter(format!("{name} is no date"))))
                .transpose()
        };
        Ok(When {
            on: at("")?,
            until: at("<")?,
            from: at(">")?,
        })
    }

    /// A URL and its method; a bad URL is refused with `code`.
    pub(super) fn endpoint(&self, url: &str, method: &str, code: u32) -> Result<Option<Endpoint>, ApiError> {
        self.endpoint_or(url, method, code, Method::default())
    }

    /// The same with another method by default.
    pub(super) fn endpoint_or(
        &self,
        url: &str,
        method: &str,
        code: u32,
        default: Method,
    ) -> Result<Option<Endpoint>, ApiError> {
        let Some(text) = self.text(url) else {
            return Ok(None);
        };
        let invalid = || ApiError::new(400, code, format!("{url} is not a valid URL: {text}"));
        if !is_web_url(text) {
            return Err(invalid());
        }
        Ok(Some(Endpoint {
            url: text.to_owned(),
            method: self.text(method).map_or(Ok(default), |_| self.method(method))?,
        }))
    }

    /// What becomes of what an application and a number have in common.
    pub(super) fn handling(&self, settings: &[Setting]) -> Result<HandlingChanges, ApiError> {
        Ok(HandlingChanges {
            friendly_name: self.friendly_name()?,
            routing: self.routing()?,
            settings: Settings::read(settings, |name| self.raw(name)),
        })
    }

    /// What becomes of the URLs of an application, a number or a domain.
    pub(super) fn routing(&self) -> Result<RoutingChanges, ApiError> {
        Ok(RoutingChanges {
            voice: self.change("VoiceUrl", "VoiceMethod")?,
            fallback: self.change("VoiceFallbackUrl", "VoiceFallbackMethod")?,
            callback: self.change("StatusCallback", "StatusCallbackMethod")?,
        })
    }

    pub(super) fn change(&self, url: &str, method: &str) -> Result<Change<Endpoint>, ApiError> {
        if self.raw(url).is_none() {
            return Ok(Change::Keep);
        }
        Ok(self
            .endpoint(url, method, 21_205)?
            .map_or(Change::Clear, Change::Set))
    }
}

/// A day, or a time without a zone, in UTC.
fn utc(text: &str) -> Option<Timestamp> {
    let at: jiff::civil::DateTime = text.parse().ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

/// Whether an application may be there.
pub(crate) fn is_web_url(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        let host_ok = url.host_str().is_some_and(|host| !host.contains('_'));
        host_ok && matches!(url.scheme(), "http" | "https")
    })
}

/// The beginning of a day in UTC.
fn midnight(text: &str) -> Option<Timestamp> {
    let day: jiff::civil::Date = text.parse().ok()?;
    Some(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}
