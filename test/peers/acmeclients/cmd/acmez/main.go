// acmez on one load.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"strings"

	"chancery.dev/test/peers/acmeclients/internal/bench"
	"github.com/mholt/acmez/v3"
	"github.com/mholt/acmez/v3/acme"
)

type solver struct{ responder *bench.Responder }

func (s solver) Present(_ context.Context, challenge acme.Challenge) error {
	if challenge.Type == acme.ChallengeTypeHTTP01 {
		s.responder.ShowToken(challenge.Token, challenge.KeyAuthorization)
		return nil
	}
	name := strings.TrimSuffix(challenge.DNS01TXTRecordName(), ".") + "."
	return s.responder.SetTxt(name, challenge.DNS01KeyAuthorization())
}

func (s solver) CleanUp(context.Context, acme.Challenge) error { return nil }

func main() {
	bench.Run(func(ctx context.Context, job bench.Job) (bench.Client, error) {
		responder, err := bench.NewResponder(job)
		if err != nil {
			return nil, err
		}
		client := acmez.Client{
			Client:           &acme.Client{Directory: job.DirectoryURL, HTTPClient: bench.HTTPClient(job), UserAgent: "bench"},
			ChallengeSolvers: map[string]acmez.Solver{job.Challenge.Type: solver{responder}},
		}
		accountKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		account, err := client.NewAccount(ctx, acme.Account{TermsOfServiceAgreed: true, PrivateKey: accountKey})
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, names []string) error {
			key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			if err != nil {
				return err
			}
			_, err = client.ObtainCertificateForSANs(ctx, account, key, names)
			return err
		}, nil
	})
}
