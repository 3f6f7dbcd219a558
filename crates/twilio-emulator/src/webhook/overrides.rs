//! Connection overrides: how a URL's fragment changes time-outs and retries.

use super::DeliveryError;

/// No request of a call takes longer than this in all, retries included.
const TOTAL_MS_MAX: u64 = 15_000;
const CONNECT_MS_DEFAULT: u64 = 5_000;
const RETRIES_MAX: u32 = 5;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Overrides<'a> {
    pub(super) retries_max: u32,
    pub(super) connect_ms: u64,
    pub(super) read_ms: u64,
    pub(super) total_ms: u64,
    /// What is tried again, with commas between.
    policies: &'a str,
}

impl<'a> Overrides<'a> {
    /// Reads `#rc=…&rp=…&ct=…&rt=…&tt=…`; what is absent or out of range keeps its default.
    ///
    /// `sni` and `e` (the edge to leave from) are taken and change nothing: there is one way out of here.
    pub(super) fn of(url: &'a str) -> Self {
        let mut overrides = Self {
            retries_max: 1,
            connect_ms: CONNECT_MS_DEFAULT,
            read_ms: TOTAL_MS_MAX,
            total_ms: TOTAL_MS_MAX,
            policies: "ct",
        };
        let fragment = url.split_once('#').map_or("", |(_, fragment)| fragment);
        for (name, value) in fragment.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "rc" => overrides.retries_max = value.parse().unwrap_or(1).min(RETRIES_MAX),
                "rp" => overrides.policies = value,
                "ct" => overrides.connect_ms = within(value, 10_000).unwrap_or(CONNECT_MS_DEFAULT),
                "rt" => overrides.read_ms = within(value, TOTAL_MS_MAX).unwrap_or(TOTAL_MS_MAX),
                "tt" => overrides.total_ms = within(value, TOTAL_MS_MAX).unwrap_or(TOTAL_MS_MAX),
                _ => {}
            }
        }
        overrides
    }

    /// Whether the retry policy covers this failure.
    pub(super) fn retries(&self, error: &DeliveryError) -> bool {
        let policy = match error {
            DeliveryError::Connect | DeliveryError::Name => "ct",
            DeliveryError::Timeout => "rt",
            DeliveryError::Refused(reply) if reply.status.is_client_error() => "4xx",
            DeliveryError::Refused(_) => "5xx",
            DeliveryError::Broken => "all",
            DeliveryError::Url | DeliveryError::TooLarge | DeliveryError::Redirects => return false,
        };
        let mut policies = self.policies.split(',');
        policies.any(|name| name == policy || name == "all")
    }
}

/// Milliseconds from 100 to `most`.
fn within(text: &str, most: u64) -> Option<u64> {
    text.parse().ok().filter(|ms| (100..=most).contains(ms))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use bytes::Bytes;

    use super::Overrides;
    use crate::webhook::{DeliveryError, Reply};

    fn refused(status: u16) -> DeliveryError {
        DeliveryError::Refused(Box::new(Reply {
            status: status.try_into().unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }))
    }

    #[test]
    fn only_a_failed_connect_is_retried_once_by_default() {
        let overrides = Overrides::of("https://example.com/a");
        assert_eq!(overrides.retries_max, 1);
        assert!(overrides.retries(&DeliveryError::Connect));
        assert!(!overrides.retries(&refused(500)));
        assert!(!overrides.retries(&DeliveryError::Timeout));
    }

    #[test]
    fn the_fragment_changes_policy_and_times() {
        let overrides = Overrides::of("https://example.com/a#rc=3&rp=ct,rt,5xx&rt=4000&ct=50&tt=1800");
        assert_eq!(
            (overrides.retries_max, overrides.read_ms, overrides.total_ms),
            (3, 4_000, 1_800)
        );
        assert_eq!(overrides.connect_ms, 5_000, "50 ms is out of range");
        assert!(overrides.retries(&refused(503)));
        assert!(!overrides.retries(&refused(404)));
    }

    #[test]
    fn each_time_has_its_default_and_its_bounds() {
        let times = |fragment: &str| {
            let url = format!("https://example.com/a#{fragment}");
            let overrides = Overrides::of(&url);
            (overrides.connect_ms, overrides.read_ms, overrides.total_ms)
        };
        let usual = (5_000, 15_000, 15_000);
        for (fragment, expected) in [
            ("", usual),
            ("ct=100", (100, 15_000, 15_000)),
            ("ct=10000", (10_000, 15_000, 15_000)),
            ("rt=100", (5_000, 100, 15_000)),
            ("tt=100", (5_000, 15_000, 100)),
            ("ct=99&rt=99&tt=99", usual),
            ("ct=10001&rt=15001&tt=15001", usual),
            ("ct=soon&rt=-1&tt=&sni=n&e=umatilla", usual),
        ] {
            assert_eq!(times(fragment), expected, "{fragment}");
        }
        for (fragment, retries) in [("rc=0", 0), ("rc=5", 5), ("rc=6", 5), ("rc=x", 1), ("rp=all", 1)] {
            let url = format!("https://example.com/a#{fragment}");
            assert_eq!(Overrides::of(&url).retries_max, retries, "{fragment}");
        }
    }
}
