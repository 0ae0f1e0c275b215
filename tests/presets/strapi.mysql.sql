-- Strapi 5: packages/plugins/users-permissions/server/content-types/user.
-- expect: {"records": 2, "hashes": 1}
-- known: {"username": "ada", "primaryEmail": "ada@example.com"}
CREATE TABLE up_users (
    id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
    document_id varchar(255),
    username varchar(255),
    email varchar(255),
    provider varchar(255),
    password varchar(255),
    reset_password_token varchar(255),
    confirmation_token varchar(255),
    confirmed boolean,
    blocked boolean
);
INSERT INTO up_users (username, email, provider, password, confirmed, blocked) VALUES
    ('ada', 'ada@example.com', 'local', '$2a$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', TRUE, FALSE),
    ('bob', 'bob@example.com', 'google', NULL, TRUE, NULL),
    ('bad', 'bad@example.com', 'local', '$2a$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6', TRUE, TRUE);
