# shellcheck shell=bash
# debian.sh: installing Debian and Ubuntu packages. Sourced after say.sh.
#
# Owns: which release this is, one quiet `apt-get install` that refreshes the
# package lists at most once per run and only when needed, and downloading
# packages of another Debian release without adding it to the machine's sources.
# Does not know which packages anybody needs.

debian_id=; debian_codename=
if [ -r /etc/os-release ]; then
  debian_id=$(. /etc/os-release && printf '%s' "${ID:-}")
  debian_codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
fi

# True where packages can be installed without asking anybody.
can_install() {
  { [ "$debian_id" = debian ] || [ "$debian_id" = ubuntu ]; } &&
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null
}

apt_refreshed=
apt_refresh() {
  [ -z "$apt_refreshed" ] || return 0
  note "refreshing the package lists"
  # A broken third-party source must not stop us: what matters is whether the
  # install that follows finds its packages.
  apt-get -q=2 update >/dev/null 2>&1 || note "apt-get update complained; going on with what it has"
  apt_refreshed=1
}

# apt_install PACKAGE-OR-./FILE...: as a quiet, unattended install; its output
# is shown only when it fails.
apt_install() {
  local log
  log=$(mktemp)
  note "installing: $(printf '%s ' "${@##*/}")"
  if [ -n "$apt_refreshed" ] || ! apt_once "$log" "$@"; then
    apt_refresh
    if ! apt_once "$log" "$@"; then
      cat "$log" >&2
      rm -f "$log"
      return 1
    fi
  fi
  rm -f "$log"
}

apt_once() {
  local log=$1
  shift
  DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
    -o Dpkg::Options::=--force-confold -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 \
    install "$@" </dev/null >"$log" 2>&1
}

# The mirror this machine already uses for its release, so that a company's own
# mirror is respected; Debian's public one where none can be read.
debian_mirror() {
  local mirror
  # shellcheck disable=SC2016 # apt's own placeholder, not the shell's
  mirror=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $debian_codename" 2>/dev/null |
    grep -m1 '/debian/*$' || true)
  printf '%s\n' "${mirror:-http://deb.debian.org/debian}"
}

# apt_download_from SUITE FOLDER PACKAGE...: puts the packages' files of another
# Debian release into FOLDER. Its package list lives in FOLDER too: the
# machine's own sources and preferences are not touched.
apt_download_from() {
  local suite=$1 folder=$2 mirror
  shift 2
  mirror=$(debian_mirror)
  mkdir -p "$folder/lists/partial" "$folder/empty"
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' \
    "${mirror%/}" "$suite" >"$folder/sources.list"
  local apt=(apt-get -q=2
    -o "Dir::Etc::SourceList=$folder/sources.list" -o "Dir::Etc::SourceParts=$folder/empty"
    -o "Dir::State::Lists=$folder/lists" -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache="
    -o Acquire::Retries=3 -o APT::Sandbox::User=root)
  "${apt[@]}" update >&2 && (cd "$folder" && "${apt[@]}" download "$@" >&2)
}
