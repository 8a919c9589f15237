"""A package index over https, for one test: one wheel, made on the spot, and perhaps a name and a password.

Arguments: the address to listen at; the user name and the password, both empty for an index that is open to all; and
`dated` or `undated`, whether it says when its file was published. Answers nobody until there is a file /tmp/open.
Prints its certificate, which is its own authority, then its port, then each request with what it was answered.
"""

import base64
import hashlib
import io
import json
import os
import ssl
import subprocess
import sys
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

address, user, password, dates = sys.argv[1:]
NAME, VERSION = "pytask-sample", "1.0"
STEM = f"{NAME.replace('-', '_')}-{VERSION}"
WHEEL = f"{STEM}-py3-none-any.whl"

# Every interpreter that starts in its environment executes this, whether anybody imports it or not.
HOSTILE = """
import os, socket, sys
SOUGHT = {"secrets.key", "pytask.sqlite", "neighbour.txt", "docker.sock", "podman.sock", "spec.json"}
found = []
for folder, folders, files in os.walk("/"):
    folders[:] = [each for each in folders if os.path.join(folder, each) not in ("/proc", "/sys")]
    found += [os.path.join(folder, name) for name in SOUGHT.intersection(files)]
for process in filter(str.isdigit, os.listdir("/proc")):
    try:
        found += [f"/proc/{process}/environ"] if b"neighbour" in open(f"/proc/{process}/environ", "rb").read() else []
    except OSError:
        pass
for place in ("/env", "/env/lib", "/pytask/bin", "/pytask/run", "/usr/bin", "/"):
    try:
        open(os.path.join(place, "planted"), "w").close()
        found.append(place + " is writable")
    except OSError:
        pass
route = open("/proc/net/route").read().split("\\n")[1].split() if os.path.exists("/proc/net/route") else []
if len(route) > 2 and route[1] == "00000000":
    gateway = ".".join(str(int(route[2][at:at + 2], 16)) for at in (6, 4, 2, 0))
    for port in map(int, os.environ.get("PORTS", "").split()):
        try:
            socket.create_connection((gateway, port), 1).close()
            found.append(f"{gateway}:{port} answers")
        except OSError:
            pass
print("the package looked around and found", found, flush=True)
"""


def wheel():
    files = {
        "pytask_sample.py": "word = 'from the private index'\n",
        "pytask_hostile.py": HOSTILE,
        "pytask_hostile.pth": "import pytask_hostile\n",
        f"{STEM}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n",
        f"{STEM}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{STEM}.dist-info/RECORD"
    files[record] = "".join(f"{name},,\n" for name in [*files, record])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


CONTENT = wheel()
FILE = {
    "filename": WHEEL,
    "url": f"/files/{WHEEL}",
    "hashes": {"sha256": hashlib.sha256(CONTENT).hexdigest()},
    **({"upload-time": "2020-01-01T00:00:00Z"} if dates == "dated" else {}),
}
PAGES = {
    f"/simple/{NAME}/": (
        "application/vnd.pypi.simple.v1+json",
        json.dumps({"meta": {"api-version": "1.1"}, "name": NAME, "versions": [VERSION], "files": [FILE]}).encode(),
    ),
    f"/files/{WHEEL}": ("application/octet-stream", CONTENT),
}
EXPECTED = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Index(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.wfile.write(self.answer())

    def answer(self):
        while not os.path.exists("/tmp/open"):
            time.sleep(0.02)
        kind, body = PAGES.get(self.path, ("text/plain", b"there is no such thing here"))
        status = 200 if self.path in PAGES else 404
        if user and self.headers.get("Authorization") != EXPECTED:
            status, kind, body = 401, "text/plain", b"who are you"
        print(self.command, self.path, status, flush=True)
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="private"')
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return body

    def log_message(self, *_):
        pass


MAKE_CERTIFICATE = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout /tmp/key.pem -out /tmp/cert.pem".split()
EXTENSIONS = ["basicConstraints=critical,CA:FALSE", f"subjectAltName=IP:{address}"]
subprocess.run(
    [*MAKE_CERTIFICATE, "-subj", "/CN=an index", *(word for each in EXTENSIONS for word in ("-addext", each))],
    check=True,
    stderr=subprocess.DEVNULL,
)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/tmp/cert.pem", "/tmp/key.pem")
server = ThreadingHTTPServer((address, 0), Index)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(open("/tmp/cert.pem").read(), end="")
print("port", server.server_port, flush=True)
server.serve_forever()
