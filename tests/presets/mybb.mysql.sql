-- MyBB 1.8: install/resources/mysql_db_tables.php.
-- expect: {"records": 2, "hashes": 1}
-- known: {"username": "Jürg", "primaryEmail": "j@example.com"}
CREATE TABLE mybb_users (
    uid int unsigned NOT NULL auto_increment,
    username varchar(120) NOT NULL default '',
    password varchar(120) NOT NULL default '',
    salt varchar(10) NOT NULL default '',
    loginkey varchar(50) NOT NULL default '',
    email varchar(220) NOT NULL default '',
    postnum int(10) unsigned NOT NULL default '0',
    usergroup smallint unsigned NOT NULL default '0',
    regip varbinary(16) NOT NULL default '',
    UNIQUE KEY username (username),
    PRIMARY KEY (uid)
) ENGINE = MyISAM DEFAULT CHARSET = utf8;
INSERT INTO mybb_users (uid, username, password, salt, email, regip) VALUES
    (1, 'Jürg', '7e1724b0d856b8022e4ed51ccd5942a7', 'fR9dKq2L', 'j@example.com', x'7f000001'),
    (2, 'without', '', '', '', x'ff');
