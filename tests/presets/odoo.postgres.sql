-- Odoo 16: odoo/addons/base/data/base_data.sql, and what the models add. OdooBot and the templates are no users.
-- expect: {"records": 3, "hashes": 1, "disabled": 1}
-- known: {"username": "ada@example.com", "name": "Ada Łovelace"}
CREATE TABLE res_partner (
    id serial PRIMARY KEY,
    company_id integer,
    name character varying,
    email character varying,
    active boolean,
    is_company boolean
);
CREATE TABLE res_users (
    id serial PRIMARY KEY,
    active boolean DEFAULT true,
    login character varying NOT NULL UNIQUE,
    password character varying,
    company_id integer NOT NULL,
    partner_id integer NOT NULL REFERENCES res_partner,
    create_date timestamp without time zone,
    signature text,
    share boolean
);
INSERT INTO res_partner (id, name, email, active) VALUES
    (1, 'My Company', NULL, true), (2, 'OdooBot', 'odoobot@example.com', false), (3, 'Ada Łovelace', 'ada@example.com', true),
    (4, 'Public user', NULL, false), (5, 'Default User Template', NULL, false), (6, 'Portal User Template', NULL, false),
    (7, 'By OAuth', NULL, true), (8, 'Has left', NULL, false);
INSERT INTO res_users (id, active, login, password, company_id, partner_id) VALUES
    (1, false, '__system__', NULL, 1, 2), (2, true, 'ada@example.com', '$pbkdf2-sha512$1000$MDEyMzQ1Njc4OWFiY2RlZg$n0NVUSynqcHGW9fu0W0L7fZCuyfmzbcpb9T0c7DsmsRPUWAHjBIvCSaPZi.VOemg/k.AzgNvT6T.IAkRBN6UXg', 1, 3),
    (3, false, 'default', NULL, 1, 5), (4, false, 'public', '', 1, 4), (5, false, 'portaltemplate', '', 1, 6),
    (6, true, 'oauth', NULL, 1, 7), (7, false, 'left', NULL, 1, 8);
