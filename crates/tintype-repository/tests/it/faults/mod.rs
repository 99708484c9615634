//! Ten thousand seeded faults: one blob is damaged, the repository verified at the level of checksums, the blob mended.

mod attested;
mod damage;
mod documented;
mod ground;
mod judge;
mod tally;

use tintype_repository::Level;
use tintype_testkit::noise::Noise;
use tokio::runtime::Handle;

use attested::covers;
pub use damage::Damage;
use documented::assert_documented;
pub use ground::{Ground, Hit};
use judge::{Outcome, judge, must_be_found};
use tally::Tally;

use crate::corpora::{Scratch, one};
use crate::looking::{look, options, said, show};
use crate::truth::Class;

const CASES: u64 = 10_000;
/// More than there are cores: where `index.latest` disagrees, verification waits for a writer that may be about to write it.
/// No factor in common with the number of combinations, so that each worker meets all of them.
const WORKERS: u64 = 15;
/// No older copy of these exists: they are written once for an index.
const IMPOSSIBLE: [(Class, Damage); 1] = [(Class::ShardPaths, Damage::Older)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_are_found_and_blamed_on_the_right_blob_and_snapshots() {
    let runtime = Handle::current();
    let workers = (0..WORKERS).map(|worker| {
        let runtime = runtime.clone();
        tokio::task::spawn_blocking(move || runtime.block_on(work(worker)))
    });
    let mut tally = Tally::default();
    for worker in workers.collect::<Vec<_>>() {
        tally.merge(worker.await.unwrap());
    }
    show(&tally.table());
    for ((class, damage), examples) in &tally.examples {
        println!("{class:?} {damage:?}: {}", examples.join("\n"));
    }
    assert_tally(&tally);
}

fn combinations() -> Vec<(Class, Damage)> {
    let all = Class::ALL
        .into_iter()
        .flat_map(|class| Damage::ALL.into_iter().map(move |damage| (class, damage)));
    all.filter(|pair| !IMPOSSIBLE.contains(pair)).collect()
}

async fn work(worker: u64) -> Tally {
    let scratch = Scratch::new();
    let mut grounds = Vec::new();
    for (engine, form) in ground::REPOSITORIES {
        grounds.push(Ground::new(&scratch, engine, form).await);
    }
    let combinations = combinations();
    let mut tally = Tally::default();
    for case in (worker..CASES).step_by(WORKERS as usize) {
        let (class, damage) = combinations[(case % combinations.len() as u64) as usize];
        run(&grounds, case, class, damage, &mut tally).await;
    }
    for (ground, (engine, form)) in grounds.iter().zip(ground::REPOSITORIES) {
        ground.assert_mended(&one(engine, form).await);
    }
    tally
}

async fn run(grounds: &[Ground], case: u64, class: Class, damage: Damage, tally: &mut Tally) {
    let mut noise = Noise(case);
    let start = noise.below(grounds.len());
    let mut all = (0..grounds.len()).map(|n| &grounds[(start + n) % grounds.len()]);
    let found = all.find_map(|ground| Some((ground, ground.hit(class, damage, &mut noise, grounds)?)));
    let (ground, hit) = found.unwrap_or_else(|| panic!("no repository has a {class:?} for {damage:?}"));
    let mut options = options(Level::Checksum);
    // What lies in one index's directories has no say in another's.
    let indices = [Some(hit.blob), hit.other].into_iter().flatten();
    let indices: Option<Vec<String>> = indices.map(|blob| blob.index.clone()).collect();
    options.indices = indices.unwrap_or_default();
    let report = look(&ground.written, options).await;
    let outcome = judge(ground, &hit, &report);
    if covers(class) && (class == Class::Root || matches!(damage, Damage::Swap | Damage::Older)) {
        let missed = ground.attested.misses(&ground.written, &hit).await;
        tally.add_attested(class, damage, missed);
    }
    tally.add(class, damage, outcome, || {
        let words = match &report {
            Ok(report) => said(report),
            Err(error) => error.to_string(),
        };
        let other = hit.other.map(|other| &other.path);
        let blob = hit.blob;
        format!(
            "case {case}, {outcome:?}: {} {} {other:?} of {:?}\n{words}",
            ground.written.label(),
            blob.path,
            blob.snapshots
        )
    });
}

fn assert_tally(tally: &Tally) {
    assert_eq!(u64::from(tally.total()), CASES);
    for (class, damage) in combinations() {
        assert!(tally.cases(class, damage) >= 100, "{class:?} {damage:?}");
        let wrong = [Outcome::Missed, Outcome::WrongBlob, Outcome::WrongSnapshots];
        if must_be_found(class, damage) {
            let wrong = wrong.map(|outcome| tally.of(class, damage, outcome));
            assert_eq!(
                wrong,
                [0, 0, 0],
                "{class:?} {damage:?}: missed, wrong blob, wrong snapshots"
            );
        }
    }
    for (class, damage) in combinations() {
        let (tried, missed) = tally.attested(class, damage);
        assert_eq!(missed, 0, "{class:?} {damage:?}: missed with an attestation");
        assert!(tried > 0 || !covers(class) || !matches!(damage, Damage::Swap | Damage::Older));
    }
    assert_documented(tally, &combinations());
    let flips = tally.cases(Class::Root, Damage::Flip);
    let of_flips = |outcome| tally.of(Class::Root, Damage::Flip, outcome);
    assert_eq!(of_flips(Outcome::WrongBlob), 0, "flips in roots");
    let missed = of_flips(Outcome::Missed);
    assert!(
        missed * 100 <= flips,
        "{missed} of {flips} flips in roots were missed"
    );
}
