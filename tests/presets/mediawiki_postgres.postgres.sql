-- MediaWiki 1.35: maintenance/postgres/tables.sql, which makes the row `Anonymous` too.
-- expect: {"records": 2, "hashes": 1}
-- known: {"username": "Ada Łovelace", "primaryEmail": "ada@example.com"}
CREATE SEQUENCE user_user_id_seq MINVALUE 0 START WITH 0;
CREATE TABLE mwuser (
    user_id INTEGER NOT NULL PRIMARY KEY DEFAULT nextval('user_user_id_seq'),
    user_name TEXT NOT NULL UNIQUE,
    user_real_name TEXT,
    user_password TEXT,
    user_newpassword TEXT,
    user_newpass_time TIMESTAMPTZ,
    user_token TEXT,
    user_email TEXT,
    user_email_token TEXT,
    user_email_token_expires TIMESTAMPTZ,
    user_email_authenticated TIMESTAMPTZ,
    user_touched TIMESTAMPTZ NOT NULL,
    user_registration TIMESTAMPTZ,
    user_editcount INTEGER,
    user_password_expires TIMESTAMPTZ NULL
);
INSERT INTO mwuser VALUES (DEFAULT, 'Anonymous', '', NULL, NULL, now(), NULL, NULL, NULL, NULL, NULL, now(), now());
INSERT INTO mwuser (user_name, user_password, user_email, user_touched) VALUES
    ('Ada Łovelace', ':pbkdf2:sha512:1000:64:MDEyMzQ1Njc4OWFiY2RlZg==:n0NVUSynqcHGW9fu0W0L7fZCuyfmzbcpb9T0c7DsmsRPUWAHjBIvCSaPZi+VOemg/k+AzgNvT6T+IAkRBN6UXg==', 'ada@example.com', now()),
    ('MediaWiki default', '', '', now());
