#!/usr/bin/env bash
# tools.sh: makes sure the programs that the checks call are here: Rust with
# rustfmt and clippy, a C compiler, Node.js with npm, Python, shellcheck and a Chromium.
# (CHROMIUM may name one.)
# What the distribution's packages can give is installed on Debian and Ubuntu as
# root; for the rest one line says what to install. What is here is left alone.
#
# The packages of Cargo.lock and package.json are not its business.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/say.sh
. ./say.sh
# shellcheck source=scripts/debian.sh
. ./debian.sh

have() { command -v "$1" >/dev/null 2>&1; }

# need PROGRAM PACKAGE...: from the distribution, or a line saying what is missing.
need() {
  local program=$1
  shift
  have "$program" && return 0
  can_install || fail "install $program, then try again"
  apt_install "$@" || fail "could not install $*"
}

rust() {
  have cargo || fail "install Rust 1.95 or newer (https://rustup.rs), then try again"
  local part missing=()
  for part in rustfmt clippy; do
    cargo "${part/rustfmt/fmt}" --version >/dev/null 2>&1 || missing+=("$part")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    have rustup || fail "install the Rust components ${missing[*]}, then try again"
    rustup component add "${missing[@]}"
  fi
  have cargo-nextest || note "cargo-nextest is not here; its tests will be run by cargo test"
}

node_js() {
  if ! have node || ! have npm; then
    can_install || fail "install Node.js 20.19 or newer with npm, then try again"
    apt_install nodejs npm || fail "could not install Node.js"
  fi
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node.js 20.19 or newer is needed; this is $(node --version)"
}

# With what makes environments, which Debian packs apart.
python3_with_venv() {
  if have python3 && python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then return; fi
  can_install || fail "install Python 3.11 or newer with its module venv, then try again"
  apt_install python3 python3-venv || fail "could not install Python"
}

# Ubuntu's package of that name only fetches a snap; any Chrome will do there.
chromium() {
  [ -z "${CHROMIUM:-}" ] || return 0
  have chromium || have google-chrome || have chromium-browser || need chromium chromium
}

rust
need cc gcc libc6-dev
node_js
python3_with_venv
need shellcheck shellcheck
need curl curl ca-certificates
chromium
