-- OpenCart 3.0: upload/install/opencart.sql. A login takes plain MD5 too, and 3.0.4 writes bcrypt.
-- expect: {"records": 4, "hashes": 3, "disabled": 1}
-- known: {"primaryEmail": "ada@example.com", "customData": {"telephone": "+49 1", "firstName": "Ada", "lastName": "Łovelace"}}
CREATE TABLE oc_customer (
    customer_id int(11) NOT NULL AUTO_INCREMENT,
    customer_group_id int(11) NOT NULL,
    store_id int(11) NOT NULL DEFAULT 0,
    language_id int(11) NOT NULL,
    firstname varchar(32) NOT NULL,
    lastname varchar(32) NOT NULL,
    email varchar(96) NOT NULL,
    telephone varchar(32) NOT NULL,
    fax varchar(32) NOT NULL,
    password varchar(255) NOT NULL,
    salt varchar(9) NOT NULL,
    ip varchar(40) NOT NULL,
    status tinyint(1) NOT NULL,
    date_added datetime NOT NULL,
    PRIMARY KEY (customer_id)
) ENGINE = MyISAM DEFAULT CHARSET = utf8 COLLATE = utf8_general_ci;
INSERT INTO oc_customer (customer_id, firstname, lastname, email, telephone, password, salt) VALUES
    (1, 'Ada', 'Łovelace', 'ada@example.com', '+49 1', 'e3d4e1985e32f77a375ce704e6cce10eafdb7312', '3f9A0c1d2'),
    (2, 'Bob', '', 'bob@example.com', '', '26d616ac9ece62559122fcc0ac22fdb2', ''),
    (3, 'Cyd', '', 'cyd@example.com', '', '$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 'aaaaaaaaa'),
    (4, 'Dan', '', 'dan@example.com', '', '', '');
UPDATE oc_customer SET status = 1 WHERE customer_id <> 2;
