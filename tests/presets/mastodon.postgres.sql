-- Mastodon 4.3: db/schema.rb. Accounts of other servers, and the server's own, have no user.
-- expect: {"records": 2, "hashes": 1, "disabled": 1}
-- known: {"username": "ada", "primaryEmail": "ada@example.com", "name": "Ada Łovelace 🦣"}
CREATE TABLE accounts (
    id bigint PRIMARY KEY,
    username character varying DEFAULT '' NOT NULL,
    domain character varying,
    display_name character varying DEFAULT '' NOT NULL,
    uri character varying DEFAULT '' NOT NULL,
    suspended_at timestamp without time zone
);
CREATE TABLE users (
    id bigserial PRIMARY KEY,
    email character varying DEFAULT '' NOT NULL,
    created_at timestamp without time zone NOT NULL,
    encrypted_password character varying DEFAULT '' NOT NULL,
    confirmed_at timestamp without time zone,
    otp_backup_codes character varying[],
    account_id bigint NOT NULL REFERENCES accounts,
    disabled boolean DEFAULT false NOT NULL,
    chosen_languages character varying[],
    approved boolean DEFAULT true NOT NULL,
    sign_up_ip inet
);
INSERT INTO accounts VALUES
    (-99, 'example.org', NULL, '', ''), (109850749185747308, 'ada', NULL, 'Ada Łovelace 🦣', ''),
    (109850749185747309, 'bob', NULL, '', ''), (109850749185747310, 'ada', 'far.example', 'Another', 'https://far.example/ada');
INSERT INTO users (id, email, created_at, encrypted_password, account_id) VALUES
    (1, 'ada@example.com', now(), '$2a$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 109850749185747308),
    (2, 'bob@example.com', now(), '', 109850749185747309);
UPDATE accounts SET suspended_at = now() WHERE username = 'bob';
