-- Nextcloud 28: core/Migrations/Version13000Date20170718121200.php; the email is a setting of the user. Hashes without a
-- version are of ownCloud before 8.
-- expect: {"records": 5, "hashes": 4, "key": ["devise", "pepper-of-the-test"]}
-- known: {"username": "ada", "primaryEmail": "ada@example.com", "name": "Ada Łovelace", "customData": {"legacyId": "ada"}}
CREATE TABLE oc_users (
    uid varchar(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
    displayname varchar(64) COLLATE utf8mb4_bin DEFAULT NULL,
    password varchar(255) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
    uid_lower varchar(64) COLLATE utf8mb4_bin DEFAULT '',
    PRIMARY KEY (uid),
    KEY user_uid_lower (uid_lower)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin ROW_FORMAT = DYNAMIC;
CREATE TABLE oc_preferences (
    userid varchar(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
    appid varchar(32) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
    configkey varchar(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
    configvalue longtext COLLATE utf8mb4_bin DEFAULT NULL,
    PRIMARY KEY (userid, appid, configkey)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin ROW_FORMAT = DYNAMIC;
INSERT INTO oc_users VALUES
    ('ada', 'Ada Łovelace', '3|$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$13dIOytJRPkpaLxlhyY59DPC2QXXsGSWxwDkLVVJ7kA', 'ada'),
    ('Bob', NULL, '1|$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 'bob'),
    ('of ownCloud 7', NULL, '$2a$04$abcdefghijklmnopqrstuuPz7jr8CVnzl1WfMAlFig2jafsulc9hy', 'of ownCloud 7'),
    ('of ownCloud 1', NULL, '0de8a7f71d61a303a7f2310a6b725de5a9b1b30d', 'of ownCloud 1'),
    ('without', NULL, '', 'without');
INSERT INTO oc_preferences VALUES
    ('ada', 'core', 'lang', 'en'), ('ada', 'settings', 'email', 'ada@example.com'), ('Bob', 'settings', 'email', '');
