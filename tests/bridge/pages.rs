//! The built page, under the policy of the real window.

use std::{
    net::SocketAddr,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use offhook::shell::with_signalling;
use serde_json::Value;

/// Tells the page which backend it has.
const MARK: &str = "<head><meta name=\"offhook-bridge\">";

/// A folder of files.
#[derive(Debug)]
pub(crate) struct Pages {
    folder: PathBuf,
    policy: String,
}

impl Pages {
    pub(crate) fn new(folder: PathBuf, signalling: Option<SocketAddr>) -> Self {
        let config: Value =
            serde_json::from_str(include_str!("../../tauri.conf.json")).expect("the build reads it too");
        let policy = config["app"]["security"]["csp"]
            .as_str()
            .expect("the window has a policy");
        let policy = signalling.map_or_else(|| policy.to_owned(), |host| with_signalling(policy, host));
        Self { folder, policy }
    }

    pub(crate) fn into_router(self) -> Router {
        Router::new().fallback(serve).with_state(Arc::new(self))
    }
}

async fn serve(State(pages): State<Arc<Pages>>, uri: Uri) -> Response {
    let path = match uri.path() {
        "/" => Path::new("index.html"),
        path => Path::new(path.trim_start_matches('/')),
    };
    if !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(mut content) = tokio::fs::read(pages.folder.join(path)).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let media_type = media_type(path);
    if media_type == "text/html" {
        content = String::from_utf8_lossy(&content)
            .replacen("<head>", MARK, 1)
            .into_bytes();
    }
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_SECURITY_POLICY, &pages.policy),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, content).into_response()
}

fn media_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("wav") => "audio/wav",
        Some("mp3") => "audio/mpeg",
        Some("ogg" | "opus") => "audio/ogg",
        Some(_) | None => "application/octet-stream",
    }
}
