package main

import (
	"github.com/elastic/cloud-sdk-go/pkg/api/platformapi/snaprepoapi"
	"github.com/elastic/cloud-sdk-go/pkg/client/platform"
	"github.com/elastic/cloud-sdk-go/pkg/util"
)

func (c *client) setRepository(step, name, kind string, config util.Validator) {
	report(step, nil, snaprepoapi.Set(snaprepoapi.SetParams{
		API: c.API, Region: region, Name: name, Type: kind, Config: config,
	}))
}

func (c *client) getRepository(step, name string) {
	found, err := snaprepoapi.Get(snaprepoapi.GetParams{API: c.API, Region: region, Name: name})
	report(step, found, err)
}

func (c *client) deleteRepository(step, name string) {
	report(step, nil, snaprepoapi.Delete(snaprepoapi.DeleteParams{API: c.API, Region: region, Name: name}))
}

func (c *client) repositories() {
	c.setRepository("repository.set.s3", "sdk-s3", "s3", snaprepoapi.S3Config{
		Region: "us-east-1", Bucket: "snapshots", BasePath: "sdk", AccessKey: "AKIASDK", SecretKey: "sdk-secret",
	})
	c.getRepository("repository.get.s3", "sdk-s3")
	c.setRepository("repository.set.fs", "sdk-fs", "fs", snaprepoapi.GenericConfig{
		"location": "/backups/sdk", "compress": true,
	})
	c.setRepository("repository.set.refused", "sdk-bad", "fs", snaprepoapi.GenericConfig{"compress": true})
	listed, err := snaprepoapi.List(snaprepoapi.ListParams{API: c.API, Region: region})
	report("repository.list", listed, err)
	c.deleteRepository("repository.delete", "sdk-s3")
	c.getRepository("repository.get.gone", "sdk-s3")
	c.deleteRepository("repository.delete.gone", "sdk-s3")
}

func (c *client) platform() {
	found, err := c.V1API.Platform.GetPlatform(platform.NewGetPlatformParams().WithContext(ctx()), c.AuthWriter)
	if err != nil {
		report("platform.get", nil, err)
		return
	}
	report("platform.get", found.Payload, nil)
}
