//! What the user tables of known systems look like: data, one row a system.

/// The name under which a preset's key is read; it stays in the user's own data.
pub(super) const KEY: &str = "legacyId";

/// A system whose tables are known.
#[derive(Debug)]
#[non_exhaustive]
pub struct Preset {
    /// Its name, as `--source-preset` takes it.
    pub name: &'static str,
    /// The system, and its versions.
    pub system: &'static str,
    /// What its tables' names begin with where nobody changed it.
    pub prefix: &'static str,
    /// The tables, `{}` standing for the prefix, and how they are joined; between backticks stand names that some database
    /// reserves.
    pub from: &'static str,
    /// The column that is unique and that the reading follows.
    pub key: &'static str,
    /// What each field of the record is made of.
    pub fields: &'static [(&'static str, &'static str)],
    /// Which rows are users.
    pub only: &'static str,
    /// What an operator should know.
    pub notes: &'static str,
}

impl Preset {
    /// The preset of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::all().find(|preset| preset.name.eq_ignore_ascii_case(name))
    }

    /// Every preset, by name.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        PRESETS.iter()
    }

    /// The query that reads the system's users, as a database quotes names.
    pub(super) fn query(&self, prefix: Option<&str>, quoted: &dyn Fn(&str) -> String) -> Result<String, String> {
        let prefix = prefix.unwrap_or(self.prefix);
        if !prefix.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.')) {
            return Err("--source-prefix is letters, digits, `_`, `$` and `.`".to_owned());
        }
        let text = |text: &str| with_names(&text.replace("{}", prefix), quoted);
        let fields = std::iter::once((KEY, self.key)).chain(self.fields.iter().copied());
        let fields: Vec<String> =
            fields.map(|(field, value)| format!("{} AS {}", text(value), quoted(field))).collect();
        let only = if self.only.is_empty() { String::new() } else { format!("\nWHERE {}", text(self.only)) };
        Ok(format!("SELECT {}\nFROM {}{only}", fields.join(", "), text(self.from)))
    }
}

/// A text whose names between backticks are quoted, each part of `schema.table` on its own.
fn with_names(text: &str, quoted: &dyn Fn(&str) -> String) -> String {
    let name = |part: &str| part.split('.').map(quoted).collect::<Vec<_>>().join(".");
    text.split('`').enumerate().map(|(at, part)| if at % 2 == 0 { part.to_owned() } else { name(part) }).collect()
}

const PRESETS: &[Preset] = &[
    Preset {
        name: "devise",
        system: "Devise (Rails) without a pepper",
        prefix: "",
        from: "{}users u",
        key: "u.id",
        fields: &[("primaryEmail", "NULLIF(u.email, '')"), ("passwordEncrypted", "NULLIF(u.encrypted_password, '')")],
        only: "",
        notes: "with a pepper use devise_peppered",
    },
    Preset {
        name: "devise_peppered",
        system: "Devise (Rails) with a pepper",
        prefix: "",
        from: "{}users u",
        key: "u.id",
        fields: &[
            ("primaryEmail", "NULLIF(u.email, '')"),
            ("passwordEncrypted", "NULLIF(u.encrypted_password, '')"),
            ("passwordEncryptionMethod", "'devise'"),
        ],
        only: "",
        notes: "the pepper is the key `devise`: --key-file devise=PATH",
    },
    Preset {
        name: "django",
        system: "Django's own user model",
        prefix: "",
        from: "{}auth_user u",
        key: "u.id",
        fields: &[
            ("username", "u.username"),
            ("primaryEmail", "NULLIF(u.email, '')"),
            ("firstName", "NULLIF(u.first_name, '')"),
            ("lastName", "NULLIF(u.last_name, '')"),
            ("passwordEncrypted", "CASE WHEN u.password NOT LIKE '!%' THEN NULLIF(u.password, '') END"),
            ("passwordEncryptionMethod", "'django'"),
        ],
        only: "",
        notes: "a password that begins with `!` is one that Django lets nobody use",
    },
    Preset {
        name: "drupal7",
        system: "Drupal 7",
        prefix: "",
        from: "{}users u",
        key: "u.uid",
        fields: &[
            ("username", "NULLIF(u.name, '')"),
            ("primaryEmail", "NULLIF(u.mail, '')"),
            ("passwordEncrypted", "NULLIF(u.pass, '')"),
        ],
        only: "u.uid > 0",
        notes: "",
    },
    Preset {
        name: "drupal8",
        system: "Drupal 8 and later",
        prefix: "",
        from: "{}users_field_data u",
        key: "u.uid",
        fields: &[
            ("username", "NULLIF(u.name, '')"),
            ("primaryEmail", "NULLIF(u.mail, '')"),
            ("passwordEncrypted", "NULLIF(u.pass, '')"),
        ],
        only: "u.uid > 0 AND u.default_langcode = 1",
        notes: "",
    },
    Preset {
        name: "flarum",
        system: "Flarum",
        prefix: "",
        from: "{}users u",
        key: "u.id",
        fields: &[
            ("username", "u.username"),
            ("primaryEmail", "NULLIF(u.email, '')"),
            ("passwordEncrypted", "NULLIF(u.password, '')"),
        ],
        only: "",
        notes: "",
    },
    Preset {
        name: "ghost",
        system: "Ghost",
        prefix: "",
        from: "{}users u",
        key: "u.id",
        fields: &[
            ("primaryEmail", "NULLIF(u.email, '')"),
            ("name", "NULLIF(u.name, '')"),
            ("passwordEncrypted", "NULLIF(u.password, '')"),
        ],
        only: "",
        notes: "",
    },
    Preset {
        name: "ipboard3",
        system: "Invision Power Board 3",
        prefix: "",
        from: "{}members m",
        key: "m.member_id",
        fields: &[
            ("username", "NULLIF(m.name, '')"),
            ("primaryEmail", "NULLIF(m.email, '')"),
            ("passwordEncrypted", "NULLIF(m.members_pass_hash, '')"),
            ("passwordSalt", "m.members_pass_salt"),
            ("passwordEncryptionMethod", "'mybb'"),
        ],
        only: "",
        notes: "IP.Board computes what MyBB does",
    },
    Preset {
        name: "joomla",
        system: "Joomla 1.5 and later",
        prefix: "jos_",
        from: "{}users u",
        key: "u.id",
        fields: &[
            ("username", "u.username"),
            ("primaryEmail", "NULLIF(u.email, '')"),
            ("name", "NULLIF(u.name, '')"),
            ("passwordEncrypted", "NULLIF(u.password, '')"),
            ("passwordEncryptionMethod", "'joomla'"),
        ],
        only: "",
        notes: "Joomla makes a prefix up for each site: see configuration.php",
    },
    Preset {
        name: "laravel",
        system: "Laravel",
        prefix: "",
        from: "{}users u",
        key: "u.id",
        fields: &[
            ("primaryEmail", "NULLIF(u.email, '')"),
            ("name", "NULLIF(u.name, '')"),
            ("passwordEncrypted", "NULLIF(u.password, '')"),
        ],
        only: "",
        notes: "",
    },
    Preset {
        name: "magento1",
        system: "Magento 1 and OpenMage, customers",
        prefix: "",
        from: "{}customer_entity e LEFT JOIN {}customer_entity_varchar v ON v.entity_id = e.entity_id AND v.attribute_id = (SELECT a.attribute_id FROM {}eav_attribute a WHERE a.attribute_code = 'password_hash' AND a.entity_type_id = e.entity_type_id)",
        key: "e.entity_id",
        fields: &[
            ("primaryEmail", "e.email"),
            ("passwordEncrypted", "NULLIF(v.value, '')"),
            ("passwordEncryptionMethod", "CASE WHEN v.value LIKE '$2%' THEN 'bcrypt' ELSE 'magento1' END"),
        ],
        only: "",
        notes: "an email can stand once for each website; the second is rejected as a duplicate",
    },
    Preset {
        name: "magento2",
        system: "Magento 2 and Adobe Commerce, customers",
        prefix: "",
        from: "{}customer_entity e",
        key: "e.entity_id",
        fields: &[
            ("primaryEmail", "e.email"),
            ("firstName", "NULLIF(e.firstname, '')"),
            ("lastName", "NULLIF(e.lastname, '')"),
            ("passwordEncrypted", "NULLIF(e.password_hash, '')"),
            ("passwordEncryptionMethod", "'magento'"),
        ],
        only: "",
        notes: "an email can stand once for each website; the second is rejected as a duplicate",
    },
    Preset {
        name: "mastodon",
        system: "Mastodon, local accounts",
        prefix: "",
        from: "{}users u JOIN {}accounts a ON a.id = u.account_id",
        key: "u.id",
        fields: &[
            ("username", "a.username"),
            ("primaryEmail", "NULLIF(u.email, '')"),
            ("name", "NULLIF(a.display_name, '')"),
            ("passwordEncrypted", "NULLIF(u.encrypted_password, '')"),
        ],
        only: "",
        notes: "",
    },
    Preset {
        name: "mediawiki",
        system: "MediaWiki",
        prefix: "",
        from: "`{}user` u",
        key: "u.user_id",
        fields: &[
            ("username", "u.user_name"),
            ("primaryEmail", "NULLIF(u.user_email, '')"),
            ("name", "NULLIF(u.user_real_name, '')"),
            ("passwordEncrypted", "NULLIF(u.user_password, '')"),
            ("passwordEncryptionMethod", "'mediawiki'"),
        ],
        only: "u.user_id > 0",
        notes: "before 1.37 on PostgreSQL use mediawiki_postgres; its tables are in a schema: --source-prefix mediawiki.",
    },
    Preset {
        name: "mediawiki_postgres",
        system: "MediaWiki before 1.37 on PostgreSQL",
        prefix: "",
        from: "{}mwuser u",
        key: "u.user_id",
        fields: &[
            ("username", "u.user_name"),
            ("primaryEmail", "NULLIF(u.user_email, '')"),
            ("name", "NULLIF(u.user_real_name, '')"),
            ("passwordEncrypted", "NULLIF(u.user_password, '')"),
            ("passwordEncryptionMethod", "'mediawiki'"),
        ],
        only: "u.user_id > 0",
        notes: "its tables are in a schema: --source-prefix mediawiki.",
    },
    Preset {
        name: "moodle",
        system: "Moodle",
        prefix: "mdl_",
        from: "{}user u",
        key: "u.id",
        fields: &[
            ("username", "u.username"),
            ("primaryEmail", "NULLIF(u.email, '')"),
            ("firstName", "NULLIF(u.firstname, '')"),
            ("lastName", "NULLIF(u.lastname, '')"),
            (
                "passwordEncrypted",
                "CASE WHEN u.password NOT IN ('', 'not cached', 'to be created', 'restored') THEN u.password END",
            ),
        ],
        only: "u.deleted = 0 AND u.username <> 'guest'",
        notes: "passwords of before 2.5 are MD5 with a site's salt: --method with an expression",
    },
    Preset {
        name: "mybb",
        system: "MyBB",
        prefix: "mybb_",
        from: "{}users u",
        key: "u.uid",
        fields: &[
            ("username", "u.username"),
            ("primaryEmail", "NULLIF(u.email, '')"),
            ("passwordEncrypted", "NULLIF(u.password, '')"),
            ("passwordSalt", "u.salt"),
            ("passwordEncryptionMethod", "'mybb'"),
        ],
        only: "",
        notes: "",
    },
    Preset {
        name: "nextcloud",
        system: "Nextcloud and ownCloud",
        prefix: "oc_",
        from: "{}users u LEFT JOIN {}preferences m ON m.userid = u.uid AND m.appid = 'settings' AND m.configkey = 'email'",
        key: "u.uid",
        fields: &[
            ("username", "u.uid"),
            ("primaryEmail", "NULLIF(m.configvalue, '')"),
            ("name", "NULLIF(u.displayname, '')"),
            (
                "passwordEncrypted",
                "CASE WHEN u.password LIKE '_|%' THEN SUBSTR(u.password, 3) ELSE NULLIF(u.password, '') END",
            ),
            (
                "passwordEncryptionMethod",
                "CASE WHEN u.password LIKE '_|%' THEN 'php' WHEN LENGTH(u.password) = 40 THEN 'sha1' ELSE 'devise' END",
            ),
        ],
        only: "",
        notes: "an email that two users have is rejected as a duplicate; who has not signed in since ownCloud 7 needs config.php's passwordsalt as the key `devise`: --key-file devise=PATH",
    },
    Preset {
        name: "odoo",
        system: "Odoo 12 and later",
        prefix: "",
        from: "{}res_users u LEFT JOIN {}res_partner p ON p.id = u.partner_id",
        key: "u.id",
        fields: &[
            ("username", "u.login"),
            ("name", "NULLIF(p.name, '')"),
            ("passwordEncrypted", "NULLIF(u.password, '')"),
            ("passwordEncryptionMethod", "'passlib'"),
        ],
        only: "u.login NOT IN ('__system__', 'public', 'default', 'portaltemplate')",
        notes: "a login is most often an email; it stays the username",
    },
    Preset {
        name: "opencart",
        system: "OpenCart 1.5 to 3, customers",
        prefix: "oc_",
        from: "{}customer c",
        key: "c.customer_id",
        fields: &[
            ("primaryEmail", "c.email"),
            ("telephone", "NULLIF(c.telephone, '')"),
            ("firstName", "NULLIF(c.firstname, '')"),
            ("lastName", "NULLIF(c.lastname, '')"),
            ("passwordEncrypted", "NULLIF(c.password, '')"),
            ("passwordSalt", "CASE WHEN LENGTH(c.password) = 40 THEN c.salt END"),
            (
                "passwordEncryptionMethod",
                "CASE WHEN c.password LIKE '$2%' THEN 'bcrypt' WHEN LENGTH(c.password) = 32 THEN 'md5' ELSE 'opencart' END",
            ),
        ],
        only: "",
        notes: "OpenCart 4 has no column `salt`: select its columns with --source-query",
    },
    Preset {
        name: "phpbb3",
        system: "phpBB 3",
        prefix: "phpbb_",
        from: "{}users u",
        key: "u.user_id",
        fields: &[
            ("username", "u.username"),
            ("primaryEmail", "NULLIF(u.user_email, '')"),
            ("passwordEncrypted", "NULLIF(u.user_password, '')"),
            ("passwordEncryptionMethod", "'phpbb'"),
        ],
        only: "u.user_type <> 2",
        notes: "bots and the anonymous user are left out",
    },
    Preset {
        name: "prestashop",
        system: "PrestaShop 1.5 and later, customers",
        prefix: "ps_",
        from: "{}customer c",
        key: "c.id_customer",
        fields: &[
            ("primaryEmail", "c.email"),
            ("firstName", "NULLIF(c.firstname, '')"),
            ("lastName", "NULLIF(c.lastname, '')"),
            ("passwordEncrypted", "NULLIF(c.passwd, '')"),
        ],
        only: "c.deleted = 0 AND c.is_guest = 0",
        notes: "passwords of before 1.7 are MD5 with the shop's key: --method \"md5('KEY'.$p)\", KEY being its _COOKIE_KEY_",
    },
    Preset {
        name: "punbb",
        system: "PunBB 1.3 and later",
        prefix: "",
        from: "{}users u",
        key: "u.id",
        fields: &[
            ("username", "u.username"),
            ("primaryEmail", "NULLIF(u.email, '')"),
            ("name", "NULLIF(u.realname, '')"),
            ("passwordEncrypted", "NULLIF(u.password, '')"),
            ("passwordSalt", "NULLIF(u.salt, '')"),
            (
                "passwordEncryptionMethod",
                "CASE WHEN NULLIF(u.salt, '') IS NOT NULL THEN 'punbb' WHEN LENGTH(u.password) = 32 THEN 'md5' ELSE 'sha1' END",
            ),
        ],
        only: "u.id > 1",
        notes: "the guest is left out; who has not signed in since 1.2 has no salt",
    },
    Preset {
        name: "redmine",
        system: "Redmine 3 and later",
        prefix: "",
        from: "{}users u LEFT JOIN {}email_addresses e ON e.user_id = u.id AND CAST(e.is_default AS CHAR(1)) IN ('1', 't')",
        key: "u.id",
        fields: &[
            ("username", "NULLIF(u.login, '')"),
            ("primaryEmail", "e.address"),
            ("firstName", "NULLIF(u.firstname, '')"),
            ("lastName", "NULLIF(u.lastname, '')"),
            ("passwordEncrypted", "NULLIF(u.hashed_password, '')"),
            ("passwordSalt", "u.salt"),
            ("passwordEncryptionMethod", "'redmine'"),
        ],
        only: "u.type = 'User'",
        notes: "users of a directory have no password",
    },
    Preset {
        name: "smf",
        system: "Simple Machines Forum 2.0 and 2.1",
        prefix: "smf_",
        from: "{}members m",
        key: "m.id_member",
        fields: &[
            ("username", "m.member_name"),
            ("primaryEmail", "NULLIF(m.email_address, '')"),
            ("name", "NULLIF(m.real_name, '')"),
            ("passwordEncrypted", "NULLIF(m.passwd, '')"),
            ("passwordEncryptionMethod", "CASE WHEN m.passwd LIKE '$2%' THEN 'smf21' ELSE 'smf' END"),
        ],
        only: "",
        notes: "the name is part of the hash: users who were renamed cannot sign in there either",
    },
    Preset {
        name: "vbulletin",
        system: "vBulletin 3 and 4",
        prefix: "",
        from: "{}user u",
        key: "u.userid",
        fields: &[
            ("username", "u.username"),
            ("primaryEmail", "NULLIF(u.email, '')"),
            ("passwordEncrypted", "NULLIF(u.password, '')"),
            ("passwordSalt", "u.salt"),
            ("passwordEncryptionMethod", "'vbulletin'"),
        ],
        only: "",
        notes: "vBulletin 5 keeps hashes in `token`: select it with --source-query",
    },
    Preset {
        name: "wbb3",
        system: "WoltLab Burning Board 3",
        prefix: "wcf1_",
        from: "{}user u",
        key: "u.userID",
        fields: &[
            ("username", "u.username"),
            ("primaryEmail", "NULLIF(u.email, '')"),
            ("passwordEncrypted", "NULLIF(u.password, '')"),
            ("passwordSalt", "u.salt"),
            ("passwordEncryptionMethod", "'wbb3'"),
        ],
        only: "",
        notes: "",
    },
    Preset {
        name: "wordpress",
        system: "WordPress",
        prefix: "wp_",
        from: "{}users u",
        key: "u.ID",
        fields: &[
            ("username", "u.user_login"),
            ("primaryEmail", "NULLIF(u.user_email, '')"),
            ("name", "NULLIF(u.display_name, '')"),
            ("passwordEncrypted", "NULLIF(NULLIF(u.user_pass, ''), '*')"),
            ("passwordEncryptionMethod", "'wordpress'"),
        ],
        only: "",
        notes: "",
    },
    Preset {
        name: "zabbix",
        system: "Zabbix 5.4 and later",
        prefix: "",
        from: "{}users u",
        key: "u.userid",
        fields: &[
            ("username", "u.username"),
            ("firstName", "NULLIF(u.name, '')"),
            ("lastName", "NULLIF(u.surname, '')"),
            ("passwordEncrypted", "NULLIF(u.passwd, '')"),
            ("passwordEncryptionMethod", "CASE WHEN u.passwd LIKE '$2%' THEN 'bcrypt' ELSE 'md5' END"),
        ],
        only: "u.username <> 'guest'",
        notes: "before 5.4 the name is in a column `alias`: select it with --source-query",
    },
];
