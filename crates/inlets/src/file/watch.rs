//! Being told by the system that something was written. It may fail or stay silent (network folders do), so
//! the inlet looks by itself from time to time as well.

use std::sync::Arc;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use crate::file::paths::root;

/// Listens at the folders of some paths until it is dropped.
pub(super) struct Watch {
    changed: Arc<Notify>,
    _watcher: Option<RecommendedWatcher>,
}

impl Watch {
    pub(super) fn at(paths: &[String], inlet: &str) -> Watch {
        let changed = Arc::new(Notify::new());
        let told = changed.clone();
        let watcher = notify::recommended_watcher(move |change: notify::Result<notify::Event>| {
            // Reading is seen too, also our own.
            if change.is_ok_and(|change| !change.kind.is_access()) {
                told.notify_one();
            }
        });
        let mut watcher = match watcher {
            Ok(watcher) => watcher,
            Err(fault) => {
                tracing::warn!(inlet, %fault, "the system does not tell of changes; looking by ourselves");
                return Watch { changed, _watcher: None };
            }
        };
        for path in paths.iter().filter(|path| *path != "-") {
            let (folder, deep) = root(path);
            let mode = if deep { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
            if let Err(fault) = watcher.watch(&folder, mode) {
                tracing::warn!(inlet, folder = %folder.display(), %fault, "not told of changes here; looking by ourselves");
            }
        }
        Watch { changed, _watcher: Some(watcher) }
    }

    /// Comes back when something was written since the last time. Changes while nobody waited are one.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }
}
