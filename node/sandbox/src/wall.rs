//! The walls around a worker, and which of them stand.
//!
//! A wall is one thing that a worker cannot do, by the word of the kernel. Several walls stop most acts; none is taken
//! for granted. What this system lacks is named, so that whoever runs strangers' jobs decides with open eyes.

use std::fmt;

/// One restriction of a worker. `docs/sandbox.md` says what each stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wall {
    /// No environment variables but those that the driver needs.
    Environment,
    /// No open files but the socket to the parent.
    Descriptors,
    /// Limits on processor time, memory and the size of files; no core dumps.
    Limits,
    /// The worker dies with its parent.
    ParentDeath,
    /// Its memory is closed to other processes of the same user.
    Undumpable,
    /// No capabilities, whoever started it.
    Capabilities,
    /// No way to gain rights by running a program.
    NoNewPrivileges,
    /// Landlock: nothing of the file system but reading what the driver consists of.
    Files,
    /// Landlock: no TCP.
    Network,
    /// Landlock: no signals and no abstract sockets to processes outside.
    Reach,
    /// seccomp: only the few system calls that a run needs.
    SystemCalls,
    /// A memory control group, which counts everything that is allocated on the worker's behalf.
    Memory,
}

impl Wall {
    /// All walls.
    pub const ALL: [Self; 12] = [
        Self::Environment,
        Self::Descriptors,
        Self::Limits,
        Self::ParentDeath,
        Self::Undumpable,
        Self::Capabilities,
        Self::NoNewPrivileges,
        Self::Files,
        Self::Network,
        Self::Reach,
        Self::SystemCalls,
        Self::Memory,
    ];

    /// The walls that a worker builds itself. The last one is its parent's.
    pub const OF_WORKER: [Self; 11] = {
        let mut walls = [Self::Environment; 11];
        let mut at = 0;
        while at < walls.len() {
            walls[at] = Self::ALL[at];
            at += 1;
        }
        walls
    };

    /// Whether strangers' jobs need it. The others repeat what seccomp and the limits enforce already, on kernels that
    /// have them.
    pub fn is_required(self) -> bool {
        !matches!(self, Self::Network | Self::Reach | Self::Memory)
    }

    /// A short name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Descriptors => "descriptors",
            Self::Limits => "limits",
            Self::ParentDeath => "parent death",
            Self::Undumpable => "undumpable",
            Self::Capabilities => "capabilities",
            Self::NoNewPrivileges => "no new privileges",
            Self::Files => "files",
            Self::Network => "network",
            Self::Reach => "reach",
            Self::SystemCalls => "system calls",
            Self::Memory => "memory",
        }
    }
}

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a wall stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WallState {
    /// It stands; what it is made of.
    Up(String),
    /// It does not; why.
    Missing(String),
}

impl WallState {
    /// Whether it stands.
    pub fn is_up(&self) -> bool {
        matches!(self, Self::Up(_))
    }
}

impl From<Result<String, String>> for WallState {
    fn from(built: Result<String, String>) -> Self {
        match built {
            Ok(detail) => Self::Up(detail),
            Err(reason) => Self::Missing(reason),
        }
    }
}

/// The state of every wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walls([WallState; Wall::ALL.len()]);

impl Default for Walls {
    /// No wall stands.
    fn default() -> Self {
        Self(Wall::ALL.map(|_| WallState::Missing("it was not built".to_owned())))
    }
}

impl Walls {
    /// The state of a wall.
    pub fn get(&self, wall: Wall) -> &WallState {
        &self.0[wall as usize]
    }

    /// Records the state of a wall.
    pub fn set(&mut self, wall: Wall, state: impl Into<WallState>) {
        self.0[wall as usize] = state.into();
    }

    /// Every wall with its state.
    pub fn iter(&self) -> impl Iterator<Item = (Wall, &WallState)> {
        Wall::ALL.into_iter().zip(&self.0)
    }

    /// The walls that do not stand, each with the reason.
    pub fn missing(&self) -> impl Iterator<Item = (Wall, &str)> {
        self.iter().filter_map(|(wall, state)| match state {
            WallState::Up(_) => None,
            WallState::Missing(reason) => Some((wall, reason.as_str())),
        })
    }

    /// Whether all walls stand that strangers' jobs need.
    pub fn hold(&self) -> bool {
        self.missing().all(|(wall, _)| !wall.is_required())
    }
}

impl fmt::Display for Walls {
    /// The missing walls with their reasons, or that there are none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut missing = self.missing().peekable();
        if missing.peek().is_none() {
            return f.write_str("all walls stand");
        }
        for (index, (wall, reason)) in missing.enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}no {wall}: {reason}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walls_are_numbered_in_their_order() {
        for (position, wall) in Wall::ALL.into_iter().enumerate() {
            assert_eq!(wall as usize, position);
        }
        assert!(!Wall::OF_WORKER.contains(&Wall::Memory));
    }

    #[test]
    fn only_required_walls_decide() {
        let mut walls = Walls::default();
        assert!(!walls.hold());
        for wall in Wall::ALL {
            walls.set(wall, WallState::Up(String::new()));
        }
        assert!(walls.hold());
        assert_eq!(walls.to_string(), "all walls stand");
        walls.set(Wall::Memory, WallState::Missing("no cgroups".into()));
        assert!(walls.hold());
        walls.set(Wall::Files, WallState::Missing("no Landlock".into()));
        assert!(!walls.hold());
        assert_eq!(
            walls.to_string(),
            "no files: no Landlock; no memory: no cgroups"
        );
    }
}
