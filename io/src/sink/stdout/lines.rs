//! Lines on a writer that may fail in the midst of one: each still comes out whole, and none twice for a retry.

use std::fmt;
use std::io::{self, Write};

use bytes::Bytes;

/// Writes lines.
pub(super) struct Lines {
    writer: Box<dyn Write + Send>,
    buffer: Vec<u8>,
    /// Lines of the last write, which failed, that did go out: a retry begins with them.
    out: Vec<Bytes>,
    /// What is still missing of the last of them.
    rest: Vec<u8>,
}

impl Lines {
    pub(super) fn to(writer: Box<dyn Write + Send>) -> Self {
        Self { writer, buffer: Vec::new(), out: Vec::new(), rest: Vec::new() }
    }

    /// Writes `lines`, each with a line break behind it; all went out exactly if there is no error.
    pub(super) fn write<'a>(&mut self, lines: impl Iterator<Item = &'a Bytes> + Clone) -> io::Result<()> {
        self.finish_line()?;
        let known = lines.clone().zip(&self.out).take_while(|(line, out)| line == out).count();
        self.out.truncate(known);
        self.buffer.clear();
        for line in lines.clone().skip(known) {
            self.buffer.extend_from_slice(line);
            self.buffer.push(b'\n');
        }
        let (written, result) = write_as_far_as_it_goes(&mut self.writer, &self.buffer);
        if let Err(error) = result.and_then(|()| self.writer.flush()) {
            self.remember(written, lines.skip(known));
            return Err(error);
        }
        self.out.clear();
        Ok(())
    }

    fn finish_line(&mut self) -> io::Result<()> {
        let (written, result) = write_as_far_as_it_goes(&mut self.writer, &self.rest);
        self.rest.drain(..written);
        result
    }

    /// Of the buffer, made of `lines`, only `written` bytes went out.
    fn remember<'a>(&mut self, written: usize, lines: impl Iterator<Item = &'a Bytes>) {
        let mut end = 0;
        for line in lines {
            if end >= written {
                break;
            }
            end += line.len() + 1;
            self.out.push(line.clone());
        }
        self.rest.extend_from_slice(&self.buffer[written..end.max(written)]);
    }
}

fn write_as_far_as_it_goes(writer: &mut dyn Write, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while written < bytes.len() {
        match writer.write(&bytes[written..]) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("rest", &self.rest.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Takes so many bytes, fails once, takes so many again.
    #[derive(Clone)]
    struct Faulty(Arc<Mutex<(Vec<u8>, Vec<usize>)>>);

    impl Write for Faulty {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (taken, portions) = &mut *self.0.lock().unwrap();
            let Some(portion) = portions.first_mut() else {
                taken.extend_from_slice(bytes);
                return Ok(bytes.len());
            };
            if *portion == 0 {
                portions.remove(0);
                return Err(io::ErrorKind::StorageFull.into());
            }
            let count = bytes.len().min(*portion);
            *portion -= count;
            taken.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn wherever_it_fails_each_line_comes_out_once_and_whole() {
        let lines = ["aa", "", "aa", "bcd"].map(Bytes::from);
        let whole = b"aa\n\naa\nbcd\n";
        for first in 0..=whole.len() {
            for second in 0..=whole.len() - first {
                let faulty = Faulty(Arc::new(Mutex::new((Vec::new(), vec![first, second]))));
                let mut it = Lines::to(Box::new(faulty.clone()));
                let tries = (0..3).find(|_| it.write(lines.iter()).is_ok());
                assert!(tries.is_some());
                assert_eq!(faulty.0.lock().unwrap().0, whole, "{first} then {second}");
            }
        }
    }

    #[test]
    fn a_retry_with_other_lines_finishes_the_broken_one_first() {
        let faulty = Faulty(Arc::new(Mutex::new((Vec::new(), vec![1]))));
        let mut it = Lines::to(Box::new(faulty.clone()));
        it.write([Bytes::from("abc")].iter()).unwrap_err();
        it.write([Bytes::from("x"), Bytes::from("abc")].iter()).unwrap();
        assert_eq!(faulty.0.lock().unwrap().0, b"abc\nx\nabc\n");
    }
}
