"""What is reported: put your own here."""

import os
import shutil
from datetime import datetime, timezone

GIB = 1024**3


def report() -> tuple[str, str]:
    """Subject and text."""
    disk = shutil.disk_usage("/script" if os.path.exists("/script") else ".")
    share = disk.used / disk.total
    now = datetime.now(timezone.utc)
    text = f"Disk: {share:.0%} of {disk.total / GIB:.0f} GiB used, {disk.free / GIB:.0f} GiB free"
    return f"Report of {now:%Y-%m-%d %H:%M} UTC", text
