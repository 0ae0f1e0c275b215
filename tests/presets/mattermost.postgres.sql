-- Mattermost 9 to 11: server/channels/db/migrations/postgres.
-- expect: {"records": 3, "hashes": 2}
-- known: {"username": "ada", "primaryEmail": "ada@example.com", "customData": {"firstName": "Ada", "lastName": "Łovelace"}}
CREATE TABLE users (
    id VARCHAR(26) PRIMARY KEY,
    createat bigint,
    updateat bigint,
    deleteat bigint,
    username VARCHAR(64) UNIQUE,
    password VARCHAR(128),
    authdata VARCHAR(128) UNIQUE,
    authservice VARCHAR(32),
    email VARCHAR(128) UNIQUE,
    emailverified boolean,
    nickname VARCHAR(64),
    firstname VARCHAR(64),
    lastname VARCHAR(64),
    roles VARCHAR(256)
);
CREATE TABLE bots (
    userid VARCHAR(26) PRIMARY KEY,
    description VARCHAR(1024),
    ownerid VARCHAR(190),
    createat bigint,
    updateat bigint,
    deleteat bigint
);
INSERT INTO users (id, deleteat, username, password, email, firstname, lastname) VALUES
    ('7q3ydzi8zbyqxxzm9p6gszm3ua', 0, 'ada', '$2a$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 'ada@example.com', 'Ada', 'Łovelace'),
    ('7q3ydzi8zbyqxxzm9p6gszm3ue', 0, 'of 11', '$pbkdf2$f=SHA256,w=1000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$TLdm92K+ogWlaJFFYJQHAwgRcIzV6MdMi4LaQZb+3oM', 'e@example.com', '', ''),
    ('7q3ydzi8zbyqxxzm9p6gszm3ub', 0, 'saml', '', 'saml@example.com', '', ''),
    ('7q3ydzi8zbyqxxzm9p6gszm3uc', 0, 'playbooks', '', 'playbooks@localhost', '', ''),
    ('7q3ydzi8zbyqxxzm9p6gszm3ud', 1700000000000, 'gone', '$2a$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 'gone@example.com', '', '');
INSERT INTO bots VALUES ('7q3ydzi8zbyqxxzm9p6gszm3uc', '', 'playbooks', 0, 0, 0);
