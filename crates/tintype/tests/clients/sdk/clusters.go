package main

import (
	"github.com/elastic/cloud-sdk-go/pkg/client/clusters_elasticsearch"
	"github.com/elastic/cloud-sdk-go/pkg/models"
)

const missing = "00000000000000000000000000000000"

func (c *client) clusters() {
	listed, err := c.V1API.ClustersElasticsearch.GetEsClusters(
		clusters_elasticsearch.NewGetEsClustersParams().WithContext(ctx()), c.AuthWriter)
	if err != nil {
		report("cluster.list", nil, err)
	} else {
		report("cluster.list", listed.Payload, nil)
	}
	c.getCluster("cluster.get", c.Cluster)
	c.getCluster("cluster.get.missing", missing)
	c.search("cluster.search.all", &models.SearchRequest{
		Query: &models.QueryContainer{MatchAll: map[string]any{}}, Size: 10,
	})
	c.search("cluster.search.term", &models.SearchRequest{
		Query: &models.QueryContainer{Bool: &models.BoolQuery{Filter: []*models.QueryContainer{
			{Term: map[string]models.TermQuery{"cluster_id": {Value: c.Cluster}}},
		}}},
	})
	c.search("cluster.search.refused", &models.SearchRequest{
		Query: &models.QueryContainer{Term: map[string]models.TermQuery{"plan.zone_count": {Value: 1}}},
	})
	c.createCluster()
	_, err = c.V1API.ClustersElasticsearch.DeleteEsCluster(clusters_elasticsearch.NewDeleteEsClusterParams().
		WithContext(ctx()).WithClusterID(missing), c.AuthWriter)
	report("cluster.delete.missing", nil, err)
}

func (c *client) getCluster(step, id string) {
	found, err := c.V1API.ClustersElasticsearch.GetEsCluster(clusters_elasticsearch.NewGetEsClusterParams().
		WithContext(ctx()).WithClusterID(id), c.AuthWriter)
	if err != nil {
		report(step, nil, err)
		return
	}
	report(step, found.Payload, nil)
}

func (c *client) search(step string, request *models.SearchRequest) {
	found, err := c.V1API.ClustersElasticsearch.SearchEsClusters(
		clusters_elasticsearch.NewSearchEsClustersParams().WithContext(ctx()).WithBody(request), c.AuthWriter)
	if err != nil {
		report(step, nil, err)
		return
	}
	report(step, found.Payload, nil)
}

func (c *client) createCluster() {
	_, _, _, err := c.V1API.ClustersElasticsearch.CreateEsCluster(clusters_elasticsearch.NewCreateEsClusterParams().
		WithContext(ctx()).WithBody(&models.CreateElasticsearchClusterRequest{ClusterName: "new"}), c.AuthWriter)
	report("cluster.create.refused", nil, err)
}

func (c *client) snapshot(step, cluster string, request *models.ClusterSnapshotRequest) {
	taken, err := c.V1API.ClustersElasticsearch.SnapshotEsCluster(
		clusters_elasticsearch.NewSnapshotEsClusterParams().
			WithContext(ctx()).WithClusterID(cluster).WithBody(request), c.AuthWriter)
	if err != nil {
		report(step, nil, err)
		return
	}
	report(step, taken.Payload, nil)
}

func (c *client) snapshots() {
	named := &models.ClusterSnapshotRequest{Name: "by-sdk", RepositoryName: c.Repository}
	c.snapshot("snapshot.named", c.Cluster, named)
	c.snapshot("snapshot.no_body", c.Cluster, nil)
	c.snapshot("snapshot.empty_body", c.Cluster, &models.ClusterSnapshotRequest{})
	c.snapshot("snapshot.same_name", c.Cluster, named)
	c.snapshot("snapshot.missing_cluster", missing, nil)
	c.snapshot("snapshot.missing_repository", c.Cluster, &models.ClusterSnapshotRequest{RepositoryName: "none"})
	c.snapshot("snapshot.wrong_credentials", c.Cluster, &models.ClusterSnapshotRequest{
		Name: "not-taken", Username: "AKIAWRONG", Password: "wrong",
	})
	c.snapshot("snapshot.bad_name", c.Cluster, &models.ClusterSnapshotRequest{Name: "Not A Name"})
	c.snapshot("snapshot.engine_fails", c.Failing, nil)
}

// unknownKey shows that the one 401 of the call has two codes.
func (c *client) unknownKey() {
	c.snapshot("snapshot.unknown_key", c.Cluster, nil)
	c.getCluster("cluster.get.unknown_key", c.Cluster)
}
