//! Cookies: what an application sets in one reply comes back with the next request of the same call.

use std::collections::BTreeMap;

use url::Url;

/// Cookies of one call; later ones are not kept.
const COOKIES_MAX: usize = 100;

/// The cookies of one call, by host and name. They live as long as the call does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cookies(BTreeMap<(String, String), String>);

impl Cookies {
    /// Keeps what a reply from `url` set.
    pub(crate) fn keep<'a>(&mut self, url: &str, set: impl Iterator<Item = &'a str>) {
        let mut set = set.peekable();
        if set.peek().is_none() {
            return;
        }
        let Some(host) = host(url) else { return };
        for header in set {
            let mut parts = header.split(';');
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let key = (host.clone(), name.trim().to_owned());
            let gone = parts.any(|part| part.trim().eq_ignore_ascii_case("max-age=0"));
            if gone {
                self.0.remove(&key);
            } else if self.0.len() < COOKIES_MAX || self.0.contains_key(&key) {
                self.0.insert(key, value.trim().to_owned());
            }
        }
    }

    /// The `Cookie` header for a request to `url`; empty for none.
    pub(crate) fn header(&self, url: &str) -> String {
        let Some(host) = host(url).filter(|_| !self.0.is_empty()) else {
            return String::new();
        };
        let own = self.0.iter().filter(|((of, _), _)| *of == host);
        let pairs: Vec<String> = own.map(|((_, name), value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }
}

fn host(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::Cookies;

    #[test]
    fn cookies_go_back_to_their_host_only() {
        let mut cookies = Cookies::default();
        let set = ["a=1; Path=/; HttpOnly", "b=2"];
        cookies.keep("http://one.example/voice", set.into_iter());
        assert_eq!(cookies.header("http://one.example/next#rc=1"), "a=1; b=2");
        assert_eq!(cookies.header("http://two.example/"), "");
        cookies.keep("http://one.example/", ["a=; Max-Age=0"].into_iter());
        assert_eq!(cookies.header("http://one.example/"), "b=2");
    }
}
