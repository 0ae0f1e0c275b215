-- Gitea 1.21 (models/user/user.go), as xorm makes it on PostgreSQL. Type 1 are organizations, type 4 are bots.
-- expect: {"records": 6, "hashes": 5}
-- known: {"username": "ada", "primaryEmail": "ada@example.com", "name": "Ada Łovelace"}
CREATE TABLE "user" (
    id bigint NOT NULL PRIMARY KEY,
    lower_name character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    full_name character varying(255),
    email character varying(255) NOT NULL,
    keep_email_private boolean,
    email_notifications_preference character varying(20) DEFAULT 'enabled' NOT NULL,
    passwd character varying(255) NOT NULL,
    passwd_hash_algo character varying(255) DEFAULT 'argon2' NOT NULL,
    must_change_password boolean DEFAULT false NOT NULL,
    login_type integer,
    login_source bigint DEFAULT 0 NOT NULL,
    login_name character varying(255),
    type integer,
    rands character varying(32),
    salt character varying(32)
);
INSERT INTO "user" (id, lower_name, name, full_name, email, passwd, passwd_hash_algo, type, salt) VALUES
    (1, 'ada', 'ada', 'Ada Łovelace', 'ada@example.com',
        'ad6c9a21f4437354fb0dd03f528cacd6275700c20a2a6958edbe59b674763ec185de83e2fff3f25b094dff490dfb79ef4542',
        'pbkdf2$1000$50', 0, '0f1e2d3c4b5a69788796a5b4c3d2e1f0'),
    (2, 'old', 'Old', '', 'b@example.com',
        'd55b49232b2be8004a4faac489077b83de662c7bcbba063c27b785d6c6954c7841ce1605df6325d1c926b5a2c92097e12326',
        'pbkdf2', 0, 'aB3dE5gH7j'),
    (3, 'argon', 'argon', '', 'c@example.com',
        '227c8fcc64c5988a72df01c591665336ea3c1d64f31a137b9fa3c2b481b889cbba6eb63d45f7126c32a4e34f2d689b360fcd',
        'argon2', 0, '0f1e2d3c4b5a69788796a5b4c3d2e1f0'),
    (4, 'bcrypt', 'bcrypt', '', 'd@example.com', '$2a$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 'bcrypt', 0, ''),
    (7, 'scrypt', 'scrypt', '', 'f@example.com',
        'ed8462584f90a625c0507e703c8fc8365239ad3c80f7bb0868a5245506cb234c8156afda22605b4de46e29e2073b027bee9e',
        'scrypt$65536$16$2$50', 0, '0f1e2d3c4b5a69788796a5b4c3d2e1f0'),
    (5, 'ldap', 'ldap', '', 'e@example.com', '', 'pbkdf2$50000$50', 0, ''),
    (6, 'org', 'org', '', '', '', 'pbkdf2$50000$50', 1, '');
