-- Redmine 5.0: db/migrate, as Rails makes it on PostgreSQL.
-- expect: {"records": 2, "hashes": 1}
-- known: {"username": "ada", "primaryEmail": "ada@example.com", "customData": {"firstName": "Ada", "lastName": "Łovelace"}}
CREATE TABLE users (
    id serial PRIMARY KEY,
    login character varying DEFAULT '' NOT NULL,
    hashed_password character varying(40) DEFAULT '' NOT NULL,
    firstname character varying(30) DEFAULT '' NOT NULL,
    lastname character varying(255) DEFAULT '' NOT NULL,
    admin boolean DEFAULT false NOT NULL,
    status integer DEFAULT 1 NOT NULL,
    auth_source_id integer,
    type character varying,
    salt character varying(64)
);
CREATE TABLE email_addresses (
    id serial PRIMARY KEY,
    user_id integer NOT NULL,
    address character varying NOT NULL,
    is_default boolean DEFAULT false NOT NULL,
    notify boolean DEFAULT true NOT NULL
);
INSERT INTO users (id, login, hashed_password, salt, firstname, lastname, type) VALUES
    (1, 'ada', '77fcd9cf31994b65f41b2c3571e0ee431a1b6784', '0123456789abcdef0123456789abcdef', 'Ada', 'Łovelace', 'User'),
    (2, '', '', NULL, '', 'Anonymous', 'AnonymousUser'),
    (3, '', '', NULL, '', 'Developers', 'Group'),
    (4, '', '', NULL, '', 'Non member users', 'GroupNonMember'),
    (5, 'ldap', '', NULL, 'Zoë', 'L', 'User');
INSERT INTO email_addresses (user_id, address, is_default) VALUES
    (1, 'other@example.com', false), (1, 'ada@example.com', true), (5, 'l@example.com', true);
