"""Holds the scheduler's fires against CronSim's, which does what Debian's cron does.

Random expressions, each in every zone of ZONES, over ten years that begin somewhere between 2007 and 2030: a
span around each change of the zone's clocks, and spans anywhere. Of each span the first fires are compared, one
by one. Both sides have the same time zone database, or nothing is compared.

Where the two differ, a third opinion is asked (`by_the_rule`: all candidates in turn, by the rule as
docs/schedules.md has it). The difference is a listed one if that opinion is ours and LISTED says why; anything
else is a failure.
"""

import argparse
import bisect
import collections
import concurrent.futures
import dataclasses
import os
import random
import subprocess
import sys
import time
import zoneinfo
from datetime import UTC, datetime

import tzdata
from cronsim import CronSim, CronSimError
from cronsim.cronsim import Field

zoneinfo.reset_tzpath(to=())  # the package's, not the machine's

ZONES = (
    "Europe/Berlin America/New_York Australia/Lord_Howe Africa/Cairo Africa/Casablanca Asia/Tehran "
    "Europe/Dublin Pacific/Apia Antarctica/Troll America/Sao_Paulo Asia/Kathmandu UTC"
).split()
YEARS = 10
# Fires compared in each span, spans around each change of clocks, and spans anywhere.
MOST, AROUND, ANYWHERE = 8, 1, 3
HOUR, DAY = 3600, 86400
BATCH = 50

LISTED = {
    "half-hour-shift": "CronSim looks for the hour in steps of an hour; over a shift of half an hour it comes to "
    "stand on :30 and passes over what is due before it",
    "midnight-in-gap": "where the clock jumps over midnight, CronSim begins the day at a midnight that did not "
    "happen: it takes that for due, or passes over the first hour there is",
    "second-of-gap": "CronSim moves what is due in a gap on by whole minutes, and so keeps its second; with us it "
    "is due right after the gap",
}


# --- expressions

MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
DAYS = "SUN MON TUE WED THU FRI SAT".split()


def item(rng, low, high, names):
    def value(number):
        if not names or number - low >= len(names) or rng.random() < 0.6:
            return str(number)
        name = names[number - low]
        return rng.choice((name, name.lower(), name.title()))

    first, last = sorted((rng.randint(low, high), rng.randint(low, high)))
    step = rng.choice((1, 2, 3, 4, 5, 7, 10, 15, 20, 40))
    return rng.choice(
        (
            value(first),
            value(first),
            f"{value(first)}-{value(last)}",
            f"{value(first)}-{value(last)}/{step}",
            f"{first}/{step}",
        )
    )


def field(rng, low, high, star, names=None):
    chance = rng.random()
    if chance < star:
        return "*"
    if chance < star + (1 - star) * 0.2:
        return f"*/{rng.choice((1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30, 45, 70))}"
    items = [item(rng, low, high, names) for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5)))]
    if rng.random() < 0.02:
        items.insert(rng.randint(0, len(items)), f"*/{rng.randint(5, 20)}")
    return ",".join(items)


def generate(rng):
    hours = "1-3", "2", "1,2,3", "0-4", "0", "23"
    parts = [
        field(rng, 0, 59, 0.2),
        # Clocks are changed at night: half of the expressions fire there.
        rng.choice(hours) if rng.random() < 0.5 else field(rng, 0, 23, 0.4),
        field(rng, 1, 31, 0.6),
        field(rng, 1, 12, 0.7, MONTHS),
        field(rng, 0, 7, 0.6, DAYS),
    ]
    if rng.random() < 0.01:
        # A day that few months have, or none.
        parts[2:4] = (
            rng.choice(("30", "31", "30-31", "29")),
            rng.choice(("2", "FEB", "4,6,9,11", "2,4", "2,5")),
        )
    if rng.random() < 0.15:
        parts.insert(0, field(rng, 0, 59, 0.2))
    return " ".join(parts)


# --- spans


def offset(zone, instant):
    return int(datetime.fromtimestamp(instant, zone).utcoffset().total_seconds())


def changes(zone, start, end):
    """Instants at which the zone's clocks are changed."""
    found = []
    for day in range(start, end, DAY):
        low, high = day, day + DAY
        if offset(zone, low) != offset(zone, high):
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(zone, middle) == offset(zone, low) else (low, middle)
            found.append(high)
    return found


def spans(rng, zone_changes, start, end):
    for change in zone_changes[bisect.bisect(zone_changes, start) : bisect.bisect(zone_changes, end)]:
        for _ in range(AROUND):
            before = rng.choice(
                (rng.randint(0, 26 * HOUR), rng.randint(0, 3 * HOUR), rng.randint(-70 * 60, 70 * 60))
            )
            yield change - before, change + 30 * HOUR
    for _ in range(ANYWHERE):
        yield rng.randint(start, end), end


# --- CronSim


def number(text):
    """Of a day, a month, or a number, without telling which."""
    for names, first in ((MONTHS, 1), (DAYS, 0)):
        if text in names:
            return names.index(text) + first
    return int(text)


class Judge:
    """CronSim on one expression. What it is not told as we are:

    - seconds: with six fields it does not follow Debian's rule for changes of clocks, so it gets the five
      without the seconds, and these are put in afterwards;
    - `5-5/10`, which it takes for `5/10`: it gets `5`.
    """

    def __init__(self, expression):
        parts = [
            ",".join(self.plain(item) for item in part.split(",")) for part in expression.upper().split()
        ]
        self.seconds = Field.SECOND.parse(parts.pop(0)) if len(parts) == 6 else {0}
        self.text = " ".join(parts)
        self.fixed = not parts[0].startswith("*") and not parts[1].startswith("*")

    @staticmethod
    def plain(item):
        first, dash, rest = item.partition("-")
        last, slash, _ = rest.partition("/")
        return first if dash and slash and number(first) == number(last) else item

    def started(self, instant, zone):
        sim = CronSim(self.text, datetime.fromtimestamp(instant, zone))
        sim.seconds = self.seconds
        return sim

    def fires(self, after, until, zone):
        sim, found = self.started(after, zone), []
        while len(found) < MOST:
            try:
                instant = int(next(sim).timestamp())
            except StopIteration:
                break
            if instant > until:
                break
            # Asked within a repeated hour, it begins with the first pass, which is in the past.
            if instant > after:
                found.append(instant)
        return found

    def by_the_rule(self, after, until, zone):
        """The third opinion: CronSim's sets of numbers, and nothing of its search."""
        sim = self.started(after, zone)

        def matches(civil):
            time = datetime.fromtimestamp(civil, UTC)
            return (
                time.second in sim.seconds
                and time.minute in sim.minutes
                and time.hour in sim.hours
                and time.month in sim.months
                and sim.match_day(time.date())
            )

        # What the clock showed last before it was turned back, if that is being repeated.
        found, repeated = [], None
        begin = after // 60 * 60
        for change in changes(zone, begin - DAY, begin):
            if offset(zone, change) < offset(zone, change - 1):
                repeated = change + offset(zone, change - 1)
        before, seconds = offset(zone, begin - 1), sorted(self.seconds)
        # Clocks are changed on full minutes.
        for minute in range(begin, until + 1, 60):
            now, moved = offset(zone, minute), False
            if self.fixed and now < before:
                repeated = minute + before
            if self.fixed and now > before:
                gap = range(minute + before, minute + now, 60)
                moved = any(matches(skipped + second) for skipped in gap for second in seconds)
            before = now
            for second in seconds if not moved else sorted({0, *seconds}):
                civil = minute + second + now
                if self.fixed and repeated is not None and civil < repeated:
                    continue
                if (moved and second == 0 or matches(civil)) and after < minute + second <= until:
                    found.append(minute + second)
            if len(found) >= MOST:
                break
        return found[:MOST]


def why(judge, zone, after, until, ours, theirs):
    """The listed reason for a difference that the rule decides for us; none if there is none."""
    full = [fires[-1] for fires in (ours, theirs) if len(fires) == MOST]
    until = min([until, *full])
    differ = sorted(fire for fire in set(ours) ^ set(theirs) if fire <= until)
    if not differ:
        return None
    # From shortly before the first difference, lest it take for ever.
    after = max(after, differ[0] - 2 * DAY)
    ours = [fire for fire in ours if after < fire <= min(until, differ[-1])]
    if judge.by_the_rule(after, min(until, differ[-1]), zone) != ours:
        return None
    for change in reversed(changes(zone, differ[0] - DAY, differ[0] + DAY)):
        if change > differ[0]:
            continue
        before = offset(zone, change - 1)
        shift = offset(zone, change) - before
        if shift % HOUR:
            return "half-hour-shift"
        if judge.fixed and shift > 0 and judge.seconds != {0} and differ[-1] < change + 60:
            return "second-of-gap"
        if shift > 0 and (change + before) % DAY == 0 and differ[0] < change + HOUR:
            return "midnight-in-gap"
    return None


# --- the comparison


@dataclasses.dataclass
class Tally:
    """Of zones and columns, and what is to be told."""

    counts: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    unlisted: list[str] = dataclasses.field(default_factory=list)
    examples: dict[str, str] = dataclasses.field(default_factory=dict)

    def add(self, other):
        self.counts += other.counts
        self.unlisted += other.unlisted
        self.examples |= other.examples


def compare(job):
    """One batch of expressions in all zones."""
    seed, program = job
    rng = random.Random(seed)
    tally, asked = Tally(), []
    for _ in range(BATCH):
        expression = generate(rng)
        start = int(datetime(rng.randint(2007, 2030), rng.randint(1, 12), 1, tzinfo=UTC).timestamp())
        end = start + YEARS * 36525 * DAY // 100
        for name in ZONES:
            asked.append((expression, name, list(spans(rng, CHANGES[name], start, end))))
    lines = (
        f"{expression}\t{name}\t{MOST}\t{' '.join(f'{after},{until}' for after, until in some)}\n"
        for expression, name, some in asked
    )
    answers = subprocess.run(
        [program], input="".join(lines), capture_output=True, text=True, check=True
    ).stdout
    for (expression, name, some), answer in zip(asked, answers.splitlines(), strict=True):
        tally.counts[name, "comparisons"] += 1
        try:
            judge = Judge(expression)
            judge.started(0, UTC)
            never = next(iter(judge.started(0, UTC)), None) is None
        except CronSimError:
            never = True
        if never or answer.startswith("!"):
            if never != answer.startswith("!"):
                verdict = "refuses" if never else "does not"
                tally.unlisted.append(f"{expression!r} in {name}: we say {answer!r}, CronSim {verdict}")
            else:
                tally.counts[name, "refused by both"] += 1
            continue
        zone, reasons = zoneinfo.ZoneInfo(name), set()
        for (after, until), fires in zip(some, answer.split(";"), strict=True):
            ours, theirs = [int(fire) for fire in fires.split()], judge.fires(after, until, zone)
            tally.counts[name, "fires"] += len(ours)
            if ours == theirs:
                continue
            reason = why(judge, zone, after, until, ours, theirs)
            told = (
                f"{expression!r} in {name} after {shown(zone, after)}: "
                f"we say {shown(zone, *ours)}, CronSim {shown(zone, *theirs)}"
            )
            if reason is None:
                tally.unlisted.append(told)
            else:
                reasons.add(reason)
                tally.examples.setdefault(reason, told)
        tally.counts[name, "spans"] += len(some)
        for reason in reasons:
            tally.counts[name, reason] += 1
    return tally


def shown(zone, *instants):
    return " ".join(datetime.fromtimestamp(instant, zone).isoformat() for instant in instants) or "nothing"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="the example `fires`")
    parser.add_argument("--expressions", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    options = parser.parse_args()

    database = subprocess.run(
        [options.program, "--database"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if database != tzdata.IANA_VERSION:
        sys.exit(f"time zone databases differ: the scheduler has {database}, tzdata {tzdata.IANA_VERSION}")
    print(f"seed {options.seed}, time zone database {database}", flush=True)

    began, total = time.monotonic(), Tally()
    jobs = [(f"{options.seed}/{batch}", options.program) for batch in range(-(-options.expressions // BATCH))]
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        for done, tally in enumerate(pool.map(compare, jobs), start=1):
            total.add(tally)
            if done % 40 == 0:
                print(
                    f"  {done * BATCH} expressions after {time.monotonic() - began:.0f} s",
                    file=sys.stderr,
                    flush=True,
                )
    report(total, len(jobs) * BATCH, time.monotonic() - began)
    sys.exit(1 if total.unlisted else 0)


def report(total, expressions, took):
    columns = ["comparisons", "refused by both", "spans", "fires", *LISTED]
    print(f"{'zone':22}" + "".join(f"{column:>17}" for column in columns))
    for name in ZONES:
        print(f"{name:22}" + "".join(f"{total.counts[name, column]:17,}" for column in columns))
    sums = {column: sum(total.counts[name, column] for name in ZONES) for column in columns}
    print(f"{'all':22}" + "".join(f"{sums[column]:17,}" for column in columns))
    print(f"\n{expressions:,} expressions × {len(ZONES)} zones × {YEARS} years in {took:.0f} s")
    print(f"differences: {len(total.unlisted)} unlisted, {sum(sums[reason] for reason in LISTED)} listed")
    for reason, words in LISTED.items():
        print(f"  {reason}: {sums[reason]}: {words}")
        if reason in total.examples:
            print(f"    {total.examples[reason]}")
    for told in total.unlisted[:20]:
        print(f"UNLISTED {told}")
    wrong = {name for name in ZONES if any(name in told for told in total.unlisted)}
    # One test for each zone, as the steps of `make test` count them.
    verdict = "FAILED" if total.unlisted else "ok"
    print(f"test result: {verdict}. {len(ZONES) - len(wrong)} passed; {len(wrong)} failed")


CHANGES = {
    name: changes(
        zoneinfo.ZoneInfo(name),
        int(datetime(2007, 1, 1, tzinfo=UTC).timestamp()),
        int(datetime(2042, 1, 1, tzinfo=UTC).timestamp()),
    )
    for name in ZONES
}

if __name__ == "__main__":
    main()
