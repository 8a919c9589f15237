"""Copies an SQLite database while it is in use, checks the copy, and keeps the newest ones.

    DATABASE   the database, relative to this folder or absolute (default: data.sqlite)
    KEEP       how many copies are kept (default: 14)
"""

import gzip
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

HERE = Path(__file__).parent
DATABASE = HERE / os.environ.get("DATABASE", "data.sqlite")
KEEP = int(os.environ.get("KEEP", "14"))
COPIES = HERE / "backups"


def copy(source: Path, target: Path) -> None:
    """SQLite's own backup: consistent, even while others write."""
    address = f"{source.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as database:
        with closing(sqlite3.connect(target)) as made:
            database.backup(made)
            (verdict,) = made.execute("PRAGMA integrity_check").fetchone()
    if verdict != "ok":
        raise SystemExit(f"The copy is damaged: {verdict}")


def main() -> None:
    if not DATABASE.exists():
        raise SystemExit(f"There is no {DATABASE}; set DATABASE to the path of yours")
    COPIES.mkdir(exist_ok=True)
    stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    raw = COPIES / f"{DATABASE.stem}-{stamp}.sqlite"
    packed = raw.with_suffix(".sqlite.gz")
    try:
        copy(DATABASE, raw)
        with raw.open("rb") as plain, gzip.open(packed, "wb") as target:
            shutil.copyfileobj(plain, target)
    finally:
        raw.unlink(missing_ok=True)
    print(f"{packed.name}: {packed.stat().st_size:,} bytes")

    copies = sorted(COPIES.glob(f"{DATABASE.stem}-*.sqlite.gz"))
    for old in copies[: max(len(copies) - KEEP, 0)]:
        old.unlink()
        print(f"removed {old.name}")


if __name__ == "__main__":
    main()
