//! Room on the data disk: how much is left, whether that is enough to start anything, and the reserve behind it.
//!
//! One loop looks, decides (pure), keeps the reserve whole where there is room for it, and publishes what it saw. Once
//! little is left, a little more than the floor is asked for, so that a disk at its edge does not flicker. The database's
//! log gets its room here, too. Ends no run:
//! what a run takes is the disk watch's concern.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::context::Context;
use crate::events::News;
use crate::files::{self, Reserve, Space, on_disk};
use crate::model::evidence::bytes;
use crate::store::{Store, Witness};

const LOOK_EVERY: Duration = Duration::from_secs(5);
const LOOK_WHILE_LOW: Duration = Duration::from_secs(1);
/// Of the floor, what is asked for beyond it once less was left: one part of so many.
const MARGIN: u64 = 16;
/// Of the floor, a change of the free space that is worth a word while it is low: one part of so many.
const STEP: u64 = 32;

/// The data disk, as it was seen last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    pub total_bytes: u64,
    pub free_bytes: u64,
    /// Below it no run is started.
    pub floor_bytes: u64,
    pub low: bool,
    /// What the reserve takes; less than it should after it was needed.
    pub reserve_bytes: u64,
}

impl Disk {
    /// Before anything was looked at: nothing is held up for want of knowledge.
    pub(super) fn unknown() -> Self {
        Self {
            total_bytes: 0,
            free_bytes: u64::MAX,
            floor_bytes: 0,
            low: false,
            reserve_bytes: 0,
        }
    }

    /// From how much free space on runs are started.
    fn enough(&self, floor: u64) -> u64 {
        // A new floor is a new question.
        if self.low && self.floor_bytes == floor {
            floor.saturating_add(floor / MARGIN)
        } else {
            floor
        }
    }

    /// Why nothing is started, if nothing is. The floor may be newer than the look.
    pub(super) fn why_not(&self, floor: u64) -> Option<String> {
        let enough = self.enough(floor);
        (self.free_bytes < enough).then(|| {
            format!(
                "Only {} are free on the data disk; it starts when {} are. Delete what is no longer needed, make the \
                 disk larger, or lower the floor in Settings",
                bytes(self.free_bytes),
                bytes(enough)
            )
        })
    }

    /// Whether somebody who acts on it would act differently.
    fn tells_more_than(&self, before: &Self) -> bool {
        let moved = self.free_bytes.abs_diff(before.free_bytes);
        (self.low, self.floor_bytes, self.reserve_bytes)
            != (before.low, before.floor_bytes, before.reserve_bytes)
            || (self.low && moved > self.floor_bytes / STEP)
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Decision {
    low: bool,
    /// There is room to take what is missing of the reserve, and no less than the floor is left then.
    make_reserve: bool,
}

/// `reserve`: what it takes, and what it should.
fn decide(before: &Disk, space: &Space, floor: u64, reserve: (u64, u64)) -> Decision {
    let (held, size) = reserve;
    Decision {
        low: space.free_bytes < before.enough(floor),
        make_reserve: held < size && space.free_bytes >= floor.saturating_add(size),
    }
}

/// What is published from the first moment on. Takes no room yet: the start does not wait for that, the loop is next.
pub(super) fn first_look(at: &LookedAt) -> Disk {
    let before = Disk::unknown();
    at.data.space().map_or(before, |space| {
        let low = at.decide(&before, &space).low;
        at.seen(&space, low)
    })
}

/// What a look needs.
#[derive(Clone)]
pub(super) struct LookedAt {
    pub data: files::DataDir,
    pub store: Store,
    pub reserve: Reserve,
    pub floor: u64,
}

impl LookedAt {
    fn decide(&self, before: &Disk, space: &Space) -> Decision {
        decide(
            before,
            space,
            self.floor,
            (self.reserve.held(), self.reserve.size()),
        )
    }

    fn seen(&self, space: &Space, low: bool) -> Disk {
        Disk {
            total_bytes: space.total_bytes,
            free_bytes: space.free_bytes,
            floor_bytes: self.floor,
            low,
            reserve_bytes: self.reserve.held(),
        }
    }
}

fn look(at: &LookedAt, before: &Disk) -> files::Result<Disk> {
    // Before the reserve: this is what nobody can take away again.
    if let Err(e) = at.store.take_log_room() {
        tracing::debug!(error = %e, "no room for the database's log yet");
    }
    let mut space = at.data.space()?;
    let decision = at.decide(before, &space);
    if decision.make_reserve {
        at.reserve.make()?;
        space = at.data.space()?;
    }
    Ok(at.seen(&space, decision.low))
}

pub(super) async fn keep(cx: Arc<Context>, disk: watch::Sender<Disk>) {
    let mut settings = cx.settings.subscribe();
    let mut complained = false;
    if disk.borrow().low {
        log(&disk.borrow());
    }
    loop {
        let before = *disk.borrow();
        let at = LookedAt {
            data: cx.data.clone(),
            store: cx.store.clone(),
            reserve: cx.reserve.clone(),
            floor: settings.borrow_and_update().min_free_bytes,
        };
        match on_disk(move || look(&at, &before)).await {
            Ok(now) => {
                complained = false;
                publish(&cx, &disk, now);
            }
            Err(e) if !complained => {
                complained = true;
                tracing::warn!(error = %e, "the data disk could not be looked at, or its reserve not be made");
            }
            Err(_) => {}
        }
        let pause = if disk.borrow().low {
            LOOK_WHILE_LOW
        } else {
            LOOK_EVERY
        };
        tokio::select! {
            _ = settings.changed() => {}
            () = cx.look_at_disk.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

fn publish(cx: &Context, disk: &watch::Sender<Disk>, now: Disk) {
    let before = *disk.borrow();
    disk.send_if_modified(|published| {
        *published = now;
        now.tells_more_than(&before)
    });
    if now.low != before.low {
        log(&now);
    }
    if (now.low, now.reserve_bytes) != (before.low, before.reserve_bytes) {
        cx.events.publish(News::System);
    }
}

fn log(disk: &Disk) {
    let (free, floor) = (disk.free_bytes, disk.floor_bytes);
    if disk.low {
        tracing::warn!(
            free,
            floor,
            "little room is left on the data disk; no run is started"
        );
    } else {
        tracing::info!(free, floor, "there is room on the data disk again");
    }
}

/// Why nothing may start now. Looked at anew: between two looks of the loop a disk can be filled.
pub(super) async fn no_room(cx: &Context) -> files::Result<Option<String>> {
    let data = cx.data.clone();
    let space = on_disk(move || data.space()).await?;
    let seen = *cx.disk.borrow();
    let now = Disk {
        free_bytes: space.free_bytes,
        ..seen
    };
    let why = now.why_not(cx.settings.in_force().min_free_bytes);
    if why.is_some() != seen.low {
        cx.look_at_disk.notify_one();
    }
    Ok(why)
}

/// Gives the database a piece of the reserve when it may have found no room, for the next try.
pub struct Relief(pub Reserve);

impl Witness for Relief {
    fn rolled_back(&self) {
        match self.0.release_if_full() {
            Ok(0) => {}
            Ok(released) => {
                let left = self.0.held();
                tracing::warn!(
                    released,
                    left,
                    "the data disk is full; a piece of the reserve was released"
                );
            }
            Err(e) => tracing::warn!(error = %e, "the reserve could not be released"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn disk(low: bool, floor: u64) -> Disk {
        Disk {
            low,
            floor_bytes: floor,
            ..Disk::unknown()
        }
    }

    fn space(free: u64) -> Space {
        Space {
            total_bytes: 10_000 * MIB,
            free_bytes: free,
            free_inodes: None,
        }
    }

    #[test]
    fn little_is_left_below_the_floor_and_until_a_little_more_is_there() {
        let floor = 512 * MIB;
        let table = [
            (false, floor, floor, false),
            (false, floor, floor - 1, true),
            (true, floor, floor, true),
            (true, floor, floor + 32 * MIB - 1, true),
            (true, floor, floor + 32 * MIB, false),
            // The floor was moved.
            (true, 2 * floor, floor, false),
            (false, MIB, floor - 1, true),
        ];
        for (low, old_floor, free, expected) in table {
            let decision = decide(&disk(low, old_floor), &space(free), floor, (0, 0));
            assert_eq!(decision.low, expected, "{low} {old_floor} {free}");
        }
    }

    #[test]
    fn the_reserve_is_made_where_the_floor_stays_free() {
        let (floor, size) = (100 * MIB, 64 * MIB);
        let table = [
            (0, floor + size, true),
            (0, floor + size - 1, false),
            (16 * MIB, floor + size, true),
            (size, 10 * floor, false),
        ];
        for (held, free, expected) in table {
            let decision = decide(&Disk::unknown(), &space(free), floor, (held, size));
            assert_eq!(decision.make_reserve, expected, "{held} {free}");
        }
    }

    #[test]
    fn who_waits_is_told_how_much_is_missing() {
        let mut seen = disk(true, 512 * MIB);
        seen.free_bytes = 300 * MIB;
        let why = seen.why_not(512 * MIB).expect("too little");
        assert!(why.contains("300 MiB") && why.contains("544 MiB"), "{why}");
        // The floor was lowered and nobody has looked since.
        assert_eq!(seen.why_not(200 * MIB), None);
        assert!(seen.why_not(301 * MIB).is_some());
        assert_eq!(Disk::unknown().why_not(u64::MAX / 2), None);
    }

    #[test]
    fn only_what_changes_something_wakes_others() {
        let before = disk(false, 512 * MIB);
        let freer = |disk: Disk, by: u64| Disk {
            free_bytes: disk.free_bytes - by,
            ..disk
        };
        assert!(!freer(before, 100 * MIB).tells_more_than(&before));
        let low = Disk { low: true, ..before };
        assert!(low.tells_more_than(&before));
        assert!(!freer(low, MIB).tells_more_than(&low));
        assert!(freer(low, 17 * MIB).tells_more_than(&low));
    }
}
