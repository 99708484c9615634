//! One suite over every kind of store: a directory, versitygw and moto (S3), Azurite and fake-gcs-server.

mod archived;
mod facts;
mod faults;
mod ground;
mod refusals;
mod sample;
mod unread;
mod verdicts;
mod web;

/// Runs every fact on every store.
macro_rules! on_stores {
    ($($store:ident),+ $(,)?) => {
        $(mod $store {
            use super::{facts, ground, verdicts};

            #[tokio::test]
            async fn blobs_are_read_whole_and_in_part() {
                facts::blobs_are_read_whole_and_in_part(ground::$store().await).await;
            }

            #[tokio::test]
            async fn what_is_not_there_is_missing() {
                facts::what_is_not_there_is_missing(ground::$store().await).await;
            }

            #[tokio::test]
            async fn listings_are_whole_over_several_pages() {
                facts::listings_are_whole_over_several_pages(ground::$store().await).await;
            }

            #[tokio::test]
            async fn odd_names_are_names() {
                facts::odd_names_are_names(ground::$store().await).await;
            }

            #[tokio::test]
            async fn a_copied_root_is_seen_from_its_base() {
                facts::a_copied_root_is_seen_from_its_base(ground::$store().await).await;
            }

            #[tokio::test]
            async fn a_repository_at_the_buckets_root_is_proved_and_its_damage_blamed() {
                let ground = ground::$store().await;
                verdicts::a_repository_at_the_buckets_root_is_proved_and_its_damage_blamed(ground).await;
            }

            #[tokio::test]
            async fn a_copied_bucket_is_proved_as_well() {
                verdicts::a_copied_bucket_is_proved_as_well(ground::$store().await).await;
            }
        })+
    };
}

on_stores!(directory, versitygw, moto, azurite, fake_gcs);
