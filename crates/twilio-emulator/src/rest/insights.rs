//! Voice Insights, as `insights.twilio.com` serves it.

use axum::Router;
use axum::routing::get;

use super::ApiError;
use super::ask::{Answer, Ask};
use super::form::Form;
use crate::network::{Annotation, Change, RowFilter, TraceFilter};
use crate::web::Site;

const COMMENT_CHARACTERS_MAX: usize = 100;

const ANSWERED_BY: [&str; 3] = ["unknown_answered_by", "human", "machine"];
const CONNECTIVITY_ISSUES: [&str; 6] = [
    "unknown_connectivity_issue",
    "no_connectivity_issue",
    "invalid_number",
    "caller_id",
    "dropped_call",
    "number_reachability",
];
const QUALITY_ISSUES: [&str; 9] = [
    "unknown_quality_issue",
    "no_quality_issue",
    "low_volume",
    "choppy_robotic",
    "echo",
    "dtmf",
    "latency",
    "owa",
    "static_noise",
];
const PROCESSING: [&str; 2] = ["partial", "complete"];
const PROCESSING_LISTED: [&str; 4] = ["completed", "started", "partial", "all"];

/// Parameters of a list, and where a row has what they name.
const SUMMARY_FILTERS: [(&str, &str); 14] = [
    ("From", "/from/caller"),
    ("To", "/to/callee"),
    ("FromCountryCode", "/from/country_code"),
    ("ToCountryCode", "/to/country_code"),
    ("VerifiedCaller", "/trust/verified_caller/verified"),
    ("CallType", "/call_type"),
    ("CallState", "/call_state"),
    ("Direction", "/properties/direction"),
    ("AnsweredBy", "/answered_by"),
    ("AnsweredByAnnotation", "/annotation/answered_by"),
    ("ConnectivityIssueAnnotation", "/annotation/connectivity_issue"),
    ("QualityIssueAnnotation", "/annotation/quality_issues"),
    ("SpamAnnotation", "/annotation/spam"),
    ("CallScoreAnnotation", "/annotation/call_score"),
];
const CONFERENCE_FILTERS: [(&str, &str); 5] = [
    ("ConferenceSid", "/conference_sid"),
    ("FriendlyName", "/friendly_name"),
    ("Status", "/status"),
    ("EndReason", "/end_reason"),
    ("MixerRegion", "/mixer_region"),
];

const PARTICIPANT_FILTERS: [(&str, &str); 2] = [("ParticipantSid", "/participant_sid"), ("Label", "/label")];
/// What a list of summaries takes and ignores: carriers and branded calls are not known here, nor any order.
const SUMMARY_IGNORED: [&str; 18] = [
    "FromCarrier",
    "ToCarrier",
    "HasTag",
    "SortBy",
    "AbnormalSession",
    "BrandedEnabled",
    "VoiceIntegrityEnabled",
    "BrandedBundleSid",
    "BrandedLogo",
    "BrandedType",
    "BrandedUseCase",
    "BrandedCallReason",
    "VoiceIntegrityBundleSid",
    "VoiceIntegrityUseCase",
    "BusinessProfileIdentity",
    "BusinessProfileIndustry",
    "BusinessProfileBundleSid",
    "BusinessProfileType",
];

/// The names of all parameters of a list.
fn names<'a>(filters: &[(&'a str, &str)], others: &[&'a str]) -> Vec<&'a str> {
    let filters = filters.iter().map(|(name, _)| *name);
    filters.chain(others.iter().copied()).collect()
}

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/v1/Voice/Settings", get(settings).post(set))
        .route("/v1/Voice/Summaries", get(summaries))
        .route("/v1/Voice/{call}", get(call))
        .route("/v1/Voice/{call}/Summary", get(summary))
        .route("/v1/Voice/{call}/Events", get(events))
        .route("/v1/Voice/{call}/Metrics", get(metrics))
        .route("/v1/Voice/{call}/Annotation", get(annotation).post(annotate))
        .route("/v1/Conferences", get(conferences))
        .route("/v1/Conferences/{conference}", get(conference))
        .route("/v1/Conferences/{conference}/Participants", get(participants))
        .route(
            "/v1/Conferences/{conference}/Participants/{participant}",
            get(participant),
        )
}

async fn settings(ask: Ask) -> Answer {
    ask.only(&["SubaccountSid"]).await?;
    let account = subaccount(&ask, "SubaccountSid");
    ask.show(move |network, holder| network.insights_settings(holder, &account))
        .await
}

async fn set(ask: Ask) -> Answer {
    ask.only(&["AdvancedFeatures", "VoiceTrace", "SubaccountSid"])
        .await?;
    let account = subaccount(&ask, "SubaccountSid");
    let (advanced, voice_trace) = (ask.form.flag("AdvancedFeatures")?, ask.form.flag("VoiceTrace")?);
    ask.show(move |network, holder| {
        network.insights_settings(holder, &account)?;
        network.set_insights(&account, advanced, voice_trace);
        network.insights_settings(holder, &account)
    })
    .await
}

/// The account that signed in, unless it asks for one of its subaccounts.
fn subaccount(ask: &Ask, name: &str) -> String {
    ask.form.text(name).unwrap_or(&ask.account).to_owned()
}

/// One of a few words.
fn word(form: &Form, name: &str, known: &[&str]) -> Result<Option<String>, ApiError> {
    let Some(text) = form.text(name) else {
        return Ok(None);
    };
    if known.contains(&text) {
        return Ok(Some(text.to_owned()));
    }
    Err(ApiError::parameter(format!("{name} may not be {text}")))
}

/// What a request wants of rows, and where they have it.
fn wanted(form: &Form, filters: &[(&str, &'static str)]) -> Vec<(&'static str, String)> {
    let given = filters
        .iter()
        .filter_map(|(name, place)| Some((*place, form.text(name)?.to_owned())));
    given.collect()
}

fn row_filter(form: &Form, filters: &[(&str, &'static str)], from: &str, until: &str) -> RowFilter {
    RowFilter {
        wanted: wanted(form, filters),
        from: form.text(from).map(str::to_owned),
        until: form.text(until).map(str::to_owned),
    }
}

async fn summaries(ask: Ask) -> Answer {
    let state = word(&ask.form, "ProcessingState", &PROCESSING_LISTED)?;
    let state = state.unwrap_or_else(|| "completed".to_owned());
    let filter = row_filter(&ask.form, &SUMMARY_FILTERS, "StartTime", "EndTime");
    let account = subaccount(&ask, "Subaccount");
    let known = names(
        &SUMMARY_FILTERS,
        &[
            &SUMMARY_IGNORED[..],
            &["ProcessingState", "StartTime", "EndTime", "Subaccount"],
        ]
        .concat(),
    );
    ask.list_v1("call_summaries", &known, move |network, holder| {
        network.list_summaries(holder, &account, &state, &filter)
    })
    .await
}

async fn call(ask: Ask) -> Answer {
    let sid = ask.name(0);
    ask.read(move |network, account| network.call_insights(account, &sid))
        .await
}

async fn summary(ask: Ask) -> Answer {
    let sid = ask.name(0);
    ask.only(&["ProcessingState"]).await?;
    let wanted = word(&ask.form, "ProcessingState", &PROCESSING)?;
    ask.show(move |network, account| network.call_summary(account, &sid, wanted.as_deref()))
        .await
}

fn trace_filter(form: &Form) -> TraceFilter {
    TraceFilter {
        edge: form.text("Edge").map(str::to_owned),
        direction: form.text("Direction").map(str::to_owned),
    }
}

async fn events(ask: Ask) -> Answer {
    let (sid, filter) = (ask.name(0), trace_filter(&ask.form));
    ask.list_v1("events", &["Edge"], move |network, account| {
        network.insights_events(account, &sid, &filter)
    })
    .await
}

async fn metrics(ask: Ask) -> Answer {
    let (sid, filter) = (ask.name(0), trace_filter(&ask.form));
    ask.list_v1("metrics", &["Edge", "Direction"], move |network, account| {
        network.insights_metrics(account, &sid, &filter)
    })
    .await
}

async fn annotation(ask: Ask) -> Answer {
    let sid = ask.name(0);
    ask.read(move |network, account| network.annotation_view(account, &sid))
        .await
}

async fn annotate(ask: Ask) -> Answer {
    ask.only(&[
        "AnsweredBy",
        "ConnectivityIssue",
        "QualityIssues",
        "Spam",
        "CallScore",
        "Comment",
        "Incident",
    ])
    .await?;
    let (sid, changes) = (ask.name(0), changes(&ask.form)?);
    ask.show(move |network, account| network.annotate(account, &sid, changes))
        .await
}

fn changes(form: &Form) -> Result<Annotation, ApiError> {
    let words = form.text("QualityIssues");
    let words: Option<Vec<String>> =
        words.map(|words| words.split(',').map(|word| word.trim().to_owned()).collect());
    if let Some(unknown) = words
        .iter()
        .flatten()
        .find(|word| !QUALITY_ISSUES.contains(&word.as_str()))
    {
        return Err(ApiError::parameter(format!("QualityIssues may not be {unknown}")));
    }
    let call_score = match form.raw("CallScore") {
        None => Change::Keep,
        Some("") => Change::Clear,
        Some(_) => match form.number("CallScore")? {
            Some(score @ 1..=5) => Change::Set(score),
            Some(_) | None => return Err(ApiError::parameter("CallScore is between 1 and 5")),
        },
    };
    Ok(Annotation {
        answered_by: word(form, "AnsweredBy", &ANSWERED_BY)?,
        connectivity_issue: word(form, "ConnectivityIssue", &CONNECTIVITY_ISSUES)?,
        quality_issues: words,
        spam: form.flag("Spam")?,
        call_score,
        comment: short(form, "Comment")?,
        incident: short(form, "Incident")?,
    })
}

fn short(form: &Form, name: &str) -> Result<Option<String>, ApiError> {
    let text = form.raw(name);
    if text.is_some_and(|text| text.chars().count() > COMMENT_CHARACTERS_MAX) {
        return Err(ApiError::parameter(format!(
            "{name} has more than 100 characters"
        )));
    }
    Ok(text.map(str::to_owned))
}

async fn conferences(ask: Ask) -> Answer {
    let filter = row_filter(&ask.form, &CONFERENCE_FILTERS, "CreatedAfter", "CreatedBefore");
    let account = subaccount(&ask, "Subaccount");
    let known = names(
        &CONFERENCE_FILTERS,
        &[
            "CreatedAfter",
            "CreatedBefore",
            "Subaccount",
            "Tags",
            "DetectedIssues",
        ],
    );
    ask.list_v1("conferences", &known, move |network, holder| {
        network.list_conference_summaries(holder, &account, &filter)
    })
    .await
}

async fn conference(ask: Ask) -> Answer {
    let sid = ask.name(0);
    ask.read(move |network, account| network.conference_summary(account, &sid))
        .await
}

async fn participants(ask: Ask) -> Answer {
    let sid = ask.name(0);
    let filter = RowFilter {
        wanted: wanted(&ask.form, &PARTICIPANT_FILTERS),
        ..RowFilter::default()
    };
    ask.list_v1(
        "participants",
        &["ParticipantSid", "Label", "Events"],
        move |network, account| {
            let rows = network.list_stays(account, &sid)?.into_iter();
            Ok(rows.filter(|row| filter.shows(row)).collect())
        },
    )
    .await
}

/// By its own SID or its call's.
async fn participant(ask: Ask) -> Answer {
    let (sid, name) = (ask.name(0), ask.name(1));
    let path = ask.path.clone();
    ask.only(&["Events", "Metrics"]).await?;
    ask.show(move |network, account| {
        let stays = network.list_stays(account, &sid)?;
        let mut wanted = stays.into_iter().rev();
        wanted
            .find(|stay| stay["participant_sid"] == *name.as_str() || stay["call_sid"] == *name.as_str())
            .ok_or_else(|| ApiError::not_found(&path))
    })
    .await
}
