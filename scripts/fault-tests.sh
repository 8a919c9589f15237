# shellcheck shell=bash
# fault-tests.sh: building and calling the binary `faults`, which runs trials and
# makes the table of what they counted. Sourced from the project's folder.

# build_fault_tests: sets faults_binary to its path.
build_fault_tests() {
  local said
  said=$(CARGO_TERM_COLOR=never cargo test --locked -p pytask-manager --test faults --no-run 2>&1) || {
    printf '%s\n' "$said" >&2
    return 1
  }
  # "Executable tests/faults/main.rs (target/debug/deps/faults-…)"
  faults_binary=$(sed -n 's/^ *Executable .*(\(.*\))$/\1/p' <<<"$said")
  [ -x "$faults_binary" ]
}

# fault_table FOLDER: made from the figures that each trial has left there.
fault_table() { "$faults_binary" table "$1"; }
