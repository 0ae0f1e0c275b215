//! Memory in pages as large as the system grants, for tables that are read at random: a table of many small pages costs a walk
//! through the page tables for nearly every access, which takes longer than the access itself.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

pub(crate) use super::memory::HUGE_PAGE_BYTES;
use super::memory::advise;

/// A slice of fixed length that begins with a large page.
pub(crate) struct Large<T> {
    start: NonNull<T>,
    length: usize,
    layout: Layout,
}

// SAFETY: it owns its items, as a `Vec` does.
unsafe impl<T: Send> Send for Large<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Large<T> {}

impl<T: Clone> Large<T> {
    /// So many copies of an item.
    ///
    /// # Panics
    ///
    /// Where that takes no memory, or more than there are addresses.
    pub(crate) fn new(length: usize, item: &T) -> Self {
        let layout = Layout::array::<T>(length).and_then(|layout| layout.align_to(HUGE_PAGE_BYTES));
        let layout = layout.expect("a table's length is a constant, far below the size of memory");
        assert!(layout.size() > 0, "there is something to keep");
        // SAFETY: the layout has a size above nought.
        let start = NonNull::new(unsafe { alloc(layout) }.cast::<T>()).unwrap_or_else(|| handle_alloc_error(layout));
        advise(start.as_ptr().cast(), layout.size());
        let mut large = Self { start, length: 0, layout };
        while large.length < length {
            // SAFETY: the place lies in what was allocated, and holds nothing yet.
            unsafe { start.add(large.length).write(item.clone()) };
            large.length += 1;
        }
        large
    }
}

impl<T> Deref for Large<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: so many items stand there, and they are ours.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl<T> DerefMut for Large<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and nobody else has them.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

impl<T> Drop for Large<T> {
    fn drop(&mut self) {
        // SAFETY: the items are dropped here alone.
        unsafe { std::ptr::drop_in_place(&raw mut **self) };
        // SAFETY: it was allocated with this layout, and nobody uses it any more.
        unsafe { dealloc(self.start.as_ptr().cast(), self.layout) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    #[test]
    fn items_are_there_can_be_written_and_are_dropped_once() {
        let item = Rc::new(7);
        for length in [1, 3, HUGE_PAGE_BYTES / size_of::<Rc<u32>>() + 1] {
            let mut large = Large::new(length, &item);
            assert_eq!((large.len(), Rc::strong_count(&item)), (length, length + 1));
            assert!(large.as_ptr().addr().is_multiple_of(HUGE_PAGE_BYTES));
            large[length - 1] = Rc::new(8);
            assert_eq!(large.iter().map(|item| **item).sum::<u32>() as usize, 7 * length + 1);
            drop(large);
            assert_eq!(Rc::strong_count(&item), 1);
        }
    }
}
