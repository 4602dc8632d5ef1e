//! Whether plugins are at work, for whoever has a clock or sees the process end.
//!
//! Owns the counts. Refuses to know time: it is told nowhere here.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError, Weak};

use crate::abi;

/// All that runs code of plugins in this process.
#[derive(Debug, Default)]
pub struct Pulse {
    beats: Mutex<Vec<Weak<Beat>>>,
    made: AtomicU64,
}

/// One instance of a plugin, or the loading of its library. The count is odd while code of the plugin
/// runs, and another number the next time. Each has a count of its own: at one instance works one
/// thread at a time, at different ones as many as there are.
#[derive(Debug)]
pub struct Beat {
    id: u64,
    of: BeatOf,
    count: AtomicU64,
    /// The governing instant of the first order that it was asked about last; [`abi::NONE`] for none.
    asked_at: AtomicI64,
}

/// Whose code runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BeatOf {
    /// The plugin's name and version.
    pub plugin: String,
    /// The SHA-256 of its library; none of one that is part of this process.
    pub digest: Option<[u8; 32]>,
    /// The version of the terms that it serves; none while it is loaded.
    pub terms: Option<String>,
}

impl Pulse {
    /// Returns what may be at work.
    pub fn beats(&self) -> Vec<Arc<Beat>> {
        let mut beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        beats.retain(|beat| beat.strong_count() > 0);
        beats.iter().filter_map(Weak::upgrade).collect()
    }

    /// Returns one that is at work now. Waits for nothing, so that it can be asked at the end of the
    /// process, whoever ends it.
    pub fn at_work(&self) -> Option<Arc<Beat>> {
        let beats = match self.beats.try_lock() {
            Ok(beats) => beats,
            Err(TryLockError::Poisoned(beats)) => beats.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        beats.iter().filter_map(Weak::upgrade).find(|beat| Beat::at_work(beat.count()))
    }

    /// Makes a count for what runs code of a plugin.
    pub(crate) fn beat(&self, of: BeatOf) -> Arc<Beat> {
        let beat = Arc::new(Beat {
            id: self.made.fetch_add(1, Ordering::Relaxed),
            of,
            count: AtomicU64::new(0),
            asked_at: AtomicI64::new(abi::NONE),
        });
        let mut beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        beats.retain(|beat| beat.strong_count() > 0);
        beats.push(Arc::downgrade(&beat));
        beat
    }
}

impl Beat {
    /// Returns its number, which no other has.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Returns whose code runs.
    pub fn of(&self) -> &BeatOf {
        &self.of
    }

    /// Returns the governing instant of the first order that it was asked about last, in seconds since
    /// 1970-01-01T00:00:00Z.
    pub fn asked_at(&self) -> Option<i64> {
        Some(self.asked_at.load(Ordering::Relaxed)).filter(|at| *at != abi::NONE)
    }

    /// Returns the count.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether code of the plugin was running at a count.
    pub fn at_work(count: u64) -> bool {
        count % 2 == 1
    }

    /// Does work that runs code of the plugin.
    pub(crate) fn during<T>(&self, asked_at: Option<i64>, work: impl FnOnce() -> T) -> T {
        self.asked_at.store(asked_at.unwrap_or(abi::NONE), Ordering::Relaxed);
        self.next();
        let done = work();
        self.next();
        done
    }

    fn next(&self) {
        // No other thread counts here, so nothing is lost between the two steps, which cost less than one.
        self.count.store(self.count().wrapping_add(1), Ordering::Relaxed);
    }
}
