# shellcheck shell=bash
# supervisor.sh: building the runs' PID 1 on this machine. Sourced from the
# project's folder. The binary runs inside whatever image a run uses, hence
# statically linked, which needs no other target than the machine's own.

# build_supervisor debug|release: sets supervisor_path to the absolute path.
build_supervisor() {
  local profile=$1 host flags=()
  host=$(rustc -vV | sed -n 's/^host: //p')
  [ "$profile" = debug ] || flags=(--release)
  RUSTFLAGS="-C target-feature=+crt-static" cargo build --locked --target "$host" \
    -p pytask-supervisor --bin supervisor "${flags[@]}" || return
  # shellcheck disable=SC2034 # for the script that sourced this file
  supervisor_path=$(realpath "${CARGO_TARGET_DIR:-target}")/$host/$profile/supervisor
}
