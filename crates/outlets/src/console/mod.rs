//! Outlet `console`: what a tired person reads at 3 a.m.

mod config; // what the operator may say
mod layout; // columns, and lines that break where they may
mod page; // a story on a terminal
#[cfg(test)]
mod tests;

use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use anstream::AutoStream;
use tocsin_flow::{Outlet, Undelivered};
use tocsin_model::{Notice, OutletId, Receipt};

use crate::kind::OutletKind;
use crate::language::Language;
use crate::zones::Zones;

pub use self::config::ConsoleConfig;
pub use self::page::render;

/// The kind's line in the list.
pub(crate) const KIND: OutletKind = OutletKind {
    name: "console",
    help: "writes each notice to standard output, in colour on a terminal (NO_COLOR is heeded)",
    example: "[[outlet]]\nkind = \"console\"\nname = \"console\"\n",
};

/// Writes notices where somebody looks.
pub struct Console {
    name: OutletId,
    zones: Zones,
    language: Language,
    to: Arc<Mutex<dyn Write + Send>>,
}

impl Console {
    /// To standard output: colours if it is a terminal and nothing (`NO_COLOR`, `TERM=dumb`) speaks against it.
    pub fn new(config: ConsoleConfig) -> Console {
        Console::writing_to(config, AutoStream::auto(io::stdout()))
    }

    /// To anything else: it gets the colours as ANSI sequences, unless it takes them out.
    pub fn writing_to(config: ConsoleConfig, to: impl Write + Send + 'static) -> Console {
        let ConsoleConfig { name, zones, language } = config;
        Console { name, zones, language, to: Arc::new(Mutex::new(to)) }
    }

    async fn write(&self, notice: &Notice) -> Result<Receipt, Undelivered> {
        let text = render(notice, &self.zones.of(&notice.incident.subject), self.language);
        let to = self.to.clone();
        // A terminal that is scrolled back takes nothing: that must not hold up the whole process.
        let written = tokio::task::spawn_blocking(move || {
            // A writer that panicked has lost its line, not its state.
            let mut to = to.lock().unwrap_or_else(PoisonError::into_inner);
            to.write_all(text.as_bytes()).and_then(|()| to.flush())
        });
        match written.await {
            Ok(Ok(())) => Ok(Receipt { reference: None }),
            Ok(Err(e)) if e.kind() == io::ErrorKind::BrokenPipe => Err(Undelivered::Misconfigured {
                why: "standard output is closed: start tocsin with one, or leave this outlet out".to_owned(),
            }),
            Ok(Err(e)) => {
                Err(Undelivered::Retry { why: format!("the console took nothing: {e}"), after: None })
            }
            Err(e) => {
                Err(Undelivered::Retry { why: format!("writing to the console broke off: {e}"), after: None })
            }
        }
    }
}

impl Outlet for Console {
    fn name(&self) -> &str {
        self.name.as_str()
    }

    fn deliver<'a>(
        &'a self,
        notice: &'a Notice,
    ) -> Pin<Box<dyn Future<Output = Result<Receipt, Undelivered>> + Send + 'a>> {
        Box::pin(self.write(notice))
    }
}
