-- Drupal 7: modules/user/user.install; the anonymous user is row 0.
-- expect: {"records": 3, "hashes": 2}
-- known: {"username": "Ada Łovelace", "primaryEmail": "ada@example.com"}
CREATE TABLE users (
    uid INT unsigned NOT NULL DEFAULT 0,
    name VARCHAR(60) NOT NULL DEFAULT '',
    pass VARCHAR(128) NOT NULL DEFAULT '',
    mail VARCHAR(254) NULL DEFAULT '',
    theme VARCHAR(255) NOT NULL DEFAULT '',
    signature VARCHAR(255) NOT NULL DEFAULT '',
    created INT NOT NULL DEFAULT 0,
    access INT NOT NULL DEFAULT 0,
    login INT NOT NULL DEFAULT 0,
    status TINYINT NOT NULL DEFAULT 0,
    timezone VARCHAR(32) NULL DEFAULT NULL,
    language VARCHAR(12) NOT NULL DEFAULT '',
    init VARCHAR(254) NULL DEFAULT '',
    data LONGBLOB NULL,
    PRIMARY KEY (uid),
    UNIQUE KEY name (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8;
INSERT INTO users (uid, name, pass, mail, status) VALUES
    (0, '', '', '', 0),
    (1, 'Ada Łovelace', '$S$5abcdefghEpycgSq5VXiNaxhlexsYd6qKqG3Rvu9D8hwoI7Gr1F1', 'ada@example.com', 1),
    (2, 'upgraded', 'U$S$5abcdefghTQ9bAI620YrGFxAJJy.1SBAuo0mMG9Ogp0BxrExzIBL', 'u@example.com', 1),
    (3, 'openid', '', '', 1);
