-- Invision Community 4.5: applications/core/data/schema.json; its login handler tells the old hashes by the salt.
-- expect: {"records": 3, "hashes": 2}
-- known: {"username": "Ada", "primaryEmail": "ada@example.com"}
CREATE TABLE core_members (
    member_id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
    name varchar(255) NOT NULL DEFAULT '',
    member_group_id smallint(3) NOT NULL DEFAULT 0,
    email varchar(150) NOT NULL DEFAULT '',
    joined int(10) NOT NULL DEFAULT 0,
    members_pass_hash varchar(255) DEFAULT NULL,
    members_pass_salt varchar(22) DEFAULT NULL,
    PRIMARY KEY (member_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;
INSERT INTO core_members (member_id, name, email, members_pass_hash, members_pass_salt) VALUES
    (1, 'Ada', 'ada@example.com', '$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', NULL),
    (2, 'Jürg', 'j@example.com', '1f7bab57f41a31ef3898ef482f80f2c8', 'aB3$.'),
    (3, 'google', 'g@example.com', NULL, NULL);
