//! The bytes of chunks. Their memory is used again for the next ones: else the system would take it back, and give it anew page
//! by page, and it would be filled with nought before each reading.

use std::io::{self, Read};
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

/// Some bytes, and room after them that was written to before.
#[derive(Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }
}

impl Buffer {
    /// Reads once, into room for at least so many bytes. Nought at the end.
    pub(super) fn read(&mut self, input: &mut impl Read, room: usize) -> io::Result<usize> {
        self.make_room(room);
        let read = input.read(&mut self.bytes[self.filled..])?;
        self.filled += read;
        Ok(read)
    }

    /// Forgets the first bytes.
    pub(super) fn forget(&mut self, count: usize) {
        self.bytes.copy_within(count..self.filled, 0);
        self.filled -= count;
    }

    /// Puts a byte before the others.
    pub(super) fn put_before(&mut self, byte: u8) {
        self.bytes.insert(0, byte);
        self.filled += 1;
    }

    /// Leaves what comes before a place, and gives what comes after it, in the memory of `spare`.
    pub(super) fn split_off(&mut self, at: usize, mut spare: Self) -> Self {
        let rest = &self.bytes[at..self.filled];
        spare.filled = 0;
        spare.make_room(rest.len());
        spare.bytes[..rest.len()].copy_from_slice(rest);
        spare.filled = rest.len();
        self.filled = at;
        spare
    }

    fn make_room(&mut self, room: usize) {
        let length = self.filled + room;
        if self.bytes.len() < length {
            self.bytes.resize(length, 0);
        }
    }
}

/// The bytes of a chunk, whose memory goes back to where it was taken from.
pub(super) struct Lent {
    pub(super) buffer: Buffer,
    pub(super) spare: Spare,
}

impl Deref for Lent {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.spare.give(std::mem::take(&mut self.buffer));
    }
}

/// The memory of chunks that are done with.
#[derive(Clone, Default)]
pub(super) struct Spare(Arc<Mutex<Vec<Buffer>>>);

impl Spare {
    /// What most chunks need; what a large record made larger goes back to the system.
    const BYTES_MAX: usize = 4 * super::CHUNK_BYTES;

    pub(super) fn take(&self) -> Buffer {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn give(&self, buffer: Buffer) {
        if buffer.bytes.capacity() <= Self::BYTES_MAX {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_and_nothing_of_what_was_in_it_is_seen() {
        let spare = Spare::default();
        let mut buffer = spare.take();
        assert_eq!(buffer.read(&mut &b"first second"[..], 20).unwrap(), 12);
        buffer.forget(6);
        let rest = buffer.split_off(3, spare.take());
        assert_eq!((&*buffer, &*rest), (&b"sec"[..], &b"ond"[..]));
        let place = buffer.as_ptr();
        drop(Lent { buffer, spare: spare.clone() });
        let mut again = rest;
        let again = again.split_off(1, spare.take());
        assert_eq!((&*again, again.as_ptr()), (&b"nd"[..], place));
    }

    #[test]
    fn what_a_large_record_took_is_not_kept() {
        let spare = Spare::default();
        let mut buffer = Buffer::default();
        buffer.make_room(Spare::BYTES_MAX + 1);
        drop(Lent { buffer, spare: spare.clone() });
        assert!(spare.0.lock().unwrap().is_empty());
    }
}
