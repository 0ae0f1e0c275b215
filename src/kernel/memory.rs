//! Argon2's block memory. A fresh mapping of 19 MiB costs more in page faults than hashing in it does, so memory is kept when
//! a hash is done, and taken again by the next.
//!
//! What is kept holds the traces of the last hash in it: blocks that depend on a password, from which it cannot be read back
//! but against which it could be tested. It is wiped when it is given back to the system: when more is kept than there are
//! cores, when one is larger than [`KEPT_BYTES_MAX`], and by [`release`], which a service calls when it has nothing to do.
//!
//! A worker of a pool has an [`Arena`] of its own instead: one piece, as large as its largest hash, which it wipes when it has
//! nothing to do.

use std::alloc::{Layout, alloc, dealloc};
use std::cell::RefCell;
use std::ptr::NonNull;
use std::sync::{Mutex, OnceLock, PoisonError};

/// One block of 1024 bytes.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Block(pub(super) [u64; 128]);

impl Block {
    pub(super) const ZERO: Self = Self([0; 128]);
}

/// The system could not give the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfMemory;

/// Larger ones are rare, and are not kept: 64 MiB, and room for the index blocks.
const KEPT_BYTES_MAX: usize = 65 << 20;

/// What the system maps at once where it can.
pub(crate) const HUGE_PAGE_BYTES: usize = 2 << 20;

static KEPT: Mutex<Vec<Memory>> = Mutex::new(Vec::new());

thread_local! {
    /// Where this thread's block memory is kept, if it is a worker.
    static ARENA: RefCell<Option<Arena>> = const { RefCell::new(None) };
}

/// The block memory of one worker.
#[derive(Default)]
struct Arena {
    memory: Option<Memory>,
}

/// Gives this thread an arena of its own, until it ends.
#[cfg(feature = "pool")]
pub(crate) fn enter_arena() {
    ARENA.with_borrow_mut(|arena| *arena = Some(Arena::default()));
}

/// What this thread's arena holds, in KiB, rounded up.
#[cfg(feature = "pool")]
pub(crate) fn arena_kib() -> u32 {
    let blocks = ARENA.with_borrow(|arena| arena.as_ref()?.memory.as_ref().map(Memory::blocks));
    blocks.and_then(|blocks| u32::try_from(blocks).ok()).unwrap_or(0)
}

/// Wipes what this thread's arena holds, and keeps it.
#[cfg(feature = "pool")]
pub(crate) fn wipe_arena() {
    ARENA.with_borrow_mut(|arena| {
        if let Some(Arena { memory: Some(memory) }) = arena {
            memory.wipe();
        }
    });
}

/// Wipes what this thread's arena holds, and gives it back to the system.
#[cfg(feature = "pool")]
pub(crate) fn release_arena() {
    let memory = ARENA.with_borrow_mut(|arena| arena.as_mut().and_then(|arena| arena.memory.take()));
    drop(memory);
}

/// Blocks that are not initialised.
pub(super) struct Memory {
    start: NonNull<Block>,
    layout: Layout,
}

// SAFETY: it owns its blocks, as a `Vec` does.
unsafe impl Send for Memory {}

impl Memory {
    /// Room for so many blocks: kept memory, or new.
    pub(super) fn take(blocks: usize) -> Result<Self, OutOfMemory> {
        let of_worker = ARENA.with_borrow_mut(|arena| arena.as_mut().map(|arena| arena.memory.take()));
        match of_worker {
            Some(Some(memory)) if memory.blocks() >= blocks => return Ok(memory),
            // What is too small goes before what replaces it comes.
            Some(too_small) => {
                drop(too_small);
                return Self::new(blocks);
            }
            None => {}
        }
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = kept.iter().enumerate().filter(|(_, memory)| memory.blocks() >= blocks);
        let smallest = fits.min_by_key(|(_, memory)| memory.blocks()).map(|(place, _)| place);
        match smallest {
            Some(place) => Ok(kept.swap_remove(place)),
            None => {
                drop(kept);
                Self::new(blocks)
            }
        }
    }

    fn new(blocks: usize) -> Result<Self, OutOfMemory> {
        let bytes = blocks.checked_mul(size_of::<Block>()).filter(|bytes| *bytes > 0).ok_or(OutOfMemory)?;
        let align = if bytes >= HUGE_PAGE_BYTES { HUGE_PAGE_BYTES } else { align_of::<Block>() };
        let layout = Layout::from_size_align(bytes, align).map_err(|_| OutOfMemory)?;
        // SAFETY: the layout has a size above nought.
        let start = NonNull::new(unsafe { alloc(layout) }.cast::<Block>()).ok_or(OutOfMemory)?;
        advise(start.as_ptr().cast(), bytes);
        Ok(Self { start, layout })
    }

    fn blocks(&self) -> usize {
        self.layout.size() / size_of::<Block>()
    }

    pub(super) fn as_ptr(&self) -> *mut Block {
        self.start.as_ptr()
    }

    /// Keeps it for the next hash, or wipes it and gives it back.
    pub(super) fn keep(self) {
        let Some(memory) = self.keep_in_arena() else { return };
        memory.keep_for_anybody();
    }

    /// Keeps it where this thread has an arena.
    fn keep_in_arena(self) -> Option<Self> {
        ARENA.with_borrow_mut(|arena| match arena {
            Some(arena) => {
                *arena = Arena { memory: Some(self) };
                None
            }
            None => Some(self),
        })
    }

    fn keep_for_anybody(self) {
        static CORES: OnceLock<usize> = OnceLock::new();
        let most = *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from));
        if self.layout.size() > KEPT_BYTES_MAX {
            return;
        }
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(self);
        if kept.len() <= most {
            return;
        }
        let smallest = kept.iter().enumerate().min_by_key(|(_, memory)| memory.blocks()).map(|(place, _)| place);
        let smallest = smallest.map(|place| kept.swap_remove(place));
        drop(kept);
        drop(smallest);
    }
}

impl Memory {
    fn wipe(&mut self) {
        // SAFETY: the range is ours, and nobody else uses it.
        unsafe { self.start.as_ptr().cast::<u8>().write_bytes(0, self.layout.size()) };
        // The wiping must not be taken for a useless write.
        std::hint::black_box(self.start.as_ptr());
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.wipe();
        // SAFETY: it was allocated with this layout, and nobody uses it any more.
        unsafe { dealloc(self.start.as_ptr().cast(), self.layout) };
    }
}

/// Asks for large pages; where they are not granted, the pages are small.
pub(super) fn advise(start: *mut u8, bytes: usize) {
    #[cfg(target_os = "linux")]
    if bytes >= HUGE_PAGE_BYTES {
        // SAFETY: the caller's own memory, and advice changes nothing of its content.
        let _ = unsafe { rustix::mm::madvise(start.cast(), bytes, rustix::mm::Advice::LinuxHugepage) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (start, bytes);
}

/// Wipes the block memory that is kept for coming hashes, and gives it back to the system.
///
/// The engine keeps the memory of as many Argon2 hashes as there are cores, at most 65 MiB each, since fresh memory costs more
/// than half of the time of a hash. It holds blocks that depend on the passwords that were hashed in it. Call this when there is
/// nothing to do, and before the process is looked into; the next hashes take new memory.
pub fn release() {
    let kept = std::mem::take(&mut *KEPT.lock().unwrap_or_else(PoisonError::into_inner));
    drop(kept);
}
