#!/usr/bin/env bash
# up.sh: from a clone to a running PyTask-Manager. Ensures an engine and the
# base images, builds and starts what docker-compose.yml says, waits until the
# controller answers, and prints its URL as the last line of stdout.
#
# Running it again is an update: the images are rebuilt from what changed, the
# data volume stays.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/say.sh
. scripts/say.sh
# shellcheck source=scripts/compose.sh
. scripts/compose.sh

scripts/engine.sh
scripts/base-images.sh
say "Building the images (several minutes the first time) and starting"
compose up --build --detach >&2
wait_until_healthy 120
say "PyTask-Manager is running"
host=${PYTASK_PUBLISHED:-127.0.0.1}
case $host in
  127.*) ;;
  0.0.0.0 | '[::]' | '::')
    host=127.0.0.1
    note "other machines can reach it; everybody needs an access token (docs/access.md):"
    note "docker compose exec pytask-manager pytask-manager token create NAME"
    ;;
  *) note "everybody needs an access token (docs/access.md)" ;;
esac
printf 'http://%s:%s\n' "$host" "${PYTASK_PORT:-8420}"
