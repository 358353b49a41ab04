package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"magicwebsitefactory.gent/hack/localcluster/internal/config"
	"magicwebsitefactory.gent/hack/localcluster/internal/host"
	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
)

// image is the name of an image of the cluster's own.
func (c *Cluster) image(name string) string { return c.Builder.Image(name) }

// importImages gives containerd the cluster's own images, unless it has them.
func (c *Cluster) importImages(ctx context.Context) error {
	var present []string
	err := c.await(ctx, "containerd", time.Minute, []string{config.Containerd}, func(ctx context.Context) error {
		output, err := ctr(ctx, "images", "list", "--quiet")
		present = strings.Fields(output)
		return err
	})
	if err != nil {
		return err
	}
	missing := func(name string) bool { return !slices.Contains(present, c.image(name)) }
	if !missing("addons") && !missing("acmesolver") && !missing("pause") {
		return nil
	}
	c.say("importing the cluster's images")
	_, err = ctr(ctx, "images", "import", c.Builder.Archive())
	return err
}

// Load imports image archives, in the layout of OCI or of Docker, under the names they hold.
func (c *Cluster) Load(ctx context.Context, archives ...string) error {
	if !exists(layout.Socket) {
		return errors.New("the cluster is not up: localcluster up starts it")
	}
	for _, archive := range archives {
		output, err := ctr(ctx, "images", "import", archive)
		if err != nil {
			return fmt.Errorf("import %s: %w", archive, err)
		}
		for line := range strings.Lines(output) {
			if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "unpacking" {
				c.say("imported %s", fields[1])
			}
		}
	}
	return nil
}

// ctr runs containerd's own client in the namespace that the kubelet uses.
func ctr(ctx context.Context, args ...string) (string, error) {
	all := append([]string{"--address", layout.Socket, "--namespace", "k8s.io"}, args...)
	return host.Run(ctx, host.CtrPath, all...)
}
