//! The one window: its size, what its page may connect to and navigate to, and what closing it means.

use std::net::SocketAddr;

use protocol::SeatState;
use tauri::{
    AppHandle, Manager, Runtime, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent,
    http::{HeaderValue, header::CONTENT_SECURITY_POLICY},
    webview::NewWindowResponse,
};
use tauri_specta::Event;
use url::Url;

use super::ipc::CloseRequested;
use crate::{
    controller::{Handle, Request},
    launch::Launch,
    snapshot::Snapshot,
};

const LABEL: &str = "main";
const SIZE: (f64, f64) = (1180.0, 760.0);
const SIZE_MIN: (f64, f64) = (880.0, 600.0);

/// Opens the window.
pub(super) fn open<R: Runtime>(app: &AppHandle<R>, handle: &Handle, launch: &Launch) -> tauri::Result<()> {
    let signalling = launch.signalling;
    let practice = launch.config.practice;
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title(if practice { "Offhook practice" } else { "Offhook" })
        .inner_size(SIZE.0, SIZE.1)
        .min_inner_size(SIZE_MIN.0, SIZE_MIN.1)
        .data_directory(launch.config.data_dir.join("webview"))
        .on_navigation(is_our_page)
        .on_new_window(|_url, _features| NewWindowResponse::Deny)
        .on_web_resource_request(move |_request, response| {
            let policy = response
                .headers()
                .get(CONTENT_SECURITY_POLICY)
                .and_then(|policy| policy.to_str().ok());
            if let (Some(signalling), Some(policy)) = (signalling, policy)
                && let Ok(policy) = HeaderValue::try_from(with_signalling(policy, signalling))
            {
                response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
            }
        })
        .build()?;
    ask_before_close(&window, handle.clone());
    Ok(())
}

/// Brings the window to the front.
pub(super) fn raise<R: Runtime>(app: &AppHandle<R>) {
    if let Some(window) = app.get_webview_window(LABEL)
        && let Err(error) = window.unminimize().and_then(|()| window.set_focus())
    {
        tracing::warn!(%error, "the window does not come to the front");
    }
}

/// Closing while somebody rings or talks asks the page first; with a seat, the seat is left first.
fn ask_before_close<R: Runtime>(window: &WebviewWindow<R>, handle: Handle) {
    let app = window.app_handle().clone();
    window.on_window_event(move |event| {
        let WindowEvent::CloseRequested { api, .. } = event else {
            return;
        };
        let snapshot = handle.snapshot();
        if is_in_call(&snapshot) {
            api.prevent_close();
            if let Err(error) = CloseRequested.emit(&app) {
                tracing::error!(%error, "the page was not asked; the window stays");
            }
        } else if snapshot.seat.is_some() {
            api.prevent_close();
            let handle = handle.clone();
            tauri::async_runtime::spawn(async move { handle.ask(Request::CloseWindow).await });
        }
    });
}

fn is_in_call(snapshot: &Snapshot) -> bool {
    snapshot.seat.as_ref().is_some_and(|seat| match seat.state {
        SeatState::Dialing { .. } | SeatState::Talking { .. } => true,
        SeatState::Joining | SeatState::Paused | SeatState::Waiting { .. } | SeatState::WrapUp { .. } => {
            false
        }
    })
}

/// The page never leaves the program's own files, in development those of the dev server.
fn is_our_page(url: &Url) -> bool {
    match (url.scheme(), url.host_str()) {
        ("tauri", _) | ("http" | "https", Some("tauri.localhost")) => true,
        ("http", Some("localhost")) => tauri::is_dev(),
        _ => false,
    }
}

/// Adds one address to what a page under this policy may connect to.
#[must_use]
pub fn with_signalling(policy: &str, signalling: SocketAddr) -> String {
    policy.replacen("connect-src ", &format!("connect-src ws://{signalling} "), 1)
}

#[cfg(test)]
mod tests {
    use super::{is_our_page, with_signalling};

    #[test]
    fn the_page_stays_at_home() {
        let check = |url: &str, expect: bool| assert_eq!(is_our_page(&url.parse().unwrap()), expect, "{url}");
        check("tauri://localhost/index.html", true);
        check("http://tauri.localhost/", true);
        check("https://example.com/", false);
        check("file:///etc/passwd", false);
        check("http://tauri.localhost.example.com/", false);
    }

    #[test]
    fn one_loopback_address_is_added_to_the_policy() {
        let policy = "default-src 'none'; connect-src 'self' ipc:; img-src 'self'";
        let wider = with_signalling(policy, "127.0.0.1:4001".parse().unwrap());
        let expect = "default-src 'none'; connect-src ws://127.0.0.1:4001 'self' ipc:; img-src 'self'";
        assert_eq!(wider, expect);
    }

    /// The addition relies on the directive being there.
    #[test]
    fn the_policy_of_the_program_names_what_may_be_connected_to() {
        let config = include_str!("../../../tauri.conf.json");
        let config: serde_json::Value = serde_json::from_str(config).unwrap();
        let policy = config["app"]["security"]["csp"].as_str().unwrap();
        assert!(policy.contains("connect-src "), "{policy}");
        assert!(!policy.contains("blob:") && !policy.contains("data:"), "{policy}");
    }
}
