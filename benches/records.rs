//! Going through user tables: `check` in records and bytes a second, and import into the embedded store.

use std::io::Cursor;
use std::ops::ControlFlow;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rehash::import::{Credential, Options, Rules, Source, check};
use rehash::store::sqlite::Sqlite;
use rehash::store::{Inserted, NewUser};

const RECORDS: usize = 100_000;

/// Mixed methods, two identifiers each, in an order that is not the keys'.
fn table() -> String {
    let mut text = String::new();
    for number in 0..RECORDS {
        let key = number.wrapping_mul(2_654_435_761) & 0xffff_ffff;
        let (tag, hash) = match number % 5 {
            0 => ("MD5", format!("{key:032x}")),
            1 => ("SHA1", format!("{key:040x}")),
            2 => ("SHA256", format!("{key:064x}")),
            3 => ("Bcrypt", "$2y$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW".to_owned()),
            _ => (
                "Argon2id",
                "$argon2id$v=19$m=19456,t=2,p=1$FBMjI4RJBhIykCgol1KEJA$2ky5GAdhT1kH4kIgPN/oERE3Taiy43vNN70a3HpiKQU"
                    .to_owned(),
            ),
        };
        text.push_str(&format!(
            "{{\"username\":\"user{key:08x}\",\"primaryEmail\":\"u{number}@example.com\",\"passwordEncrypted\":\"{hash}\",\"passwordEncryptionMethod\":\"{tag}\"}}\n"
        ));
    }
    text
}

fn options(jobs: usize, keeps_records: bool) -> Options {
    let mut options = Options::default();
    options.jobs = jobs;
    options.keeps_records = keeps_records;
    options
}

fn records(c: &mut Criterion) {
    let table = table();
    let source = || Source::new("users", Cursor::new(table.clone()));
    let mut group = c.benchmark_group("records");
    group.sample_size(10);
    for (name, throughput) in
        [("check", Throughput::Elements(RECORDS as u64)), ("check-bytes", Throughput::Bytes(table.len() as u64))]
    {
        group.throughput(throughput);
        for jobs in [1, 2] {
            group.bench_function(format!("{name}/{jobs} jobs"), |b| {
                b.iter_batched(
                    source,
                    |source| {
                        let (summary, _) = check([source], &Rules::default(), options(jobs, false), |_| {
                            ControlFlow::<()>::Continue(())
                        });
                        assert_eq!(summary.good, RECORDS as u64);
                    },
                    BatchSize::PerIteration,
                );
            });
        }
    }
    group.throughput(Throughput::Elements(RECORDS as u64));
    group.bench_function("import into SQLite", |b| {
        b.iter_batched(
            || (source(), tempfile::tempdir().expect("a directory")),
            |(source, directory)| {
                let store = Sqlite::create_or_open(directory.path().join("s.db")).expect("a store");
                store.tune_for_import().expect("tuned");
                let mut batch = store.batch().expect("a batch");
                let (summary, _) = check([source], &Rules::default(), options(1, true), |checked| {
                    let record = checked.record.expect("every record is good");
                    let Credential::Hash(hash) = &record.credential else { return ControlFlow::Break(()) };
                    let user = NewUser {
                        username: record.username.as_deref(),
                        primary_email: record.primary_email.as_deref(),
                        password: Some(hash),
                        ..NewUser::default()
                    };
                    assert_eq!(batch.insert(&user).expect("inserted"), Inserted::New);
                    ControlFlow::Continue(())
                });
                batch.commit().expect("committed");
                store.settle().expect("settled");
                assert_eq!(summary.good, RECORDS as u64);
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, records);
criterion_main!(benches);
