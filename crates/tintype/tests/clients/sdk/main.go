// Command sdk calls Tintype with the vendor's Go SDK as it is published, of the version that still knows clusters.
// It reads what to talk to as JSON from its standard input, and prints one JSON line for each step.
//
//	sdk key      with an API key: repositories, clusters, snapshots, settings, keys, users
//	sdk session  with a name and a password: the session behind them, and its elevation
package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"

	"github.com/elastic/cloud-sdk-go/pkg/api"
	"github.com/elastic/cloud-sdk-go/pkg/auth"
)

const region = "ece-region"

// settings is what the test has prepared.
type settings struct {
	Host     string
	APIKey   string
	User     string
	Password string
	// A second factor that is good once.
	MFA string
	// A cluster, and one whose engine fails every snapshot.
	Cluster, Failing string
	// A repository that snapshots may go to.
	Repository string
}

// client is the SDK's entrance, with the settings.
type client struct {
	*api.API
	settings
}

// ctx carries the region, without which the SDK refuses to call anything below clusters and platform.
func ctx() context.Context { return api.WithRegion(context.Background(), region) }

func connect(s settings, c auth.Config) (*client, error) {
	writer, err := auth.NewAuthWriter(c)
	if err != nil {
		return nil, err
	}
	made, err := api.NewAPI(api.Config{
		Client:      new(http.Client),
		AuthWriter:  writer,
		Host:        s.Host,
		ErrorDevice: os.Stderr,
	})
	return &client{made, s}, err
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: sdk key|session")
	}
	var s settings
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	if err := json.Unmarshal(input, &s); err != nil {
		log.Fatal(err)
	}
	switch os.Args[1] {
	case "key":
		withKey(s)
	case "session":
		withSession(s)
	default:
		log.Fatalf("unknown: %s", os.Args[1])
	}
}

func withKey(s settings) {
	c, err := connect(s, auth.Config{APIKey: s.APIKey})
	if err != nil {
		log.Fatal(err)
	}
	c.repositories()
	c.clusters()
	c.snapshots()
	c.snapshotSettings()
	c.metadata()
	c.platform()
	c.keys()
	c.users()
	wrong, err := connect(s, auth.Config{APIKey: "tt_none_none"})
	if err != nil {
		log.Fatal(err)
	}
	wrong.unknownKey()
}
