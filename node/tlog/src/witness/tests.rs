//! A witness and the logs, honest and not, that ask it.

use super::*;
use crate::key::KeyKind;
use crate::path::consistency;
use crate::policy::Policy;
use crate::sign::SecretKey;
use crate::tree::tests::Naive;

fn log() -> SecretKey {
    SecretKey::from_seed("log", KeyKind::Ed25519, &[1; 32]).unwrap()
}

fn witness() -> Witness {
    let key = SecretKey::from_seed("witness", KeyKind::Cosignature, &[2; 32]).unwrap();
    Witness::new(key, vec![log().public().clone()])
}

fn head(tree: &Naive, size: u64) -> Head {
    Head {
        size,
        root: tree.root(0..size as usize),
    }
}

fn request(tree: &mut Naive, old: u64, new: u64) -> AddCheckpoint {
    let text = Checkpoint::new("log", new, head(tree, new).root).to_string();
    AddCheckpoint {
        old,
        proof: consistency(old, new, tree).unwrap(),
        checkpoint: log().sign(text),
    }
}

fn ask(
    request: &AddCheckpoint,
    last: Option<Head>,
) -> Result<(Checkpoint, crate::NoteSignature), Refusal> {
    witness().cosign(request.to_string().as_bytes(), |_| last, 1_700_000_000)
}

#[test]
fn a_log_that_grows_is_cosigned() {
    let mut tree = Naive::numbered(20);
    let mut last = None;
    for (old, new) in [(0, 0), (0, 3), (3, 3), (3, 8), (8, 20)] {
        let mut request = request(&mut tree, old, new);
        assert_eq!(
            AddCheckpoint::parse(request.to_string().as_bytes()).as_ref(),
            Ok(&request)
        );
        let (checkpoint, cosignature) = ask(&request, last).unwrap();
        assert_eq!(Head::from(&checkpoint), head(&tree, new));
        assert!(request.checkpoint.add(cosignature));
        let policy = Policy::log(log().public().clone()).unwrap();
        let policy = policy
            .with_witnesses(vec![witness().key().clone()], 1)
            .unwrap();
        assert_eq!(
            policy.check(&request.checkpoint).unwrap().cosigned[0].time,
            1_700_000_000
        );
        last = Some(Head::from(&checkpoint));
    }
}

#[test]
fn a_log_that_does_not_just_grow_is_refused() {
    let mut tree = Naive::numbered(20);
    let mut other = Naive::numbered(20);
    other.0[2] = b"something else".to_vec();
    let last = Some(head(&tree, 8));
    let status = |request: &AddCheckpoint, last| ask(request, last).unwrap_err().status();
    // Another history, of a larger and of the same size.
    assert_eq!(status(&request(&mut other, 8, 20), last), 422);
    assert_eq!(status(&request(&mut other, 8, 8), last), 422);
    // A proof that is missing, and one where there must be none.
    let mut wrong = request(&mut tree, 8, 20);
    wrong.proof.pop();
    assert_eq!(status(&wrong, last), 422);
    let mut wrong = request(&mut tree, 0, 8);
    wrong.proof.push(Hash([0; 32]));
    assert_eq!(status(&wrong, None), 422);
    // A witness that is elsewhere says where.
    assert_eq!(
        ask(&request(&mut tree, 3, 20), last),
        Err(Refusal::Stale { seen: 8 })
    );
    assert_eq!(
        ask(&request(&mut tree, 3, 20), None),
        Err(Refusal::Stale { seen: 0 })
    );
    let mut backwards = request(&mut tree, 3, 8);
    backwards.old = 9;
    assert_eq!(status(&backwards, last), 400);
}

#[test]
fn strangers_are_refused() {
    let mut tree = Naive::numbered(3);
    let good = request(&mut tree, 0, 3);
    let status = |note: Note| {
        let request = AddCheckpoint {
            checkpoint: note,
            ..good.clone()
        };
        ask(&request, None).unwrap_err().status()
    };
    let text = good.checkpoint.text().to_owned();
    let thief = SecretKey::from_seed("log", KeyKind::Ed25519, &[9; 32]).unwrap();
    assert_eq!(status(thief.sign(text.clone())), 403);
    assert_eq!(status(log().sign(text.replacen("log", "gol", 1))), 404);
    assert_eq!(status(log().sign("log\n".to_owned())), 400);
    let good = good.to_string();
    for (from, to) in [
        ("old 0", "old 00"),
        ("old 0", "new 0"),
        ("old 0", "old 0\nx"),
        ("old 0\n", "old 0"),
        ("log", "log\r"),
    ] {
        let bytes = good.replacen(from, to, 1);
        let refused = witness().cosign(bytes.as_bytes(), |_| None, 0).unwrap_err();
        assert_eq!(refused.status(), 400, "{bytes}");
    }
    let long = good.replacen(
        "old 0\n",
        &format!("old 0\n{}", format!("{}\n", Hash([0; 32])).repeat(64)),
        1,
    );
    assert!(AddCheckpoint::parse(long.as_bytes()).is_err());
}
