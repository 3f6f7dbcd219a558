//! What Twilio's documents leave open is decided by name.

use reqwest::StatusCode;
use serde_json::json;

use crate::floor::{Floor, PROSPECT};

const ROOM: &str = "<Response><Dial><Conference statusCallback=\"URL\" statusCallbackEvent=\"join\">room\
    </Conference></Dial><Pause length=\"600\"/></Response>";

async fn call_in_room(floor: &Floor) -> String {
    floor.listener_at(PROSPECT).await;
    let call = floor
        .place(&[("Twiml", &ROOM.replace("URL", &floor.application.url("/room")))])
        .await;
    floor.wait_for_event("participant.join", "call", &call).await;
    call
}

#[tokio::test]
async fn canceling_an_answered_call_is_ignored_or_refused() {
    let floor = Floor::open().await;
    let call = call_in_room(&floor).await;
    let path = format!("Calls/{call}.json");
    let cancel = [("Status", "canceled")];
    let (status, body) = floor.post(&path, &cancel).await;
    assert_eq!((status, &body["status"]), (StatusCode::OK, &json!("in-progress")));
    floor
        .control("switches", "", &json!({ "canceled_in_progress": "refused" }))
        .await;
    assert_eq!(floor.post(&path, &cancel).await.1["code"], 21220);
    floor.close().await;
}

#[tokio::test]
async fn a_kicked_leg_goes_on_or_hangs_up() {
    for (choice, status) in [("goes-on", "in-progress"), ("hangs-up", "completed")] {
        let floor = Floor::open().await;
        floor
            .control("switches", "", &json!({ "kicked_leg": choice }))
            .await;
        let call = call_in_room(&floor).await;
        let conference = floor.get("Conferences.json").await["conferences"][0]["sid"].clone();
        let path = format!(
            "Conferences/{}/Participants/{call}.json",
            conference.as_str().unwrap()
        );
        let kick = floor.client.delete(floor.rest(&path));
        assert_eq!(
            crate::floor::signed_in(kick).await.status(),
            StatusCode::NO_CONTENT
        );
        floor.wait_for_status(&call, status).await;
        floor.close().await;
    }
}

#[tokio::test]
async fn a_rooms_first_event_has_the_number_it_is_given() {
    for first in [0, 1] {
        let floor = Floor::open().await;
        let switches = json!({ "conference_sequence_first": first });
        floor.control("switches", "", &switches).await;
        let call = call_in_room(&floor).await;
        let join = floor.application.wait_for("/room", &[("CallSid", &call)]).await;
        assert_eq!(join.params["SequenceNumber"], first.to_string());
        floor.close().await;
    }
}

#[tokio::test]
async fn a_query_may_be_sorted_after_it_was_signed() {
    for (choice, agrees) in [("as-given", true), ("sorted", false)] {
        let floor = Floor::open().await;
        floor
            .control("switches", "", &json!({ "url_query": choice }))
            .await;
        floor.listener_at(PROSPECT).await;
        let url = floor.application.url("/voice?b=1&a=2");
        let call = floor.place(&[("Url", &url)]).await;
        let fetch = floor.application.wait_for("/voice", &[("CallSid", &call)]).await;
        assert_eq!(fetch.signed, agrees, "{choice}");
        floor.close().await;
    }
}
