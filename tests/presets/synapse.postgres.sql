-- Synapse 1.163: synapse/storage/schema/main/full_schemas.
-- expect: {"records": 2, "hashes": 1}
-- known: {"username": "@ada:example.org", "primaryEmail": "ada@example.com"}
CREATE TABLE users (
    name text UNIQUE,
    password_hash text,
    creation_ts bigint,
    admin smallint DEFAULT 0 NOT NULL,
    upgrade_ts bigint,
    is_guest smallint DEFAULT 0 NOT NULL,
    appservice_id text,
    user_type text,
    deactivated smallint DEFAULT 0 NOT NULL,
    shadow_banned boolean
);
CREATE TABLE user_threepids (
    user_id text NOT NULL,
    medium text NOT NULL,
    address text NOT NULL,
    validated_at bigint NOT NULL,
    added_at bigint NOT NULL
);
INSERT INTO users (name, password_hash, is_guest, appservice_id) VALUES
    ('@ada:example.org', '$2b$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 0, NULL), ('@sso:example.org', NULL, 0, NULL),
    ('@1:example.org', NULL, 1, NULL), ('@irc_bob:example.org', NULL, 0, 'irc');
INSERT INTO user_threepids VALUES
    ('@ada:example.org', 'email', 'ada@example.com', 0, 0), ('@ada:example.org', 'email', 'other@example.com', 0, 1),
    ('@ada:example.org', 'msisdn', '441234567890', 0, 0);
