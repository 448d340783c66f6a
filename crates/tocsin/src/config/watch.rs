//! Takes up a changed config without a restart, also where the file is a link that somebody turns
//! to another one, as Kubernetes does with a ConfigMap.
//!
//! The folders of the file, and of every link on the way to it, are watched; the file is read again when
//! something in them was closed, renamed or linked, and counts as changed when its bytes are others. No timers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use notify::event::{AccessKind, AccessMode, CreateKind, EventKind, ModifyKind};
use notify::{RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use super::{Config, Faults, checked, load_file};

/// Links on the way to a file, at most: a ring of links ends here.
const LINKS_MAX: usize = 16;

/// Watches the file that `loaded` was read from, until the future is dropped. Each time its bytes change,
/// `on_change` gets the new config, or all its faults: then the old one shall stay. A config that came
/// from no file never changes.
///
/// # Errors
/// The system cannot watch the folder.
pub(crate) async fn watch(
    loaded: &Config,
    env: impl Iterator<Item = (String, String)>,
    mut on_change: impl FnMut(Result<Config, Faults>),
) -> Result<(), notify::Error> {
    let Some(file) = loaded.file.clone() else {
        return std::future::pending().await;
    };
    let env: BTreeMap<String, String> = env.collect();
    // One place is enough: a knock that finds it taken is answered by the look that is due anyway.
    let (knock, mut knocks) = mpsc::channel::<()>(1);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.as_ref().map_or(true, is_whole) {
            match knock.try_send(()) {
                Ok(()) | Err(mpsc::error::TrySendError::Full(())) => {}
                Err(mpsc::error::TrySendError::Closed(())) => {
                    tracing::debug!("the config is watched no more")
                }
            }
        }
    })?;
    let mut watched = BTreeSet::new();
    let mut hash = loaded.file_hash;
    loop {
        // Folders first, then a look: what changes in between knocks again.
        let folders = folders(&file);
        for folder in folders.difference(&watched) {
            watcher.watch(folder, RecursiveMode::NonRecursive)?;
        }
        for folder in watched.difference(&folders) {
            // It is usually gone already, and its watch with it.
            if let Err(why) = watcher.unwatch(folder) {
                tracing::debug!(folder = %folder.display(), %why, "was watched no more");
            }
        }
        watched = folders;
        // A file that is away for a moment is about to be put back.
        if let Ok(bytes) = std::fs::read(&file) {
            let found = checked::hash(&bytes);
            if found != hash {
                hash = found;
                on_change(load_file(&file, &env));
            }
        }
        if knocks.recv().await.is_none() {
            return Ok(());
        }
    }
}

/// Whether what happened may have left a whole new file behind, rather than part of one.
fn is_whole(event: &notify::Event) -> bool {
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => false,
        // Linux tells of closing, too: bytes that come in and files that were just made wait for it.
        EventKind::Modify(ModifyKind::Data(_)) => !cfg!(target_os = "linux"),
        EventKind::Create(CreateKind::File) => {
            !cfg!(target_os = "linux") || event.paths.iter().any(|path| path.is_symlink())
        }
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    }
}

/// The folder of the file and those of every link on the way to it, by their real paths: a link to a
/// folder that is turned to another one gives another path.
fn folders(file: &Path) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    let mut path = file.to_owned();
    for _ in 0..LINKS_MAX {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let target = std::fs::read_link(&path);
        folders.extend(std::fs::canonicalize(&folder));
        match target {
            Ok(target) => path = folder.join(target),
            Err(_) => break,
        }
    }
    folders
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const A: &str = "[[brand]]\nname = 'a'\nquery = 'a'\n";
    const B: &str = "[[brand]]\nname = 'b'\nquery = 'b'\n";

    /// What each change gave: the names of the brands, or how many faults.
    type Seen = mpsc::Receiver<Result<Vec<String>, usize>>;

    fn start(file: &Path) -> (tokio::task::JoinHandle<()>, Seen) {
        let loaded = super::super::load(Some(file), std::iter::empty()).unwrap();
        let (tell, seen) = mpsc::channel(16);
        let watching = tokio::spawn(async move {
            let on_change = |change: Result<Config, Faults>| {
                let names = |c: Config| c.brands.iter().map(|b| b.name.to_string()).collect();
                tell.try_send(change.map(names).map_err(|faults| faults.count())).unwrap();
            };
            watch(&loaded, std::iter::empty(), on_change).await.unwrap();
        });
        (watching, seen)
    }

    fn brands(names: &[&str]) -> Option<Result<Vec<String>, usize>> {
        Some(Ok(names.iter().map(|name| (*name).to_owned()).collect()))
    }

    #[tokio::test]
    async fn a_file_written_over_or_put_in_its_place_is_taken_up() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tocsin.toml");
        std::fs::write(&file, A).unwrap();
        let (watching, mut seen) = start(&file);
        std::fs::write(&file, B).unwrap();
        assert_eq!(seen.recv().await, brands(&["b"]));
        let beside = folder.path().join("new.toml");
        std::fs::write(&beside, format!("{A}{B}")).unwrap();
        std::fs::rename(&beside, &file).unwrap();
        assert_eq!(seen.recv().await, brands(&["a", "b"]));
        watching.abort();
    }

    #[tokio::test]
    async fn a_bad_file_gives_its_faults_and_the_next_good_one_is_taken_up() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tocsin.toml");
        std::fs::write(&file, A).unwrap();
        let (watching, mut seen) = start(&file);
        std::fs::write(&file, "[[brand]]\n[log]\nx = 1\n").unwrap();
        assert_eq!(seen.recv().await, Some(Err(3)));
        // The same bytes again are no change; the next others are.
        std::fs::write(&file, "[[brand]]\n[log]\nx = 1\n").unwrap();
        std::fs::write(&file, B).unwrap();
        assert_eq!(seen.recv().await, brands(&["b"]));
        watching.abort();
    }

    /// As Kubernetes does: tocsin.toml -> ..data/tocsin.toml, ..data -> ..1, and ..data is turned to ..2.
    #[tokio::test]
    async fn a_config_map_is_taken_up_when_its_link_is_turned() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let turn = |to: &str, text: &str| {
            std::fs::create_dir(at(to)).unwrap();
            std::fs::write(at(to).join("tocsin.toml"), text).unwrap();
            symlink(to, at("..data_tmp")).unwrap();
            std::fs::rename(at("..data_tmp"), at("..data")).unwrap();
        };
        turn("..1", A);
        symlink("..data/tocsin.toml", at("tocsin.toml")).unwrap();
        let (watching, mut seen) = start(&at("tocsin.toml"));
        turn("..2", B);
        assert_eq!(seen.recv().await, brands(&["b"]));
        std::fs::remove_dir_all(at("..1")).unwrap();
        turn("..3", A);
        assert_eq!(seen.recv().await, brands(&["a"]));
        watching.abort();
    }
}
