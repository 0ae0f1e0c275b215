-- Redmine 3.4: db/migrate, as Rails 4.2 makes it on SQLite, where true is the text `t`; later it is 1.
-- expect: {"records": 2, "hashes": 1}
-- known: {"username": "ada", "primaryEmail": "ada@example.com", "customData": {"firstName": "Ada", "lastName": "Łovelace"}}
CREATE TABLE "users" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "login" varchar DEFAULT '' NOT NULL,
    "hashed_password" varchar(40) DEFAULT '' NOT NULL,
    "firstname" varchar(30) DEFAULT '' NOT NULL,
    "lastname" varchar(255) DEFAULT '' NOT NULL,
    "admin" boolean DEFAULT 'f' NOT NULL,
    "status" integer DEFAULT 1 NOT NULL,
    "auth_source_id" integer,
    "type" varchar,
    "salt" varchar(64)
);
CREATE TABLE "email_addresses" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "user_id" integer NOT NULL,
    "address" varchar NOT NULL,
    "is_default" boolean DEFAULT 'f' NOT NULL,
    "notify" boolean DEFAULT 't' NOT NULL
);
INSERT INTO users (id, login, hashed_password, salt, firstname, lastname, type) VALUES
    (1, 'ada', '77fcd9cf31994b65f41b2c3571e0ee431a1b6784', '0123456789abcdef0123456789abcdef', 'Ada', 'Łovelace', 'User'),
    (2, '', '', NULL, '', 'Anonymous', 'AnonymousUser'),
    (3, '', '', NULL, '', 'Developers', 'Group'),
    (4, '', '', NULL, '', 'Non member users', 'GroupNonMember'),
    (5, 'ldap', '', NULL, 'Zoë', 'L', 'User');
INSERT INTO email_addresses (user_id, address, is_default) VALUES
    (1, 'other@example.com', 'f'), (1, 'ada@example.com', 't'), (5, 'l@example.com', 1);
