//! /tmp, where it is a file system of its own, as in every container of a run: how large it may become, how full it is.
//!
//! Anywhere else /tmp shares its room with the whole machine, and its figures would say nothing about the run.

use std::ffi::CStr;
use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::sys;

const PATH: &CStr = c"/tmp";

/// Evidence that there is one.
pub(crate) struct Tmp(());

impl Tmp {
    pub(crate) fn find() -> Option<Tmp> {
        let device = |path| Some(fs::metadata(path).ok()?.dev());
        (device("/tmp")? != device("/")?).then_some(Tmp(()))
    }

    /// `None` without a limit: a tmpfs that may grow as it likes says that it has no size.
    pub(crate) fn size(&self) -> Option<u64> {
        Self::space().map(|space| space.size)
    }

    pub(crate) fn used(&self) -> Option<u64> {
        Self::space().map(|space| space.used)
    }

    fn space() -> Option<sys::Space> {
        sys::space_at(PATH).ok().filter(|space| space.size > 0)
    }
}
