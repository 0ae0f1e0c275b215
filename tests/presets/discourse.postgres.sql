-- Discourse 3.4: the models user, user_email and user_password. Below 1 are the system and its bots.
-- expect: {"records": 2, "hashes": 1, "disabled": 1}
-- known: {"username": "ada", "primaryEmail": "ada@example.com", "name": "Ada Łovelace"}
CREATE TABLE users (
    id serial PRIMARY KEY,
    username character varying(60) NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL,
    name character varying,
    active boolean DEFAULT false NOT NULL,
    suspended_till timestamp without time zone,
    username_lower character varying(60) NOT NULL,
    admin boolean DEFAULT false NOT NULL,
    trust_level integer NOT NULL,
    staged boolean DEFAULT false NOT NULL
);
CREATE TABLE user_emails (
    id serial PRIMARY KEY,
    user_id integer NOT NULL,
    email character varying(513) NOT NULL,
    "primary" boolean DEFAULT false NOT NULL,
    normalized_email character varying
);
CREATE TABLE user_passwords (
    id serial PRIMARY KEY,
    user_id integer NOT NULL UNIQUE,
    password_hash character varying(64) NOT NULL,
    password_salt character varying(32) NOT NULL,
    password_algorithm character varying(64) NOT NULL,
    password_expired_at timestamp(6) without time zone
);
INSERT INTO users (id, username, created_at, updated_at, name, username_lower, trust_level) VALUES
    (-2, 'discobot', now(), now(), 'discobot', 'discobot', 4), (-1, 'system', now(), now(), 'system', 'system', 4),
    (1, 'ada', now(), now(), 'Ada Łovelace', 'ada', 1), (2, 'sso', now(), now(), '', 'sso', 1);
INSERT INTO user_emails (user_id, email, "primary") VALUES
    (-2, 'discobot_email', true), (-1, 'no_email', true), (1, 'other@example.com', false), (1, 'ada@example.com', true);
INSERT INTO user_passwords (user_id, password_hash, password_salt, password_algorithm) VALUES
    (1, '0e1e32020348e8bfa9781cd6a4a2d8cb3dab988e979246980e12fbda0af016f0', '0123456789abcdef0123456789abcdef',
    '$pbkdf2-sha256$i=1000,l=32$');
UPDATE users SET active = true WHERE id = 1;
