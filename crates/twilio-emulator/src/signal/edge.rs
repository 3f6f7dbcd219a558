//! Where Twilio's network is entered: edges by name, and the regions behind them.

/// Edges and what `connected` calls their regions.
pub(crate) const EDGES: [(&str, &str); 8] = [
    ("ashburn", "US_EAST_VIRGINIA"),
    ("umatilla", "US_WEST_OREGON"),
    ("dublin", "EU_IRELAND"),
    ("frankfurt", "EU_FRANKFURT"),
    ("singapore", "ASIAPAC_SINGAPORE"),
    ("sydney", "ASIAPAC_SYDNEY"),
    ("tokyo", "ASIAPAC_TOKYO"),
    ("sao-paulo", "SOUTH_AMERICA_SAO_PAULO"),
];

/// The region a client has come to, by the host it asked for: Virginia under any name that is no edge's.
pub(crate) fn region(host: &str) -> &'static str {
    let edge = host
        .strip_prefix("voice-js.")
        .and_then(|rest| rest.split('.').next());
    EDGES
        .iter()
        .find(|(name, _)| edge == Some(name))
        .map_or(EDGES[0].1, |(_, region)| region)
}

#[cfg(test)]
mod tests {
    use super::region;

    #[test]
    fn a_region_is_known_by_the_host_that_was_asked() {
        for (host, expected) in [
            ("voice-js.dublin.twilio.com", "EU_IRELAND"),
            ("voice-js.sao-paulo.twilio.com:8443", "SOUTH_AMERICA_SAO_PAULO"),
            ("voice-js.roaming.twilio.com", "US_EAST_VIRGINIA"),
            ("127.0.0.1:4010", "US_EAST_VIRGINIA"),
            ("", "US_EAST_VIRGINIA"),
        ] {
            assert_eq!(region(host), expected, "{host}");
        }
    }
}
