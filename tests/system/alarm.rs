//! Hears every `error!` of the process: one that no story expects is a defect, whatever else is asserted.

use std::{
    fmt::{self, Write as _},
    sync::{Mutex, Once},
};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context, prelude::*, registry};

/// What was heard and not yet reported, by all stories together: they share the process.
static HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Begins to listen.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| registry().with(Alarm).init());
}

/// Fails if anything went wrong that nobody noticed.
pub(crate) fn check() {
    let heard = std::mem::take(&mut *HEARD.lock().unwrap());
    assert!(heard.is_empty(), "errors in the log:\n{}", heard.join("\n"));
}

struct Alarm;

impl<S: Subscriber> Layer<S> for Alarm {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        let is_ours = ["offhook", "dialer", "twilio_emulator", "audio"]
            .iter()
            .any(|crate_name| metadata.target().starts_with(crate_name));
        if is_ours && *metadata.level() == Level::ERROR {
            let mut line = Line(metadata.target().to_owned());
            event.record(&mut line);
            HEARD.lock().unwrap().push(line.0);
        }
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).expect("a string takes everything");
    }
}
