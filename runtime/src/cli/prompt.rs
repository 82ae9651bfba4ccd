//! Asks a person for a secret: what is typed is not shown.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd as _;
use std::sync::Mutex;

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

/// The longest answer, in bytes.
const MOST: usize = 64 * 1024;

/// The terminal as it was, while somebody is asked.
static BEFORE: Mutex<Option<(File, Termios)>> = Mutex::new(None);

/// Asks for a secret on the terminal of this process; `None` where nobody sits at one. It waits for a person.
///
/// # Errors
/// When the terminal does not work; `Interrupted` when the person pressed Ctrl-C or Ctrl-D.
pub(super) fn secret(name: &str) -> io::Result<Option<String>> {
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    let Some(mut terminal) = terminal() else {
        return Ok(None);
    };
    let before = tcgetattr(&terminal)?;
    let mut silent = before.clone();
    // Ctrl-C comes as a character: else the process could end while its terminal shows nothing.
    silent.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
    silent.special_codes[SpecialCodeIndex::VMIN] = 1;
    silent.special_codes[SpecialCodeIndex::VTIME] = 0;
    if let Ok(mut kept) = BEFORE.lock() {
        *kept = Some((terminal.try_clone()?, before));
    }
    // First: what is typed as soon as the question is seen is the answer.
    tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
    let read = write!(terminal, "the secret {name}: ").and_then(|()| typed(&terminal));
    restore();
    writeln!(terminal)?;
    read.map(Some)
}

/// The terminal of this process; where it has none of its own (a session of its own without one), that of its stdin.
fn terminal() -> Option<File> {
    let own = File::options().read(true).write(true).open("/dev/tty");
    let of_stdin = || io::stdin().as_fd().try_clone_to_owned().map(File::from);
    own.or_else(|_| of_stdin()).ok()
}

/// Puts the terminal back as it was, where somebody is being asked. Once more does nothing.
pub(super) fn restore() {
    let kept = BEFORE.lock().ok().and_then(|mut kept| kept.take());
    if let Some((terminal, before)) = kept {
        // There is nothing else to be tried.
        let _ = tcsetattr(&terminal, OptionalActions::Now, &before);
    }
}

/// A line, key by key.
fn typed(mut keys: impl Read) -> io::Result<String> {
    let mut line: Vec<u8> = Vec::new();
    let mut key = [0];
    loop {
        if keys.read(&mut key)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match key {
            [b'\r' | b'\n'] => break,
            [0x03 | 0x04] => return Err(io::ErrorKind::Interrupted.into()),
            // Backspace takes a whole character.
            [0x08 | 0x7f] => while line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {},
            // Ctrl-U takes the line.
            [0x15] => line.clear(),
            [byte] if line.len() < MOST => line.push(byte),
            _ => return Err(io::Error::other("the answer is too long")),
        }
    }
    String::from_utf8(line).map_err(|_| io::Error::other("the answer is not UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_key_by_key() {
        for (keys, line) in [
            ("abc\r", "abc"),
            ("abü\u{7f}\u{8}c\n", "ac"),
            ("wrong\u{15}right\n", "right"),
            ("\u{7f}\n", ""),
        ] {
            assert_eq!(typed(keys.as_bytes()).unwrap(), line, "{keys:?}");
        }
    }

    #[test]
    fn ctrl_c_and_an_end_are_no_answers() {
        assert_eq!(
            typed(&b"ab\x03"[..]).unwrap_err().kind(),
            io::ErrorKind::Interrupted
        );
        assert_eq!(
            typed(&b"ab"[..]).unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
        assert!(typed(&b"\xff\n"[..]).is_err());
    }
}
