//! What the HTTP implementation does not tell: which headers a head had before two that contradict each other were made one,
//! and whether all of a body has come. A head that can be read in two ways is a way to hide a request from a proxy in front.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What there is to say of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    Plain,
    /// Where its body ends is not followed here: its connection ends with it.
    Last,
    /// It can be read in two ways, which are these.
    Doubtful(&'static str),
}

/// The heads that have come, until each is asked for.
#[derive(Clone, Default)]
pub(super) struct Heads(Arc<Mutex<VecDeque<Head>>>);

impl Heads {
    fn push(&self, head: Head) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(head);
    }

    /// That of the next request.
    pub(super) fn next(&self) -> Head {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or(Head::Last)
    }
}

/// A connection whose heads are looked at as they pass.
pub(super) struct Watched<S> {
    stream: S,
    watch: Watch,
}

struct Watch {
    heads: Heads,
    head: Vec<u8>,
    head_bytes_max: usize,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Head,
    /// So many bytes are left.
    Body(u64),
    /// No further request is taken on this connection.
    Over,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, head_bytes_max: usize) -> (Self, Heads) {
        let heads = Heads::default();
        let watch = Watch { heads: heads.clone(), head: Vec::new(), head_bytes_max, place: Place::Head };
        (Self { stream, watch }, heads)
    }
}

impl Watch {
    fn see(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match self.place {
                Place::Over => return,
                Place::Body(left) => {
                    let passed = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
                    let left = left - passed as u64;
                    self.place = if left == 0 { Place::Head } else { Place::Body(left) };
                    bytes = &bytes[passed..];
                }
                Place::Head => {
                    let (byte, rest) = (bytes[0], &bytes[1..]);
                    bytes = rest;
                    self.see_of_head(byte);
                }
            }
        }
    }

    fn see_of_head(&mut self, byte: u8) {
        // Empty lines may stand before a request.
        if self.head.is_empty() && matches!(byte, b'\r' | b'\n') {
            return;
        }
        self.head.push(byte);
        let is_over = byte == b'\n' && (self.head.ends_with(b"\n\r\n") || self.head.ends_with(b"\n\n"));
        if is_over {
            let (head, place) = judge(&self.head);
            self.heads.push(head);
            self.place = place;
        } else if self.head.len() > self.head_bytes_max {
            self.place = Place::Over;
        }
        if is_over || self.place == Place::Over {
            self.head = Vec::new();
        }
    }
}

/// What there is to say of a whole head, and what comes after it.
fn judge(head: &[u8]) -> (Head, Place) {
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let is_newest = lines.next().is_some_and(|line| line.ends_with(b"HTTP/1.1"));
    let (mut lengths, mut codings, mut hosts, mut length) = (0, 0, 0, None);
    for line in lines {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            lengths += 1;
            length = std::str::from_utf8(value).ok().and_then(|text| text.parse::<u64>().ok());
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            codings += 1;
        } else if name.eq_ignore_ascii_case(b"host") {
            hosts += 1;
        }
    }
    if lengths + codings > 1 {
        return (Head::Doubtful("two lengths of one body"), Place::Over);
    }
    if hosts > 1 || (is_newest && hosts == 0) {
        return (Head::Doubtful("a request has one Host"), Place::Over);
    }
    match (lengths, codings, length) {
        (0, 0, _) | (_, _, Some(0)) => (Head::Plain, Place::Head),
        (_, 0, Some(length)) => (Head::Plain, Place::Body(length)),
        _ => (Head::Last, Place::Over),
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if let Poll::Ready(Ok(())) = polled {
            self.watch.see(&buffer.filled()[before..]);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
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
        Pin::new(&mut self.stream).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// A body that says when all of it has come: until then its sender keeps the service waiting, and not the other way round.
pub(super) struct Arriving {
    body: Incoming,
    has_come: Arc<AtomicBool>,
}

impl Arriving {
    pub(super) fn new(body: Incoming, has_come: Arc<AtomicBool>) -> Self {
        has_come.store(body.is_end_stream(), Ordering::Relaxed);
        Self { body, has_come }
    }
}

impl Body for Arriving {
    type Data = <Incoming as Body>::Data;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None)) || (polled.is_ready() && self.body.is_end_stream()) {
            self.has_come.store(true, Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The heads of what comes in pieces of this size.
    fn heads(text: &str, piece: usize) -> Vec<Head> {
        let (mut watched, heads) = Watched::new((), 200);
        text.as_bytes().chunks(piece).for_each(|bytes| watched.watch.see(bytes));
        let mut all = heads.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.drain(..).collect()
    }

    #[test]
    fn heads_are_followed_across_bodies_and_pieces() {
        let text = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nA: b\r\n\r\nc\r\nGET / HTTP/1.1\nhost:x\n\n\
            GET / HTTP/1.0\r\n\r\nPOST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /";
        for piece in [1, 2, 7, 1000] {
            assert_eq!(heads(text, piece), [Head::Plain, Head::Plain, Head::Plain, Head::Last], "{piece}");
        }
        assert_eq!(heads(&format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(300)), 50), []);
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_doubtful() {
        for headers in [
            "Host: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            "Host: x\r\nTransfer-Encoding: chunked\r\nCONTENT-LENGTH: 1\r\n",
            "Host: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n",
            "Host: x\r\nHost: x\r\n",
            "",
        ] {
            let head = heads(&format!("POST / HTTP/1.1\r\n{headers}\r\n"), 1000);
            assert!(matches!(head[..], [Head::Doubtful(_)]), "{headers}");
        }
    }
}
