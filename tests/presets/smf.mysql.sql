-- SMF 2.1: other/install_2-1_MySQL.sql; 2.0 has the columns that are read too.
-- expect: {"records": 3, "hashes": 2}
-- known: {"username": "Ada", "primaryEmail": "ada@example.com", "name": "Ada Łovelace"}
CREATE TABLE smf_members (
    id_member MEDIUMINT UNSIGNED AUTO_INCREMENT,
    member_name VARCHAR(80) NOT NULL DEFAULT '',
    date_registered INT UNSIGNED NOT NULL DEFAULT '0',
    posts MEDIUMINT UNSIGNED NOT NULL DEFAULT '0',
    id_group SMALLINT UNSIGNED NOT NULL DEFAULT '0',
    lngfile VARCHAR(255) NOT NULL DEFAULT '',
    real_name VARCHAR(255) NOT NULL DEFAULT '',
    buddy_list TEXT NOT NULL,
    passwd VARCHAR(64) NOT NULL DEFAULT '',
    email_address VARCHAR(255) NOT NULL DEFAULT '',
    member_ip VARBINARY(16),
    password_salt VARCHAR(255) NOT NULL DEFAULT '',
    PRIMARY KEY (id_member),
    INDEX idx_member_name (member_name)
) ENGINE = MyISAM DEFAULT CHARSET = utf8;
INSERT INTO smf_members (id_member, member_name, real_name, passwd, email_address, password_salt, buddy_list, member_ip) VALUES
    (1, 'Ada', 'Ada Łovelace', '$2y$04$abcdefghijklmnopqrstuuGraJFMaRy3jzown17JJbrNN3aAXgPXO', 'ada@example.com', '1a2b', '', x'7f000001'),
    (2, 'ADA', 'of 2.0', 'b1659c6878be25489334a7dd58a4fa537eeedfc2', 'b@example.com', '3c4d', '', NULL),
    (3, 'openid', 'openid', '', 'c@example.com', '', '', NULL);
