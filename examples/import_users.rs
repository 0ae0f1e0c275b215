//! A user table read, tagged, validated and written into a store by a program of one's own, without the command.

use std::error::Error;
use std::io::Cursor;
use std::ops::ControlFlow;

use rehash::import::{Options, Rules, Source, check};
use rehash::store::{BulkOptions, Mark, NewUser, OnConflict, OpenOptions, StoreError, Tally, open};

/// In a program this is a file: `Source::open(path)`.
const EXPORT: &str = "\
username,primaryEmail,passwordDigest,passwordAlgorithm,passwordSalt
ada,ada@example.com,5f4dcc3b5aa765d61d8327deb882cf99,MD5,
bob,bob@example.com,f83222e784d7e93e7017f4b1d0362188,md5($s.$p),x7
eve,eve@example.com,5f4dcc3b5aa765d61d8327deb882cf,MD5,
";

fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let url = format!("sqlite:{}", directory.path().join("users.db").display());
    let store = open(&url, &OpenOptions::default().creates(true))?;
    let mut bulk = store.bulk(BulkOptions::new(OnConflict::Skip, false))?;
    let input = bulk.begin_input(None, "users.csv")?;
    let (mut first, mut records) = (0, 0);

    // Every record comes by once, in order; what is wrong with one stops none of the others.
    let source = Source::new("users.csv", Cursor::new(EXPORT));
    let (summary, failed) = check([source], &Rules::default(), Options::default(), |checked| {
        for problem in checked.problems {
            println!("{}:{}: {problem}", checked.source, checked.line);
        }
        records += 1;
        let mut write = || -> Result<(), StoreError> {
            if let Some(record) = &checked.record {
                // `None` is a password in the clear, which the rules above let nobody have.
                let Some(user) = NewUser::of_record(record) else { return Ok(()) };
                bulk.push(&user)?;
            }
            // A batch is a transaction.
            if records - first >= bulk.batch_records() {
                bulk.end_batch(Mark::new(input.id, first, records - first))?;
                first = records;
            }
            Ok(())
        };
        write().map_or_else(ControlFlow::Break, ControlFlow::Continue)
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    if records > first {
        bulk.end_batch(Mark::new(input.id, first, records - first))?;
    }

    // What was written is what the store says was written.
    let mut tally = Tally::default();
    while let Some(written) = bulk.next_written(true) {
        written?.outcomes.iter().for_each(|outcome| tally.count(outcome));
    }
    bulk.end_input(input.id)?;
    bulk.finish()?;
    println!("{} records: {} imported, {} rejected", summary.records, tally.imported, summary.rejected);
    for count in store.counts()? {
        println!("{}: {}", count.method, count.records);
    }
    Ok(())
}
