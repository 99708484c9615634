package main

import (
	"log"

	"github.com/elastic/cloud-sdk-go/pkg/api/userapi"
	authapi "github.com/elastic/cloud-sdk-go/pkg/api/userapi/authapi"
	"github.com/elastic/cloud-sdk-go/pkg/auth"
	"github.com/elastic/cloud-sdk-go/pkg/client/authentication"
	"github.com/elastic/cloud-sdk-go/pkg/models"
	"github.com/elastic/cloud-sdk-go/pkg/util/ec"
)

// withSession signs a user in who has a second factor.
func withSession(s settings) {
	_, err := connect(s, auth.Config{Username: s.User, Password: "not it"})
	report("login.wrong", nil, err)
	c, err := connect(s, auth.Config{Username: s.User, Password: s.Password})
	report("login", nil, err)
	if err != nil {
		log.Fatal(err)
	}
	login := c.AuthWriter.(*auth.UserLogin)
	report("refresh", nil, login.RefreshTokenOnce(c.V1API))
	c.info("info")
	c.snapshot("snapshot.not_elevated", c.Cluster, nil)
	c.elevate("elevate.wrong", login, "000000x")
	c.elevate("elevate", login, s.MFA)
	c.info("info.elevated")
	c.snapshot("snapshot.elevated", c.Cluster, nil)
	report("refresh.elevated", nil, login.RefreshTokenOnce(c.V1API))
	c.snapshot("snapshot.refreshed", c.Cluster, nil)
	c.keyAfterPassword()
	changed, err := userapi.UpdateCurrent(userapi.UpdateParams{
		API: c.API, UserName: s.User, FullName: "The guarded", Roles: []string{"ece_platform_admin"},
	})
	report("user.current.update", changed, err)
	c.lower(login)
	c.snapshot("snapshot.lowered", c.Cluster, nil)
	_, err = c.V1API.Authentication.Logout(authentication.NewLogoutParams(), c.AuthWriter)
	report("logout", nil, err)
	c.info("info.logged_out")
	report("refresh.logged_out", nil, login.RefreshTokenOnce(c.V1API))
}

func (c *client) info(step string) {
	found, err := c.V1API.Authentication.GetAuthenticationInfo(
		authentication.NewGetAuthenticationInfoParams(), c.AuthWriter)
	if err != nil {
		report(step, nil, err)
		return
	}
	report(step, found.Payload, nil)
}

func (c *client) elevate(step string, login *auth.UserLogin, mfa string) {
	found, err := c.V1API.Authentication.EnableElevatedPermissions(
		authentication.NewEnableElevatedPermissionsParams().
			WithBody(&models.ElevatePermissionsRequest{Token: ec.String(mfa)}), c.AuthWriter)
	if err != nil {
		report(step, nil, err)
		return
	}
	report(step, nil, login.Holder.Update(*found.Payload.Token))
}

func (c *client) lower(login *auth.UserLogin) {
	found, err := c.V1API.Authentication.DisableElevatedPermissions(
		authentication.NewDisableElevatedPermissionsParams(), c.AuthWriter)
	if err != nil {
		report("lower", nil, err)
		return
	}
	report("lower", nil, login.Holder.Update(*found.Payload.Token))
}

// keyAfterPassword makes a key as older clients do: the password first, then the key by its token.
func (c *client) keyAfterPassword() {
	_, err := authapi.ReAuthenticate(authapi.ReAuthenticateParams{API: c.API, Password: []byte("not it at all")})
	report("reauthenticate.wrong", nil, err)
	token, err := authapi.ReAuthenticate(authapi.ReAuthenticateParams{API: c.API, Password: []byte(c.Password)})
	report("reauthenticate", token, err)
	if err != nil {
		return
	}
	made, err := c.V1API.Authentication.CreateAPIKey(authentication.NewCreateAPIKeyParams().
		WithBody(&models.CreateAPIKeyRequest{
			AuthenticationToken: token, Description: ec.String("by the SDK, after the password"),
		}), c.AuthWriter)
	if err != nil {
		report("key.create", nil, err)
		return
	}
	report("key.create", made.Payload, nil)
}
