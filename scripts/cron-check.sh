#!/usr/bin/env bash
# cron-check.sh [EXPRESSIONS [SEED]]: holds the scheduler's fires against CronSim's
# (tests/cron/compare.py) and prints a table of what was compared and what differs.
# 20,000 expressions unless told otherwise, which takes about ten minutes. A seed
# that was printed asks the same again. Status 1 for a difference that is not listed.
#
# CronSim and the time zone database come from PyPI at fixed versions, into a
# folder in target.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/say.sh
. scripts/say.sh

target=${CARGO_TARGET_DIR:-target}
wanted=tests/cron/requirements.txt
judge=$target/cronsim

if ! cmp -s "$wanted" "$judge/installed.txt"; then
  say "CronSim (pip)"
  rm -rf "$judge"
  python3 -m venv "$judge" || fail "python3 with its module venv is needed (on Debian: python3-venv)"
  "$judge/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --require-hashes -r "$wanted"
  cp "$wanted" "$judge/installed.txt"
fi
say "The scheduler's side (cargo)"
cargo build --locked --quiet --example fires
say "Comparing"
exec "$judge/bin/python" tests/cron/compare.py "$target/debug/examples/fires" \
  ${1:+--expressions "$1"} ${2:+--seed "$2"}
