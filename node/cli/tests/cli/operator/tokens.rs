//! Letting clients in, and out.

use serde_json::Value;

use super::daemon::Operator;
use crate::client::user::User;

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_token_lets_a_client_in_until_it_is_revoked() {
    let operator = Operator::new();
    let node = operator.start();
    let client = User::new();
    let key = json(&client.run(&["keys", "new", "--json"]).expect(0).stdout);
    let key = key["client"].as_str().expect("a key");
    let made = operator
        .run(&[
            "token",
            "create",
            "--client",
            key,
            "--scopes",
            "jobs:read",
            "--json",
        ])
        .expect(0);
    let made = json(&made.stdout);
    let token = made["token"].as_str().expect("a token");
    client
        .run_with(&["profile", "add", "default", "--node", &node.url], token)
        .expect(0);
    client.run(&["jobs", "list"]).expect(0);
    let id = "0".repeat(32);
    client
        .run(&["jobs", "cancel", &id])
        .expect(8)
        .says(&["wrong-scope", "more scopes"]);

    let listed = operator.run(&["token", "list"]).expect(0).stdout;
    let token_id = made["id"].as_str().expect("an id");
    assert!(listed.contains(token_id) && listed.contains(key));
    assert!(!listed.contains(&token[21..]));
    operator.run(&["token", "revoke", token_id]).expect(0);
    client
        .run(&["jobs", "list"])
        .expect(8)
        .says(&["unauthorized", "arknet token create"]);
    operator
        .run(&["token", "revoke", token_id])
        .expect(2)
        .says(&["no token"]);
    assert_eq!(node.stop(), Some(0));
}
