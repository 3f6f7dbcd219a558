# Sourced by the other scripts: makes sure that everything a build or a test needs is on this machine.
#
#   setup build   what the app needs to be built and run
#   setup test    that, and what the tests and the tour need
#
# On Debian and Ubuntu missing packages are installed: at once as root or with --yes, else after showing the one
# command and asking. On other systems it prints what is missing and stops.

packages_build=(build-essential cmake file libasound2-dev libayatana-appindicator3-dev libpulse-dev librsvg2-dev
  libssl-dev libwebkit2gtk-4.1-dev libxdo-dev pkg-config)
packages_test=(chromium dbus-x11 espeak-ng gnome-keyring imagemagick pulseaudio pulseaudio-utils sox webkit2gtk-driver
  python3-venv xauth xdotool xvfb)

setup() {
  local wanted=("${packages_build[@]}")
  [ "$1" = test ] && wanted+=("${packages_test[@]}")
  setup_toolchains
  if [ "$(uname -s)" != Linux ]; then
    setup_elsewhere "$1"
  elif ! command -v dpkg-query >/dev/null; then
    echo "This script installs packages on Debian and Ubuntu only. On your distribution, install the equivalents of:" >&2
    echo "  ${wanted[*]}" >&2
    echo "and run again with OFFHOOK_SKIP_SETUP=1." >&2
    [ "${OFFHOOK_SKIP_SETUP:-}" = 1 ] || exit 1
  else
    setup_debian "${wanted[@]}"
  fi
  setup_npm
}

setup_toolchains() {
  local missing=0
  if ! command -v cargo >/dev/null; then
    echo "Rust is missing: install 1.95 or newer from https://rustup.rs and run this again." >&2
    missing=1
  elif ! rustc --version | awk '{split($2, v, "."); exit !(v[1] > 1 || v[2] >= 95)}'; then
    echo "Rust is too old ($(rustc --version)): 1.95 or newer is needed; 'rustup update' brings it." >&2
    missing=1
  fi
  if ! command -v node >/dev/null; then
    echo "Node is missing: install 20.19 or newer from https://nodejs.org and run this again." >&2
    missing=1
  elif ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
    echo "Node is too old ($(node --version)): 20.19 or newer is needed." >&2
    missing=1
  fi
  [ $missing = 0 ] || exit 1
}

setup_elsewhere() {
  command -v cmake >/dev/null || { echo "CMake is missing: install it (brew install cmake, or cmake.org) and run this again." >&2; exit 1; }
  if [ "$1" = test ]; then
    echo "The tests of the real window, the keyring and the headset run on Debian and Ubuntu only." >&2
    echo "Here you can run 'cargo test --workspace' and 'npm run test:ui'." >&2
    exit 1
  fi
}

setup_debian() {
  local package missing=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  local install=(apt-get install -y --no-install-recommends "${missing[@]}")
  if [ "$(id -u)" = 0 ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${install[@]}"
    return
  fi
  echo "These packages are missing: ${missing[*]}"
  echo "They are installed by: sudo ${install[*]}"
  if [ "${offhook_yes:-0}" != 1 ]; then
    local answer
    read -r -p "Run it now? [y/N] " answer || answer=n
    [[ "$answer" =~ ^[Yy] ]] || { echo "Nothing was installed. Run the command above, then this again." >&2; exit 1; }
  fi
  sudo apt-get update -qq
  sudo "${install[@]}"
}

setup_npm() {
  if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci
  fi
}

# Reads --yes out of a script's arguments.
offhook_yes=0
for argument in "$@"; do
  [ "$argument" = --yes ] && offhook_yes=1
done
