-- Devise 4.9 with config.pepper: the tables of devise.postgres.sql.
-- expect: {"records": 2, "hashes": 1, "key": ["devise", "pepper-of-the-test"]}
-- known: {"primaryEmail": "ada@example.com"}
CREATE TABLE users (
    id bigserial PRIMARY KEY,
    email character varying DEFAULT '' NOT NULL,
    encrypted_password character varying DEFAULT '' NOT NULL,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
INSERT INTO users VALUES
    (1, 'ada@example.com', '$2a$04$abcdefghijklmnopqrstuuPz7jr8CVnzl1WfMAlFig2jafsulc9hy', now(), now()),
    (2, 'invited@example.com', '', now(), now());
