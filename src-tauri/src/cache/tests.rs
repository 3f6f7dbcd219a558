//! What survives a restart, and what a damaged file.

use std::{fs, path::Path};

use jiff::Timestamp;
use protocol::{
    AgentId, Attempt, AttemptId, AttemptState, CallRecord, Disposition, Lead, LeadId, Pii, WrapUp,
};

use super::{Cache, DATABASE, Unsent};
use crate::snapshot::Draft;

const ADA: AgentId = AgentId::from_parts(1, 1);
const BOB: AgentId = AgentId::from_parts(1, 2);

fn attempt_id(at_ms: u64) -> AttemptId {
    AttemptId::from_parts(at_ms, 0)
}

fn unsent(agent_id: AgentId, at_ms: u64, note: &str) -> Unsent {
    Unsent {
        agent_id,
        attempt_id: attempt_id(at_ms),
        wrap_up: WrapUp {
            disposition: Disposition::Meeting,
            note: Pii::from(note),
            saved_at: Timestamp::UNIX_EPOCH,
        },
    }
}

fn call(at_ms: u64) -> CallRecord {
    CallRecord {
        attempt: Attempt {
            attempt_id: attempt_id(at_ms),
            lead: Lead {
                lead_id: LeadId::from_parts(1, 1),
                name: Pii::from("Grace"),
                company: Pii::from(""),
                phone_number: Pii::from("(212) 555-0142"),
                region: "NY".into(),
                time_zone: "America/New_York".into(),
                fields: Vec::new(),
                last_note: Pii::from(""),
            },
            from: Pii::from("(212) 555-0100"),
            state: AttemptState::Ended,
            placed_at: Timestamp::UNIX_EPOCH,
            answered_at: None,
            ended_at: None,
            try_number: 1,
            reasons: Vec::new(),
        },
        campaign_name: "Spring".into(),
        result: None,
        disposition: None,
        note: Pii::from(""),
    }
}

async fn open(folder: &Path) -> Cache {
    Cache::open(folder).await.unwrap()
}

#[tokio::test]
async fn a_wrap_up_survives_a_restart_and_a_damaged_database() {
    let folder = tempfile::tempdir().unwrap();
    let saved = unsent(ADA, 5, "call in May");
    let cache = open(folder.path()).await;
    cache.save_unsent(&saved).await.unwrap();
    cache.close().await;

    let cache = open(folder.path()).await;
    assert_eq!(cache.unsent(ADA).await.unwrap(), std::slice::from_ref(&saved));
    cache.close().await;

    fs::write(
        folder.path().join(DATABASE),
        b"this is not a database, and long enough to be looked at",
    )
    .unwrap();
    let cache = open(folder.path()).await;
    assert_eq!(cache.unsent(ADA).await.unwrap(), std::slice::from_ref(&saved));
    assert!(
        folder.path().join("offhook.sqlite.damaged").exists(),
        "what was there is kept for a look"
    );

    cache.sent(&saved).await.unwrap();
    cache.close().await;
    let cache = open(folder.path()).await;
    assert_eq!(
        cache.unsent(ADA).await.unwrap(),
        [],
        "what was sent does not come back"
    );
}

#[tokio::test]
async fn a_wrap_up_that_was_changed_while_it_was_sent_is_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path()).await;
    let (first, second) = (unsent(ADA, 5, "first"), unsent(ADA, 5, "second"));
    cache.save_unsent(&first).await.unwrap();
    cache.save_unsent(&second).await.unwrap();
    cache.sent(&first).await.unwrap();
    assert_eq!(cache.unsent(ADA).await.unwrap(), [second]);
}

#[tokio::test]
async fn one_reps_outbox_is_not_anothers() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path()).await;
    cache.save_unsent(&unsent(ADA, 5, "")).await.unwrap();
    assert_eq!(cache.unsent(BOB).await.unwrap(), []);
}

#[tokio::test]
async fn a_draft_is_kept_until_it_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let draft = Draft {
        attempt_id: attempt_id(5),
        disposition: Some(Disposition::CallBack),
        note: Pii::from("half a sen"),
    };
    let cache = open(folder.path()).await;
    cache.save_draft(ADA, &draft).await.unwrap();
    cache.close().await;
    let cache = open(folder.path()).await;
    assert_eq!(cache.draft(ADA, attempt_id(5)).await.unwrap(), Some(draft));
    cache.drop_draft(ADA, attempt_id(5)).await.unwrap();
    assert_eq!(cache.draft(ADA, attempt_id(5)).await.unwrap(), None);
}

#[tokio::test]
async fn the_history_is_read_newest_first_and_page_by_page() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path()).await;
    cache.save_calls(ADA, &[call(1), call(3), call(2)]).await.unwrap();
    let page = cache.calls(ADA, None, 2).await.unwrap();
    assert_eq!(page, [call(3), call(2)]);
    let page = cache.calls(ADA, Some(attempt_id(2)), 2).await.unwrap();
    assert_eq!(page, [call(1)]);
}
