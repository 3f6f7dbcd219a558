//! Questions to the ground truth.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::network;
use crate::media::MediaEvent;
use crate::network::Input;

#[test]
fn who_heard_whom_is_told_in_stretches() {
    let mut network = network(1, 0);
    let mut hears = |listener: &str, started: bool, second: i64| {
        let event = MediaEvent::Heard {
            listener: listener.to_owned(),
            speaker: "CA2".to_owned(),
            started,
        };
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second);
        network.handle(Input::Media(event), at);
    };
    hears("CA1", true, 1);
    hears("CA3", true, 2);
    hears("CA1", false, 4);
    hears("CA1", true, 9);
    let row = |from: &str, to: Option<&str>| {
        let at = |time: &str| format!("1970-01-01T00:00:{time}Z");
        json!({ "listener": "CA1", "speaker": "CA2", "from": at(from), "to": to.map(at) })
    };
    assert_eq!(
        network.heard(Some("CA1")),
        [row("01", Some("04")), row("09", None)]
    );
    assert_eq!(network.heard(None).len(), 3);
}
