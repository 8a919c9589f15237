# /// script
# dependencies = [
#     "requests>=2.32",
# ]
# ///
"""Fetches all pages of a JSON API and keeps the rows as a CSV file.

Run with other arguments to use another address:  https://example.org/api/items 200
"""

import csv
import os
import sys
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

ADDRESS = "https://jsonplaceholder.typicode.com/todos"
PER_PAGE = 100
# What the run keeps; shown with it, and gone with it.
OUTPUT = Path(os.environ.get("PYTASK_ARTIFACTS", ".")) / "rows.csv"


def session() -> requests.Session:
    """Tries again when the server is busy or away for a moment, with longer and longer pauses."""
    retry = Retry(
        total=5,
        backoff_factor=1,
        status_forcelist=(429, 500, 502, 503, 504),
        respect_retry_after_header=True,
    )
    made = requests.Session()
    made.mount("https://", HTTPAdapter(max_retries=retry))
    made.mount("http://", HTTPAdapter(max_retries=retry))
    token = os.environ.get("API_TOKEN")
    if token:
        made.headers["Authorization"] = f"Bearer {token}"
    return made


def pages(address: str, per_page: int):
    """Adapt this to how your API pages: here it is _page and _limit."""
    with session() as http:
        number = 1
        while True:
            answer = http.get(address, params={"_page": number, "_limit": per_page}, timeout=30)
            answer.raise_for_status()
            rows = answer.json()
            if not rows:
                return
            print(f"page {number}: {len(rows)} rows", flush=True)
            yield rows
            if len(rows) < per_page:
                return
            number += 1


def main() -> None:
    address = sys.argv[1] if len(sys.argv) > 1 else ADDRESS
    per_page = int(sys.argv[2]) if len(sys.argv) > 2 else PER_PAGE
    rows = [row for page in pages(address, per_page) for row in page]
    if not rows:
        raise SystemExit("The API answered no rows")
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with OUTPUT.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} rows in {OUTPUT.name}")


if __name__ == "__main__":
    main()
