use super::*;

/// As large as a segment gets: `tables` tables of the preset's full height, together with as many messages
/// as the bound on lookup counts lets through if each has weight 1.
fn largest(preset: Preset, tables: usize, width: usize) -> ProofShape {
    let parameters = preset.parameters();
    let messages = (1 << (31 - parameters.max_log_height)) / tables;
    let table = TableShape {
        name: "t".to_owned(),
        log_height: parameters.max_log_height,
        width,
        reads_next_row: true,
        constraints: width,
        quotient_chunks: 1 << parameters.log_blowup,
        fractions: messages,
        messages,
    };
    ProofShape {
        preset,
        tables: vec![table; tables],
        message_width: 64,
    }
}

#[test]
fn s100_has_its_bits_at_full_height() {
    let report = SecurityReport::new(&largest(Preset::S100, 4, 300));
    assert!(report.min_bits() >= 101.8, "{report}");
    assert!(report.union_bits() >= 100.0, "{report}");
    assert!(matches!(report.regime(), Regime::Johnson { .. }));
}

#[test]
fn s128_has_its_bits_at_full_height() {
    let report = SecurityReport::new(&largest(Preset::S128, 4, 300));
    assert_eq!(report.bits(), 128, "{report}");
    assert!(report.union_bits() >= 128.0, "{report}");
}

#[test]
fn the_nominal_bits_hold_for_very_wide_proofs() {
    for preset in Preset::ALL {
        let report = SecurityReport::new(&largest(preset, 64, 1000));
        assert!(report.bits() >= preset.parameters().bits, "{report}");
    }
}

#[test]
fn small_proofs_have_no_fewer_bits() {
    for preset in Preset::ALL {
        let large = largest(preset, 1, 100);
        let mut small = large.clone();
        small.tables[0].log_height = 0;
        let (large, small) = (SecurityReport::new(&large), SecurityReport::new(&small));
        assert!(small.min_bits() >= large.min_bits(), "{small}");
    }
}

#[test]
fn every_round_is_counted_where_it_belongs() {
    let shape = largest(Preset::S100, 4, 300);
    let bits = |shape: &ProofShape, name: &str| {
        terms(shape, Regime::Johnson { m: 30 })
            .iter()
            .find(|term| term.name == name)
            .map(|term| term.bits)
    };
    let weaker = |name: &str, change: fn(&mut ProofShape)| {
        let mut changed = shape.clone();
        change(&mut changed);
        assert!(bits(&changed, name) < bits(&shape, name), "{name}");
    };
    weaker("batching of openings", |shape| {
        shape.tables[0].width += 1000
    });
    weaker("batching of constraints", |shape| {
        shape.tables[0].constraints += 1000
    });
    weaker("lookups", |shape| shape.tables[0].messages += 1000);
    weaker("lookups", |shape| shape.message_width += 100);
    weaker("out-of-domain point", |shape| {
        shape.tables[0].log_height += 1
    });
    weaker("FRI folding", |shape| shape.tables[0].log_height += 1);

    let mut silent = shape.clone();
    silent
        .tables
        .iter_mut()
        .for_each(|table| table.messages = 0);
    assert_eq!(bits(&silent, "lookups"), None);
}

#[test]
fn queries_follow_the_textbook() {
    let shape = largest(Preset::S100, 1, 10);
    let term = terms(&shape, Regime::Johnson { m: 50 })[0];
    let expected = -88.0 * (0.5f64 * 1.01).log2() + 16.0;
    assert!((term.bits - expected).abs() < 1e-9);

    let term = terms(&shape, Regime::UniqueDecoding)[0];
    let expected = -88.0 * (0.625f64).log2() + 16.0;
    assert!((term.bits - expected).abs() < 1e-3);
}

#[test]
fn prints_as_a_table() {
    let text = SecurityReport::new(&largest(Preset::S100, 4, 300)).to_string();
    assert!(
        text.starts_with("102 provable bits (s100, Johnson bound, m = "),
        "{text}"
    );
    assert_eq!(text.lines().count(), 9, "{text}");
    assert!(text.contains("hash collisions          128.0"), "{text}");
}
