#!/usr/bin/env bash
# Builds everything and opens the practice floor. Without a display, gives the guided tour instead.
#
#   npm start               the practice floor
#   npm start -- --reset    the same, with its data emptied first
#   npm start -- --yes      install missing packages without asking
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup.sh

if [ "$(uname -s)" = Linux ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  echo "There is no display here, so the guided tour runs on a virtual one and leaves its pictures in tour/."
  exec bash scripts/tour.sh "$@"
fi

setup build
npm run --silent build:ui
cargo build --package offhook --package offhook-dialer --bins --features custom-protocol
flags=(--practice)
for argument in "$@"; do
  [ "$argument" = --reset ] && flags+=(--reset)
done
exec "${CARGO_TARGET_DIR:-target}/debug/offhook" "${flags[@]}"
