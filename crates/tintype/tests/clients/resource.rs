//! The calls of the vendor's Terraform resource for snapshot repositories, with the functions of the SDK that it makes
//! them with; not the provider itself, which is no library.

use crate::stage::{Stage, clean, client, includes, run, steps};
use serde_json::{Value, json};

#[tokio::test]
async fn a_repository_is_created_read_updated_imported_and_deleted() {
    let stage = Stage::start().await;
    let mut command = clean(client("resource").await);
    command.arg(stage.tintype.url()).env("TEST_API_KEY", &stage.key);
    let found = steps(&run(command, String::new()).await);
    let s3 = |bucket: &str, path_style: Value| {
        json!({"type": "s3", "settings": {
            "region": "us-east-1", "bucket": bucket, "access_key": "AKIAFIRST", "secret_key": null,
            "server_side_encryption": true, "endpoint": "https://s3.example.org", "path_style_access": path_style,
        }})
    };
    let first = || s3("snapshots", json!(true));
    // The SDK leaves out what is false.
    let second = || s3("others", Value::Null);
    let fs = |settings: Value| json!({"type": "fs", "settings": settings});
    let slow = json!({"location": "/backups/tf", "compress": true, "max_snapshot_bytes_per_sec": "40mb"});
    let plain = json!({
        "location": "/backups/tf", "compress": false, "max_snapshot_bytes_per_sec": null,
    });
    let wanted = [
        ("s3.create", "tf-s3", Some(first())),
        ("s3.refresh", "tf-s3", Some(first())),
        ("s3.update", "tf-s3", Some(second())),
        ("s3.import", "tf-s3", Some(second())),
        ("s3.delete", "tf-s3", None),
        ("s3.gone", "tf-s3", None),
        ("s3.delete.again", "tf-s3", None),
        ("generic.create", "tf-generic", Some(fs(slow))),
        ("generic.update", "tf-generic", Some(fs(plain.clone()))),
        ("generic.import", "tf-generic", Some(fs(plain))),
        ("generic.delete", "tf-generic", None),
    ];
    assert_eq!(found.len(), wanted.len(), "{found:?}");
    for (step, name, config) in wanted {
        let expected = match &config {
            Some(config) => json!({"found": true, "value": {"repository_name": name, "config": config}}),
            None => json!({"found": false, "error": null}),
        };
        assert!(
            includes(&found[step], &expected),
            "{step}: {}\nwanted {expected}",
            found[step]
        );
        // The resource shows as `s3` only what has no other settings than these seven.
        if let (true, Some(config)) = (name == "tf-s3", config) {
            let known = config["settings"].as_object().unwrap();
            let settings = found[step]["value"]["config"]["settings"].as_object().unwrap();
            assert!(settings.keys().all(|key| known.contains_key(key)), "{settings:?}");
        }
    }
}
