-- Joomla 5: installation/sql/mysql/base.sql; 1.5 and 3 differ in the lengths.
-- expect: {"records": 5, "hashes": 4}
-- known: {"username": "ada", "primaryEmail": "ada@example.com", "name": "Ada Łovelace"}
CREATE TABLE IF NOT EXISTS `jos_users` (
  `id` int NOT NULL AUTO_INCREMENT,
  `name` varchar(400) NOT NULL DEFAULT '',
  `username` varchar(150) NOT NULL DEFAULT '',
  `email` varchar(100) NOT NULL DEFAULT '',
  `password` varchar(100) NOT NULL DEFAULT '',
  `block` tinyint NOT NULL DEFAULT 0,
  `sendEmail` tinyint DEFAULT 0,
  `registerDate` datetime NOT NULL,
  `lastvisitDate` datetime,
  `activation` varchar(100) NOT NULL DEFAULT '',
  `params` text NOT NULL,
  `otpKey` varchar(1000) NOT NULL DEFAULT '',
  `requireReset` tinyint NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`),
  UNIQUE KEY `idx_username` (`username`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 DEFAULT COLLATE=utf8mb4_unicode_ci;
INSERT INTO jos_users (id, name, username, email, password, registerDate, params) VALUES
    (42, 'Ada Łovelace', 'ada', 'ada@example.com', '$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', '2024-01-01', ''),
    (43, 'Of 1.5', 'bob', 'bob@example.com', 'd88ab1248cb888f0dc8d5b2f6a8f529d:Z9k2m4n6p8q0r2s4t6u8v0w2x4y6z8a0', '2008-01-01', ''),
    (44, 'Of 3.2', 'cyd', 'cyd@example.com', '$P$5abcdefghHKuMUuU/9ZSiCp6498VA01', '2014-01-01', ''),
    (45, 'Of 1.0', 'dan', 'dan@example.com', '26d616ac9ece62559122fcc0ac22fdb2', '2006-01-01', ''),
    (46, 'LDAP', 'eve', 'eve@example.com', '', '2024-01-01', '');
