-- Magento 1.9: app/code/core/Mage/Customer/sql/customer_setup. Address attributes are of another type of entity.
-- expect: {"records": 5, "hashes": 4}
-- known: {"primaryEmail": "ada@example.com", "customData": {"legacyId": 1}}
CREATE TABLE eav_attribute (
    attribute_id smallint(5) unsigned NOT NULL AUTO_INCREMENT,
    entity_type_id smallint(5) unsigned NOT NULL DEFAULT 0,
    attribute_code varchar(255) DEFAULT NULL,
    backend_type varchar(8) NOT NULL DEFAULT 'static',
    PRIMARY KEY (attribute_id),
    UNIQUE KEY UNQ_EAV_ATTRIBUTE_ENTITY_TYPE_ID_ATTRIBUTE_CODE (entity_type_id, attribute_code)
) ENGINE = InnoDB DEFAULT CHARSET = utf8;
CREATE TABLE customer_entity (
    entity_id int(10) unsigned NOT NULL AUTO_INCREMENT,
    entity_type_id smallint(5) unsigned NOT NULL DEFAULT 0,
    attribute_set_id smallint(5) unsigned NOT NULL DEFAULT 0,
    website_id smallint(5) unsigned DEFAULT NULL,
    email varchar(255) DEFAULT NULL,
    group_id smallint(5) unsigned NOT NULL DEFAULT 0,
    is_active smallint(5) unsigned NOT NULL DEFAULT 1,
    PRIMARY KEY (entity_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8;
CREATE TABLE customer_entity_varchar (
    value_id int(11) NOT NULL AUTO_INCREMENT,
    entity_type_id smallint(5) unsigned NOT NULL DEFAULT 0,
    attribute_id smallint(5) unsigned NOT NULL DEFAULT 0,
    entity_id int(10) unsigned NOT NULL DEFAULT 0,
    value varchar(255) DEFAULT NULL,
    PRIMARY KEY (value_id),
    UNIQUE KEY UNQ_CUSTOMER_ENTITY_VARCHAR_ENTITY_ID_ATTRIBUTE_ID (entity_id, attribute_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8;
INSERT INTO eav_attribute VALUES
    (5, 1, 'firstname', 'varchar'), (7, 1, 'lastname', 'varchar'), (12, 1, 'password_hash', 'varchar'), (99, 2, 'password_hash', 'varchar');
INSERT INTO customer_entity (entity_id, entity_type_id, website_id, email) VALUES
    (1, 1, 1, 'ada@example.com'), (2, 1, 1, 'jürg@example.com'), (3, 1, 1, 'b@example.com'), (4, 1, 1, 'c@example.com'), (5, 1, 1, 'd@example.com');
INSERT INTO customer_entity_varchar (entity_type_id, attribute_id, entity_id, value) VALUES
    (1, 5, 1, 'Ada'), (1, 7, 1, 'Łovelace'), (1, 12, 1, '04f38ea85509ce94495c3fa544f20ac5:xY'), (1, 5, 2, 'Jürg'),
    (1, 12, 3, '26d616ac9ece62559122fcc0ac22fdb2'), (1, 12, 4, '$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6'),
    (1, 12, 5, '452c3eb0a43ad3e1d1952670494fbd2f70dba75e84e7ec5c41f93fbc17612d216e1eb3a357df42b1d5cc9bb53a34bc54b8139bbe59e7c47b70926254b045ab07:xY');
