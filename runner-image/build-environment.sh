# Builds an environment in the current folder, from requirements.in.
# Leaves requirements.lock (with hashes), venv/ and installed.json. Output goes to the build's log.
set -eu

# uv brings its own roots unless it is told otherwise; the image's may hold a company's, and so may extra-ca.pem.
bundle=/etc/ssl/certs/ca-certificates.crt
if [ -f extra-ca.pem ]; then
    { [ ! -f "$bundle" ] || cat "$bundle"; cat extra-ca.pem; } > /tmp/ca.pem
    export SSL_CERT_FILE=/tmp/ca.pem
elif [ -f "$bundle" ]; then
    export SSL_CERT_FILE="$bundle"
fi

echo "[1/4] Resolving"
uv pip compile --quiet --no-build --generate-hashes --no-header --output-file requirements.lock \
    --python python3 requirements.in
echo "      $(grep -c '^[^[:space:]#]' requirements.lock || true) packages locked"

echo "[2/4] Creating the environment"
uv venv --quiet --relocatable --python python3 venv

echo "[3/4] Installing"
uv pip sync --no-build --require-hashes --allow-empty-requirements --python venv/bin/python requirements.lock
uv pip list --quiet --format json --python venv/bin/python > installed.json

# A run cannot write bytecode into its read-only environment, so without this every run would compile again.
# The image's interpreter does it: the environment's own would execute the packages' .pth files.
echo "[4/4] Compiling bytecode"
python3 -I -m compileall -q -j 2 --invalidation-mode unchecked-hash -s "$PWD/venv" -p "$PYTASK_ENVIRONMENT" \
    "$PWD"/venv/lib/python3*/site-packages || echo "      some files do not compile; they are left to the interpreter"

echo "Done"
