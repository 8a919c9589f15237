"""APScheduler with many cron jobs that are due together, once a minute.

Called with the number of jobs, the second of the minute, where jobs are kept (sqlite or memory), and a folder. Says
"ready" once it is scheduling, goes on until its standard input ends, then says what it has measured, as one line of
JSON: for each fire the second it was due at, and how many microseconds later the job's function was called, and its row
committed.

The job store is SQLAlchemy's on SQLite, as it comes, or the one in memory, which forgets the jobs with the process. The
rows are written to a database of their own, as durably as the product writes its own: in WAL mode, synchronous to the
disk.
"""

import json
import sqlite3
import sys
import threading
import time

from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

second = None
folder = None
own = threading.local()
measured = []


def connection():
    if not hasattr(own, "connection"):
        own.connection = sqlite3.connect(f"{folder}/rows.sqlite", timeout=30, isolation_level=None)
        own.connection.execute("PRAGMA synchronous = FULL")
    return own.connection


def fire(number):
    called = time.time()
    due = int(called) // 60 * 60 + second
    connection().execute("INSERT INTO fires (job, due, called) VALUES (?, ?, ?)", (number, due, called))
    committed = time.time()
    measured.append((due, round((called - due) * 1e6), round((committed - due) * 1e6)))


def main():
    global folder, second
    jobs, second, store, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    rows = sqlite3.connect(f"{folder}/rows.sqlite")
    rows.execute("PRAGMA journal_mode = WAL")
    rows.execute("CREATE TABLE fires (id INTEGER PRIMARY KEY, job INTEGER, due INTEGER, called REAL)")
    rows.commit()
    stores = {
        "sqlite": lambda: SQLAlchemyJobStore(url=f"sqlite:///{folder}/jobs.sqlite"),
        "memory": MemoryJobStore,
    }
    scheduler = BackgroundScheduler(
        jobstores={"default": stores[store]()},
        # Late is late, and no reason to be left out.
        job_defaults={"misfire_grace_time": None},
        timezone="UTC",
    )
    scheduler.start(paused=True)
    for number in range(jobs):
        scheduler.add_job(fire, CronTrigger(second=second, timezone="UTC"), args=[number])
    scheduler.resume()
    print("ready", flush=True)
    sys.stdin.read()
    # Those that have been submitted are waited for.
    scheduler.shutdown(wait=True)
    print(json.dumps(measured), flush=True)


if __name__ == "__main__":
    main()
