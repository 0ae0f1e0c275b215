-- OpenCart 4.0: upload/system/helper/db_schema.php.
-- expect: {"records": 2, "hashes": 1, "disabled": 1}
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
    password varchar(255) NOT NULL,
    custom_field text NOT NULL,
    newsletter tinyint(1) NOT NULL DEFAULT 0,
    ip varchar(40) NOT NULL,
    status tinyint(1) NOT NULL,
    safe tinyint(1) NOT NULL,
    token text NOT NULL,
    code varchar(40) NOT NULL,
    date_added datetime NOT NULL,
    PRIMARY KEY (customer_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
INSERT INTO oc_customer (customer_id, firstname, lastname, email, telephone, password) VALUES
    (1, 'Ada', 'Łovelace', 'ada@example.com', '+49 1', '$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6'),
    (2, 'Bob', '', 'bob@example.com', '', '');
UPDATE oc_customer SET status = 1 WHERE customer_id <> 2;
