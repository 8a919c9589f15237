# shellcheck shell=bash
# say.sh: how the other scripts talk. Sourced, never run.
#
# Owns the wording marks (step, note, fail) and the one condition loop
# (`until_true`). Progress goes to stderr so that a script's stdout stays free
# for its answer (a URL, a path). Knows nothing of Docker or of the project.

say()  { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
note() { printf '    %s\n' "$*" >&2; }
fail() { printf '\033[31merror:\033[0m %s\n' "$*" >&2; exit 1; }

# Plain marks where nobody watches in colour (CI, a pipe, NO_COLOR).
if [ ! -t 2 ] || [ -n "${NO_COLOR:-}" ]; then
  say()  { printf '==> %s\n' "$*" >&2; }
  fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
fi

# until_true SECONDS WHAT COMMAND...: runs COMMAND until it succeeds, twice a
# second, and says every ten seconds what is being waited for. Status 1 when
# the time is over; the caller knows what to say then.
until_true() {
  local limit=$1 what=$2 began=$SECONDS told=0
  shift 2
  until "$@" >/dev/null 2>&1; do
    local waited=$((SECONDS - began))
    [ "$waited" -lt "$limit" ] || return 1
    if [ $((waited - told)) -ge 10 ]; then
      told=$waited
      note "still waiting for $what (${waited}s of at most ${limit}s)"
    fi
    sleep 0.5
  done
}
