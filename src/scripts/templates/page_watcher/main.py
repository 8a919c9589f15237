# /// script
# dependencies = [
#     "requests>=2.32",
#     "beautifulsoup4>=4.12",
# ]
# ///
"""Remembers what a web page says and shows what has changed since the last run.

A change ends the run with exit code 1, so that it stands out and whoever wants to be told is told.

    ADDRESS    the page
    SELECTOR   the part of it that counts, as a CSS selector (default: body)
"""

import difflib
import hashlib
import json
import os
import sys
from pathlib import Path

import requests
from bs4 import BeautifulSoup

ADDRESS = os.environ.get("ADDRESS", "https://example.org/")
SELECTOR = os.environ.get("SELECTOR", "body")
STATE = Path(__file__).parent / "state.json"


def text_of(address: str, selector: str) -> list[str]:
    answer = requests.get(address, timeout=30, headers={"User-Agent": "page-watcher"})
    answer.raise_for_status()
    page = BeautifulSoup(answer.content, "html.parser")
    part = page.select_one(selector)
    if part is None:
        raise SystemExit(f"Nothing on the page matches {selector!r}")
    for noise in part(["script", "style"]):
        noise.decompose()
    lines = (line.strip() for line in part.get_text("\n").splitlines())
    return [line for line in lines if line]


def remember(all_states: dict) -> None:
    """In one step, so that a run that is stopped leaves the old state or the new one."""
    fresh = STATE.with_suffix(".new")
    fresh.write_text(json.dumps(all_states, ensure_ascii=False, indent=1), encoding="utf-8")
    fresh.replace(STATE)


def main() -> int:
    now = text_of(ADDRESS, SELECTOR)
    states = json.loads(STATE.read_text(encoding="utf-8")) if STATE.exists() else {}
    key = f"{ADDRESS} {SELECTOR}"
    before = states.get(key)
    digest = hashlib.sha256("\n".join(now).encode()).hexdigest()[:12]
    states[key] = now
    remember(states)
    if before is None:
        print(f"First look at {ADDRESS}: {len(now)} lines ({digest})")
        return 0
    if before == now:
        print(f"Nothing has changed ({digest})")
        return 0
    print(f"{ADDRESS} has changed:\n")
    for line in difflib.unified_diff(before, now, "before", "now", lineterm="", n=1):
        print(line)
    return 1


if __name__ == "__main__":
    sys.exit(main())
