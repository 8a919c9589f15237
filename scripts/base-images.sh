#!/usr/bin/env bash
# base-images.sh [IMAGE...]: makes sure the base images of the Dockerfiles are
# here. One that is here is kept; one that is not is pulled; where no registry
# answers (one short try decides for all) a stand-in is made from Debian's
# packages and this machine's own toolchain, under the official name, which the
# builder then takes without asking a registry.
#
# A stand-in carries the label `pytask.stand-in` and this machine's certificate
# bundle, because the package registries may be behind an authority only this
# machine knows. `docker rmi IMAGE` drops it; the next run tries to pull again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/say.sh
. ./say.sh
# shellcheck source=scripts/debian.sh
. ./debian.sh

# How long a registry may take to say that it has an image.
registry_patience=15

here() { docker image inspect "$1" >/dev/null 2>&1; }

# The images named by FROM in our Dockerfiles, directly or by an ARG's default,
# without the stages' own names.
named_in_dockerfiles() {
  awk 'toupper($1) == "ARG" { split($2, arg, "="); value["${" arg[1] "}"] = arg[2] }
    toupper($1) == "FROM" {
      base = ($2 in value) ? value[$2] : $2
      if (!(base in stage)) print base
      if (toupper($3) == "AS") stage[$4] = 1
    }' ../Dockerfile ../runner-image/Dockerfile ../runner-image/tools/Dockerfile | sort -u
}

main() {
  local image images=("$@") missing=()
  [ $# -gt 0 ] || mapfile -t images < <(named_in_dockerfiles)
  for image in "${images[@]}"; do
    here "$image" || missing+=("$image")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  say "Base images to get: ${missing[*]}"
  local registry=unknown
  for image in "${missing[@]}"; do
    if [ "$registry" != no ]; then
      if pull "$image"; then
        registry=yes
        continue
      fi
      [ "$registry" = yes ] || registry=no
    fi
    make_stand_in "$image"
  done
}

# Pulls through the daemon (so its mirrors and proxy count). Gives up early only
# while nothing has been promised: once layers arrive it takes what it takes.
pull() {
  local image=$1 log pid status=0
  log=$(mktemp)
  note "asking the registry for $image"
  docker pull "$image" >"$log" 2>&1 &
  pid=$!
  until_true "$registry_patience" "the registry" started_or_over "$log" "$pid" || true
  if kill -0 "$pid" 2>/dev/null && ! grep -q 'Pulling from' "$log"; then
    kill "$pid" 2>/dev/null || true
    echo "no answer within $registry_patience seconds" >>"$log"
    status=1
  fi
  wait "$pid" 2>/dev/null || status=1
  if [ "$status" = 0 ]; then
    note "pulled $image"
  else
    note "no registry: $(tail -n 1 "$log" | cut -c 1-160)"
  fi
  rm -f "$log"
  return "$status"
}

started_or_over() { grep -q 'Pulling from' "$1" || ! kill -0 "$2" 2>/dev/null; }

make_stand_in() {
  local image=$1 began=$SECONDS
  can_install || fail "the base image $image is not here and no registry has it; stand-ins are made on Debian or Ubuntu as root only. Get it with 'docker pull $image' or 'docker load', then try again"
  command -v mmdebstrap >/dev/null || apt_install mmdebstrap || fail "could not install mmdebstrap"
  [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || apt_install debian-archive-keyring
  [ -s "$bundle" ] || apt_install ca-certificates
  note "making a stand-in for $image from Debian's packages (about half a minute)"
  case $image in
    # Debian 12 has Python 3.11.
    python:3.11-*)      suite=bookworm import "$image" '["python3"]' '' ca-certificates,netbase,tzdata,python3,python3-venv true ;;
    debian:trixie-slim) import "$image" '["bash"]' '' ca-certificates,netbase,tzdata true ;;
    python:3.13-*)      import "$image" '["python3"]' '' ca-certificates,netbase,tzdata,python3,python3-venv true ;;
    rust:1-*)           rust_stand_in "$image" ;;
    node:*)             node_stand_in "$image" ;;
    *) fail "no stand-in is known for $image" ;;
  esac
  note "made $image ($((SECONDS - began))s)"
}

# The machine's Rust toolchain, without documentation, sources and the other
# targets' libraries, on the C compiler it links with.
rust_stand_in() {
  local sysroot host copy
  command -v rustc >/dev/null || fail "a stand-in for $1 needs this machine's own Rust: install it with rustup, then try again"
  sysroot=$(rustc --print sysroot)
  host=$(rustc -vV | sed -n 's/^host: //p')
  if [ ! -x "$sysroot/bin/cargo" ] || [ "$sysroot" = /usr ]; then
    fail "a stand-in for $1 needs a toolchain in a folder of its own (rustup's); this one is $sysroot"
  fi
  copy="mkdir -p \"\$1/usr/local/lib/rustlib\" && cd '$sysroot' &&
    cp -a --parents bin/cargo bin/rustc \"\$1/usr/local/\" &&
    find lib -maxdepth 1 -type f -exec cp -a --parents {} \"\$1/usr/local/\" ';' &&
    cp -a 'lib/rustlib/$host' \"\$1/usr/local/lib/rustlib/\""
  import "$1" '["bash"]' 'CARGO_HOME=/usr/local/cargo' ca-certificates,gcc,libc6-dev "$copy"
}

# The machine's node and npm where the binary stands alone, else Debian 13's.
node_stand_in() {
  local node npm copy
  node=$(node -p process.execPath 2>/dev/null || true)
  npm=$(npm root -g 2>/dev/null || true)/npm
  if [ -n "$node" ] && [ -d "$npm" ] && ! ldd "$node" 2>/dev/null | grep -q libnode; then
    copy="mkdir -p \"\$1/usr/local/bin\" \"\$1/usr/local/lib/node_modules\" &&
      cp -aL '$node' \"\$1/usr/local/bin/node\" && cp -aL '$npm' \"\$1/usr/local/lib/node_modules/npm\" &&
      ln -s ../lib/node_modules/npm/bin/npm-cli.js \"\$1/usr/local/bin/npm\" &&
      ln -s ../lib/node_modules/npm/bin/npx-cli.js \"\$1/usr/local/bin/npx\""
    import "$1" '["node"]' '' ca-certificates,libstdc++6 "$copy"
  else
    import "$1" '["node"]' '' ca-certificates,nodejs,npm true
  fi
}

bundle=/etc/ssl/certs/ca-certificates.crt

# [suite=…] import IMAGE CMD ENV PACKAGES HOOK: a minimal Debian, 13 unless told
# otherwise, with PACKAGES and this machine's certificates; HOOK is a shell
# command with the new root as $1.
import() {
  local image=$1 cmd=$2 env=$3 packages=$4 hook=$5 log
  local changes=(--change "CMD $cmd" --change "LABEL pytask.stand-in=$image")
  [ -z "$env" ] || changes+=(--change "ENV $env")
  log=$(mktemp)
  # shellcheck disable=SC2016 # $1 belongs to the hook's own shell
  if ! mmdebstrap --variant=minbase --mode=root --include="$packages" \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "3"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --customize-hook="upload $bundle $bundle" --customize-hook="$hook" \
    --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*' \
    "${suite:-trixie}" - "$(debian_mirror)" 2>"$log" |
    docker import "${changes[@]}" - "$image" >/dev/null 2>>"$log"; then
    tail -n 40 "$log" >&2
    # A half-made import must not pass for the image next time.
    docker image rm "$image" >/dev/null 2>&1 || true
    fail "could not make a stand-in for $image"
  fi
  rm -f "$log"
}

main "$@"
