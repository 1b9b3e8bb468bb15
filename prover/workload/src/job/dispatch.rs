//! The invocations of a dispatch and their canonical order.

use crate::ir::{Axis, Builtin};

/// An invocation's place in the canonical order: workgroup (x fastest), then local index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Invocation(pub u32);

/// The extent of a dispatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dispatch {
    workgroups: [u32; 3],
    workgroup_size: [u32; 3],
}

/// Why a dispatch is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDispatch {
    /// A zero or too large number of workgroups.
    #[error(
        "workgroups[{axis}] is {got}; it must be between 1 and {}",
        Dispatch::MAX_WORKGROUPS
    )]
    Workgroups {
        /// Index of the axis.
        axis: usize,
        /// The number given.
        got: u32,
    },
    /// Too many invocations.
    #[error(
        "the dispatch has {got} invocations; at most {} are supported",
        Dispatch::MAX_INVOCATIONS
    )]
    Invocations {
        /// Invocations of the dispatch.
        got: u64,
    },
}

impl Dispatch {
    /// Workgroups per axis that every WebGPU adapter supports.
    pub const MAX_WORKGROUPS: u32 = 65_535;
    /// Invocations of one dispatch.
    pub const MAX_INVOCATIONS: u64 = 1 << 26;

    /// Checks the extent of a dispatch. `workgroup_size` comes from a checked workload.
    pub fn new(workgroups: [u32; 3], workgroup_size: [u32; 3]) -> Result<Self, InvalidDispatch> {
        for (axis, &got) in workgroups.iter().enumerate() {
            if got == 0 || got > Self::MAX_WORKGROUPS {
                return Err(InvalidDispatch::Workgroups { axis, got });
            }
        }
        let got = workgroups
            .iter()
            .chain(&workgroup_size)
            .fold(1u64, |product, &n| product.saturating_mul(u64::from(n)));
        if got > Self::MAX_INVOCATIONS {
            return Err(InvalidDispatch::Invocations { got });
        }
        Ok(Self {
            workgroups,
            workgroup_size,
        })
    }

    /// Workgroups per axis.
    pub fn workgroups(&self) -> [u32; 3] {
        self.workgroups
    }

    /// Invocations of a workgroup per axis.
    pub fn workgroup_size(&self) -> [u32; 3] {
        self.workgroup_size
    }

    /// Invocations of the whole dispatch, at most [`Self::MAX_INVOCATIONS`].
    pub fn invocations(&self) -> u32 {
        self.groups() * self.group_invocations()
    }

    /// Workgroups of the whole dispatch.
    pub fn groups(&self) -> u32 {
        self.workgroups.iter().product()
    }

    /// Invocations of one workgroup.
    pub fn group_invocations(&self) -> u32 {
        self.workgroup_size.iter().product()
    }

    /// The value of a built-in for an invocation.
    pub fn builtin(&self, invocation: Invocation, builtin: Builtin) -> u32 {
        let local_index = invocation.0 % self.group_invocations();
        let group_index = invocation.0 / self.group_invocations();
        let local = |axis| component(local_index, self.workgroup_size, axis);
        let group = |axis| component(group_index, self.workgroups, axis);
        match builtin {
            Builtin::LocalInvocationIndex => local_index,
            Builtin::LocalInvocationId(axis) => local(axis),
            Builtin::WorkgroupId(axis) => group(axis),
            Builtin::NumWorkgroups(axis) => self.workgroups[axis as usize],
            Builtin::GlobalInvocationId(axis) => {
                group(axis) * self.workgroup_size[axis as usize] + local(axis)
            }
        }
    }
}

/// The component of a linear index in a box of the given extent, x fastest.
fn component(index: u32, extent: [u32; 3], axis: Axis) -> u32 {
    match axis {
        Axis::X => index % extent[0],
        Axis::Y => index / extent[0] % extent[1],
        Axis::Z => index / extent[0] / extent[1],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_the_canonical_order() {
        let dispatch = Dispatch::new([2, 3, 2], [4, 2, 3]).unwrap();
        assert_eq!(dispatch.invocations(), 12 * 24);
        let mut expected = 0;
        for wz in 0..2 {
            for wy in 0..3 {
                for wx in 0..2 {
                    for (lz, ly, lx) in (0..3)
                        .flat_map(|z| (0..2).flat_map(move |y| (0..4).map(move |x| (z, y, x))))
                    {
                        let at = |builtin| dispatch.builtin(Invocation(expected), builtin);
                        assert_eq!(at(Builtin::GlobalInvocationId(Axis::X)), wx * 4 + lx);
                        assert_eq!(at(Builtin::GlobalInvocationId(Axis::Y)), wy * 2 + ly);
                        assert_eq!(at(Builtin::GlobalInvocationId(Axis::Z)), wz * 3 + lz);
                        assert_eq!(at(Builtin::LocalInvocationIndex), lx + 4 * ly + 8 * lz);
                        assert_eq!(at(Builtin::WorkgroupId(Axis::Z)), wz);
                        expected += 1;
                    }
                }
            }
        }
    }

    #[test]
    fn empty_and_oversized_dispatches_are_refused() {
        assert!(Dispatch::new([0, 1, 1], [1, 1, 1]).is_err());
        assert!(Dispatch::new([65_536, 1, 1], [1, 1, 1]).is_err());
        assert!(Dispatch::new([65_535, 65_535, 65_535], [1024, 1, 1]).is_err());
        assert!(Dispatch::new([65_535, 1, 1], [1024, 1, 1]).is_ok());
    }
}
