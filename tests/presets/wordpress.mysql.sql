-- WordPress 6.1: wp-admin/includes/schema.php, of one site.
-- expect: {"records": 5, "hashes": 4}
-- known: {"username": "ada", "primaryEmail": "ada@example.com", "name": "Ada Łovelace"}
CREATE TABLE wp_users (
    ID bigint(20) unsigned NOT NULL auto_increment,
    user_login varchar(60) NOT NULL default '',
    user_pass varchar(255) NOT NULL default '',
    user_nicename varchar(50) NOT NULL default '',
    user_email varchar(100) NOT NULL default '',
    user_url varchar(100) NOT NULL default '',
    user_registered datetime NOT NULL default '0000-00-00 00:00:00',
    user_activation_key varchar(255) NOT NULL default '',
    user_status int(11) NOT NULL default '0',
    display_name varchar(250) NOT NULL default '',
    PRIMARY KEY (ID),
    KEY user_login_key (user_login),
    KEY user_nicename (user_nicename),
    KEY user_email (user_email)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
INSERT INTO wp_users (ID, user_login, user_pass, user_email, display_name) VALUES
    (1, 'ada', '$wp$2y$04$abcdefghijklmnopqrstuuy3LyReJY0./MG2tmd3TXzjjTcuTobbu', 'ada@example.com', 'Ada Łovelace'),
    (2, 'bob', '$P$5abcdefghHKuMUuU/9ZSiCp6498VA01', 'bob@example.com', 'Bob'),
    (3, 'cyd', '26d616ac9ece62559122fcc0ac22fdb2', 'cyd@example.com', 'Set by hand'),
    (4, 'dan', '$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 'dan@example.com', 'Of a plugin'),
    (5, 'eve', '*', '', '');
