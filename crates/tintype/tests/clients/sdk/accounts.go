package main

import (
	"github.com/elastic/cloud-sdk-go/pkg/api/userapi"
	authapi "github.com/elastic/cloud-sdk-go/pkg/api/userapi/authapi"
	"github.com/elastic/cloud-sdk-go/pkg/client/authentication"
	"github.com/elastic/cloud-sdk-go/pkg/models"
	"github.com/elastic/cloud-sdk-go/pkg/util/ec"
)

func (c *client) keys() {
	made, err := c.V1API.Authentication.CreateAPIKey(authentication.NewCreateAPIKeyParams().
		WithBody(&models.CreateAPIKeyRequest{Description: ec.String("by the SDK")}), c.AuthWriter)
	if err != nil {
		report("key.create", nil, err)
		return
	}
	report("key.create", made.Payload, nil)
	id := *made.Payload.ID
	found, err := authapi.GetKey(authapi.GetKeyParams{API: c.API, ID: id})
	report("key.get", found, err)
	listed, err := authapi.ListKeys(authapi.ListKeysParams{API: c.API})
	report("key.list", listed, err)
	everybodys, err := c.V1API.Authentication.GetUsersAPIKeys(
		authentication.NewGetUsersAPIKeysParams(), c.AuthWriter)
	if err != nil {
		report("key.list.all", nil, err)
	} else {
		report("key.list.all", everybodys.Payload, nil)
	}
	report("key.delete", nil, authapi.DeleteKey(authapi.DeleteKeyParams{API: c.API, ID: id}))
	report("key.delete.gone", nil, authapi.DeleteKey(authapi.DeleteKeyParams{API: c.API, ID: id}))
}

func (c *client) users() {
	created, err := userapi.Create(userapi.CreateParams{
		API: c.API, UserName: "sdk-user", FullName: "Made by the SDK", Email: "sdk@example.org",
		Password: []byte("password of sdk-user"), Roles: []string{"ece_deployment_viewer"},
	})
	report("user.create", created, err)
	_, err = userapi.Create(userapi.CreateParams{
		API: c.API, UserName: "sdk-user", Password: []byte("password of sdk-user"),
		Roles: []string{"ece_deployment_viewer"},
	})
	report("user.create.again", nil, err)
	found, err := userapi.Get(userapi.GetParams{API: c.API, UserName: "sdk-user"})
	report("user.get", found, err)
	listed, err := userapi.List(userapi.ListParams{API: c.API, IncludeDisabled: true})
	report("user.list", listed, err)
	disabled, err := userapi.Enable(userapi.EnableParams{API: c.API, UserName: "sdk-user", Enabled: false})
	report("user.disable", disabled, err)
	updated, err := userapi.Update(userapi.UpdateParams{
		API: c.API, UserName: "sdk-user", Roles: []string{"ece_platform_viewer"}, Email: "new@example.org",
	})
	report("user.update", updated, err)
	current, err := userapi.GetCurrent(userapi.GetCurrentParams{API: c.API})
	report("user.current", current, err)
	changed, err := userapi.UpdateCurrent(userapi.UpdateParams{
		API: c.API, UserName: *current.UserName, FullName: "The first",
	})
	report("user.current.update", changed, err)
	report("user.delete", nil, userapi.Delete(userapi.DeleteParams{API: c.API, UserName: "sdk-user"}))
	_, err = userapi.Get(userapi.GetParams{API: c.API, UserName: "sdk-user"})
	report("user.get.gone", nil, err)
}
