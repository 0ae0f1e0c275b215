-- PrestaShop 8.1: install-dev/data/db_structure.sql.
-- expect: {"records": 2, "hashes": 1, "disabled": 1}
-- known: {"primaryEmail": "ada@example.com", "customData": {"firstName": "Ada", "lastName": "Łovelace"}}
CREATE TABLE ps_customer (
    id_customer int(10) unsigned NOT NULL auto_increment,
    id_shop_group int(11) unsigned NOT NULL DEFAULT '1',
    id_shop int(11) unsigned NOT NULL DEFAULT '1',
    id_gender int(10) unsigned NOT NULL,
    id_lang int(10) unsigned NULL,
    company varchar(255),
    firstname varchar(255) NOT NULL,
    lastname varchar(255) NOT NULL,
    email varchar(255) NOT NULL,
    passwd varchar(255) NOT NULL,
    secure_key varchar(32) NOT NULL DEFAULT '-1',
    active tinyint(1) unsigned NOT NULL DEFAULT '0',
    is_guest tinyint(1) NOT NULL DEFAULT '0',
    deleted tinyint(1) NOT NULL DEFAULT '0',
    date_add datetime NOT NULL,
    PRIMARY KEY (id_customer)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
INSERT INTO ps_customer (id_customer, firstname, lastname, email, passwd, is_guest, deleted) VALUES
    (1, 'Ada', 'Łovelace', 'ada@example.com', '$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 0, 0),
    (2, 'Guest', 'G', 'g@example.com', '$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 1, 0),
    (3, 'Deleted', 'D', 'd@example.com', '$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 0, 1),
    (4, 'Social', 'S', 's@example.com', '', 0, 0);
UPDATE ps_customer SET active = 1 WHERE id_customer = 1;
