-- Zabbix 6.0: schema.sql of PostgreSQL, and its first rows.
-- expect: {"records": 3, "hashes": 2}
-- known: {"username": "Admin", "customData": {"firstName": "Zabbix", "lastName": "Łovelace"}}
CREATE TABLE users (
    userid bigint NOT NULL,
    username varchar(100) DEFAULT '' NOT NULL,
    name varchar(100) DEFAULT '' NOT NULL,
    surname varchar(100) DEFAULT '' NOT NULL,
    passwd varchar(60) DEFAULT '' NOT NULL,
    url varchar(2048) DEFAULT '' NOT NULL,
    autologin integer DEFAULT '0' NOT NULL,
    roleid bigint NOT NULL,
    PRIMARY KEY (userid)
);
INSERT INTO users VALUES
    (1, 'Admin', 'Zabbix', 'Łovelace', '$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', '', 1, 3),
    (2, 'guest', '', '', '$2y$10$89otZrRNmde97rIyzclecuk6LwKAsHN0BcvoOKGjbT.BwMBfm7G06', '', 0, 4),
    (3, 'of 4.4', '', '', '26d616ac9ece62559122fcc0ac22fdb2', '', 0, 1),
    (4, 'ldap', '', '', '', '', 0, 1);
