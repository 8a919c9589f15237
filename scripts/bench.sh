#!/usr/bin/env bash
# bench.sh [ROW...]: measures the product beside what else there is, and prints a
# table per row (docs/performance.md); without numbers all rows, in about forty
# minutes. ROWS does the same for make; PYTASK_BENCH_RUNS=10000000 makes the long
# history of row 12 as long as that.
#
# Makes sure of what the rows need: under target/bench the runner image's uv, a
# Python with the baselines' packages and one with Prefect; ripgrep from the
# distribution. What is made to be measured on is there for as long as it is
# needed, and takes up to 8 GB. Status 1 when something broke; a bad
# figure breaks nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/say.sh
. scripts/say.sh
# shellcheck source=scripts/debian.sh
. scripts/debian.sh
# shellcheck source=scripts/compose.sh
. scripts/compose.sh
# shellcheck source=scripts/supervisor.sh
. scripts/supervisor.sh

image=${PYTASK_RUNNER_IMAGE:-pytask-runner:3.13}
tools=$(mkdir -p "${CARGO_TARGET_DIR:-target}/bench" && realpath "${CARGO_TARGET_DIR:-target}/bench")
certificates=/etc/ssl/certs/ca-certificates.crt

# The very program that builds use.
take_uv() {
  local container
  container=$(docker create "$image" true)
  docker cp --quiet "$container:/usr/local/bin/uv" "$tools/uv"
  docker rm "$container" >/dev/null
}

# The runner's minor version if it is here, because that decides which wheels fit.
make_pythons() {
  local version name
  version=$(docker run --rm --network none "$image" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  "$tools/uv" python find --no-config --no-python-downloads "$version" >/dev/null 2>&1 || {
    note "Python $version, which the runner image has, is not here; the baselines use another"
    version=3
  }
  # A venv each, so that Prefect's packages decide over nobody else's.
  for name in venv prefect; do
    "$tools/uv" venv --quiet --no-config --no-python-downloads --clear --python "$version" "$tools/$name"
  done
  "$tools/uv" pip install --quiet --no-config --python "$tools/venv" -r benches/side_by_side/baselines/requirements.txt
  "$tools/uv" pip install --quiet --no-config --python "$tools/prefect" -r benches/side_by_side/baselines/prefect.txt
}

find_ripgrep() {
  command -v rg >/dev/null && return 0
  can_install || fail "install ripgrep, then try again"
  apt_install ripgrep || fail "could not install ripgrep"
}

say "Docker Engine, base images, runner image"
scripts/engine.sh
scripts/base-images.sh
compose build --quiet runner-image
say "What it is measured against (uv, Python, ripgrep)"
[ ! -e "$certificates" ] || export SSL_CERT_FILE=$certificates
[ -z "${PYTASK_INDEX_URL:-}" ] || export UV_DEFAULT_INDEX=$PYTASK_INDEX_URL
take_uv
make_pythons
find_ripgrep
say "Supervisor, product and benchmarks (cargo, release)"
build_supervisor release
cargo bench --locked -p pytask-manager --bench side_by_side --no-run
say "Measuring"
export PYTASK_SUPERVISOR=$supervisor_path PYTASK_BENCH_UV=$tools/uv PYTASK_BENCH_PYTHON=$tools/venv/bin/python
export PYTASK_BENCH_PREFECT=$tools/prefect/bin/prefect
# shellcheck disable=SC2086 # numbers, one word each
cargo bench --quiet --locked -p pytask-manager --bench side_by_side -- "$@" ${ROWS:-}
