-- SMF 1.1: install_1-1.sql.
-- expect: {"records": 2, "hashes": 1}
-- known: {"username": "Ada", "primaryEmail": "ada@example.com", "name": "Adà"}
CREATE TABLE smf_members (
    ID_MEMBER mediumint(8) unsigned NOT NULL auto_increment,
    memberName varchar(80) NOT NULL default '',
    dateRegistered int(10) unsigned NOT NULL default '0',
    posts mediumint(8) unsigned NOT NULL default '0',
    ID_GROUP smallint(5) unsigned NOT NULL default '0',
    lngfile tinytext NOT NULL,
    realName tinytext NOT NULL,
    passwd varchar(64) NOT NULL default '',
    emailAddress tinytext NOT NULL,
    passwordSalt varchar(5) NOT NULL default '',
    PRIMARY KEY (ID_MEMBER),
    KEY memberName (memberName(30))
) ENGINE = MyISAM DEFAULT CHARSET = latin1;
INSERT INTO smf_members (ID_MEMBER, memberName, realName, passwd, emailAddress, lngfile) VALUES
    (1, 'Ada', 'Adà', 'b1659c6878be25489334a7dd58a4fa537eeedfc2', 'ada@example.com', ''),
    (2, 'without', '', '', 'b@example.com', '');
