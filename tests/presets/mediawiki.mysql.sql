-- MediaWiki 1.39: maintenance/tables-generated.sql. Users of the system itself have an empty password.
-- expect: {"records": 5, "hashes": 4}
-- known: {"username": "Ada Łovelace", "primaryEmail": "ada@example.com", "name": "Ada"}
CREATE TABLE user (
    user_id INT UNSIGNED AUTO_INCREMENT NOT NULL,
    user_name VARBINARY(255) DEFAULT '' NOT NULL,
    user_real_name VARBINARY(255) DEFAULT '' NOT NULL,
    user_password TINYBLOB NOT NULL,
    user_newpassword TINYBLOB NOT NULL,
    user_email TINYTEXT NOT NULL,
    user_touched BINARY(14) NOT NULL,
    user_token BINARY(32) DEFAULT '' NOT NULL,
    UNIQUE INDEX user_name (user_name),
    PRIMARY KEY (user_id)
) ENGINE = InnoDB, DEFAULT CHARSET = binary;
INSERT INTO user (user_id, user_name, user_real_name, user_password, user_newpassword, user_email, user_touched) VALUES
    (1, 'Ada Łovelace', 'Ada', ':pbkdf2:sha512:1000:64:MDEyMzQ1Njc4OWFiY2RlZg==:n0NVUSynqcHGW9fu0W0L7fZCuyfmzbcpb9T0c7DsmsRPUWAHjBIvCSaPZi+VOemg/k+AzgNvT6T+IAkRBN6UXg==', '', 'ada@example.com', '20240101000000'),
    (2, 'Bob', '', ':B:1a2b3c4d:6ee68ecc8735abe0aef351934a7abb83', '', '', '20240101000000'),
    (4, 'Cyd', '', ':pbkdf2-legacyB:!sha512:1000:64!1a2b3c4d!MDEyMzQ1Njc4OWFiY2RlZg==!9szG9rStikNH1vL0vzBMkQKDVJpqOXxoyYYu+MjQ9oPffBhF627xrRuJLAFDfhCcgRQzCQVRLgdQrr9Uk4oqrQ==', '', '', '20240101000000'),
    (5, 'Dan', '', ':argon2:$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$13dIOytJRPkpaLxlhyY59DPC2QXXsGSWxwDkLVVJ7kA', '', '', '20240101000000'),
    (3, 'Maintenance script', '', '', '', '', '20240101000000');
