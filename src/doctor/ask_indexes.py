# Asks package indexes as a build would, from a container like a build's: reads ask.json beside it, writes answers.json.
# Only headers are read. Nothing follows a redirection, so that nobody else gets what signs in.
import base64
import http.client
import json
import socket
import ssl
import sys
import time
from urllib.parse import urlsplit

FOLDER = sys.argv[1]
PATIENCE = 8


def trust(pem):
    context = ssl.create_default_context()
    if pem:
        context.load_verify_locations(cadata=pem)
    return context


def ask(index, context):
    url = urlsplit(index["address"])
    headers = {"Accept": "application/vnd.pypi.simple.v1+json, text/html", "User-Agent": "pytask-manager-doctor"}
    if index.get("username") is not None:
        word = f"{index['username']}:{index.get('password', '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(word.encode()).decode()
    if url.scheme == "https":
        connection = http.client.HTTPSConnection(url.hostname, url.port, timeout=PATIENCE, context=context)
    else:
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=PATIENCE)
    try:
        connection.request("GET", url.path.rstrip("/") + "/pip/", headers=headers)
        response = connection.getresponse()
        return {"status": response.status, "date": response.getheader("Date"), "at": time.time()}
    finally:
        connection.close()


def tried(index, context):
    try:
        return ask(index, context)
    except socket.gaierror as error:
        return {"kind": "name", "error": error.strerror or str(error)}
    except ssl.SSLCertVerificationError as error:
        return {"kind": "certificate", "error": error.verify_message}
    except TimeoutError:
        return {"kind": "unreachable", "error": f"no answer within {PATIENCE} seconds"}
    except OSError as error:
        return {"kind": "unreachable", "error": error.strerror or str(error)}
    except Exception as error:
        return {"kind": "other", "error": str(error)[:200]}


with open(f"{FOLDER}/ask.json", encoding="utf-8") as file:
    wish = json.load(file)
try:
    context = trust(wish.get("extra_ca"))
    answers = [tried(index, context) for index in wish["indexes"]]
except ssl.SSLError as error:
    answers = [{"kind": "other", "error": f"PYTASK_EXTRA_CA is no certificate: {error.reason}"} for _ in wish["indexes"]]
with open(f"{FOLDER}/answers.json", "w", encoding="utf-8") as file:
    json.dump(answers, file)
