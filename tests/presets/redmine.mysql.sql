-- Redmine 5.0: db/migrate, as Rails makes it on MySQL.
-- expect: {"records": 2, "hashes": 1}
-- known: {"username": "ada", "primaryEmail": "ada@example.com", "customData": {"firstName": "Ada", "lastName": "Łovelace"}}
CREATE TABLE users (
    id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
    login varchar(255) NOT NULL DEFAULT '',
    hashed_password varchar(40) NOT NULL DEFAULT '',
    firstname varchar(30) NOT NULL DEFAULT '',
    lastname varchar(255) NOT NULL DEFAULT '',
    admin tinyint(1) NOT NULL DEFAULT 0,
    status int NOT NULL DEFAULT 1,
    auth_source_id int DEFAULT NULL,
    type varchar(255) DEFAULT NULL,
    salt varchar(64) DEFAULT NULL
) DEFAULT CHARSET = utf8mb4;
CREATE TABLE email_addresses (
    id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id int NOT NULL,
    address varchar(255) NOT NULL,
    is_default tinyint(1) NOT NULL DEFAULT 0,
    notify tinyint(1) NOT NULL DEFAULT 1
) DEFAULT CHARSET = utf8mb4;
INSERT INTO users (id, login, hashed_password, salt, firstname, lastname, type) VALUES
    (1, 'ada', '77fcd9cf31994b65f41b2c3571e0ee431a1b6784', '0123456789abcdef0123456789abcdef', 'Ada', 'Łovelace', 'User'),
    (2, '', '', NULL, '', 'Anonymous', 'AnonymousUser'),
    (3, '', '', NULL, '', 'Developers', 'Group'),
    (4, '', '', NULL, '', 'Non member users', 'GroupNonMember'),
    (5, 'ldap', '', NULL, 'Zoë', 'L', 'User');
INSERT INTO email_addresses (user_id, address, is_default) VALUES
    (1, 'other@example.com', 0), (1, 'ada@example.com', 1), (5, 'l@example.com', 1);
