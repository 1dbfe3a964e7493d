// Command goverify tells whether Go's standard library trusts a certificate chain for a name.
//
// It reads one JSON object from standard input: roots and chain (PEM texts, the leaf first) and name (a DNS name or an IP address).
// It prints nothing and ends with 0 when the chain verifies for server authentication; otherwise it prints the reason and ends with 1.
package main

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

type question struct {
	Roots string `json:"roots"`
	Chain string `json:"chain"`
	Name  string `json:"name"`
}

func main() {
	var asked question
	err := json.NewDecoder(os.Stdin).Decode(&asked)
	if err == nil {
		err = verify(asked)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func verify(asked question) error {
	chain, err := certificates(asked.Chain)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(asked.Roots)) {
		return errors.New("no root certificate")
	}
	intermediates := x509.NewCertPool()
	for _, certificate := range chain[1:] {
		intermediates.AddCert(certificate)
	}
	leaf := chain[0]
	if len(leaf.UnhandledCriticalExtensions) > 0 {
		return fmt.Errorf("unhandled critical extensions: %v", leaf.UnhandledCriticalExtensions)
	}
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, DNSName: asked.Name})
	return err
}

func certificates(text string) ([]*x509.Certificate, error) {
	var found []*x509.Certificate
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		found = append(found, certificate)
	}
	if len(found) == 0 {
		return nil, errors.New("no certificate")
	}
	return found, nil
}
