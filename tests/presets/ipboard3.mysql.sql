-- IP.Board 3.4: admin/applications/core/setup/versions/install/sql/core_mysql_tables.php.
-- expect: {"records": 2, "hashes": 1}
-- known: {"username": "Ada", "primaryEmail": "ada@example.com"}
CREATE TABLE members (
    member_id mediumint(8) NOT NULL auto_increment,
    name varchar(255) NOT NULL default '',
    member_group_id smallint(3) NOT NULL default 0,
    email varchar(150) NOT NULL default '',
    joined int(10) NOT NULL default 0,
    members_display_name varchar(255) NOT NULL default '',
    members_pass_hash varchar(32) NOT NULL default '',
    members_pass_salt varchar(5) NOT NULL default '',
    member_banned tinyint(1) NOT NULL default 0,
    PRIMARY KEY (member_id),
    KEY members_display_name (members_display_name)
) ENGINE = MyISAM DEFAULT CHARSET = utf8;
INSERT INTO members (member_id, name, email, members_pass_hash, members_pass_salt) VALUES
    (1, 'Ada', 'ada@example.com', '1f7bab57f41a31ef3898ef482f80f2c8', 'aB3$.'),
    (2, 'facebook ü', 'f@example.com', '', '');
