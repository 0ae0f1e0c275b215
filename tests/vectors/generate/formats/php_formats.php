<?php
// Hashes made by PHP: password_hash, and the formulas of its frameworks written with PHP's own functions.
$out = [];
function add($method, $password, $stored, $source, $more = []) {
    global $out;
    $out[$method][] = array_merge(
        ["source" => $source, "password_hex" => bin2hex($password), "stored" => $stored, "result" => "accept", "code" => null, "flags" => []],
        $more);
}
$passwords = ["password", "", "a", "p\xc3\xa4ssw\xc3\xb6rd", "correct horse battery staple", str_repeat("x", 80), "nul\0inside"];
foreach ($passwords as $i => $p) {
    $version = "PHP " . PHP_MAJOR_VERSION . "." . PHP_MINOR_VERSION;
    $salt = substr(hash("sha256", "rehash-php-$i"), 0, 9);
    $hex = ["salt_hex" => bin2hex($salt)];
    add("md5_salted_prefix", $p, md5($salt . $p), $version, $hex);
    add("md5_salted_suffix", $p, md5($p . $salt) . ":" . $salt, $version);
    add("sha1_salted_prefix", $p, sha1($salt . $p), $version, $hex);
    add("sha1_salted_suffix", $p, sha1($p . $salt), $version, $hex);
    add("sha256_salted_prefix", $p, hash("sha256", $salt . $p), $version, $hex);
    add("sha256_salted_suffix", $p, hash("sha256", $p . $salt), $version, $hex);
    add("sha512_salted_prefix", $p, hash("sha512", $salt . $p), $version, $hex);
    add("sha512_salted_suffix", $p, hash("sha512", $p . $salt), $version, $hex);
    add("vbulletin", $p, md5(md5($p) . $salt), "$version, vBulletin's formula", $hex);
    add("mybb", $p, md5(md5($salt) . md5($p)), "$version, MyBB's formula", $hex);
    add("punbb", $p, sha1($salt . sha1($p)), "$version, FluxBB's formula", $hex);
    add("redmine", $p, sha1($salt . sha1($p)), "$version, Redmine's formula", $hex);
    add("opencart", $p, sha1($salt . sha1($salt . sha1($p))), "$version, OpenCart's formula", $hex);
    add("wbb3", $p, sha1($salt . sha1($salt . sha1($p))), "$version, Burning Board's formula", $hex);
    add("smf", $p, sha1(strtolower("Ada") . $p), "$version, SMF's formula", ["user" => "Ada"]);
    add("mediawiki_a", $p, ":A:" . md5($p), "$version, MediaWiki's formula");
    add("mediawiki_b", $p, ":B:$salt:" . md5($salt . "-" . md5($p)), "$version, MediaWiki's formula");
    $pbkdf2 = hash_pbkdf2("sha512", $p, $salt, 30, 64, true);
    add("mediawiki_pbkdf2", $p, ":pbkdf2:sha512:30:64:" . base64_encode($salt) . ":" . base64_encode($pbkdf2), "$version, MediaWiki's formula");
    foreach (["md5" => "md5", "sha1" => "sha1", "sha256" => "sha256"] as $method => $name) {
        add("spring_$method", $p, "{" . $salt . "}" . hash($name, $p . "{" . $salt . "}"), "$version, Spring's formula");
    }
    add("spring_md4", $p, "{" . $salt . "}" . hash("md4", $p . "{" . $salt . "}"), "$version, Spring's formula");
    add("spring_md4", $p, "{MD4}{" . $salt . "}" . hash("md4", $p . "{" . $salt . "}"), "$version, Spring's formula", ["tag" => "spring"]);
    add("spring_md4", $p, "{MD4}" . hash("md4", $p), "$version, Spring's formula without a salt", ["tag" => "spring"]);
    add("spring_sha1", $p, "{SHA-1}" . hash("sha1", $p), "$version, Spring's formula without a salt", ["tag" => "spring"]);
    add("spring_sha256", $p, "{SHA-256}" . hash("sha256", $p), "$version, Spring's formula without a salt", ["tag" => "spring"]);
    add("joomla_sha256", $p, "{SHA256}" . hash("sha256", $p . $salt) . ":" . $salt, "$version, Joomla's formula", ["tag" => "joomla"]);
    foreach (["sha256", "sha384", "sha512"] as $name) {
        add("ldap_$name", $p, "{" . strtoupper($name) . "}" . base64_encode(hash($name, $p, true)), "$version, the form of OpenLDAP's pw-sha2");
    }
    $s = str_repeat("\x01\x02", 4);
    $d = hash("sha256", $s . $p, true);
    for ($n = 1; $n < 1024; $n++) $d = hash("sha256", $d, true);
    add("spring_standard", $p, "{sha256}" . bin2hex($s . $d), "$version, Spring's formula", ["tag" => "spring"]);
    $salted = $p . "{" . $salt . "}";
    $d = hash("sha512", $salted, true);
    for ($n = 1; $n < 5000; $n++) $d = hash("sha512", $d . $salted, true);
    add("symfony_digest", $p, base64_encode($d), "$version, Symfony's formula", $hex);
    $d = hash("sha512", $salted, true);
    for ($n = 1; $n < 9; $n++) $d = hash("sha512", $d . $salted, true);
    add("clerk_sha512_symfony", $p, "sha512_symfony\$9\$$salt\$" . base64_encode($d), "$version, Symfony's formula", ["tag" => "sha512_symfony"]);
    add("symfony_pbkdf2", $p, base64_encode(hash_pbkdf2("sha512", $p, $salt, 1000, 40, true)), "$version, Symfony's formula", $hex);
    $cost = ["cost" => 4];
    if (strpos($p, "\0") === false) {
        add("bcrypt_md5", $p, password_hash(md5($p), PASSWORD_BCRYPT, $cost), "$version");
        add("bcrypt_sha1", $p, password_hash(sha1($p), PASSWORD_BCRYPT, $cost), "$version");
        add("bcrypt_sha256_hex", $p, password_hash(hash("sha256", $p), PASSWORD_BCRYPT, $cost), "$version");
        add("bcrypt_sha512", $p, password_hash(hash("sha512", $p), PASSWORD_BCRYPT, $cost), "$version");
        add("devise", $p, password_hash($p . "pepper123", PASSWORD_BCRYPT, $cost), "$version, Devise's formula", ["keys" => ["devise" => bin2hex("pepper123")]]);
        add("bcrypt_peppered", $p, password_hash($p . "pepper123", PASSWORD_BCRYPT, $cost) . "\$pepper123", "$version, Devise's formula");
        add("smf21", $p, password_hash("ada" . $p, PASSWORD_BCRYPT, $cost), "$version, SMF's formula", ["user" => "Ada"]);
        if (strlen($p) <= 72) add("bcrypt", $p, password_hash($p, PASSWORD_BCRYPT, $cost), $version, ["tag" => "laravel"]);
    }
    $native = strlen($p) > 72 || strpos($p, "\0") !== false ? base64_encode(hash("sha512", $p, true)) : $p;
    add("symfony_bcrypt", $p, password_hash($native, PASSWORD_BCRYPT, $cost), "$version, Symfony's formula");
    $wp = base64_encode(hash_hmac("sha384", trim($p), "wp-sha384", true));
    add("wordpress_bcrypt", $p, "\$wp" . password_hash($wp, PASSWORD_BCRYPT, $cost), "$version, WordPress' formula");
    // phpass with eight rounds' logarithm, SHA-512, as Drupal 7.
    $itoa = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    $encode = function ($input, $count) use ($itoa) {
        $o = ""; $i = 0;
        do {
            $v = ord($input[$i++]); $o .= $itoa[$v & 63];
            if ($i < $count) $v |= ord($input[$i]) << 8;
            $o .= $itoa[($v >> 6) & 63];
            if ($i++ >= $count) break;
            if ($i < $count) $v |= ord($input[$i]) << 16;
            $o .= $itoa[($v >> 12) & 63];
            if ($i++ >= $count) break;
            $o .= $itoa[($v >> 18) & 63];
        } while ($i < $count);
        return $o;
    };
    $drupal = function ($algo, $password, $setting, $input) use ($encode) {
        $salt = substr($setting, 4, 8);
        $d = hash($algo, $salt . $input, true);
        for ($n = 0; $n < 1 << 8; $n++) $d = hash($algo, $d . $input, true);
        return substr($setting . $encode($d, strlen($d)), 0, 55);
    };
    add("drupal7", $p, $drupal("sha512", $p, '$S$6abcdefgh', $p), "$version, Drupal's formula");
    add("drupal7", $p, "U" . $drupal("sha512", $p, '$S$6abcdefgh', md5($p)), "$version, Drupal's formula");
    add("drupal7", $p, "U" . substr($drupal("md5", $p, '$P$6abcdefgh', md5($p)), 0, 34), "$version, Drupal's formula");
    // Magento, libsodium where it is there.
    add("magento", $p, md5($salt . $p) . ":$salt:0", "$version, Magento's formula");
    add("magento", $p, hash("sha256", $salt . $p) . ":$salt:1", "$version, Magento's formula");
    add("magento", $p, hash("sha256", $salt . md5($salt . $p)) . ":$salt:0:1", "$version, Magento's formula");
    if (function_exists("sodium_crypto_pwhash") && $i < 3) {
        $seed = substr(str_repeat($salt, 3), 0, 16);
        $argon = fn($in) => bin2hex(sodium_crypto_pwhash(32, $in, $seed, 2, 1048576, SODIUM_CRYPTO_PWHASH_ALG_ARGON2ID13));
        add("magento", $p, $argon($p) . ":$salt:3_32_2_1048576", "$version, Magento's formula with libsodium");
        add("magento", $p, $argon(md5($salt . $p)) . ":$salt:0:3_32_2_1048576", "$version, Magento's formula with libsodium");
    }
    add("ldap_ssha384", $p, "{SSHA384}" . base64_encode(hash("sha384", $p . $salt, true) . $salt), $version);
    add("mssql2012", $p, null, $version);
    array_pop($out["mssql2012"]);
    foreach (["sha224", "sha384", "ripemd160", "whirlpool"] as $name) add($name, $p, hash($name, $p), $version);
    foreach (["sha512/256" => "sha512_256", "sha3-224" => "sha3_224", "sha3-256" => "sha3_256", "sha3-384" => "sha3_384", "sha3-512" => "sha3_512"] as $name => $method) {
        add($method, $p, hash($name, $p), $version);
        add($method, $p, base64_encode(hash($name, $p, true)), $version);
    }
}
file_put_contents($argv[1], json_encode($out, JSON_UNESCAPED_SLASHES));
