# shellcheck shell=bash
# steps.sh: running named checks one after another. Sourced after say.sh by
# test.sh. Owns what a step prints (its name and time; its whole output when it
# fails), where its output is kept, and the sum of the test runners' counts.
#
# A step whose runner reports no test at all has failed: silence is not success.

step_logs=
step_number=0
passed_in_all=0
failed_in_all=0

# steps_begin FOLDER: where the steps' output goes, one file each.
steps_begin() {
  step_logs=$1
  rm -rf "$step_logs"
  mkdir -p "$step_logs"
}

# step NAME COMMAND...: a check that passes or fails as a whole.
step() { run_step plain "$@"; }

# counted_step NAME COMMAND...: one that ends with a runner's counts.
counted_step() { run_step counted "$@"; }

run_step() {
  local kind=$1 name=$2 began=$SECONDS status=0 log pulse counts passed=0 failed=0
  shift 2
  step_number=$((step_number + 1))
  log=$step_logs/$(printf '%02d-%s.log' "$step_number" "${name//[^a-zA-Z0-9]/-}")
  say "$name"
  heartbeat "$name" "$log" &
  pulse=$!
  # Not in an `if`: that would switch `set -e` off inside the step.
  set +e
  (set -e; "$@") >"$log" 2>&1 </dev/null
  status=$?
  set -e
  kill "$pulse" 2>/dev/null || true
  wait "$pulse" 2>/dev/null || true

  if [ "$kind" = counted ]; then
    counts=$(count_tests "$log")
    read -r passed failed <<<"$counts"
    passed_in_all=$((passed_in_all + passed))
    failed_in_all=$((failed_in_all + failed))
    if [ "$status" = 0 ] && [ "$passed" = 0 ]; then
      echo "the step ended well, but its runner counted no test" >>"$log"
      status=1
    fi
    if [ "$status" = 0 ] && [ "$failed" != 0 ]; then
      status=1
    fi
  fi
  if [ "$status" != 0 ]; then
    cat "$log" >&2
    printf '%s passed, %s failed\n' "$passed_in_all" "$failed_in_all"
    fail "step \"$name\" failed after $((SECONDS - began))s with status $status (output above and in $log)"
  fi
  if [ "$kind" = counted ]; then
    note "ok: $passed passed ($((SECONDS - began))s)"
  else
    note "ok ($((SECONDS - began))s)"
  fi
}

# A sign of life every minute, with the last line of the output.
heartbeat() {
  local name=$1 log=$2 began=$SECONDS
  while sleep 60 >/dev/null 2>&1; do
    note "$name: $((SECONDS - began))s: $(tail -n 1 "$log" 2>/dev/null | tr -d '\r\033' | cut -c 1-110)"
  done
}

# count_tests LOG: "PASSED FAILED" from the closing lines of nextest, cargo test
# (one per binary) and Vitest.
count_tests() {
  sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
    function number_before(word,    at) {
      at = match($0, "[0-9]+ " word)
      return at ? substr($0, RSTART, RLENGTH) + 0 : 0
    }
    /^ *Summary \[.*\] *[0-9/]+ tests? run:/ || /^test result: / || /^ *Tests  +[0-9]+ (passed|failed)/ {
      passed += number_before("passed"); failed += number_before("failed")
    }
    END { print passed + 0, failed + 0 }'
}

# steps_end: the closing line of the whole, for people and for CI.
steps_end() {
  say "All $step_number steps passed in $((SECONDS / 60)) min $((SECONDS % 60)) s"
  printf '%s passed, %s failed\n' "$passed_in_all" "$failed_in_all"
}
