//! One record that did not come in a file: the body of a request.

use std::io::Cursor;

use super::field::Problem;
use super::record::{Record, Rules, Verdict};
use super::source::{Format, Source};
use super::split::Chunks;
use crate::Code;

impl Rules {
    /// Judges one record, a JSON object. Hashes nothing.
    ///
    /// # Errors
    ///
    /// All that is wrong with it.
    pub fn judge_json(&self, object: &str) -> Result<Record<'static>, Vec<Problem>> {
        // The splitter knows arrays; an object that spreads over lines is one element.
        let source = Source::new("record", Cursor::new(format!("[{object}\n]").into_bytes())).map_err(|_| broken())?;
        let mut chunks = Chunks::new(source, Format::Json).map_err(|_| broken())?;
        let chunk = chunks.next_chunk().map_err(|_| broken())?.ok_or_else(broken)?;
        let mut records = chunk.records();
        let (Some(raw), None) = (records.next(), records.next()) else { return Err(broken()) };
        let record = match self.judge(&chunk, raw) {
            Verdict::Good(record) => record.into_owned(),
            Verdict::Bad(problems) => return Err(problems),
        };
        match chunks.next_chunk() {
            Ok(None) => Ok(record),
            _ => Err(broken()),
        }
    }
}

fn broken() -> Vec<Problem> {
    vec![Problem::record(Code::BadJson, "is not one JSON object")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_object_is_judged_as_a_record_of_a_file() {
        let rules = Rules::default();
        let record = rules.judge_json("{\n\"username\": \"ada\",\n\"customData\": {\"n\": 1e400}\n}").expect("good");
        assert_eq!(record.username.as_deref(), Some("ada"));
        assert_eq!(record.custom_data.as_deref(), Some("{\"n\": 1e400}"));
        let problems = rules.judge_json(r#"{"username":"ada","passwordDigest":"x","passwordAlgorithm":"md5"}"#);
        assert_eq!(problems.err().expect("too short")[0].code, Code::WrongLength);
        for broken in ["", "{}, {}", r#"{"username":"a"}] x"#, r#"{"username":"a"}"#.trim_end_matches('}'), "1", "[]"] {
            assert!(rules.judge_json(broken).is_err(), "{broken}");
        }
    }
}
