//! What forums and shops made of a password when they made all that visitors sent safe for HTML, before anything was hashed.

use crate::function::Secret;

/// PHP's `htmlspecialchars` with `ENT_COMPAT`.
pub(super) fn escaped(value: &[u8]) -> Secret {
    let mut escaped = Secret::new(Vec::with_capacity(6 * value.len()));
    for byte in value {
        match byte {
            b'&' => escaped.extend_from_slice(b"&amp;"),
            b'<' => escaped.extend_from_slice(b"&lt;"),
            b'>' => escaped.extend_from_slice(b"&gt;"),
            b'"' => escaped.extend_from_slice(b"&quot;"),
            byte => escaped.push(*byte),
        }
    }
    escaped
}

/// What SMF reads in a password that may have been made safe for HTML (`un_htmlspecialchars`): once, from left to right.
const ENTITIES: [(&[u8], u8); 7] = [
    (b"&amp;", b'&'),
    (b"&lt;", b'<'),
    (b"&gt;", b'>'),
    (b"&quot;", b'"'),
    (b"&#039;", b'\''),
    (b"&#39;", b'\''),
    (b"&nbsp;", b' '),
];

pub(super) fn unescaped(value: &[u8]) -> Secret {
    let mut unescaped = Secret::new(Vec::with_capacity(value.len()));
    let mut rest = value;
    while let Some((first, after)) = rest.split_first() {
        let entity = ENTITIES.iter().find_map(|(entity, byte)| Some((*byte, rest.strip_prefix(*entity)?)));
        let (byte, after) = entity.unwrap_or((*first, after));
        unescaped.push(byte);
        rest = after;
    }
    unescaped
}

/// What IP.Board wrote for what, one after the other; the third in any case of its letters. As IPS 4 does it for hashes of before
/// (`Request::legacyEscape`).
const IPB: [(&[u8], &[u8]); 12] = [
    (b"&", b"&amp;"),
    (b"<!--", b"&#60;&#33;--"),
    (b"-->", b"--&#62;"),
    (b"<script", b"&#60;script"),
    (b">", b"&gt;"),
    (b"<", b"&lt;"),
    (b"\"", b"&quot;"),
    (b"\n", b"<br />"),
    (b"$", b"&#036;"),
    (b"!", b"&#33;"),
    (b"'", b"&#39;"),
    (b"\\", b"&#092;"),
];

pub(super) fn of_ipb(value: Secret) -> Secret {
    IPB.iter().fold(value, |value, (from, to)| replaced(&value, from, to))
}

/// PHP's `addslashes`.
pub(super) fn with_slashes(value: &[u8]) -> Secret {
    let mut slashed = Secret::new(Vec::with_capacity(2 * value.len()));
    for byte in value {
        match byte {
            b'\'' | b'"' | b'\\' => slashed.extend_from_slice(&[b'\\', *byte]),
            0 => slashed.extend_from_slice(b"\\0"),
            byte => slashed.push(*byte),
        }
    }
    slashed
}

/// What the script of vBulletin's pages (`str_to_ent`, then MD5 over a byte for each character) hashes of a text.
pub(super) fn of_vbulletin(value: Secret) -> Secret {
    let Ok(text) = std::str::from_utf8(&value) else { return value };
    let mut sent = Secret::new(Vec::with_capacity(4 * value.len()));
    for c in text.chars() {
        match u8::try_from(u32::from(c)) {
            Ok(byte) => sent.push(byte),
            // One for each of the two units that a character beyond the first plane has.
            Err(_) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    sent.extend_from_slice(b"&#");
                    let digits = [10_000, 1000, 100, 10, 1].into_iter().filter(|power| *power <= *unit);
                    sent.extend(digits.map(|power| b'0' + (*unit / power % 10) as u8));
                    sent.push(b';');
                }
            }
        }
    }
    sent
}

fn replaced(value: &[u8], from: &[u8], to: &[u8]) -> Secret {
    // In one piece, so that no other is left that is not wiped.
    let mut replaced = Secret::new(Vec::with_capacity(value.len().div_ceil(from.len()) * to.len().max(from.len())));
    let mut rest = value;
    while let Some((first, after)) = rest.split_first() {
        if rest.get(..from.len()).is_some_and(|start| start.eq_ignore_ascii_case(from)) {
            replaced.extend_from_slice(to);
            rest = &rest[from.len()..];
        } else {
            replaced.push(*first);
            rest = after;
        }
    }
    replaced
}

/// Whether other values become the same in [`of_ipb`].
pub(super) fn ipb_loses(value: &[u8]) -> bool {
    value.windows(7).any(|part| part.eq_ignore_ascii_case(b"<script"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_html_reads_is_escaped() {
        for (text, expected) in [
            ("password", "password"),
            ("", ""),
            ("R&B \"rock\" <3 'n' >", "R&amp;B &quot;rock&quot; &lt;3 'n' &gt;"),
            ("&amp;", "&amp;amp;"),
        ] {
            assert_eq!(*escaped(text.as_bytes()), expected.as_bytes());
        }
    }

    #[test]
    fn what_ip_board_feared_is_replaced() {
        for (text, expected) in [
            ("password", "password"),
            ("Pa$$w0rd!", "Pa&#036;&#036;w0rd&#33;"),
            ("a'b\"c\\d\n", "a&#39;b&quot;c&#092;d<br />"),
            ("<!--x-->", "&#60;&#33;--x--&#62;"),
            ("<!-->", "&#60;&#33;--&#62;"),
            ("<SCRIPT>", "&#60;script&gt;"),
            ("a<b>&#36;", "a&lt;b&gt;&amp;#36;"),
        ] {
            assert_eq!(*of_ipb(Secret::new(text.into())), expected.as_bytes(), "{text}");
        }
        assert!(ipb_loses(b"<ScRiPt") && !ipb_loses(b"<scrip"));
    }
}
