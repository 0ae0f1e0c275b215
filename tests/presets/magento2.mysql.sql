-- Magento 2.4: vendor/magento/module-customer/etc/db_schema.xml.
-- expect: {"records": 4, "hashes": 3}
-- known: {"primaryEmail": "ada@example.com", "customData": {"firstName": "Ada", "lastName": "Łovelace"}}
CREATE TABLE customer_entity (
    entity_id int(10) unsigned NOT NULL AUTO_INCREMENT,
    website_id smallint(5) unsigned DEFAULT NULL,
    email varchar(255) DEFAULT NULL,
    group_id smallint(5) unsigned NOT NULL DEFAULT 0,
    store_id smallint(5) unsigned DEFAULT 0,
    created_at timestamp NOT NULL DEFAULT current_timestamp(),
    is_active smallint(5) unsigned NOT NULL DEFAULT 1,
    firstname varchar(255) DEFAULT NULL,
    lastname varchar(255) DEFAULT NULL,
    password_hash varchar(128) DEFAULT NULL,
    rp_token varchar(128) DEFAULT NULL,
    PRIMARY KEY (entity_id),
    UNIQUE KEY CUSTOMER_ENTITY_EMAIL_WEBSITE_ID (email, website_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8;
INSERT INTO customer_entity (entity_id, website_id, email, firstname, lastname, password_hash) VALUES
    (1, 1, 'ada@example.com', 'Ada', 'Łovelace', 'd777483b2b4944f92968bc65872639f433c2d905d7b06496c700e42d5549ee40:0123456789abcdef:3_32_2_65536'),
    (2, 1, 'bob@example.com', 'Bob', '', 'b42e0d00f66a63ef81a8fdbd14a2475d16139e6f3ac57885b53478efac36b65b:a1b2c3d4e5f6a7b8:1'),
    (4, 1, 'cyd@example.com', 'Cyd', '', '351a6c769a23991922445dd23c53103cd1d88c95e5c30cb94f5b2fb39a19e712:0123456789abcdef:3_32_1_65536:3_32_2_65536'),
    (3, 1, 'guest@example.com', 'By', 'Admin', NULL);
