-- WCF 1.1 (Burning Board 3.1): com.woltlab.wcf/install.sql.
-- expect: {"records": 2, "hashes": 1}
-- known: {"username": "Ada Łovelace", "primaryEmail": "ada@example.com"}
CREATE TABLE wcf1_user (
    userID int(10) unsigned NOT NULL auto_increment,
    username varchar(255) NOT NULL default '',
    email varchar(255) NOT NULL default '',
    password varchar(40) NOT NULL default '',
    salt varchar(40) NOT NULL default '',
    languageID int(10) unsigned NOT NULL default 0,
    registrationDate int(10) unsigned NOT NULL default 0,
    PRIMARY KEY (userID),
    KEY (username)
) ENGINE = MyISAM DEFAULT CHARSET = utf8;
INSERT INTO wcf1_user (userID, username, email, password, salt) VALUES
    (1, 'Ada Łovelace', 'ada@example.com', '81ddba2eed769508c34e9d3bea591f6521e4e079', '9c1185a5c5e9fc54612808977ee8f548b2258d31'),
    (2, 'without', 'b@example.com', '', '');
