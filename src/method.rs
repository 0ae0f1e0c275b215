//! The tag: which method made a hash. One name each, in one spelling, with the aliases that other systems use.
//! This file knows names only; what a method computes is in `scheme`.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

/// What `rehash methods` shows of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MethodInfo {
    /// The method.
    pub method: Method,
    /// The canonical name.
    pub name: &'static str,
    /// Other accepted spellings, in lower case.
    pub aliases: &'static [&'static str],
    /// The stored text.
    pub grammar: &'static str,
    /// What is computed.
    pub computation: &'static str,
    /// What the method does that surprises.
    pub notes: &'static str,
}

macro_rules! methods {
    ($($variant:ident $name:literal [$($alias:literal),*] $grammar:literal $computation:literal $notes:literal;)*) => {
        /// A method that makes stored hashes: the tag of a record.
        ///
        /// Parses from any documented alias in any case, with `-` and `_` alike or left out; prints its one canonical name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Method {
            $(
                #[doc = concat!("`", $name, "`: ", $computation)]
                $variant,
            )*
        }

        /// Every method, in the order of the enum.
        const METHODS: &[MethodInfo] = &[$(MethodInfo {
            method: Method::$variant,
            name: $name,
            aliases: &[$($alias),*],
            grammar: $grammar,
            computation: $computation,
            notes: $notes,
        }),*];
    };
}

methods! {
    Md5 "md5" ["raw-md5", "unsalted-md5", "md5plain", "hex-md5", "phpbb2", "punbb-md5"] "16 bytes: 32 hex or 22 to 24 base64" "md5($p)" "hex in either case, base64 or base64url, padded or not";
    Sha1 "sha1" ["raw-sha1", "unsalted-sha1", "hex-sha1"] "20 bytes: 40 hex or 27 to 28 base64" "sha1($p)" "hex in either case, base64 or base64url, padded or not";
    Sha256 "sha256" ["sha2-256", "raw-sha256", "hex-sha256"] "32 bytes: 64 hex or 43 to 44 base64" "sha256($p)" "hex in either case, base64 or base64url, padded or not";
    Bcrypt "bcrypt" ["blowfish", "bf", "bcrypt-django", "django-bcrypt", "ldap-bcrypt"] "$2[abxy]$NN$ and 53 of ./A-Za-z0-9; $2$ too; $bcrypt$v=98$r=NN$SALT$HASH" "bcrypt($p)" "ignores all after 72 bytes; a password with a NUL never matches; $2x$ has its sign-extension bug";
    Argon2i "argon2i" [] "$argon2i$[v=19$]m=KIB,t=PASSES,p=LANES[,keyid=…][,data=…]$SALT$HASH" "argon2i($p)" "no v= means version 0x10; keyid= needs a registered key";
    Argon2d "argon2d" [] "$argon2d$[v=19$]m=KIB,t=PASSES,p=LANES[,keyid=…][,data=…]$SALT$HASH" "argon2d($p)" "no v= means version 0x10; keyid= needs a registered key";
    Argon2id "argon2id" [] "$argon2id$[v=19$]m=KIB,t=PASSES,p=LANES[,keyid=…][,data=…]$SALT$HASH" "argon2id($p)" "no v= means version 0x10; keyid= needs a registered key";
    Md4 "md4" ["raw-md4", "hex-md4"] "16 bytes: 32 hex or 22 to 24 base64" "md4($p)" "hex in either case, base64 or base64url, padded or not";
    Sha224 "sha224" [] "28 bytes: 56 hex or 38 to 40 base64" "sha224($p)" "hex in either case, base64 or base64url, padded or not";
    Sha384 "sha384" [] "48 bytes: 96 hex or 64 base64" "sha384($p)" "hex in either case, base64 or base64url, padded or not";
    Sha512 "sha512" ["sha2-512", "raw-sha512", "hex-sha512"] "64 bytes: 128 hex or 86 to 88 base64" "sha512($p)" "hex in either case, base64 or base64url, padded or not";
    Sha512T256 "sha512_256" ["sha512/256"] "32 bytes: 64 hex or 43 to 44 base64" "sha512_256($p)" "hex in either case, base64 or base64url, padded or not";
    Sha3T224 "sha3_224" [] "28 bytes: 56 hex or 38 to 40 base64" "sha3_224($p)" "hex in either case, base64 or base64url, padded or not";
    Sha3T256 "sha3_256" [] "32 bytes: 64 hex or 43 to 44 base64" "sha3_256($p)" "hex in either case, base64 or base64url, padded or not";
    Sha3T384 "sha3_384" [] "48 bytes: 96 hex or 64 base64" "sha3_384($p)" "hex in either case, base64 or base64url, padded or not";
    Sha3T512 "sha3_512" [] "64 bytes: 128 hex or 86 to 88 base64" "sha3_512($p)" "hex in either case, base64 or base64url, padded or not";
    Keccak256 "keccak_256" [] "32 bytes: 64 hex or 43 to 44 base64" "keccak_256($p)" "hex in either case, base64 or base64url, padded or not";
    Keccak512 "keccak_512" [] "64 bytes: 128 hex or 86 to 88 base64" "keccak_512($p)" "hex in either case, base64 or base64url, padded or not";
    Ripemd160 "ripemd160" ["rmd160"] "20 bytes: 40 hex or 27 to 28 base64" "ripemd160($p)" "hex in either case, base64 or base64url, padded or not";
    Whirlpool "whirlpool" [] "64 bytes: 128 hex or 86 to 88 base64" "whirlpool($p)" "hex in either case, base64 or base64url, padded or not";
    Blake2b512 "blake2b512" ["blake2b"] "64 bytes: 128 hex or 86 to 88 base64" "blake2b512($p)" "hex in either case, base64 or base64url, padded or not";
    Blake2s256 "blake2s256" ["blake2s"] "32 bytes: 64 hex or 43 to 44 base64" "blake2s256($p)" "hex in either case, base64 or base64url, padded or not";
    Md5SaltedPrefix "md5_salted_prefix" ["salted-prefix-md5", "oscommerce", "xt-commerce"] "HASH, with the salt in passwordSalt or after a `:`" "md5($s.$p)" "the salt is taken byte for byte";
    Md5SaltedSuffix "md5_salted_suffix" ["salted-suffix-md5", "joomla-md5"] "HASH, with the salt in passwordSalt or after a `:`" "md5($p.$s)" "the salt is taken byte for byte";
    Sha1SaltedPrefix "sha1_salted_prefix" ["salted-prefix-sha1"] "HASH, with the salt in passwordSalt or after a `:`" "sha1($s.$p)" "the salt is taken byte for byte";
    Sha1SaltedSuffix "sha1_salted_suffix" ["salted-suffix-sha1"] "HASH, with the salt in passwordSalt or after a `:`" "sha1($p.$s)" "the salt is taken byte for byte";
    Sha256SaltedPrefix "sha256_salted_prefix" ["salted-prefix-sha256"] "HASH, with the salt in passwordSalt or after a `:`, or sha256$SALT$HEX" "sha256($s.$p)" "the salt is taken byte for byte";
    Sha256SaltedSuffix "sha256_salted_suffix" ["salted-suffix-sha256"] "HASH, with the salt in passwordSalt or after a `:`" "sha256($p.$s)" "the salt is taken byte for byte";
    Sha512SaltedPrefix "sha512_salted_prefix" ["salted-prefix-sha512"] "HASH, with the salt in passwordSalt or after a `:`, or sha512$SALT$HEX" "sha512($s.$p)" "the salt is taken byte for byte";
    Sha512SaltedSuffix "sha512_salted_suffix" ["salted-suffix-sha512"] "HASH, with the salt in passwordSalt or after a `:`" "sha512($p.$s)" "the salt is taken byte for byte";
    JoomlaSha256 "joomla_sha256" [] "{SHA256}HEX:SALT" "sha256($p.$s)" "before version 3.3; its MD5 is md5_salted_suffix";
    Vbulletin "vbulletin" ["vbulletin3", "vbulletin4", "vb"] "HASH, with the salt in passwordSalt or after a `:`" "md5(md5($p).$s)" "versions 3 and 4; where the password does not match as it is, it is tried as its pages sent it: vb(trim($p))";
    Mybb "mybb" [] "HASH, with the salt in passwordSalt or after a `:`" "md5(md5($s).md5($p))" "";
    Ipb "ipb" ["ipb2", "ipb3", "invision", "ipboard"] "HASH, with the salt in passwordSalt or after a `:`" "md5(md5($s).md5(ipb($p)))" "IP.Board before version 4";
    Punbb "punbb" ["fluxbb"] "HASH, with the salt in passwordSalt or after a `:`" "sha1($s.sha1($p))" "where the password does not match as it is, it is tried without white space around it";
    Redmine "redmine" [] "HASH, with the salt in passwordSalt or after a `:`" "sha1($s.sha1($p))" "";
    Opencart "opencart" [] "HASH, with the salt in passwordSalt or after a `:`" "sha1($s.sha1($s.sha1($p)))" "";
    Wbb3 "wbb3" ["burning-board-3"] "HASH, with the salt in passwordSalt or after a `:`" "sha1($s.sha1($s.sha1($p)))" "Burning Board 3";
    Smf1 "smf" ["smf1", "smf1-sha1", "smf2"] "40 hex; the name in passwordUser or username" "sha1(ascii_lc($u).$p)" "a renamed user needs the old name in passwordUser; where the password does not match as it is, it is tried as unhtml($p), latin1($p) and latin1(unhtml($p))";
    Smf21 "smf21" ["smf21-bcrypt"] "$2y$…; the name in passwordUser or username" "bcrypt(lc($u).$p)" "the name takes part of bcrypt's 72 bytes";
    MediawikiA "mediawiki_a" [] ":A:HEX, or :A:SALT:HEX" "md5($p)" "with a salt it is what :B: is";
    MediawikiB "mediawiki_b" ["mediawiki-md5"] ":B:SALT:HEX or $B$SALT$HEX" "md5($s.'-'.md5($p))" "";
    MediawikiPbkdf2 "mediawiki_pbkdf2" [] ":pbkdf2:HASH:ROUNDS:BYTES:SALT:HASH; :pbkdf2-legacyA: and B: with `!` between the parts" "pbkdf2($p)" "legacy: over what was :A: or :B:";
    PostgresMd5 "postgres_md5" ["postgresql-md5"] "md5 and 32 hex; the role in passwordUser or username" "md5($p.$u)" "";
    ScramSha256 "scram_sha256" ["postgres-scram"] "SCRAM-SHA-256$ROUNDS:SALT$STOREDKEY:SERVERKEY, or {SCRAM-SHA-256}ROUNDS,SALT,STOREDKEY,SERVERKEY" "scram_sha256($p)" "the password is tried as SASLprep makes it, and as it was typed";
    Mysql323 "mysql323" ["mysql-old", "old-password"] "16 hex" "mysql323($p)" "blanks and tabs in a password do not count";
    Mysql41 "mysql41" ["mysql-native-password", "mysql5", "mysql-sha1"] "* and 40 hex" "sha1(sha1_raw($p))" "the * may be missing where the tag says mysql41";
    Oracle10 "oracle10" ["oracle10g"] "16 hex; the name in passwordUser or username" "oracle10($u.$p)" "name and password have no case: an accepted password is not replaced";
    Oracle11 "oracle11" ["oracle-s"] "S: and 60 hex" "sha1_raw($p.$s)" "";
    Mssql2000 "mssql2000" [] "0x0100, 8 hex of salt, 40 and 40 hex" "sha1_raw(utf16le($p).$s).sha1_raw(utf16le(uc($p)).$s)" "both hashes must match, so that case counts";
    Mssql2005 "mssql2005" ["mssql2008"] "0x0100, 8 hex of salt and 40 hex" "sha1_raw(utf16le($p).$s)" "";
    Mssql2012 "mssql2012" ["mssql2014"] "0x0200, 8 hex of salt and 128 hex" "sha512_raw(utf16le($p).$s)" "";
    Ntlm "ntlm" ["nt", "nthash"] "32 hex, or $3$$ and 32 hex" "md4(utf16le($p))" "hex in either case, base64 or base64url, padded or not";
    LdapMd5 "ldap_md5" ["ldap-hex-md5"] "{MD5} and base64 or hex" "md5($p)" "the scheme's name in either case; {LDAP-MD5} and {PLAIN-MD5} too";
    LdapSha "ldap_sha" ["ldap-sha1", "ldap-hex-sha1"] "{SHA} and base64 or hex" "sha1($p)" "the scheme's name in either case; {SHA1} too";
    LdapSha256 "ldap_sha256" [] "{SHA256} and base64 or hex" "sha256($p)" "without a salt";
    LdapSha384 "ldap_sha384" [] "{SHA384} and base64 or hex" "sha384($p)" "without a salt";
    LdapSha512 "ldap_sha512" [] "{SHA512} and base64 or hex" "sha512($p)" "without a salt";
    LdapSmd5 "ldap_smd5" ["smd5", "ldap-salted-md5"] "{SMD5} and base64 of hash and salt" "md5_raw($p.$s)" "the scheme's name in either case";
    LdapSsha "ldap_ssha" ["ssha", "ldap-salted-sha1"] "{SSHA} and base64 of hash and salt" "sha1_raw($p.$s)" "the scheme's name in either case";
    LdapSsha256 "ldap_ssha256" ["ssha256", "ldap-salted-sha256"] "{SSHA256} and base64 of hash and salt" "sha256_raw($p.$s)" "the scheme's name in either case";
    LdapSsha384 "ldap_ssha384" ["ssha384"] "{SSHA384} and base64 of hash and salt" "sha384_raw($p.$s)" "the scheme's name in either case";
    LdapSsha512 "ldap_ssha512" ["ssha512", "ldap-salted-sha512"] "{SSHA512} and base64 of hash and salt" "sha512_raw($p.$s)" "the scheme's name in either case";
    DjangoMd5 "django_md5" ["django-salted-md5"] "md5$SALT$HEX" "md5($s.$p)" "";
    DjangoSha1 "django_sha1" ["django-salted-sha1"] "sha1$SALT$HEX" "sha1($s.$p)" "";
    DjangoPbkdf2 "django_pbkdf2" ["django-pbkdf2-sha256", "pbkdf2-sha256-django", "django-pbkdf2-sha1", "pbkdf2-django", "pbkdf2-sha1-django"] "pbkdf2_sha256$ROUNDS$SALT$HASH or pbkdf2_sha1$…" "pbkdf2($p)" "the salt is text; Clerk writes the same with a salt in base64";
    DjangoWrappedSha1 "django_wrapped_sha1" ["pbkdf2-wrapped-sha1", "django-pbkdf2-wrapped-sha1-sha256"] "pbkdf2_wrapped_sha1$ROUNDS$SALT$HASH" "pbkdf2(sha1($s.$p))" "the salt is that of both";
    DjangoWrappedMd5 "django_wrapped_md5" ["pbkdf2-wrapped-md5"] "pbkdf2_wrapped_md5$ROUNDS$SALT$HASH" "pbkdf2(md5($s.$p))" "the salt is that of both";
    DjangoScrypt "django_scrypt" ["scrypt-django"] "scrypt$N$SALT$R$P$HASH" "scrypt($p)" "";
    DjangoBcryptSha256 "django_bcrypt_sha256" ["bcrypt-sha256-django"] "bcrypt_sha256$$2b$…" "bcrypt(sha256($p))" "";
    PasslibBcryptSha256 "passlib_bcrypt_sha256" ["bcrypt-sha256-passlib"] "$bcrypt-sha256$2b,12$SALT$HASH or $bcrypt-sha256$v=2,t=2b,r=12$SALT$HASH" "bcrypt(b64(hmac_sha256_raw($s,$p)))" "version 1: bcrypt(b64(sha256_raw($p)))";
    WordpressBcrypt "wordpress_bcrypt" ["wp-bcrypt", "wordpress68"] "$wp$2y$…" "bcrypt(b64(hmac_sha384_raw('wp-sha384',$p)))" "WordPress 6.8; where the password does not match as it is, it is tried as trim($p) and as trim(slashes($p)), which WordPress made of it";
    WordpressPhpass "wordpress_phpass" ["wp-phpass"] "$P$ or $H$, 31 characters" "phpass($p)" "WordPress before 6.8; otherwise tried as wordpress_bcrypt";
    WordpressMd5 "wordpress_md5" ["wp-md5"] "32 hex" "md5($p)" "WordPress before 2.5; otherwise tried as wordpress_bcrypt";
    BcryptMd5 "bcrypt_md5" ["bcrypt-md5hex"] "$2y$…" "bcrypt(md5($p))" "";
    BcryptSha1 "bcrypt_sha1" [] "$2y$…" "bcrypt(sha1($p))" "";
    BcryptSha256 "bcrypt_sha256_hex" ["meteor", "rocketchat"] "$2y$…" "bcrypt(sha256($p))" "Meteor";
    BcryptSha384 "bcrypt_sha384" ["typo3-bcrypt", "myth-auth"] "$2y$…" "bcrypt(b64(sha384_raw($p)))" "TYPO3's $2y$, Myth:Auth's, and BCrypt.Net's enhanced";
    BcryptSha512 "bcrypt_sha512" [] "$2y$…" "bcrypt(sha512($p))" "";
    SymfonyBcrypt "symfony_bcrypt" ["bcrypt-symfony"] "$2y$…" "bcrypt(php72($p))" "what has more than 72 bytes or a NUL is hashed with SHA-512 first";
    BcryptNfkc "bcrypt_nfkc" ["lucia-bcrypt", "oslo-bcrypt"] "$2b$…" "bcrypt(nfkc($p))" "Lucia's and Oslo's: the password is brought into Unicode's form KC";
    Argon2idNfkc "argon2id_nfkc" ["lucia-argon2id", "oslo-argon2id"] "$argon2id$…" "argon2id(nfkc($p))" "Lucia's and Oslo's: the password is brought into Unicode's form KC";
    BcryptPeppered "bcrypt_peppered" ["clerk-bcrypt-peppered"] "$2a$…$PEPPER" "bcrypt($p.$s)" "Clerk's: the pepper stands in the row";
    Devise "devise" ["bcrypt-devise-pepper", "bcrypt-pepper"] "$2a$…; the pepper is the key `devise`" "bcrypt($p.key:devise)" "what pepper stands after 72 bytes never counted";
    Pbkdf2 "pbkdf2" ["pbkdf2-phc", "pbkdf2-mcf", "passlib-pbkdf2", "pbkdf2-passlib"] "$pbkdf2-HASH$ROUNDS$SALT$HASH, $pbkdf2-HASH$i=ROUNDS,l=BYTES$SALT$HASH or $pbkdf2$f=HASH,w=ROUNDS,l=BYTES$SALT$HASH" "pbkdf2($p)" "base64 with . or +; Kratos means SHA-3 by sha224 and sha384";
    KratosPbkdf2 "kratos_pbkdf2" ["pbkdf2-kratos"] "$pbkdf2-HASH$i=ROUNDS,l=BYTES$SALT$HASH" "pbkdf2($p)" "sha224 and sha384 mean SHA-3";
    ClerkPbkdf2 "clerk_pbkdf2" ["pbkdf2-clerk"] "pbkdf2_sha256$ROUNDS$SALT$HASH and its like" "pbkdf2($p)" "pbkdf2_sha256 has a salt in base64; Django writes the same with a salt that is text";
    WerkzeugPbkdf2 "werkzeug_pbkdf2" ["pbkdf2-werkzeug"] "pbkdf2:HASH:ROUNDS$SALT$HEX" "pbkdf2($p)" "without rounds it is refused";
    DefusePbkdf2 "defuse_pbkdf2" ["crackstation", "password-storage"] "HASH:ROUNDS:SALT:BASE64, or HASH:ROUNDS:BYTES:SALT:BASE64" "pbkdf2($p)" "in the first the salt is text, in the second base64";
    SeafilePbkdf2 "seafile_pbkdf2" ["seafile"] "PBKDF2SHA256$ROUNDS$SALT$HASH in hex" "pbkdf2($p)" "the salt is hex";
    HashAndSalt "hash_and_salt_pbkdf2" ["password-hash-and-salt"] "pbkdf2$ROUNDS$HASH$SALT in hex" "pbkdf2($p)" "npm's password-hash-and-salt: SHA-1; the salt is hex";
    Web2pyPbkdf2 "web2py_pbkdf2" ["web2py"] "pbkdf2(ROUNDS,BYTES,HASH)$SALT$HEX" "pbkdf2($p)" "the salt is text";
    WerkzeugScrypt "werkzeug_scrypt" ["scrypt-werkzeug"] "scrypt:N:R:P$SALT$HEX" "scrypt($p)" "";
    Atlassian "atlassian" ["pkcs5s2", "jira", "confluence", "atlassian-pbkdf2-sha1"] "{PKCS5S2} and base64" "pbkdf2($p)" "";
    Aspnet "aspnet" ["aspnet-v2", "aspnet-v3", "aspnet-identity"] "base64 of a version byte, parameters, salt and key" "pbkdf2($p)" "the version byte says which: 0 or 1";
    SpringPbkdf2 "spring_pbkdf2" ["pbkdf2-spring"] "{pbkdf2}HEX, {pbkdf2@SpringSecurity_v5_8}HEX, or HEX" "pbkdf2($p)" "parameters are those of the prefix, or of the length without one; no application secret";
    SpringScrypt "spring_scrypt" ["scrypt-spring"] "$PARAMETERS$SALT$HASH" "scrypt($p)" "";
    SpringMd4 "spring_md4" [] "[{MD4}][{SALT}]HEX" "md4($p.'{'.$s.'}')" "braces are hashed";
    SpringMd5 "spring_md5" [] "[{MD5}][{SALT}]HEX" "md5($p.'{'.$s.'}')" "braces are hashed";
    SpringSha1 "spring_sha1" [] "[{SHA-1}][{SALT}]HEX" "sha1($p.'{'.$s.'}')" "braces are hashed";
    SpringSha256 "spring_sha256" [] "[{SHA-256}][{SALT}]HEX" "sha256($p.'{'.$s.'}')" "braces are hashed; {sha256} is another encoder";
    SpringStandard "spring_standard" [] "{sha256} and 80 hex of salt and hash" "iterate(1024,sha256_raw($s.$p))" "{SHA-256} is another encoder; no application secret";
    SymfonyPbkdf2 "symfony_pbkdf2" ["pbkdf2-symfony"] "base64 or hex of 40 bytes; salt in passwordSalt" "pbkdf2($p)" "SHA-512, 1000 rounds, the defaults; for others write $pbkdf2-sha512$ROUNDS$SALT$HASH";
    ClerkSymfony "clerk_sha512_symfony" ["sha512-symfony"] "sha512_symfony$ROUNDS$SALT$HASH" "iterate(rounds,sha512($x.$p.'{'.$s.'}'))" "";
    WerkzeugHmac "werkzeug_hmac" [] "HASH$SALT$HEX" "hmac($s,$p)" "before version 2.3; Django writes the same with another meaning";
    LdapPbkdf2 "ldap_pbkdf2" ["ldap-pbkdf2-sha1", "ldap-pbkdf2-sha256", "ldap-pbkdf2-sha512", "pbkdf2-ldap"] "{PBKDF2-SHA256}ROUNDS$SALT$HASH, {PBKDF2_SHA256} and base64 of rounds, salt and key, {PBKDF2-HMAC-SHA256}ROUNDS:BASE64, or {PBKDF2}$1$SALT$ROUNDS$HEX" "pbkdf2($p)" "OpenLDAP's, 389 Directory Server's, OpenDJ's and Dovecot's";
    Fshp "fshp" [] "{FSHP1|SALTBYTES|ROUNDS} and base64 of salt and hash" "iterate(rounds,sha256_raw($s.$p))" "variants 0 to 3: SHA-1, SHA-256, SHA-384, SHA-512";
    Magento "magento" ["magento2"] "HEX:SALT:VERSION[:VERSION…]" "md5, sha256 or argon2id of $s.$p, each over the one before" "versions 0, 1, 2 and 3_BYTES_PASSES_MEMORY, and chains of them";
    SymfonyDigest "symfony_digest" ["symfony-sha512"] "base64 or hex of 64 bytes; salt in passwordSalt" "iterate(4999,sha512_raw($p.'{'.$s.'}'),sha512_raw($x.$p.'{'.$s.'}'))" "5000 rounds, the default";
    Scrypt "scrypt" ["scrypt-phc"] "$scrypt$ln=LOG2N,r=R,p=P$SALT$HASH or $scrypt$n=N,r=R,p=P$…" "scrypt($p)" "Kratos writes N itself after ln=";
    KratosScrypt "kratos_scrypt" ["scrypt-kratos"] "$scrypt$ln=N,r=R,p=P$SALT$HASH" "scrypt($p)" "ln= is N itself";
    RubyScrypt "ruby_scrypt" ["scrypt-ruby", "authlogic-scrypt"] "HEXN$HEXR$HEXP$SALT$HASH, all in hex" "scrypt($p)" "Authlogic hashes ruby_scrypt($p.$s)";
    Scrypt7 "scrypt7" ["scrypt-crypt"] "$7$COSTS SALT$HASH" "scrypt($p)" "the salt is text";
    Yescrypt "yescrypt" [] "$y$PARAMETERS$SALT$HASH" "yescrypt($p)" "";
    GostYescrypt "gost_yescrypt" [] "$gy$PARAMETERS$SALT$HASH" "hmac(hmac(gost($p),setting),yescrypt($p))" "";
    FirebaseScrypt "firebase_scrypt" ["scrypt-firebase", "firebase", "firescrypt", "fbscrypt"] "$fbscrypt$v=1,n=N,r=R,p=1,ss=SEPARATOR,sk=SIGNER$SALT$HASH; Kratos', Clerk's, passwap's and ReachFive's forms" "aes256_ctr(scrypt($p),signer)" "sk=key:NAME names a registered signer key";
    KratosTemplate "kratos_template" ["kratos-md5", "kratos-sha"] "$md5$HASH or $sha256$pf=TEMPLATE$SALT$HASH" "the template" "all in base64";
    KratosHmac "kratos_hmac" ["hmac"] "$hmac-HASH$BASE64OFHEX$KEY" "hmac($s,$p)" "";
    Legacy "legacy" ["logto-legacy"] "[\"HASH\",[…,\"@\",…],\"HEX\"]" "the JSON" "Logto's, with pbkdf2 and firebase-scrypt";
    Grub "grub" ["grub-pbkdf2-sha512", "grub-pbkdf2"] "grub.pbkdf2.sha512.ROUNDS.HEX.HEX" "pbkdf2($p)" "";
    CtaPbkdf2 "cta_pbkdf2" ["cta-pbkdf2-sha1", "cta"] "$p5k2$HEXROUNDS$SALT$HASH=" "pbkdf2($p)" "Cryptacular's";
    DlitzPbkdf2 "dlitz_pbkdf2" ["dlitz-pbkdf2-sha1", "dlitz"] "$p5k2$HEXROUNDS$SALT$HASH" "pbkdf2($p)" "Litzenberger's: the salt is text";
    Phpass "phpass" ["phpass-md5", "md5-phpass", "portable"] "$P$ or $H$, 31 characters" "phpass($p)" "";
    Phpbb3 "phpbb3" [] "$H$ or $P$, 31 characters" "phpass($p)" "where the password does not match as it is, it is tried as nfc(html(trim($p))), which phpBB made of it";
    Drupal7 "drupal7" [] "$S$ and 52 characters; U$S$… over an MD5" "drupal7($p)" "passwords of up to 512 bytes; where one does not match as it is, it is tried without white space around it";
    Md5crypt "md5crypt" ["freebsd-md5", "ldap-md5-crypt"] "$1$SALT$HASH or $md5-crypt$…" "md5crypt($p)" "";
    Apr1 "apr1" ["apr-md5-crypt", "apache-md5"] "$apr1$SALT$HASH" "apr1($p)" "";
    Sha256crypt "sha256crypt" ["ldap-sha256-crypt"] "$5$[rounds=N$]SALT$HASH or $sha256-crypt$…" "sha256crypt($p)" "";
    Sha512crypt "sha512crypt" ["ldap-sha512-crypt"] "$6$[rounds=N$]SALT$HASH or $sha512-crypt$…" "sha512crypt($p)" "";
    Sha1crypt "sha1crypt" ["netbsd-sha1", "ldap-sha1-crypt"] "$sha1$ROUNDS$SALT$HASH" "sha1crypt($p)" "";
    Sunmd5 "sunmd5" ["sun-md5-crypt", "solaris-md5"] "$md5$SALT$$HASH, $md5,rounds=N$… or $md5$rounds=N$…" "sunmd5($p)" "one $ or two before the hash make a difference";
    Descrypt "descrypt" ["unix-crypt", "crypt-des", "traditional-des", "ldap-des-crypt"] "13 of ./0-9A-Za-z" "descrypt($p)" "looks at seven bits of eight characters";
    Bsdicrypt "bsdicrypt" ["bsdi", "ext-des-crypt", "extended-des", "ldap-bsdi-crypt"] "_ and 19 of ./0-9A-Za-z" "bsdicrypt($p)" "looks at seven bits of a character";
    WoltlabBcrypt "woltlab_bcrypt" ["double-bcrypt", "wcf2"] "$2a$… or DoubleBcrypt:$2a$…" "bcrypt(bcrypt($p))" "WoltLab Suite before 5.4; the same salt in both";
    PhpbbBcrypt "phpbb_bcrypt" ["phpbb31"] "$2y$…" "bcrypt($p)" "otherwise tried as phpbb3";
    PhpbbArgon2id "phpbb_argon2id" ["phpbb33"] "$argon2id$…" "argon2id($p)" "otherwise tried as phpbb3";
    PhpbbCombined "phpbb_combined" [] "$H\\2y$ with cost and salt of both, and a hash" "bcrypt(phpass($p))" "what phpBB's cron job made of $H$; otherwise tried as phpbb3";
    BetterAuth "better_auth" ["scrypt-lucia"] "SALT:HEX, or s2:SALT:HEX" "scrypt($p)" "Lucia's and better-auth's: the password is brought into Unicode's form KC";
    Shiro1 "shiro1" [] "$shiro1$HASH$ROUNDS$SALT$HASH" "iterate(rounds,sha256_raw($s.$p))" "or MD5, SHA-1, SHA-384, SHA-512; what has $shiro2 before it is bcrypt or argon2id";
    LiferayPbkdf2 "liferay_pbkdf2" [] "base64 of bits, rounds, salt and key, or {PBKDF2WithHmacSHA1} and that" "pbkdf2($p)" "";
    ScramSha1 "scram_sha1" [] "{SCRAM-SHA-1}ROUNDS,SALT,STOREDKEY,SERVERKEY" "scram_sha1($p)" "the password is tried as SASLprep makes it, and as it was typed";
    PasslibScram "passlib_scram" ["scram"] "$scram$ROUNDS$SALT$sha-1=HASH,sha-256=HASH,…" "pbkdf2($p)" "one of the hashes is compared, as passlib does; the password is prepared as SASLprep says";
    CramMd5 "cram_md5" ["hmac-md5-states"] "{CRAM-MD5} or {HMAC-MD5} and 64 hex" "cram_md5($p)" "the states of HMAC-MD5 under the password";
    Expression "expression" [] "$rehash$EXPRESSION[,s=SALT][,u=USER]$HASH" "the expression" "the tag is the expression itself, such as md5(md5($p).$s)";
}

impl Method {
    /// Every method.
    pub fn all() -> impl Iterator<Item = Self> {
        METHODS.iter().map(|row| row.method)
    }

    /// Name, aliases, grammar and notes.
    #[must_use]
    pub const fn info(self) -> &'static MethodInfo {
        &METHODS[self as usize]
    }

    /// What the method's own system may have made of a password before it hashed it, where that depended on how it came there, as
    /// expressions: tried where the password as it is does not match.
    pub(crate) const fn other_inputs(self) -> &'static [&'static str] {
        match self {
            Self::WordpressBcrypt | Self::WordpressPhpass | Self::WordpressMd5 => &["trim($p)", "trim(slashes($p))"],
            Self::Drupal7 | Self::Punbb => &["trim($p)"],
            Self::Vbulletin => &["vb(trim($p))"],
            Self::Phpbb3 | Self::PhpbbCombined | Self::PhpbbBcrypt | Self::PhpbbArgon2id => &["nfc(html(trim($p)))"],
            Self::Smf1 => &["unhtml($p)", "latin1($p)", "latin1(unhtml($p))"],
            _ => &[],
        }
    }

    /// The canonical name: lower case, stable, the spelling in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.info().name
    }
}

/// Without what PHP's `trim` takes away at both ends.
pub(crate) fn trimmed(bytes: &[u8]) -> &[u8] {
    let is_kept = |c: &u8| !matches!(c, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0);
    match (bytes.iter().position(is_kept), bytes.iter().rposition(is_kept)) {
        (Some(first), Some(last)) => &bytes[first..=last],
        _ => &[],
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The tag names no method. It does not repeat the tag: columns get swapped, and the text may be a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownMethod;

impl fmt::Display for UnknownMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the tag names no method; `rehash methods` lists them")
    }
}

impl std::error::Error for UnknownMethod {}

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(tag: &str) -> Result<Self, UnknownMethod> {
        let mut buffer = [0; NAME_BYTES_MAX];
        let name = normal(tag, &mut buffer).ok_or(UnknownMethod)?;
        let bucket = &NAMES.get_or_init(names)[bucket(name)];
        bucket.iter().find(|(known, _)| **known == *name).map(|(_, method)| *method).ok_or(UnknownMethod)
    }
}

/// The longest name that is looked up, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// Every name in normal form, in its bucket. A tag is looked up for each record.
static NAMES: OnceLock<Vec<Bucket>> = OnceLock::new();

type Bucket = Vec<(Box<[u8]>, Method)>;

const BUCKETS: usize = 512;

fn bucket(name: &[u8]) -> usize {
    let at = |place: usize| usize::from(name.get(place).copied().unwrap_or(0));
    (name.len() + 5 * at(0) + 17 * at(name.len().wrapping_sub(1)) + 41 * at(name.len() / 2)) % BUCKETS
}

/// A name in lower case, without what separates its parts; `None` where it is too long to be one.
fn normal<'b>(name: &str, buffer: &'b mut [u8; NAME_BYTES_MAX]) -> Option<&'b [u8]> {
    let mut length = 0;
    for byte in name.bytes().filter(|byte| !matches!(byte, b'-' | b'_')) {
        *buffer.get_mut(length)? = byte.to_ascii_lowercase();
        length += 1;
    }
    Some(&buffer[..length])
}

fn names() -> Vec<Bucket> {
    let mut names = vec![Vec::new(); BUCKETS];
    for row in METHODS {
        for name in [row.name].iter().chain(row.aliases) {
            let mut buffer = [0; NAME_BYTES_MAX];
            if let Some(name) = normal(name, &mut buffer) {
                names[bucket(name)].push((name.into(), row.method));
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_row_stands_where_its_method_points() {
        for method in Method::all() {
            assert_eq!(method.info().method, method);
        }
    }

    #[test]
    fn names_and_aliases_are_unique_and_parse_in_any_case() {
        let mut seen = HashSet::new();
        for row in METHODS {
            for name in [row.name].iter().chain(row.aliases) {
                let plain: String = name.chars().filter(|c| !matches!(c, '-' | '_')).collect();
                assert!(seen.insert(plain), "{name} stands twice");
                assert_eq!(name.parse(), Ok(row.method));
                assert_eq!(name.to_uppercase().parse(), Ok(row.method));
            }
        }
        assert_eq!("md6".parse::<Method>(), Err(UnknownMethod));
        assert_eq!("".parse::<Method>(), Err(UnknownMethod));
    }
}
