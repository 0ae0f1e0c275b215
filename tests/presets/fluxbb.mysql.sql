-- FluxBB 1.5: install.php. It takes the MD5 of PunBB 1.1 too.
-- expect: {"records": 3, "hashes": 2}
-- known: {"username": "Ada", "primaryEmail": "ada@example.com", "name": "Ada Łovelace"}
CREATE TABLE users (
    id INT(10) UNSIGNED AUTO_INCREMENT NOT NULL,
    group_id INT(10) UNSIGNED DEFAULT 3 NOT NULL,
    username VARCHAR(200) DEFAULT '' NOT NULL,
    password VARCHAR(40) DEFAULT '' NOT NULL,
    email VARCHAR(80) DEFAULT '' NOT NULL,
    title VARCHAR(50),
    realname VARCHAR(40),
    url VARCHAR(100),
    signature TEXT,
    registered INT(10) UNSIGNED DEFAULT 0 NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY users_username_idx (username(25))
) ENGINE = MyISAM CHARACTER SET utf8;
INSERT INTO users (id, group_id, username, password, email, realname) VALUES
    (1, 3, 'Guest', 'Guest', 'Guest', NULL),
    (2, 1, 'Ada', '0de8a7f71d61a303a7f2310a6b725de5a9b1b30d', 'ada@example.com', 'Ada Łovelace'),
    (3, 4, 'Old', '26d616ac9ece62559122fcc0ac22fdb2', 'b@example.com', NULL),
    (4, 4, 'Without', '', 'd@example.com', NULL);
