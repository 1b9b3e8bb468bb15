//! Landlock: what a worker may still reach of the file system, the network and other processes.
//!
//! It may read the driver and what drivers ask about the machine, and use the device files of GPUs where there are any.
//! It may write and create nothing and run nothing. Of this only the device files matter to a kernel that breaks out:
//! once the driver runs on the processor, seccomp takes away opening altogether.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError, Scope, path_beneath_rules,
};

use crate::wall::{Wall, WallState, Walls};

/// The versions of Landlock that restrict different things, newest first, with what the kernel calls them.
const VERSIONS: [(ABI, u8); 6] = [
    (ABI::V6, 6),
    (ABI::V5, 5),
    (ABI::V4, 4),
    (ABI::V3, 3),
    (ABI::V2, 2),
    (ABI::V1, 1),
];
/// The first version that restricts TCP.
const NETWORK: u8 = 4;
/// The first version that restricts signals and abstract sockets.
const REACH: u8 = 6;

/// What drivers are made of, and what they ask about the machine and themselves, but not about other processes. Whatever
/// is not there is passed over.
const READABLE: [&str; 28] = [
    "/usr",
    "/lib",
    "/lib64",
    "/opt",
    "/nix/store",
    "/run/opengl-driver",
    "/etc/ld.so.cache",
    "/etc/vulkan",
    "/etc/glvnd",
    "/etc/drirc",
    "/etc/nvidia",
    "/sys/devices",
    "/sys/dev",
    "/sys/class/drm",
    "/sys/bus/pci",
    "/sys/module",
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/devices",
    "/proc/driver",
    "/proc/meminfo",
    "/proc/modules",
    "/proc/stat",
    "/proc/sys/vm",
    "/proc/version",
    "/dev/null",
    "/dev/zero",
    "/dev/urandom",
];

/// Where the loader of programs and their libraries lie.
const PROGRAMS: [&str; 4] = ["/usr", "/lib", "/lib64", "/nix/store"];

/// Device files of GPUs.
const DEVICES: [&str; 3] = ["/dev/dri", "/dev/kfd", "/dev/dxg"];

/// What a process may still reach. Whatever is not there is passed over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reachable {
    /// Files to read, or folders with such files.
    pub(crate) read: Vec<PathBuf>,
    /// Folders in which files may be made, written and removed.
    pub(crate) write: Vec<PathBuf>,
    /// Programs to run, or folders with such programs.
    pub(crate) run: Vec<PathBuf>,
    /// Device files.
    pub(crate) devices: Vec<PathBuf>,
}

impl Reachable {
    /// What a driver needs.
    pub(crate) fn driver() -> Self {
        Self {
            read: readable().collect(),
            devices: devices().collect(),
            ..Self::default()
        }
    }

    /// What it takes to start workers: what they need themselves, the program with its libraries, and what the system
    /// says about the processes that were started.
    pub(crate) fn workers(mut self) -> Self {
        let driver = Self::driver();
        self.run.extend(PROGRAMS.iter().map(PathBuf::from));
        self.run.extend(std::env::current_exe());
        self.read.extend(driver.read);
        self.read.push(PathBuf::from("/proc"));
        self.devices.extend(driver.devices);
        self
    }
}

/// Stage two: the file system and the network, before the driver starts threads.
pub(crate) fn close_files(walls: &mut Walls) {
    close_files_but(walls, Reachable::driver());
}

/// Closes the file system and the network but for what is reachable, to this thread and those that it starts.
pub(crate) fn close_files_but(walls: &mut Walls, reachable: Reachable) {
    let (files, version) = match restrict(&reachable) {
        Ok(version) => (
            WallState::Up(format!("Landlock version {version}")),
            version,
        ),
        Err(reason) => (WallState::Missing(reason), 0),
    };
    let since = |first: u8| {
        if version >= first {
            WallState::Up(format!("Landlock version {version}"))
        } else {
            WallState::Missing(format!(
                "it needs Landlock version {first}, and there is {version}"
            ))
        }
    };
    walls.set(Wall::Files, files);
    walls.set(Wall::Network, since(NETWORK));
    walls.set(Wall::Reach, since(REACH));
}

/// Restricts this thread and those it starts. Gives the version of Landlock.
fn restrict(reachable: &Reachable) -> Result<u8, String> {
    let mut last = String::new();
    for (abi, version) in VERSIONS {
        match ruleset(abi, version) {
            Ok(ruleset) => {
                return grant(ruleset, abi, reachable)
                    .and_then(RulesetCreated::restrict_self)
                    .map(|_| version)
                    .map_err(|error| format!("Landlock fails: {error}"));
            }
            Err(error) => last = error.to_string(),
        }
    }
    Err(format!("this kernel has no Landlock ({last})"))
}

/// Everything that this version can forbid.
fn ruleset(abi: ABI, version: u8) -> Result<RulesetCreated, RulesetError> {
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(abi))?;
    if version >= NETWORK {
        ruleset = ruleset.handle_access(AccessNet::from_all(abi))?;
    }
    if version >= REACH {
        ruleset = ruleset.scope(Scope::from_all(abi))?;
    }
    ruleset.create()
}

/// The exceptions.
fn grant(
    ruleset: RulesetCreated,
    abi: ABI,
    reachable: &Reachable,
) -> Result<RulesetCreated, RulesetError> {
    let read: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir;
    let mut write = read | AccessFs::WriteFile | AccessFs::MakeReg | AccessFs::RemoveFile;
    if abi >= ABI::V3 {
        write |= AccessFs::Truncate;
    }
    let mut device = read | AccessFs::WriteFile;
    if abi >= ABI::V5 {
        device |= AccessFs::IoctlDev;
    }
    let there = |paths: &[PathBuf]| -> Vec<PathBuf> {
        let there = paths.iter().filter(|path| path.exists());
        there.cloned().collect()
    };
    ruleset
        .add_rules(path_beneath_rules(there(&reachable.read), read))?
        .add_rules(path_beneath_rules(there(&reachable.write), write))?
        .add_rules(path_beneath_rules(
            there(&reachable.run),
            AccessFs::ReadFile | AccessFs::Execute,
        ))?
        .add_rules(path_beneath_rules(there(&reachable.devices), device))
}

fn readable() -> impl Iterator<Item = PathBuf> {
    let listed = |variable: &str| -> Vec<PathBuf> {
        std::env::var_os(variable).map_or_else(Vec::new, |paths| {
            std::env::split_paths(&paths)
                .filter(|path| path.is_absolute())
                .collect()
        })
    };
    let libraries = listed("LD_LIBRARY_PATH");
    let manifests = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES", "VK_ADD_DRIVER_FILES"].map(listed);
    READABLE
        .iter()
        .map(PathBuf::from)
        .chain(libraries)
        .chain(manifests.into_iter().flatten())
}

fn devices() -> impl Iterator<Item = PathBuf> {
    let nvidia = Path::new("/dev")
        .read_dir()
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"nvidia"))
        .map(|entry| entry.path());
    DEVICES.iter().map(PathBuf::from).chain(nvidia)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::{self, ErrorKind::PermissionDenied};
    use std::net::TcpStream;
    use std::process::Command;
    use std::thread;

    use super::*;

    fn denied<T>(result: io::Result<T>) -> bool {
        result.is_err_and(|error| error.kind() == PermissionDenied)
    }

    /// Landlock by itself, as it stands where a GPU's driver must open files: it holds for this test's thread alone.
    #[test]
    fn the_file_system_is_closed_without_filters() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        fs::write(path.join("there"), b"secret").unwrap();
        thread::spawn(move || {
            let mut walls = Walls::default();
            close_files(&mut walls);
            assert!(walls.get(Wall::Files).is_up(), "{walls}");
            assert!(denied(fs::read(path.join("there"))));
            assert!(denied(fs::read("/etc/passwd")));
            assert!(denied(fs::read_dir("/")));
            assert!(denied(fs::write(path.join("new"), b"x")));
            assert!(denied(fs::remove_file(path.join("there"))));
            assert!(denied(fs::create_dir(path.join("folder"))));
            assert!(denied(File::options().append(true).open("/usr/bin/env")));
            assert!(denied(File::open("/proc/1/status")));
            assert!(denied(Command::new("/usr/bin/env").spawn()));
            // What drivers are made of.
            assert!(File::open("/usr/bin/env").is_ok());
            assert!(File::open("/proc/self/maps").is_ok());
            if walls.get(Wall::Network).is_up() {
                assert!(denied(TcpStream::connect(("127.0.0.1", 1))));
            }
        })
        .join()
        .unwrap();
        assert!(folder.path().join("there").exists());
    }

    /// A confined process reaches its own folders and nothing beside them.
    #[test]
    fn only_what_is_reachable_is_reached() {
        let folder = tempfile::tempdir().unwrap();
        let (job, out, other) = (
            folder.path().join("job"),
            folder.path().join("job/out"),
            folder.path().join("other"),
        );
        fs::create_dir_all(&out).unwrap();
        fs::create_dir(&other).unwrap();
        fs::write(job.join("input"), b"input").unwrap();
        fs::write(other.join("secret"), b"secret").unwrap();
        thread::spawn(move || {
            let mut walls = Walls::default();
            let reachable = Reachable {
                read: vec![job.clone()],
                write: vec![out.clone(), job.join("not there")],
                ..Reachable::default()
            };
            close_files_but(&mut walls, reachable);
            assert!(walls.get(Wall::Files).is_up(), "{walls}");
            assert!(fs::read(job.join("input")).is_ok());
            assert!(denied(fs::write(job.join("input"), b"x")));
            assert!(denied(fs::write(job.join("new"), b"x")));
            assert!(denied(fs::remove_file(job.join("input"))));
            assert!(fs::write(out.join("result"), b"longer").is_ok());
            assert!(fs::write(out.join("result"), b"short").is_ok());
            assert_eq!(fs::read(out.join("result")).unwrap(), b"short");
            assert!(denied(fs::create_dir(out.join("folder"))));
            assert!(denied(std::os::unix::fs::symlink("/", out.join("link"))));
            assert!(denied(fs::read(other.join("secret"))));
            assert!(denied(fs::read("/etc/passwd")));
            assert!(denied(File::open("/proc/self/status")));
            assert!(denied(Command::new("/usr/bin/env").spawn()));
        })
        .join()
        .unwrap();
    }
}
