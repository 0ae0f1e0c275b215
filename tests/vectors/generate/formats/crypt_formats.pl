# Hashes made by libxcrypt, through Perl's crypt().
use strict;
use warnings;
use JSON::PP;

my %out;
my @passwords = ("password", "", "a", "U*U*U*U*", "correct horse battery staple", "x" x 80, "p\xc3\xa4ssw\xc3\xb6rd");
my %settings = (
    yescrypt => ['$y$j75$.......', '$y$j75$LdJMENpBABJJ3hIHjB1Bi.', '$y$j75$', '$y$/7.$abcdefgh', '$y$.65$abcd', '$y$j650/$abcdefgh'],
    gost_yescrypt => ['$gy$j75$.......', '$gy$j75$LdJMENpBABJJ3hIHjB1Bi.'],
    scrypt7 => ['$7$26..../....SodiumChloride', '$7$3/..../....', '$7$42..../....with$dollar'],
    sha1crypt => ['$sha1$10$abcdefgh', '$sha1$4$x', '$sha1$77$0123456789abcdef'],
    sunmd5 => ['$md5$abcdefgh$', '$md5,rounds=5$abcdefgh$', '$md5$abcdefgh'],
    md5crypt => ['$1$abcdefgh', '$1$x', '$1$'],
    sha256crypt => ['$5$abcdefghijklmnop', '$5$rounds=1000$x'],
    sha512crypt => ['$6$abcdefghijklmnop', '$6$rounds=1000$x'],
    descrypt => ['ab', './', 'zz'],
    bsdicrypt => ['_J9..CCCC', '_1...abcd'],
    bcrypt => ['$2b$04$abcdefghijklmnopqrstuu', '$2y$04$abcdefghijklmnopqrstuu'],
    ntlm => ['$3$'],
);
for my $method (sort keys %settings) {
    for my $setting (@{$settings{$method}}) {
        for my $password (@passwords) {
            my $stored = crypt($password, $setting);
            next if !defined $stored || $stored =~ /^\*/;
            my $flags = $method eq "bcrypt" || 1 ? [] : [];
            push @{$out{$method}}, {
                source => "libxcrypt, through Perl", password_hex => unpack("H*", $password), stored => $stored,
                tag => $method eq "ntlm" ? "ntlm" : "crypt", result => "accept", code => undef, flags => $flags,
            };
        }
    }
}
open(my $file, ">", $ARGV[0]) or die;
print $file JSON::PP->new->canonical->encode(\%out);
