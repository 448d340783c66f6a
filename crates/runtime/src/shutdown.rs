//! Stopping: one flag for the whole process, set by SIGTERM, SIGINT or whoever holds the [`Stopper`].

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use tocsin_flow::{Stop, StopSource};
use tokio::sync::watch;

/// What a process exits with when it is told a second time to stop: 128 + 15, as shells write SIGTERM.
const STOPPED_AT_ONCE: i32 = 143;

/// Sets the flag. It is never taken back.
#[derive(Clone, Debug, Default)]
pub struct Stopper(Arc<Flag>);

#[derive(Debug, Default)]
struct Flag(watch::Sender<bool>);

impl Stopper {
    /// Not set.
    pub fn new() -> Stopper {
        Stopper::default()
    }

    /// Tells everybody to stop. A second time changes nothing.
    pub fn set(&self) {
        self.0.0.send_replace(true);
    }

    /// What is handed to everybody who must heed it.
    pub fn stop(&self) -> Stop {
        Stop::new(self.0.clone())
    }
}

impl StopSource for Flag {
    fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    fn wait(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut flag = self.0.subscribe();
        Box::pin(async move {
            // An error would mean that the sender is gone, but this future borrows it.
            flag.wait_for(|is_set| *is_set).await.ok();
        })
    }
}

/// Sets `stopper` at the first SIGTERM or SIGINT; where there are none, at Ctrl+C. The second one ends the process there and
/// then with exit code 143: that loses nothing that was acknowledged, as no kill does.
///
/// # Errors
/// The system would not hand us its signals.
pub fn stop_on_signals(stopper: Stopper) -> io::Result<()> {
    let mut signals = Signals::new()?;
    tokio::spawn(async move {
        signals.next().await;
        tracing::info!("stopping: finishing the batch; a second signal stops at once");
        stopper.set();
        signals.next().await;
        tracing::warn!("stopped at once");
        std::process::exit(STOPPED_AT_ONCE);
    });
    Ok(())
}

#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 2]);

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals([signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?]))
    }
    async fn next(&mut self) {
        let [terminate, interrupt] = &mut self.0;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> io::Result<Signals> {
        Ok(Signals(tokio::signal::windows::ctrl_c()?))
    }
    async fn next(&mut self) {
        self.0.recv().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everybody_hears_of_it_before_and_after() {
        let stopper = Stopper::new();
        let (early, other) = (stopper.stop(), stopper.clone());
        assert!(!early.is_set());
        let waiting = tokio::spawn({
            let early = early.clone();
            async move { early.wait().await }
        });
        other.set();
        other.set();
        waiting.await.unwrap();
        stopper.stop().wait().await;
        assert!(early.is_set());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn sigterm_sets_it() {
        let stopper = Stopper::new();
        stop_on_signals(stopper.clone()).unwrap();
        let pid = std::process::id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        stopper.stop().wait().await;
    }
}
