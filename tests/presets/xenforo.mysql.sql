-- XenForo 2.2: src/XF/Install/Data/MySql.php; the password is in serialized PHP.
-- expect: {"records": 4, "hashes": 3}
-- known: {"username": "Ada Łovelace", "primaryEmail": "ada@example.com"}
CREATE TABLE xf_user (
    user_id int(10) UNSIGNED NOT NULL AUTO_INCREMENT,
    username varchar(50) NOT NULL,
    email varchar(120) NOT NULL,
    custom_title varchar(50) NOT NULL DEFAULT '',
    language_id int(10) UNSIGNED NOT NULL,
    visible tinyint(3) UNSIGNED NOT NULL DEFAULT 1,
    user_state enum('valid','email_confirm','email_confirm_edit','moderated','email_bounce','rejected','disabled') NOT NULL
        DEFAULT 'valid',
    PRIMARY KEY (user_id),
    UNIQUE KEY username (username)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_general_ci;
CREATE TABLE xf_user_authenticate (
    user_id int(10) UNSIGNED NOT NULL,
    scheme_class varchar(100) NOT NULL,
    data mediumblob NOT NULL,
    PRIMARY KEY (user_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_general_ci;
INSERT INTO xf_user (user_id, username, email, language_id) VALUES
    (1, 'Ada Łovelace', 'ada@example.com', 1), (2, 'Of 1.2', 'b@example.com', 1), (3, 'Of 1.0', 'c@example.com', 1),
    (4, 'Facebook', 'd@example.com', 1);
INSERT INTO xf_user_authenticate VALUES
    (1, 'XF:Core12', 'a:1:{s:4:"hash";s:60:"$2y$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6";}'),
    (2, 'XenForo_Authentication_Core12', 'a:1:{s:4:"hash";s:60:"$2a$04$abcdefghijklmnopqrstuuCf6/y/XyB6RbeylYqhMKlYRIbGkzWq6";}'),
    (3, 'XenForo_Authentication_Core', 'a:3:{s:4:"hash";s:64:"820bb77254e1de64e00a65deb5bf748cb419aae21a759b0867719b54dac43ae5";s:4:"salt";s:40:"d0be2dc421be4fcd0172e5afceea3970e2f3d940";s:8:"hashFunc";s:6:"sha256";}'),
    (4, 'XF:NoPassword', 'a:0:{}');
