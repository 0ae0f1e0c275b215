-- Flarum 1.8: migrations/install.dump.
-- expect: {"records": 2, "hashes": 1}
-- known: {"username": "Ada", "primaryEmail": "ada@example.com"}
CREATE TABLE users (
    id int(10) unsigned NOT NULL AUTO_INCREMENT,
    username varchar(100) COLLATE utf8mb4_unicode_ci NOT NULL,
    email varchar(150) COLLATE utf8mb4_unicode_ci NOT NULL,
    is_email_confirmed tinyint(1) NOT NULL DEFAULT 0,
    password varchar(100) COLLATE utf8mb4_unicode_ci NOT NULL,
    avatar_url varchar(100) COLLATE utf8mb4_unicode_ci DEFAULT NULL,
    preferences blob DEFAULT NULL,
    joined_at datetime DEFAULT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY users_username_unique (username),
    UNIQUE KEY users_email_unique (email)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;
INSERT INTO users (id, username, email, is_email_confirmed, password, preferences) VALUES
    (1, 'Ada', 'ada@example.com', 1, '$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', x'ff00'),
    (2, 'Zoë', 'zoe@example.com', 1, '', NULL);
