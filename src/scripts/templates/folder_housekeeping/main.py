"""Tidies a folder: removes files that are old, packs files that are large.

Without --do it only says what it would do.

    main.py [--folder DIR] [--pattern GLOB] [--days N] [--pack-over MIB] [--do]
"""

import argparse
import gzip
import shutil
import time
from pathlib import Path

DAY = 24 * 60 * 60
MIB = 1024 * 1024


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Tidies a folder.")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / "inbox")
    parser.add_argument("--pattern", default="*", help="which files, such as *.log")
    parser.add_argument("--days", type=float, default=30, help="remove files that are older")
    parser.add_argument("--pack-over", type=float, default=10, help="gzip files over so many MiB")
    parser.add_argument("--do", action="store_true", help="do it instead of saying it")
    return parser.parse_args()


def pack(path: Path) -> None:
    target = path.with_name(path.name + ".gz")
    fresh = target.with_name(target.name + ".new")
    with path.open("rb") as plain, gzip.open(fresh, "wb") as packed:
        shutil.copyfileobj(plain, packed)
    shutil.copystat(path, fresh)
    fresh.replace(target)
    path.unlink()


def main() -> None:
    wish = arguments()
    wish.folder.mkdir(parents=True, exist_ok=True)
    now = time.time()
    removed = packed = freed = 0
    for path in sorted(wish.folder.rglob(wish.pattern)):
        if path.is_symlink() or not path.is_file():
            continue
        about = path.stat()
        age = (now - about.st_mtime) / DAY
        name = path.relative_to(wish.folder)
        if age > wish.days:
            print(f"remove  {name}  ({age:.0f} days old)")
            removed += 1
            freed += about.st_size
            if wish.do:
                path.unlink()
        elif about.st_size > wish.pack_over * MIB and path.suffix != ".gz":
            print(f"pack    {name}  ({about.st_size / MIB:.1f} MiB)")
            packed += 1
            if wish.do:
                pack(path)
    verb = "Done" if wish.do else "Would be done (add --do)"
    print(f"{verb}: {removed} removed ({freed / MIB:.1f} MiB), {packed} packed")


if __name__ == "__main__":
    main()
