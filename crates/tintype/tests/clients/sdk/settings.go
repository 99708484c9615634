package main

import (
	"strconv"

	"github.com/elastic/cloud-sdk-go/pkg/client/clusters_elasticsearch"
	"github.com/elastic/cloud-sdk-go/pkg/models"
	"github.com/elastic/cloud-sdk-go/pkg/util/ec"
)

// versioned is a payload with the headers that the SDK reads beside it.
type versioned struct {
	Version, Created, Modified string
	Payload                    any
}

func (c *client) snapshotSettings() {
	found, err := c.V1API.ClustersElasticsearch.GetEsClusterSnapshotSettings(
		clusters_elasticsearch.NewGetEsClusterSnapshotSettingsParams().
			WithContext(ctx()).WithClusterID(c.Cluster), c.AuthWriter)
	if err != nil {
		report("settings.get", nil, err)
		return
	}
	report("settings.get", versioned{
		found.XCloudResourceVersion, found.XCloudResourceCreated, found.XCloudResourceLastModified, found.Payload,
	}, nil)
	version, err := strconv.ParseInt(found.XCloudResourceVersion, 10, 64)
	if err != nil {
		report("settings.version", nil, err)
	}
	c.changeSettings("settings.patch", version, &models.ClusterSnapshotSettings{RepositoryName: "sdk-fs"})
	c.changeSettings("settings.patch.stale", version, &models.ClusterSnapshotSettings{RepositoryName: c.Repository})
	c.changeSettings("settings.patch.refused", 0, &models.ClusterSnapshotSettings{CronExpression: "0 0 * * *"})
	c.changeSettings("settings.patch.back", 0, &models.ClusterSnapshotSettings{RepositoryName: c.Repository})
	_, err = c.V1API.ClustersElasticsearch.GetEsClusterSnapshotSettings(
		clusters_elasticsearch.NewGetEsClusterSnapshotSettingsParams().
			WithContext(ctx()).WithClusterID(missing), c.AuthWriter)
	report("settings.get.missing", nil, err)
}

// changeSettings names the version unless it is 0.
func (c *client) changeSettings(step string, version int64, body *models.ClusterSnapshotSettings) {
	params := clusters_elasticsearch.NewUpdateEsClusterSnapshotSettingsParams().
		WithContext(ctx()).WithClusterID(c.Cluster).WithBody(body)
	if version != 0 {
		params.SetVersion(ec.Int64(version))
	}
	changed, err := c.V1API.ClustersElasticsearch.UpdateEsClusterSnapshotSettings(params, c.AuthWriter)
	if err != nil {
		report(step, nil, err)
		return
	}
	report(step, versioned{
		changed.XCloudResourceVersion, changed.XCloudResourceCreated, changed.XCloudResourceLastModified, changed.Payload,
	}, nil)
}

func (c *client) metadata() {
	_, err := c.V1API.ClustersElasticsearch.SetEsClusterName(clusters_elasticsearch.NewSetEsClusterNameParams().
		WithContext(ctx()).WithClusterID(c.Cluster).WithNewName("named / by the SDK"), c.AuthWriter)
	report("name.set", nil, err)
	found, err := c.V1API.ClustersElasticsearch.GetEsClusterMetadataSettings(
		clusters_elasticsearch.NewGetEsClusterMetadataSettingsParams().
			WithContext(ctx()).WithClusterID(c.Cluster), c.AuthWriter)
	if err != nil {
		report("metadata.get", nil, err)
		return
	}
	report("metadata.get", versioned{
		found.XCloudResourceVersion, found.XCloudResourceCreated, found.XCloudResourceLastModified, found.Payload,
	}, nil)
	changed, err := c.V1API.ClustersElasticsearch.UpdateEsClusterMetadataSettings(
		clusters_elasticsearch.NewUpdateEsClusterMetadataSettingsParams().WithContext(ctx()).
			WithClusterID(c.Cluster).WithBody(&models.ClusterMetadataSettings{Name: "patched by the SDK"}), c.AuthWriter)
	if err != nil {
		report("metadata.patch", nil, err)
		return
	}
	report("metadata.patch", versioned{
		changed.XCloudResourceVersion, changed.XCloudResourceCreated, changed.XCloudResourceLastModified, changed.Payload,
	}, nil)
}
