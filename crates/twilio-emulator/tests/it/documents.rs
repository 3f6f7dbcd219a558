//! What an application may answer instead of TwiML, and when it is asked again.

use audio::{tone, wav};
use serde_json::json;

use crate::application::Answer;
use crate::floor::{Floor, OWN_NUMBER, eventually, signed_in};
use crate::time::{advance, virtual_floor};
use crate::twiml::{call_in, number_says};

async fn caller(floor: &Floor) -> String {
    let call = call_in(floor, json!({})).await;
    call["sid"].as_str().unwrap().to_owned()
}

fn file() -> Answer {
    let samples = tone::sine(700.0, 8_000, 4_000);
    Answer::File("audio/wav", wav::write(8_000, 1, &samples))
}

#[tokio::test]
async fn sound_is_played_as_it_came_and_then_the_call_ends() {
    let floor = Floor::open_with(|config| config.no_media = false).await;
    number_says(&floor, "").await;
    floor.application.answers_with("/voice", &[file()]);
    let caller = caller(&floor).await;
    floor.wait_for_status(&caller, "completed").await;
    assert_eq!(
        floor.application.received("/voice").len(),
        1,
        "it is not asked for twice"
    );
    let heard = eventually("the leg can be listened to", async || {
        let url = floor.url(&format!("/emulator/legs/{caller}/heard.wav"));
        let file = signed_in(floor.client.get(url)).await.bytes().await.unwrap();
        wav::read(&file).ok()
    })
    .await;
    assert!(tone::share(&heard.samples, 8_000, 700.0) > 0.9);
    floor.close().await;
}

#[tokio::test]
async fn plain_text_is_spoken() {
    let floor = Floor::open().await;
    number_says(&floor, "").await;
    let text = Answer::File("text/plain", b"Good morning.".to_vec());
    floor.application.answers_with("/voice", &[text]);
    let caller = caller(&floor).await;
    floor.wait_for_status(&caller, "completed").await;
    assert_eq!(floor.events("notification").await.len(), 0);
    floor.close().await;
}

#[tokio::test]
async fn a_document_that_is_too_long_is_refused() {
    let floor = virtual_floor().await;
    number_says(&floor, &format!("<Say>{}</Say>", "a".repeat(65_536))).await;
    caller(&floor).await;
    advance(&floor, 60_000).await;
    floor.wait_for_event("notification", "code", "11750").await;
    floor.close().await;
}

#[tokio::test]
async fn a_file_is_asked_for_again_only_if_it_has_changed() {
    let floor = Floor::open().await;
    number_says(&floor, "<Play>/file</Play><Play>/file</Play>").await;
    floor.application.answers_with("/file", &[file()]);
    let caller = caller(&floor).await;
    floor.wait_for_status(&caller, "completed").await;
    let asked = floor.application.received("/file");
    let conditional: Vec<bool> = asked.iter().map(|request| request.conditional).collect();
    assert_eq!(conditional, [false, true]);
    assert!(
        asked.iter().all(|request| request.params.is_empty()),
        "nobody is named"
    );
    assert_eq!(floor.events("notification").await.len(), 0, "both were played");
    floor.close().await;
}

#[tokio::test]
async fn twiml_is_kept_for_get_and_never_for_post() {
    let floor = Floor::open().await;
    for (method, expected) in [("GET", [false, true]), ("POST", [false, false])] {
        let path = format!("/again-{method}");
        let verbs = format!("<Response><Redirect method=\"{method}\">{path}</Redirect></Response>");
        floor
            .application
            .answers_with(&path, &[Answer::File("text/xml", verbs.into_bytes())]);
        number_says(
            &floor,
            &format!("<Redirect method=\"{method}\">{path}</Redirect>"),
        )
        .await;
        let caller = caller(&floor).await;
        floor.wait_for_status(&caller, "completed").await;
        let asked = floor.application.received(&path);
        let conditional: Vec<bool> = asked.iter().take(2).map(|request| request.conditional).collect();
        assert_eq!(conditional, expected, "{method}");
    }
    floor.close().await;
}

#[tokio::test]
async fn where_everybody_is_goes_with_every_request() {
    let floor = Floor::open().await;
    number_says(&floor, "<Hangup/>").await;
    let caller = caller(&floor).await;
    let request = floor
        .application
        .wait_for("/voice", &[("CallSid", &caller)])
        .await;
    for (name, value) in [
        ("FromCity", "SAN FRANCISCO"),
        ("FromState", "CA"),
        ("CallerZip", "94105"),
        ("ToCity", "WASHINGTON"),
        ("CalledState", "DC"),
        ("CalledCountry", "US"),
    ] {
        assert_eq!(request.params[name], value, "{name}");
    }
    assert_eq!(request.params["To"], OWN_NUMBER);
    floor.close().await;
}

#[tokio::test]
async fn a_conference_without_its_waiting_twiml_is_not_established() {
    let floor = Floor::open().await;
    floor.application.says("/after", "<Hangup/>");
    floor.application.answers_with("/wait", &[Answer::Status(500)]);
    let verbs = "<Dial action=\"/after\"><Conference waitUrl=\"/wait\">desk</Conference></Dial>";
    number_says(&floor, verbs).await;
    let caller = caller(&floor).await;
    let after = floor
        .application
        .wait_for("/after", &[("CallSid", &caller)])
        .await;
    assert_eq!(after.params["DialCallStatus"], "failed");
    let open = floor.get("Conferences.json?Status=in-progress").await;
    assert_eq!(open["conferences"], json!([]));
    floor.close().await;
}

#[tokio::test]
async fn a_call_lasts_four_hours_at_most() {
    let floor = virtual_floor().await;
    number_says(&floor, "<Say>Hello.</Say><Pause length=\"80000\"/>").await;
    let caller = caller(&floor).await;
    let path = format!("Calls/{caller}.json");
    advance(&floor, 14_399_000).await;
    assert_eq!(floor.get(&path).await["status"], "in-progress");
    advance(&floor, 2_000).await;
    let view = floor.get(&path).await;
    assert_eq!(
        (&view["status"], &view["duration"]),
        (&json!("completed"), &json!("14400"))
    );
    floor.close().await;
}

#[tokio::test]
async fn a_loop_without_end_is_a_thousand_rounds() {
    let floor = virtual_floor().await;
    floor.application.says("/after", "<Hangup/>");
    number_says(&floor, "<Play loop=\"0\">/file</Play><Redirect>/after</Redirect>").await;
    floor.application.answers_with("/file", &[file()]);
    caller(&floor).await;
    advance(&floor, 499_000).await;
    assert_eq!(floor.application.received("/after").len(), 0);
    advance(&floor, 2_000).await;
    assert_eq!(floor.application.received("/after").len(), 1);
    floor.close().await;
}

#[tokio::test]
async fn what_cannot_be_played_is_noted_and_the_next_verb_runs() {
    let floor = virtual_floor().await;
    let text = Answer::File("text/plain", b"no sound".to_vec());
    floor.application.answers_with("/text", &[text]);
    let noise = Answer::File("audio/wav", b"no sound either".to_vec());
    floor.application.answers_with("/noise", &[noise]);
    for (url, code) in [
        ("/text", "12300"),
        ("/noise", "11200"),
        ("/missing", "12300"),
        ("/away", "11200"),
    ] {
        floor.application.answers_with("/away", &[Answer::Status(404)]);
        number_says(&floor, &format!("<Play>{url}</Play><Redirect>/after</Redirect>")).await;
        floor.application.says("/after", "<Hangup/>");
        let caller = caller(&floor).await;
        advance(&floor, 10_000).await;
        floor
            .application
            .wait_for("/after", &[("CallSid", &caller)])
            .await;
        let notes = floor.get(&format!("Calls/{caller}/Notifications.json")).await;
        assert_eq!(notes["notifications"][0]["error_code"], code, "{url}");
    }
    floor.close().await;
}
