//! The dialer through its own doors: real router, real database file, a clock the test moves.
#![expect(clippy::unwrap_used, reason = "in a test's helper a panic is a failed test")]

mod store;
