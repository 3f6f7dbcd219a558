//! What GET requests brought, used again while the application says that it is still the same.

use std::collections::{BTreeMap, VecDeque};

use axum::http::header::{
    ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, SET_COOKIE,
};

use super::Reply;

/// Bodies kept in all; the oldest go first, and larger ones are not kept at all.
const BYTES_MAX: usize = 64 * 1024 * 1024;
const REPLIES_MAX: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct Cache {
    by_url: BTreeMap<String, Kept>,
    order: VecDeque<String>,
    bytes: usize,
}

#[derive(Debug)]
struct Kept {
    conditions: HeaderMap,
    reply: Reply,
}

impl Cache {
    /// What a request for `url` says about what is here already.
    pub(super) fn conditions(&self, url: &str) -> HeaderMap {
        self.by_url
            .get(url)
            .map(|kept| kept.conditions.clone())
            .unwrap_or_default()
    }

    /// What is still the same.
    pub(super) fn reply(&self, url: &str) -> Option<Reply> {
        Some(self.by_url.get(url)?.reply.clone())
    }

    /// Keeps a reply whose headers let the application say later that it is still the same.
    pub(super) fn keep(&mut self, url: &str, reply: &Reply) {
        self.forget(url);
        let condition = |from: &HeaderName, to: HeaderName| -> Option<(HeaderName, HeaderValue)> {
            reply.headers.get(from).map(|value| (to, value.clone()))
        };
        let etag = condition(&ETAG, IF_NONE_MATCH);
        let conditions: HeaderMap = etag
            .into_iter()
            .chain(condition(&LAST_MODIFIED, IF_MODIFIED_SINCE))
            .collect();
        if conditions.is_empty() || reply.body.len() > BYTES_MAX {
            return;
        }
        self.bytes += reply.body.len();
        self.order.push_back(url.to_owned());
        let mut reply = reply.clone();
        // They were set when it came.
        reply.headers.remove(SET_COOKIE);
        self.by_url.insert(url.to_owned(), Kept { conditions, reply });
        while self.bytes > BYTES_MAX || self.order.len() > REPLIES_MAX {
            let Some(oldest) = self.order.front().cloned() else {
                return;
            };
            self.forget(&oldest);
        }
    }

    fn forget(&mut self, url: &str) {
        if let Some(kept) = self.by_url.remove(url) {
            self.bytes -= kept.reply.body.len();
            self.order.retain(|it| it != url);
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    #[test]
    fn only_what_can_be_asked_about_is_kept_and_the_oldest_goes_first() {
        let headers = |headers: &[(HeaderName, &'static str)]| -> HeaderMap {
            let pairs = headers.iter().cloned();
            pairs
                .map(|(name, value)| (name, HeaderValue::from_static(value)))
                .collect()
        };
        let reply = |headers: &HeaderMap, bytes| Reply {
            status: StatusCode::OK,
            headers: headers.clone(),
            body: vec![0; bytes].into(),
        };
        let mut cache = Cache::default();
        cache.keep("/plain", &reply(&HeaderMap::new(), 1));
        assert_eq!(cache.reply("/plain"), None);
        let headers = headers(&[(ETAG, "\"1\""), (SET_COOKIE, "a=1")]);
        cache.keep("/a", &reply(&headers, BYTES_MAX / 2));
        assert_eq!(cache.conditions("/a")[IF_NONE_MATCH], "\"1\"");
        assert_eq!(cache.reply("/a").unwrap().cookies().count(), 0);
        cache.keep("/b", &reply(&headers, BYTES_MAX / 2));
        cache.keep("/c", &reply(&headers, 1));
        assert_eq!(cache.reply("/a"), None);
        assert!(cache.reply("/b").is_some() && cache.bytes == BYTES_MAX / 2 + 1);
    }
}
