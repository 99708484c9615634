package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"reflect"

	"github.com/elastic/cloud-sdk-go/pkg/api/apierror"
	"github.com/elastic/cloud-sdk-go/pkg/models"
	"github.com/go-openapi/runtime"
	"github.com/go-openapi/strfmt"
)

// outcome is one line: what the SDK gave its caller.
type outcome struct {
	Step string `json:"step"`
	// The payload.
	Value any `json:"value,omitempty"`
	// What the SDK's own validator says against the payload.
	Invalid string `json:"invalid,omitempty"`
	// The Go type of the error, its header and codes, and its status when the SDK has no type for it.
	Error  string   `json:"error,omitempty"`
	Header string   `json:"header,omitempty"`
	Codes  []string `json:"codes,omitempty"`
	Status int      `json:"status,omitempty"`
	Text   string   `json:"text,omitempty"`
}

// report prints the line of a step.
func report(step string, value any, err error) {
	line := outcome{Step: step}
	if err != nil {
		line.describe(err)
	} else {
		line.Value = value
		if checked, ok := value.(interface{ Validate(strfmt.Registry) error }); ok {
			if err := checked.Validate(strfmt.Default); err != nil {
				line.Invalid = err.Error()
			}
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		log.Fatal(err)
	}
}

func (line *outcome) describe(err error) {
	line.Text = apierror.Wrap(err).Error()
	var wrapped *apierror.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	line.Error = fmt.Sprintf("%T", err)
	if untyped, ok := err.(*runtime.APIError); ok {
		line.Status = untyped.Code
	}
	if typed, ok := err.(interface {
		GetPayload() *models.BasicFailedReply
	}); ok {
		for _, failure := range typed.GetPayload().Errors {
			line.Codes = append(line.Codes, *failure.Code)
		}
		if header := reflect.Indirect(reflect.ValueOf(err)).FieldByName("XCloudErrorCodes"); header.IsValid() {
			line.Header = header.String()
		}
	}
}
