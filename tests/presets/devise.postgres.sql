-- Devise 4.9: lib/generators/active_record/devise_generator.rb, as Rails 7 makes it on PostgreSQL.
-- expect: {"records": 3, "hashes": 2}
-- known: {"primaryEmail": "ada@example.com", "customData": {"legacyId": 1}}
CREATE TABLE users (
    id bigserial PRIMARY KEY,
    email character varying DEFAULT '' NOT NULL,
    encrypted_password character varying DEFAULT '' NOT NULL,
    reset_password_token character varying,
    reset_password_sent_at timestamp(6) without time zone,
    remember_created_at timestamp(6) without time zone,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
INSERT INTO users VALUES
    (1, 'ada@example.com', '$2a$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', NULL, NULL, NULL, now(), now()),
    (2, 'zoë@example.com', '$2a$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', NULL, NULL, NULL, now(), now()),
    (3, 'invited@example.com', '', NULL, NULL, NULL, now(), now());
