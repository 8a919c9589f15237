#!/usr/bin/env bash
# test.sh: every check of the project, as named steps, stopping at the first
# that fails. Installs what it needs. Cheap steps first; the last ones use a real
# engine and a real browser. The last line of stdout counts the tests.
#
# Leaves no container, network or volume of its own behind, and never touches
# those of a PyTask-Manager that is running here: the project name is this
# checkout's own, and the port is whichever is free.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/say.sh
. scripts/say.sh
# shellcheck source=scripts/steps.sh
. scripts/steps.sh
# shellcheck source=scripts/compose.sh
. scripts/compose.sh
# shellcheck source=scripts/supervisor.sh
. scripts/supervisor.sh
# shellcheck source=scripts/fault-tests.sh
. scripts/fault-tests.sh

# A build that is made once has no use for incremental files.
if [ "${CI:-}" = true ]; then export CARGO_INCREMENTAL=0; fi
export CI=true NO_COLOR=1 CARGO_TERM_COLOR=never
project=pytask-test-$(pwd -P | cksum | cut -d' ' -f1)

shell_scripts() { shellcheck -x scripts/*.sh .ci/run; }

frontend() { (cd frontend && "$@"); }

install_packages() { frontend npm install --ignore-scripts --no-audit --no-fund --loglevel=error; }

# The integration tests that need an engine live in the binaries `real` and
# `faults`; each is a step of its own.
rust_tests() {
  if command -v cargo-nextest >/dev/null; then
    cargo nextest run --locked --workspace -E 'not (binary(=real) | binary(=faults))'
    return
  fi
  local target targets=()
  for target in tests/*.rs tests/*/main.rs; do
    target=${target#tests/}
    target=${target%/main.rs}
    target=${target%.rs}
    case $target in
      real | faults | '*') ;;
      *) targets+=(--test "$target") ;;
    esac
  done
  cargo test --locked --workspace --exclude pytask-manager
  cargo test --locked -p pytask-manager --lib --bins "${targets[@]}"
}

real_engine_tests() {
  build_supervisor release
  export PYTASK_SUPERVISOR=$supervisor_path
  if command -v cargo-nextest >/dev/null; then
    cargo nextest run --locked -p pytask-manager --test real
  else
    cargo test --locked -p pytask-manager --test real
  fi
}

# The short form; its table of figures is in the step's output.
fault_tests() {
  build_supervisor release
  build_fault_tests
  export PYTASK_SUPERVISOR=$supervisor_path PYTASK_FAULTS=short PYTASK_FAULTS_FIGURES=$step_logs/faults
  local status=0
  if command -v cargo-nextest >/dev/null; then
    cargo nextest run --locked -p pytask-manager --test faults || status=$?
  else
    "$faults_binary" || status=$?
  fi
  fault_table "$PYTASK_FAULTS_FIGURES"
  return "$status"
}

start_product() {
  COMPOSE_PROJECT_NAME=$project PYTASK_PORT=0 compose up --build --detach
  COMPOSE_PROJECT_NAME=$project wait_until_healthy 120
}

browser_tests() {
  local address
  address=$(product_address)
  export PYTASK_URL=http://$address
  # By which the product reaches what a test serves on this machine.
  RECEIVER_HOST=$(docker network inspect "${project}_default" --format '{{(index .IPAM.Config 0).Gateway}}')
  export RECEIVER_HOST
  export CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v google-chrome || command -v chromium-browser)}
  frontend npm run test:browser || {
    COMPOSE_PROJECT_NAME=$project docker compose logs --tail 200 pytask-manager
    return 1
  }
}

# The controller first, so that it starts nothing new; then the runs' containers
# (they hold the volume), the network it made for them and the images it built;
# then the rest.
stop_product() {
  local instance left
  instance=$(instance_of_product)
  COMPOSE_PROJECT_NAME=$project docker compose rm --stop --force
  left=$(docker ps --all --quiet --filter "volume=${project}_pytask-data")
  # shellcheck disable=SC2086 # ids, one word each
  if [ -n "$left" ]; then docker rm --force --volumes $left; fi
  COMPOSE_PROJECT_NAME=$project docker compose down --volumes --remove-orphans
  [ -n "$instance" ] || return 0
  left=$(docker network ls --quiet --filter "label=pytask.instance=$instance")
  # shellcheck disable=SC2086
  if [ -n "$left" ]; then docker network rm $left; fi
  left=$(docker image ls --quiet --filter "label=pytask.instance=$instance")
  # shellcheck disable=SC2086
  if [ -n "$left" ]; then docker image rm --force $left; fi
}

# The name it puts on everything it makes; nothing when it does not answer.
instance_of_product() {
  curl -fsS --max-time 5 "http://$(product_address)/api/v1/system" | sed -n 's/.*"instance" *: *"\([^"]*\)".*/\1/p' || true
}

product_address() { COMPOSE_PROJECT_NAME=$project docker compose port pytask-manager 8420; }

# However it ends: a product that was started is taken down again.
started=
clean_up() {
  if [ -n "$started" ]; then
    note "taking the test's containers down"
    stop_product >/dev/null 2>&1 || note "could not take down the Compose project $project"
  fi
}
trap clean_up EXIT
trap 'exit 130' INT TERM

scripts/tools.sh
steps_begin "${CARGO_TARGET_DIR:-target}/checks"

step "shell scripts (shellcheck)" shell_scripts
step "Rust formatting (rustfmt)" cargo fmt --all --check
step "frontend packages (npm install)" install_packages
step "frontend lint, types and API types" frontend npm run check
counted_step "frontend unit tests (Vitest)" frontend npm test
step "frontend build (Vite)" frontend npm run build
step "Rust lints (clippy)" cargo clippy --locked --workspace --all-targets -- -D warnings
counted_step "Rust unit and integration tests" rust_tests
counted_step "schedules against CronSim" scripts/cron-check.sh 400
step "Docker Engine" scripts/engine.sh
step "base images" scripts/base-images.sh
# A second Python for the tests.
step "another Python's base image" scripts/base-images.sh python:3.11-slim-bookworm
step "runner image" compose build runner-image
step "tools image" compose build tools-image
counted_step "real engine tests" real_engine_tests
counted_step "fault tests" fault_tests
started=yes
step "product: build and start (Docker Compose)" start_product
counted_step "browser tests (Playwright, Chromium)" browser_tests
step "product: stop" stop_product
started=
steps_end
