//! Runs the phone network.

fn main() {}
