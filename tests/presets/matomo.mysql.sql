-- Matomo 5: core/Db/Schema/Mysql.php. Piwik 2 has CHAR(32) for the password, and MD5 in it.
-- expect: {"records": 3, "hashes": 2}
-- known: {"username": "ada", "primaryEmail": "ada@example.com"}
CREATE TABLE matomo_user (
    login VARCHAR(100) NOT NULL,
    password VARCHAR(255) NOT NULL,
    email VARCHAR(100) NOT NULL,
    twofactor_secret VARCHAR(40) NOT NULL DEFAULT '',
    superuser_access TINYINT(2) unsigned NOT NULL DEFAULT '0',
    date_registered TIMESTAMP NULL,
    ts_password_modified TIMESTAMP NULL,
    PRIMARY KEY (login)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
INSERT INTO matomo_user (login, password, email) VALUES
    ('ada', '$2y$04$abcdefghijklmnopqrstuujDdKibOxQGFlVpKSTYNEb7Edl.1WspO', 'ada@example.com'),
    ('anonymous', '', 'anonymous@example.org'),
    ('bob of Piwik', '26d616ac9ece62559122fcc0ac22fdb2', 'bob@example.com'),
    ('zoë', '', 'zoe@example.com');
