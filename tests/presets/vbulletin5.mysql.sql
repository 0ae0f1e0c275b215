-- vBulletin 5.6: core/install/mysql-schema.php. `legacy` is the hash of version 4, a blank and its salt.
-- expect: {"records": 4, "hashes": 3}
-- known: {"username": "Ada Łovelace", "primaryEmail": "ada@example.com"}
CREATE TABLE `user` (
    userid INT UNSIGNED NOT NULL AUTO_INCREMENT,
    usergroupid SMALLINT UNSIGNED NOT NULL DEFAULT '0',
    membergroupids VARCHAR(250) NOT NULL DEFAULT '',
    displaygroupid SMALLINT UNSIGNED NOT NULL DEFAULT '0',
    username VARCHAR(100) NOT NULL DEFAULT '',
    displayname VARCHAR(191) NOT NULL DEFAULT '',
    token VARCHAR(255) NOT NULL DEFAULT '',
    scheme VARCHAR(100) NOT NULL DEFAULT '',
    secret VARCHAR(100) NOT NULL DEFAULT '',
    passworddate date NOT NULL DEFAULT '0000-00-00',
    email VARCHAR(100) NOT NULL DEFAULT '',
    PRIMARY KEY (userid),
    KEY username (username)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
INSERT INTO `user` (userid, username, token, scheme, secret, email) VALUES
    (1, 'Ada Łovelace', '$2y$04$abcdefghijklmnopqrstuujDdKibOxQGFlVpKSTYNEb7Edl.1WspO', 'blowfish:10', 'x', 'ada@example.com'),
    (2, 'Of 4', 'e235f337e86f06338e85f7ffaef3762a Kz;9''\\x"q', 'legacy', 'y', 'b@example.com'),
    (3, 'Without', '', '', '', 'c@example.com'),
    (4, 'Argon', '$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$9zVSRAxR5qsrFbbVvvP/9+bIOcMClfCTt6i4vEKszg8', 'argon2id', 'z', 'd@example.com');
