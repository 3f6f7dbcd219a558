#!/usr/bin/env bash
# Everything that is checked, in the order of the cheapest first. CI runs exactly this.
#
#   npm test              all of it
#   npm test -- --yes     install missing packages without asking
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup.sh
setup test

step() {
  printf '\n== %s\n' "$1"
  shift
  "$@"
}

step "format" cargo fmt --all --check
step "lint the interface" npm run --silent lint
step "build the interface" npm run --silent build:ui
step "lint" cargo clippy --quiet --workspace --all-targets --features custom-protocol -- -D warnings
step "test" cargo test --workspace --features custom-protocol
step "test the interface" npm run --silent test:ui
step "the Voice SDK against the phone network" node tests/voice-sdk/run.mjs
step "Twilio's own libraries against the phone network" node tests/conformance/run.mjs
step "the journey, in Chromium and in the real window" node tests/journey/run.mjs
