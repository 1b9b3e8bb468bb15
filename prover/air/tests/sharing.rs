//! Random little kernels of workgroups that share memory a lot, with races more often than not.
//!
//! A run that the interpreter finds fine has a witness that satisfies every table; one with a race has none, though its
//! statement is compiled all the same. Conditions, loops and exits around barriers are what the check of uniformity
//! lets pass, and then every invocation of a workgroup passes as many.

use std::time::Duration;

use arknet_air::{Machine, Statement, check};
use arknet_workload::interpreter::{RunError, run};
use arknet_workload::job::{Job, Limits, Trap};
use arknet_workload::wgsl::{FrontEndLimits, compile};

fn cases() -> u64 {
    let given = std::env::var("ARKNET_FUZZ_CASES").ok();
    given.and_then(|cases| cases.parse().ok()).unwrap_or(600)
}

/// A kernel's text under construction.
struct Writer {
    state: u64,
    depth: u32,
    loops: u32,
    /// Control flow is uniform here, or is meant to be.
    uniform: bool,
    variables: u32,
    /// Of a hundred conditions so many differ within a workgroup.
    uneven: u32,
    has_storage_barriers: bool,
}

impl Writer {
    fn of_seed(seed: u64) -> Self {
        let mut writer = Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            depth: 0,
            loops: 0,
            uniform: true,
            variables: 0,
            uneven: 0,
            has_storage_barriers: false,
        };
        // The first numbers of seeds that are close are close.
        for _ in 0..8 {
            writer.below(2);
        }
        writer.uneven = [0, 0, 5, 20][writer.below(4) as usize];
        writer.has_storage_barriers = writer.below(3) > 0;
        writer
    }

    fn below(&mut self, below: u32) -> u32 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 20) as u32 % below
    }

    fn pick(&mut self, of: &[&str]) -> String {
        of[self.below(of.len() as u32) as usize].to_owned()
    }

    /// An index into one of two arrays that all use, mostly one of the invocation's own.
    fn place(&mut self) -> String {
        let (memory, words) = [("s", 4), ("out", 8)][self.below(2) as usize];
        let index = match self.below(12) {
            0 => self.below(words).to_string() + "u",
            1 => format!("(i + {}u)", self.below(4)),
            2 | 3 => format!("(2u * w + ((i + {}u) & 1u))", self.below(2)),
            4 => "w".to_owned(),
            5 => "(x & 1u)".to_owned(),
            _ => "(2u * w + i)".to_owned(),
        };
        format!("&{memory}[{index} % {words}u]")
    }

    fn access(&mut self) -> String {
        let own = self.pick(&["id", "id", "id", "2u * id", "2u * id + 1u", "w"]);
        let place = self.place();
        match self.below(12) {
            0 => format!("b[{own}] = x;"),
            1 => format!("x += b[{own}];"),
            2 => format!("atomicXor(&c[{own}], x);"),
            3 => format!("x += atomicLoad(&c[{own}]);"),
            4 => format!("atomicStore({place}, x + {}u);", self.below(5)),
            5 | 6 => format!("atomicAdd({place}, x);"),
            7 => format!("atomicMax({place}, x);"),
            _ => format!("x += atomicLoad({place});"),
        }
    }

    fn barrier(&mut self) -> String {
        match self.below(8) {
            0 => "x += workgroupUniformLoad(&u); passed += 2u;".to_owned(),
            1..4 if self.has_storage_barriers => "storageBarrier(); passed += 1000u;".to_owned(),
            _ => "workgroupBarrier(); passed += 1u;".to_owned(),
        }
    }

    fn condition(&mut self) -> String {
        if self.below(100) < self.uneven {
            return self.pick(&["i == 1u", "x > 3u", "(x & 1u) == 0u"]);
        }
        let at = self.below(15);
        match self.below(6) {
            0 => format!("w == {}u", self.below(3)),
            1 => "groups.x > 1u".to_owned(),
            2 => "arrayLength(&rest) > 4u".to_owned(),
            3 => format!("n[{at}] > {}u", self.below(4)),
            4 => format!("v > {}u", self.below(4)),
            _ => format!("n[(w + {at}u) % 16u] < 2u"),
        }
    }

    fn block(&mut self, most: u32) -> String {
        let count = self.below(most) + 1;
        (0..count).map(|_| self.statement() + "\n").collect()
    }

    fn nested(&mut self, most: u32) -> String {
        self.depth += 1;
        let block = self.block(most);
        self.depth -= 1;
        block
    }

    fn statement(&mut self) -> String {
        match self.below(20) {
            0..6 if self.uniform => self.barrier(),
            6 => {
                let at = self.below(16);
                self.pick(&["v += 1u;", "v = workgroupUniformLoad(&u); passed += 2u;"])
                    .replace("v += 1u", &format!("v += n[{at}]"))
            }
            7 if self.loops > 0 && self.uniform => {
                let (condition, leave) = (self.condition(), self.pick(&["break", "continue"]));
                format!("if {condition} {{ {leave}; }}")
            }
            8 if self.uniform && self.below(3) == 0 => {
                format!("if {} {{ counts[id] = passed; return; }}", self.condition())
            }
            9 | 10 if self.depth < 3 => {
                let (condition, then) = (self.condition(), self.nested(3));
                format!("if {condition} {{ {then} }} else {{ {} }}", self.nested(2))
            }
            11 | 12 if self.depth < 3 => {
                let (k, at) = (self.variables, self.below(15));
                self.variables += 1;
                let bound = self.pick(&["2u", "n[at] % 4u", "min(groups.x, 2u)", "v % 3u"]);
                let bound = bound.replace("at", &format!("{at}"));
                self.loops += 1;
                let body = self.nested(4);
                self.loops -= 1;
                let stride = self.pick(&["1u", "1u", "1000000u"]);
                format!("for (var k{k} = 0u; k{k} < {bound}; k{k} += {stride}) {{ {body} }}")
            }
            13 if self.depth < 3 && self.uniform => {
                self.uniform = false;
                let loops = std::mem::take(&mut self.loops);
                let body = self.nested(3);
                (self.uniform, self.loops) = (true, loops);
                format!("if i == {}u {{ {body} }}", self.below(2))
            }
            _ => self.access(),
        }
    }

    fn kernel(&mut self) -> String {
        let size = [1, 2, 2, 2, 3][self.below(5) as usize];
        let body = self.block(10);
        format!(
            "
@group(0) @binding(0) var<storage, read_write> out: array<atomic<u32>, 8>;
@group(0) @binding(1) var<storage, read> n: array<u32, 16>;
@group(0) @binding(2) var<storage, read_write> b: array<u32, 36>;
@group(0) @binding(3) var<storage, read_write> c: array<atomic<u32>, 36>;
@group(0) @binding(4) var<storage, read> rest: array<u32>;
@group(0) @binding(5) var<storage, read_write> counts: array<u32, 12>;
var<workgroup> s: array<atomic<u32>, 4>;
var<workgroup> u: u32;
@compute @workgroup_size({size})
fn main(
    @builtin(local_invocation_index) i: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {{
let w = group.x + groups.x * (group.y + groups.y * group.z);
let id = {size}u * w + i;
var x = i + 1u + n[0];
var v = n[1];
var passed = 0u;
{body}
counts[id] = passed;
if n[15] == 77u {{ atomicAdd(&out[0], x + b[35] + rest[0]); atomicAdd(&c[0], x); }}
}}"
        )
    }

    /// A job of a random kernel; none where a barrier is not in uniform control flow.
    fn job(&mut self) -> Option<Job> {
        let source = self.kernel();
        let workload = compile(&source, "main", &FrontEndLimits::default()).ok()?;
        let groups = [[1, 1, 1], [2, 1, 1], [1, 2, 1], [2, 1, 2], [3, 1, 1]];
        let groups = groups[self.below(5) as usize];
        let mut data: Vec<u32> = (0..16).map(|_| self.below(5)).collect();
        data[15] = 0;
        let words = |from: u32, count: u32| (from..from + count).collect::<Vec<u32>>();
        let rest = words(1, 4 + self.below(2));
        let buffers = vec![
            words(1, 8),
            data,
            words(10, 36),
            words(30, 36),
            rest,
            vec![0; 12],
        ];
        let limits = Limits {
            steps: 200,
            memory: 1 << 24,
            time: Duration::from_secs(600),
        };
        Some(Job::new(workload, groups, buffers, limits).unwrap())
    }
}

#[test]
fn fine_runs_have_witnesses_and_races_none() {
    let (mut fine, mut raced) = (0, 0);
    for seed in 0..cases() {
        let mut writer = Writer::of_seed(seed);
        let Some(job) = writer.job() else { continue };
        let shown = || format!("seed {seed}\n{}", job.workload());
        match run(&job) {
            Ok(execution) => {
                fine += 1;
                let size = job.dispatch().group_invocations() as usize;
                let used = job.dispatch().invocations() as usize;
                for group in execution.buffers[5][..used].chunks(size) {
                    assert!(group.iter().all(|&count| count == group[0]), "{}", shown());
                }
                let bound = execution.steps + [0, 900_000][seed as usize % 2];
                let statement = Statement::new(&job, execution.buffers, bound).unwrap();
                let machine = Machine::compile(&statement);
                let machine = machine.unwrap_or_else(|error| panic!("{error}\n{}", shown()));
                let witness = machine.witness();
                let witness = witness.unwrap_or_else(|error| panic!("{error}\n{}", shown()));
                let verdict = check(machine.tables(), &witness.traces);
                assert_eq!(verdict, Ok(()), "{}", shown());
            }
            Err(RunError::Trap(Trap::Race { .. })) => {
                raced += 1;
                let buffers = job.buffers().to_vec();
                let statement = Statement::new(&job, buffers, 200).unwrap();
                let machine = Machine::compile(&statement);
                let machine = machine.unwrap_or_else(|error| panic!("{error}\n{}", shown()));
                assert!(machine.witness().is_err(), "{}", shown());
            }
            Err(_) => {}
        }
    }
    assert!(
        fine * 5 > cases() && raced * 5 > cases(),
        "{fine} and {raced}"
    );
}
