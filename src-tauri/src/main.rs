//! Runs the desktop softphone.

fn main() {
    offhook::run();
}
