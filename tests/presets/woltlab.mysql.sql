-- WoltLab Suite 5.4: com.woltlab.wcf/install.sql, as far as it is about users.
-- expect: {"records": 5, "hashes": 4, "disabled": 1}
-- known: {"username": "Ada Łovelace", "primaryEmail": "ada@example.com"}
CREATE TABLE wcf1_user (
    userID int(10) NOT NULL auto_increment,
    username varchar(100) NOT NULL default '',
    email varchar(191) NOT NULL default '',
    password varchar(255) NOT NULL default 'invalid:',
    accessToken char(40) NOT NULL default '',
    languageID int(10) NOT NULL default 0,
    registrationDate int(10) NOT NULL default 0,
    banned tinyint(1) NOT NULL default 0,
    activationCode int(10) NOT NULL default 0,
    PRIMARY KEY (userID),
    UNIQUE KEY username (username)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
INSERT INTO wcf1_user (userID, username, email, password, banned) VALUES
    (1, 'Ada Łovelace', 'ada@example.com', '$2a$04$abcdefghijklmnopqrstuuf8gDK0OgGpzai2URRTW14XKfg7em9E.', 0),
    (2, 'later', 'b@example.com', 'DoubleBcrypt:$2a$04$abcdefghijklmnopqrstuuf8gDK0OgGpzai2URRTW14XKfg7em9E.', 0),
    (3, 'new', 'c@example.com', 'Bcrypt:$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 1),
    (4, 'old', 'd@example.com', 'wcf1:01d4b0580672ba4f0fb9e10d1e52f19e717aedfd:salt', 0),
    (5, 'without', 'e@example.com', 'invalid:', 0);
