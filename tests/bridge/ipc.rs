//! The commands and events of the real seam, carried by HTTP and WebSocket.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{
        Path, State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
};
use offhook::headset::{Level, LevelSink, Sound};
use serde_json::{Value, json};
use tauri::{
    Listener, Manager, WebviewWindow,
    ipc::{CallbackFn, InvokeBody},
    test::{INVOKE_KEY, MockRuntime, get_ipc_response},
    webview::InvokeRequest,
};
use tokio::sync::broadcast;

const EVENTS: [&str; 2] = ["snapshot-changed", "close-requested"];
const LEVEL_EVENT: &str = "microphone-level";
const EVENTS_LEN: usize = 256;

/// The mock window and what it was told.
#[derive(Clone)]
pub(crate) struct Ipc {
    window: WebviewWindow<MockRuntime>,
    events: broadcast::Sender<String>,
}

impl Ipc {
    pub(crate) fn new(window: WebviewWindow<MockRuntime>) -> Self {
        let (events, _) = broadcast::channel(EVENTS_LEN);
        for event in EVENTS {
            let events = events.clone();
            window.listen_any(event, move |emitted| {
                let payload: Value = serde_json::from_str(emitted.payload()).unwrap_or(Value::Null);
                // Without a page there is nobody to tell.
                let _ = events.send(message(event, &payload));
            });
        }
        Self { window, events }
    }
}

/// `POST /ipc/{command}`: the command's arguments as a JSON object, its answer or its refusal as JSON.
pub(crate) async fn call(State(ipc): State<Ipc>, Path(command): Path<String>, body: Bytes) -> Response {
    let arguments = if body.is_empty() {
        Ok(json!({}))
    } else {
        serde_json::from_slice(&body)
    };
    let Ok(arguments) = arguments else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let answer = tokio::task::spawn_blocking(move || {
        // A Tauri channel ends in a webview's script, which this window has not got.
        if command == "watch_microphone" {
            watch_microphone(&ipc)
        } else {
            invoke(&ipc, command, arguments)
        }
    });
    match answer.await {
        Ok(Ok(value)) => Json(value).into_response(),
        Ok(Err(refusal)) => (StatusCode::UNPROCESSABLE_ENTITY, Json(refusal)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// `GET /ipc/events`: a WebSocket with `{event, payload}` messages.
pub(crate) async fn events(State(ipc): State<Ipc>, upgrade: WebSocketUpgrade) -> Response {
    let events = ipc.events.subscribe();
    upgrade.on_upgrade(move |socket| forward(socket, events))
}

async fn forward(mut socket: WebSocket, mut events: broadcast::Receiver<String>) {
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            message = socket.recv() => match message {
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return,
            },
        };
        match event {
            Ok(event) => {
                if socket.send(Message::text(event)).await.is_err() {
                    return;
                }
            }
            // Snapshots are whole: a page that was slow needs only the next one.
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

fn invoke(ipc: &Ipc, command: String, arguments: Value) -> Result<Value, Value> {
    let request = InvokeRequest {
        cmd: command,
        callback: CallbackFn(0),
        error: CallbackFn(1),
        url: ipc.window.url().map_err(|error| json!(error.to_string()))?,
        body: InvokeBody::Json(arguments),
        headers: axum::http::HeaderMap::new(),
        invoke_key: INVOKE_KEY.to_owned(),
    };
    let answer = get_ipc_response(&ipc.window, request)?;
    answer.deserialize().map_err(|error| json!(error.to_string()))
}

fn watch_microphone(ipc: &Ipc) -> Result<Value, Value> {
    let sound = Arc::clone(&ipc.window.state::<Arc<dyn Sound>>());
    match sound.watch_level(Box::new(Levels(ipc.events.clone()))) {
        Ok(()) => Ok(Value::Null),
        Err(error) => Err(json!(error)),
    }
}

#[derive(Debug)]
struct Levels(broadcast::Sender<String>);

impl LevelSink for Levels {
    fn send(&self, level: Level) -> bool {
        self.0.send(message(LEVEL_EVENT, &json!(level))).is_ok()
    }
}

fn message(event: &str, payload: &Value) -> String {
    json!({ "event": event, "payload": payload }).to_string()
}
