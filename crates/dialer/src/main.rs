//! Runs the cloud dialer.

fn main() {}
