//! Vectors of the official validators (twilio-node, -python, -java, -go), token `12345`.

use secrecy::SecretString;

use super::{Body, is_valid, sign};

const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
const JSON: &[u8] = br#"{"property": "value", "boolean": true}"#;
const JSON_HASH: &str = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";

fn tokens() -> [SecretString; 1] {
    [SecretString::from("12345")]
}

fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn call_params() -> Vec<(String, String)> {
    form(&[
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ])
}

fn accepts(url: &str, params: &[(String, String)], signature: &str) -> bool {
    is_valid(&tokens(), url, Body::Form(params), signature)
}

#[test]
fn the_official_vectors_hold() {
    let params = call_params();
    for (url, signature) in [
        (URL.to_owned(), "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (URL.replace(".com", ".com:443"), "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (
            URL.replace("https", "http").replace(".com", ".com:80"),
            "0ZXoZLH/DfblKGATFgpif+LLRf4=",
        ),
        (
            URL.replace("https", "http").replace(".com", ".com:1234"),
            "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
        ),
        (URL.replace("//", "//user:pass@"), "CukzLTc1tT5dXEDIHm/tKBanW10="),
    ] {
        assert_eq!(sign(&tokens()[0], &url, Body::Form(&params)), signature, "{url}");
        assert!(accepts(&url, &params, signature), "{url}");
    }
}

#[test]
fn the_standard_port_may_be_signed_or_not() {
    let params = call_params();
    assert!(accepts(URL, &params, "kvajT1Ptam85bY51eRf/AJRuM3w="));
    assert!(accepts(
        &URL.replace(".com", ".com:443"),
        &params,
        "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    ));
    assert!(accepts(
        &URL.replace("https", "http"),
        &params,
        "0ZXoZLH/DfblKGATFgpif+LLRf4="
    ));
    assert!(accepts(
        &URL.replace(".com", ".com:8443"),
        &params,
        "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    ));
}

#[test]
fn repeated_names_are_signed_once_per_value_and_names_sort_alone() {
    let repeated = form(&[
        ("Sid", "CA123"),
        ("SidAccount", "AC123"),
        ("Digits", "5678"),
        ("Digits", "1234"),
        ("Digits", "1234"),
    ]);
    assert!(accepts(URL, &repeated, "IK+Dwps556ElfBT0I3Rgjkr1wJU="));
    let mut prefixed = call_params();
    prefixed.extend(form(&[
        ("ReasonConferenceEnded", "test"),
        ("Reason", "Participant"),
    ]));
    assert!(accepts(URL, &prefixed, "vOEb5UThFn24KEfnOFLQY2AE5FY="));
}

#[test]
fn a_json_body_is_good_only_with_its_hash_in_the_signed_url() {
    let url = format!("{URL}&bodySHA256={JSON_HASH}");
    let signature = "a9nBmqA0ju/hNViExpshrM61xv4=";
    assert!(is_valid(&tokens(), &url, Body::Raw(JSON), signature));
    assert!(!is_valid(&tokens(), &url, Body::Raw(b"{}"), signature));
    let unhashed = sign(&tokens()[0], URL, Body::None);
    assert!(!is_valid(&tokens(), URL, Body::Raw(JSON), &unhashed));
    let only_hash = format!("https://mycompany.com/myapp.php?bodySHA256={JSON_HASH}");
    assert!(is_valid(
        &tokens(),
        &only_hash,
        Body::Raw(JSON),
        "y77kIzt2vzLz71DgmJGsen2scGs="
    ));
}

#[test]
fn the_fragment_is_not_signed() {
    let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
    assert!(accepts(
        &format!("{URL}#rc=3&rp=ct,rt,5xx"),
        &call_params(),
        signature
    ));
}

#[test]
fn while_a_token_is_rotated_both_are_good() {
    let both = [SecretString::from("new"), SecretString::from("12345")];
    assert!(is_valid(
        &both,
        URL,
        Body::Form(&call_params()),
        "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    ));
}

#[test]
fn any_change_is_refused() {
    let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
    let params = call_params();
    for index in 0..params.len() {
        let mut altered = params.clone();
        altered[index].1.push('0');
        assert!(!accepts(URL, &altered, signature), "{}", params[index].0);
        let mut missing = params.clone();
        missing.remove(index);
        assert!(!accepts(URL, &missing, signature), "{}", params[index].0);
    }
    assert!(!accepts(&URL.replace("bar=2", "bar=3"), &params, signature));
    assert!(!accepts(&URL.replace("https", "http"), &params, signature));
    assert!(!accepts(URL, &params, ""));
    assert!(!is_valid(
        &[SecretString::from("54321")],
        URL,
        Body::Form(&params),
        signature
    ));
    assert!(!is_valid(&[], URL, Body::Form(&params), signature));
}
