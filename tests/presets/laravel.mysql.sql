-- Laravel 11: database/migrations/0001_01_01_000000_create_users_table.php.
-- expect: {"records": 3, "hashes": 2}
-- known: {"primaryEmail": "ada@example.com", "name": "Ada Łovelace"}
CREATE TABLE users (
    id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name varchar(255) NOT NULL,
    email varchar(255) NOT NULL UNIQUE,
    email_verified_at timestamp NULL,
    password varchar(255) NOT NULL,
    remember_token varchar(100) NULL,
    created_at timestamp NULL,
    updated_at timestamp NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
INSERT INTO users (id, name, email, password) VALUES
    (1, 'Ada Łovelace', 'ada@example.com', '$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6'),
    (2, 'Bob', 'bob@example.com', '$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$13dIOytJRPkpaLxlhyY59DPC2QXXsGSWxwDkLVVJ7kA'),
    (3, 'Social', 'social@example.com', '');
