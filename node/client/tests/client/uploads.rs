//! Uploads: nothing is sent twice, and a broken one goes on.

use std::sync::{Arc, Mutex};

use arknet_client::{Blob, ClientError, Progress};
use arknet_protocol::api::BlobStatus;
use arknet_protocol::{Code, Problem};

use crate::server::{Reply, Server};

fn bytes() -> Vec<u8> {
    (0..300_000u32).flat_map(|n| n.to_le_bytes()).collect()
}

fn quiet() -> Progress {
    Arc::new(|_| {})
}

/// A node that loses the connection of the first upload after so many bytes, and keeps these many of them.
async fn server(blob: &Blob, read: usize, kept: u64) -> Server {
    let (digest, size) = (blob.digest(), blob.size());
    let mut received = 0;
    let status = move |received| BlobStatus {
        digest,
        received,
        complete: received == size,
    };
    Server::start(move |_, request| {
        if request.line.starts_with("GET") {
            return if received == 0 {
                Reply::problem(&Problem::new(Code::NotFound, "nothing"))
            } else {
                Reply::json(200, &status(received))
            };
        }
        let offset: u64 = request.header("upload-offset").unwrap().parse().unwrap();
        assert_eq!(offset, received);
        assert_eq!(request.header("upload-length"), Some(&*size.to_string()));
        if received == 0 && kept < size {
            received = kept;
            let mut reply = Reply::hang_up();
            reply.read = Some(read);
            return reply;
        }
        received = size;
        Reply::json(201, &status(size))
    })
    .await
}

#[tokio::test]
async fn a_broken_upload_goes_on_where_the_node_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("blob");
    std::fs::write(&path, bytes()).unwrap();
    for blob in [Blob::from_bytes(bytes()), Blob::from_file(&path).unwrap()] {
        assert_eq!(blob.size(), bytes().len() as u64);
        let server = server(&blob, 500_000, 123_456).await;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let progress = Arc::clone(&seen);
        let progress: Progress = Arc::new(move |at| progress.lock().unwrap().push(at));
        assert!(server.client().upload(&blob, progress).await.unwrap());
        let asked = server.asked();
        let puts: Vec<_> = asked
            .iter()
            .filter(|request| request.line.starts_with("PUT"))
            .collect();
        assert_eq!(puts.len(), 2);
        let whole = [&puts[0].body[..123_456], &puts[1].body].concat();
        assert_eq!(whole, bytes());
        assert_eq!(seen.lock().unwrap().last(), Some(&blob.size()));
        assert!(!server.client().upload(&blob, quiet()).await.unwrap());
        assert_eq!(server.asked().len(), asked.len() + 1);
    }
}

#[tokio::test]
async fn a_node_with_more_than_there_is_makes_no_sense() {
    let blob = Blob::from_bytes(bytes());
    let status = BlobStatus {
        digest: blob.digest(),
        received: blob.size() + 1,
        complete: false,
    };
    let server = Server::start(move |_, _| Reply::json(200, &status)).await;
    let error = server.client().upload(&blob, quiet()).await.unwrap_err();
    assert!(error.to_string().contains("makes no sense"), "{error}");
}

#[tokio::test]
async fn a_file_that_has_changed_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("blob");
    std::fs::write(&path, bytes()).unwrap();
    let blob = Blob::from_file(&path).unwrap();
    std::fs::write(&path, &bytes()[..1000]).unwrap();
    let server =
        Server::start(|_, _| Reply::problem(&Problem::new(Code::NotFound, "nothing"))).await;
    let error = server.client().upload(&blob, quiet()).await.unwrap_err();
    assert!(matches!(error, ClientError::Source { .. }), "{error}");
    assert_eq!(server.asked().len(), 1);
}
