//! What happens to the fleet: one worker is killed, one is cut off, NATS is restarted, and every job ends once.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arknet_node::fleet::nats::{Auth, NatsConfig, Tls};
use arknet_node::fleet::worker::WorkerSettings;
use arknet_node::fleet::{Fleet, FleetConfig, WorkerEntry};
use arknet_node::metrics::Metrics;
use arknet_protocol::{KeyPair, PublicKey};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::jobs::Job;
use super::network::{FILES, Machine, NATS, Nats, Process, prepare};
use super::node::Node;

/// Jobs of the test.
const JOBS: u32 = 9;
/// Everything must have ended by then.
const LIMIT: Duration = Duration::from_secs(420);
/// Shorter than an operator would have it, so that the test does not wait long.
const LEASE: Duration = Duration::from_secs(4);

struct Worker {
    key: PublicKey,
    machine: Machine,
    process: Process,
}

pub(crate) fn run(nats: &Path) {
    prepare();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let done = timeout(LIMIT, scenario(nats)).await;
        assert!(done.is_ok(), "the fleet was not done after {LIMIT:?}");
    });
}

async fn scenario(nats: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let key = Arc::new(KeyPair::generate().unwrap());
    let nats = Nats::new(nats);
    let mut server = nats.start();
    let mut workers: Vec<Worker> = (1..=3)
        .map(|number| worker(number, key.public(), folder.path()))
        .collect();
    let config = FleetConfig {
        nats: NatsConfig {
            servers: vec![format!("nats://127.0.0.1:{NATS}")],
            auth: Auth::None,
            tls: Tls::default(),
        },
        listen: SocketAddr::from(([0, 0, 0, 0], FILES)),
        tls: None,
        workers: workers
            .iter()
            .enumerate()
            .map(|(number, worker)| WorkerEntry {
                name: format!("m{number}"),
                key: worker.key,
            })
            .collect(),
        lease: LEASE,
    };
    let fleet = Fleet::start(&config, Arc::clone(&key), Arc::new(Metrics::new()))
        .await
        .unwrap();
    let blobs = folder.path().join("blobs");
    fs::create_dir(&blobs).unwrap();
    let jobs: Vec<Job> = (0..JOBS)
        .map(|number| Job::new(1 + 1000 * number, key.public(), &blobs))
        .collect();
    let ids: Vec<_> = jobs.iter().map(|job| job.request.job()).collect();
    let (seen, mut sight) = mpsc::unbounded_channel();
    let scratch = folder.path().join("scratch");
    let node = Node::new(fleet, scratch, jobs, seen);

    let mut serving = JoinSet::new();
    for worker in &workers {
        node.free(&worker.key).await;
        serving.spawn(Arc::clone(&node).serve(worker.key));
    }
    say(start, "all three workers are there");

    // Each is in the middle of an attempt when it happens: it has just said how far it is.
    let [killed, partitioned, third] = [0, 1, 2].map(|index| workers[index].key);
    saw(&mut sight, killed).await;
    workers[0].process.kill();
    say(start, "one is killed");
    saw(&mut sight, partitioned).await;
    workers[1].machine.cut();
    say(start, "one is cut off");
    saw(&mut sight, third).await;
    server.kill();
    tokio::time::sleep(Duration::from_secs(1)).await;
    server = nats.start();
    say(start, "NATS was restarted");

    while let Some(served) = serving.join_next().await {
        served.unwrap();
        if node.done().len() == ids.len() {
            break;
        }
    }
    let done = node.done();
    say(
        start,
        &format!("{} jobs are done: {:?}", done.len(), attempts(&done)),
    );
    assert!(ids.iter().all(|id| done.contains_key(id)));
    assert_eq!(done.len(), ids.len());
    let counted: HashMap<_, _> = node.fleet.counters().all().into_iter().collect();
    eprintln!("{counted:?}");
    assert!(
        counted["lost"] >= 2,
        "two workers were lost with what they had"
    );
    assert_eq!(counted["outcomes"], u64::from(JOBS));

    workers[1].machine.mend();
    node.free(&partitioned).await;
    say(start, "the one that was cut off is back");
    for worker in &mut workers[1..] {
        assert!(
            worker.process.ends_well(Duration::from_secs(30)),
            "a worker drains"
        );
    }
    say(start, "the workers have stopped");
    drop(server);
}

fn say(start: Instant, what: &str) {
    eprintln!("{:6.1} s  {what}", start.elapsed().as_secs_f64());
}

fn attempts<T>(done: &HashMap<T, (u32, PublicKey)>) -> Vec<u32> {
    done.values().map(|(attempt, _)| *attempt).collect()
}

async fn saw(sight: &mut mpsc::UnboundedReceiver<PublicKey>, worker: PublicKey) {
    while sight.recv().await != Some(worker) {}
}

fn worker(number: u8, node: PublicKey, folder: &Path) -> Worker {
    let machine = Machine::new(number);
    let folder = folder.join(format!("worker{number}"));
    fs::create_dir(&folder).unwrap();
    let key = KeyPair::generate().unwrap();
    key.save_new(&folder.join("worker.key")).unwrap();
    let near = Machine::near(number);
    let nats = [format!("nats://{near}:{NATS}")];
    let text = WorkerSettings::template(&node, &format!("http://{near}:{FILES}"), &nats);
    let settings = folder.join("worker.toml");
    fs::write(&settings, text).unwrap();
    let process = machine.start(&[Path::new("worker"), &settings]);
    Worker {
        key: key.public(),
        machine,
        process,
    }
}
