//! The floor through Twilio's doors: what it says, what it is told, and what it must not believe.

use dialer::store::events::{self, Missed};
use jiff::SignedDuration;
use protocol::{AttemptResult, AttemptState, Disposition, Event, Pii, SeatState, WrapUp};
use reqwest::StatusCode;

use crate::{
    carrier::{Creates, call_form},
    desk::{Desk, attempt, leg_sid},
};

const ADA: &str = "2125550142";
const BOB: &str = "2125550143";

#[tokio::test]
async fn a_rep_goes_from_ready_to_talking_to_the_next_lead() {
    let desk = Desk::open(&[ADA, BOB]).await;
    let rep = desk.rep("rita@acme.example", 'a').await;
    desk.until_calls(1).await;
    let call = desk.carrier.calls()[0].clone();
    assert_eq!(
        (call.param("To"), call.param("From")),
        ("+12125550142", "+12125550100")
    );

    for status in ["initiated", "ringing"] {
        assert_eq!(desk.carrier.report(0, status).await, StatusCode::NO_CONTENT);
    }
    let ringing = attempt(desk.state(rep).await);
    assert_eq!((ringing.state, ringing.try_number), (AttemptState::Ringing, 1));
    assert!(
        ringing
            .reasons
            .contains(&"Called from a number of area code 212.".to_owned())
    );

    let seat_id = desk.floor.seat(rep).await.unwrap().unwrap().seat_id;
    let twiml = desk.carrier.answer(0).await;
    assert!(twiml.contains(&format!(">{seat_id}</Conference>")), "{twiml}");
    assert!(matches!(desk.state(rep).await, SeatState::Talking { .. }));

    desk.carrier.report(0, "completed").await;
    let ended = attempt(desk.state(rep).await);
    assert!(matches!(desk.state(rep).await, SeatState::WrapUp { .. }));
    let record = desk
        .floor
        .wrap_up(rep, ended.attempt_id, wrap_up(&desk, Disposition::Interested))
        .await
        .unwrap();
    assert_eq!(record.result, Some(AttemptResult::Talked));
    assert_eq!(desk.ledger().await, ["connected"]);

    desk.until_calls(2).await;
    assert_eq!(desk.carrier.calls()[1].param("To"), "+12125550143");
}

#[tokio::test]
async fn nobody_is_called_twice_and_a_list_that_is_done_says_so() {
    let desk = Desk::open(&[ADA]).await;
    let rep = desk.rep("rita@acme.example", 'a').await;
    desk.until_calls(1).await;
    desk.carrier.report(0, "no-answer").await;
    let knows_when =
        async || matches!(desk.state(rep).await, SeatState::Waiting { waiting } if waiting.until.is_some());
    desk.until("the seat knows how long it waits", knows_when).await;
    let SeatState::Waiting { waiting } = desk.state(rep).await else {
        panic!("it waited a moment ago")
    };
    assert_eq!(waiting.reason, "The number was dialed less than 120 minutes ago.");
    let placed_at = desk.floor.calls(rep, None, 1).await.unwrap()[0].attempt.placed_at;
    assert_eq!(waiting.until, Some(placed_at + SignedDuration::from_hours(2)));
    assert_eq!(desk.carrier.create_requests(), 1);
}

#[tokio::test]
async fn los_angeles_is_called_at_nine_and_not_before() {
    let desk = Desk::open(&["2135550142"]).await;
    let rep = desk.rep("rita@acme.example", 'a').await;
    let knows_why =
        async || matches!(desk.state(rep).await, SeatState::Waiting { waiting } if waiting.until.is_some());
    desk.until("the seat knows why it waits", knows_why).await;
    let SeatState::Waiting { waiting } = desk.state(rep).await else {
        panic!("it waited a moment ago")
    };
    assert!(
        waiting
            .reason
            .ends_with("in Los Angeles; calling starts at 9:00."),
        "{}",
        waiting.reason
    );
    let nine = "2026-10-06T16:00:00Z".parse().unwrap();
    assert_eq!(waiting.until, Some(nine));

    let until_shortly_before = nine.duration_since(desk.clock.now()) - SignedDuration::from_secs(1);
    desk.clock.advance(until_shortly_before);
    desk.until_calls(1).await;
    assert!(desk.clock.now() >= nine);
}

#[tokio::test]
async fn a_long_list_of_people_who_sleep_does_not_hide_one_who_is_awake() {
    let asleep: Vec<String> = (0..2_001).map(|line| format!("213555{line:04}")).collect();
    let numbers: Vec<&str> = asleep.iter().map(String::as_str).chain([ADA]).collect();
    let desk = Desk::open(&numbers).await;
    desk.rep("rita@acme.example", 'a').await;
    desk.until_calls(1).await;
    assert_eq!(desk.carrier.calls()[0].param("To"), "+12125550142");
}

#[tokio::test]
async fn a_webhook_that_twilio_did_not_sign_changes_nothing() {
    let desk = Desk::open(&[ADA]).await;
    let rep = desk.rep("rita@acme.example", 'a').await;
    desk.until_calls(1).await;
    desk.carrier.report(0, "ringing").await;
    let call = desk.carrier.calls()[0].clone();
    let before = (
        desk.state(rep).await,
        desk.count("inbox").await,
        desk.count("call_events").await,
    );

    let form = call_form(&call, "completed");
    let address = call.param("StatusCallback").split('#').next().unwrap().to_owned();
    for signature in ["", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "not base64"] {
        let reply = desk.carrier.webhook_signed(&address, &form, signature).await;
        assert_eq!(reply.status(), StatusCode::FORBIDDEN);
    }
    // A good signature for an address that we did not make: another attempt's, or a code of somebody's own.
    let code = address.split('/').nth(6).unwrap();
    let guessed = address.replace(code, &"0".repeat(32));
    assert_eq!(
        desk.carrier.webhook(&guessed, &form).await.status(),
        StatusCode::NOT_FOUND
    );
    let other = address.replace(
        &attempt(desk.state(rep).await).attempt_id.to_string(),
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    );
    assert_eq!(
        desk.carrier.webhook(&other, &form).await.status(),
        StatusCode::NOT_FOUND
    );

    let after = (
        desk.state(rep).await,
        desk.count("inbox").await,
        desk.count("call_events").await,
    );
    assert_eq!(before, after);
}

#[tokio::test]
async fn callbacks_may_come_in_any_order_and_more_than_once() {
    let desk = Desk::open(&[ADA, BOB]).await;
    let rep = desk.rep("rita@acme.example", 'a').await;
    desk.until_calls(1).await;
    for status in ["busy", "ringing", "busy", "initiated", "ringing"] {
        assert_eq!(desk.carrier.report(0, status).await, StatusCode::NO_CONTENT);
    }
    let first = desk.floor.calls(rep, None, 10).await.unwrap().pop().unwrap();
    assert_eq!(first.result, Some(AttemptResult::Busy));
    desk.until_calls(2).await;
}

#[tokio::test]
async fn the_same_question_gets_the_same_room_until_the_call_is_over() {
    let desk = Desk::open(&[ADA]).await;
    let rep = desk.rep("rita@acme.example", 'a').await;
    desk.until_calls(1).await;
    let first = desk.carrier.answer(0).await;
    assert!(first.contains("<Conference"), "{first}");
    assert_eq!(desk.carrier.answer(0).await, first);

    desk.carrier.report(0, "completed").await;
    let events = desk.count("call_events").await;
    let replayed = desk.carrier.answer(0).await;
    assert!(
        !replayed.contains("<Conference") && replayed.contains("<Hangup/>"),
        "{replayed}"
    );
    assert!(matches!(desk.state(rep).await, SeatState::WrapUp { .. }));
    assert_eq!(desk.ledger().await, ["connected"]);
    assert!(desk.count("call_events").await <= events + 1);
}

#[tokio::test]
async fn an_answer_without_a_rep_hears_who_called_and_is_booked_once() {
    let desk = Desk::open(&[ADA]).await;
    let rep = desk.rep("rita@acme.example", 'a').await;
    desk.until_calls(1).await;
    desk.carrier.report(0, "ringing").await;
    desk.floor.leave(rep).await.unwrap();
    for _ in 0..2 {
        let twiml = desk.carrier.answer(0).await;
        assert!(
            twiml.contains("This is Acme.") && twiml.contains("2 1 2 5 5 5 0 1 0 0"),
            "{twiml}"
        );
        assert!(!twiml.contains("<Conference"), "{twiml}");
    }
    desk.carrier.report(0, "completed").await;
    assert_eq!(desk.ledger().await, ["abandoned"]);
}

#[tokio::test]
async fn who_hears_the_message_can_ask_not_to_be_called_again() {
    let desk = Desk::open(&[ADA]).await;
    let rep = desk.rep("rita@acme.example", 'a').await;
    desk.until_calls(1).await;
    desk.floor.leave(rep).await.unwrap();
    let twiml = desk.carrier.answer(0).await;
    assert!(twiml.contains("press 9"), "{twiml}");
    let call = desk.carrier.calls()[0].clone();
    let mut form = call_form(&call, "in-progress");
    form.push(("Digits".to_owned(), "9".to_owned()));
    let reply = desk.carrier.webhook(&attribute(&twiml, "action"), &form).await;
    assert!(
        reply
            .text()
            .await
            .unwrap()
            .contains("You will not be called again.")
    );
    assert_eq!(desk.count("do_not_call").await, 1);
}

#[tokio::test]
async fn who_calls_back_hears_whose_number_it_is_and_can_opt_out() {
    let desk = Desk::open(&[ADA]).await;
    let form = [
        ("CallSid", leg_sid('d')),
        ("From", format!("+1{ADA}")),
        ("To", "+12125550100".to_owned()),
    ];
    let mut form = form.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let url = desk.base_url.join("/twilio/voice/inbound").unwrap();
    let twiml = desk
        .carrier
        .webhook(url.as_str(), &form)
        .await
        .text()
        .await
        .unwrap();
    assert!(twiml.contains("This is Acme."), "{twiml}");
    form.push(("Digits".to_owned(), "9".to_owned()));
    desk.carrier.webhook(&attribute(&twiml, "action"), &form).await;
    assert_eq!(desk.count("do_not_call").await, 1);
}

#[tokio::test]
async fn an_answer_goes_to_a_free_colleague_if_its_own_rep_is_gone() {
    let desk = Desk::open(&[ADA]).await;
    let rita = desk.rep("rita@acme.example", 'a').await;
    desk.until_calls(1).await;
    let rob = desk.rep("rob@acme.example", 'b').await;
    desk.carrier.report(0, "ringing").await;
    desk.floor.leave(rita).await.unwrap();
    let robs = desk.floor.seat(rob).await.unwrap().unwrap().seat_id;
    let twiml = desk.carrier.answer(0).await;
    assert!(twiml.contains(&format!(">{robs}</Conference>")), "{twiml}");
    desk.carrier.report(0, "completed").await;
    assert!(matches!(desk.state(rob).await, SeatState::WrapUp { .. }));
    assert_eq!(desk.floor.calls(rob, None, 5).await.unwrap().len(), 1);
}

#[tokio::test]
async fn two_people_who_answer_at_once_never_share_a_rep() {
    let desk = Desk::open(&[ADA, BOB]).await;
    let rita = desk.rep("rita@acme.example", 'a').await;
    let rob = desk.rep("rob@acme.example", 'b').await;
    desk.until_calls(2).await;
    // One of the two is gone by the time both answer: there is one seat for two.
    desk.floor.leave(rob).await.unwrap();
    let (one, other) = tokio::join!(desk.carrier.answer(0), desk.carrier.answer(1));
    let rooms = [one, other]
        .iter()
        .filter(|twiml| twiml.contains("<Conference"))
        .count();
    assert_eq!(rooms, 1);
    assert!(matches!(desk.state(rita).await, SeatState::Talking { .. }));
    let mut ledger = desk.ledger().await;
    ledger.sort_unstable();
    assert_eq!(ledger, ["abandoned", "connected"]);
}

#[tokio::test]
async fn a_ringing_phone_is_not_cut_off_before_fifteen_seconds() {
    let desk = Desk::open(&[ADA]).await;
    let rep = desk.rep("rita@acme.example", 'a').await;
    desk.until_calls(1).await;
    desk.carrier.report(0, "initiated").await;
    desk.carrier.report(0, "ringing").await;
    let ringing_at = desk.clock.now();
    desk.floor.hang_up(rep).await.unwrap();
    desk.until("the call is taken back", async || {
        desk.carrier.calls()[0].status == "canceled"
    })
    .await;
    assert!(desk.clock.now() >= ringing_at + SignedDuration::from_secs(15));
}

#[tokio::test]
async fn hanging_up_ends_the_prospect_s_leg_at_once() {
    let desk = Desk::open(&[ADA]).await;
    let rep = desk.rep("rita@acme.example", 'a').await;
    desk.until_calls(1).await;
    desk.carrier.answer(0).await;
    desk.floor.hang_up(rep).await.unwrap();
    desk.until("the seat is in wrap-up", async || {
        matches!(desk.state(rep).await, SeatState::WrapUp { .. })
    })
    .await;
    assert_eq!(desk.carrier.calls()[0].status, "completed");
}

#[tokio::test]
async fn a_call_that_was_placed_behind_an_error_is_found_and_not_placed_again() {
    let desk = Desk::open(&[ADA]).await;
    desk.carrier.next_creates(&[Creates::HiddenCall]);
    let rep = desk.rep("rita@acme.example", 'a').await;
    desk.until_calls(1).await;
    desk.carrier.set_status(0, "ringing");
    let is_found = async || {
        let calls = desk.floor.calls(rep, None, 1).await.unwrap();
        calls
            .iter()
            .any(|call| call.attempt.state == AttemptState::Ringing)
    };
    desk.until("the call is found", is_found).await;
    assert!(desk.carrier.answer(0).await.contains("<Conference"));
    assert_eq!(desk.carrier.create_requests(), 1);
}

#[tokio::test]
async fn a_call_that_was_never_placed_is_given_up_after_a_minute() {
    let desk = Desk::open(&[ADA]).await;
    desk.carrier.next_creates(&[Creates::Nothing]);
    desk.carrier.add_old_call();
    let rep = desk.rep("rita@acme.example", 'a').await;
    let given_up = async || {
        let calls = desk.floor.calls(rep, None, 1).await.unwrap();
        calls
            .iter()
            .any(|call| call.result == Some(AttemptResult::NotPlaced))
    };
    desk.until("the attempt is given up", given_up).await;
    assert_eq!(desk.carrier.create_requests(), 1);
}

#[tokio::test]
async fn what_a_killed_process_left_open_is_made_good_by_the_next() {
    let desk = Desk::open(&[ADA]).await;
    let rep = desk.rep("rita@acme.example", 'a').await;
    desk.until_calls(1).await;
    desk.carrier.answer(0).await;
    let before = desk.state(rep).await;
    let desk = desk.restart().await;
    assert_eq!(desk.state(rep).await, before);

    // While nobody listened the prospect hung up, and the callback was lost.
    desk.carrier.set_status(0, "completed");
    desk.until("the sweep sees it", async || {
        matches!(desk.state(rep).await, SeatState::WrapUp { .. })
    })
    .await;
    assert_eq!(desk.carrier.create_requests(), 1);
    assert_eq!(desk.ledger().await, ["connected"]);
}

#[tokio::test]
async fn a_call_that_twilio_forgot_is_over() {
    let desk = Desk::open(&[ADA]).await;
    let rep = desk.rep("rita@acme.example", 'a').await;
    desk.until_calls(1).await;
    desk.carrier.answer(0).await;
    desk.carrier.forget(0);
    desk.until("the seat is in wrap-up", async || {
        matches!(desk.state(rep).await, SeatState::WrapUp { .. })
    })
    .await;
}

#[tokio::test]
async fn a_number_that_does_not_exist_is_done_and_the_list_goes_on() {
    let desk = Desk::open(&[ADA, BOB]).await;
    desk.carrier.next_creates(&[Creates::Refusal(21_217)]);
    desk.rep("rita@acme.example", 'a').await;
    desk.until_calls(1).await;
    assert_eq!(desk.carrier.calls()[0].param("To"), "+12125550143");
    assert_eq!(desk.carrier.create_requests(), 2);
}

#[tokio::test]
async fn a_refused_account_pauses_the_rep_and_burns_no_list() {
    let desk = Desk::open(&[ADA, BOB]).await;
    desk.carrier.next_creates(&[Creates::Refusal(20_005)]);
    let rep = desk.rep("rita@acme.example", 'a').await;
    desk.until("the rep is paused", async || {
        matches!(desk.state(rep).await, SeatState::Paused)
    })
    .await;
    assert_eq!(desk.carrier.create_requests(), 1);
    let Missed::Events(told) = events::after(&desk.store, rep, 1).await.unwrap() else {
        panic!("few events")
    };
    let notices = told
        .iter()
        .filter(|told| matches!(told.event, Event::Notice { .. }))
        .count();
    assert_eq!(notices, 1);
}

#[tokio::test]
async fn a_request_that_was_certainly_not_processed_is_repeated() {
    let desk = Desk::open(&[ADA]).await;
    desk.carrier
        .next_creates(&[Creates::RateLimit, Creates::RateLimit]);
    desk.rep("rita@acme.example", 'a').await;
    desk.until_calls(1).await;
    assert_eq!(
        (desk.carrier.create_requests(), desk.count("attempts").await),
        (3, 1)
    );
}

#[tokio::test]
async fn do_not_call_holds_for_the_whole_company() {
    let desk = Desk::open(&[ADA]).await;
    let rep = desk.rep("rita@acme.example", 'a').await;
    desk.until_calls(1).await;
    desk.carrier.answer(0).await;
    desk.carrier.report(0, "completed").await;
    let attempt_id = attempt(desk.state(rep).await).attempt_id;
    desk.floor
        .wrap_up(rep, attempt_id, wrap_up(&desk, Disposition::DoNotCall))
        .await
        .unwrap();
    assert_eq!(desk.count("do_not_call").await, 1);
    // A later correction of the disposition does not take the number off.
    desk.clock.advance(SignedDuration::from_secs(5));
    desk.floor
        .wrap_up(rep, attempt_id, wrap_up(&desk, Disposition::Voicemail))
        .await
        .unwrap();
    assert_eq!(desk.count("do_not_call").await, 1);
    desk.until("the seat waits", async || {
        matches!(desk.state(rep).await, SeatState::Waiting { .. })
    })
    .await;
    assert_eq!(desk.carrier.create_requests(), 1);
}

#[tokio::test]
async fn an_agent_who_drops_out_mid_call_leaves_a_prospect_who_is_told_so() {
    let desk = Desk::open(&[ADA]).await;
    let rep = desk.rep("rita@acme.example", 'a').await;
    desk.until_calls(1).await;
    let twiml = desk.carrier.answer(0).await;
    let seat = desk.floor.seat(rep).await.unwrap().unwrap();
    let joined = desk.join(rep, &seat, 'a').await;
    let leg_ended = attribute(&joined, "action");
    let form = [
        ("CallSid".to_owned(), leg_sid('a')),
        ("DialCallStatus".to_owned(), "answered".to_owned()),
    ];
    assert!(
        desk.carrier
            .webhook(&leg_ended, &form)
            .await
            .status()
            .is_success()
    );

    let call = desk.carrier.calls()[0].clone();
    let told = desk
        .carrier
        .webhook(&attribute(&twiml, "action"), &call_form(&call, "in-progress"))
        .await;
    assert!(told.text().await.unwrap().contains("We will call you back"));
    assert!(matches!(desk.state(rep).await, SeatState::WrapUp { .. }));
    desk.until("nobody is left alone on the line", async || {
        desk.carrier.calls()[0].status == "completed"
    })
    .await;
}

#[tokio::test]
async fn a_phone_gets_only_the_seat_of_its_own_agent() {
    let desk = Desk::open(&[]).await;
    let rita = desk.rep("rita@acme.example", 'a').await;
    let rob = desk.rep("rob@acme.example", 'b').await;
    let ritas = desk.floor.seat(rita).await.unwrap().unwrap();
    let twiml = desk.join(rob, &ritas, 'c').await;
    assert!(!twiml.contains("<Conference"), "{twiml}");
}

/// The value of the first attribute of that name, unescaped.
fn attribute(twiml: &str, name: &str) -> String {
    let start = format!("{name}=\"");
    let (_, rest) = twiml.split_once(&start).unwrap();
    rest.split('"').next().unwrap().replace("&amp;", "&")
}

fn wrap_up(desk: &Desk, disposition: Disposition) -> WrapUp {
    WrapUp {
        disposition,
        note: Pii::from("Wants solar"),
        saved_at: desk.clock.now(),
    }
}
