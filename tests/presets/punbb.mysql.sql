-- PunBB 1.4: admin/install.php. Who has not signed in since 1.2 has the hash of that time and no salt.
-- expect: {"records": 4, "hashes": 3}
-- known: {"username": "Ada", "primaryEmail": "ada@example.com", "name": "Ada Łovelace"}
CREATE TABLE users (
    id INT(10) UNSIGNED AUTO_INCREMENT NOT NULL,
    group_id INT(10) UNSIGNED DEFAULT 3 NOT NULL,
    username VARCHAR(200) DEFAULT '' NOT NULL,
    password VARCHAR(40) DEFAULT '' NOT NULL,
    salt VARCHAR(12),
    email VARCHAR(80) DEFAULT '' NOT NULL,
    title VARCHAR(50),
    realname VARCHAR(40),
    url VARCHAR(100),
    signature TEXT,
    registered INT(10) UNSIGNED DEFAULT 0 NOT NULL,
    PRIMARY KEY (id)
) ENGINE = MyISAM CHARACTER SET utf8;
INSERT INTO users (id, group_id, username, password, email, realname, salt) VALUES
    (1, 2, 'Guest', 'Guest', 'Guest', NULL, NULL),
    (2, 1, 'Ada', 'bb25367191fe371829db16c3017dcfed42681ee9', 'ada@example.com', 'Ada Łovelace', '!k3"a''Qz%[9~'),
    (3, 4, 'Of 1.2', '0de8a7f71d61a303a7f2310a6b725de5a9b1b30d', 'b@example.com', NULL, NULL),
    (4, 4, 'Of 1.1', '26d616ac9ece62559122fcc0ac22fdb2', 'c@example.com', NULL, ''),
    (5, 4, 'Without', '', 'd@example.com', NULL, NULL);
