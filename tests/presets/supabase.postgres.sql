-- Supabase: supabase/auth, migrations.
-- expect: {"records": 3, "hashes": 2}
-- known: {"primaryEmail": "ada@example.com", "name": "Ada Łovelace", "avatar": "https://example.com/ada.png"}
CREATE TABLE users (
    instance_id uuid,
    id uuid NOT NULL PRIMARY KEY,
    aud varchar(255),
    role varchar(255),
    email varchar(255),
    encrypted_password varchar(255),
    email_confirmed_at timestamptz,
    raw_app_meta_data jsonb,
    raw_user_meta_data jsonb,
    phone text UNIQUE DEFAULT NULL,
    banned_until timestamptz,
    deleted_at timestamptz,
    is_anonymous boolean NOT NULL DEFAULT false
);
INSERT INTO users (id, aud, email, encrypted_password, raw_user_meta_data, phone, deleted_at, is_anonymous) VALUES
    ('11111111-1111-4111-8111-111111111111', 'authenticated', 'ada@example.com', '$2a$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', '{"full_name": "Ada Łovelace", "picture": "https://example.com/ada.png"}', NULL, NULL, false),
    ('22222222-2222-4222-8222-222222222222', 'authenticated', NULL, '', '{}', '15550100', NULL, false),
    ('33333333-3333-4333-8333-333333333333', 'authenticated', 'cyd@example.com', '$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$13dIOytJRPkpaLxlhyY59DPC2QXXsGSWxwDkLVVJ7kA', NULL, NULL, NULL, false),
    ('44444444-4444-4444-8444-444444444444', 'authenticated', NULL, '', '{}', NULL, NULL, true),
    ('55555555-5555-4555-8555-555555555555', 'authenticated', 'gone@example.com', '$2a$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', '{}', NULL, '2025-01-01', false);
