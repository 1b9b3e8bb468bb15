//! Whether a device can run a job, asked before anything is handed to it.

use arknet_workload::emit::{Emitted, Layout, Role, Size};
use arknet_workload::job::Job;

use crate::RunError;

/// The largest kernels that a driver is given. Drivers take minutes or crash on kernels far smaller than
/// the language allows, and a compilation cannot be interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// Instructions. A software driver takes half a second for 6,000 that only compute, but several
    /// seconds for 200 loads or stores whose index it does not know.
    pub instructions: usize,
    /// Loops; a software driver was seen to take 40 s for 300 in sequence.
    pub loops: usize,
    /// Blocks within blocks; a software driver was seen to crash at 82.
    pub nesting: usize,
    /// Words of an array indexed at run time; a software driver was seen to take 25 s for 1,024.
    pub private_words: u32,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self {
            instructions: 32_768,
            loops: 64,
            nesting: 64,
            private_words: 256,
        }
    }
}

impl CompileLimits {
    /// Refuses a kernel that is too much for a driver.
    pub(crate) fn check(&self, size: &Size) -> Result<(), RunError> {
        let measures = [
            ("instructions", size.instructions, self.instructions),
            ("loops", size.loops, self.loops),
            ("levels of nested blocks", size.nesting, self.nesting),
            (
                "words in an array indexed at run time",
                size.private_words as usize,
                self.private_words as usize,
            ),
        ];
        for (what, got, limit) in measures {
            if got > limit {
                return Err(RunError::TooComplex {
                    what: what.to_owned(),
                    got: got as u64,
                    limit: limit as u64,
                });
            }
        }
        Ok(())
    }
}

/// Refuses a job that needs more than the device's limits. wgpu would refuse most of these as well, but
/// some only by losing the device.
pub(crate) fn check_device(
    job: &Job,
    emitted: &Emitted,
    limits: &wgpu::Limits,
    adapter: &str,
) -> Result<(), RunError> {
    let need = |what: &str, needed: u64, limit: u64| {
        if needed > limit {
            return Err(RunError::OverAdapter {
                what: what.to_owned(),
                needed,
                limit,
                adapter: adapter.to_owned(),
            });
        }
        Ok(())
    };

    let dispatch = job.dispatch();
    need(
        "invocations in a workgroup",
        dispatch.group_invocations().into(),
        limits.max_compute_invocations_per_workgroup.into(),
    )?;
    let size_limits = [
        limits.max_compute_workgroup_size_x,
        limits.max_compute_workgroup_size_y,
        limits.max_compute_workgroup_size_z,
    ];
    for ((axis, size), limit) in ["x", "y", "z"]
        .iter()
        .zip(dispatch.workgroup_size())
        .zip(size_limits)
    {
        let what = format!("invocations in a workgroup along {axis}");
        need(&what, size.into(), limit.into())?;
    }
    for (axis, workgroups) in ["x", "y", "z"].iter().zip(dispatch.workgroups()) {
        let limit = limits.max_compute_workgroups_per_dimension;
        need(
            &format!("workgroups along {axis}"),
            workgroups.into(),
            limit.into(),
        )?;
    }

    // wgpu does not look at this one.
    need(
        "bytes of workgroup memory",
        4 * u64::from(emitted.layout.shared_words),
        limits.max_compute_workgroup_storage_size.into(),
    )?;
    let bindings = &emitted.layout.bindings;
    let uniforms = bindings.iter().filter(|role| **role == Role::Parameters);
    let storage = bindings.len() - uniforms.count();
    need(
        "storage buffers, its own and those for constant tables and the report",
        storage as u64,
        limits.max_storage_buffers_per_shader_stage.into(),
    )?;
    need(
        "bindings",
        bindings.len() as u64,
        limits.max_bindings_per_bind_group.into(),
    )?;
    let largest = limits
        .max_storage_buffer_binding_size
        .min(limits.max_buffer_size);
    for ((_, memory), words) in job.buffer_memories().zip(job.buffers()) {
        let what = format!("bytes for buffer `{}`", memory.name);
        let bytes = 4 * (words.len() as u64 + u64::from(Layout::SPARE_WORDS));
        need(&what, bytes, largest)?;
    }
    need(
        "bytes of constant tables",
        4 * emitted.layout.tables.len() as u64,
        largest,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_past_a_limit_is_refused_by_its_name() {
        let limits = CompileLimits::default();
        let size = Size {
            instructions: 10,
            loops: 64,
            nesting: 65,
            private_words: 256,
        };
        assert_eq!(
            limits.check(&size),
            Err(RunError::TooComplex {
                what: "levels of nested blocks".to_owned(),
                got: 65,
                limit: 64
            })
        );
        assert_eq!(
            limits.check(&Size {
                nesting: 64,
                ..size
            }),
            Ok(())
        );
    }
}
