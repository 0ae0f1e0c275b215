-- Directus 11: api/src/database/seeds.
-- expect: {"records": 2, "hashes": 1}
-- known: {"primaryEmail": "ada@example.com", "customData": {"firstName": "Ada", "lastName": "Łovelace"}}
CREATE TABLE directus_users (
    id uuid NOT NULL PRIMARY KEY,
    first_name varchar(50),
    last_name varchar(50),
    email varchar(128) UNIQUE,
    password varchar(255),
    status varchar(16) NOT NULL DEFAULT 'active',
    provider varchar(128) NOT NULL DEFAULT 'default',
    external_identifier varchar(255) UNIQUE,
    token varchar(255) UNIQUE
);
INSERT INTO directus_users (id, first_name, last_name, email, password, status, provider, token) VALUES
    ('11111111-1111-4111-8111-111111111111', 'Ada', 'Łovelace', 'ada@example.com', '$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$13dIOytJRPkpaLxlhyY59DPC2QXXsGSWxwDkLVVJ7kA', 'active', 'default', NULL),
    ('22222222-2222-4222-8222-222222222222', 'Bob', NULL, 'bob@example.com', NULL, 'active', 'google', NULL),
    ('33333333-3333-4333-8333-333333333333', 'Old', NULL, 'old@example.com', '$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$13dIOytJRPkpaLxlhyY59DPC2QXXsGSWxwDkLVVJ7kA', 'archived', 'default', NULL),
    ('44444444-4444-4444-8444-444444444444', 'A token', NULL, NULL, NULL, 'active', 'default', 'x');
