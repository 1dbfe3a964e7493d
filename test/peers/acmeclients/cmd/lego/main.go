// lego, as a library, on one load.
package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"io"
	stdlog "log"

	"chancery.dev/test/peers/acmeclients/internal/bench"
	"github.com/go-acme/lego/v4/certcrypto"
	"github.com/go-acme/lego/v4/certificate"
	"github.com/go-acme/lego/v4/challenge/dns01"
	"github.com/go-acme/lego/v4/lego"
	"github.com/go-acme/lego/v4/log"
	"github.com/go-acme/lego/v4/registration"
)

type user struct {
	key          crypto.PrivateKey
	registration *registration.Resource
}

func (u *user) GetEmail() string                        { return "" }
func (u *user) GetRegistration() *registration.Resource { return u.registration }
func (u *user) GetPrivateKey() crypto.PrivateKey        { return u.key }

type provider struct {
	responder *bench.Responder
	way       string
}

func (p provider) Present(domain, token, keyAuth string) error {
	if p.way == "http-01" {
		p.responder.ShowToken(token, keyAuth)
		return nil
	}
	fqdn, value := dns01.GetRecord(domain, keyAuth)
	return p.responder.SetTxt(fqdn, value)
}

func (p provider) CleanUp(_, _, _ string) error { return nil }

func main() {
	log.Logger = stdlog.New(io.Discard, "", 0)
	bench.Run(func(_ context.Context, job bench.Job) (bench.Client, error) {
		responder, err := bench.NewResponder(job)
		if err != nil {
			return nil, err
		}
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		account := &user{key: key}
		config := lego.NewConfig(account)
		config.CADirURL, config.HTTPClient = job.DirectoryURL, bench.HTTPClient(job)
		config.Certificate.KeyType = certcrypto.EC256
		client, err := lego.NewClient(config)
		if err != nil {
			return nil, err
		}
		way := provider{responder, job.Challenge.Type}
		if job.Challenge.Type == "http-01" {
			err = client.Challenge.SetHTTP01Provider(way)
		} else {
			// Its propagation check asks recursive servers, which know nothing of a test zone.
			err = client.Challenge.SetDNS01Provider(way, dns01.DisableCompletePropagationRequirement(),
				dns01.WrapPreCheck(func(string, string, string, dns01.PreCheckFunc) (bool, error) { return true, nil }))
		}
		if err != nil {
			return nil, err
		}
		account.registration, err = client.Registration.Register(registration.RegisterOptions{TermsOfServiceAgreed: true})
		if err != nil {
			return nil, err
		}
		return func(_ context.Context, names []string) error {
			_, err := client.Certificate.Obtain(certificate.ObtainRequest{Domains: names, Bundle: true})
			return err
		}, nil
	})
}
