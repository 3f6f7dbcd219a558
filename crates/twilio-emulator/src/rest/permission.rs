//! Which permission a restricted API key needs for a request.
//!
//! The names are those that Twilio's console gives out; resources that are not here are closed to such keys.

use axum::http::Method;

use crate::network::Access;

/// What requests to a path do.
#[derive(Clone, Copy)]
enum Shape {
    /// A list of resources, and below it each by its name.
    Many,
    /// One resource.
    One,
    /// A list that can be read as a whole, by the permission to read.
    Read,
}

use Shape::{Many, One, Read};

/// Below an account, in the API of 2010.
const OF_2010: [(&str, &str, Shape); 26] = [
    ("Calls", "voice/calls", Many),
    ("Calls/*/Recordings", "voice/calls.recordings", Many),
    ("Calls/*/Notifications", "voice/calls.notifications", Many),
    ("Calls/*/Events", "voice/request-inspector", Read),
    ("Conferences", "voice/conferences", Many),
    (
        "Conferences/*/Participants",
        "voice/conferences.participants",
        Many,
    ),
    ("Conferences/*/Recordings", "voice/conferences.recordings", Many),
    ("Recordings", "voice/recordings", Many),
    ("Queues", "voice/queues", Many),
    ("Queues/*/Members", "voice/queues.member", Many),
    ("OutgoingCallerIds", "voice/outgoing-caller-ids", Many),
    ("Applications", "voice/twiml.apps", Many),
    ("SIP/Domains", "voice/sip.domains", Many),
    (
        "SIP/Domains/*/IpAccessControlListMappings",
        "voice/sip.ip-acl-mappings",
        Many,
    ),
    (
        "SIP/Domains/*/Auth/Calls/IpAccessControlListMappings",
        "voice/sip.ip-acl-mappings",
        Many,
    ),
    (
        "SIP/Domains/*/CredentialListMappings",
        "voice/sip.domains.auth.calls.credential-list-mappings",
        Many,
    ),
    (
        "SIP/Domains/*/Auth/Calls/CredentialListMappings",
        "voice/sip.domains.auth.calls.credential-list-mappings",
        Many,
    ),
    (
        "SIP/Domains/*/Auth/Registrations/CredentialListMappings",
        "voice/sip.domains.auth.registrations.credential-list-mappings",
        Many,
    ),
    ("SIP/IpAccessControlLists", "voice/sip.ip-acls", Many),
    (
        "SIP/IpAccessControlLists/*/IpAddresses",
        "voice/sip.ip-acls.ip-addresses",
        Many,
    ),
    ("SIP/CredentialLists", "voice/sip.credential-lists", Many),
    (
        "SIP/CredentialLists/*/Credentials",
        "voice/sip.credential-lists.credentials",
        Many,
    ),
    ("IncomingPhoneNumbers", "phone-numbers/active-numbers", Many),
    (
        "AvailablePhoneNumbers",
        "phone-numbers/available-phone-numbers",
        Read,
    ),
    ("Usage/Records", "billing/usage", Read),
    ("Keys", "iam/api-keys", Many),
];

/// Below `/v1`, of the newer products.
const V1: [(&str, &str, Shape); 13] = [
    ("Keys", "iam/api-keys", Many),
    ("Trunks", "voice/sip.trunks", Many),
    ("Trunks/*/Recording", "voice/sip.trunks", One),
    (
        "Trunks/*/OriginationUrls",
        "voice/sip.trunks.origination-urls",
        Many,
    ),
    (
        "Trunks/*/IpAccessControlLists",
        "voice/sip.trunks.auth.calls.ip-acl-mappings",
        Many,
    ),
    (
        "Trunks/*/CredentialLists",
        "voice/sip.trunks.auth.calls.credential-list-mappings",
        Many,
    ),
    ("Voice/Settings", "voice/insights.settings", One),
    ("Voice/Summaries", "voice/insights.call.summaries", Many),
    ("Voice/*/Summary", "voice/insights.call.summaries", One),
    ("Voice/*/Events", "voice/insights.call.events", Many),
    ("Voice/*/Metrics", "voice/insights.call.metrics", Many),
    ("Voice/*/Annotation", "voice/insights.call.annotations", One),
    ("Conferences", "voice/insights.conference.summaries", Many),
];

/// What a request needs of an API key.
pub(crate) fn access(method: &Method, path: &str) -> Access {
    if let Some(rest) = path.strip_prefix("/2010-04-01/Accounts") {
        let rest = without_ending(rest.trim_start_matches('/'));
        let Some((_, resource)) = rest.split_once('/') else {
            let action = if rest.is_empty() {
                "list"
            } else {
                action(method, Some(rest))
            };
            return Access {
                permission: Some(format!("twilio/iam/accounts/{action}")),
                manages: true,
            };
        };
        let resource = resource.replacen("SigningKeys", "Keys", 1);
        return Access {
            permission: permission(&OF_2010, method, &resource),
            manages: resource.split('/').next() == Some("Keys"),
        };
    }
    let Some(resource) = path.strip_prefix("/v1/") else {
        return Access::default();
    };
    Access {
        permission: permission(&V1, method, resource),
        manages: ["Keys", "AuthTokens"].contains(&resource.split('/').next().unwrap_or_default()),
    }
}

/// `Calls` for `Calls.json`.
fn without_ending(path: &str) -> &str {
    let endings = [".json", ".wav", ".mp3"];
    let mut bare = endings.iter().filter_map(|ending| path.strip_suffix(ending));
    bare.next().unwrap_or(path)
}

fn permission(table: &[(&str, &str, Shape)], method: &Method, path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').collect();
    table.iter().find_map(|(pattern, resource, shape)| {
        let pattern: Vec<&str> = pattern.split('/').collect();
        let mut pairs = pattern.iter().zip(&parts);
        if !pairs.all(|(wanted, part)| *wanted == "*" || wanted == part) {
            return None;
        }
        let below = parts.get(pattern.len()..)?;
        let action = match (shape, below) {
            // Numbers of one kind are a list too.
            (Many, [] | ["Local" | "TollFree"]) => action(method, None),
            (Many, [name]) => action(method, Some(name)),
            (One, []) => action(method, Some("")),
            (Read, _) => "read",
            (Many | One, _) => return None,
        };
        Some(format!("twilio/{resource}/{action}"))
    })
}

/// What a method does to a list, or to the resource that is named.
fn action(method: &Method, name: Option<&str>) -> &'static str {
    match (method, name) {
        (&Method::POST, None) => "create",
        (&Method::POST, Some(_)) => "update",
        (&Method::DELETE, _) => "delete",
        (_, None) => "list",
        (_, Some(_)) => "read",
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::access;

    #[test]
    fn every_request_has_its_own_permission() {
        let root = "/2010-04-01/Accounts/AC1";
        for (method, path, permission) in [
            (Method::GET, format!("{root}/Calls.json"), "voice/calls/list"),
            (Method::POST, format!("{root}/Calls.json"), "voice/calls/create"),
            (Method::GET, format!("{root}/Calls/CA1.json"), "voice/calls/read"),
            (Method::POST, format!("{root}/Calls/CA1"), "voice/calls/update"),
            (
                Method::DELETE,
                format!("{root}/Calls/CA1.json"),
                "voice/calls/delete",
            ),
            (
                Method::POST,
                format!("{root}/Calls/CA1/Recordings.json"),
                "voice/calls.recordings/create",
            ),
            (
                Method::GET,
                format!("{root}/Recordings/RE1.wav"),
                "voice/recordings/read",
            ),
            (
                Method::POST,
                format!("{root}/Queues/QU1/Members/Front.json"),
                "voice/queues.member/update",
            ),
            (
                Method::POST,
                format!("{root}/IncomingPhoneNumbers/Local.json"),
                "phone-numbers/active-numbers/create",
            ),
            (
                Method::GET,
                format!("{root}/AvailablePhoneNumbers/US/Local.json"),
                "phone-numbers/available-phone-numbers/read",
            ),
            (
                Method::GET,
                format!("{root}/Usage/Records/Daily.json"),
                "billing/usage/read",
            ),
            (
                Method::GET,
                "/2010-04-01/Accounts.json".to_owned(),
                "iam/accounts/list",
            ),
            (Method::GET, format!("{root}.json"), "iam/accounts/read"),
            (
                Method::GET,
                "/v1/Voice/CA1/Summary".to_owned(),
                "voice/insights.call.summaries/read",
            ),
            (Method::GET, "/v1/Trunks".to_owned(), "voice/sip.trunks/list"),
        ] {
            let needed = access(&method, &path).permission;
            assert_eq!(needed, Some(format!("twilio/{permission}")), "{method} {path}");
        }
        let unknown = access(&Method::GET, &format!("{root}/Balance.json"));
        assert_eq!((unknown.permission, unknown.manages), (None, false));
    }

    #[test]
    fn accounts_and_keys_are_managed() {
        for path in [
            "/2010-04-01/Accounts.json",
            "/2010-04-01/Accounts/AC1.json",
            "/2010-04-01/Accounts/AC1/Keys/SK1.json",
            "/2010-04-01/Accounts/AC1/SigningKeys.json",
            "/v1/Keys",
            "/v1/AuthTokens/Promote",
        ] {
            assert!(access(&Method::GET, path).manages, "{path}");
        }
        assert!(!access(&Method::GET, "/2010-04-01/Accounts/AC1/Calls.json").manages);
    }
}
