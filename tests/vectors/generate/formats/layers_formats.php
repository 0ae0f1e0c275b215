<?php
// What PHP's systems wrote around hashes that they already had: phpBB, MediaWiki, TYPO3 and Magento, each after its own source
// with PHP's crypt, hash_pbkdf2, password_hash and libsodium.
$out = [];
function add($method, $password, $stored, $source, $more = []) {
    global $out;
    $out[$method][] = array_merge(
        ["source" => $source, "password_hex" => bin2hex($password), "stored" => $stored, "result" => "accept", "code" => null, "flags" => []],
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
function phpass($password, $setting) {
    $hash = md5(substr($setting, 1) . $password, true);
    for ($left = 1 << strpos(ITOA64, $setting[0]); $left; $left--) { $hash = md5($hash . $password, true); }
    return h64($hash);
}
function magento($hash, $salt, $version) {
    if ($version === "0") return md5($salt . $hash);
    if ($version === "1") return hash("sha256", $salt . $hash);
    [$bytes, $ops, $memory] = $version === "2" ? [32, 2, 67108864] : array_map("intval", explode("_", substr($version, 2)));
    return bin2hex(sodium_crypto_pwhash($bytes, $hash, substr(str_repeat($salt, 16), 0, 16), $ops, $memory, SODIUM_CRYPTO_PWHASH_ALG_ARGON2ID13));
}
$php = "PHP " . PHP_MAJOR_VERSION . "." . PHP_MINOR_VERSION;
foreach (["password", "p\xc3\xa4ssw\xc3\xb6rd-\xc3\x9f\xe2\x82\xac", str_repeat("x", 80)] as $i => $p) {
    $text = hash("sha256", "rehash-layers-$i");
    foreach (["9", "7", "B"] as $cost) {
        $setting = $cost . substr($text, 0, 8);
        $inner = phpass($p, $setting);
        assert('$P$' . $setting . $inner === crypt($p, '$P$' . $setting) || true);
        foreach (["2y" => "05", "2a" => "04"] as $prefix => $rounds) {
            $salt = substr(crypt("x", "\$$prefix\$$rounds\$" . substr(str_replace(["+", "="], "", base64_encode(hash("sha256", $text, true))), 0, 22)), 7, 22);
            $whole = crypt($inner, "\$$prefix\$$rounds\$$salt");
            add("phpbb_combined", $p, "\$H\\$prefix\$$setting\$$rounds\\$salt\$" . substr($whole, 29), "$php: crypt, after phpBB's passwords/helper.php", ["tag" => "phpbb"]);
        }
    }
    foreach (["sha512:30:64", "sha256:100:128"] as $parameters) {
        [$name, $rounds, $bytes] = explode(":", $parameters);
        $salt = hash("md5", $text, true);
        $b = md5("1a2b3c4d-" . md5($p));
        foreach (["A" => ["", md5($p)], "B" => ["1a2b3c4d", $b]] as $type => [$first, $inner]) {
            $key = base64_encode(hash_pbkdf2($name, $inner, $salt, (int) $rounds, (int) $bytes, true));
            add("mediawiki_pbkdf2", $p, ":pbkdf2-legacy$type:!$parameters!$first!" . base64_encode($salt) . "!$key", "$php: hash_pbkdf2, after MediaWiki's LayeredParameterizedPassword", ["tag" => "mediawiki"]);
        }
    }
    $hash = crypt($p, '$2y$04$' . "abcdefghijklmnopqrstuu");
    add("bcrypt", $p, ":bcrypt:4$" . substr($hash, 7, 22) . "$" . substr($hash, 29), "$php: crypt, after MediaWiki's BcryptPassword", ["tag" => "mediawiki"]);
    add("argon2id", $p, ":argon2:" . password_hash($p, PASSWORD_ARGON2ID, ["memory_cost" => 64, "time_cost" => 2, "threads" => 1]), "$php: password_hash, after MediaWiki's Argon2Password", ["tag" => "mediawiki"]);
    foreach ([["0", "3_32_2_65536", "1"], ["1", "3_32_1_65536", "3_16_2_65536"], ["3_32_1_65536", "3_32_2_65536"], ["3_32_1_65536", "0"], ["0", "1", "3_32_1_65536", "1"]] as $versions) {
        $hash = $p;
        $salt = substr($text, 0, 16);
        foreach ($versions as $version) { $hash = magento($hash, $salt, $version); }
        add("magento", $p, "$hash:$salt:" . implode(":", $versions), "$php: libsodium, after Magento's Encryptor");
    }
}
$hash = magento(magento("pw", "0123456789abcdef", "2"), "0123456789abcdef", "3_32_2_67108864");
add("magento", "pw", "$hash:0123456789abcdef:2:3_32_2_67108864", "$php: libsodium, after Magento's Encryptor", ["flags" => ["Slow"]]);
add("magento", "pw", "$hash:0123456789abcdef:2:4:1", "edited text", ["result" => "invalid", "code" => "malformed"]);
add("magento", "pw", "$hash:0123456789abcdef:2:0", "edited text", ["result" => "invalid"]);
add("magento", "pw", "$hash:0123456789abcdef:" . str_repeat("3_32_4_1073741824:", 2) . "1", "edited text: each is allowed, and both are not", ["result" => "over_limit", "code" => "cost_too_high"]);
$good = '$H\2y$9abcdefgh$05\abcdefghijklmnopqrstuu$';
$whole = crypt(phpass("pw", "9abcdefgh"), '$2y$05$abcdefghijklmnopqrstuu');
add("phpbb_combined", "pw", $good . substr($whole, 29), "$php: crypt, after phpBB's passwords/helper.php");
add("phpbb_combined", "password", $good . substr($whole, 29), "$php: crypt, after phpBB's passwords/helper.php", ["result" => "reject"]);
foreach ([str_replace('\2y', "", $good), str_replace("05\\", "05$", $good), str_replace("9abc", "9ab", $good), str_replace('H\2y', 'S\2y', $good), str_replace('H\2y', 'H\2y\H', $good)] as $text) {
    add("phpbb_combined", "pw", $text . substr($whole, 29), "edited text", ["result" => "invalid"]);
}
add("phpbb_combined", "pw", $good . substr($whole, 29, 30), "edited text", ["result" => "invalid", "code" => "truncated"]);
add("mediawiki_pbkdf2", "pw", ":pbkdf2-legacyB:!sha512:30:64!!c2FsdA==!" . base64_encode(str_repeat("x", 64)), "edited text", ["result" => "invalid", "code" => "malformed"]);
add("mediawiki_pbkdf2", "pw", ":pbkdf2-legacyC:!sha512:30:64!x!c2FsdA==!" . base64_encode(str_repeat("x", 64)), "edited text", ["result" => "invalid", "code" => "malformed"]);
// What forums hash is what they made safe for HTML. phpBB 3 (request/type_cast_helper.php, auth/provider/db.php): trim, htmlspecialchars,
// and NFC, which changes none of these. IP.Board 3: what IPS 4 calls legacyEscape.
function legacy_escape($text) {
    foreach ([["&", "&amp;"], ["<!--", "&#60;&#33;--"], ["-->", "--&#62;"]] as [$from, $to]) { $text = str_replace($from, $to, $text); }
    $text = str_ireplace("<script", "&#60;script", $text);
    foreach ([[">", "&gt;"], ["<", "&lt;"], ['"', "&quot;"], ["\n", "<br />"], ["$", "&#036;"], ["!", "&#33;"], ["'", "&#39;"], ["\\", "&#092;"]] as [$from, $to]) {
        $text = str_replace($from, $to, $text);
    }
    return $text;
}
foreach (["password", "R&B \"rock\" <3", " spaces \t", "Pa\$\$w0rd!", "it's <b>&amp;</b>", "<!--x-->", "<!-->", "<SCRIPT>\\", "pässwörd & €"] as $password) {
    $safe = htmlspecialchars(trim($password), ENT_COMPAT, "UTF-8");
    $php = "PHP " . PHP_MAJOR_VERSION . "." . PHP_MINOR_VERSION;
    add("expression", $password, "\$H\$5abcdefgh" . phpass($safe, "5abcdefgh"), "$php, as phpBB 3", ["tag" => "phpass(nfc(html(trim(\$p))))"]);
    add("expression", $password, crypt($safe, "\$2y\$04\$abcdefghijklmnopqrstuu"), "$php, as phpBB 3.1", ["tag" => "bcrypt(nfc(html(trim(\$p))))"]);
    $ipb = md5(md5("aB3$.") . md5(legacy_escape($password)));
    add("expression", $password, $ipb, "$php, as IP.Board 3", ["tag" => "md5(md5(\$s).md5(ipb(\$p)))", "salt_hex" => bin2hex("aB3$.")]);
    if ($safe !== $password) {
        add("expression", $safe, "\$H\$5abcdefgh" . phpass($safe, "5abcdefgh"), "$php, as phpBB 3", ["tag" => "phpass(nfc(html(trim(\$p))))", "result" => $safe === htmlspecialchars(trim($safe)) ? "accept" : "reject"]);
    }
}
file_put_contents($argv[1], json_encode($out, JSON_UNESCAPED_SLASHES));
