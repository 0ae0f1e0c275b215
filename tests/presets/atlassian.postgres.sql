-- Crowd, Jira, Confluence and Bitbucket: cwd_user, as Confluence 6 makes it. Users of an LDAP directory have no password here.
-- expect: {"records": 2, "hashes": 1}
-- known: {"username": "ada", "primaryEmail": "ada@example.com", "name": "Ada Łovelace", "customData": {"firstName": "Ada", "lastName": "Łovelace"}}
CREATE TABLE cwd_user (
    id bigint PRIMARY KEY,
    user_name character varying(255) NOT NULL,
    lower_user_name character varying(255) NOT NULL,
    active character(1) NOT NULL,
    created_date timestamp without time zone NOT NULL,
    updated_date timestamp without time zone NOT NULL,
    first_name character varying(255),
    lower_first_name character varying(255),
    last_name character varying(255),
    lower_last_name character varying(255),
    display_name character varying(255),
    lower_display_name character varying(255),
    email_address character varying(255),
    lower_email_address character varying(255),
    external_id character varying(255),
    directory_id bigint NOT NULL,
    credential character varying(255)
);
INSERT INTO cwd_user (id, user_name, lower_user_name, active, created_date, updated_date, first_name, last_name, display_name,
    email_address, directory_id, credential) VALUES
    (10000, 'ada', 'ada', 'T', now(), now(), 'Ada', 'Łovelace', 'Ada Łovelace', 'ada@example.com', 1, '{PKCS5S2}MDEyMzQ1Njc4OWFiY2RlZhmaXa4581AG2vmSiye9toJo5JCfGxCTGYAEiKQWLccG'),
    (10001, 'ldap', 'ldap', 'T', now(), now(), NULL, NULL, 'ldap', 'l@example.com', 2, 'nopass');
