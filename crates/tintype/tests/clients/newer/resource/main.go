// Command resource makes the calls of the vendor's Terraform resource for snapshot repositories, in its order and with
// the functions of the SDK that it uses: create, read, update, import, delete, each change followed by a read. It is
// not the provider itself. It prints one JSON line for each call.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/elastic/cloud-sdk-go/pkg/api"
	"github.com/elastic/cloud-sdk-go/pkg/api/apierror"
	"github.com/elastic/cloud-sdk-go/pkg/api/platformapi/snaprepoapi"
	"github.com/elastic/cloud-sdk-go/pkg/auth"
	"github.com/elastic/cloud-sdk-go/pkg/util"
)

const region = "ece-region"

type line struct {
	Step string `json:"step"`
	// Whether the read found it.
	Found bool `json:"found"`
	// What the read gave.
	Value any    `json:"value,omitempty"`
	Error string `json:"error,omitempty"`
}

type resource struct{ client *api.API }

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: resource HOST, with the API key in TEST_API_KEY")
	}
	key := auth.APIKey(os.Getenv("TEST_API_KEY"))
	client, err := api.NewAPI(api.Config{
		Client: new(http.Client), AuthWriter: &key, Host: os.Args[1], ErrorDevice: os.Stderr,
	})
	if err != nil {
		log.Fatal(err)
	}
	r := resource{client}
	s3 := snaprepoapi.S3Config{
		Region: "us-east-1", Bucket: "snapshots", AccessKey: "AKIAFIRST", SecretKey: "first-secret",
		ServerSideEncryption: true, Endpoint: "https://s3.example.org", PathStyleAccess: true,
	}
	r.set("s3.create", "tf-s3", "s3", s3)
	r.read("s3.refresh", "tf-s3")
	s3.Bucket, s3.SecretKey, s3.PathStyleAccess = "others", "second-secret", false
	r.set("s3.update", "tf-s3", "s3", s3)
	r.read("s3.import", "tf-s3")
	r.delete("s3.delete", "tf-s3")
	r.read("s3.gone", "tf-s3")
	r.delete("s3.delete.again", "tf-s3")
	r.generic("generic.create", `{"location":"/backups/tf","compress":true,"max_snapshot_bytes_per_sec":"40mb"}`)
	r.generic("generic.update", `{"location":"/backups/tf","compress":false}`)
	r.read("generic.import", "tf-generic")
	r.delete("generic.delete", "tf-generic")
}

func (r resource) generic(step, settings string) {
	config, err := snaprepoapi.ParseGenericConfig(strings.NewReader(settings))
	if err != nil {
		log.Fatal(err)
	}
	r.set(step, "tf-generic", "fs", config)
}

// set is create and update: the resource reads after both.
func (r resource) set(step, name, kind string, config util.Validator) {
	err := snaprepoapi.Set(snaprepoapi.SetParams{
		API: r.client, Region: region, Name: name, Type: kind, Config: config,
	})
	if err != nil {
		show(line{Step: step, Error: err.Error()})
		return
	}
	r.read(step, name)
}

func (r resource) read(step, name string) {
	found, err := snaprepoapi.Get(snaprepoapi.GetParams{API: r.client, Region: region, Name: name})
	switch {
	case err == nil:
		show(line{Step: step, Found: true, Value: found})
	case apierror.IsRuntimeStatusCode(err, http.StatusNotFound):
		show(line{Step: step})
	default:
		show(line{Step: step, Error: err.Error()})
	}
}

// delete takes a 404 for done, as the resource does.
func (r resource) delete(step, name string) {
	err := snaprepoapi.Delete(snaprepoapi.DeleteParams{API: r.client, Region: region, Name: name})
	if err != nil && !apierror.IsRuntimeStatusCode(err, http.StatusNotFound) {
		show(line{Step: step, Error: err.Error()})
		return
	}
	show(line{Step: step})
}

func show(l line) {
	if err := json.NewEncoder(os.Stdout).Encode(l); err != nil {
		log.Fatal(err)
	}
}
