//! The one task behind the window: it owns the session, the seat and the cache, and knows no Tauri.

mod request;

pub use request::{Handle, LevelSink, Reply, Request};
