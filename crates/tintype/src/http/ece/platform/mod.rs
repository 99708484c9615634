//! The platform, of which Tintype has only the region: it runs no hosts, and what ECE tells of them is empty here.

use serde::Serialize;
use utoipa::ToSchema;

pub mod get;

/// The platform.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlatformInfo {
    /// The version of ECE whose API this is.
    pub version: &'static str,
    /// Always empty.
    pub services: Vec<Nothing>,
    /// Always false.
    pub phone_home_enabled: bool,
    /// Always true: there is none to accept.
    pub eula_accepted: bool,
    /// The only region.
    pub regions: [RegionInfo; 1],
    /// Always empty.
    pub unreachable_regions: Vec<Nothing>,
}

/// A region. Nothing in it is Tintype's, so nothing of it is ill.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegionInfo {
    /// Its name, as paths have it.
    pub region_id: String,
    /// Always empty.
    pub zookeeper_states: ZookeeperSummary,
    /// Always empty.
    pub allocators: AllocatorsSummary,
    /// Always empty.
    pub runners: RunnersSummary,
    /// Always empty.
    pub proxies: ProxiesSummary,
    /// Always empty.
    pub container_sets_status: ContainerSetsSummary,
    /// Always empty.
    pub constructors: ConstructorOverview,
    /// Always empty.
    pub coordinators: CoordinatorsSummary,
    /// Always empty.
    pub resources: PlatformResourcesSummary,
}

/// An element of a list that is always empty.
#[derive(Debug, Serialize, ToSchema)]
pub struct Nothing {}

/// The nodes of ZooKeeper.
#[derive(Debug, Serialize, ToSchema)]
pub struct ZookeeperSummary {
    /// Always empty.
    pub states: Vec<Nothing>,
}

/// The allocators.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllocatorsSummary {
    /// Always true.
    pub healthy: bool,
    /// Always empty.
    pub zone_summaries: Vec<Nothing>,
}

/// The runners.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct RunnersSummary {
    /// Always true.
    pub healthy: bool,
    /// Always 0.
    pub total_runners: i32,
    /// Always 0.
    pub healthy_runners: i32,
    /// Always 0.
    pub connected_runners: i32,
    /// Always 0.
    pub connected_capacity: i32,
    /// Always 0.
    pub max_available_capacity: i32,
    /// Always 0.
    pub containers_count: i32,
}

/// The proxies.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProxiesSummary {
    /// Always true.
    pub healthy: bool,
    /// Always 0.
    pub expected_proxies_count: i32,
    /// Always 0.
    pub proxies_count: i32,
    /// Always empty.
    pub proxies: Vec<Nothing>,
}

/// The container sets.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContainerSetsSummary {
    /// Always true.
    pub healthy: bool,
    /// Always 0.
    pub healthy_container_sets_count: i32,
    /// Always 0.
    pub unhealthy_container_sets_count: i32,
    /// Always empty.
    pub unhealthy_container_sets: Vec<Nothing>,
}

/// The constructors.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConstructorOverview {
    /// Always empty.
    pub constructors: Vec<Nothing>,
}

/// The coordinators.
#[derive(Debug, Serialize, ToSchema)]
pub struct CoordinatorsSummary {
    /// Always empty.
    pub coordinators: Vec<Nothing>,
}

/// The platform's resources.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct PlatformResourcesSummary {
    /// Always true.
    pub healthy: bool,
    /// Always 0.
    pub available_count: i32,
    /// Always 0.
    pub used_count: i32,
    /// Always 0.
    pub missing_count: i32,
    /// Always 0.
    pub minimum_available_count: i32,
    /// Always 0.
    pub account_count: i32,
}

impl PlatformInfo {
    /// The platform with this region.
    fn of(region: &str) -> Self {
        Self {
            version: "3.0.0",
            services: Vec::new(),
            phone_home_enabled: false,
            eula_accepted: true,
            regions: [RegionInfo::empty(region)],
            unreachable_regions: Vec::new(),
        }
    }
}

impl RegionInfo {
    fn empty(region: &str) -> Self {
        Self {
            region_id: region.to_owned(),
            zookeeper_states: ZookeeperSummary { states: Vec::new() },
            allocators: AllocatorsSummary {
                healthy: true,
                zone_summaries: Vec::new(),
            },
            runners: RunnersSummary {
                healthy: true,
                ..RunnersSummary::default()
            },
            proxies: ProxiesSummary {
                healthy: true,
                expected_proxies_count: 0,
                proxies_count: 0,
                proxies: Vec::new(),
            },
            container_sets_status: ContainerSetsSummary {
                healthy: true,
                healthy_container_sets_count: 0,
                unhealthy_container_sets_count: 0,
                unhealthy_container_sets: Vec::new(),
            },
            constructors: ConstructorOverview {
                constructors: Vec::new(),
            },
            coordinators: CoordinatorsSummary {
                coordinators: Vec::new(),
            },
            resources: PlatformResourcesSummary {
                healthy: true,
                ..PlatformResourcesSummary::default()
            },
        }
    }
}
