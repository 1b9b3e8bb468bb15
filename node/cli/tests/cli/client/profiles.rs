//! Keys and profiles in files.

use std::fs;

use arknet_protocol::Token;

use super::fake::{Conduct, FakeNode};
use super::submission::{folder, path};
use super::user::User;

#[cfg(unix)]
fn mode(path: &std::path::Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    let metadata = fs::metadata(path).expect("a file");
    metadata.permissions().mode() & 0o777
}

#[cfg(unix)]
fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("my own file");
}

#[test]
fn a_key_is_made_once() {
    let user = User::new();
    user.run(&["keys", "show"])
        .expect(2)
        .says(&["arknet keys new"]);
    let made = user.run(&["keys", "new"]).expect(0).stdout;
    assert_eq!(user.run(&["keys", "show"]).expect(0).stdout, made);
    user.run(&["keys", "new"])
        .expect(2)
        .says(&["not written over"]);
    assert_eq!(user.run(&["keys", "show"]).expect(0).stdout, made);
    let secret = user.read("client.key");
    let secret = secret.trim_end().rsplit(' ').next().expect("digits");
    assert!(!made.contains(secret));
}

#[cfg(unix)]
#[test]
fn secrets_are_for_their_owner() {
    let node = FakeNode::start(folder().path(), Conduct::Honest);
    let user = User::of(&node);
    let profile = user.file("profiles/default.toml");
    let key = user.file("client.key");
    assert_eq!((mode(&profile), mode(&key)), (0o600, 0o600));
    set_mode(&profile, 0o644);
    user.run(&["jobs", "list"])
        .expect(2)
        .says(&["mode 644", "chmod 600"]);
    set_mode(&profile, 0o600);
    set_mode(&key, 0o640);
    user.run(&["submit", path(&folder())])
        .expect(2)
        .says(&["mode 640", "chmod 600"]);
}

#[test]
fn profiles_are_added_shown_and_never_written_over() {
    let node = FakeNode::start(folder().path(), Conduct::Honest);
    let other = FakeNode::start(folder().path(), Conduct::Honest);
    let user = User::of(&node);
    let text = user.read("profiles/default.toml");
    user.add("default", &other, &[])
        .expect(2)
        .says(&["not written over"]);
    assert_eq!(user.read("profiles/default.toml"), text);
    user.add("other", &other, &["--node-key", &node.key()])
        .expect(8)
        .says(&["is another one"]);
    user.add("other", &other, &["--node-key", &other.key()])
        .expect(0);
    let list = user.run(&["profile", "list"]).expect(0).stdout;
    assert_eq!(list, "default\nother\n");
    let shown = user.run(&["profile", "show", "other"]).expect(0).stdout;
    assert!(shown.contains(&other.key()) && shown.contains(&other.log_key()));
    let token = user.read("profiles/other.toml");
    let token = token
        .split('"')
        .find(|part| part.starts_with("ark_"))
        .expect("a token");
    assert!(!shown.contains(token) && shown.contains(&token[4..20]));
    user.run(&["jobs", "list", "--profile", "third"])
        .expect(2)
        .says(&["no profile `third`", "default, other"]);
    user.run(&["jobs", "list", "--profile", "../default"])
        .expect(2);
}

#[test]
fn a_token_is_not_sent_in_the_open() {
    let user = User::new();
    let token = Token::generate().expect("randomness").reveal();
    user.run_with(
        &["profile", "add", "far", "--node", "http://node.invalid"],
        &token,
    )
    .expect(8)
    .says(&["not https", "ssh -L"]);
    user.run_with(
        &["profile", "add", "far", "--node", "https://node.invalid"],
        "ark_not_a_token",
    )
    .expect(2)
    .says(&["a token has the form"]);
}

#[test]
fn a_token_of_another_key_is_noticed_before_the_node_does() {
    let folder = folder();
    let node = FakeNode::start(folder.path(), Conduct::Honest);
    let user = User::of(&node);
    fs::remove_file(user.file("client.key")).expect("a key");
    user.run(&["submit", path(&folder)])
        .expect(2)
        .says(&["the profile's token belongs to"]);
    assert!(node.submitted().is_empty());
}
