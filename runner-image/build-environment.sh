# Builds an environment in the current folder, from requirements.in, or from requirements.lock alone to rebuild one.
# A lock that is there already is where resolving starts: what fits stays at its version, unless it is to be upgraded.
# Leaves requirements.lock (with hashes), venv/ and installed.json; a check leaves the lock and newest.txt.
# Output goes to the build's log.
set -eu

# uv brings its own roots unless it is told otherwise; the image's may hold a company's, and so may extra-ca.pem.
bundle=/etc/ssl/certs/ca-certificates.crt
if [ -f extra-ca.pem ]; then
    { [ ! -f "$bundle" ] || cat "$bundle"; cat extra-ca.pem; } > /tmp/ca.pem
    export SSL_CERT_FILE=/tmp/ca.pem
elif [ -f "$bundle" ]; then
    export SSL_CERT_FILE="$bundle"
fi

# Wheels only, but for what is named: building from source runs a package's code.
set -- --only-binary :all:
for name in ${PYTASK_FROM_SOURCE:-}; do
    set -- "$@" --no-binary "$name"
done

# The names in the lock, which uv has normalised (PEP 503), as the lists are.
locked_names() {
    sed -n 's/^\([a-z0-9][a-z0-9-]*\).*/\1/p' requirements.lock | sort -u
}

# What the lock says needs the package $1.
needed_by() {
    awk -v name="$1" '
        /^[a-z0-9]/ { match($0, /^[a-z0-9][a-z0-9-]*/); ours = substr($0, 1, RLENGTH) == name; next }
        ours && sub(/^ +# */, "") { sub(/^via */, ""); sub(/^-r .*/, "this script"); if ($0 != "") print }
    ' requirements.lock | paste -s -d , - | sed 's/,/, /g'
}

# refuse_listed WHY < NAMES: says which packages may not be installed; fails if there are any.
refuse_listed() {
    listed=0
    while read -r name; do
        echo "error: $name $1 (needed by $(needed_by "$name")); Settings, Packages, says what may be installed" >&2
        listed=1
    done
    return "$listed"
}

check_lists() {
    may=0
    if [ -f denied.txt ]; then
        locked_names | { grep -Fx -f denied.txt || true; } \
            | refuse_listed "is on the list of denied packages" || may=1
    fi
    if [ -f allowed.txt ]; then
        locked_names | { grep -Fxv -f allowed.txt || true; } \
            | refuse_listed "is not on the list of allowed packages" || may=1
    fi
    return "$may"
}

# What builds packages from source runs their code, and is told no password: it could read it. To leave the index out
# would be worse, because a package of the same name might then come from another.
refuse_logins() {
    [ -n "${PYTASK_FROM_SOURCE:-}" ] || return 0
    for index in ${PYTASK_LOGINS:-}; do
        echo "error: $index wants a user name and a password, and a build that runs the code of packages" \
            "($PYTASK_FROM_SOURCE) is given none. Take those off the list of what is built from source," \
            "or have the index, or another, offer them as wheels" >&2
    done
    [ -z "${PYTASK_LOGINS:-}" ]
}

upgrades() {
    case "${PYTASK_UPGRADE:-}" in
        "*") echo "--upgrade" ;;
        *) for name in ${PYTASK_UPGRADE:-}; do echo "--upgrade-package=$name"; done ;;
    esac
}

# Not quiet: that an index names no dates uv says as a warning only.
resolve() {
    # shellcheck disable=SC2046 # one word per option
    uv pip compile "$@" $(upgrades) --generate-hashes --no-header --output-file requirements.lock \
        --python python3 requirements.in > /dev/null 2> /tmp/resolving
}

# What uv had to say that is worth reading; of files without a date there may be hundreds.
said() {
    sed -e '/^Resolved [0-9]* package/d' -e '/is missing an upload date/d' /tmp/resolving >&2
}

hint() { echo "hint: $*" >&2; }

explain() {
    if grep -q 'building from source is disabled' /tmp/resolving; then
        hint "the script's dependencies say which packages are built from source"
    fi
    # shellcheck disable=SC2016 # those are uv's own quotes
    undated=$(sed -n 's/^warning: `\(.*\)` is missing an upload date.*/\1/p' /tmp/resolving)
    if [ -n "$undated" ]; then
        hint "an index does not say when its files were published, so they pass for too young" \
            "($(echo "$undated" | head -n 1)); Settings, Packages, has the cool-down, and 0 days switch it off"
    elif grep -q 'exclude-newer' /tmp/resolving; then
        hint "only releases of before $UV_EXCLUDE_NEWER count; Settings, Packages, has the cool-down"
    fi
    sed -n 's/.*An index URL (\([^)]*\)) could not be queried.*/\1/p' /tmp/resolving | sort -u | while read -r index; do
        case " ${PYTASK_LOGINS:-} " in
            *" $index "*) hint "the index refused the user name or password of $index; Settings, Packages, has them" ;;
            *) hint "the index $index wants a user name and a password; Settings, Packages, has a place for them" ;;
        esac
    done
}

refuse_logins

if [ "$PYTASK_ACTION" = check ]; then steps=2; else steps=3; fi
if [ "$PYTASK_ACTION" = rebuild ]; then
    echo "[1/$steps] Taking the lock as it is"
    if [ ! -f requirements.lock ]; then
        echo "error: the environment's lock is gone; install instead" >&2
        exit 1
    fi
else
    echo "[1/$steps] Resolving"
fi
if [ -n "${UV_EXCLUDE_NEWER:-}" ]; then
    echo "      releases of before $UV_EXCLUDE_NEWER only; Settings, Packages, has the cool-down"
fi
if [ "$PYTASK_ACTION" != rebuild ]; then
    if ! resolve "$@"; then
        said
        explain
        exit 1
    fi
    said
fi
check_lists
echo "      $(locked_names | wc -l) packages locked"

if [ "$PYTASK_ACTION" = check ]; then
    echo "[2/2] Looking for the newest releases"
    locked_names > newest.in
    # Each for itself, whether they go together or not. Without an answer there is still the lock.
    uv pip compile --quiet "$@" --no-deps --no-annotate --no-header --upgrade --output-file newest.txt \
        --python python3 newest.in || echo "      they could not be found out"
    [ -z "${PYTASK_OWN_CACHE:-}" ] || rm -rf "$PYTASK_OWN_CACHE"
    echo "Done"
    exit 0
fi

# The same is installed for another script, or was before: the controller links those files.
lock=$(sha256sum requirements.lock | cut -d ' ' -f 1)
if [ -f known-locks.txt ] && grep -Fqx "$lock" known-locks.txt; then
    echo "[2/3] The same lock is installed already on this image; its files are linked"
    : > reuse
    echo "Done"
    exit 0
fi

echo "[2/3] Creating the environment"
uv venv --quiet --relocatable --python python3 venv

echo "[3/3] Installing"
uv pip sync "$@" --require-hashes --allow-empty-requirements --python venv/bin/python requirements.lock
uv pip list --quiet --format json --python venv/bin/python > installed.json

# Its files are the environment's by now, under names of its own.
[ -z "${PYTASK_OWN_CACHE:-}" ] || rm -rf "$PYTASK_OWN_CACHE"

echo "Done"
