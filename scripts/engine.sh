#!/usr/bin/env bash
# engine.sh: makes sure a Docker Engine answers, with the compose and buildx
# plugins. An engine that answers is used as it is. Otherwise, on Debian and
# Ubuntu as root, the distribution's packages are installed and the daemon is
# started and left running; anywhere else one line says what to install.
#
# Never starts a second daemon beside a running one (they delete each other's
# bridge), never changes a daemon's settings, never touches images or containers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/say.sh
. ./say.sh
# shellcheck source=scripts/debian.sh
. ./debian.sh

daemon_log=/var/log/pytask-dockerd.log

answers()     { docker info >/dev/null 2>&1; }
has_compose() { docker compose version >/dev/null 2>&1; }
has_buildx()  { docker buildx version >/dev/null 2>&1; }

# is_program PID NAME: a live process of that name. One that was just killed
# lingers as a zombie and does not count.
is_program() {
  [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ] && ! grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"
}

daemon_runs() {
  local process
  for process in /proc/[0-9]*; do
    if is_program "${process#/proc/}" dockerd; then return 0; fi
  done
  return 1
}

# Compose builds with BuildKit through buildx; both belong to "an engine".
complete() { answers && has_compose && has_buildx; }

main() {
  if complete; then
    return 0
  fi
  if ! answers; then
    explain_if_not_ours
    say "No Docker Engine answers here"
  fi
  if ! can_install; then
    tell_what_to_install
  fi
  # Two scripts at once (make up beside make test) must not both install.
  mkdir -p /run/lock
  exec 9>/run/lock/pytask-engine.lock
  flock 9
  if complete; then
    return 0
  fi
  if ! command -v dockerd >/dev/null && ! answers; then
    install_engine
  fi
  if ! has_compose || ! has_buildx; then
    install_plugins
  fi
  answers || start_daemon
  has_compose || fail "the docker client ($(command -v docker)) does not find its compose plugin; is another client first in PATH?"
  has_buildx || fail "the docker client ($(command -v docker)) does not find its buildx plugin; is another client first in PATH?"
  say "Docker Engine $(docker version --format '{{.Server.Version}}') is running"
}

# An engine elsewhere, or one we may not talk to, is not ours to replace.
explain_if_not_ours() {
  local why
  why=$(docker info 2>&1 >/dev/null || true)
  case $why in
    *"permission denied"*)
      fail "a Docker Engine is here, but this user may not use it: add the user to the group 'docker' or run as root" ;;
  esac
  case ${DOCKER_HOST:-unix:///var/run/docker.sock} in
    unix:///var/run/docker.sock | unix:///run/docker.sock) ;;
    *) fail "DOCKER_HOST is $DOCKER_HOST, and no engine answers there" ;;
  esac
}

tell_what_to_install() {
  case $(uname -s) in
    Darwin) fail "install and start Docker Desktop (or OrbStack, or Colima with docker-compose and docker-buildx), then try again" ;;
    *) fail "install Docker Engine with its compose and buildx plugins (https://docs.docker.com/engine/install/) or run this as root on Debian or Ubuntu, then try again" ;;
  esac
}

install_engine() {
  say "Installing Docker Engine from the distribution's packages"
  case $debian_id:$debian_codename in
    debian:bookworm)
      # Debian 12's own docker.io (20.10) is too old for volume subpaths and has
      # no compose plugin. Debian 13's needs nothing newer than Debian 12's libc;
      # its runc does, so that one and iptables stay Debian 12's.
      install_from_trixie docker.io docker-cli containerd docker-compose docker-buildx -- runc iptables ;;
    debian:*) apt_install docker.io docker-cli docker-compose docker-buildx iptables ;;
    *)        apt_install docker.io docker-compose-v2 docker-buildx iptables ;;
  esac
  hash -r
}

# An engine without one or both plugins gets just those.
install_plugins() {
  say "Installing the docker compose and buildx plugins"
  case $debian_id:$debian_codename in
    debian:bookworm) install_from_trixie docker-compose docker-buildx -- ;;
    debian:*)        apt_install docker-compose docker-buildx ;;
    *)               apt_install docker-compose-v2 docker-buildx ;;
  esac
  hash -r
}

# install_from_trixie PACKAGE... -- OWN...: the former from Debian 13, the latter
# from this release.
install_from_trixie() {
  local folder theirs=()
  while [ "$1" != -- ]; do theirs+=("$1"); shift; done
  shift
  folder=$(mktemp -d)
  note "downloading from Debian 13: ${theirs[*]}"
  apt_download_from trixie "$folder" "${theirs[@]}" || fail "could not download Debian 13's packages: ${theirs[*]}"
  apt_install "$folder"/*.deb "$@" || fail "could not install Docker Engine's packages"
  rm -rf "$folder"
}

# A pid file left by a crash names a process that is gone, or by now a stranger;
# dockerd and its containerd would then refuse to start.
remove_stale_pid() {
  local file=$1 program=$2 pid
  [ -e "$file" ] || return 0
  pid=$(cat "$file" 2>/dev/null || true)
  if [ -z "$pid" ] || ! is_program "$pid" "$program"; then
    note "removing the stale $file"
    rm -f "$file"
  fi
}

start_daemon() {
  if daemon_runs; then
    note "a dockerd is there but does not answer yet; waiting for it"
    until_true 60 "docker info to answer" answers_or_gone || true
    answers && return 0
    ! daemon_runs || fail "a dockerd is running but does not answer: stop it, then try again"
  fi
  if [ -d /run/systemd/system ]; then
    say "Starting the docker service"
    systemctl start docker || fail "the docker service did not start; see: journalctl -u docker"
  else
    remove_stale_pid /var/run/docker.pid dockerd
    remove_stale_pid /var/run/docker/containerd/containerd.pid containerd
    say "Starting dockerd (log: $daemon_log)"
    start_detached
  fi
  until_true 90 "docker info to answer" answers_or_gone || true
  if ! answers; then
    tail -n 30 "$daemon_log" >&2 2>/dev/null || true
    fail "dockerd does not answer"
  fi
}

# Its own session, no inherited descriptor: it outlives this script and keeps
# neither the lock nor the pipe of whoever called us open.
start_detached() {
  (
    exec 9>&-
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      [ "$fd" -le 2 ] || eval "exec $fd>&-" 2>/dev/null || true
    done
    ulimit -n 1048576 2>/dev/null || true
    exec setsid dockerd </dev/null >>"$daemon_log" 2>&1
  ) &
  started_pid=$!
}

# Ends a wait early when there is nobody left to wait for.
started_pid=
answers_or_gone() {
  answers || { ! daemon_runs && { [ -z "$started_pid" ] || ! kill -0 "$started_pid" 2>/dev/null; }; }
}

main "$@"
