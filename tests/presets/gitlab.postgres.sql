-- GitLab 16: db/structure.sql. A user_type other than 0 is a bot or the ghost; before 16 a person's could be null.
-- expect: {"records": 3, "hashes": 2}
-- known: {"username": "ada", "primaryEmail": "ada@example.com", "name": "Ada Łovelace"}
CREATE TABLE users (
    id bigserial PRIMARY KEY,
    email character varying DEFAULT ''::character varying NOT NULL,
    encrypted_password character varying DEFAULT ''::character varying NOT NULL,
    created_at timestamp without time zone,
    name character varying DEFAULT ''::character varying NOT NULL,
    admin boolean DEFAULT false NOT NULL,
    username character varying,
    state character varying,
    confirmed_at timestamp without time zone,
    hide_no_password boolean DEFAULT false,
    password_automatically_set boolean DEFAULT false,
    user_type smallint
);
INSERT INTO users (id, email, encrypted_password, name, username, user_type) VALUES
    (1, 'ada@example.com', '$2a$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 'Ada Łovelace', 'ada', 0),
    (2, 'alert-bot@example.com', '$2a$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 'GitLab Alert Bot', 'alert-bot', 2),
    (3, 'ghost@example.com', '', 'Ghost User', 'ghost', 5),
    (4, 'bob@example.com', '$2a$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 'Bob', 'bob', NULL),
    (5, 'saml@example.com', '', 'SAML', 'saml', 0);
