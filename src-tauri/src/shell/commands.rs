//! What the page may ask: each command passes one request to the controller or the sound card.

use std::sync::Arc;

use protocol::{AttemptId, CallRecord, CampaignId, Disposition, Pii, VoiceToken};
use tauri::{State, ipc::Channel};

use crate::{
    controller::{Handle, Request},
    error::Error,
    headset::{AudioDevices, Level, LevelSink, Sound},
    settings::AudioSettings,
    snapshot::{PhoneReport, Snapshot},
};

type Answer<T> = Result<T, Error>;
type SoundCard<'a> = State<'a, Arc<dyn Sound>>;

/// What the window shows now; later ones come by event.
#[tauri::command]
#[specta::specta]
#[expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "as Tauri hands it over, as the page gets all answers"
)]
pub(super) fn get_snapshot(handle: State<'_, Handle>) -> Answer<Snapshot> {
    Ok(handle.snapshot())
}

/// The agent's calls, newest first, older than `before`; from the cache while offline.
#[tauri::command]
#[specta::specta]
pub(super) async fn history(
    handle: State<'_, Handle>,
    before: Option<AttemptId>,
    limit: u32,
) -> Answer<Vec<CallRecord>> {
    handle
        .ask(|reply| Request::History { before, limit, reply })
        .await
}

/// What is plugged in.
#[tauri::command]
#[specta::specta]
pub(super) async fn audio_devices(sound: SoundCard<'_>) -> Answer<AudioDevices> {
    let sound = Arc::clone(&sound);
    tauri::async_runtime::spawn_blocking(move || sound.devices())
        .await
        .map_err(Error::internal)?
}

/// Which headset is chosen.
#[tauri::command]
#[specta::specta]
#[expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "as Tauri hands it over, as the page gets all answers"
)]
pub(super) fn audio_settings(handle: State<'_, Handle>) -> Answer<AudioSettings> {
    Ok(handle.audio_settings().borrow().clone())
}

/// Opens the sign-in page in the system's browser.
#[tauri::command]
#[specta::specta]
pub(super) async fn sign_in(handle: State<'_, Handle>) -> Answer<()> {
    handle.ask(Request::SignIn).await
}

/// Stops waiting for the browser.
#[tauri::command]
#[specta::specta]
pub(super) async fn cancel_sign_in(handle: State<'_, Handle>) -> Answer<()> {
    handle.ask(Request::CancelSignIn).await
}

/// Leaves the seat and forgets the sign-in, here and at the dialer.
#[tauri::command]
#[specta::specta]
pub(super) async fn sign_out(handle: State<'_, Handle>) -> Answer<()> {
    handle.ask(Request::SignOut).await
}

/// Asks the locked keyring again, with time for the user to unlock it.
#[tauri::command]
#[specta::specta]
pub(super) async fn unlock_keyring(handle: State<'_, Handle>) -> Answer<()> {
    handle.ask(Request::UnlockKeyring).await
}

/// Chooses the dialer, while signed out.
#[tauri::command]
#[specta::specta]
pub(super) async fn set_server_url(handle: State<'_, Handle>, url: String) -> Answer<()> {
    handle.ask(|reply| Request::SetServerUrl { url, reply }).await
}

/// Sits down on a campaign.
#[tauri::command]
#[specta::specta]
pub(super) async fn take_seat(handle: State<'_, Handle>, campaign_id: CampaignId) -> Answer<()> {
    handle.ask(|reply| Request::TakeSeat { campaign_id, reply }).await
}

/// Begins dialing.
#[tauri::command]
#[specta::specta]
pub(super) async fn start_dialing(handle: State<'_, Handle>) -> Answer<()> {
    handle.ask(Request::StartDialing).await
}

/// Finishes what rings or talks, then waits.
#[tauri::command]
#[specta::specta]
pub(super) async fn pause_dialing(handle: State<'_, Handle>) -> Answer<()> {
    handle.ask(Request::PauseDialing).await
}

/// Leaves the seat, which ends everything of it.
#[tauri::command]
#[specta::specta]
pub(super) async fn leave_seat(handle: State<'_, Handle>) -> Answer<()> {
    handle.ask(Request::LeaveSeat).await
}

/// Ends the prospect's leg and keeps the agent's.
#[tauri::command]
#[specta::specta]
pub(super) async fn hang_up(handle: State<'_, Handle>) -> Answer<()> {
    handle.ask(Request::HangUp).await
}

/// Keeps what is entered so far, so that a crash loses nothing.
#[tauri::command]
#[specta::specta]
pub(super) async fn save_draft(
    handle: State<'_, Handle>,
    attempt_id: AttemptId,
    disposition: Option<Disposition>,
    note: Pii<String>,
) -> Answer<()> {
    handle
        .ask(|reply| Request::SaveDraft {
            attempt_id,
            disposition,
            note,
            reply,
        })
        .await
}

/// Saves what came of the attempt: on disk when this returns, at the dialer as soon as it can be reached.
#[tauri::command]
#[specta::specta]
pub(super) async fn finish_wrap_up(
    handle: State<'_, Handle>,
    attempt_id: AttemptId,
    disposition: Disposition,
    note: Pii<String>,
) -> Answer<()> {
    handle
        .ask(|reply| Request::FinishWrapUp {
            attempt_id,
            disposition,
            note,
            reply,
        })
        .await
}

/// Chooses the headset.
#[tauri::command]
#[specta::specta]
pub(super) async fn set_audio_settings(handle: State<'_, Handle>, settings: AudioSettings) -> Answer<()> {
    handle
        .ask(|reply| Request::SetAudioSettings { settings, reply })
        .await
}

/// Takes a notice off the window.
#[tauri::command]
#[specta::specta]
pub(super) async fn dismiss_notice(handle: State<'_, Handle>, id: u32) -> Answer<()> {
    handle.ask(|reply| Request::DismissNotice { id, reply }).await
}

/// A fresh token for the Voice SDK, the only token that reaches the page.
#[tauri::command]
#[specta::specta]
pub(super) async fn voice_token(handle: State<'_, Handle>) -> Answer<VoiceToken> {
    handle.ask(Request::VoiceToken).await
}

/// The page's phone changed.
#[tauri::command]
#[specta::specta]
pub(super) async fn report_phone(handle: State<'_, Handle>, report: PhoneReport) -> Answer<()> {
    handle.ask(|reply| Request::ReportPhone { report, reply }).await
}

/// Plays a second of tone on the chosen speaker.
#[tauri::command]
#[specta::specta]
pub(super) async fn play_test_tone(sound: SoundCard<'_>) -> Answer<()> {
    let sound = Arc::clone(&sound);
    tauri::async_runtime::spawn_blocking(move || sound.play_test_tone())
        .await
        .map_err(Error::internal)?
}

/// Sends the chosen microphone's level until stopped.
#[tauri::command]
#[specta::specta]
pub(super) async fn watch_microphone(sound: SoundCard<'_>, level: Channel<Level>) -> Answer<()> {
    let (sound, levels) = (Arc::clone(&sound), Box::new(PageLevels(level)));
    tauri::async_runtime::spawn_blocking(move || sound.watch_level(levels))
        .await
        .map_err(Error::internal)?
}

/// Stops the level.
#[tauri::command]
#[specta::specta]
pub(super) async fn stop_microphone(sound: SoundCard<'_>) -> Answer<()> {
    let sound = Arc::clone(&sound);
    tauri::async_runtime::spawn_blocking(move || sound.stop_level())
        .await
        .map_err(Error::internal)
}

/// Closes the window after the rep was asked: leaves the seat and ends its call.
#[tauri::command]
#[specta::specta]
pub(super) async fn close_window(handle: State<'_, Handle>) -> Answer<()> {
    handle.ask(Request::CloseWindow).await
}

struct PageLevels(Channel<Level>);

impl std::fmt::Debug for PageLevels {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PageLevels")
    }
}

impl LevelSink for PageLevels {
    fn send(&self, level: Level) -> bool {
        self.0.send(level).is_ok()
    }
}
