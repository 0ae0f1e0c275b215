-- Zen Cart 1.5.7: zc_install/sql/install/mysql_zencart.sql. osCommerce 2.3, xt:Commerce and modified have the columns that are read
-- too; the password is varchar(40) or varchar(60) there.
-- expect: {"records": 5, "hashes": 4}
-- known: {"primaryEmail": "ada@example.com", "customData": {"telephone": "+49 1", "firstName": "Ada", "lastName": "Łovelace"}}
CREATE TABLE customers (
    customers_id int(11) NOT NULL auto_increment,
    customers_gender char(1) NOT NULL default '',
    customers_firstname varchar(32) NOT NULL default '',
    customers_lastname varchar(32) NOT NULL default '',
    customers_dob datetime NOT NULL default '0001-01-01 00:00:00',
    customers_email_address varchar(96) NOT NULL default '',
    customers_nick varchar(96) NOT NULL default '',
    customers_default_address_id int(11) NOT NULL default 0,
    customers_telephone varchar(32) NOT NULL default '',
    customers_fax varchar(32) default NULL,
    customers_password varchar(255) NOT NULL default '',
    customers_newsletter char(1) default NULL,
    PRIMARY KEY (customers_id)
) ENGINE = MyISAM DEFAULT CHARSET = utf8;
INSERT INTO customers (customers_id, customers_firstname, customers_lastname, customers_email_address, customers_telephone,
    customers_password) VALUES
    (1, 'Ada', 'Łovelace', 'ada@example.com', '+49 1', 'cd60ba64514950c2bbd81fc2d76f3ef6:4f'),
    (2, 'Of', '2.3', 'b@example.com', '', '$P$5abcdefghHKuMUuU/9ZSiCp6498VA01'),
    (3, 'Of', 'Zen Cart', 'c@example.com', '', '$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6'),
    (4, 'Of', 'xt:Commerce', 'd@example.com', '', '26d616ac9ece62559122fcc0ac22fdb2'),
    (5, 'Guest', '', 'g@example.com', '', '');
