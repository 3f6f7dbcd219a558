//! `X-Twilio-Signature`: how Twilio proves that a webhook is its own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::webhook::Param;

/// Signs a request for `url` with the form `params` (empty for GET, whose parameters are in the URL).
///
/// The fragment, which carries connection overrides, is not signed. Names are sorted by byte order; a
/// repeated name contributes each distinct value once, in order.
pub(crate) fn sign(auth_token: &str, url: &str, params: &[Param]) -> String {
    let mut sorted: Vec<&Param> = params.iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    let mut mac = Hmac::<Sha1>::new_from_slice(auth_token.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(url.split('#').next().unwrap_or_default().as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::{Param, sign};

    const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";

    const CALL: [(&str, &str); 4] = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ];

    fn check(url: &str, params: &[(&'static str, &str)], expect: &str) {
        let owned = |(name, value): &(&'static str, &str)| ((*name).into(), (*value).to_owned());
        let params: Vec<Param> = params.iter().map(owned).collect();
        assert_eq!(sign("12345", url, &params), expect, "{url}");
    }

    #[test]
    fn agrees_with_the_official_validators() {
        let digits = [&CALL[..], &[("Digits", "1234")]].concat();
        check(URL, &digits, "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
        check(
            &URL.replace(".com", ".com:443"),
            &digits,
            "kvajT1Ptam85bY51eRf/AJRuM3w=",
        );
        check(
            "http://mycompany.com:80/myapp.php?foo=1&bar=2",
            &digits,
            "0ZXoZLH/DfblKGATFgpif+LLRf4=",
        );
        check(
            "http://mycompany.com:1234/myapp.php?foo=1&bar=2",
            &digits,
            "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
        );
        check(
            &URL.replace("://", "://user:pass@"),
            &digits,
            "CukzLTc1tT5dXEDIHm/tKBanW10=",
        );
    }

    #[test]
    fn repeated_names_count_each_distinct_value_once() {
        let repeated = [
            ("Sid", "CA123"),
            ("SidAccount", "AC123"),
            ("Digits", "5678"),
            ("Digits", "1234"),
            ("Digits", "1234"),
        ];
        check(URL, &repeated, "IK+Dwps556ElfBT0I3Rgjkr1wJU=");
    }

    #[test]
    fn a_name_that_begins_another_comes_first() {
        let more = [
            ("Digits", "1234"),
            ("ReasonConferenceEnded", "test"),
            ("Reason", "Participant"),
        ];
        check(URL, &[&CALL[..], &more].concat(), "vOEb5UThFn24KEfnOFLQY2AE5FY=");
    }

    #[test]
    fn a_url_with_the_hash_of_a_body_is_signed_alone() {
        let hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
        let url = format!("https://mycompany.com/myapp.php?bodySHA256={hash}");
        check(&url, &[], "y77kIzt2vzLz71DgmJGsen2scGs=");
    }

    #[test]
    fn the_fragment_is_not_signed() {
        let digits = [&CALL[..], &[("Digits", "1234")]].concat();
        check(
            &format!("{URL}#rc=3&rp=ct"),
            &digits,
            "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        );
    }
}
