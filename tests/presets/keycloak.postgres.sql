-- Keycloak 24: the Liquibase change logs of jpa-changelog. A service account is a user with a link to its client.
-- expect: {"records": 4, "hashes": 3, "disabled": 1}
-- known: {"username": "ada", "primaryEmail": "ada@example.com", "customData": {"realmId": "5f2c", "firstName": "Ada", "lastName": "Łovelace"}}
CREATE TABLE user_entity (
    id character varying(36) NOT NULL PRIMARY KEY,
    email character varying(255),
    email_constraint character varying(255),
    email_verified boolean DEFAULT false NOT NULL,
    enabled boolean DEFAULT false NOT NULL,
    federation_link character varying(255),
    first_name character varying(255),
    last_name character varying(255),
    realm_id character varying(255),
    username character varying(255),
    created_timestamp bigint,
    service_account_client_link character varying(255),
    not_before integer DEFAULT 0 NOT NULL
);
CREATE TABLE credential (
    id character varying(36) NOT NULL PRIMARY KEY,
    salt bytea,
    type character varying(255),
    user_id character varying(36),
    created_date bigint,
    user_label character varying(255),
    secret_data text,
    credential_data text,
    priority integer
);
INSERT INTO user_entity (id, email, first_name, last_name, realm_id, username, service_account_client_link) VALUES
    ('u1', 'ada@example.com', 'Ada', 'Łovelace', '5f2c', 'ada', NULL),
    ('u2', 'bob@example.com', NULL, NULL, '5f2c', 'bob', NULL),
    ('u3', 'cyd@example.com', NULL, NULL, '5f2c', 'cyd', NULL),
    ('u4', 'idp@example.com', NULL, NULL, '5f2c', 'idp', NULL),
    ('u5', NULL, NULL, NULL, '5f2c', 'service-account-app', 'c1');
INSERT INTO credential (id, type, user_id, secret_data, credential_data) VALUES
    ('c1', 'password', 'u1', '{"value":"13dIOytJRPkpaLxlhyY59DPC2QXXsGSWxwDkLVVJ7kA=","salt":"MDEyMzQ1Njc4OWFiY2RlZg==","additionalParameters":{}}',
        '{"hashIterations":2,"algorithm":"argon2","additionalParameters":{"hashLength":["32"],"memory":["64"],"type":["id"],"version":["1.3"],"parallelism":["1"]}}'),
    ('c2', 'otp', 'u1', '{"value":"x"}', '{"subType":"totp"}'),
    ('c3', 'password', 'u2', '{"value":"TLdm92K+ogWlaJFFYJQHAwgRcIzV6MdMi4LaQZb+3oPjXOnAKRCVdBG75auSqY1nHJp8VRPlbOjHZVjeaaQCLQ==","salt":"MDEyMzQ1Njc4OWFiY2RlZg==","additionalParameters":{}}',
        '{"hashIterations":1000,"algorithm":"pbkdf2-sha256","additionalParameters":{}}'),
    ('c4', 'password', 'u3', '{"value":"n0NVUSynqcHGW9fu0W0L7fZCuyfmzbcpb9T0c7DsmsRPUWAHjBIvCSaPZi+VOemg/k+AzgNvT6T+IAkRBN6UXg==","salt":"MDEyMzQ1Njc4OWFiY2RlZg==","additionalParameters":{}}',
        '{"hashIterations":1000,"algorithm":"pbkdf2-sha512","additionalParameters":{}}'),
    ('c5', 'password-history', 'u3', '{"value":"x","salt":"y"}', '{"hashIterations":1,"algorithm":"pbkdf2-sha256"}');
UPDATE user_entity SET enabled = true WHERE id <> 'u2';
