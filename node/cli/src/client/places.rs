//! Where this user's keys, profiles and submitted jobs lie.

use std::env;
use std::path::{Path, PathBuf};

use arknet_protocol::JobId;

use super::profile::ProfileName;

/// The folders of this user.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    config: PathBuf,
    state: PathBuf,
}

/// A user without a home.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no place for this user's keys and profiles: set HOME, XDG_CONFIG_HOME or ARKNET_CONFIG_DIR"
)]
pub(crate) struct PlacesError;

impl Places {
    /// The folders that the environment names: `ARKNET_CONFIG_DIR` holds everything where it is set, else the folders
    /// of the XDG base directory specification.
    pub(crate) fn of_environment() -> Result<Self, PlacesError> {
        Self::of(|name| env::var_os(name).map(PathBuf::from))
    }

    fn of(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<Self, PlacesError> {
        let set = |name: &str| variable(name).filter(|path| !path.as_os_str().is_empty());
        if let Some(config) = set("ARKNET_CONFIG_DIR") {
            let state = config.join("state");
            return Ok(Self { config, state });
        }
        let folder = |name: &str, under_home: &str| {
            set(name)
                .filter(|path| path.is_absolute())
                .or_else(|| Some(set("HOME")?.join(under_home)))
                .map(|base| base.join("arknet"))
                .ok_or(PlacesError)
        };
        Ok(Self {
            config: folder("XDG_CONFIG_HOME", ".config")?,
            state: folder("XDG_STATE_HOME", ".local/state")?,
        })
    }

    /// The client's secret key.
    pub(crate) fn key(&self) -> PathBuf {
        self.config.join("client.key")
    }

    /// The folder of the profiles.
    pub(crate) fn profiles(&self) -> PathBuf {
        self.config.join("profiles")
    }

    /// The file of a profile.
    pub(crate) fn profile(&self, name: &ProfileName) -> PathBuf {
        self.profiles().join(format!("{name}.toml"))
    }

    /// What is kept of a submitted job.
    pub(crate) fn job(&self, id: JobId) -> PathBuf {
        self.state.join("jobs").join(id.to_string())
    }

    /// The folder of the configuration.
    pub(crate) fn config(&self) -> &Path {
        &self.config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(variables: &[(&str, &str)]) -> Result<(PathBuf, PathBuf), PlacesError> {
        let find = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| PathBuf::from(value))
        };
        Places::of(find).map(|places| (places.config, places.state))
    }

    #[test]
    fn the_environment_decides() {
        let expect = |config: &str, state: &str| Ok((config.into(), state.into()));
        assert_eq!(
            places(&[("HOME", "/home/a")]),
            expect("/home/a/.config/arknet", "/home/a/.local/state/arknet")
        );
        assert_eq!(
            places(&[("HOME", "/home/a"), ("XDG_CONFIG_HOME", "/c")]),
            expect("/c/arknet", "/home/a/.local/state/arknet")
        );
        // The specification has relative paths ignored.
        assert_eq!(
            places(&[("HOME", "/home/a"), ("XDG_CONFIG_HOME", "c")]),
            expect("/home/a/.config/arknet", "/home/a/.local/state/arknet")
        );
        assert_eq!(
            places(&[("HOME", "/home/a"), ("ARKNET_CONFIG_DIR", "c")]),
            expect("c", "c/state")
        );
        assert_eq!(places(&[]), Err(PlacesError));
        assert_eq!(places(&[("HOME", "")]), Err(PlacesError));
    }
}
