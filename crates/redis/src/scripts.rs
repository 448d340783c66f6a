//! What is done whole or not at all.

use std::sync::LazyLock;

use redis::{Cmd, Script};

/// A script, and the name that a server knows it by.
pub(crate) struct Lua {
    code: &'static str,
    script: LazyLock<Script>,
}

macro_rules! scripts {
    ($($name:ident = $file:literal),+) => {
        $(pub(crate) static $name: Lua = Lua {
            code: include_str!($file),
            script: LazyLock::new(|| Script::new(include_str!($file))),
        };)+
        /// Tells a server of all scripts.
        pub(crate) fn load() -> Vec<Cmd> {
            vec![$($name.load()),+]
        }
    };
}

scripts! {
    SETTLE = "lua/settle.lua",
    SWEEP = "lua/sweep.lua",
    OFFER = "lua/offer.lua",
    FOLD = "lua/fold.lua",
    KEEP = "lua/keep.lua",
    LOWER = "lua/lower.lua"
}

impl Lua {
    fn load(&self) -> Cmd {
        let mut command = redis::cmd("SCRIPT");
        command.arg("LOAD").arg(self.code);
        command
    }

    /// A call; arguments are to be added.
    pub(crate) fn call<K: AsRef<[u8]>>(&self, keys: &[K]) -> Cmd {
        let mut command = redis::cmd("EVALSHA");
        command.arg(self.script.get_hash()).arg(keys.len());
        keys.iter().for_each(|key| {
            command.arg(key.as_ref());
        });
        command
    }
}
