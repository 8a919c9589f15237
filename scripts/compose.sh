# shellcheck shell=bash
# compose.sh: talking to docker-compose.yml. Sourced after say.sh, from the
# project's folder. Owns how Compose is called (with the extra certificate
# authority's text for the builds) and what "healthy" means.

# PYTASK_EXTRA_CA is a file; the builds take its text (certificates are public).
if [ -n "${PYTASK_EXTRA_CA:-}" ] && [ -z "${PYTASK_EXTRA_CA_PEM:-}" ]; then
  [ -r "$PYTASK_EXTRA_CA" ] || fail "PYTASK_EXTRA_CA names $PYTASK_EXTRA_CA, which cannot be read"
  PYTASK_EXTRA_CA=$(realpath "$PYTASK_EXTRA_CA")
  PYTASK_EXTRA_CA_PEM=$(cat "$PYTASK_EXTRA_CA")
  export PYTASK_EXTRA_CA PYTASK_EXTRA_CA_PEM
fi

# BuildKit by name: an older Compose or engine may default to the classic builder.
compose() { DOCKER_BUILDKIT=1 COMPOSE_DOCKER_CLI_BUILD=1 docker compose "$@"; }

controller_answers() { compose exec -T pytask-manager pytask-manager healthcheck; }

# wait_until_healthy SECONDS: until the controller answers its own health check;
# shows its log and fails when it does not in time.
wait_until_healthy() {
  until_true "$1" "the controller to answer" controller_answers && return 0
  compose ps --all >&2 || true
  compose logs --tail 100 pytask-manager >&2 || true
  fail "the controller does not answer; its log is above"
}
