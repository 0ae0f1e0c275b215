-- Django 5.2: sqlmigrate auth, on SQLite.
-- expect: {"records": 4, "hashes": 3}
-- known: {"username": "ada", "primaryEmail": "ada@example.com", "customData": {"firstName": "Ada", "lastName": "Łovelace"}}
CREATE TABLE "auth_user" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "password" varchar(128) NOT NULL,
    "last_login" datetime NULL,
    "is_superuser" bool NOT NULL,
    "username" varchar(150) NOT NULL UNIQUE,
    "last_name" varchar(150) NOT NULL,
    "email" varchar(254) NOT NULL,
    "is_staff" bool NOT NULL,
    "is_active" bool NOT NULL,
    "date_joined" datetime NOT NULL,
    "first_name" varchar(150) NOT NULL
);
INSERT INTO "auth_user" VALUES
    (1, 'pbkdf2_sha256$1000$seasalt$6COEXIwRtUaIOrrZSdcFAvVlc0guwS83HeQ4axoI7Uo=', NULL, 1, 'ada', 'Łovelace', 'ada@example.com', 1, 1, '2024-01-01 00:00:00', 'Ada'),
    (2, 'bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuuMFZbKfOFxj7VT5oVqtudbzM/OiJCY8G', NULL, 0, 'zoë', '', '', 0, 1, '2024-01-01 00:00:00', ''),
    (3, 'argon2$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$13dIOytJRPkpaLxlhyY59DPC2QXXsGSWxwDkLVVJ7kA', NULL, 0, 'bob', '', '', 0, 1, '2024-01-01 00:00:00', ''),
    (4, '!7NhTgVbLmQkRsXwYcZaPdFeGjHi', NULL, 0, 'social', '', 'social@example.com', 0, 1, '2024-01-01 00:00:00', '');
