//! Tests of what every language shares; each language's text is tested beside it.

use super::report::{Report, parameters};
use super::{Role, Site, wgsl};
use crate::ir::{MemoryId, Workload, text};
use crate::job::{Access, Invocation, Job, Limits, Trap};

pub(super) fn workload(text: &str) -> Workload {
    Workload::new(text::parse(text).unwrap()).unwrap()
}

pub(super) const BUFFERS: &str = r#"
    workload workgroup_size(4, 2, 1)
    memory m0 "input": input binding(0, 0) runtime
    memory m1 "fixed": uniform binding(0, 1) 4
    memory m2 "table": constant [7, 8]
    memory m3 "scratch": private 3
    memory m4 "other": constant [9]
    memory m5 "output": output binding(1, 0) runtime
"#;

#[test]
fn bindings_count_from_zero_with_the_tables_joined() {
    let emitted = wgsl(&workload(&format!("{BUFFERS} body {{}}")));
    assert_eq!(
        emitted.layout.bindings,
        [
            Role::Input(MemoryId(0)),
            Role::Input(MemoryId(1)),
            Role::Output(MemoryId(5)),
            Role::Tables,
            Role::Parameters,
            Role::Report,
        ]
    );
    assert_eq!(emitted.layout.tables, [7, 8, 0, 0, 9, 0, 0]);
    let without = wgsl(&workload("workload workgroup_size(1, 1, 1) body {}"));
    assert_eq!(without.layout.bindings, [Role::Parameters, Role::Report]);
}

#[test]
fn parameters_and_reports_are_read_back_as_the_kernel_writes_them() {
    let workload = workload(&format!(
        "{BUFFERS} body {{
            %0: u32 = const 5
            %1: u32 = load m5[%0]
            loop {{ continue }}
        }}"
    ));
    let emitted = wgsl(&workload);
    let limits = Limits {
        steps: 77,
        memory: 1 << 20,
        time: std::time::Duration::from_secs(1),
    };
    let buffers = vec![vec![0; 11], vec![0; 4], vec![0; 5]];
    let job = Job::new(workload, [3, 1, 1], buffers, limits).unwrap();
    let someone = Invocation(9);

    assert_eq!(parameters(&emitted, &job, None), [77, u32::MAX, 11, 5]);
    assert_eq!(parameters(&emitted, &job, Some(someone)), [77, 9, 11, 5]);

    let fine = Report::from_words(Report::INITIAL);
    assert_eq!((fine.first_trapped(), fine.steps()), (None, 0));
    assert_eq!(fine.trap(&emitted, &job, someone), None);

    let read = Report::from_words([9, 0, 1, 5]);
    assert_eq!(read.first_trapped(), Some(someone));
    let Site { span, .. } = emitted.sites[0];
    assert_eq!(
        read.trap(&emitted, &job, someone),
        Some(Trap::OutOfBounds {
            span,
            invocation: someone,
            access: Access::Read,
            memory: "output".into(),
            index: 5,
            length: 5,
        })
    );
    let endless = Report::from_words([9, 77, 2, 0]);
    assert!(matches!(
        endless.trap(&emitted, &job, someone),
        Some(Trap::OutOfSteps { limit: 77, .. })
    ));
    // A driver may write anything.
    let nonsense = Report::from_words([9, 0, u32::MAX, 0]);
    assert_eq!(nonsense.trap(&emitted, &job, someone), None);
}
