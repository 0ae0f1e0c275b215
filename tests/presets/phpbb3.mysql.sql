-- phpBB 3.3: phpbb/db/migration/data. 3.0 has varchar(40) for the password.
-- expect: {"records": 5, "hashes": 5, "disabled": 1}
-- known: {"username": "Of \"3.0\" & <before>", "primaryEmail": "o@example.com"}
CREATE TABLE phpbb_users (
    user_id int(10) UNSIGNED NOT NULL auto_increment,
    user_type tinyint(2) DEFAULT '0' NOT NULL,
    group_id mediumint(8) UNSIGNED DEFAULT '3' NOT NULL,
    user_permissions mediumtext NOT NULL,
    user_regdate int(11) UNSIGNED DEFAULT '0' NOT NULL,
    username varchar(255) DEFAULT '' NOT NULL,
    username_clean varchar(255) DEFAULT '' NOT NULL,
    user_password varchar(255) DEFAULT '' NOT NULL,
    user_passchg int(11) UNSIGNED DEFAULT '0' NOT NULL,
    user_email varchar(100) DEFAULT '' NOT NULL,
    PRIMARY KEY (user_id),
    UNIQUE KEY username_clean (username_clean)
) CHARACTER SET utf8 COLLATE utf8_bin;
INSERT INTO phpbb_users (user_id, user_type, username, username_clean, user_password, user_email, user_permissions) VALUES
    (1, 2, 'Anonymous', 'anonymous', '', '', ''),
    (2, 3, 'Ada Łovelace', 'ada łovelace', '$2y$04$abcdefghijklmnopqrstuu9m2K9.nMkXdMTalnOFVhaDkQ/j5iW0u', 'ada@example.com', ''),
    (3, 2, 'AdsBot [Google]', 'adsbot [google]', '', '', ''),
    (48, 0, 'Of &quot;3.0&quot; &amp; &lt;before&gt;', 'of 3.0', '$H$5abcdefghGdEThELtf2nXtPTJmMExX.', 'o@example.com', ''),
    (51, 0, 'Hashed anew', 'hashed anew', '$H\\2y$5abcdefgh$04\\abcdefghijklmnopqrstuu$nTPkboVQLqlfU3GzBfO2ty9koDxd5GK', 'r@example.com', ''),
    (49, 0, 'Of 3.3', 'of 3.3', '$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$4JDVLNlFi3hycH3AyVP6nH1fwxwZC3lewPJ2QmwhtHw', 'p@example.com', ''),
    (50, 1, 'Not activated', 'not activated', '$2y$04$abcdefghijklmnopqrstuu9m2K9.nMkXdMTalnOFVhaDkQ/j5iW0u', 'n@example.com', '');
