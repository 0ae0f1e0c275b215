-- Moodle 4.3: lib/db/install.xml.
-- expect: {"records": 4, "hashes": 2}
-- known: {"username": "ada", "primaryEmail": "ada@example.com", "customData": {"firstName": "Ada", "lastName": "Łovelace"}}
CREATE TABLE mdl_user (
    id bigint(10) NOT NULL AUTO_INCREMENT,
    auth varchar(20) NOT NULL DEFAULT 'manual',
    confirmed tinyint(1) NOT NULL DEFAULT 0,
    policyagreed tinyint(1) NOT NULL DEFAULT 0,
    deleted tinyint(1) NOT NULL DEFAULT 0,
    suspended tinyint(1) NOT NULL DEFAULT 0,
    mnethostid bigint(10) NOT NULL DEFAULT 0,
    username varchar(100) NOT NULL DEFAULT '',
    password varchar(255) NOT NULL DEFAULT '',
    idnumber varchar(255) NOT NULL DEFAULT '',
    firstname varchar(100) NOT NULL DEFAULT '',
    lastname varchar(100) NOT NULL DEFAULT '',
    email varchar(100) NOT NULL DEFAULT '',
    PRIMARY KEY (id),
    UNIQUE KEY mdl_user_mneuse_uix (mnethostid, username)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci ROW_FORMAT = COMPRESSED;
INSERT INTO mdl_user (id, auth, deleted, username, password, firstname, lastname, email) VALUES
    (1, 'manual', 0, 'guest', '$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 'Guest user', ' ', 'root@localhost'),
    (2, 'manual', 0, 'ada', '$6$rounds=1000$0123456789abcdef$IG/.XtxyZtWS4t3GpZpHzL3nbTYWU9YC3dKgsLcA53qITxTUHQaD1TSIlJAENUl48.uV2II8NMRMGfWcjkbWY1', 'Ada', 'Łovelace', 'ada@example.com'),
    (3, 'manual', 0, 'bob', '$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 'Bob', 'B', 'bob@example.com'),
    (4, 'ldap', 0, 'cyd', 'not cached', 'Cyd', 'C', 'cyd@example.com'),
    (5, 'manual', 0, 'dan', 'to be created', 'Dan', 'D', 'dan@example.com'),
    (6, 'manual', 1, 'eve@example.com.1700000000', '', 'Eve', 'E', 'd41d8cd98f00b204e9800998ecf8427e');
