//! `tocsin ready`: whether a running process is ready, for health checks in places where there is nothing else to ask with.

use std::io::{Read as _, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::Stop;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of an answer that are read; it has about a hundred.
const ANSWER_MAX: u64 = 16 * 1024;

/// Asks `/readyz` at an address, and writes what it says.
///
/// # Errors
/// It says no, or nobody answers.
pub(crate) fn ready(address: &str, output: &mut impl Write) -> Result<std::io::Result<()>, Stop> {
    let answer =
        ask(address).map_err(|why| Stop::failed(format_args!("nobody answers at {address}: {why}")))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.split(' ').nth(1) == Some("200") {
        return Ok(writeln!(output, "{body}"));
    }
    Err(Stop::failed(format_args!("not ready: {body}")))
}

fn ask(address: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(ANSWER_MAX).read_to_string(&mut answer)?;
    Ok(answer)
}
