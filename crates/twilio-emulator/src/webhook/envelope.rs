//! A request as it goes over the wire: where to, what is signed, and how a server's challenge is met.

use axum::http;
use axum::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, LOCATION, USER_AGENT,
    WWW_AUTHENTICATE,
};
use bytes::Bytes;
use http_auth::{PasswordClient, PasswordParams};
use http_body_util::Full;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::Url;

use super::{DeliveryError, Param, Reply, Request};
use crate::signature;
use crate::twiml::Method;

/// See the module.
pub(super) struct Envelope {
    method: http::Method,
    /// Without user, password and fragment.
    url: Url,
    headers: HeaderMap,
    body: Bytes,
    login: Option<Login>,
}

/// The user and password of a URL; sent only to a server that asks.
struct Login {
    user: String,
    password: SecretString,
}

impl Envelope {
    /// Signs the URL as the application gave it, without the fragment, and what a form carries.
    pub(super) fn of(request: &Request) -> Result<Self, DeliveryError> {
        let bare = request.url.split('#').next().unwrap_or_default();
        let form: &[Param] = match request.method {
            Method::Post if request.json.is_none() => &request.params,
            Method::Get | Method::Post => &[],
        };
        let given = match (&request.json, request.method) {
            (Some(json), _) => with_query(bare, &[("bodySHA256".into(), sha256(json))]),
            (None, Method::Get) => with_query(bare, &request.params),
            (None, Method::Post) => bare.to_owned(),
        };
        let signature = signature_of(request, &given, form);
        let sent = if request.quirks.query_sorted {
            with_sorted_query(&given)
        } else {
            given
        };
        let mut url = Url::parse(&sent).map_err(|_| DeliveryError::Url)?;
        check_scheme(&url)?;
        let login = take_login(&mut url);
        let body = match (&request.json, request.method) {
            (Some(json), _) => Some((json.clone(), "application/json")),
            (None, Method::Post) => Some((encoded(form), "application/x-www-form-urlencoded; charset=UTF-8")),
            (None, Method::Get) => None,
        };
        let mut headers = HeaderMap::new();
        let text = |text: &str| HeaderValue::from_str(text).map_err(|_| DeliveryError::Url);
        headers.insert("x-twilio-signature", text(&signature)?);
        headers.insert("i-twilio-idempotency-token", text(&request.idempotency_token)?);
        headers.insert(USER_AGENT, HeaderValue::from_static("TwilioProxy/1.1"));
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        if !request.cookies.is_empty() {
            headers.insert(COOKIE, text(&request.cookies)?);
        }
        let posts = body.is_some();
        let (body, kind) = body.unwrap_or_default();
        if posts {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        Ok(Self {
            method: if posts {
                http::Method::POST
            } else {
                http::Method::GET
            },
            url,
            headers,
            body: body.into(),
            login,
        })
    }

    /// The request as the HTTP client takes it.
    pub(super) fn request(&self) -> Result<http::Request<Full<Bytes>>, DeliveryError> {
        let mut request = http::Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.url.as_str().parse().map_err(|_| DeliveryError::Url)?;
        request.headers_mut().clone_from(&self.headers);
        Ok(request)
    }

    /// What a reply to a GET request is kept under.
    pub(super) fn kept_as(&self) -> Option<&str> {
        (self.method == http::Method::GET).then(|| self.url.as_str())
    }

    /// Turns to where a reply sends it, if it does: by GET, unless the reply says that nothing else is to change.
    pub(super) fn follow(&mut self, reply: &Reply) -> Result<bool, DeliveryError> {
        let same_method = match reply.status.as_u16() {
            301..=303 => false,
            307 | 308 => true,
            _ => return Ok(false),
        };
        let Some(location) = reply.headers.get(LOCATION).and_then(|value| value.to_str().ok()) else {
            return Ok(false);
        };
        let mut next = self.url.join(location).map_err(|_| DeliveryError::Url)?;
        check_scheme(&next)?;
        next.set_fragment(None);
        if next.origin() != self.url.origin() {
            // What is another server's secret stays there.
            self.headers.remove(AUTHORIZATION);
            self.headers.remove(COOKIE);
            self.login = None;
        }
        self.login = take_login(&mut next).or(self.login.take());
        if !same_method {
            self.method = http::Method::GET;
            self.headers.remove(CONTENT_TYPE);
            self.body = Bytes::new();
        }
        self.url = next;
        Ok(true)
    }

    /// Adds what a refusal asks for, if the URL had a user: the answer to its Basic or Digest challenge.
    pub(super) fn answer(&mut self, refusal: &HeaderMap) -> bool {
        let Some(login) = self.login.take() else {
            return false;
        };
        let target = &self.url[url::Position::BeforePath..];
        let challenges = refusal.get_all(WWW_AUTHENTICATE).iter();
        let challenges: Vec<&str> = challenges.filter_map(|value| value.to_str().ok()).collect();
        let response = PasswordClient::try_from(challenges.join(", ").as_str())
            .ok()
            .and_then(|mut client| {
                let params = PasswordParams {
                    username: &login.user,
                    password: login.password.expose_secret(),
                    uri: target,
                    method: self.method.as_str(),
                    body: Some(&self.body),
                };
                client.respond(&params).ok()
            })
            .and_then(|response| HeaderValue::from_str(&response).ok());
        match response {
            Some(mut response) => {
                response.set_sensitive(true);
                self.headers.insert(AUTHORIZATION, response);
                true
            }
            None => false,
        }
    }
}

fn signature_of(request: &Request, url: &str, form: &[Param]) -> String {
    let token = request.auth_token.expose();
    if !request.quirks.stir_unsigned {
        return signature::sign(token, url, form);
    }
    let mut signed = form.to_vec();
    signed.retain(|(name, _)| name != "StirVerstat" && name != "CallToken");
    signature::sign(token, url, &signed)
}

fn check_scheme(url: &Url) -> Result<(), DeliveryError> {
    let known = matches!(url.scheme(), "http" | "https");
    known.then_some(()).ok_or(DeliveryError::Url)
}

fn take_login(url: &mut Url) -> Option<Login> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let plain = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let login = Login {
        user: plain(url.username()),
        password: plain(url.password().unwrap_or_default()).into(),
    };
    // Neither can fail: the URL has a host, or it would have had no user.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(login)
}

fn sha256(body: &str) -> String {
    hex::encode(Sha256::digest(body.as_bytes()))
}

fn encoded(params: &[Param]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(params)
        .finish()
}

fn with_query(url: &str, params: &[Param]) -> String {
    if params.is_empty() {
        return url.to_owned();
    }
    let join = if url.contains('?') { '&' } else { '?' };
    format!("{url}{join}{}", encoded(params))
}

fn with_sorted_query(url: &str) -> String {
    let Some((path, query)) = url.split_once('?') else {
        return url.to_owned();
    };
    let mut pairs: Vec<&str> = query.split('&').collect();
    pairs.sort_unstable();
    format!("{path}?{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use axum::http::header::LOCATION;
    use axum::http::{HeaderMap, StatusCode};
    use bytes::Bytes;
    use jiff::Timestamp;

    use super::{Envelope, Reply, Request};
    use crate::twiml::Method;
    use crate::webhook::{AuthToken, Quirks};

    fn request(url: &str, json: Option<&str>) -> Request {
        Request {
            auth_token: AuthToken::new("12345".into()),
            url: url.to_owned(),
            method: Method::Post,
            params: Vec::new(),
            json: json.map(str::to_owned),
            idempotency_token: String::new(),
            asked_at: Timestamp::default(),
            quirks: Quirks::default(),
            cookies: String::new(),
        }
    }

    #[test]
    fn json_is_signed_by_its_hash_as_the_official_validators_have_it() {
        let body = r#"{"property": "value", "boolean": true}"#;
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        let envelope = Envelope::of(&request(url, Some(body))).unwrap();
        assert!(
            envelope
                .url
                .as_str()
                .starts_with(&format!("{url}&bodySHA256=0a1ff763"))
        );
        assert_eq!(
            envelope.headers["x-twilio-signature"],
            "a9nBmqA0ju/hNViExpshrM61xv4="
        );
    }

    #[test]
    fn user_and_password_wait_for_a_challenge() {
        let mut envelope = Envelope::of(&request("https://ann:p%40ss@example.com/a?b=1#rc=2", None)).unwrap();
        assert_eq!(envelope.url.as_str(), "https://example.com/a?b=1");
        let mut refusal = HeaderMap::new();
        refusal.insert("www-authenticate", "Basic realm=\"floor\"".parse().unwrap());
        assert!(envelope.answer(&refusal));
        assert_eq!(envelope.headers["authorization"], "Basic YW5uOnBAc3M=");
        assert!(!envelope.answer(&refusal), "only once");
    }

    #[test]
    fn a_redirect_takes_no_secret_to_another_server() {
        let redirected = |status: StatusCode, location: &str| {
            let mut asked = request("https://ann:pass@example.com/a", None);
            asked.cookies = "session=1".to_owned();
            let mut envelope = Envelope::of(&asked).unwrap();
            let reply = Reply {
                status,
                headers: HeaderMap::from_iter([(LOCATION, location.parse().unwrap())]),
                body: Bytes::new(),
            };
            assert!(envelope.follow(&reply).unwrap());
            envelope
        };
        let near = redirected(StatusCode::FOUND, "/b?c=1#top");
        assert_eq!(
            (near.url.as_str(), near.method.as_str()),
            ("https://example.com/b?c=1", "GET")
        );
        assert!(near.login.is_some() && near.headers.contains_key("cookie"));
        let far = redirected(StatusCode::TEMPORARY_REDIRECT, "https://other.example/");
        assert_eq!(far.method.as_str(), "POST");
        assert!(far.login.is_none() && !far.headers.contains_key("cookie"));
    }
}
