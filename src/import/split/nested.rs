//! Records within an array of an object: what stands around the array is passed over, and told apart from it without
//! being kept.

use super::array::Array;
use super::{GiveUp, Split, Step};
use crate::import::vendor::{Event, Keys};

/// The splitter's place.
pub(super) struct Nested {
    name: &'static str,
    depth: Option<usize>,
    keys: Keys,
    array: Option<Array>,
    /// Whether an array of the name was found.
    is_found: bool,
    is_done: bool,
    line: u64,
    /// What is wrong is asked for again, after what was good; the bytes that showed it count once.
    error: Option<&'static str>,
}

impl Nested {
    pub(super) fn new(name: &'static str, depth: Option<usize>) -> Self {
        Self { name, depth, keys: Keys::default(), array: None, is_found: false, is_done: false, line: 1, error: None }
    }
}

impl Split for Nested {
    fn step(&mut self, bytes: &[u8], at: usize, is_end: bool) -> Result<Step, String> {
        if let Some(error) = self.error {
            return Err(error.to_owned());
        }
        if let Some(array) = &mut self.array {
            let step = array.step(bytes, at, is_end)?;
            if array.is_done() {
                self.line = array.line();
                self.array = None;
                self.keys.array_ended();
            }
            return Ok(step);
        }
        for (place, byte) in bytes[at..].iter().enumerate() {
            if self.is_done && !byte.is_ascii_whitespace() {
                return Err(self.error.insert("something stands after the closing bracket").to_string());
            }
            match self.keys.next(*byte) {
                Event::Array(at_depth)
                    if self.keys.key == self.name.as_bytes() && self.depth.is_none_or(|depth| depth == at_depth) =>
                {
                    self.is_found = true;
                    self.array = Some(Array::at_line(self.line));
                    return Ok(Step::Skip { next: at + place });
                }
                Event::End => self.is_done = true,
                Event::Array(_) | Event::Nothing => {}
            }
            self.line += u64::from(*byte == b'\n');
        }
        match (is_end, self.is_found, self.is_done) {
            (true, false, _) => Err(format!("has no array `{}` of users", self.name)),
            (true, true, false) => {
                Err(self.error.insert("ends before the closing bracket; it was cut off").to_string())
            }
            _ => Ok(Step::More { keep: bytes.len() }),
        }
    }

    fn give_up(&mut self, bytes: &[u8], at: usize) -> GiveUp {
        match &mut self.array {
            Some(array) => array.give_up(bytes, at),
            None => GiveUp { line: self.line, next: bytes.len() },
        }
    }

    fn line(&self) -> u64 {
        self.array.as_ref().map_or(self.line, Split::line)
    }
}
