-- vBulletin 4.2: install/mysql-schema.php. Version 3 has CHAR(3) for the salt, which is of any characters but blanks.
-- expect: {"records": 3, "hashes": 2}
-- known: {"username": "Jürg", "primaryEmail": "j@example.com"}
CREATE TABLE user (
    userid INT UNSIGNED NOT NULL AUTO_INCREMENT,
    usergroupid SMALLINT UNSIGNED NOT NULL DEFAULT '0',
    membergroupids CHAR(250) NOT NULL DEFAULT '',
    displaygroupid SMALLINT UNSIGNED NOT NULL DEFAULT '0',
    username VARCHAR(100) NOT NULL DEFAULT '',
    password CHAR(32) NOT NULL DEFAULT '',
    passworddate date NOT NULL DEFAULT '0000-00-00',
    email CHAR(100) NOT NULL DEFAULT '',
    salt CHAR(30) NOT NULL DEFAULT '',
    PRIMARY KEY (userid),
    KEY username (username)
) ENGINE = MyISAM DEFAULT CHARSET = latin1;
INSERT INTO user (userid, username, password, email, salt) VALUES
    (1, 'Jürg', 'e235f337e86f06338e85f7ffaef3762a', 'j@example.com', 'Kz;9''\\x"q'),
    (2, 'Of 3', '1fa7ee82c5bb2c1cecced8f070e3ec44', 'b@example.com', 'q''\\'),
    (3, 'Facebook', '', 'c@example.com', '');
