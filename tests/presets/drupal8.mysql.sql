-- Drupal 10: the schema of the user entity. A translated user stands once for each language.
-- expect: {"records": 3, "hashes": 2}
-- known: {"username": "Ada Łovelace", "primaryEmail": "ada@example.com"}
CREATE TABLE users_field_data (
    uid int(10) unsigned NOT NULL,
    langcode varchar(12) CHARACTER SET ascii NOT NULL,
    preferred_langcode varchar(12) CHARACTER SET ascii DEFAULT NULL,
    name varchar(60) NOT NULL,
    pass varchar(255) DEFAULT NULL,
    mail varchar(254) DEFAULT NULL,
    timezone varchar(32) DEFAULT NULL,
    status tinyint(4) DEFAULT NULL,
    created int(11) NOT NULL,
    access int(11) NOT NULL,
    default_langcode tinyint(4) NOT NULL,
    PRIMARY KEY (uid, langcode),
    UNIQUE KEY user__name (name, langcode)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
INSERT INTO users_field_data VALUES
    (0, 'en', NULL, '', NULL, NULL, '', 0, 1700000000, 0, 1),
    (1, 'en', 'en', 'Ada Łovelace', '$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 'ada@example.com', 'UTC', 1, 1700000000, 0, 1),
    (1, 'de', 'en', 'Ada Łovelace', '$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 'ada@example.com', 'UTC', 1, 1700000000, 0, 0),
    (2, 'en', 'en', 'before 10.1', '$S$5abcdefghEpycgSq5VXiNaxhlexsYd6qKqG3Rvu9D8hwoI7Gr1F1', 'b@example.com', 'UTC', 1, 1700000000, 0, 1),
    (3, 'en', 'en', 'social', NULL, NULL, 'UTC', 1, 1700000000, 0, 1);
