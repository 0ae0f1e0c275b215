-- Drupal 10: the schema of the user entity. A translated user stands once for each language.
-- expect: {"records": 3, "hashes": 2}
-- known: {"username": "Ada Łovelace", "primaryEmail": "ada@example.com"}
CREATE TABLE users_field_data (
    uid int NOT NULL CHECK (uid >= 0),
    langcode varchar(12) NOT NULL,
    preferred_langcode varchar(12),
    name varchar(60) NOT NULL,
    pass varchar(255),
    mail varchar(254),
    timezone varchar(32),
    status smallint,
    created int NOT NULL,
    access int NOT NULL,
    default_langcode smallint NOT NULL,
    PRIMARY KEY (uid, langcode),
    UNIQUE (name, langcode)
);
INSERT INTO users_field_data VALUES
    (0, 'en', NULL, '', NULL, NULL, '', 0, 1700000000, 0, 1),
    (1, 'en', 'en', 'Ada Łovelace', '$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 'ada@example.com', 'UTC', 1, 1700000000, 0, 1),
    (1, 'de', 'en', 'Ada Łovelace', '$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 'ada@example.com', 'UTC', 1, 1700000000, 0, 0),
    (2, 'en', 'en', 'before 10.1', '$S$5abcdefghEpycgSq5VXiNaxhlexsYd6qKqG3Rvu9D8hwoI7Gr1F1', 'b@example.com', 'UTC', 1, 1700000000, 0, 1),
    (3, 'en', 'en', 'social', NULL, NULL, 'UTC', 1, 1700000000, 0, 1);
