-- What `rehash import` is measured against: `sqlite3 other.db < benches/import.sql`, beside the users.csv of table.py.
CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT, primary_email TEXT, primary_phone TEXT, name TEXT, avatar TEXT, profile TEXT, custom_data TEXT, identities TEXT, password_encrypted TEXT, password_encryption_method TEXT, password_parameters TEXT, imported_method TEXT, imported_at INTEGER NOT NULL, upgraded_at, password_changed_at);
CREATE UNIQUE INDEX users_username ON users (username) WHERE username IS NOT NULL;
CREATE UNIQUE INDEX users_primary_email ON users (primary_email) WHERE primary_email IS NOT NULL;
CREATE UNIQUE INDEX users_primary_phone ON users (primary_phone) WHERE primary_phone IS NOT NULL AND primary_phone <> '';
CREATE INDEX users_username_folded ON users (lower(username)) WHERE username <> lower(username);
CREATE INDEX users_primary_email_folded ON users (lower(primary_email)) WHERE primary_email <> lower(primary_email);
.mode csv
.import users.csv users
