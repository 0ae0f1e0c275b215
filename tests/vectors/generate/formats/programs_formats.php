<?php
// What PHP's programs hash in place of what was typed, and forms that are copied from one program into the next: each after its own
// source, with PHP's addslashes, htmlspecialchars, crypt, hash and hash_pbkdf2.
$out = [];
$php = "PHP " . PHP_MAJOR_VERSION . "." . PHP_MINOR_VERSION;
function add($method, $password, $stored, $source, $more = []) {
    global $out, $php;
    $out[$method][] = array_merge(
        ["source" => "$php: $source", "password_hex" => bin2hex($password), "stored" => $stored, "result" => "accept", "code" => null, "flags" => []],
        $more);
}
const ITOA64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
function h64($bytes) {
    [$text, $value, $bits] = ["", 0, 0];
    foreach (str_split($bytes) as $byte) {
        $value |= ord($byte) << $bits;
        for ($bits += 8; $bits >= 6; $bits -= 6) { $text .= ITOA64[$value & 63]; $value >>= 6; }
    }
    return $bits ? $text . ITOA64[$value & 63] : $text;
}
function iterated($name, $password, $setting) {
    $hash = hash($name, substr($setting, 1, 8) . $password, true);
    for ($left = 1 << strpos(ITOA64, $setting[0]); $left; $left--) { $hash = hash($name, $hash . $password, true); }
    return h64($hash);
}
function phpass($password, $setting) { return $setting . iterated("md5", $password, $setting); }
function legacy_escape($text) {
    foreach ([["&", "&amp;"], ["<!--", "&#60;&#33;--"], ["-->", "--&#62;"]] as [$from, $to]) { $text = str_replace($from, $to, $text); }
    $text = str_ireplace("<script", "&#60;script", $text);
    foreach ([[">", "&gt;"], ["<", "&lt;"], ['"', "&quot;"], ["\n", "<br />"], ["$", "&#036;"], ["!", "&#33;"], ["'", "&#39;"], ["\\", "&#092;"]] as [$from, $to]) {
        $text = str_replace($from, $to, $text);
    }
    return $text;
}
// vBulletin's vbulletin_md5.js: str_to_ent, and a byte for each character that is left.
function str_to_ent($text) {
    $sent = "";
    foreach (unpack("v*", iconv("UTF-8", "UTF-16LE", $text)) as $unit) { $sent .= $unit > 255 ? "&#$unit;" : chr($unit); }
    return $sent;
}
$passwords = ["password", "it's 5 o'clock", "say \"hi\"", "back\\slash", " it's padded\t", "p\xc3\xa4ssw\xc3\xb6rd & <b>", "\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c", "I<3you", "\xf0\x9f\x98\x80!"];
foreach ($passwords as $i => $p) {
    // WordPress: wp_magic_quotes, wp_signon and edit_user, wp_hash_password.
    $sent = trim(addslashes($p));
    $hash = crypt(base64_encode(hash_hmac("sha384", $sent, "wp-sha384", true)), '$2y$04$abcdefghijklmnopqrstuu');
    foreach ([null, "wordpress"] as $tag) {
        $more = $tag ? ["tag" => $tag] : [];
        add("wordpress_bcrypt", $p, "\$wp$hash", "WordPress 6.8's sign-up over HTTP", $more);
        add("wordpress_phpass", $p, '$P$' . phpass($sent, "5abcdefgh"), "WordPress' sign-up over HTTP", $more);
        add("wordpress_md5", $p, md5($sent), "WordPress 2.3's sign-up over HTTP", $more);
    }
    add("wordpress_phpass", "$p'", '$P$' . phpass($sent, "5abcdefgh"), "WordPress' sign-up over HTTP", ["result" => "reject"]);
    // phpBB 3: request/type_cast_helper.php.
    $safe = htmlspecialchars(trim($p), ENT_COMPAT, "UTF-8");
    foreach ([null, "phpbb"] as $tag) { add("phpbb3", $p, '$H$' . phpass($safe, "5abcdefgh"), "as phpBB 3", $tag ? ["tag" => $tag] : []); }
    foreach ([null, "phpbb"] as $tag) {
        $more = $tag ? ["tag" => $tag] : [];
        add("phpbb_bcrypt", $p, crypt($safe, '$2y$04$abcdefghijklmnopqrstuu'), "as phpBB 3.1", $more);
        add("phpbb_argon2id", $p, password_hash($safe, PASSWORD_ARGON2ID, ["memory_cost" => 64, "time_cost" => 2, "threads" => 1]), "as phpBB 3.3", $more);
        $whole = crypt(substr(phpass($safe, "5abcdefgh"), 9), '$2y$05$abcdefghijklmnopqrstuu');
        add("phpbb_combined", $p, '$H\2y$5abcdefgh$05\abcdefghijklmnopqrstuu$' . substr($whole, 29), "as phpBB's cron job", $more);
    }
    add("mediawiki_a", $p, ":A:8a3f:" . md5("8a3f-" . md5($p)), "MediaWiki's MWOldPassword", ["tag" => $i % 2 ? "mediawiki" : "mediawiki_a"]);
    // IP.Board 3: what IPS 4 calls legacyEscape.
    $ipb = md5(md5("aB3$.") . md5(legacy_escape($p)));
    foreach (["ipb", "ipb3", "invision"] as $tag) { add("ipb", $p, $ipb, "as IP.Board 3", ["tag" => $tag, "salt_hex" => bin2hex("aB3$.")]); }
    add("ipb", $p, "$ipb:aB3$.", "as IP.Board 3");
    add("vbulletin", $p, md5(md5(str_to_ent(trim($p))) . "308"), "vBulletin's script", ["salt_hex" => bin2hex("308")]);
    add("vbulletin", $p, md5(md5($p) . "308"), "vBulletin without its script", ["salt_hex" => bin2hex("308")]);
    add("punbb", $p, sha1("salt" . sha1(trim($p))), "FluxBB", ["salt_hex" => bin2hex("salt"), "tag" => "fluxbb"]);
    add("drupal7", $p, substr('$S$5abcdefgh' . iterated("sha512", trim($p), "5abcdefgh"), 0, 55), "Drupal 7", ["tag" => $i % 2 ? "drupal" : "drupal7"]);
    // WoltLab Suite before 5.4: PasswordUtil::getDoubleSaltedHash. What crypt takes ends at 72 bytes.
    foreach (["2a", "2y"] as $prefix) {
        $salt = "\$$prefix\$04\$abcdefghijklmnopqrstuu";
        $double = crypt(crypt($p, $salt), $salt);
        foreach (["woltlab_bcrypt" => $double, "woltlab" => $double, "wbb" => "DoubleBcrypt:$double"] as $tag => $text) {
            add("woltlab_bcrypt", $p, $text, "WoltLab Suite's crypt(crypt(…))", ["tag" => $tag]);
        }
        add("bcrypt", $p, "Bcrypt:" . crypt($p, $salt), "WoltLab Suite 5.4", ["tag" => "woltlab"]);
    }
    $wcf1 = sha1("salt" . sha1("salt" . sha1($p)));
    add("wbb3", $p, "wcf1:$wcf1:salt", "WoltLab Suite 5.4", ["tag" => "woltlab"]);
    add("wbb3", $p, $wcf1, "Burning Board 3", ["tag" => "wbb", "salt_hex" => bin2hex("salt")]);
    // TYPO3's BcryptPasswordHash, Myth:Auth.
    add("bcrypt_sha384", $p, crypt(base64_encode(hash("sha384", $p, true)), '$2y$04$abcdefghijklmnopqrstuu'), "TYPO3's BcryptPasswordHash");
    // Defuse's PasswordHash (2012), whose salt is the text, and PasswordStorage.
    $salt = base64_encode(substr(hash("sha256", "rehash-programs-$i", true), 0, 24));
    foreach (["sha256" => 1000, "sha1" => 12] as $name => $rounds) {
        add("defuse_pbkdf2", $p, "$name:$rounds:$salt:" . base64_encode(hash_pbkdf2($name, $p, $salt, $rounds, 24, true)), "Defuse's PasswordHash");
        add("defuse_pbkdf2", $p, "$name:$rounds:18:$salt:" . base64_encode(hash_pbkdf2($name, $p, base64_decode($salt), $rounds, 18, true)), "PasswordStorage", ["tag" => "password-storage"]);
        add("web2py_pbkdf2", $p, "pbkdf2($rounds,20,$name)\$9f1d0a7b\$" . hash_pbkdf2($name, $p, "9f1d0a7b", $rounds, 40), "web2py's form", ["tag" => $i % 2 ? "web2py" : "web2py_pbkdf2"]);
    }
    // What Node's and others' programs keep in two columns, their cost in the program.
    $key = hash_pbkdf2("sha512", $p, "s4lt", 1000, 64, true);
    foreach ([bin2hex($key), base64_encode($key)] as $text) {
        add("expression", $p, $text, "hash_pbkdf2, key and salt apart", ["tag" => "pbkdf2_sha512(\$p,\$s,1000)", "salt_hex" => bin2hex("s4lt")]);
    }
    add("expression", $p, bin2hex(hash_pbkdf2("sha256", md5($p), "s4lt", 7, 48, true)), "hash_pbkdf2, key and salt apart", ["tag" => "pbkdf2_sha256(md5(\$p),\$s,7)", "salt_hex" => bin2hex("s4lt")]);
    $salt = bin2hex(substr(hash("sha256", "rehash-programs-$i", true), 0, 16));
    add("seafile_pbkdf2", $p, "PBKDF2SHA256\$100\$$salt\$" . hash_pbkdf2("sha256", $p, hex2bin($salt), 100, 64), "Seafile's form", ["tag" => $i % 2 ? "seafile" : "seafile_pbkdf2"]);
    add("hash_and_salt_pbkdf2", $p, "pbkdf2\$100\$" . hash_pbkdf2("sha1", $p, hex2bin($salt), 100, 128) . "\$$salt", "npm's password-hash-and-salt's form", ["tag" => $i % 2 ? "password-hash-and-salt" : "hash_and_salt_pbkdf2"]);
    add("sha512_salted_prefix", $p, hash("sha512", "xy$p") . ":xy", "OpenMage's HASH_VERSION_SHA512", ["tag" => "magento1"]);
    foreach (["sha256", "sha512"] as $name) { add("{$name}_salted_prefix", $p, "$name\$xy\$" . hash($name, "xy$p"), "a hasher that names its hash"); }
}
$salt = '$2a$04$abcdefghijklmnopqrstuu';
add("woltlab_bcrypt", str_repeat("x", 80), crypt(crypt(str_repeat("x", 80), $salt), $salt), "WoltLab Suite's crypt(crypt(…))");
$double = crypt(crypt("password", $salt), $salt);
foreach (["passwort", "password\0", "password\0password", crypt("password", $salt)] as $wrong) {
    add("woltlab_bcrypt", $wrong, $double, "WoltLab Suite's crypt(crypt(…))", ["result" => "reject"]);
}
add("woltlab_bcrypt", "password", crypt("password", $salt), "bcrypt once", ["result" => "reject"]);
add("woltlab_bcrypt", "password", substr($double, 0, 59), "edited text", ["result" => "invalid", "code" => "truncated"]);
// SMF: in Latin-1, where its pages were; a question mark stands for nothing.
add("smf", "p\xc3\xa4ssw\xc3\xb6rd", sha1("ada" . "p\xe4ssw\xf6rd"), "SMF 1 in Latin-1", ["user" => "Ada"]);
add("smf", "\xd0\xbf\xd0\xb0", sha1("ada??"), "SMF 1 in Latin-1", ["user" => "Ada", "result" => "reject"]);
// What was typed with entities in it is hashed without them.
$un = fn($p) => strtr($p, array_flip(get_html_translation_table(HTML_SPECIALCHARS, ENT_QUOTES | ENT_HTML401)) + ["&#039;" => "'", "&#39;" => "'", "&nbsp;" => " "]);
foreach (["a&amp;b", "&lt;b&gt; &quot;x&quot; &#039;y&#039; &#39;z&#39;", "&amp;lt;", "&amp;amp;quot", "&nbsp;", "&;&am&amp"] as $p) {
    add("smf", $p, sha1("ada" . $un($p)), "PHP, SMF's un_htmlspecialchars", ["user" => "Ada"]);
}
add("smf", "a&b", sha1("adaa&amp;b"), "PHP, SMF's un_htmlspecialchars", ["user" => "Ada", "result" => "reject"]);
add("smf", "&lt;\xc3\xa9", sha1("ada<\xe9"), "PHP, SMF's un_htmlspecialchars in Latin-1", ["user" => "Ada"]);
// Spring without a mark: the length says which of the defaults made it.
foreach ([[8, "sha1", 185000], [16, "sha256", 310000]] as [$bytes, $name, $rounds]) {
    $salt = substr("saltsaltsaltsalt", 0, $bytes);
    $key = hash_pbkdf2($name, "password", $salt, $rounds, 32, true);
    add("spring_pbkdf2", "password", bin2hex($salt . $key), "PHP, Spring's form", ["tag" => "pbkdf2-spring"]);
    add("spring_pbkdf2", "password", base64_encode($salt . $key), "PHP, Spring's form", ["tag" => "spring_pbkdf2"]);
    add("spring_pbkdf2", "passwort", bin2hex($salt . $key), "PHP, Spring's form", ["tag" => "pbkdf2-spring", "result" => "reject"]);
    add("spring_pbkdf2", "password", bin2hex($salt . $key), "a text without Spring's mark", ["tag" => "spring", "result" => "invalid", "code" => $bytes == 8 ? "ambiguous_method" : "method_conflict"]);
}
add("spring_pbkdf2", "password", bin2hex(str_repeat("s", 32)), "edited text", ["result" => "invalid", "code" => "malformed"]);
foreach ([md5("password"), "{salt}" . md5("password{salt}")] as $text) {
    add("spring_md5", "password", $text, "a text without Spring's mark", ["tag" => "spring", "result" => "invalid", "code" => "ambiguous_method"]);
}
// What stands before the mark is no part of the text.
foreach (["x", "a:", "{x}", "7"] as $junk) {
    foreach (["pbkdf2", "kratos_pbkdf2"] as $method) {
        add($method, "password", $junk . '$pbkdf2-sha256$i=10,l=32$c2FsdA$ZTzIiNk37+IoEKXL2yWlvYLi67J6gA+Fz6NgptklGY4', "edited text", ["result" => "invalid", "code" => "malformed"]);
    }
}
// Directories write plain base64, and URL-safe is read all the same.
$digest = strtr(base64_encode(sha1("password" . "\xff\xfe\xfd\xfc", true) . "\xff\xfe\xfd\xfc"), "+/", "-_");
add("ldap_ssha", "password", "{SSHA}$digest", "PHP, in base64url");
$salt = base64_encode(str_repeat("s", 24));
$key = hash_pbkdf2("sha256", "password", $salt, 1000, 24, true);
foreach (["sha256:1000:$salt:" . substr(base64_encode($key), 0, 28) => "truncated", "sha256:1000:18:$salt:" . base64_encode($key) => "malformed", "sha999:1000:$salt:" . base64_encode($key) => "malformed", "sha256:$salt:" . base64_encode($key) => "malformed", "sha256:01000:$salt:" . base64_encode($key) => "non_canonical"] as $text => $code) {
    add("defuse_pbkdf2", "password", $text, "edited text", ["result" => "invalid", "code" => $code]);
}
foreach (["pbkdf2(1000,20,sha512)\$744943\$c5f8", "pbkdf2(1000,20)\$744943\$c5f8cdef76e3327c908d8d96d4abdb3d8caba14c", "pbkdf2(1000,20,sha999)\$744943\$c5f8cdef76e3327c908d8d96d4abdb3d8caba14c"] as $text) {
    add("web2py_pbkdf2", "hashcat", $text, "edited text", ["result" => "invalid", "code" => "malformed"]);
}
$key = hash_pbkdf2("sha512", "password", "s4lt", 1000, 128);
foreach ([["pbkdf2_sha512(\$p,\$s,1001)", "reject", null, $key], ["pbkdf2_sha256(\$p,\$s,1000)", "reject", null, $key], ["pbkdf2_sha512(\$p,\$s,1000)", "invalid", "truncated", substr($key, 0, 30)], ["pbkdf2_sha512(\$p,\$s,100000000)", "over_limit", "cost_too_high", $key], ["scrypt(\$p,\$s,1048576,1024,1)", "over_limit", "cost_too_high", $key]] as [$tag, $result, $code, $text]) {
    add("expression", "password", $text, "edited text", ["tag" => $tag, "salt_hex" => bin2hex("s4lt"), "result" => $result, "code" => $code]);
}
add("expression", "password", $key, "edited text", ["tag" => "pbkdf2_sha512(\$p,\$s,1000)", "result" => "invalid", "code" => "missing_salt"]);
add("seafile_pbkdf2", "password", "PBKDF2SHA256\$100\$00\$" . str_repeat("0", 60), "edited text", ["result" => "invalid", "code" => "truncated"]);
// DokuWiki's PassHash, which knows Seafile's.
add("seafile_pbkdf2", "password", "PBKDF2SHA256\$10000\$07e9ec22988e18e0bfaa4a2b3503d8aebbcdeeaec643b324e3605de3be4c1e0b\$52a04dace99723f81460ed08b8cca0613b1cc39f0d60195e51845096c06b353c", "DokuWiki 2022-07-31: PassHash::hash_seafilepbkdf2");
add("hash_and_salt_pbkdf2", "password", "pbkdf2\$10000\$273f4b6da418fe2fd02100c72d78f40da4c41edb0053400ff56c9d2ce3c6b76261fd1df61ef9b3d3cbe8ca285238fb8915734ab642eee61f5f71036172be0c84\$bd9348b13b0fd96776e759a3789542b01df4e44df84d1111840d010ed6d46c759566a14f9e78a4c0d7a1bf77a840e185be39ec6870db5f57fd038b47132a1074", "npm: password-hash-and-salt 0.1.4");
// The password itself is not what went into PBKDF2 there.
$wrapped = "pbkdf2_wrapped_sha1\$1000\$saltSALT\$" . base64_encode(hash_pbkdf2("sha256", sha1("saltSALTpassword"), "saltSALT", 1000, 32, true));
add("django_wrapped_sha1", "password", $wrapped, "Django's documentation of wrapped hashers", ["tag" => "django"]);
add("django_pbkdf2", "password", $wrapped, "Django's documentation of wrapped hashers", ["result" => "invalid", "code" => "method_conflict"]);
file_put_contents($argv[1], json_encode($out, JSON_UNESCAPED_SLASHES));
