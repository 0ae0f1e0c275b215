-- TYPO3 6.2 and later: typo3/sysext/frontend/ext_tables.sql.
-- expect: {"records": 9, "hashes": 8}
-- known: {"username": "ada", "primaryEmail": "ada@example.com", "name": "Ada Łovelace", "customData": {"telephone": "+49 1", "firstName": "Ada", "lastName": "Łovelace"}}
CREATE TABLE fe_users (
    uid int(11) unsigned NOT NULL auto_increment,
    pid int(11) unsigned DEFAULT '0' NOT NULL,
    tstamp int(11) unsigned DEFAULT '0' NOT NULL,
    username varchar(255) DEFAULT '' NOT NULL,
    password varchar(100) DEFAULT '' NOT NULL,
    usergroup tinytext,
    disable tinyint(4) unsigned DEFAULT '0' NOT NULL,
    name varchar(160) DEFAULT '' NOT NULL,
    first_name varchar(50) DEFAULT '' NOT NULL,
    middle_name varchar(50) DEFAULT '' NOT NULL,
    last_name varchar(50) DEFAULT '' NOT NULL,
    telephone varchar(30) DEFAULT '' NOT NULL,
    email varchar(255) DEFAULT '' NOT NULL,
    deleted tinyint(3) unsigned DEFAULT '0' NOT NULL,
    uc blob,
    PRIMARY KEY (uid),
    KEY parent (pid, username(100))
) DEFAULT CHARSET = utf8mb4;
INSERT INTO fe_users (uid, username, password, name, first_name, last_name, telephone, email, deleted) VALUES
    (1, 'ada', '$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$13dIOytJRPkpaLxlhyY59DPC2QXXsGSWxwDkLVVJ7kA', 'Ada Łovelace', 'Ada', 'Łovelace', '+49 1', 'ada@example.com', 0),
    (2, 'bob', '$2y$04$abcdefghijklmnopqrstuuv9zDNgibRYtap14qBfR07wt00AcGhF6', '', '', '', '', '', 0),
    (3, 'cyd', '$P$5abcdefghHKuMUuU/9ZSiCp6498VA01', '', '', '', '', '', 0),
    (6, 'eve', 'M$P$5abcdefghZ1228ymAebyzulOE7QmGP1', '', '', '', '', '', 0),
    (7, 'fay', 'M$1$abcdefgh$PEM6YzhS6PvBVaQAwo8.V1', '', '', '', '', '', 0),
    (8, 'gus', 'C$P$5abcdefghHKuMUuU/9ZSiCp6498VA01', '', '', '', '', '', 0),
    (9, 'hal', 'M$2y$04$abcdefghijklmnopqrstuuz5bTG0E08JNul.NDlVd5TKWWzzhZlNO', '', '', '', '', '', 0),
    (10, 'ivy', '$2a$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', '', '', '', '', '', 0),
    (4, 'dan', '', '', '', '', '', '', 0),
    (5, 'gone', '$2y$04$abcdefghijklmnopqrstuuv9zDNgibRYtap14qBfR07wt00AcGhF6', '', '', '', '', '', 1);
