//! A connection whose other side takes nothing in is not held for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep};

/// Fails a write that makes no progress for so long.
pub struct Stall<S> {
    stream: S,
    longest: Duration,
    /// Runs while a write waits.
    until: Option<Pin<Box<Sleep>>>,
    sending: watch::Sender<bool>,
}

impl<S> Stall<S> {
    /// Watches over a stream's writes, and tells whether something written waits to be taken in.
    pub fn new(stream: S, longest: Duration, sending: watch::Sender<bool>) -> Self {
        Self {
            stream,
            longest,
            until: None,
            sending,
        }
    }

    fn watch<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        let waits = written.is_pending();
        if waits != self.until.is_some() {
            self.sending.send_replace(waits);
        }
        if !waits {
            self.until = None;
            return written;
        }
        let longest = self.longest;
        let until = self
            .until
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + longest)));
        ready!(until.as_mut().poll(cx));
        let message = "the other side takes nothing in";
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, message)))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stall<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stall<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, buffers);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let closed = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch(cx, closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_reader_that_takes_something_in_is_waited_for_and_one_asleep_is_not() {
        let (near, mut far) = tokio::io::duplex(4);
        let (sending, sent) = watch::channel(false);
        let mut near = Stall::new(near, Duration::from_millis(50), sending);
        let mut taken = [0; 16];
        let (written, read) = tokio::join!(near.write_all(&[7; 16]), far.read_exact(&mut taken));
        written.unwrap();
        read.unwrap();
        assert_eq!((taken, *sent.borrow()), ([7; 16], false));
        let error = near.write_all(&[0; 8]).await.unwrap_err();
        assert_eq!((error.kind(), *sent.borrow()), (io::ErrorKind::TimedOut, true));
    }
}
