//! The whole system in one process: a rep's desktop without its window, the dialer on a real file, and the phone
//! network, each reached only through its own doors.
#![expect(clippy::unwrap_used, reason = "a test stops where something is missing")]

mod alarm;
mod browser;
mod cable;
mod desktop;
mod keychain;
mod network;
mod phone;
mod rows;
mod service;
mod wait;
mod world;

mod a_day;
mod desktop_gone;
mod dialer_gone;
mod nobody_talks;
mod sign_in;
mod twilio_trouble;
mod two_reps;
mod webhooks;
mod who_may_be_called;
