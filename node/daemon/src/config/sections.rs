//! Every key of `arknet.toml`: its type, its default, and what it does. The first line of a key's text is its summary in
//! the file that `arknet node init` writes, where the whole text is found.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use super::reader::Reader;
use super::setting::{Backend, NamedKey, Setting as _, Size, Span, Witness};

/// A part of the configuration that can be read.
pub(super) trait Section: Sized {
    fn read(reader: &mut Reader) -> Self;
}

/// What is known of a key apart from its type.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) doc: &'static [&'static str],
    pub(super) default: String,
}

/// What is known of a section.
pub(super) struct Description {
    pub(super) name: &'static str,
    pub(super) doc: &'static [&'static str],
    pub(super) keys: fn() -> Vec<Key>,
}

/// Defines the sections: their structs, their readers, and the list of them all.
macro_rules! sections {
    ($(
        $(#[doc = $doc:literal])*
        $section:ident $name:literal {
            $(
                $(#[doc = $key_doc:literal])*
                $key:ident: $type:ty = $default:expr,
            )+
        }
    )+) => {
        $(
            $(#[doc = $doc])*
            #[derive(Clone, Debug, PartialEq)]
            pub struct $section {
                $($(#[doc = $key_doc])* pub $key: $type,)+
            }

            impl Default for $section {
                fn default() -> Self {
                    Self { $($key: $default,)+ }
                }
            }

            impl Section for $section {
                fn read(reader: &mut Reader) -> Self {
                    let default = Self::default();
                    Self { $($key: reader.value($name, stringify!($key), default.$key),)+ }
                }
            }

            impl $section {
                fn keys() -> Vec<Key> {
                    let default = Self::default();
                    vec![$(Key {
                        name: stringify!($key),
                        doc: &[$($key_doc),*],
                        default: default.$key.print(),
                    },)+]
                }
            }
        )+

        /// Every section, in the order of the file.
        pub(super) const SECTIONS: &[Description] = &[$(Description {
            name: $name,
            doc: &[$($doc),*],
            keys: $section::keys,
        },)+];
    };
}

const fn seconds(seconds: u64) -> Span {
    Span(Duration::from_secs(seconds))
}

const fn days(days: u64) -> Span {
    seconds(days * 86_400)
}

const fn mib(mib: u64) -> Size {
    Size(mib << 20)
}

const fn gib(gib: u64) -> Size {
    mib(gib << 10)
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

const fn rate(per_second: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(per_second - 1)
}

sections! {
    /// The node itself.
    Node "node" {
        /// The folder of everything that the node keeps.
        data: PathBuf = "data".into(),
        /// The folder of the node's keys, `node.key` and `log.key`. They are what the node is: keep a copy elsewhere.
        /// Not set: `keys` in the data folder.
        keys: Option<PathBuf> = None,
        /// The folder for the files of attempts under way. It is emptied at each start. Not set: `scratch` in the data folder.
        scratch: Option<PathBuf> = None,
        /// How long running jobs may go on when the node is told to stop, before they are queued again.
        drain: Span = seconds(60),
    }

    /// The listeners: the public one for clients, the admin one for the operator.
    Http "http" {
        /// Where clients reach the node. With port 0 the system chooses one.
        listen: SocketAddr = loopback(7117),
        /// Where the operator reaches it: page, metrics, administration. It has no password, so only loopback is allowed.
        admin: SocketAddr = loopback(7118),
        /// The URL that clients use, where it is not that of `listen`, as behind a proxy.
        url: Option<String> = None,
        /// The certificate for TLS, in PEM, with those that it depends on. SIGHUP reads it anew.
        tls_certificate: Option<PathBuf> = None,
        /// Its key, in PEM.
        tls_key: Option<PathBuf> = None,
        /// Connections at a time.
        connections: NonZeroU32 = rate(4096),
        /// Connections of one address at a time.
        connections_per_address: NonZeroU32 = rate(1024),
        /// The time in which the headers of a request must be there.
        header_time: Span = seconds(10),
        /// How long a peer may neither send what it owes nor take what it asked for.
        stall_time: Span = seconds(15),
        /// The bytes a second that a body must come with at least, after ten seconds.
        body_rate: Size = Size(4 << 10),
        /// Event streams of all clients at a time.
        streams: NonZeroU32 = rate(2048),
        /// Event streams of one client at a time.
        streams_per_client: NonZeroU32 = rate(32),
    }

    /// What one job may take, whosever it is.
    Jobs "jobs" {
        /// Jobs of all clients that may wait.
        queue: u32 = 10_000,
        /// Bytes of a blob.
        blob: Size = gib(1),
        /// Bytes of all buffers of a job.
        memory: Size = gib(1),
        /// The time that a job may declare for its run.
        run_time: Span = seconds(600),
        /// The time that a proof may take.
        proving_time: Span = seconds(4 * 3600),
        /// The time that the check of a proof may take.
        verifying_time: Span = seconds(600),
        /// The time that a job may wait for a device.
        waiting: Span = days(7),
        /// Attempts after which a job fails that fails on the node's side.
        attempts: NonZeroU32 = rate(3),
        /// Bytes of memory that the child of an attempt may take. Not set: what the machine has, shared among devices.
        child_memory: Option<Size> = None,
    }

    /// What one client may have at a time. `arknet token` and the admin page show and change it for single clients.
    Quotas "quotas" {
        /// Jobs on devices.
        running: u32 = 4,
        /// Jobs that wait.
        queued: u32 = 200,
        /// Bytes of blobs: stored, being uploaded, or to be written by jobs that are not finished.
        bytes: Size = gib(16),
        /// Time on devices in a day, UTC.
        device_time_per_day: Span = seconds(4 * 3600),
    }

    /// How long things are kept.
    Retention "retention" {
        /// Jobs after their end, with outputs and receipts.
        jobs: Span = days(30),
        /// Blobs that no job needs, since they were last sent.
        unused_blobs: Span = days(1),
        /// Uploads that nobody goes on with.
        uploads: Span = days(1),
        /// What clients and devices used, by day and hour.
        usage: Span = days(90),
        /// Uploads are refused that would leave less of the disk free.
        min_free: Size = gib(1),
    }

    /// Rates of calls, and what happens to clients that misbehave.
    Abuse "abuse" {
        /// Calls a second of one address, before anything is known about the caller.
        address_rate: NonZeroU32 = rate(200),
        /// Calls of one address at once, after a pause.
        address_burst: NonZeroU32 = rate(1000),
        /// Calls a second of one client.
        client_rate: NonZeroU32 = rate(100),
        /// Calls of one client at once, after a pause.
        client_burst: NonZeroU32 = rate(500),
        /// The score from which a client is throttled to a tenth of its rate.
        throttle: u32 = 20,
        /// The score from which a client is quarantined.
        quarantine: u32 = 80,
        /// How long such a quarantine lasts.
        quarantine_time: Span = seconds(3600),
        /// After this time a trespass counts half.
        half_life: Span = seconds(600),
    }

    /// The transparency log.
    Log "log" {
        /// The log's name, as others know it: without spaces and `+`, best a domain of yours and a path. It cannot be changed
        /// later, since it is part of what was signed. Not set: `arknet.local/` and the beginning of the node's key.
        origin: Option<String> = None,
        /// Who is asked to cosign each checkpoint: verifier key and URL.
        witnesses: Vec<Witness> = Vec::new(),
        /// The time that a witness may take.
        witness_time: Span = seconds(10),
    }

    /// What jobs run on.
    Devices "devices" {
        /// Kinds of devices to use: `auto` takes what works, or name some of `cpu`, `wgpu` and `cuda`. A kind that is named and
        /// not there keeps the node from starting.
        backends: Vec<Backend> = vec![Backend::Auto],
        /// Failures in a row after which a device gets no more jobs.
        failures: NonZeroU32 = rate(3),
        /// How long such a device rests before it is tried again.
        rest: Span = seconds(600),
        /// Whether to run strangers' jobs where the system lacks a wall of the sandbox. Only for trying things out.
        allow_weak_sandbox: bool = false,
    }

    /// Workers on other machines. Without servers there are none.
    Fleet "fleet" {
        /// NATS servers of one cluster, such as "nats://10.0.0.1:4222".
        nats: Vec<String> = Vec::new(),
        /// A file with a token for NATS.
        nats_token: Option<PathBuf> = None,
        /// The user for NATS, with `nats_password`.
        nats_user: Option<String> = None,
        /// A file with that user's password.
        nats_password: Option<PathBuf> = None,
        /// A file of credentials for NATS (JWT and seed).
        nats_credentials: Option<PathBuf> = None,
        /// Whether to refuse NATS servers without TLS.
        nats_tls: bool = false,
        /// Who may sign the servers' certificates, in PEM, instead of the system's list.
        nats_authority: Option<PathBuf> = None,
        /// This node's certificate for NATS, in PEM, where the servers ask for one.
        nats_certificate: Option<PathBuf> = None,
        /// Its key, in PEM.
        nats_key: Option<PathBuf> = None,
        /// Where workers fetch files and bring results. Not set: no workers.
        listen: Option<SocketAddr> = None,
        /// The certificate of that listener, in PEM. Without one what passes can be read on the way, but not changed.
        tls_certificate: Option<PathBuf> = None,
        /// Its key, in PEM.
        tls_key: Option<PathBuf> = None,
        /// The workers, by name and key. Nobody else gets work.
        workers: Vec<NamedKey> = Vec::new(),
        /// How long a worker may be silent before its work is given to others.
        lease: Span = seconds(20),
    }

    /// What the node says about itself.
    Telemetry "telemetry" {
        /// The form of the log on standard error: "pretty" or "json".
        format: String = "pretty".to_owned(),
        /// What is logged, as in RUST_LOG: "info", or "warn,arknet_node::http=debug".
        filter: String = "info".to_owned(),
    }
}
