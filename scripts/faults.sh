#!/usr/bin/env bash
# faults.sh [NAME...]: the fault tests in their full form, one after the other, and
# at the end the table of what they counted. Takes about half an hour. Without
# names all of them; with names those that contain one.
#
# Makes sure of what they need and leaves nothing behind but the figures in
# target/faults. Status 1 when anything failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/say.sh
. scripts/say.sh
# shellcheck source=scripts/compose.sh
. scripts/compose.sh
# shellcheck source=scripts/supervisor.sh
. scripts/supervisor.sh
# shellcheck source=scripts/fault-tests.sh
. scripts/fault-tests.sh

say "Docker Engine, base images, runner image"
scripts/engine.sh
scripts/base-images.sh
compose build --quiet runner-image
say "Supervisor and fault tests (cargo)"
build_supervisor release
build_fault_tests

figures=$(realpath "${CARGO_TARGET_DIR:-target}")/faults
rm -rf "$figures"
export PYTASK_SUPERVISOR=$supervisor_path PYTASK_FAULTS=full PYTASK_FAULTS_FIGURES=$figures
status=0
# It takes one name at a time.
[ $# -gt 0 ] || set -- ""
for name in "$@"; do
  "$faults_binary" --test-threads=1 ${name:+"$name"} >&2 || status=1
done
say "What came of it"
fault_table "$figures"
[ "$status" = 0 ] || fail "some faults were not survived; their complaints are above"
