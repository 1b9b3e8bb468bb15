use std::collections::BTreeSet;

use super::*;
use crate::interpreter::{self, RunError};
use crate::testing::corpus::Case;
use crate::wgsl::FrontEndLimits;

/// What the tests that compare back ends rely on: the two that share nothing agree.
#[test]
fn the_tree_and_the_interpreter_agree() {
    let mut results = 0;
    let mut ends = [0; 4];
    for seed in 0..150 {
        let kernel = RandomKernel::of(seed);
        let job = match kernel.job() {
            Ok(job) => job,
            Err(Refusal::OverLimit { .. }) => continue,
            Err(refusal) => panic!(
                "{}\n{kernel}",
                refusal.render("random.wgsl", &kernel.source)
            ),
        };
        let outcome = interpreter::run(&job);
        let outcome = match &outcome {
            Ok(execution) => Ok(execution),
            Err(RunError::Trap(trap)) => Err(trap),
            Err(error) => panic!("{error}\n{kernel}"),
        };
        let expected = kernel.expected();
        assert!(expected.is(outcome), "{outcome:?}\n{kernel}");
        ends[match &expected {
            Expected::Finished(_) => 0,
            Expected::OutOfBounds(_) => 1,
            Expected::OutOfSteps(_) => 2,
            Expected::Race => 3,
        }] += 1;
        if let Expected::Finished(execution) = &expected {
            let words: BTreeSet<u32> = execution.buffers[1].iter().copied().collect();
            results += usize::from(words.len() > 8);
        }
    }
    let [finished, rest @ ..] = ends;
    assert!(finished > 70 && rest.iter().all(|&end| end > 0), "{ends:?}");
    assert!(results * 2 > finished, "only {results} have many values");
}

#[test]
fn kernels_have_every_feature() {
    let kernels: String = (0..400).map(|seed| RandomKernel::of(seed).source).collect();
    for feature in [
        "struct S3",
        "vec2<",
        "vec3<",
        "vec4<",
        "vec3<bool>",
        "array<S1,",
        "array<vec2<",
        "ptr<function, ",
        "var<uniform>",
        "var<private>",
        "const ",
        "override ",
        "cells[global_index]",
        "settings.m",
        "table[(",
        "loop {",
        "continuing {",
        "break if",
        "while ",
        "for (var v",
        "switch ",
        "default: {",
        "continue;",
        "break;",
        "return ",
        " && ",
        " || ",
        "++;",
        "--;",
        "+= ",
        "%= ",
        "= &",
        "select(",
        "bitcast<vec",
        "shared_values[index",
        "workgroupBarrier()",
        "storageBarrier()",
        "workgroupUniformLoad(&shared_values",
        "exchange(",
        "< settings.m0",
        "atomicStore(",
        "atomicLoad(",
        "atomicAdd(",
        "atomicSub(",
        "atomicMin(",
        "atomicMax(",
        "atomicAnd(",
        "atomicOr(",
        "atomicXor(",
        "atomicMax(&totals",
        "atomicAdd(&signed_cells",
        "@workgroup_size(4, 4, 1)",
        "@workgroup_size(2, 3, 4)",
        "group_id.y",
        "groups.z",
        "any(",
        "all(",
        "dot(",
        "dot4U8Packed(",
        "dot4I8Packed(",
        "pack4xU8(",
        "pack4xI8(",
        "pack4xU8Clamp(",
        "pack4xI8Clamp(",
        "unpack4xU8(",
        "unpack4xI8(",
        "extractBits(",
        "insertBits(",
        "firstLeadingBit(",
        "firstTrailingBit(",
        "reverseBits(",
        "countOneBits(",
        "countLeadingZeros(",
        "countTrailingZeros(",
        "sign(",
        "abs(",
        "clamp(",
    ] {
        assert!(kernels.contains(feature), "no {feature}");
    }
}

/// What is wrong with a kernel is found again in a small one.
#[test]
fn kernels_shrink_to_what_fails() {
    let fails = |kernel: &RandomKernel| {
        kernel.source.contains("switch") && kernel.source.contains("storageBarrier")
    };
    let kernel = (0..).map(RandomKernel::of).find(fails).unwrap();
    let small = kernel.shrink(2000, fails);
    assert!(fails(&small));
    assert!(small.job().is_ok());
    let lines = |kernel: &RandomKernel| kernel.source.lines().count();
    assert!(lines(&small) < 60, "{small}");
    assert!(lines(&small) < lines(&kernel));
}

/// What is shown of a kernel can be put into the corpus.
#[test]
fn kernels_are_shown_as_files_of_the_corpus() {
    let mut shown = 0;
    for seed in 0..40 {
        let kernel = RandomKernel::of(seed);
        let limits = FrontEndLimits::default();
        let fits = compile_with(&kernel.source, "main", &kernel.constants, &limits).is_ok();
        let Expected::Finished(execution) = kernel.expected() else {
            continue;
        };
        if !fits || execution.steps > 1000 {
            continue;
        }
        let case = Case::parse("shown", kernel.to_string().leak());
        let ran = interpreter::run(&case.job()).unwrap();
        case.check(&ran.buffers);
        assert_eq!(ran.buffers, execution.buffers);
        shown += 1;
    }
    assert!(shown > 5);
}
