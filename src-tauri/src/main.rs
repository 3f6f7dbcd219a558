//! Runs the desktop softphone.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use clap::Parser;
use offhook::{config::Flags, shell};

fn main() -> anyhow::Result<()> {
    shell::run(Flags::parse())
}
