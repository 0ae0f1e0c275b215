-- MediaWiki 1.39: maintenance/postgres/tables-generated.sql. Users of the system itself have an empty password.
-- The table was called mwuser before 1.37; the row 0 that an installer of that time made is still there.
-- expect: {"records": 3, "hashes": 2}
-- known: {"username": "Ada Łovelace", "primaryEmail": "ada@example.com", "name": "Ada"}
CREATE TABLE "user" (
    user_id SERIAL NOT NULL PRIMARY KEY,
    user_name TEXT DEFAULT '' NOT NULL,
    user_real_name TEXT DEFAULT '' NOT NULL,
    user_password TEXT NOT NULL,
    user_newpassword TEXT NOT NULL,
    user_email TEXT NOT NULL,
    user_touched TIMESTAMPTZ NOT NULL,
    user_token TEXT DEFAULT '' NOT NULL
);
INSERT INTO "user" (user_id, user_name, user_real_name, user_password, user_newpassword, user_email, user_touched) VALUES
    (1, 'Ada Łovelace', 'Ada', ':pbkdf2:sha512:1000:64:MDEyMzQ1Njc4OWFiY2RlZg==:n0NVUSynqcHGW9fu0W0L7fZCuyfmzbcpb9T0c7DsmsRPUWAHjBIvCSaPZi+VOemg/k+AzgNvT6T+IAkRBN6UXg==', '', 'ada@example.com', now()),
    (2, 'Bob', '', ':B:1a2b3c4d:6ee68ecc8735abe0aef351934a7abb83', '', '', now()),
    (3, 'Maintenance script', '', '', '', '', now());
INSERT INTO "user" (user_id, user_name, user_password, user_newpassword, user_email, user_touched) VALUES (0, 'Anonymous', '', '', '', now());
