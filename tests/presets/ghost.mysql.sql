-- Ghost 5.130: core/server/data/schema/schema.js. The id is an ObjectID as text.
-- expect: {"records": 2, "hashes": 2, "disabled": 1}
-- known: {"primaryEmail": "ada@example.com", "name": "Ada Łovelace", "customData": {"legacyId": "5951f5fca366002ebd5dbef7"}}
CREATE TABLE users (
    id varchar(24) NOT NULL,
    name varchar(191) NOT NULL,
    slug varchar(191) NOT NULL,
    password varchar(60) NOT NULL,
    email varchar(191) NOT NULL,
    bio text,
    status varchar(50) NOT NULL DEFAULT 'active',
    visibility varchar(50) NOT NULL DEFAULT 'public',
    created_at datetime NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY users_slug_unique (slug),
    UNIQUE KEY users_email_unique (email)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
INSERT INTO users VALUES
    ('5951f5fca366002ebd5dbef7', 'Ada Łovelace', 'ada', '$2a$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 'ada@example.com', NULL, 'active', 'public', now()),
    ('5951f5fca366002ebd5dbef8', 'Bob', 'bob', '$2b$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', 'bob@example.com', NULL, 'inactive', 'public', now());
