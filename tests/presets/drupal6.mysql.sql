-- Drupal 6: modules/user/user.install; the anonymous user is row 0.
-- expect: {"records": 2, "hashes": 1}
-- known: {"username": "Ada Łovelace", "primaryEmail": "ada@example.com"}
CREATE TABLE users (
    uid INT unsigned NOT NULL auto_increment,
    name VARCHAR(60) NOT NULL DEFAULT '',
    pass VARCHAR(32) NOT NULL DEFAULT '',
    mail VARCHAR(64) NULL DEFAULT '',
    mode TINYINT NOT NULL DEFAULT 0,
    created INT NOT NULL DEFAULT 0,
    status TINYINT NOT NULL DEFAULT 0,
    init VARCHAR(64) NULL DEFAULT '',
    data LONGTEXT NULL,
    PRIMARY KEY (uid),
    UNIQUE KEY name (name)
) /*!40100 DEFAULT CHARACTER SET utf8 */;
INSERT INTO users (uid, name, pass, mail, status) VALUES
    (1, 'Ada Łovelace', '26d616ac9ece62559122fcc0ac22fdb2', 'ada@example.com', 1),
    (2, 'openid', '', '', 1);
INSERT INTO users (uid) VALUES (100);
UPDATE users SET uid = 0 WHERE uid = 100;
