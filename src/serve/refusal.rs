//! What is no request the HTTP implementation refuses by itself, with a status and nothing else. That answer is caught on its way
//! out, and one goes in its place that says what all refusals say: a problem, and the id that the log has.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::middleware::random_hex;
use super::problem::Problem;

/// The end of a head.
const END: &[u8] = b"\r\n\r\n";

/// The id of the answer to what was no request, once there is one.
#[derive(Clone, Default)]
pub(super) struct RefusalId(Arc<OnceLock<String>>);

impl RefusalId {
    pub(super) fn get(&self) -> &str {
        self.0.get_or_init(random_hex::<12>)
    }
}

/// A connection whose bare refusals are replaced.
pub(super) struct Refusing<S> {
    stream: S,
    id: RefusalId,
    instead: Option<Instead>,
}

/// What is sent, and how much of what was to be written it stands for.
struct Instead {
    bytes: Vec<u8>,
    sent: usize,
    stands_for: usize,
}

impl<S> Refusing<S> {
    pub(super) fn new(stream: S) -> (Self, RefusalId) {
        let id = RefusalId::default();
        (Self { stream, id: id.clone(), instead: None }, id)
    }
}

/// Where a bare refusal begins, which is the last of what is written, and its status.
fn bare_refusal(bytes: &[u8]) -> Option<(usize, u16)> {
    let answer = |bytes: &[u8]| bytes.starts_with(b"HTTP/1.1 4") || bytes.starts_with(b"HTTP/1.1 5");
    // Nothing of ours ends so, but for an answer without a body; and those have an id.
    let head = bytes.strip_suffix(END)?;
    let start = head.windows(10).rposition(answer)?;
    let head = std::str::from_utf8(&head[start..]).ok()?.to_ascii_lowercase();
    let is_bare =
        head.contains("\r\ncontent-length: 0") && !head.contains("\r\nx-request-id:") && !head.contains("\r\n\r\n");
    let status = head.get(9..12)?.parse().ok()?;
    is_bare.then_some((start, status))
}

impl Instead {
    /// What stands before the refusal goes along as it is.
    fn of(bytes: &[u8], id: &RefusalId) -> Option<Self> {
        let (start, status) = bare_refusal(bytes)?;
        let refusal = Problem::no_request(status)?.as_bytes(id.get());
        Some(Self { bytes: [&bytes[..start], &refusal].concat(), sent: 0, stands_for: bytes.len() })
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Refusing<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Refusing<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.instead.is_none() {
            this.instead = Instead::of(bytes, &this.id);
        }
        // Until all of it is gone, nothing is said to be written, and the same comes again.
        while let Some(instead) = &mut this.instead {
            let left = &instead.bytes[instead.sent..];
            if left.is_empty() {
                let stands_for = instead.stands_for;
                this.instead = None;
                return Poll::Ready(Ok(stands_for));
            }
            match ready!(Pin::new(&mut this.stream).poll_write(cx, left))? {
                0 => return Poll::Ready(Ok(0)),
                sent => instead.sent += sent,
            }
        }
        Pin::new(&mut this.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut whole = buffers.iter().filter(|buffer| !buffer.is_empty());
        match (whole.next(), whole.next()) {
            // A bare refusal has no body, so that it is never in several pieces.
            (Some(one), None) => self.poll_write(cx, one),
            _ => Pin::new(&mut self.stream).poll_write_vectored(cx, buffers),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: today\r\n\r\n";

    #[test]
    fn a_bare_refusal_is_told_from_answers_of_ours() {
        assert_eq!(bare_refusal(BARE.as_bytes()), Some((0, 400)));
        let before = "HTTP/1.1 200 OK\r\nx-request-id: 1\r\ncontent-length: 2\r\n\r\nok";
        let both = format!("{before}{BARE}");
        assert_eq!(bare_refusal(both.as_bytes()), Some((before.len(), 400)));
        for ours in [
            before,
            "HTTP/1.1 204 No Content\r\nx-request-id: 1\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 401 Unauthorized\r\nx-request-id: 1\r\ncontent-length: 14\r\n\r\nHTTP/1.1 400\r\n",
            &BARE[..BARE.len() - 2],
            "",
        ] {
            assert_eq!(bare_refusal(ours.as_bytes()), None, "{ours}");
        }
    }

    #[tokio::test]
    async fn what_goes_in_its_place_is_sent_whole_through_a_narrow_pipe() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let (near, mut far) = tokio::io::duplex(7);
        let (mut refusing, id) = Refusing::new(near);
        let writing = tokio::spawn(async move {
            let written = refusing.write_all(BARE.as_bytes()).await;
            written.and(refusing.shutdown().await)
        });
        let mut text = String::new();
        assert!(far.read_to_string(&mut text).await.is_ok());
        assert!(writing.await.is_ok_and(|written| written.is_ok()));
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n") && head.contains("connection: close"), "{head}");
        assert!(head.contains(&format!("x-request-id: {}", id.get())), "{head}");
        assert!(head.contains(&format!("content-length: {}", body.len())) && body.contains("bad_head"), "{text}");
    }
}
