#!/usr/bin/env bash
# dev.sh: the controller outside a container (built with cargo, data in ./data)
# and the interface's dev server, which passes /api on to it. One Ctrl+C ends
# both; runs that are under way go on, as with any stop of the controller.
#
# The controller needs root: the supervisor's and the runs' files belong to root
# and to the runs' user. As another user, only the controller is started by sudo.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/say.sh
. scripts/say.sh
# shellcheck source=scripts/compose.sh
. scripts/compose.sh
# shellcheck source=scripts/supervisor.sh
. scripts/supervisor.sh

scripts/engine.sh
scripts/base-images.sh python:3.13-slim-trixie
say "Building the runner image, the tools image, the supervisor and the controller"
compose build --quiet runner-image
# The editor knows less without it; everything else works.
compose build --quiet tools-image || note "no tools image; the editor does without"
build_supervisor debug
(cd frontend && npm install --ignore-scripts --no-audit --no-fund --loglevel=error)
# The controller embeds a built interface; the dev server shows the present one.
[ -d frontend/dist ] || (cd frontend && npm run build)
cargo build -p pytask-manager --bin pytask-manager

export PYTASK_DATA_DIR=${PYTASK_DATA_DIR:-$PWD/data}
export PYTASK_SUPERVISOR=$supervisor_path
export PYTASK_LISTEN=${PYTASK_LISTEN:-127.0.0.1:8420}
export PYTASK_URL=http://$PYTASK_LISTEN # where the dev server passes /api on to
controller=("${CARGO_TARGET_DIR:-target}/debug/pytask-manager" serve)
if [ "$(id -u)" != 0 ]; then
  say "sudo: the controller owns files as root and gives scripts' files to the runs' user"
  sudo -v
  controller=(sudo --preserve-env="$(compgen -e | grep -E '^(PYTASK_|DOCKER_HOST$|SSL_CERT)' | paste -sd, -)" "${controller[@]}")
fi

pids=()
# However it ends, both go; SIGTERM first, so the controller closes its database.
stop_both() {
  trap - EXIT INT TERM
  [ ${#pids[@]} -eq 0 ] || kill -TERM "${pids[@]}" 2>/dev/null || true
  wait
}
trap stop_both EXIT
trap 'exit 130' INT TERM

"${controller[@]}" &
pids+=($!)
(cd frontend && exec npm run dev -- --host 127.0.0.1) &
pids+=($!)
# The first to end takes the other with it.
wait -n "${pids[@]}"
