//! The statements, written for one schema. A sign-in is two of them, one round trip each: what belongs together is one
//! statement, and so one transaction.

use super::{guesses, identities};
use crate::store::guesses::with_times;

/// Rows that are counted are spread over so many, so that sign-ins do not wait for one another's counters.
pub(super) const SLOTS: u32 = 16;

pub(super) struct Statements {
    pub(super) find: String,
    pub(super) upgrade: String,
    pub(super) change: String,
    pub(super) user: String,
    pub(super) create: String,
    pub(super) named: String,
    pub(super) link: String,
    pub(super) guess_secret: String,
    pub(super) count_guess: String,
    pub(super) guess_stands: String,
    pub(super) take_back_guess: String,
    pub(super) hold_guess: String,
    pub(super) forgive_guess: String,
}

impl Statements {
    pub(super) fn for_schema(schema: &str) -> Self {
        let user = format!("SELECT {USER_COLUMNS} FROM {schema}.users WHERE id = $1");
        let fill = |template: &str| template.replace("{s}", schema).replace("{slots}", &SLOTS.to_string());
        // A tag is compared where one is named: what was verified is the text, however its row spells the tag.
        let is_same = "password_encrypted IS NOT DISTINCT FROM $2 AND ($3::text IS NULL OR coalesce(password_encryption_method, '') = $3)";
        Self {
            find: fill(FIND),
            upgrade: fill(&swap("upgrade", "upgraded", "upgraded_at", is_same, "1")),
            change: fill(&swap("change", "changed", "password_changed_at", is_same, "was_upgraded")),
            user,
            create: fill(&CREATE.replace("{named}", &named("(ARRAY[$1, $2, $3])", "($16::text[])", "0"))),
            named: fill(&format!("SELECT field {} LIMIT 1", named("($2::text[])", "($3::text[])", "$1"))),
            link: fill(identities::LINK),
            guess_secret: fill(guesses::SECRET),
            count_guess: fill(&with_times(guesses::COUNT))
                .replace("{now}", "excluded.since")
                .replace("{over}", "(excluded.since - $4)"),
            guess_stands: fill(guesses::STANDS),
            take_back_guess: fill(&with_times(guesses::TAKE_BACK)),
            hold_guess: fill(&with_times(guesses::HOLD)),
            forgive_guess: fill(&with_times(guesses::FORGIVE)),
        }
    }
}

pub(super) const USER_COLUMNS: &str = "id, username, primary_email, primary_phone, name, avatar, profile, custom_data, \
    identities, password_encryption_method, password_encrypted, imported_method, imported_at, upgraded_at, \
    password_changed_at";

/// As it is written (`$1`), a username is looked at first, then an email, then a phone, so that nobody's email can shadow a username;
/// then, by `$2`, other spellings.
const FIND: &str = "
SELECT place, id, password_encryption_method, password_encrypted FROM (
    SELECT 0 AS step, 0 AS place, id, password_encryption_method, password_encrypted FROM {s}.users WHERE username = $1
    UNION ALL
    SELECT 1, 0, id, password_encryption_method, password_encrypted FROM {s}.users WHERE primary_email = $1
    UNION ALL
    SELECT 2, 0, id, password_encryption_method, password_encrypted FROM {s}.users WHERE primary_phone = $1
    UNION ALL
    SELECT 3, 1, id, password_encryption_method, password_encrypted FROM {s}.users WHERE username = $2
    UNION ALL
    SELECT 3, 1, id, password_encryption_method, password_encrypted
        FROM {s}.users WHERE lower(username) = $2 AND (username = lower(username))::int = 0
    UNION ALL
    SELECT 4, 2, id, password_encryption_method, password_encrypted FROM {s}.users WHERE primary_email = $2
    UNION ALL
    SELECT 4, 2, id, password_encryption_method, password_encrypted
        FROM {s}.users WHERE lower(primary_email) = $2 AND (primary_email = lower(primary_email))::int = 0
) found ORDER BY step LIMIT 16";

/// `$1` id, `$2` and `$3` the expected text and method, `$4` to `$6` the new text, method and parameters, `$7` the time.
fn swap(event: &str, day: &str, at: &str, expected: &str, upgraded: &str) -> String {
    format!(
        "
WITH old AS (
    SELECT id, coalesce(password_encryption_method, '') AS method, coalesce(password_parameters, '') AS parameters,
        (upgraded_at IS NOT NULL)::int AS was_upgraded,
        (imported_method IS NOT NULL AND upgraded_at IS NULL AND password_changed_at IS NULL)::int AS was_untouched
    FROM {{s}}.users WHERE id = $1 AND {expected} FOR UPDATE
), swapped AS (
    UPDATE {{s}}.users u SET password_encrypted = $4, password_encryption_method = $5, password_parameters = $6, {at} = $7
    FROM old WHERE u.id = old.id RETURNING u.id
), counted AS (
    INSERT INTO {{s}}.counters AS c (method, parameters, slot, records, upgraded, untouched)
    SELECT method, parameters, $1 % {{slots}}, sum(records), sum(upgraded), sum(untouched) FROM (
        SELECT method, parameters, -1 AS records, -was_upgraded AS upgraded, -was_untouched AS untouched FROM old
        UNION ALL SELECT $5, $6, 1, {upgraded}, 0 FROM old
    ) changes GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (method, parameters, slot) DO UPDATE SET records = c.records + excluded.records,
        upgraded = c.upgraded + excluded.upgraded, untouched = c.untouched + excluded.untouched
), dated AS (
    INSERT INTO {{s}}.days AS d (day, slot, {day}) SELECT $7 / 86400, $1 % {{slots}}, 1 FROM old
    ON CONFLICT (day, slot) DO UPDATE SET {day} = d.{day} + 1
), noted AS (
    INSERT INTO {{s}}.audit (at, event, user_id, from_method, to_method)
    SELECT $7, '{event}', id, nullif(method, ''), $5 FROM old
)
SELECT count(*) FROM swapped"
    )
}

/// An identifier that names somebody else, as whichever of the three, is not taken: who signs in with it would no longer be who did before.
/// Run while nobody else gives these names to a user. `$1` to `$8` the fields, `$9` to `$11` text, method and parameters, `$12` the time, `$13` the method where another system made the
/// hash, `$14` and `$15` the accounts that the identities name, `$16` the names without capitals, or nulls, where no spelling of them may be
/// another's: who comes from elsewhere may be called as another was there, who is new may not.
const CREATE: &str = "
WITH new AS (
    INSERT INTO {s}.users (username, primary_email, primary_phone, name, avatar, profile, custom_data, identities,
        password_encrypted, password_encryption_method, password_parameters, imported_at, imported_method,
        password_changed_at)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
        CASE WHEN $9::text IS NOT NULL AND $13::text IS NULL THEN $12::bigint END
    WHERE NOT EXISTS (SELECT 1 {named})
    ON CONFLICT DO NOTHING RETURNING id
), held AS (
    INSERT INTO {s}.identities (target, identity, user_id)
    SELECT target, identity, id FROM new, unnest($14::text[], $15::text[]) AS account (target, identity)
), counted AS (
    INSERT INTO {s}.counters AS c (method, parameters, slot, records, upgraded, untouched)
    SELECT coalesce($10, ''), coalesce($11, ''), id % {slots}, 1, 0, ($13::text IS NOT NULL)::int FROM new
    ON CONFLICT (method, parameters, slot) DO UPDATE SET records = c.records + 1,
        untouched = c.untouched + excluded.untouched
), dated AS (
    INSERT INTO {s}.days AS d (day, slot, imported)
    SELECT $12 / 86400, id % {slots}, 1 FROM new WHERE $13::text IS NOT NULL
    ON CONFLICT (day, slot) DO UPDATE SET imported = d.imported + 1
), noted AS (
    INSERT INTO {s}.audit (at, event, user_id, to_method) SELECT $12, 'create', id, $10 FROM new
)
SELECT id FROM new";

/// Those of three names that another user than `{user}` has, as whichever of the three, or in another spelling, where there is one to look
/// for. Each is looked up by itself, so that no plan depends on how many there are.
const NAMED: &str = "FROM (VALUES ('username', {names}[1], {folded}[1]), ('primaryEmail', {names}[2], {folded}[2]),
        ('primaryPhone', {names}[3], {folded}[3])) AS given (field, called, folded)
    WHERE EXISTS (SELECT 1 FROM {s}.users WHERE username = called AND id <> {user})
        OR EXISTS (SELECT 1 FROM {s}.users WHERE primary_email = called AND id <> {user})
        OR EXISTS (SELECT 1 FROM {s}.users WHERE primary_phone = called AND id <> {user})
        OR EXISTS (SELECT 1 FROM {s}.users WHERE username = folded AND id <> {user})
        OR EXISTS (SELECT 1 FROM {s}.users WHERE primary_email = folded AND id <> {user})
        OR EXISTS (SELECT 1 FROM {s}.users
            WHERE lower(username) = folded AND (username = lower(username))::int = 0 AND id <> {user})
        OR EXISTS (SELECT 1 FROM {s}.users
            WHERE lower(primary_email) = folded AND (primary_email = lower(primary_email))::int = 0 AND id <> {user})";

/// The same with its parameters: arrays of three texts, and an id.
pub(super) fn named(names: &str, folded: &str, user: &str) -> String {
    NAMED.replace("{names}", names).replace("{folded}", folded).replace("{user}", user)
}
