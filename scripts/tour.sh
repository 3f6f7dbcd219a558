#!/usr/bin/env bash
# The guided tour: plays two calls on the practice floor on a virtual display with a virtual headset, and leaves the
# timeline, the screenshots and the recording in tour/.
#
#   npm run tour                  take the tour
#   npm run tour -- --pictures    also renew the pictures of the README
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup.sh
setup test
npm run --silent build:ui
cargo build --package offhook --package offhook-dialer --bins --features custom-protocol
exec node tests/journey/tour.mjs "$@"
