-- better-auth 1.x, as its own migration creates them.
-- expect: {"records": 3, "hashes": 2}
-- known: {"primaryEmail": "ada@example.com", "name": "Ada Łovelace", "avatar": "https://example.com/ada.png"}
CREATE TABLE "user" (
    id text NOT NULL PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL UNIQUE,
    "emailVerified" integer NOT NULL,
    image TEXT,
    "createdAt" date NOT NULL,
    "updatedAt" date NOT NULL
);
CREATE TABLE account (
    id text NOT NULL PRIMARY KEY,
    "accountId" text NOT NULL,
    "providerId" text NOT NULL,
    "userId" text NOT NULL REFERENCES "user" (id),
    "accessToken" TEXT,
    "refreshToken" TEXT,
    password TEXT,
    "createdAt" date NOT NULL,
    "updatedAt" date NOT NULL
);
INSERT INTO "user" (id, name, email, "emailVerified", image, "createdAt", "updatedAt") VALUES
    ('u1', 'Ada Łovelace', 'ada@example.com', 1, 'https://example.com/ada.png', '2025-01-01 00:00:00', '2025-01-01 00:00:00'),
    ('u2', 'Social', 'bob@example.com', 1, NULL, '2025-01-01 00:00:00', '2025-01-01 00:00:00'),
    ('u3', 'Own hasher', 'cyd@example.com', 0, NULL, '2025-01-01 00:00:00', '2025-01-01 00:00:00');
INSERT INTO account (id, "accountId", "providerId", "userId", password, "createdAt", "updatedAt") VALUES
    ('a1', 'u1', 'credential', 'u1', '0123456789abcdef0123456789abcdef:878d28ce310a850e2b7ecfd0120a79a2f83cb03a7136d71e02b85aec26582a13d38cbeb0b7f271c478f95efdaf0f7b16e7515a97364a2257480805893fba6b47', '2025-01-01 00:00:00', '2025-01-01 00:00:00'),
    ('a2', '1122', 'google', 'u1', NULL, '2025-01-01 00:00:00', '2025-01-01 00:00:00'),
    ('a3', '3344', 'github', 'u2', NULL, '2025-01-01 00:00:00', '2025-01-01 00:00:00'),
    ('a4', 'u3', 'credential', 'u3', '$2a$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', '2025-01-01 00:00:00', '2025-01-01 00:00:00');
